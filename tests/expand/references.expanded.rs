#[allow(non_snake_case, clippy::too_many_arguments)]
fn shift<'__a, __On, __Out>(
    ctx_or_proc: &__On,
    points: &'__a mut [Point],
    by: &Point,
    sum: &'__a mut f64,
    weights: &[[f64; 4]],
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
    static __KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "shift",
        symbol: "shift",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Eager,
        crate_name: ::core::env!("CARGO_PKG_NAME"),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
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
        verify: __veo::Verify::Default,
    });
    __veo::inventory::submit! {
        __veo::Registration(& __KERNEL)
    }
    let mut __call = __veo::Call::new(&__KERNEL);
    __call.inout(<Point as __veo::Data>::inout(points));
    __call.input(<Point as __veo::Data>::input(::core::slice::from_ref(by)));
    __call.inout(<f64 as __veo::Data>::inout(::core::slice::from_mut(sum)));
    __call.input(<[f64; 4] as __veo::Data>::input(weights));
    __call.submit_pointer::<__On, Point>(ctx_or_proc)
}
