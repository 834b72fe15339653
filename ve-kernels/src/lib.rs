//! Kernels that the examples and tests use: C sources in `kernels`, one typed
//! declaration for each here, built by a `build.rs` of one line per library.
//!
//! Copy this crate to start one of your own. A declaration is a promise about the
//! kernel's C prototype, and it is checked against the library's debug information.

#![allow(clippy::too_many_arguments)]

use std::path::{Path, PathBuf};

use veo_core::abi::build_dir;

pub mod basics;
pub mod echo;
pub mod faults;
pub mod heat;
pub mod memory;
pub mod statistics;

/// The path of a library that this crate's build made for the host. Programs that name
/// libraries by path need it.
#[must_use]
pub fn host_library(name: &str) -> PathBuf {
    build_dir::library(Path::new(env!("OUT_DIR")), build_dir::HOST, name)
}
