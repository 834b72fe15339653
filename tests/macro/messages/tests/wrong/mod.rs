//! Programs that must not compile: where they are, and how they are held against what
//! the compiler is expected to say.

use std::path::{Path, PathBuf};
use std::process::Command;

use veo_test_support::run::one_test;

/// The version of the compiler whose words are beside the programs.
const COMPILER: &str = "rustc 1.95.";

/// The programs of a folder, sorted.
pub fn cases_in(folder: &str) -> Vec<PathBuf> {
    let mut cases = Vec::new();
    for group in std::fs::read_dir(root().join(folder)).unwrap() {
        let group = group.unwrap();
        if !group.file_type().unwrap().is_dir() {
            continue;
        }
        for case in std::fs::read_dir(group.path()).unwrap() {
            let path = case.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                cases.push(path);
            }
        }
    }
    cases.sort();
    cases
}

/// Compiles the programs of `folder` with these variables, in the test `inner` of the
/// same file, which calls [`compile`]: variables have to be there before threads are.
pub fn refused(folder: &str, inner: &str, variables: &[(&str, &Path)]) {
    let mut command = one_test(inner);
    command.arg("--ignored").envs(variables.iter().copied());
    if !same_words() {
        eprintln!(
            "the words in {folder} are not compared: they are those of {COMPILER}x, this is {}",
            compiler()
        );
        // A program that compiles is an error all the same.
        command.env("TRYBUILD", "overwrite");
    }
    let status = command.status().unwrap();
    assert!(status.success(), "see above");
}

/// Compiles the programs of a folder, none of which may.
pub fn compile(folder: &str) {
    let cases = trybuild::TestCases::new();
    if same_words() {
        cases.compile_fail(format!("{folder}/*/*.rs"));
        return;
    }
    // Copies, so that the words of another version do not replace the expected ones.
    for case in cases_in(folder) {
        let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(case.strip_prefix(root()).unwrap());
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(&case, &copy).unwrap();
        cases.compile_fail(copy);
    }
}

fn same_words() -> bool {
    compiler().starts_with(COMPILER)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The version of the compiler in use: "rustc 1.95.0 (..)".
fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-V").output().expect("rustc runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
