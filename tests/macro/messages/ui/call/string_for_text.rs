use veo_core::{VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn open(name: *const std::ffi::c_char);

fn call(proc: &VeoProc) {
    let _ = open(proc, "name");
}

fn main() {}
