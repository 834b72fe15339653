//! Declarations that contradict a library which the crate's own build has made, and
//! what the compiler says about them: `ui_built`.
//!
//! trybuild's projects have no build script, so the library's prototypes are put where
//! one would leave them, and `OUT_DIR` tells the compiler as cargo does.

mod wrong;

use std::path::Path;

use veo_core::abi::build_dir;
use veo_debuginfo::prototypes;
use veo_test_support::compile::{compiler, tool};

const LIBRARY: &str = "libbuilt.so";

#[test]
fn contradictions_are_errors_at_the_users_tokens() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("built");
    let library = build_dir::library(&out, build_dir::HOST, LIBRARY);
    let text = build_dir::of(&out).join(build_dir::PROTOTYPES);
    std::fs::create_dir_all(library.parent().unwrap()).unwrap();
    std::fs::create_dir_all(&text).unwrap();
    let text = text.join(build_dir::prototypes_file(LIBRARY));
    let source = "ui_built/kernels.c";
    let mut compiler = compiler(source);
    compiler
        .current_dir(here)
        .arg(format!("-ffile-prefix-map={}=.", here.display()))
        .args(["-g", "-O1", "-shared", "-fPIC", source, "-o"]);
    tool(compiler.arg(&library));
    let found = prototypes::read_file(&library).expect("debug information");
    std::fs::write(text, found.to_text()).unwrap();
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
