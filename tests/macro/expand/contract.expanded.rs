#[cfg(doc)]
/// Scales a vector.
///
/// # Contract
///
/// - `x.len() >= n`
/// - `n >= 0 && factor != 0.0`
/// - `LIMIT < 8`
///
/// A call that does not keep it is not made: it is `Error::Contract`.
fn scale<'a, On: ::veo_core::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
    n: i64,
    factor: f64,
    x: impl ::veo_core::Arg<'a, *mut f64>,
) -> ::veo_core::Result<On::Output<'a, f64>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
/// Scales a vector.
///
/// # Contract
///
/// - `x.len() >= n`
/// - `n >= 0 && factor != 0.0`
/// - `LIMIT < 8`
///
/// A call that does not keep it is not made: it is `Error::Contract`.
#[track_caller]
#[allow(non_snake_case, clippy::too_many_arguments)]
fn scale<'__a, __On, __Out>(
    _ctx_or_proc: &__On,
    __n: i64,
    __factor: f64,
    __x: impl ::veo_core::__private::MutArg<'__a, f64>,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<'__a, f64, Gives = __Out>,
{
    use ::veo_core::__private as __veo;
    static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "scale",
        symbol: "scale",
        library: __veo::Library::Shared("libscale.so"),
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
                <i64 as __veo::Param>::TYPE,
                <f64 as __veo::Param>::TYPE,
                __veo::abi::Type::Pointer {
                    mutable: true,
                    pointee: &<f64 as __veo::PointedTo>::TYPE,
                },
            ],
            result: <f64 as __veo::KernelResult>::TYPE,
        },
        parameters: &["n", "factor", "x"],
        words: &["i64", "f64", "*mut f64", "f64"],
        verify: __veo::Verify::Default,
        contract: &["x.len() >= n", "n >= 0 && factor != 0.0", "LIMIT < 8"],
    });
    __veo::inventory::submit! {
        __veo::Registration(& _KERNEL)
    }
    const _: () = {
        const __MESSAGES: &[&str] = &[
            "",
            "the contract of `scale` can never be kept: `LIMIT < 8` does not hold",
            "the contract of `scale` can never be kept: `LIMIT < 8` overflows 128 bits",
            "the contract of `scale` can never be kept: `LIMIT < 8` divides by zero",
            "the contract of `scale` can never be kept: `LIMIT < 8` compares a NaN",
        ];
        let _verdict = __veo::contract::verdict(
            __veo::contract::less(
                __veo::contract::constant(
                    &LIMIT,
                    <_ as __veo::contract::Constant>::READ,
                ),
                __veo::contract::constant(
                    &8i128,
                    <_ as __veo::contract::Constant>::READ,
                ),
                <_ as __veo::contract::Compare<_>>::WITH,
            ),
            <_ as __veo::contract::Condition>::IS,
        );
        if !_verdict.is_kept() {
            ::core::panic!("{}", __MESSAGES[_verdict.index()])
        }
    };
    {
        let _seen0 = __veo::contract::look::<i64, _>(&__n, true);
        let _seen1 = __veo::contract::look::<f64, _>(&__factor, true);
        let _seen2 = __veo::contract::look::<*mut f64, _>(&__x, false);
        let _verdict = __veo::contract::verdict(
            __veo::contract::at_least(
                __veo::contract::len(&_seen2, <_ as __veo::contract::Memory>::ELEMENTS),
                __veo::contract::value(&_seen0, <_ as __veo::contract::Valued>::VALUE),
                <_ as __veo::contract::Compare<_>>::WITH,
            ),
            <_ as __veo::contract::Condition>::IS,
        );
        if !_verdict.is_kept() {
            return ::core::result::Result::Err(
                __veo::contract::broken(
                    &_KERNEL,
                    0usize,
                    _verdict,
                    &[
                        _seen2
                            .shown(
                                "x",
                                __veo::contract::Asked::Length(
                                    <_ as __veo::contract::Memory>::ELEMENTS,
                                ),
                            ),
                        _seen0.shown("n", __veo::contract::Asked::Value),
                    ],
                    __veo::contract::Location::caller(),
                ),
            );
        }
        let _verdict = __veo::contract::verdict(
            __veo::contract::both(
                __veo::contract::at_least(
                    __veo::contract::value(
                        &_seen0,
                        <_ as __veo::contract::Valued>::VALUE,
                    ),
                    __veo::contract::constant(
                        &0i128,
                        <_ as __veo::contract::Constant>::READ,
                    ),
                    <_ as __veo::contract::Compare<_>>::WITH,
                ),
                <_ as __veo::contract::Condition>::IS,
                __veo::contract::unequal(
                    __veo::contract::value(
                        &_seen1,
                        <_ as __veo::contract::Valued>::VALUE,
                    ),
                    __veo::contract::constant(
                        &0.0,
                        <_ as __veo::contract::Constant>::READ,
                    ),
                    <_ as __veo::contract::Equal<_>>::WITH,
                ),
                <_ as __veo::contract::Condition>::IS,
            ),
            <_ as __veo::contract::Condition>::IS,
        );
        if !_verdict.is_kept() {
            return ::core::result::Result::Err(
                __veo::contract::broken(
                    &_KERNEL,
                    1usize,
                    _verdict,
                    &[
                        _seen0.shown("n", __veo::contract::Asked::Value),
                        _seen1.shown("factor", __veo::contract::Asked::Value),
                    ],
                    __veo::contract::Location::caller(),
                ),
            );
        }
    }
    let mut _call = __veo::Call::new(&_KERNEL);
    _call.arg::<i64>(__n);
    _call.arg::<f64>(__factor);
    _call.arg::<*mut f64>(__x);
    _call.submit::<__On, f64>(_ctx_or_proc)
}
