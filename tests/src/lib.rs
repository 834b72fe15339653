//! What the integration tests share.

pub mod dropin;
pub mod place;
pub mod run;
pub mod soak;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use veo_test_start as _;

/// What a test needs beyond Rust, gcc and git.
///
/// Returns `true` when `found` holds. Otherwise says why the test is skipped and
/// returns `false`, or panics if `VEO_TEST_REQUIRE_ALL` is set, as it is in CI.
#[must_use]
pub fn available(what: &str, found: bool) -> bool {
    if found {
        return true;
    }
    assert!(
        std::env::var_os("VEO_TEST_REQUIRE_ALL").is_none(),
        "VEO_TEST_REQUIRE_ALL is set, but {what} is missing"
    );
    eprintln!("skipped: {what} is missing");
    false
}

/// Whether expected files are to be written instead of compared (`VEO_BLESS=1`).
#[must_use]
pub fn blessing() -> bool {
    std::env::var_os("VEO_BLESS").is_some()
}

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
    // Of the workspace, as the tests are built: with fewer packages the crates below
    // would have other features and be built anew.
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
