#[cfg(feature = "kernels")]
/// Is safe to call.
#[allow(non_snake_case, clippy::too_many_arguments)]
pub fn first<'__a, __On, __Out>(
    ctx_or_proc: &__On,
    x: impl ::veo_core::__private::MutArg<'__a, f64>,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, (), Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static __KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "first",
        symbol: "first",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Lazy,
        crate_name: ::core::env!("CARGO_PKG_NAME"),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        build_dir: ::core::option_env!("OUT_DIR"),
        signature: __veo::abi::Signature {
            params: &[
                __veo::abi::Type::Pointer {
                    mutable: true,
                    pointee: &<f64 as __veo::PointedTo>::TYPE,
                },
            ],
            result: __veo::abi::Type::Void,
        },
        parameters: &["x"],
        verify: __veo::Verify::Default,
    });
    __veo::inventory::submit! {
        __veo::Registration(& __KERNEL)
    }
    let mut __call = __veo::Call::new(&__KERNEL);
    __call.arg::<*mut f64>(x);
    __call.submit::<__On, ()>(ctx_or_proc)
}
#[cfg(feature = "kernels")]
/// Has to be given what it expects.
#[allow(non_snake_case, clippy::too_many_arguments)]
pub(crate) unsafe fn second<'__a, __On, __Out>(
    ctx_or_proc: &__On,
    x: impl ::veo_core::__private::MutArg<'__a, f64>,
    n: u64,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, f32, Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static __KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "second",
        symbol: "second",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Lazy,
        crate_name: ::core::env!("CARGO_PKG_NAME"),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        build_dir: ::core::option_env!("OUT_DIR"),
        signature: __veo::abi::Signature {
            params: &[
                __veo::abi::Type::Pointer {
                    mutable: true,
                    pointee: &<f64 as __veo::PointedTo>::TYPE,
                },
                <u64 as __veo::Param>::TYPE,
            ],
            result: <f32 as __veo::KernelResult>::TYPE,
        },
        parameters: &["x", "n"],
        verify: __veo::Verify::Default,
    });
    __veo::inventory::submit! {
        __veo::Registration(& __KERNEL)
    }
    let mut __call = __veo::Call::new(&__KERNEL);
    __call.arg::<*mut f64>(x);
    __call.arg::<u64>(n);
    __call.submit::<__On, f32>(ctx_or_proc)
}
#[cfg(feature = "kernels")]
#[deprecated]
#[allow(non_snake_case, clippy::too_many_arguments)]
unsafe fn third<'__a, __On, __Out>(ctx_or_proc: &__On) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, (), Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static __KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "third",
        symbol: "third_",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Lazy,
        crate_name: ::core::env!("CARGO_PKG_NAME"),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        build_dir: ::core::option_env!("OUT_DIR"),
        signature: __veo::abi::Signature {
            params: &[],
            result: __veo::abi::Type::Void,
        },
        parameters: &[],
        verify: __veo::Verify::Default,
    });
    __veo::inventory::submit! {
        __veo::Registration(& __KERNEL)
    }
    let mut __call = __veo::Call::new(&__KERNEL);
    __call.submit::<__On, ()>(ctx_or_proc)
}
