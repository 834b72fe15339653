//! Contexts are independent queues: several threads keep one process busy.

use ve_kernels::basics::{fill, sum};
use veo_core::VeoProc;

fn main() -> veo_core::Result<()> {
    let proc = VeoProc::new(0)?;
    let n = 100_000;
    let sums = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|k| {
                let proc = &proc;
                scope.spawn(move || -> veo_core::Result<f64> {
                    let ctx = proc.open_context()?;
                    let mut x = proc.alloc::<f64>(n)?;
                    let filled = fill(&ctx, &mut x, n as i64, f64::from(k), 0.0)?;
                    let total = sum(&ctx, &x, n as i64)?.wait()?;
                    filled.wait()?;
                    Ok(total)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("the thread does not panic"))
            .collect::<veo_core::Result<Vec<_>>>()
    })?;
    println!("{sums:?}");
    Ok(())
}
