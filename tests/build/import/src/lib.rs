//! The declarations of `kernels/imported.h`, as a program would include them.
#![deny(warnings, missing_docs, clippy::pedantic, clippy::nursery)]

/// The kernels.
#[cfg(not(no_libclang))]
pub mod imported {
    veo_core::include_header!("imported");
}
