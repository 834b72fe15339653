#[cfg(doc)]
fn run<'a, On: ::veo_core::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
    plan: impl ::veo_core::Arg<'a, *mut Plan>,
    data: impl ::veo_core::Arg<'a, *mut c_void>,
    f: impl ::veo_core::Arg<'a, extern "C" fn(f64) -> f64>,
) -> ::veo_core::Result<On::Output<'a, ::veo_core::VeMemPtr<c_void>>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
#[track_caller]
#[allow(non_snake_case, clippy::too_many_arguments)]
fn run<'__a, __On, __Out>(
    _ctx_or_proc: &__On,
    __plan: impl ::veo_core::__private::MutArg<'__a, Plan>,
    __data: impl ::veo_core::__private::MutVoidArg<'__a, c_void>,
    __f: impl ::veo_core::__private::FunctionArg<'__a>,
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
    static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "run",
        symbol: "run",
        library: __veo::Library::Static,
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
                    pointee: &<Plan as __veo::PointedTo>::TYPE,
                },
                __veo::abi::Type::Pointer {
                    mutable: true,
                    pointee: &<c_void as __veo::PointedTo>::TYPE,
                },
                __veo::abi::Type::Pointer {
                    mutable: false,
                    pointee: &__veo::abi::Type::Function {
                        params: &[__veo::abi::Type::Scalar(__veo::abi::ScalarType::F64)],
                        result: &__veo::abi::Type::Scalar(__veo::abi::ScalarType::F64),
                    },
                },
            ],
            result: __veo::abi::Type::Pointer {
                mutable: true,
                pointee: &<c_void as __veo::PointedTo>::TYPE,
            },
        },
        parameters: &["plan", "data", "f"],
        words: &[
            "*mut Plan",
            "*mut c_void",
            "extern \"C\" fn(f64) -> f64",
            "*mut c_void",
        ],
        verify: __veo::Verify::Default,
        contract: &[],
    });
    __veo::inventory::submit! {
        __veo::Registration(& _KERNEL)
    }
    let mut _call = __veo::Call::new(&_KERNEL);
    _call.arg::<*mut Plan>(__plan);
    _call.arg::<*mut c_void>(__data);
    _call.arg::<__veo::FnAddr>(__f);
    _call.submit_pointer::<__On, c_void>(_ctx_or_proc)
}
