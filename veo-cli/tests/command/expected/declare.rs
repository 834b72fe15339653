// Kernels of libshapes.so, from its debug information.

use veo_core::{VeAddr, VeData, VeOpaque, ve_kernel};

/// `union either`
#[derive(Clone, Copy, Debug, VeData)]
#[repr(C)]
#[allow(dead_code, nonstandard_style, unreachable_pub, clippy::all)]
pub struct either {
    /// Its members overlap or have no counterpart in Rust.
    pub bytes: [u8; 4],
}
const _: [(); 4] = [(); core::mem::size_of::<either>()];

/// `struct flags`
#[derive(Clone, Copy, Debug, VeData)]
#[repr(C)]
#[allow(dead_code, nonstandard_style, unreachable_pub, clippy::all)]
pub struct flags {
    /// Its members overlap or have no counterpart in Rust.
    pub bytes: [u8; 4],
}
const _: [(); 4] = [(); core::mem::size_of::<flags>()];

/// `struct hidden`
#[derive(VeOpaque)]
#[repr(C)]
#[allow(dead_code, nonstandard_style, unreachable_pub, clippy::all)]
pub struct hidden {
    _private: [u8; 0],
}

/// `struct {..}`
#[derive(Clone, Copy, Debug, VeData)]
#[repr(C)]
#[allow(dead_code, nonstandard_style, unreachable_pub, clippy::all)]
pub struct item {
    pub tag: i8,
    pub value: f64,
    pub pair: [f32; 2],
}
const _: [(); 24] = [(); core::mem::size_of::<item>()];

/// `struct point`
#[derive(Clone, Copy, Debug, VeData)]
#[repr(C)]
#[allow(dead_code, nonstandard_style, unreachable_pub, clippy::all)]
pub struct point {
    pub x: f64,
    pub y: f64,
    pub next: VeAddr<point>,
}
const _: [(); 24] = [(); core::mem::size_of::<point>()];

#[ve_kernel(lib = "libshapes.so")]
#[allow(dead_code, nonstandard_style, unreachable_pub, clippy::all)]
unsafe extern "C" {
    /// `double apply(double (*f)(double), double x)` (/src/shapes.c:104)
    pub safe fn apply(f: extern "C" fn(f64) -> f64, x: f64) -> f64;

    /// `void fill(item *items, int n)` (/src/shapes.c:78)
    pub safe fn fill(items: *mut item, n: i32);

    /// `void greet(void)` (/src/shapes.c:119)
    pub safe fn greet();

    /// `float half(float x)` (/src/shapes.c:56)
    pub safe fn half(x: f32) -> f32;

    /// `struct hidden *handle(struct hidden *old)` (/src/shapes.c:84)
    pub safe fn handle(old: *mut hidden) -> *mut hidden;

    /// `long int length(const char *text)` (/src/shapes.c:61)
    pub safe fn length(text: *const i8) -> i64;

    /// `int match(int type)` (/src/shapes.c:109)
    #[ve_kernel(name = "match")]
    pub safe fn match_(type_: i32) -> i32;

    /// `int8_t narrow(int8_t x)` (/src/shapes.c:46)
    pub safe fn narrow(x: i8) -> i8;

    /// `double norm2(const struct point *p)` (/src/shapes.c:73)
    pub safe fn norm2(p: *const point) -> f64;

    /// `int overlap(union either *e, struct flags *f)` (/src/shapes.c:114)
    pub safe fn overlap(e: *mut either, f: *mut flags) -> i32;

    /// `void scale(double *x, long int n, double by)` (/src/shapes.c:40)
    pub safe fn scale(x: *mut f64, n: i64, by: f64);

    /// `void shout(char *text)` (/src/shapes.c:66)
    pub safe fn shout(text: *mut i8);

    /// `void stop(void)` (/src/shapes.c:125)
    pub safe fn stop();

    /// `double sum(const double *x, long int n)` (/src/shapes.c:32)
    pub safe fn sum(x: *const f64, n: i64) -> f64;

    /// `double twice(double x)` (/src/shapes.c:99)
    pub safe fn twice(x: f64) -> f64;

    /// `uint64_t widest(uint64_t x)` (/src/shapes.c:51)
    pub safe fn widest(x: u64) -> u64;
}

// Left out:
// total (it takes a variable number of arguments): int total(int n, ...)
// wide (it takes a `long double` by value): long double wide(long double x)
