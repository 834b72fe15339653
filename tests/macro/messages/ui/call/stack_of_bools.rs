use veo_core::{OnStack, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn invert(flags: *mut u8, n: u64);

fn call(proc: &VeoProc, flags: &mut Vec<bool>) {
    let n = flags.len() as u64;
    let _ = invert(proc, OnStack::inout(flags), n);
}

fn main() {}
