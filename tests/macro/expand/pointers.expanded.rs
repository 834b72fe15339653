#[cfg(doc)]
/// Multiplies every element by `factor`.
pub fn scale<'a, On: ::veo_core::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
    factor: f64,
    from: impl ::veo_core::Arg<'a, *const f64>,
    to: impl ::veo_core::Arg<'a, *mut f64>,
    n: u64,
) -> ::veo_core::Result<On::Output<'a, ()>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
/// Multiplies every element by `factor`.
#[track_caller]
#[allow(non_snake_case, clippy::too_many_arguments)]
pub fn scale<'__a, __On, __Out>(
    _ctx_or_proc: &__On,
    __factor: f64,
    __from: impl ::veo_core::__private::ConstArg<'__a, f64>,
    __to: impl ::veo_core::__private::MutArg<'__a, f64>,
    __n: u64,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, (), Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "scale",
        symbol: "scale",
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
        words: &["f64", "*const f64", "*mut f64", "u64", ""],
        verify: __veo::Verify::Default,
        contract: &[],
    });
    __veo::inventory::submit! {
        __veo::Registration(& _KERNEL)
    }
    let mut _call = __veo::Call::new(&_KERNEL);
    _call.arg::<f64>(__factor);
    _call.arg::<*const f64>(__from);
    _call.arg::<*mut f64>(__to);
    _call.arg::<u64>(__n);
    _call.submit::<__On, ()>(_ctx_or_proc)
}
