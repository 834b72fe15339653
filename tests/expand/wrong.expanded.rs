#[allow(unused_variables)]
#[allow(non_snake_case, clippy::too_many_arguments)]
fn wrong<'__a, __On, __Out>(
    __on: &__On,
    a: impl ::core::marker::Sized,
    b: impl ::core::marker::Sized,
    c: i32,
    d: &f64,
) -> ::veo_core::Result<__Out>
where
    __On: ::veo_core::__private::Target<Output<'__a, char> = __Out>,
{
    let _: ::core::option::Option<fn(bool)>;
    ::core::unreachable!()
}
::core::compile_error! {
    "`optional` takes no value: write `optional` alone, or leave it out"
}
::core::compile_error! {
    "C's `_Bool` is a byte and `bool` is not, as most bytes are no `bool`: write `u8`"
}
::core::compile_error! {
    "C's strings are `*const c_char`: write that, and pass `OnStack::cstr(..)` in calls, instead of `String`"
}
::core::compile_error! {
    "`char` is a Unicode scalar value, which C does not have: write `c_char` for C's `char`, `u32` for a code point"
}
