#[allow(non_snake_case, clippy::too_many_arguments)]
fn daxpy<'__a, __On, __Out>(
    ctx_or_proc: &__On,
    n: &i32,
    alpha: &f64,
    x: impl ::veo_core::__private::ConstArg<'__a, f64>,
    incx: &i32,
    y: impl ::veo_core::__private::MutArg<'__a, f64>,
    incy: &i32,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, (), Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static __KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "daxpy",
        symbol: "daxpy_",
        library: __veo::Library::Shared("libblas.so"),
        resolution: __veo::Resolution::Optional,
        crate_name: ::core::env!("CARGO_PKG_NAME"),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        build_dir: ::core::option_env!("OUT_DIR"),
        signature: __veo::abi::Signature {
            params: &[
                __veo::abi::Type::Pointer {
                    mutable: false,
                    pointee: &<i32 as __veo::Data>::TYPE,
                },
                __veo::abi::Type::Pointer {
                    mutable: false,
                    pointee: &<f64 as __veo::Data>::TYPE,
                },
                __veo::abi::Type::Pointer {
                    mutable: false,
                    pointee: &<f64 as __veo::PointedTo>::TYPE,
                },
                __veo::abi::Type::Pointer {
                    mutable: false,
                    pointee: &<i32 as __veo::Data>::TYPE,
                },
                __veo::abi::Type::Pointer {
                    mutable: true,
                    pointee: &<f64 as __veo::PointedTo>::TYPE,
                },
                __veo::abi::Type::Pointer {
                    mutable: false,
                    pointee: &<i32 as __veo::Data>::TYPE,
                },
            ],
            result: __veo::abi::Type::Void,
        },
        parameters: &["n", "alpha", "x", "incx", "y", "incy"],
        verify: __veo::Verify::Default,
    });
    __veo::inventory::submit! {
        __veo::Registration(& __KERNEL)
    }
    let mut __call = __veo::Call::new(&__KERNEL);
    __call.input(<i32 as __veo::Data>::input(::core::slice::from_ref(n)));
    __call.input(<f64 as __veo::Data>::input(::core::slice::from_ref(alpha)));
    __call.arg::<*const f64>(x);
    __call.input(<i32 as __veo::Data>::input(::core::slice::from_ref(incx)));
    __call.arg::<*mut f64>(y);
    __call.input(<i32 as __veo::Data>::input(::core::slice::from_ref(incy)));
    __call.submit::<__On, ()>(ctx_or_proc)
}
