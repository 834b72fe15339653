//! The computations on the VE and on the host.

use veo_core::{Result, VeoProc};

use crate::cblas::{self, CblasNoTrans, CblasRowMajor, CblasTrans};

/// Fixed numbers between -1 and 1. They are multiples of 2^-23, so that sums of products are exact in double precision.
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed | 1;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 23) - 1.0
    };
    (0..count).map(next).collect()
}

/// The largest difference between the found and the expected values.
fn difference(found: &[f64], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let pairs = found.iter().zip(wanted);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// `sum(x[i] * y[i])`.
///
/// # Errors
/// As every call of a kernel.
pub fn ddot(proc: &VeoProc, n: usize) -> Result<f64> {
    let (x, y) = (numbers(n, 1), numbers(n, 2));
    let wanted: f64 = x.iter().zip(&y).map(|(x, y)| x * y).sum();
    let (x, y) = (proc.upload(&x)?, proc.upload(&y)?);
    let found = cblas::cblas_ddot(proc, size(n), &x, 1, &y, 1)?;
    Ok((found - wanted).abs() / n as f64)
}

/// `y = 2 * A * x + 3 * y` with a matrix of `m` rows.
///
/// # Errors
/// As every call of a kernel.
pub fn dgemv(proc: &VeoProc, m: usize, n: usize) -> Result<f64> {
    let (a, x, y) = (numbers(m * n, 3), numbers(n, 4), numbers(m, 5));
    let row = |i: usize| -> f64 { (0..n).map(|j| a[i * n + j] * x[j]).sum() };
    let wanted: Vec<f64> = (0..m).map(|i| 2.0 * row(i) + 3.0 * y[i]).collect();
    let (a, x) = (proc.upload(&a)?, proc.upload(&x)?);
    let mut y = proc.upload(&y)?;
    let (rows, columns) = (size(m), size(n));
    cblas::cblas_dgemv(
        proc,
        CblasRowMajor,
        CblasNoTrans,
        rows,
        columns,
        2.0,
        &a,
        columns,
        &x,
        1,
        3.0,
        &mut y,
        1,
    )?;
    Ok(difference(&y.to_vec()?, &wanted) / n as f64)
}

/// `C = 0.5 * A * B^T - C` with matrices of `m` by `k`, `n` by `k` and `m` by `n`.
///
/// # Errors
/// As every call of a kernel.
pub fn dgemm(proc: &VeoProc, m: usize, n: usize, k: usize) -> Result<f64> {
    let (a, b, c) = (numbers(m * k, 6), numbers(n * k, 7), numbers(m * n, 8));
    let wanted = product(&a, &b, &c, (m, n, k));
    let (a, b) = (proc.upload(&a)?, proc.upload(&b)?);
    let mut c = proc.upload(&c)?;
    let (m, n, k) = (size(m), size(n), size(k));
    cblas::cblas_dgemm(
        proc,
        CblasRowMajor,
        CblasNoTrans,
        CblasTrans,
        m,
        n,
        k,
        0.5,
        &a,
        k,
        &b,
        k,
        -1.0,
        &mut c,
        n,
    )?;
    Ok(difference(&c.to_vec()?, &wanted) / f64::from(k))
}

/// [`dgemm`] in single precision, queued on a context of its own.
///
/// # Errors
/// As every call of a kernel.
pub fn sgemm(proc: &VeoProc, m: usize, n: usize, k: usize) -> Result<f64> {
    // The inputs are rounded first, so that both sides compute with the same numbers.
    let round = |values: Vec<f64>| -> Vec<f32> { values.iter().map(|x| *x as f32).collect() };
    let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|x| f64::from(*x)).collect() };
    let a = round(numbers(m * k, 9));
    let b = round(numbers(n * k, 10));
    let c = round(numbers(m * n, 11));
    let wanted = product(&wide(&a), &wide(&b), &wide(&c), (m, n, k));
    let ctx = proc.open_context()?;
    let (a, b) = (proc.upload(&a)?, proc.upload(&b)?);
    let mut c = proc.upload(&c)?;
    let (m, n, k) = (size(m), size(n), size(k));
    cblas::cblas_sgemm(
        &ctx,
        CblasRowMajor,
        CblasNoTrans,
        CblasTrans,
        m,
        n,
        k,
        0.5,
        &a,
        k,
        &b,
        k,
        -1.0,
        &mut c,
        n,
    )?
    .wait()?;
    Ok(difference(&wide(&c.to_vec()?), &wanted) / f64::from(k))
}

fn product(a: &[f64], b: &[f64], c: &[f64], (m, n, k): (usize, usize, usize)) -> Vec<f64> {
    let element = |i: usize, j: usize| -> f64 {
        let sum: f64 = (0..k).map(|l| a[i * k + l] * b[j * k + l]).sum();
        0.5 * sum - c[i * n + j]
    };
    (0..m * n)
        .map(|index| element(index / n, index % n))
        .collect()
}

/// A length of the type that BLAS takes.
fn size(n: usize) -> i32 {
    i32::try_from(n).expect("the sizes here are small")
}
