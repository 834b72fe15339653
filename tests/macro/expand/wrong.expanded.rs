::core::compile_error! {
    "`optional` takes no value: write `optional` alone, or leave it out"
}
#[allow(dead_code, non_upper_case_globals)]
const wrong: <() as ::veo_core::__private::Wrong<
    {
        let _: ::core::option::Option<fn(bool, *mut String, i32, &f64, char)>;
        ::core::compile_error! {
            "C's `_Bool` is a byte and `bool` is not, as most bytes are no `bool`: write `u8`"
        }
        ::core::compile_error! {
            "C's strings are `*const c_char`: write that, and pass `OnStack::cstr(..)` in calls, instead of `String`"
        }
        ::core::compile_error! {
            "`char` is a Unicode scalar value, which C does not have: write `c_char` for C's `char`, `u32` for a code point"
        }
        true
    },
>>::Kernel = loop {};
