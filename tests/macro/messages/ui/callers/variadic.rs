use veo_core::{OnStack, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    fn print(format: *const i8, ...) -> i32;
}

fn call(proc: &VeoProc) -> veo_core::Result<i32> {
    // SAFETY: it never runs.
    unsafe { print(proc, OnStack::cstr(c"%d %f"), 3, 4.0) }
}

fn main() {}
