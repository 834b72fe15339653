#[cfg(doc)]
fn r#move<'a, On: ::veo_core::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
    r#in: i32,
    _: f64,
    N: u8,
) -> ::veo_core::Result<On::Output<'a, ()>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
#[track_caller]
#[allow(non_snake_case, clippy::too_many_arguments)]
fn r#move<'__a, __On, __Out>(
    _ctx_or_proc: &__On,
    __in: i32,
    __1: f64,
    __N: u8,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, (), Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "move",
        symbol: "move",
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
                <i32 as __veo::Param>::TYPE,
                <f64 as __veo::Param>::TYPE,
                <u8 as __veo::Param>::TYPE,
            ],
            result: __veo::abi::Type::Void,
        },
        parameters: &["in", "_", "N"],
        words: &["i32", "f64", "u8", ""],
        verify: __veo::Verify::Default,
        contract: &[],
    });
    __veo::inventory::submit! {
        __veo::Registration(& _KERNEL)
    }
    let mut _call = __veo::Call::new(&_KERNEL);
    _call.arg::<i32>(__in);
    _call.arg::<f64>(__1);
    _call.arg::<u8>(__N);
    _call.submit::<__On, ()>(_ctx_or_proc)
}
