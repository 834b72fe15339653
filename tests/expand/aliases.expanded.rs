#[allow(non_snake_case, clippy::too_many_arguments)]
fn count<'__a, __On>(
    __on: &__On,
    n: impl ::veo_core::__private::Arg<'__a, c_int>,
    plan: impl ::veo_core::__private::Arg<'__a, plan_t>,
    at: impl ::veo_core::__private::Arg<'__a, ffi::Offset>,
) -> ::veo_core::Result<
    <__On as ::veo_core::__private::Target>::Output<
        '__a,
        <ffi::Size as ::veo_core::__private::KernelResult>::Value,
    >,
>
where
    __On: ::veo_core::__private::Target,
{
    use ::veo_core::__private as __veo;
    static __KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "count",
        symbol: "count",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Eager,
        crate_name: ::core::env!("CARGO_PKG_NAME"),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        build_dir: ::core::option_env!("OUT_DIR"),
        signature: __veo::abi::Signature {
            params: &[
                <c_int as __veo::Param>::TYPE,
                <plan_t as __veo::Param>::TYPE,
                <ffi::Offset as __veo::Param>::TYPE,
            ],
            result: <ffi::Size as __veo::KernelResult>::TYPE,
        },
        verify: __veo::Verify::Default,
    });
    __veo::inventory::submit! {
        __veo::Registration(& __KERNEL)
    }
    let mut __call = __veo::Call::new(&__KERNEL);
    __call.arg::<c_int>(n);
    __call.arg::<plan_t>(plan);
    __call.arg::<ffi::Offset>(at);
    __call.submit::<__On, ffi::Size>(__on)
}
