#[cfg(not(doc))]
#[automatically_derived]
#[allow(unused_qualifications)]
unsafe impl prelude::veo::VeData for Point
where
    (): prelude::veo::__private::If<
        { <[Point] as prelude::veo::__private::CopyValues<Point>>::ARE },
    >,
{
    const TYPE: prelude::veo::__private::abi::Type = {
        let _ = |Self { x: __0 @ _, level: __1 @ _ }: Self| {
            <_ as prelude::veo::__private::Data>::ASK(&__0);
            <_ as prelude::veo::__private::Data>::ASK(&__1);
        };
        prelude::veo::__private::abi::Type::Struct(
            &prelude::veo::__private::abi::StructLayout {
                name: "Point",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                location: {
                    use prelude::veo::__private as __veo;
                    ::core::concat!(::core::file!(), ":", __veo::line!())
                },
                fields: &[
                    prelude::veo::__private::abi::Field {
                        name: "x",
                        offset: ::core::mem::offset_of!(Self, x),
                        ty: <_ as prelude::veo::VeData>::FIELD_TYPE
                            .in_structure(|Self { x: __field @ _, .. }: Self| __field),
                    },
                    prelude::veo::__private::abi::Field {
                        name: "level",
                        offset: ::core::mem::offset_of!(Self, level),
                        ty: <_ as prelude::veo::VeData>::FIELD_TYPE
                            .in_structure(|Self { level: __field @ _, .. }: Self| {
                                __field
                            }),
                    },
                ],
            },
        )
    };
    const OUTLINE: prelude::veo::__private::abi::Type = {
        let _ = |Self { x: __0 @ _, level: __1 @ _ }: Self| {
            <_ as prelude::veo::__private::Data>::ASK(&__0);
            <_ as prelude::veo::__private::Data>::ASK(&__1);
        };
        prelude::veo::__private::abi::Type::Struct(
            &prelude::veo::__private::abi::StructLayout {
                name: "Point",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                location: {
                    use prelude::veo::__private as __veo;
                    ::core::concat!(::core::file!(), ":", __veo::line!())
                },
                fields: &[
                    prelude::veo::__private::abi::Field {
                        name: "x",
                        offset: ::core::mem::offset_of!(Self, x),
                        ty: <_ as prelude::veo::VeData>::FIELD_OUTLINE
                            .in_structure(|Self { x: __field @ _, .. }: Self| __field),
                    },
                    prelude::veo::__private::abi::Field {
                        name: "level",
                        offset: ::core::mem::offset_of!(Self, level),
                        ty: <_ as prelude::veo::VeData>::FIELD_OUTLINE
                            .in_structure(|Self { level: __field @ _, .. }: Self| {
                                __field
                            }),
                    },
                ],
            },
        )
    };
}
#[cfg(doc)]
#[automatically_derived]
#[allow(unused_qualifications)]
unsafe impl prelude::veo::VeData for Point {
    const TYPE: prelude::veo::__private::abi::Type = {
        let _ = |Self { x: __0 @ _, level: __1 @ _ }: Self| {
            <_ as prelude::veo::__private::Data>::ASK(&__0);
            <_ as prelude::veo::__private::Data>::ASK(&__1);
        };
        prelude::veo::__private::abi::Type::Struct(
            &prelude::veo::__private::abi::StructLayout {
                name: "Point",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                location: {
                    use prelude::veo::__private as __veo;
                    ::core::concat!(::core::file!(), ":", __veo::line!())
                },
                fields: &[
                    prelude::veo::__private::abi::Field {
                        name: "x",
                        offset: ::core::mem::offset_of!(Self, x),
                        ty: <_ as prelude::veo::VeData>::FIELD_TYPE
                            .in_structure(|Self { x: __field @ _, .. }: Self| __field),
                    },
                    prelude::veo::__private::abi::Field {
                        name: "level",
                        offset: ::core::mem::offset_of!(Self, level),
                        ty: <_ as prelude::veo::VeData>::FIELD_TYPE
                            .in_structure(|Self { level: __field @ _, .. }: Self| {
                                __field
                            }),
                    },
                ],
            },
        )
    };
    const OUTLINE: prelude::veo::__private::abi::Type = {
        let _ = |Self { x: __0 @ _, level: __1 @ _ }: Self| {
            <_ as prelude::veo::__private::Data>::ASK(&__0);
            <_ as prelude::veo::__private::Data>::ASK(&__1);
        };
        prelude::veo::__private::abi::Type::Struct(
            &prelude::veo::__private::abi::StructLayout {
                name: "Point",
                size: ::core::mem::size_of::<Self>(),
                align: ::core::mem::align_of::<Self>(),
                location: {
                    use prelude::veo::__private as __veo;
                    ::core::concat!(::core::file!(), ":", __veo::line!())
                },
                fields: &[
                    prelude::veo::__private::abi::Field {
                        name: "x",
                        offset: ::core::mem::offset_of!(Self, x),
                        ty: <_ as prelude::veo::VeData>::FIELD_OUTLINE
                            .in_structure(|Self { x: __field @ _, .. }: Self| __field),
                    },
                    prelude::veo::__private::abi::Field {
                        name: "level",
                        offset: ::core::mem::offset_of!(Self, level),
                        ty: <_ as prelude::veo::VeData>::FIELD_OUTLINE
                            .in_structure(|Self { level: __field @ _, .. }: Self| {
                                __field
                            }),
                    },
                ],
            },
        )
    };
}
