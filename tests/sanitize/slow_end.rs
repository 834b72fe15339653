//! A process that takes long to report what its sanitizer found, as on a busy machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use veo_build::Sanitizer::Address;
use veo_core::{Error, VeoProc};
use veo_test_support::run;

use crate::built::{Way, library};

/// Names the library for `child_part`.
const LIBRARY: &str = "VEO_TEST_SLOW_END_LIBRARY";

#[test]
fn child_part() {
    let Some(library) = std::env::var_os(LIBRARY) else {
        return;
    };
    let proc = VeoProc::builder()
        .memory(64 << 20)
        .prepare_for(&library)
        .build()
        .unwrap();
    let kernels = proc.load_library(&library).unwrap();
    let mut x = proc.upload(&[1.0; 100]).unwrap();
    let leak = kernels.find_function("leak").unwrap();
    leak.call(&proc, [(&mut x).into(), 100.into()]).unwrap();
    match proc.close() {
        Err(Error::Sanitizer { found, .. }) => println!("\nfound: {found}"),
        other => println!("\nlost: {other:?}"),
    }
}

#[test]
fn a_slow_report_is_waited_for() {
    let way = Way::Clang(Address);
    if !way.is_there("wrong.c") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // AddressSanitizer asks this program for source lines, and knows it by this name.
    let symbolizer = dir.path().join("llvm-symbolizer");
    let slow = "#!/bin/sh\nsleep 4\nexec llvm-symbolizer-19 \"$@\"\n";
    fs::write(&symbolizer, slow).unwrap();
    fs::set_permissions(&symbolizer, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = run::one_test("slow_end::child_part");
    command
        .env(LIBRARY, library("wrong.c", way, false))
        .env("ASAN_SYMBOLIZER_PATH", symbolizer);
    let outcome = run::run(&mut command, Duration::from_secs(100));
    outcome.expect_success("a process with a slow report");
    assert!(
        outcome.stdout.contains("found: ") && outcome.stdout.contains("100 byte(s)"),
        "{}",
        outcome.stdout
    );
}
