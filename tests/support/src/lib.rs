//! Shared by the tests of all crates: how a test program begins, its needs on the machine, compilers for the host and the VE,
//! programs under a time limit, a client of debuggers, the installed drop-in library.
//!
//! It depends on no crate of this project, so that the tests of each can use it.
#![cfg(target_os = "linux")]

pub mod compile;
mod damage;
pub mod dropin;
pub mod gdb;
pub mod run;
mod start;
pub mod ve;

use std::process::{Command, Stdio};

pub use damage::damage;

/// A test's needs beyond Rust, gcc and git.
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

/// Whether a program is there and answers to `--version`.
#[must_use]
pub fn found(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether expected files are to be written instead of compared (`VEO_BLESS=1`).
#[must_use]
pub fn blessing() -> bool {
    std::env::var_os("VEO_BLESS").is_some()
}
