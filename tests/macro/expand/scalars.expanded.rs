#[cfg(doc)]
pub fn add<'a, On: ::veo_core::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
    a: i32,
    b: f64,
) -> ::veo_core::Result<On::Output<'a, i64>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
#[track_caller]
#[allow(non_snake_case, clippy::too_many_arguments)]
pub fn add<'__a, __On, __Out>(
    _ctx_or_proc: &__On,
    __a: i32,
    __b: f64,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, i64, Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "add",
        symbol: "add",
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
            params: &[<i32 as __veo::Param>::TYPE, <f64 as __veo::Param>::TYPE],
            result: <i64 as __veo::KernelResult>::TYPE,
        },
        parameters: &["a", "b"],
        words: &["i32", "f64", "i64"],
        verify: __veo::Verify::Default,
        contract: &[],
    });
    __veo::inventory::submit! {
        __veo::Registration(& _KERNEL)
    }
    let mut _call = __veo::Call::new(&_KERNEL);
    _call.arg::<i32>(__a);
    _call.arg::<f64>(__b);
    _call.submit::<__On, i64>(_ctx_or_proc)
}
