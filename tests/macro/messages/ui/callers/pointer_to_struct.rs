use veo_core::{VeoProc, ve_kernel};

struct Plan {
    n: i32,
}

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    safe fn create(n: i32) -> *mut Plan;
}

fn call(proc: &VeoProc) -> veo_core::Result<bool> {
    Ok(create(proc, 3)?.is_null())
}

fn main() {}
