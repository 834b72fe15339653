use veo_core::{VeMemPtr, VeOpaque, VeoProc, ve_kernel};

#[derive(VeOpaque)]
struct Plan {
    _private: [u8; 0],
}

#[ve_kernel(lib = "libk.so")]
fn run(plan: *mut Plan);

fn call(proc: &VeoProc, p: VeMemPtr<f64>) {
    let _ = run(proc, p);
}

fn main() {}
