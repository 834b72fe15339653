//! A kernel that is looked up on first use.
use veo_core::ve_kernel;

#[ve_kernel(lazy, lib = "libk.so")]
fn on_first_use();
