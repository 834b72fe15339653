#[allow(non_snake_case, clippy::too_many_arguments)]
pub fn add<'__a, __On, __Out>(
    ctx_or_proc: &__On,
    a: i32,
    b: f64,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, i64, Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static __KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "add",
        symbol: "add",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Eager,
        crate_name: ::core::env!("CARGO_PKG_NAME"),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        build_dir: ::core::option_env!("OUT_DIR"),
        signature: __veo::abi::Signature {
            params: &[<i32 as __veo::Param>::TYPE, <f64 as __veo::Param>::TYPE],
            result: <i64 as __veo::KernelResult>::TYPE,
        },
        parameters: &["a", "b"],
        verify: __veo::Verify::Default,
    });
    __veo::inventory::submit! {
        __veo::Registration(& __KERNEL)
    }
    let mut __call = __veo::Call::new(&__KERNEL);
    __call.arg::<i32>(a);
    __call.arg::<f64>(b);
    __call.submit::<__On, i64>(ctx_or_proc)
}
