//! `cargo run --release -p veo-example-blas`

use veo_core::{Result, VeoProc};

#[cfg(blas)]
fn main() -> Result<()> {
    let proc = VeoProc::new(0)?;
    println!("differences from the host, per term of a sum:");
    println!("  ddot   {:9.2e}", veo_example_blas::ddot(&proc, 10_000)?);
    println!(
        "  dgemv  {:9.2e}",
        veo_example_blas::dgemv(&proc, 300, 200)?
    );
    println!(
        "  dgemm  {:9.2e}",
        veo_example_blas::dgemm(&proc, 120, 80, 200)?
    );
    println!(
        "  sgemm  {:9.2e}",
        veo_example_blas::sgemm(&proc, 120, 80, 200)?
    );
    Ok(())
}

#[cfg(not(blas))]
fn main() -> Result<()> {
    let _ = VeoProc::new;
    let why = veo_example_blas::missing().unwrap_or("OpenBLAS is missing");
    println!("skipped: {why}");
    Ok(())
}
