#[automatically_derived]
unsafe impl ::veo_core::VeData for Tagged
where
    (): ::veo_core::__private::If<
        { <[Tagged] as ::veo_core::__private::CopyValues<Tagged>>::ARE },
    >,
{
    const TYPE: ::veo_core::__private::abi::Type = {
        let _ = |Self { 0: __0, 1: __1 }: Self| -> (Value, Marker) { (__0, __1) };
        ::veo_core::__private::abi::Type::Struct(
            &::veo_core::__private::abi::StructLayout {
                name: "Tagged",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                fields: &[
                    ::veo_core::__private::abi::Field {
                        name: "0",
                        offset: ::core::mem::offset_of!(Self, 0),
                        ty: <Value as ::veo_core::__private::Data>::TYPE,
                    },
                    ::veo_core::__private::abi::Field {
                        name: "1",
                        offset: ::core::mem::offset_of!(Self, 1),
                        ty: <Marker as ::veo_core::__private::Data>::TYPE,
                    },
                ],
            },
        )
    };
    const OUTLINE: ::veo_core::__private::abi::Type = ::veo_core::__private::abi::Type::Struct(
        &::veo_core::__private::abi::StructLayout {
            name: "Tagged",
            size: ::core::mem::size_of::<Self>(),
            align: ::core::mem::align_of::<Self>(),
            fields: &[
                ::veo_core::__private::abi::Field {
                    name: "0",
                    offset: ::core::mem::offset_of!(Self, 0),
                    ty: <Value as ::veo_core::__private::Data>::OUTLINE,
                },
                ::veo_core::__private::abi::Field {
                    name: "1",
                    offset: ::core::mem::offset_of!(Self, 1),
                    ty: <Marker as ::veo_core::__private::Data>::OUTLINE,
                },
            ],
        },
    );
}
