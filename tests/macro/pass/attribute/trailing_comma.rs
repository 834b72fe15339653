//! Any order, and a comma at the end.
use veo_core::ve_kernel;

#[ve_kernel(name = "scale_", optional, lib = "libk.so")]
fn scale(factor: f64);
