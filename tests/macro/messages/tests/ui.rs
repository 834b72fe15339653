//! Wrong programs and what the compiler says about them: `ui`.
//!
//! The expected words are those of one version of the compiler. With another one
//! the programs only have to be refused.

mod wrong;

use std::path::Path;

use veo_test_support as _;

/// Lines of a message, all of them.
const MAX_LINES: usize = 12;

/// Programs with a longer message, which is the compiler's own: what is ours about it is at most
/// its first line.
const LONGER: [(&str, &[&str]); 5] = [
    (
        "a number is declared as itself, so that its conversions are inferred: no trait of ours \
         is asked, and the compiler shows call, declaration and a suggestion",
        &[
            "ui/call/bool_for_integer",
            "ui/call/float_for_integer",
            "ui/call/integer_for_float",
            "ui/call/wrong_scalar",
            "ui/call/wrong_struct",
        ],
    ),
    (
        "a stub is a function, and this is what the compiler says of any function",
        &[
            "ui/call/extra_argument",
            "ui/call/missing_argument",
            "ui/call/target_by_value",
            "ui/call/target_forgotten",
        ],
    ),
    (
        "the bound is that of a method or of the user's own function, where the compiler points to it",
        &[
            "ui/call/alloc_of_struct",
            "ui/call/upload_of_bools",
            "ui/data/unbounded_parameter",
        ],
    ),
    (
        "no Rust at all; what we say follows in a message of its own",
        &["ui/c_spelling/void"],
    ),
    (
        "a warning that the program itself makes an error, which takes four lines to say",
        &["ui_built/policy/warn"],
    ),
];

#[test]
fn wrong_programs_are_refused_with_the_expected_words() {
    wrong::refused("ui", "the_programs", &[]);
}

#[test]
#[ignore = "run by the other one"]
fn the_programs() {
    wrong::compile("ui");
}

#[test]
fn messages_are_short_and_single() {
    let cases = wrong::cases_in("ui");
    assert!(cases.len() >= 60, "only {}", cases.len());
    let mut expected_longer: Vec<String> = LONGER
        .iter()
        .flat_map(|(_, cases)| cases.iter().map(|case| (*case).to_owned()))
        .collect();
    let (mut longer, mut unexpected) = (Vec::new(), Vec::new());
    for case in cases.into_iter().chain(wrong::cases_in("ui_built")) {
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
        if case.parent().unwrap().ends_with("c_spelling") {
            // The compiler itself refuses text that is no Rust; the macro explains it.
            assert_eq!(messages.len(), 2, "{name}: one mistake, two messages");
        } else if !several.contains(&case.file_stem().unwrap().to_str().unwrap()) {
            assert_eq!(messages.len(), 1, "{name}: one mistake, one message");
        }
        for message in messages {
            let lines = message.lines().count();
            if lines > MAX_LINES {
                longer.push(key(&case));
                if !expected_longer.contains(&key(&case)) {
                    unexpected.push(format!("{name}: {lines} lines\n{message}"));
                }
            }
        }
    }
    assert!(
        unexpected.is_empty(),
        "messages of more than {MAX_LINES} lines:\n\n{}",
        unexpected.join("\n\n")
    );
    expected_longer.retain(|case| !longer.contains(case));
    assert!(
        expected_longer.is_empty(),
        "short by now: {expected_longer:?}"
    );
}

/// `ui/call/host_vec`
fn key(case: &Path) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let case = case.strip_prefix(here).unwrap_or(case).with_extension("");
    case.display().to_string()
}
