//! A contract says what a call means: a wrong one is an error before the kernel runs.

use ve_kernels::basics::axpy;
use veo_core::{Error, VeoProc, kernels};

fn main() -> veo_core::Result<()> {
    let proc = VeoProc::new(0)?;
    let x = proc.upload(&[1.0, 2.0, 3.0])?;
    let mut y = proc.upload(&[10.0, 20.0])?;

    // Declared with `requires(n >= 0, x.len() >= n, y.len() >= n)`.
    match axpy(&proc, 3, 2.0, &x, &mut y) {
        Err(error @ Error::Contract { .. }) => println!("{error}"),
        other => println!("this cannot be: {other:?}"),
    }
    axpy(&proc, 2, 2.0, &x, &mut y)?;
    println!("{:?}", y.to_vec()?);

    // Tools can list them.
    for kernel in kernels().filter(|kernel| !kernel.contract.is_empty()) {
        println!("{} requires {}", kernel.name, kernel.contract.join(", "));
    }
    Ok(())
}
