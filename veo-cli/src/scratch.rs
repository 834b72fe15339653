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

/// Settings of a build outside of Cargo, for this machine.
pub(crate) fn kernels(scratch: &Path, name: &str) -> Kernels {
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut kernels = Kernels::new(name);
    kernels
        .out_dir(scratch.join("out"))
        .env("CARGO_MANIFEST_DIR", scratch)
        .target(&triple)
        .host(&triple)
        .env("OPT_LEVEL", "0")
        .env("DEBUG", "true")
        .cargo_metadata(false)
        .cargo_warnings(false);
    kernels
}
