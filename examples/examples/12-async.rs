//! Requests are futures: two are awaited together, one with a time-out, others are cancelled. Any
//! runtime will do; this one is tokio's, with one thread.
//!
//! The VE side of a dropped request runs to its end, and its result is discarded. So queue work in pieces
//! if it may be cancelled; a kernel that does not return ends with its process.

use std::time::Duration;

use tokio::time::timeout;
use ve_kernels::basics::{busy, sum};
use ve_kernels::faults::run_forever;
use veo_core::{OnStack, Result, VeoContext, VeoProc};

/// Stops between two pieces when its future is dropped.
async fn in_pieces(ctx: &VeoContext, done: &mut u32) -> Result<()> {
    for _ in 0..1_000_000 {
        busy(ctx, 20)?.await?;
        *done += 1;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let (one, two) = (proc.open_context()?, proc.open_context()?);
    let x = proc.upload(&[1.0, 2.0, 3.0])?;

    // Both are on their way; the task goes on when both are there.
    let (a, b) = (sum(&one, &x, 2)?, sum(&two, &x, 3)?);
    let (a, b) = tokio::try_join!(a.into_future(), b.into_future())?;
    println!("together: {a} {b}");

    // The time-out drops the reference, not the request, which is awaited again.
    let mut slow = busy(&one, 200)?.into_future();
    let mut late = 0;
    let rounds = loop {
        match timeout(Duration::from_millis(50), &mut slow).await {
            Ok(rounds) => break rounds?,
            Err(_) => late += 1,
        }
    };
    println!("{rounds} rounds of its loop, not there after {late} time-outs");

    // This one drops the future, so no further piece is queued.
    let mut done = 0;
    let cancelled = timeout(Duration::from_millis(200), in_pieces(&two, &mut done)).await;
    println!("cancelled: {}, after {done} pieces", cancelled.is_err());

    // A kernel that never returns: its process ends, and another one takes its place.
    let endless = run_forever(&one)?;
    if timeout(Duration::from_millis(100), endless).await.is_err() {
        proc.kill()?;
    }
    let proc = proc.restart()?;
    println!("{}", sum(&proc, OnStack::input(&[1.0, 2.0]), 2)?);
    Ok(())
}
