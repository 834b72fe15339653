//! The results of the BLAS on the emulated node against those of the host.

use veo_test_support::available;

#[cfg(not(blas))]
#[test]
fn a_blas_computes_as_the_host_does() {
    let why = veo_example_blas::missing().unwrap_or_default();
    let what = format!("OpenBLAS with libclang (Debian: libopenblas-dev libclang-dev; {why})");
    assert!(!available(&what, false));
}

#[cfg(blas)]
mod calls {
    use veo_core::{NULL, Result, VeoProc};
    use veo_example_blas::{cblas, ddot, dgemm, dgemv, sgemm};

    use super::available;

    /// Rounding of a sum of products of numbers below 1, per term.
    const DOUBLE: f64 = 1e-14;
    const SINGLE: f64 = 1e-6;

    fn process() -> Result<VeoProc> {
        assert!(available("OpenBLAS with libclang", true));
        VeoProc::new(0)
    }

    #[test]
    fn products_of_vectors_and_matrices() -> Result<()> {
        let proc = process()?;
        for n in [1, 7, 1000] {
            let error = ddot(&proc, n)?;
            assert!(error < DOUBLE, "ddot of {n}: {error:e}");
        }
        for (m, n) in [(1, 1), (5, 9), (64, 33)] {
            let error = dgemv(&proc, m, n)?;
            assert!(error < DOUBLE, "dgemv of {m} by {n}: {error:e}");
        }
        for (m, n, k) in [(1, 1, 1), (3, 5, 7), (40, 24, 32)] {
            let error = dgemm(&proc, m, n, k)?;
            assert!(error < DOUBLE, "dgemm of {m}, {n}, {k}: {error:e}");
            let error = sgemm(&proc, m, n, k)?;
            assert!(error < SINGLE, "sgemm of {m}, {n}, {k}: {error:e}");
        }
        Ok(())
    }

    #[test]
    fn what_the_header_declares_and_the_library_lacks_fails_alone() -> Result<()> {
        let proc = process()?;
        // Built without bfloat16, as Debian's is, the library lacks functions of its own header.
        if let Err(error) = cblas::cblas_sbdot(&proc, 0, NULL, 1, NULL, 1) {
            assert!(error.to_string().contains("cblas_sbdot"), "{error}");
        }
        let mut x = proc.upload(&[3.0, -4.0])?;
        cblas::cblas_dscal(&proc, 2, 2.0, &mut x, 1)?;
        assert_eq!(x.to_vec()?, [6.0, -8.0]);
        assert!((cblas::cblas_dnrm2(&proc, 2, &x, 1)? - 10.0).abs() < 1e-12);
        assert_eq!(cblas::cblas_idamax(&proc, 2, &x, 1)?, 1);
        Ok(())
    }
}
