//! Imports `cblas.h` for the OpenBLAS of this machine. If OpenBLAS or libclang is missing, the program is built without it.

use std::path::PathBuf;
use std::process::Command;

use veo_build::Kernels;

/// Conditions of BLAS on a product of matrices, which a header cannot say. A matrix lies in memory line by line, `lda`
/// elements apart. The lines are its rows, or its columns if exactly one of order and transposition says so.
const GEMM: &str = "
    m >= 0, n >= 0, k >= 0,
    trans_a == CblasNoTrans || trans_a == CblasTrans || trans_a == CblasConjTrans,
    trans_b == CblasNoTrans || trans_b == CblasTrans || trans_b == CblasConjTrans,
    (order == CblasRowMajor) != (trans_a == CblasNoTrans) || lda >= max(1, k),
    (order == CblasRowMajor) == (trans_a == CblasNoTrans) || lda >= max(1, m),
    (order == CblasRowMajor) != (trans_b == CblasNoTrans) || ldb >= max(1, n),
    (order == CblasRowMajor) == (trans_b == CblasNoTrans) || ldb >= max(1, k),
    ldc >= max(1, n) || order != CblasRowMajor,
    ldc >= max(1, m) || order == CblasRowMajor,
    min(m, min(n, k)) == 0 || (order == CblasRowMajor) != (trans_a == CblasNoTrans) || a.len() >= (m - 1) * lda + k,
    min(m, min(n, k)) == 0 || (order == CblasRowMajor) == (trans_a == CblasNoTrans) || a.len() >= (k - 1) * lda + m,
    min(m, min(n, k)) == 0 || (order == CblasRowMajor) != (trans_b == CblasNoTrans) || b.len() >= (k - 1) * ldb + n,
    min(m, min(n, k)) == 0 || (order == CblasRowMajor) == (trans_b == CblasNoTrans) || b.len() >= (n - 1) * ldb + k,
    min(m, n) == 0 || order != CblasRowMajor || c.len() >= (m - 1) * ldc + n,
    min(m, n) == 0 || order == CblasRowMajor || c.len() >= (n - 1) * ldc + m,
    disjoint(a, c), disjoint(b, c)";

/// The same of a product of a matrix of `m` rows with a vector.
const GEMV: &str = "
    m >= 0, n >= 0, incx != 0, incy != 0,
    trans == CblasNoTrans || trans == CblasTrans || trans == CblasConjTrans,
    lda >= max(1, n) || order != CblasRowMajor,
    lda >= max(1, m) || order == CblasRowMajor,
    min(m, n) == 0 || order != CblasRowMajor || a.len() >= (m - 1) * lda + n,
    min(m, n) == 0 || order == CblasRowMajor || a.len() >= (n - 1) * lda + m,
    min(m, n) == 0 || trans != CblasNoTrans || x.len() > (n - 1) * max(incx, -incx),
    min(m, n) == 0 || trans == CblasNoTrans || x.len() > (m - 1) * max(incx, -incx),
    min(m, n) == 0 || trans != CblasNoTrans || y.len() > (m - 1) * max(incy, -incy),
    min(m, n) == 0 || trans == CblasNoTrans || y.len() > (n - 1) * max(incy, -incy),
    disjoint(a, y), disjoint(x, y)";

fn main() {
    println!("cargo::rustc-check-cfg=cfg(blas)");
    println!("cargo::rerun-if-env-changed=OPENBLAS");
    let missing = match library() {
        Some(library) => import(&library).err(),
        None => Some(
            "libopenblas.so is missing (Debian: libopenblas-dev), or set OPENBLAS to its path"
                .to_owned(),
        ),
    };
    match missing {
        None => println!("cargo::rustc-cfg=blas"),
        Some(why) => {
            // Cargo treats a missing file as changed, so this runs again after the installation.
            println!("cargo::rerun-if-changed=libopenblas.so");
            let why = why.lines().next().unwrap_or_default();
            println!("cargo::rustc-env=NO_BLAS={why}");
        }
    }
}

/// The path of the library: `$OPENBLAS`, or the file that the C compiler finds.
fn library() -> Option<PathBuf> {
    let path = match std::env::var_os("OPENBLAS") {
        Some(path) => PathBuf::from(path),
        None => {
            let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
            let output = Command::new(compiler)
                .arg("-print-file-name=libopenblas.so")
                .output()
                .ok()?;
            PathBuf::from(String::from_utf8(output.stdout).ok()?.trim())
        }
    };
    // If there is no such file, the compiler prints only the name.
    path.is_absolute().then(|| path.canonicalize().ok())?
}

fn import(library: &std::path::Path) -> Result<(), String> {
    let lib = library
        .to_str()
        .ok_or("the path of OpenBLAS is not UTF-8")?;
    Kernels::new("libopenblas.so")
        .import_header_with("cblas.h", |import| {
            import
                .lib(lib)
                .requires("cblas_[sd]gemm", GEMM)
                .requires("cblas_[sd]gemv", GEMV);
        })
        .try_compile()
        .map(|_| ())
        .map_err(|error| error.to_string())
}
