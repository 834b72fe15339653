//! The path of the crate, plainly and as a string.
use veo_core::ve_kernel;

mod veo {
    pub use veo_core as core;
}

#[ve_kernel(lib = "libk.so", crate = ::veo_core)]
fn absolute(x: &mut f64);

#[ve_kernel(lib = "libk.so", crate = self::veo::core)]
fn relative(x: *mut f64);

#[ve_kernel(lib = "libk.so", crate = "veo_core")]
fn text(x: i32) -> *mut f64;
