//! Rust's own way to give a link name.
use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
#[link_name = "scale_"]
fn scale(factor: f64) -> f64;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    #[link_name = "shift_"]
    safe fn shift(by: f64) -> f64;
}
