//! Contexts are independent queues: several threads keep one process busy.
//!
//! On a card, contexts and the OpenMP threads of their kernels share the cores of the VE. If
//! kernels use OpenMP, use few contexts with many threads, or many contexts with one thread:
//! `VeoProc::builder().omp_threads(1)`. For this, NEC's library needs `VE_OMP_NUM_THREADS=1`
//! in the environment of the program.

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
