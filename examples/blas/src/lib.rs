//! A BLAS as a kernel library: `cblas.h` imported, its functions called on VE memory.
//!
//! Each function of `compute` computes with the library on the VE and with plain loops on the host. It returns the largest
//! difference between both, per term of the sums.

/// The declarations of `cblas.h`.
#[cfg(blas)]
pub mod cblas {
    veo_core::include_header!("cblas");
}

#[cfg(blas)]
mod compute;
#[cfg(blas)]
pub use compute::{ddot, dgemm, dgemv, sgemm};

/// The reason why the program was built without a BLAS, if it was.
#[must_use]
pub fn missing() -> Option<&'static str> {
    option_env!("NO_BLAS")
}
