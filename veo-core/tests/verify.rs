//! `VEO_VERIFY` at run time: what happens for a wrong declaration that does not say so itself.
//!
//! The environment belongs to a whole process, so each case runs in one of its own: this
//! program started again.

mod common;

use veo_core::{Prototypes, Result, VeoProc, ve_kernel};
use veo_test_support::run;

/// The library has `int64_t give_i64(int64_t)`.
#[ve_kernel(lib = "libcoretest.so", name = "give_i64")]
fn wrong(x: f32) -> i64;

#[ve_kernel(lib = "libcoretest.so", name = "give_i64", verify = "deny")]
fn wrong_and_denied(x: f32) -> i64;

#[ve_kernel(lib = "libcoretest.so", name = "give_i64", verify = "off")]
fn wrong_and_unchecked(x: f32) -> i64;

#[ve_kernel(lib = "libcoretest.so", name = "give_i64", verify = "deny")]
fn wrong_in_other_words(x: usize) -> usize;

/// The variable that makes a test a case of another one.
const CASE: &str = "VEO_TEST_VERIFY_CASE";

/// The outcomes of the three kernels in a process: a letter for each.
fn outcome(proc: Result<VeoProc>) -> String {
    let proc = match proc {
        Ok(proc) => proc,
        Err(error) => return error.to_string(),
    };
    let letter = |result: Result<i64>| match result {
        Ok(_) => 'y',
        Err(veo_core::Error::Prototype { .. }) => 'n',
        Err(error) => panic!("{error}"),
    };
    let results = [
        wrong(&proc, 1.0),
        wrong_and_denied(&proc, 1.0),
        wrong_and_unchecked(&proc, 1.0),
    ];
    results.map(letter).iter().collect()
}

/// Runs in the program that [`run`] starts.
#[test]
fn case() {
    if std::env::var_os(CASE).is_none() {
        return;
    }
    println!("\nplain: {}", outcome(VeoProc::new(0)));
    let denying = VeoProc::builder().prototypes(Prototypes::Deny).build();
    println!("\ndenying: {}", outcome(denying));
    let lax = VeoProc::builder().prototypes(Prototypes::Off).build();
    println!("\nlax: {}", outcome(lax));
}

/// The outcomes with `VEO_VERIFY` set to `word`: of a plain process, of one that was built
/// to deny, of one that was built not to look.
fn run(word: Option<&str>) -> [String; 3] {
    // Compiled here, once: a file that another program replaces while it is loaded is not compared.
    common::library();
    let mut program = run::one_test("case");
    program.env(CASE, "1").env_remove("VEO_VERIFY");
    if let Some(word) = word {
        program.env("VEO_VERIFY", word);
    }
    let output = program.output().expect("the program starts again");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    ["plain: ", "denying: ", "lax: "].map(|name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.expect("the case prints it").to_owned()
    })
}

#[test]
fn the_environment_decides_where_nobody_else_does() {
    assert_eq!(run(None), ["nny", "nny", "yny"]);
    assert_eq!(run(Some("")), ["nny", "nny", "yny"]);
    assert_eq!(run(Some("deny")), ["nny", "nny", "yny"]);
    assert_eq!(run(Some("warn")), ["yny", "nny", "yny"]);
    assert_eq!(run(Some("off")), ["yny", "nny", "yny"]);
}

#[test]
fn nonsense_in_it_is_an_error_that_says_so() {
    let [plain, denying, lax] = run(Some("perhaps"));
    assert!(
        plain.contains("VEO_VERIFY is \"perhaps\": set it to `deny`, `warn` or `off`"),
        "{plain}"
    );
    assert_eq!([denying, lax], ["nny", "yny"], "nobody asked it");
}

#[test]
fn a_report_has_the_words_of_the_declaration() {
    let error = wrong_in_other_words(&common::process(), 1).unwrap_err();
    let text = error.to_string();
    for part in [
        "parameter 1 (`x`): declared `usize`",
        "the result: declared `usize`",
        "fn wrong_in_other_words(usize) -> usize",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("u64"), "{text}");
}
