#[allow(non_snake_case, clippy::too_many_arguments)]
fn run<'__a, __On, __Out>(
    ctx_or_proc: &__On,
    plan: impl ::veo_core::__private::MutArg<'__a, Plan>,
    data: impl ::veo_core::__private::MutVoidArg<'__a, c_void>,
    f: impl ::veo_core::__private::FunctionArg<'__a>,
) -> ::veo_core::Result<__Out>
where
    __On: ?::core::marker::Sized
        + ::veo_core::__private::CallTarget<
            '__a,
            ::veo_core::VeMemPtr<c_void>,
            Gives = __Out,
        >,
{
    use ::veo_core::__private as __veo;
    static __KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "run",
        symbol: "run",
        library: __veo::Library::Static,
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
                    pointee: &<Plan as __veo::PointedTo>::TYPE,
                },
                __veo::abi::Type::Pointer {
                    mutable: true,
                    pointee: &<c_void as __veo::PointedTo>::TYPE,
                },
                <__veo::FnAddr as __veo::Param>::TYPE,
            ],
            result: __veo::abi::Type::Pointer {
                mutable: true,
                pointee: &<c_void as __veo::PointedTo>::TYPE,
            },
        },
        parameters: &["plan", "data", "f"],
        verify: __veo::Verify::Default,
    });
    __veo::inventory::submit! {
        __veo::Registration(& __KERNEL)
    }
    let mut __call = __veo::Call::new(&__KERNEL);
    __call.arg::<*mut Plan>(plan);
    __call.arg::<*mut c_void>(data);
    __call.arg::<__veo::FnAddr>(f);
    __call.submit_pointer::<__On, c_void>(ctx_or_proc)
}
