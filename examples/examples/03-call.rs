//! Call a kernel: wait at once, or submit to a context and wait later.

use ve_kernels::basics::sum;
use veo_core::VeoProc;

// ve-kernels declares it like this, for double sum(const double *x, int64_t n) in C:
//
//     #[ve_kernel(lib = "libvebasics.so")]
//     pub fn sum(x: *const f64, n: i64) -> f64;

fn main() -> veo_core::Result<()> {
    let proc = VeoProc::new(0)?;
    let x = proc.upload(&[1.0, 2.0, 3.5])?;

    // A call on the process returns when the kernel has returned.
    let total = sum(&proc, &x, 3)?;
    println!("{total}");

    // A call on a context returns a request. The host can do other work until it waits.
    let ctx = proc.open_context()?;
    let request = sum(&ctx, &x, 2)?;
    println!("{}", request.wait()?);
    Ok(())
}
