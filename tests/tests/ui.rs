//! Wrong programs and what the compiler says about them: `tests/ui`.
//!
//! The expected words are those of one version of the compiler. With another one
//! the programs only have to be refused.

use std::path::{Path, PathBuf};

use veo_tests::compiler;

/// The version whose words are in `tests/ui`.
const COMPILER: &str = "rustc 1.95.";

/// Lines of a message, up to the first pointer to another place in the program.
const MAX_LINES: usize = 12;

#[test]
fn wrong_programs_are_refused_with_the_expected_words() {
    let cases = trybuild::TestCases::new();
    if compiler().starts_with(COMPILER) {
        cases.compile_fail("ui/*/*.rs");
        return;
    }
    eprintln!(
        "the words are not compared: they are those of {COMPILER}x, this is {}",
        compiler()
    );
    // Without an expected output beside it, trybuild only wants a case to fail.
    for case in cases_in("ui") {
        let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui").join(
            case.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("ui"))
                .unwrap(),
        );
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(&case, &copy).unwrap();
        cases.compile_fail(copy);
    }
}

#[test]
fn messages_are_short_and_single() {
    let cases = cases_in("ui");
    assert!(cases.len() >= 60, "only {}", cases.len());
    for case in cases.into_iter().chain(cases_in("ui_built")) {
        let expected = case.with_extension("stderr");
        let name = case.display();
        let text = std::fs::read_to_string(&expected)
            .unwrap_or_else(|_| panic!("{name} has no expected output"));
        assert!(
            !text.contains("warning"),
            "{name}: a warning beside the error"
        );
        let messages: Vec<&str> = text.split("\n\n").collect();
        let several = ["several", "two_at_once"];
        if !several.contains(&case.file_stem().unwrap().to_str().unwrap()) {
            assert_eq!(messages.len(), 1, "{name}: one mistake, one message");
        }
        for message in messages {
            let own = message
                .lines()
                .skip(1)
                .take_while(|line| !line.starts_with("note: ") && !line.starts_with("help: "))
                .count();
            assert!(own < MAX_LINES, "{name}: {} lines\n{message}", own + 1);
        }
    }
}

/// The programs of a folder, sorted.
fn cases_in(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut cases = Vec::new();
    for group in std::fs::read_dir(root).unwrap() {
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
