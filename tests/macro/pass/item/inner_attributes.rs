//! Attributes inside a block are those of its functions, whatever stands above it.
use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
#[deny(missing_docs)]
unsafe extern "C" {
    #![allow(non_upper_case_globals)]
    #![allow(dead_code)]

    /// Documented.
    pub safe fn first(n: i32) -> i64;
    /// Documented.
    unsafe fn second(x: *mut f64);
}
