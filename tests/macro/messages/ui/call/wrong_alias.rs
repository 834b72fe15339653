use veo_core::{VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn count(n: std::ffi::c_int);

fn call(proc: &VeoProc) {
    let _ = count(proc, 3.5);
}

fn main() {}
