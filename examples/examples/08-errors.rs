//! A kernel that crashes takes its process down; the host gets an error and goes on.

use ve_kernels::basics::sum;
use ve_kernels::faults::crash_segv;
use veo_core::{OnStack, VeoProc};

fn main() -> veo_core::Result<()> {
    let proc = VeoProc::new(0)?;
    match crash_segv(&proc) {
        Ok(()) => println!("this kernel cannot return"),
        Err(error) => println!("the call: {error}"),
    }
    if let Err(error) = proc.upload(&[1.0]) {
        println!("later: {error}");
    }

    let proc = proc.restart()?;
    println!(
        "a new process: {}",
        sum(&proc, OnStack::input(&[1.0, 2.0]), 2)?
    );
    Ok(())
}
