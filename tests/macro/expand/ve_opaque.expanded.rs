impl my::veo::VePointee for Plan {
    const TYPE: my::veo::__private::abi::Type = my::veo::__private::abi::Type::Opaque(
        "Plan",
    );
}
