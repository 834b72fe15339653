#[ve_kernel(lib = "libvetest.so")]
fn count(n: c_int, plan: plan_t, at: ffi::Offset) -> ffi::Size;
