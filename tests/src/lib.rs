//! Shared by the integration tests.

pub mod place;
pub mod soak;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use veo_test_support as _;

/// The program of an example, built if it is not up to date.
///
/// # Panics
///
/// The example does not build.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    // One build at a time: the tests of a file run in parallel.
    static BUILD: Mutex<()> = Mutex::new(());
    let _guard = BUILD.lock().unwrap_or_else(PoisonError::into_inner);
    let mut cargo = Command::new(env!("CARGO"));
    // The whole workspace is built, as for the tests: with fewer packages the crates below would
    // have other features and be built anew.
    cargo.args(["build", "--quiet", "--workspace", "--example", name]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.output().expect("cargo runs");
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{messages}");
    // This program is in <profile>/deps, examples are in <profile>/examples.
    let program = std::env::current_exe().expect("the path of this program");
    let profile = program.parent().and_then(Path::parent);
    profile
        .expect("two directories up")
        .join("examples")
        .join(name)
}
