//! A system that refuses what a sanitizer needs: the process does not start, and the error says why.

use std::process::Command;
use std::time::Duration;

use veo_build::Sanitizer::{Address, Thread};
use veo_core::VeoProc;
use veo_test_support::run;

use crate::built::{Way, library};

/// Names the library for `child_part`.
const LIBRARY: &str = "VEO_TEST_REFUSED_LIBRARY";

/// Starts a process for kernels that are built this way, where the address space has so many
/// kilobytes. Gives what came of it.
fn with_address_space(way: Way, kilobytes: u64) -> String {
    let mut command = Command::new("sh");
    let child = run::one_test("refused::child_part");
    command
        .arg("-c")
        .arg(format!("ulimit -v {kilobytes}; exec \"$0\" \"$@\""))
        .arg(child.get_program())
        .args(child.get_args())
        .env(LIBRARY, library("wrong.c", way, false));
    let outcome = run::run(&mut command, Duration::from_secs(100));
    outcome.expect_success("a process that is refused");
    let said = |line: &&str| line.starts_with("worked") || line.starts_with("refused");
    let line = outcome.stdout.lines().find(said);
    line.unwrap_or_else(|| panic!("nothing said: {}", outcome.stdout))
        .to_owned()
}

#[test]
fn child_part() {
    let Some(library) = std::env::var_os(LIBRARY) else {
        return;
    };
    let builder = VeoProc::builder().memory(64 << 20).prepare_for(library);
    match builder.build() {
        Ok(_) => println!("\nworked"),
        Err(error) => println!("\nrefused: {error}"),
    }
}

#[test]
fn a_runtime_library_without_address_space() {
    for (way, name) in [
        (Way::Gcc(Address), "AddressSanitizer"),
        (Way::Clang(Address), "AddressSanitizer"),
        (Way::Clang(Thread), "ThreadSanitizer"),
    ] {
        if !way.is_there("wrong.c") {
            continue;
        }
        // Enough for all but the shadow of the sanitizer.
        let said = with_address_space(way, 200 << 20);
        for part in [
            "refused: ",
            &format!("{name} is on with "),
            "this system may refuse its runtime library",
            "ulimit -v",
            "without VEO_SANITIZE",
        ] {
            assert!(
                said.contains(part),
                "{way:?}: {part:?} is missing in {said}"
            );
        }
        // This is too little even for the blocks that AddressSanitizer keeps apart.
        let said = with_address_space(way, 20 << 20);
        assert!(
            said.contains("refused: ") && said.contains("ulimit -v"),
            "{said}"
        );
    }
}

#[test]
fn without_a_sanitizer_it_is_enough() {
    assert_eq!(with_address_space(Way::Plain, 20 << 20), "worked");
}
