#[cfg(doc)]
fn count<'a, On: ::veo_core::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
    n: impl ::veo_core::Arg<'a, c_int>,
    plan: impl ::veo_core::Arg<'a, plan_t>,
    at: impl ::veo_core::Arg<'a, ffi::Offset>,
) -> ::veo_core::Result<On::Output<'a, <ffi::Size as ::veo_core::KernelResult>::Value>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
#[track_caller]
#[allow(non_snake_case, clippy::too_many_arguments)]
fn count<'__a, __On, __Out>(
    _ctx_or_proc: &__On,
    __n: impl ::veo_core::__private::NamedArg<
        '__a,
        c_int,
        { <c_int as ::veo_core::__private::Param>::DECLARED },
    >,
    __plan: impl ::veo_core::__private::NamedArg<
        '__a,
        plan_t,
        { <plan_t as ::veo_core::__private::Param>::DECLARED },
    >,
    __at: impl ::veo_core::__private::NamedArg<
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
    static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "count",
        symbol: "count",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Eager,
        crate_name: __veo::crate_name(
            ::core::option_env!("CARGO_PKG_NAME"),
            ::core::module_path!(),
        ),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: __veo::line!(),
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
        words: &["c_int", "plan_t", "ffi::Offset", "ffi::Size"],
        verify: __veo::Verify::Default,
        contract: &[],
    });
    __veo::inventory::submit! {
        __veo::Registration(& _KERNEL)
    }
    let mut _call = __veo::Call::new(&_KERNEL);
    _call.arg::<c_int>(__n);
    _call.arg::<plan_t>(__plan);
    _call.arg::<ffi::Offset>(__at);
    _call.submit::<__On, ffi::Size>(_ctx_or_proc)
}
