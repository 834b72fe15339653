#[cfg(doc)]
fn fill_part<'a, On: ::veo_core::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
    x: impl ::veo_core::Arg<'a, *mut f64>,
    n: i64,
    part: i64,
) -> ::veo_core::Result<On::Output<'a, ()>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
#[track_caller]
#[allow(non_snake_case, clippy::too_many_arguments)]
fn fill_part<'__a, __On, __Out>(
    _ctx_or_proc: &__On,
    __x: impl ::veo_core::__private::MutArg<'__a, f64>,
    __n: i64,
    __part: i64,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, (), Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "fill_part",
        symbol: "fill_part",
        library: __veo::Library::Shared("libparts.so"),
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
                __veo::abi::Type::Pointer {
                    mutable: true,
                    pointee: &<f64 as __veo::PointedTo>::TYPE,
                },
                <i64 as __veo::Param>::TYPE,
                <i64 as __veo::Param>::TYPE,
            ],
            result: __veo::abi::Type::Void,
        },
        parameters: &["x", "n", "part"],
        words: &["*mut f64", "i64", "i64", ""],
        verify: __veo::Verify::Default,
        contract: &[],
    });
    __veo::inventory::submit! {
        __veo::Registration(& _KERNEL)
    }
    let mut _call = __veo::Call::new(&_KERNEL);
    _call.in_parts();
    _call.arg::<*mut f64>(__x);
    _call.arg::<i64>(__n);
    _call.arg::<i64>(__part);
    _call.submit::<__On, ()>(_ctx_or_proc)
}
