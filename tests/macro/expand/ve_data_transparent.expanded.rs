#[cfg(not(doc))]
#[automatically_derived]
unsafe impl ::veo_core::VeData for Meters
where
    (): ::veo_core::__private::If<
        { <[Meters] as ::veo_core::__private::CopyValues<Meters>>::ARE },
    >,
{
    const TYPE: ::veo_core::__private::abi::Type = {
        let _ = |Self { 0: __0 @ _ }: Self| {
            ::veo_core::__private::Data::ASK(&__0);
        };
        ::veo_core::VeData::FIELD_TYPE
            .alone_in(|Self { 0: __field @ _, .. }: Self| __field)
    };
    const OUTLINE: ::veo_core::__private::abi::Type = {
        let _ = |Self { 0: __0 @ _ }: Self| {
            ::veo_core::__private::Data::ASK(&__0);
        };
        ::veo_core::VeData::FIELD_OUTLINE
            .alone_in(|Self { 0: __field @ _, .. }: Self| __field)
    };
}
#[cfg(doc)]
#[automatically_derived]
unsafe impl ::veo_core::VeData for Meters {
    const TYPE: ::veo_core::__private::abi::Type = {
        let _ = |Self { 0: __0 @ _ }: Self| {
            ::veo_core::__private::Data::ASK(&__0);
        };
        ::veo_core::VeData::FIELD_TYPE
            .alone_in(|Self { 0: __field @ _, .. }: Self| __field)
    };
    const OUTLINE: ::veo_core::__private::abi::Type = {
        let _ = |Self { 0: __0 @ _ }: Self| {
            ::veo_core::__private::Data::ASK(&__0);
        };
        ::veo_core::VeData::FIELD_OUTLINE
            .alone_in(|Self { 0: __field @ _, .. }: Self| __field)
    };
}
