//! A directory for temporary files of a command: results of `veo-build`, libraries to load.

use std::path::Path;

pub(crate) use tempfile::TempDir;
use veo_build::Kernels;

use crate::failure::CommandFailure;

/// A directory that is removed with the value.
pub(crate) fn directory() -> Result<TempDir, CommandFailure> {
    tempfile::tempdir().map_err(|why| {
        CommandFailure::failed(format_args!("cannot make a temporary directory: {why}"))
    })
}

/// A build outside of Cargo that prints nothing itself.
pub(crate) fn kernels(scratch: &Path, name: &str) -> Kernels {
    let mut kernels = Kernels::new(name);
    kernels
        .outside_of_cargo(scratch)
        .out_dir(scratch.join("out"))
        .cargo_warnings(false);
    kernels
}
