#[automatically_derived]
unsafe impl ::veo_core::VeData for Meters
where
    (): ::veo_core::__private::If<
        { <[Meters] as ::veo_core::__private::CopyValues<Meters>>::ARE },
    >,
{
    const TYPE: ::veo_core::__private::abi::Type = {
        let _ = |Self { 0: __0 }: Self| -> (f64,) { (__0,) };
        <f64 as ::veo_core::__private::Data>::TYPE
    };
    const OUTLINE: ::veo_core::__private::abi::Type = <f64 as ::veo_core::__private::Data>::OUTLINE;
}
