#[automatically_derived]
unsafe impl ::veo_core::VeData for Particle
where
    (): ::veo_core::__private::If<
        { <[Particle] as ::veo_core::__private::CopyValues<Particle>>::ARE },
    >,
{
    const TYPE: ::veo_core::__private::abi::Type = {
        let _ = |
            Self { position: __0, charge: __1, next: __2 }: Self,
        | -> ([f64; 3], i8, VeAddr<Particle>) { (__0, __1, __2) };
        ::veo_core::__private::abi::Type::Struct(
            &::veo_core::__private::abi::StructLayout {
                name: "Particle",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                fields: &[
                    ::veo_core::__private::abi::Field {
                        name: "position",
                        offset: ::core::mem::offset_of!(Self, position),
                        ty: <[f64; 3] as ::veo_core::__private::Data>::TYPE,
                    },
                    ::veo_core::__private::abi::Field {
                        name: "charge",
                        offset: ::core::mem::offset_of!(Self, charge),
                        ty: <i8 as ::veo_core::__private::Data>::TYPE,
                    },
                    ::veo_core::__private::abi::Field {
                        name: "next",
                        offset: ::core::mem::offset_of!(Self, next),
                        ty: <VeAddr<Particle> as ::veo_core::__private::Data>::TYPE,
                    },
                ],
            },
        )
    };
    const OUTLINE: ::veo_core::__private::abi::Type = ::veo_core::__private::abi::Type::Struct(
        &::veo_core::__private::abi::StructLayout {
            name: "Particle",
            size: ::core::mem::size_of::<Self>(),
            align: ::core::mem::align_of::<Self>(),
            fields: &[
                ::veo_core::__private::abi::Field {
                    name: "position",
                    offset: ::core::mem::offset_of!(Self, position),
                    ty: <[f64; 3] as ::veo_core::__private::Data>::OUTLINE,
                },
                ::veo_core::__private::abi::Field {
                    name: "charge",
                    offset: ::core::mem::offset_of!(Self, charge),
                    ty: <i8 as ::veo_core::__private::Data>::OUTLINE,
                },
                ::veo_core::__private::abi::Field {
                    name: "next",
                    offset: ::core::mem::offset_of!(Self, next),
                    ty: <VeAddr<Particle> as ::veo_core::__private::Data>::OUTLINE,
                },
            ],
        },
    );
}
