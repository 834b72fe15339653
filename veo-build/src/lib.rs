//! Compiles VE kernels from a build script.
//!
//! ```no_run
//! // build.rs
//! veo_build::Kernels::new("libvetest.so").file("kernels/add.c").compile();
//! ```
//!
//! The library ends up in `OUT_DIR/veo/<target>/libvetest.so`, where
//! `#[ve_kernel(lib = "libvetest.so")]` and the runtime look for it.

mod command;
mod depfile;
mod error;
mod host;
mod kernels;
mod source;

pub use error::{Error, ErrorKind, Result};
pub use kernels::{Built, Kernels};
pub use source::Language;
