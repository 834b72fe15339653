use veo_core::{VeoProc, ve_kernel};

type Flag = bool;

#[ve_kernel(lib = "libk.so")]
fn scale(flag: Flag);

fn call(proc: &VeoProc) -> veo_core::Result<()> {
    scale(proc, true)
}

fn main() {}
