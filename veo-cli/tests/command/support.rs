//! Runs the command and compares what it prints.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use veo_test_support::blessing;
use veo_test_support::run::{self, Outcome};

/// More time than any of these commands takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(300);

/// The schema's name while it is compiled.
const SCHEMA: &str = "http://localhost/schema.json";

/// The command on two emulated nodes of a known size.
pub fn veo(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_veo"));
    command
        .args(arguments)
        .env("VEO_BACKEND", "emu")
        .env("VEO_EMU_NODES", "2")
        .env("VEO_EMU_MEMORY", "256M");
    command
}

/// How it ended and what it printed.
pub struct Printed {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

pub fn run(command: &mut Command) -> Printed {
    let Outcome {
        status,
        stdout,
        stderr,
        left_behind,
    } = run::run(command, LIMIT);
    assert!(left_behind.is_empty(), "{command:?} left {left_behind:?}");
    let status = status.unwrap_or_else(|| panic!("{command:?} did not end: {stderr}"));
    let status = status.code();
    Printed {
        status: status.unwrap_or_else(|| panic!("{command:?} was killed: {stderr}")),
        stdout,
        stderr,
    }
}

/// Runs the command. It must succeed and print no errors.
pub fn right(command: &mut Command) -> String {
    let printed = run(command);
    assert_eq!(
        (printed.status, &*printed.stderr),
        (0, ""),
        "{command:?}: {}",
        printed.stdout
    );
    printed.stdout
}

/// Runs the command. It must end with this status and one sentence on standard error, which is the result.
pub fn wrong(status: i32, command: &mut Command) -> String {
    let printed = run(command);
    let Printed { stdout, stderr, .. } = &printed;
    assert_eq!(printed.status, status, "{command:?}: {stdout}\n{stderr}");
    let sentence = stderr
        .strip_prefix("veo: ")
        .unwrap_or_else(|| panic!("{command:?}: {stderr}"));
    assert!(
        sentence.ends_with('\n') && !sentence.contains("panicked"),
        "{command:?}: {stderr}"
    );
    assert_eq!(stdout, "", "{command:?}");
    sentence.trim_end().to_owned()
}

/// The JSON objects that the command prints, one a line. The schema must allow each.
pub fn json(command: &mut Command) -> Vec<Value> {
    // The arguments of a call follow its function.
    let mut with_json = Command::new(command.get_program());
    with_json.arg("--json").args(command.get_args());
    for (name, value) in command.get_envs() {
        with_json.env(name, value.expect("no test removes a variable"));
    }
    let printed = run(&mut with_json);
    printed.stdout.lines().map(checked).collect()
}

/// A line of JSON that the schema must allow.
pub fn checked(line: &str) -> Value {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{line}: {why}"));
    let schema = root().join("schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource(SCHEMA, schema).unwrap();
    let compiled = compiler.compile(SCHEMA, &mut schemas).unwrap();
    if let Err(why) = schemas.validate(&value, compiled) {
        panic!("{line}\n{why:#}");
    }
    value
}

/// Compares a text with the file of this name in `expected`, after a replacement of the parts that differ
/// between machines.
pub fn expect(name: &str, text: &str) {
    let file = root().join("tests/command/expected").join(name);
    if blessing() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        text, expected,
        "{name} differs; if that is right, run VEO_BLESS=1 cargo test -p veo-cli --test command"
    );
}

/// As [`expect`], for JSON, which is easier to read with line breaks.
pub fn expect_json(name: &str, values: &[Value]) {
    let text: Vec<String> = values
        .iter()
        .map(|value| serde_json::to_string_pretty(value).unwrap() + "\n")
        .collect();
    expect(name, &text.concat());
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
