unsafe impl ::veo_core::VeData for Meters {
    const TYPE: ::veo_core::__private::abi::Type = <f64 as ::veo_core::__private::Data>::TYPE;
}
