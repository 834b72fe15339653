#[cfg(doc)]
#[cfg(feature = "kernels")]
/// Is safe to call.
pub fn first<'a, On: ::veo_core::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
    x: impl ::veo_core::Arg<'a, *mut f64>,
) -> ::veo_core::Result<On::Output<'a, ()>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
#[cfg(feature = "kernels")]
/// Is safe to call.
#[track_caller]
#[allow(non_snake_case, clippy::too_many_arguments)]
pub fn first<'__a, __On, __Out>(
    _ctx_or_proc: &__On,
    __x: impl ::veo_core::__private::MutArg<'__a, f64>,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, (), Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "first",
        symbol: "first",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Lazy,
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
                __veo::abi::Type::Pointer {
                    mutable: true,
                    pointee: &<f64 as __veo::PointedTo>::TYPE,
                },
            ],
            result: __veo::abi::Type::Void,
        },
        parameters: &["x"],
        words: &["*mut f64", ""],
        verify: __veo::Verify::Default,
        contract: &[],
    });
    __veo::inventory::submit! {
        __veo::Registration(& _KERNEL)
    }
    let mut _call = __veo::Call::new(&_KERNEL);
    _call.arg::<*mut f64>(__x);
    _call.submit::<__On, ()>(_ctx_or_proc)
}
#[cfg(doc)]
#[cfg(feature = "kernels")]
/// Has to be given what it expects.
pub(crate) unsafe fn second<'a, On: ::veo_core::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
    x: impl ::veo_core::Arg<'a, *mut f64>,
    n: u64,
) -> ::veo_core::Result<On::Output<'a, f32>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
#[cfg(feature = "kernels")]
/// Has to be given what it expects.
#[track_caller]
#[allow(non_snake_case, clippy::too_many_arguments)]
pub(crate) unsafe fn second<'__a, __On, __Out>(
    _ctx_or_proc: &__On,
    __x: impl ::veo_core::__private::MutArg<'__a, f64>,
    __n: u64,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, f32, Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "second",
        symbol: "second",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Lazy,
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
                __veo::abi::Type::Pointer {
                    mutable: true,
                    pointee: &<f64 as __veo::PointedTo>::TYPE,
                },
                <u64 as __veo::Param>::TYPE,
            ],
            result: <f32 as __veo::KernelResult>::TYPE,
        },
        parameters: &["x", "n"],
        words: &["*mut f64", "u64", "f32"],
        verify: __veo::Verify::Default,
        contract: &[],
    });
    __veo::inventory::submit! {
        __veo::Registration(& _KERNEL)
    }
    let mut _call = __veo::Call::new(&_KERNEL);
    _call.arg::<*mut f64>(__x);
    _call.arg::<u64>(__n);
    _call.submit::<__On, f32>(_ctx_or_proc)
}
#[cfg(doc)]
#[cfg(feature = "kernels")]
#[deprecated]
unsafe fn third<'a, On: ::veo_core::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
) -> ::veo_core::Result<On::Output<'a, ()>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
#[cfg(feature = "kernels")]
#[deprecated]
#[track_caller]
#[allow(non_snake_case, clippy::too_many_arguments)]
unsafe fn third<'__a, __On, __Out>(_ctx_or_proc: &__On) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, (), Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "third",
        symbol: "third_",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Lazy,
        crate_name: __veo::crate_name(
            ::core::option_env!("CARGO_PKG_NAME"),
            ::core::module_path!(),
        ),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: __veo::line!(),
        build_dir: ::core::option_env!("OUT_DIR"),
        signature: __veo::abi::Signature {
            params: &[],
            result: __veo::abi::Type::Void,
        },
        parameters: &[],
        words: &[""],
        verify: __veo::Verify::Default,
        contract: &[],
    });
    __veo::inventory::submit! {
        __veo::Registration(& _KERNEL)
    }
    let mut _call = __veo::Call::new(&_KERNEL);
    _call.submit::<__On, ()>(_ctx_or_proc)
}
