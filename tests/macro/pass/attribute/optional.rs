//! A kernel that the library may lack.
use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", optional)]
fn only_in_new_versions();
