#[cfg(not(doc))]
#[automatically_derived]
unsafe impl ::veo_core::VeData for Particle
where
    (): ::veo_core::__private::If<
        { <[Particle] as ::veo_core::__private::CopyValues<Particle>>::ARE },
    >,
{
    const TYPE: ::veo_core::__private::abi::Type = {
        let _ = |Self { position: __0 @ _, charge: __1 @ _, next: __2 @ _ }: Self| {
            ::veo_core::__private::Data::ASK(&__0);
            ::veo_core::__private::Data::ASK(&__1);
            ::veo_core::__private::Data::ASK(&__2);
        };
        ::veo_core::__private::abi::Type::Struct(
            &::veo_core::__private::abi::StructLayout {
                name: "Particle",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                location: {
                    use ::veo_core::__private as __veo;
                    ::core::concat!(::core::file!(), ":", __veo::line!())
                },
                fields: &[
                    ::veo_core::__private::abi::Field {
                        name: "position",
                        offset: ::core::mem::offset_of!(Self, position),
                        ty: ::veo_core::VeData::FIELD_TYPE
                            .in_structure(|Self { position: __field @ _, .. }: Self| {
                                __field
                            }),
                    },
                    ::veo_core::__private::abi::Field {
                        name: "charge",
                        offset: ::core::mem::offset_of!(Self, charge),
                        ty: ::veo_core::VeData::FIELD_TYPE
                            .in_structure(|Self { charge: __field @ _, .. }: Self| {
                                __field
                            }),
                    },
                    ::veo_core::__private::abi::Field {
                        name: "next",
                        offset: ::core::mem::offset_of!(Self, next),
                        ty: ::veo_core::VeData::FIELD_TYPE
                            .in_structure(|Self { next: __field @ _, .. }: Self| __field),
                    },
                ],
            },
        )
    };
    const OUTLINE: ::veo_core::__private::abi::Type = {
        let _ = |Self { position: __0 @ _, charge: __1 @ _, next: __2 @ _ }: Self| {
            ::veo_core::__private::Data::ASK(&__0);
            ::veo_core::__private::Data::ASK(&__1);
            ::veo_core::__private::Data::ASK(&__2);
        };
        ::veo_core::__private::abi::Type::Struct(
            &::veo_core::__private::abi::StructLayout {
                name: "Particle",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                location: {
                    use ::veo_core::__private as __veo;
                    ::core::concat!(::core::file!(), ":", __veo::line!())
                },
                fields: &[
                    ::veo_core::__private::abi::Field {
                        name: "position",
                        offset: ::core::mem::offset_of!(Self, position),
                        ty: ::veo_core::VeData::FIELD_OUTLINE
                            .in_structure(|Self { position: __field @ _, .. }: Self| {
                                __field
                            }),
                    },
                    ::veo_core::__private::abi::Field {
                        name: "charge",
                        offset: ::core::mem::offset_of!(Self, charge),
                        ty: ::veo_core::VeData::FIELD_OUTLINE
                            .in_structure(|Self { charge: __field @ _, .. }: Self| {
                                __field
                            }),
                    },
                    ::veo_core::__private::abi::Field {
                        name: "next",
                        offset: ::core::mem::offset_of!(Self, next),
                        ty: ::veo_core::VeData::FIELD_OUTLINE
                            .in_structure(|Self { next: __field @ _, .. }: Self| __field),
                    },
                ],
            },
        )
    };
}
#[cfg(doc)]
#[automatically_derived]
unsafe impl ::veo_core::VeData for Particle {
    const TYPE: ::veo_core::__private::abi::Type = {
        let _ = |Self { position: __0 @ _, charge: __1 @ _, next: __2 @ _ }: Self| {
            ::veo_core::__private::Data::ASK(&__0);
            ::veo_core::__private::Data::ASK(&__1);
            ::veo_core::__private::Data::ASK(&__2);
        };
        ::veo_core::__private::abi::Type::Struct(
            &::veo_core::__private::abi::StructLayout {
                name: "Particle",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                location: {
                    use ::veo_core::__private as __veo;
                    ::core::concat!(::core::file!(), ":", __veo::line!())
                },
                fields: &[
                    ::veo_core::__private::abi::Field {
                        name: "position",
                        offset: ::core::mem::offset_of!(Self, position),
                        ty: ::veo_core::VeData::FIELD_TYPE
                            .in_structure(|Self { position: __field @ _, .. }: Self| {
                                __field
                            }),
                    },
                    ::veo_core::__private::abi::Field {
                        name: "charge",
                        offset: ::core::mem::offset_of!(Self, charge),
                        ty: ::veo_core::VeData::FIELD_TYPE
                            .in_structure(|Self { charge: __field @ _, .. }: Self| {
                                __field
                            }),
                    },
                    ::veo_core::__private::abi::Field {
                        name: "next",
                        offset: ::core::mem::offset_of!(Self, next),
                        ty: ::veo_core::VeData::FIELD_TYPE
                            .in_structure(|Self { next: __field @ _, .. }: Self| __field),
                    },
                ],
            },
        )
    };
    const OUTLINE: ::veo_core::__private::abi::Type = {
        let _ = |Self { position: __0 @ _, charge: __1 @ _, next: __2 @ _ }: Self| {
            ::veo_core::__private::Data::ASK(&__0);
            ::veo_core::__private::Data::ASK(&__1);
            ::veo_core::__private::Data::ASK(&__2);
        };
        ::veo_core::__private::abi::Type::Struct(
            &::veo_core::__private::abi::StructLayout {
                name: "Particle",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                location: {
                    use ::veo_core::__private as __veo;
                    ::core::concat!(::core::file!(), ":", __veo::line!())
                },
                fields: &[
                    ::veo_core::__private::abi::Field {
                        name: "position",
                        offset: ::core::mem::offset_of!(Self, position),
                        ty: ::veo_core::VeData::FIELD_OUTLINE
                            .in_structure(|Self { position: __field @ _, .. }: Self| {
                                __field
                            }),
                    },
                    ::veo_core::__private::abi::Field {
                        name: "charge",
                        offset: ::core::mem::offset_of!(Self, charge),
                        ty: ::veo_core::VeData::FIELD_OUTLINE
                            .in_structure(|Self { charge: __field @ _, .. }: Self| {
                                __field
                            }),
                    },
                    ::veo_core::__private::abi::Field {
                        name: "next",
                        offset: ::core::mem::offset_of!(Self, next),
                        ty: ::veo_core::VeData::FIELD_OUTLINE
                            .in_structure(|Self { next: __field @ _, .. }: Self| __field),
                    },
                ],
            },
        )
    };
}
