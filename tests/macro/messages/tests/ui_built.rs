//! Declarations that contradict a library which the crate's own build has made, and
//! what the compiler says about them: `ui_built`.
//!
//! trybuild's projects have no build script, so the library's prototypes are put where
//! one would leave them, and `OUT_DIR` tells the compiler as cargo does.

mod wrong;

use std::path::Path;
use std::process::Command;

use veo_debuginfo::prototypes;
use veo_test_support as _;

#[test]
fn contradictions_are_errors_at_the_users_tokens() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("built");
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
    let found = prototypes::read_file(&library).expect("debug information");
    std::fs::write(prototypes.join("libbuilt.so.txt"), found.to_text()).unwrap();
    wrong::refused(
        "ui_built",
        "the_programs",
        &[("OUT_DIR", &out), ("VEO_VERIFY", Path::new("deny"))],
    );
}

#[test]
#[ignore = "run by the other one, which sets OUT_DIR"]
fn the_programs() {
    wrong::compile("ui_built");
}
