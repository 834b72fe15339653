//! The short form of the soak; `tests/src/bin/soak.rs` is the long one.

use std::process::Command;

use veo_test_support::dropin::Dropin;

#[test]
fn random_work_with_faults_ends_with_all_counts_matching() {
    let dropin = Dropin::get();
    let mut command: Command = dropin.command(env!("CARGO_BIN_EXE_soak"));
    let outcome = dropin.run(command.args(["--minutes", "0.15"]));
    outcome.expect_success("the soak");
    assert!(
        outcome.stdout.contains("nothing left behind"),
        "{outcome:#?}"
    );
}
