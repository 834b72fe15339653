#[cfg(doc)]
fn shift<'a, On: ::veo_core::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
    points: &'a mut [Point],
    by: &Point,
    sum: &'a mut f64,
    weights: &[[f64; 4]],
) -> ::veo_core::Result<On::Output<'a, ::veo_core::VeMemPtr<Point>>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
#[track_caller]
#[allow(non_snake_case, clippy::too_many_arguments)]
fn shift<'__a, __On, __Out>(
    _ctx_or_proc: &__On,
    __points: &'__a mut [Point],
    __by: &Point,
    __sum: &'__a mut f64,
    __weights: &[[f64; 4]],
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<
            '__a,
            ::veo_core::VeMemPtr<Point>,
            Gives = __Out,
        >,
{
    use ::veo_core::__private as __veo;
    static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "shift",
        symbol: "shift",
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
                __veo::abi::Type::Pointer {
                    mutable: true,
                    pointee: &<Point as __veo::Data>::TYPE,
                },
                __veo::abi::Type::Pointer {
                    mutable: false,
                    pointee: &<Point as __veo::Data>::TYPE,
                },
                __veo::abi::Type::Pointer {
                    mutable: true,
                    pointee: &<f64 as __veo::Data>::TYPE,
                },
                __veo::abi::Type::Pointer {
                    mutable: false,
                    pointee: &<[f64; 4] as __veo::Data>::TYPE,
                },
            ],
            result: __veo::abi::Type::Pointer {
                mutable: true,
                pointee: &<Point as __veo::PointedTo>::TYPE,
            },
        },
        parameters: &["points", "by", "sum", "weights"],
        words: &["&'_ mut [Point]", "&Point", "&mut f64", "&[[f64; 4]]", "*mut Point"],
        verify: __veo::Verify::Default,
        contract: &[],
    });
    __veo::inventory::submit! {
        __veo::Registration(& _KERNEL)
    }
    let mut _call = __veo::Call::new(&_KERNEL);
    _call.inout(<Point as __veo::Data>::inout(__points));
    _call.input(<Point as __veo::Data>::input(::core::slice::from_ref(__by)));
    _call.inout(<f64 as __veo::Data>::inout(::core::slice::from_mut(__sum)));
    _call.input(<[f64; 4] as __veo::Data>::input(__weights));
    _call.submit_pointer::<__On, Point>(_ctx_or_proc)
}
