//! Compiles programs and runs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use veo_test_support::compile::tool;
pub use veo_test_support::ve::can_compile;
use veo_test_support::{run, ve};

pub fn object(directory: &Path, name: &str, source: &str) -> PathBuf {
    let name = format!("{name}.c");
    ve::object_of(directory, &name, source, &["-O1", "-ffreestanding"])
}

pub fn ve_run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ve-run"))
        .args(arguments)
        .output()
        .unwrap()
}

/// The same, with a standard input that has nothing and stays open until the program has ended.
pub fn ve_run_waiting(arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ve-run"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input = child.stdin.take();
    let ended = run::wait(&mut child, Duration::from_secs(60));
    let output = child.wait_with_output().unwrap();
    drop(input);
    assert!(ended.is_some(), "it does not end: {output:?}");
    output
}

/// The exit status and the last line of standard error.
pub fn end(output: &Output) -> (i32, String) {
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().unwrap_or_default().to_owned();
    (output.status.code().unwrap(), last)
}

/// What a program of these sources does on the host.
pub fn on_host(directory: &Path, names: &[&str]) -> Output {
    let program = directory.join("host");
    let sources = names.iter().map(|name| directory.join(format!("{name}.c")));
    let mut gcc = Command::new("gcc");
    tool(gcc.args(["-w", "-o"]).arg(&program).args(sources));
    Command::new(program).output().unwrap()
}
