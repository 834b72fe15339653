//! A directory for what a command makes while it runs: by `veo-build`, or to load it.

use std::path::Path;

pub(crate) use tempfile::TempDir;
use veo_build::Kernels;

use crate::failure::CommandFailure;

/// A directory that vanishes with the value.
pub(crate) fn directory() -> Result<TempDir, CommandFailure> {
    tempfile::tempdir().map_err(|why| {
        CommandFailure::failed(format_args!("cannot make a temporary directory: {why}"))
    })
}

/// Settings of a build outside of Cargo, without a word of its own.
pub(crate) fn kernels(scratch: &Path, name: &str) -> Kernels {
    let mut kernels = Kernels::new(name);
    kernels
        .outside_of_cargo(scratch)
        .out_dir(scratch.join("out"))
        .cargo_warnings(false);
    kernels
}
