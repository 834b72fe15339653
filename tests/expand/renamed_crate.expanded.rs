#[allow(non_snake_case, unused_qualifications, clippy::too_many_arguments)]
fn nothing<'__a, __On, __Out>(ctx_or_proc: &__On) -> my::veo::Result<__Out>
where
    __On: ?::core::marker::Sized
        + for<> my::veo::__private::CallTarget<'__a, (), Gives = __Out>,
{
    static __KERNEL: my::veo::__private::Kernel = my::veo::__private::Kernel::new(my::veo::__private::KernelInfo {
        name: "nothing",
        symbol: "nothing",
        library: my::veo::__private::Library::Shared("libvetest.so"),
        resolution: my::veo::__private::Resolution::Eager,
        crate_name: ::core::env!("CARGO_PKG_NAME"),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        build_dir: ::core::option_env!("OUT_DIR"),
        signature: my::veo::__private::abi::Signature {
            params: &[],
            result: my::veo::__private::abi::Type::Void,
        },
        parameters: &[],
        verify: my::veo::__private::Verify::Default,
    });
    my::veo::__private::inventory::submit! {
        my::veo::__private::Registration(& __KERNEL)
    }
    let mut __call = my::veo::__private::Call::new(&__KERNEL);
    __call.submit::<__On, ()>(ctx_or_proc)
}
