use veo_core::{VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(&mut self, n: i32) -> i32;

fn call(proc: &VeoProc) -> veo_core::Result<i32> {
    let scale_all = |n| scale(proc, n);
    scale_all(3)
}

fn main() {}
