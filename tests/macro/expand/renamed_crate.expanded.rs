#[cfg(doc)]
fn nothing<'a, On: my::veo::Target + ?::core::marker::Sized>(
    ctx_or_proc: &On,
) -> my::veo::Result<On::Output<'a, ()>> {
    ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
}
#[cfg(not(doc))]
#[track_caller]
#[allow(non_snake_case, unused_qualifications, clippy::too_many_arguments)]
fn nothing<'__a, __On, __Out>(_ctx_or_proc: &__On) -> my::veo::Result<__Out>
where
    __On: ?::core::marker::Sized
        + for<> my::veo::__private::CallTarget<'__a, (), Gives = __Out>,
{
    static _KERNEL: my::veo::__private::Kernel = my::veo::__private::Kernel::new(my::veo::__private::KernelInfo {
        name: "nothing",
        symbol: "nothing",
        library: my::veo::__private::Library::Shared("libvetest.so"),
        resolution: my::veo::__private::Resolution::Eager,
        crate_name: my::veo::__private::crate_name(
            ::core::option_env!("CARGO_PKG_NAME"),
            ::core::module_path!(),
        ),
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: my::veo::__private::line!(),
        build_dir: ::core::option_env!("OUT_DIR"),
        signature: my::veo::__private::abi::Signature {
            params: &[],
            result: my::veo::__private::abi::Type::Void,
        },
        parameters: &[],
        words: &[""],
        verify: my::veo::__private::Verify::Default,
        contract: &[],
    });
    my::veo::__private::inventory::submit! {
        my::veo::__private::Registration(& _KERNEL)
    }
    let mut _call = my::veo::__private::Call::new(&_KERNEL);
    _call.submit::<__On, ()>(_ctx_or_proc)
}
