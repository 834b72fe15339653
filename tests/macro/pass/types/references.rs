//! References carry the data, with or without lifetimes.
use veo_core::{Result, VeoProc, ve_kernel};

static TABLE: [f64; 3] = [1.0, 2.0, 3.0];

#[ve_kernel(lib = "libk.so")]
fn plain(a: &i32, b: &mut f64, c: &[f64], d: &mut [u8]);

#[ve_kernel(lib = "libk.so")]
fn named<'a, 'b: 'a>(a: &'a i32, b: &'b mut f64, c: &'a [f64], d: &'_ mut [u8]);

#[ve_kernel(lib = "libk.so")]
fn fixed(a: &'static [f64; 3]);

fn call(proc: &VeoProc) -> Result<()> {
    let (mut x, mut bytes) = (0.0, vec![0u8; 4]);
    plain(proc, &1, &mut x, &[1.0, 2.0], &mut bytes)?;
    named(proc, &1, &mut x, &vec![1.0], &mut bytes[1..])?;
    fixed(proc, &TABLE)
}
