//! Small data by reference: it travels with the call, on the kernel's stack.

use ve_kernels::statistics::{Extremes, Moments, accumulate, find_extremes, variance};
use veo_core::{OnStack, VeoProc};

fn main() -> veo_core::Result<()> {
    let proc = VeoProc::new(0)?;
    let values = [3.0, 1.0, 4.0, 1.0, 5.0];
    let n = values.len() as i64;

    // In and out: the structure goes to the kernel and comes back changed.
    let mut moments = Moments::default();
    accumulate(
        &proc,
        OnStack::input(&values),
        n,
        OnStack::inout(&mut moments),
    )?;
    println!("{moments:?}");

    // In only.
    println!("variance {}", variance(&proc, OnStack::input(&moments), 1)?);

    // Out only. With a context, the wait fills the structure.
    let mut extremes = Extremes::default();
    let ctx = proc.open_context()?;
    find_extremes(
        &ctx,
        OnStack::input(&values),
        n,
        OnStack::output(&mut extremes),
    )?
    .wait()?;
    println!("{extremes:?}");
    Ok(())
}
