//! What the integration tests share.

pub mod dropin;
pub mod run;
pub mod soak;

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

/// What the compiler in use says of itself: "rustc 1.95.0 (..)".
///
/// # Panics
///
/// If it does not run.
#[must_use]
pub fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = std::process::Command::new(rustc)
        .arg("-V")
        .output()
        .expect("rustc runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
