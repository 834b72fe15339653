//! Declarations that contradict a library which the crate's own build has made, and
//! what the compiler says about them: `tests/ui_built`.
//!
//! trybuild's projects have no build script, so the library's prototypes are put where
//! one would leave them, and `OUT_DIR` tells the compiler as cargo does.

use std::path::Path;
use std::process::Command;

use veo_abi::prototype;

/// The version whose words are in `tests/ui_built`.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn contradictions_are_errors_at_the_users_tokens() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui_built");
    let library = out.join("veo/host/libbuilt.so");
    let prototypes = out.join("veo/prototypes");
    std::fs::create_dir_all(library.parent().unwrap()).unwrap();
    std::fs::create_dir_all(&prototypes).unwrap();
    let status = Command::new("cc")
        .current_dir(here)
        .arg(format!("-ffile-prefix-map={}=.", here.display()))
        .args(["-g", "-O1", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg("ui_built/kernels.c")
        .status()
        .expect("a C compiler (Debian: gcc)");
    assert!(status.success());
    let found = prototype::read_file(&library).expect("debug information");
    std::fs::write(prototypes.join("libbuilt.so.txt"), found.to_text()).unwrap();

    // The variable has to be there before there are threads.
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_cases", "--ignored", "--nocapture"])
        .env("OUT_DIR", &out)
        .env_remove("VEO_VERIFY")
        .status()
        .unwrap();
    assert!(status.success(), "see above");
}

#[test]
#[ignore = "run by the other one, which sets OUT_DIR"]
fn the_cases() {
    if !veo_tests::compiler().starts_with(COMPILER) {
        eprintln!(
            "the words are not compared: this is {}",
            veo_tests::compiler()
        );
        return;
    }
    trybuild::TestCases::new().compile_fail("ui_built/*/*.rs");
}
