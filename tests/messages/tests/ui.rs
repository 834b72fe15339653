//! Wrong programs and what the compiler says about them: `ui`.
//!
//! The expected words are those of one version of the compiler. With another one
//! the programs only have to be refused.

mod wrong;

/// Lines of a message, up to the first pointer to another place in the program.
const MAX_LINES: usize = 12;

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
            // What is no Rust is refused by the compiler itself, and explained by us.
            assert_eq!(messages.len(), 2, "{name}: one mistake, two messages");
        } else if !several.contains(&case.file_stem().unwrap().to_str().unwrap()) {
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
