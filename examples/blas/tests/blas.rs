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
    use veo_core::{Error, NULL, Result, VeoProc};
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

    /// `C = A * B` with these leading dimensions and this many elements of `A`.
    fn product(proc: &VeoProc, [lda, ldb, ldc]: [i32; 3], elements: usize) -> Result<()> {
        let (m, n, k) = (3, 4, 5);
        let a = proc.zeros::<f64>(elements)?;
        let b = proc.zeros::<f64>(20)?;
        let mut c = proc.zeros::<f64>(12)?;
        let (order, no) = (cblas::CblasRowMajor, cblas::CblasNoTrans);
        cblas::cblas_dgemm(
            proc, order, no, no, m, n, k, 1.0, &a, lda, &b, ldb, 0.0, &mut c, ldc,
        )
    }

    #[test]
    fn a_wrong_leading_dimension_is_an_error() -> Result<()> {
        let proc = process()?;
        product(&proc, [5, 4, 4], 15)?;
        product(&proc, [6, 4, 4], 17)?;
        for (dimensions, elements, words) in [
            ([4, 4, 4], 15, ["lda >= max(1, k)", "lda = 4", "k = 5"]),
            ([5, 3, 4], 15, ["ldb >= max(1, n)", "ldb = 3", "n = 4"]),
            ([5, 4, 3], 15, ["ldc >= max(1, n)", "ldc = 3", "n = 4"]),
            (
                [6, 4, 4],
                16,
                ["(m - 1) * lda + k", "lda = 6", "a.len() = 16"],
            ),
            (
                [50_000_000, 4, 4],
                15,
                ["(m - 1) * lda + k", "lda = 50000000", "a.len() = 15"],
            ),
            (
                [5, 5, 4],
                15,
                ["(k - 1) * ldb + n", "ldb = 5", "b.len() = 20"],
            ),
            (
                [5, 4, 5],
                15,
                ["(m - 1) * ldc + n", "ldc = 5", "c.len() = 12"],
            ),
        ] {
            let error = product(&proc, dimensions, elements).expect_err("it reads beyond a matrix");
            assert!(matches!(error, Error::Contract { .. }), "{error}");
            let text = error.to_string();
            let has_all = words.iter().all(|word| text.contains(word));
            assert!(has_all && text.contains("cblas_dgemm"), "{words:?}: {text}");
        }
        // Nothing has happened to the process.
        product(&proc, [5, 4, 4], 15)
    }

    #[test]
    fn a_short_vector_is_an_error() -> Result<()> {
        let proc = process()?;
        let (a, x) = (proc.zeros::<f64>(12)?, proc.zeros::<f64>(7)?);
        let mut y = proc.zeros::<f64>(3)?;
        let mut call = |transposed, lda, incx| {
            let order = cblas::CblasRowMajor;
            cblas::cblas_dgemv(
                &proc, order, transposed, 3, 4, 1.0, &a, lda, &x, incx, 0.0, &mut y, 1,
            )
        };
        call(cblas::CblasNoTrans, 4, 2)?;
        call(cblas::CblasNoTrans, 4, -2)?;
        for (transposed, lda, incx, words) in [
            (
                cblas::CblasNoTrans,
                4,
                3,
                [
                    "x.len() > (n - 1) * max(incx, -incx)",
                    "x.len() = 7",
                    "incx = 3",
                ],
            ),
            (
                cblas::CblasNoTrans,
                4,
                -3,
                [
                    "x.len() > (n - 1) * max(incx, -incx)",
                    "x.len() = 7",
                    "incx = -3",
                ],
            ),
            (
                cblas::CblasTrans,
                4,
                1,
                [
                    "y.len() > (n - 1) * max(incy, -incy)",
                    "y.len() = 3",
                    "n = 4",
                ],
            ),
            (
                cblas::CblasNoTrans,
                5,
                1,
                ["(m - 1) * lda + n", "a.len() = 12", "lda = 5"],
            ),
            (
                cblas::CblasNoTrans,
                4,
                0,
                ["incx != 0", "incx = 0", "cblas_dgemv"],
            ),
        ] {
            let error = call(transposed, lda, incx).expect_err("it reads beyond a vector");
            let text = error.to_string();
            assert!(
                words.iter().all(|word| text.contains(word)),
                "{words:?}: {text}"
            );
        }
        Ok(())
    }

    #[test]
    fn a_function_that_the_library_lacks_fails_alone() -> Result<()> {
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
