//! A block without kernels, as generated code may have it.
use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {}
