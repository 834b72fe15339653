//! Requests queue up in a context and run in the order they were submitted.

use std::time::Duration;

use ve_kernels::basics::{axpy, busy, fill, sum};
use veo_core::VeoProc;

fn main() -> veo_core::Result<()> {
    let proc = VeoProc::new(0)?;
    let ctx = proc.open_context()?;
    let n = 1_000_000;
    let mut x = proc.alloc::<f64>(n)?;
    let mut y = proc.zeros::<f64>(n)?;
    let n = n as i64;

    // Four calls are in flight. Each sees the effects of the calls before it.
    let filled = fill(&ctx, &mut x, n, 1.0, 0.0)?;
    let once = axpy(&ctx, n, 2.0, &x, &mut y)?;
    let twice = axpy(&ctx, n, 3.0, &x, &mut y)?;
    let total = sum(&ctx, &y, n)?;
    println!("sum {}", total.wait()?);
    for request in [filled, once, twice] {
        request.wait()?; // done long ago
    }

    // One can look without waiting, or wait for a limited time. A timeout returns the request.
    let mut slow = busy(&ctx, 50)?;
    println!("at once: {:?}", slow.peek()?);
    match slow.wait_timeout(Duration::from_millis(1))? {
        Ok(rounds) => println!("after 1 ms: {} rounds", rounds),
        Err(slow) => println!("not after 1 ms; in the end: {}", slow.wait()? > 0),
    }
    Ok(())
}
