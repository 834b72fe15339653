#[cfg(not(doc))]
#[automatically_derived]
unsafe impl ::veo_core::VeData for Tagged
where
    (): ::veo_core::__private::If<
        { <[Tagged] as ::veo_core::__private::CopyValues<Tagged>>::ARE },
    >,
{
    const TYPE: ::veo_core::__private::abi::Type = {
        let _ = |Self { 0: __0 @ _, 1: __1 @ _ }: Self| {
            ::veo_core::__private::Data::ASK(&__0);
            ::veo_core::__private::Data::ASK(&__1);
        };
        ::veo_core::__private::abi::Type::Struct(
            &::veo_core::__private::abi::StructLayout {
                name: "Tagged",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                location: {
                    use ::veo_core::__private as __veo;
                    ::core::concat!(::core::file!(), ":", __veo::line!())
                },
                fields: &[
                    ::veo_core::__private::abi::Field {
                        name: "0",
                        offset: ::core::mem::offset_of!(Self, 0),
                        ty: ::veo_core::VeData::FIELD_TYPE
                            .in_structure(|Self { 0: __field @ _, .. }: Self| __field),
                    },
                    ::veo_core::__private::abi::Field {
                        name: "1",
                        offset: ::core::mem::offset_of!(Self, 1),
                        ty: ::veo_core::VeData::FIELD_TYPE
                            .in_structure(|Self { 1: __field @ _, .. }: Self| __field),
                    },
                ],
            },
        )
    };
    const OUTLINE: ::veo_core::__private::abi::Type = {
        let _ = |Self { 0: __0 @ _, 1: __1 @ _ }: Self| {
            ::veo_core::__private::Data::ASK(&__0);
            ::veo_core::__private::Data::ASK(&__1);
        };
        ::veo_core::__private::abi::Type::Struct(
            &::veo_core::__private::abi::StructLayout {
                name: "Tagged",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                location: {
                    use ::veo_core::__private as __veo;
                    ::core::concat!(::core::file!(), ":", __veo::line!())
                },
                fields: &[
                    ::veo_core::__private::abi::Field {
                        name: "0",
                        offset: ::core::mem::offset_of!(Self, 0),
                        ty: ::veo_core::VeData::FIELD_OUTLINE
                            .in_structure(|Self { 0: __field @ _, .. }: Self| __field),
                    },
                    ::veo_core::__private::abi::Field {
                        name: "1",
                        offset: ::core::mem::offset_of!(Self, 1),
                        ty: ::veo_core::VeData::FIELD_OUTLINE
                            .in_structure(|Self { 1: __field @ _, .. }: Self| __field),
                    },
                ],
            },
        )
    };
}
#[cfg(doc)]
#[automatically_derived]
unsafe impl ::veo_core::VeData for Tagged {
    const TYPE: ::veo_core::__private::abi::Type = {
        let _ = |Self { 0: __0 @ _, 1: __1 @ _ }: Self| {
            ::veo_core::__private::Data::ASK(&__0);
            ::veo_core::__private::Data::ASK(&__1);
        };
        ::veo_core::__private::abi::Type::Struct(
            &::veo_core::__private::abi::StructLayout {
                name: "Tagged",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                location: {
                    use ::veo_core::__private as __veo;
                    ::core::concat!(::core::file!(), ":", __veo::line!())
                },
                fields: &[
                    ::veo_core::__private::abi::Field {
                        name: "0",
                        offset: ::core::mem::offset_of!(Self, 0),
                        ty: ::veo_core::VeData::FIELD_TYPE
                            .in_structure(|Self { 0: __field @ _, .. }: Self| __field),
                    },
                    ::veo_core::__private::abi::Field {
                        name: "1",
                        offset: ::core::mem::offset_of!(Self, 1),
                        ty: ::veo_core::VeData::FIELD_TYPE
                            .in_structure(|Self { 1: __field @ _, .. }: Self| __field),
                    },
                ],
            },
        )
    };
    const OUTLINE: ::veo_core::__private::abi::Type = {
        let _ = |Self { 0: __0 @ _, 1: __1 @ _ }: Self| {
            ::veo_core::__private::Data::ASK(&__0);
            ::veo_core::__private::Data::ASK(&__1);
        };
        ::veo_core::__private::abi::Type::Struct(
            &::veo_core::__private::abi::StructLayout {
                name: "Tagged",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                location: {
                    use ::veo_core::__private as __veo;
                    ::core::concat!(::core::file!(), ":", __veo::line!())
                },
                fields: &[
                    ::veo_core::__private::abi::Field {
                        name: "0",
                        offset: ::core::mem::offset_of!(Self, 0),
                        ty: ::veo_core::VeData::FIELD_OUTLINE
                            .in_structure(|Self { 0: __field @ _, .. }: Self| __field),
                    },
                    ::veo_core::__private::abi::Field {
                        name: "1",
                        offset: ::core::mem::offset_of!(Self, 1),
                        ty: ::veo_core::VeData::FIELD_OUTLINE
                            .in_structure(|Self { 1: __field @ _, .. }: Self| __field),
                    },
                ],
            },
        )
    };
}
