#[allow(non_snake_case, clippy::too_many_arguments)]
fn nothing<'__a, __On, __Out>(__on: &__On) -> my::veo::Result<__Out>
where
    __On: ?::core::marker::Sized
        + my::veo::__private::CallTarget<'__a, (), Gives = __Out>,
{
    use my::veo::__private as __veo;
    static __KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
        name: "nothing",
        symbol: "nothing",
        library: __veo::Library::Shared("libvetest.so"),
        resolution: __veo::Resolution::Eager,
        crate_name: ::core::env!("CARGO_PKG_NAME"),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        build_dir: ::core::option_env!("OUT_DIR"),
        signature: __veo::abi::Signature {
            params: &[],
            result: __veo::abi::Type::Void,
        },
        verify: __veo::Verify::Default,
    });
    __veo::inventory::submit! {
        __veo::Registration(& __KERNEL)
    }
    let mut __call = __veo::Call::new(&__KERNEL);
    __call.submit::<__On, ()>(__on)
}
