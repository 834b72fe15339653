/// Multiplies every element by `factor`.
#[allow(non_snake_case, clippy::too_many_arguments)]
pub fn scale<'__a, __On, __Out>(
    ctx_or_proc: &__On,
    factor: f64,
    from: impl ::veo_core::__private::ConstArg<'__a, f64>,
    to: impl ::veo_core::__private::MutArg<'__a, f64>,
    n: u64,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, (), Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static __KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "scale",
        symbol: "scale",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Eager,
        crate_name: ::core::env!("CARGO_PKG_NAME"),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        build_dir: ::core::option_env!("OUT_DIR"),
        signature: __veo::abi::Signature {
            params: &[
                <f64 as __veo::Param>::TYPE,
                __veo::abi::Type::Pointer {
                    mutable: false,
                    pointee: &<f64 as __veo::PointedTo>::TYPE,
                },
                __veo::abi::Type::Pointer {
                    mutable: true,
                    pointee: &<f64 as __veo::PointedTo>::TYPE,
                },
                <u64 as __veo::Param>::TYPE,
            ],
            result: __veo::abi::Type::Void,
        },
        parameters: &["factor", "from", "to", "n"],
        verify: __veo::Verify::Default,
    });
    __veo::inventory::submit! {
        __veo::Registration(& __KERNEL)
    }
    let mut __call = __veo::Call::new(&__KERNEL);
    __call.arg::<f64>(factor);
    __call.arg::<*const f64>(from);
    __call.arg::<*mut f64>(to);
    __call.arg::<u64>(n);
    __call.submit::<__On, ()>(ctx_or_proc)
}
