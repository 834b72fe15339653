//! The numbered examples as a user runs them: each ends well and prints what it computes.

use std::process::Command;

use veo_tests::example;

#[test]
fn each_example_runs() {
    // A line of each that was computed by hand.
    let examples = [
        ("01-node", "a process on node 0 (emu)"),
        ("02-memory", "[0.0, 1.0, 4.0, 9.0]"),
        ("03-call", "6.5"),
        ("04-stack", "variance 3.2"),
        ("05-queue", "sum 5000000"),
        ("06-transfers", "the last is Some(1048575)"),
        ("07-contexts", "[0.0, 100000.0, 200000.0, 300000.0]"),
        ("08-errors", "a new process: 3"),
        ("09-untyped", "36"),
        ("10-contract", "[12.0, 24.0]"),
        ("11-missing-wait", "10"),
        ("12-async", "3"),
    ];
    for (name, line) in examples {
        let output = Command::new(example(name)).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {text}{error}");
        assert!(text.lines().any(|l| l == line), "{name}: {text}{error}");
    }
}
