//! Kernels that return their arguments, for every scalar type (`kernels/echo.c`).

use veo_core::ve_kernel;

macro_rules! echo {
    ($($scalar:ident, $first_and_tenth:ident, $same:ident;)*) => {$(
        /// Stores its first and its tenth argument to `out`, provided that `b` to `i`
        /// are -1 to -8.
        #[ve_kernel(lib = "libveecho.so")]
        pub fn $first_and_tenth(
            first: $scalar,
            b: i64,
            c: i64,
            d: i64,
            e: i64,
            f: i64,
            g: i64,
            h: i64,
            i: i64,
            tenth: $scalar,
            out: *mut $scalar,
        );

        /// Returns its argument.
        #[ve_kernel(lib = "libveecho.so")]
        pub fn $same(value: $scalar) -> $scalar;
    )*};
}

echo! {
    i8, first_and_tenth_i8, same_i8;
    u8, first_and_tenth_u8, same_u8;
    i16, first_and_tenth_i16, same_i16;
    u16, first_and_tenth_u16, same_u16;
    i32, first_and_tenth_i32, same_i32;
    u32, first_and_tenth_u32, same_u32;
    i64, first_and_tenth_i64, same_i64;
    u64, first_and_tenth_u64, same_u64;
    f32, first_and_tenth_f32, same_f32;
    f64, first_and_tenth_f64, same_f64;
}
