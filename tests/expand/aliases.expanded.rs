#[allow(non_snake_case, clippy::too_many_arguments)]
fn count<'__a, __On, __Out>(
    ctx_or_proc: &__On,
    n: impl ::veo_core::__private::NamedArg<
        '__a,
        c_int,
        { <c_int as ::veo_core::__private::Param>::DECLARED },
    >,
    plan: impl ::veo_core::__private::NamedArg<
        '__a,
        plan_t,
        { <plan_t as ::veo_core::__private::Param>::DECLARED },
    >,
    at: impl ::veo_core::__private::NamedArg<
        '__a,
        ffi::Offset,
        { <ffi::Offset as ::veo_core::__private::Param>::DECLARED },
    >,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<
            '__a,
            ::veo_core::__private::ValueOf<
                ffi::Size,
                { <ffi::Size as ::veo_core::__private::KernelResult>::DECLARED },
            >,
            Gives = __Out,
        >,
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
        parameters: &["n", "plan", "at"],
        verify: __veo::Verify::Default,
    });
    __veo::inventory::submit! {
        __veo::Registration(& __KERNEL)
    }
    let mut __call = __veo::Call::new(&__KERNEL);
    __call.arg::<c_int>(n);
    __call.arg::<plan_t>(plan);
    __call.arg::<ffi::Offset>(at);
    __call.submit::<__On, ffi::Size>(ctx_or_proc)
}
