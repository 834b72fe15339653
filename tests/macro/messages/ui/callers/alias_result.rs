use veo_core::{VeoProc, ve_kernel};

type Flag = bool;

#[ve_kernel(lib = "libk.so")]
fn ready(n: i32) -> Flag;

fn call(proc: &VeoProc) -> veo_core::Result<bool> {
    Ok(ready(proc, 3)? && ready(proc, 4)?)
}

fn main() {}
