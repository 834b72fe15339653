//! A request for more than a limit allows is an error that names the limit.

use std::process::Command;
use std::time::Duration;

use veo_core::VeoProc;
use veo_test_support::compile;
use veo_test_support::run::run;

#[test]
fn memory_that_a_node_does_not_have() {
    for (bytes, says) in [
        (u64::MAX, "a node has"),
        (1 << 50, "a node has"),
        (1, "at least 1048576 bytes"),
        (0, "at least 1 MiB"),
    ] {
        let result = VeoProc::builder().memory(bytes).build();
        let error = result.map(drop).unwrap_err().to_string();
        assert!(error.contains(says), "{bytes}: {error}");
    }
}

#[test]
fn memory_is_never_less_than_was_asked_for() {
    let proc = VeoProc::builder().memory((1 << 20) + 1).build().unwrap();
    // Whole pages, so a little more than asked for can be had, and not much more.
    let block = proc.alloc_mem((1 << 20) + 1).unwrap();
    proc.alloc_mem(1 << 20).map(drop).unwrap_err();
    proc.free_mem(block).unwrap();
}

/// Its declarations could not be checked.
#[test]
fn a_library_without_a_descriptor_left_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let (source, library) = (
        directory.path().join("half.c"),
        directory.path().join("libhalf.so"),
    );
    std::fs::write(&source, "double half(double x) { return x / 2; }\n").unwrap();
    compile::library(&source, &library, &["-g"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_probe"));
    command.arg("load without descriptors").arg(&library);
    let outcome = run(&mut command, Duration::from_secs(60));
    outcome.expect_success("the program");
    let [refused, then] = outcome.stdout.lines().collect::<Vec<_>>()[..] else {
        panic!("{outcome:#?}");
    };
    assert!(
        refused.contains("libhalf.so") && refused.contains("ulimit -n"),
        "{refused}"
    );
    assert_eq!(then, "1 symbols");
}
