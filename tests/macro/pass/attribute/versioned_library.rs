//! A library with a version in its name, and one by its path.
use veo_core::ve_kernel;

#[ve_kernel(lib = "libopenblas.so.0")]
fn openblas_get_num_threads() -> i32;

#[ve_kernel(lib = "/opt/kernels/libk.so")]
fn by_path();
