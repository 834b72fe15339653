#[allow(non_snake_case, clippy::too_many_arguments)]
fn r#move<'__a, __On, __Out>(
    ctx_or_proc: &__On,
    r#in: i32,
    __1: f64,
    N: u8,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, (), Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static __KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "move",
        symbol: "move",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Eager,
        crate_name: ::core::env!("CARGO_PKG_NAME"),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
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
        verify: __veo::Verify::Default,
    });
    __veo::inventory::submit! {
        __veo::Registration(& __KERNEL)
    }
    let mut __call = __veo::Call::new(&__KERNEL);
    __call.arg::<i32>(r#in);
    __call.arg::<f64>(__1);
    __call.arg::<u8>(N);
    __call.submit::<__On, ()>(ctx_or_proc)
}
