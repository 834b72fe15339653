use veo_core::{VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(flag: bool);

fn call(proc: &VeoProc) -> veo_core::Result<()> {
    let scale = |by: f64| by * 2.0;
    let _ = (scale(3.0), proc);
    Ok(())
}

fn main() {}
