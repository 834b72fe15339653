#[cfg(doc)]
fn daxpy<'a, On: ::veo_core::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
    n: &i32,
    alpha: &f64,
    x: impl ::veo_core::Arg<'a, *const f64>,
    incx: &i32,
    y: impl ::veo_core::Arg<'a, *mut f64>,
    incy: &i32,
) -> ::veo_core::Result<On::Output<'a, ()>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
#[track_caller]
#[allow(non_snake_case, clippy::too_many_arguments)]
fn daxpy<'__a, __On, __Out>(
    _ctx_or_proc: &__On,
    __n: &i32,
    __alpha: &f64,
    __x: impl ::veo_core::__private::ConstArg<'__a, f64>,
    __incx: &i32,
    __y: impl ::veo_core::__private::MutArg<'__a, f64>,
    __incy: &i32,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, (), Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "daxpy",
        symbol: "daxpy_",
        library: __veo::Library::Shared("libblas.so"),
        resolution: __veo::Resolution::Optional,
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
        words: &["&i32", "&f64", "*const f64", "&i32", "*mut f64", "&i32", ""],
        verify: __veo::Verify::Default,
        contract: &[],
    });
    __veo::inventory::submit! {
        __veo::Registration(& _KERNEL)
    }
    let mut _call = __veo::Call::new(&_KERNEL);
    _call.input(<i32 as __veo::Data>::input(::core::slice::from_ref(__n)));
    _call.input(<f64 as __veo::Data>::input(::core::slice::from_ref(__alpha)));
    _call.arg::<*const f64>(__x);
    _call.input(<i32 as __veo::Data>::input(::core::slice::from_ref(__incx)));
    _call.arg::<*mut f64>(__y);
    _call.input(<i32 as __veo::Data>::input(::core::slice::from_ref(__incy)));
    _call.submit::<__On, ()>(_ctx_or_proc)
}
