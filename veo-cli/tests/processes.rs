//! `veo ps` and `veo top`, compared with what this program's own VE processes do. Each test has a node of its own.
#![cfg(target_os = "linux")]

#[allow(dead_code)]
#[path = "command/support.rs"]
mod support;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::ptr;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use veo_core::{Result, VeoLibrary, VeoProc};
use veo_test_support::compile;
use veo_test_support::run::{self, Outcome};

const KERNELS: &str = r#"
#include <stdint.h>
#include <unistd.h>
volatile int64_t held = 1;
int hold(void) { while (held) usleep(500); return 0; }
uint64_t echo(uint64_t x) { return x; }
"#;

/// The longest time that a command may take here.
const LONGEST: Duration = Duration::from_secs(120);

fn library(proc: &VeoProc) -> Result<VeoLibrary> {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let path = LIBRARY.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libcliheld.so");
        compile::library_of(KERNELS, "c", path, &["-g", "-O1"])
    });
    proc.load_library(path)
}

fn veo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_veo"));
    command.args(arguments);
    command
}

/// The output of a command that must succeed.
fn printed(arguments: &[&str]) -> String {
    let outcome = run::run(&mut veo(arguments), LONGEST);
    outcome.expect_success(&arguments.join(" "));
    outcome.stdout
}

/// The lines of JSON that a command prints.
fn lines(arguments: &[&str]) -> Vec<Value> {
    let text = printed(arguments);
    text.lines().map(support::checked).collect()
}

/// This program's processes on a node.
fn own(line: &Value, node: i32) -> Vec<Value> {
    let rows = line["processes"].as_array().expect("a list of processes");
    let own = rows
        .iter()
        .filter(|row| row["host"] == std::process::id() && row["node"] == node);
    own.cloned().collect()
}

#[test]
fn ps_shows_what_runs() -> Result<()> {
    let proc = VeoProc::new(7)?;
    let lib = library(&proc)?;
    let ctx = proc.open_context()?;
    let held = lib.get_symbol("held")?;
    let buffer = proc.upload(&[1u8; 4096])?;
    let echo = lib.find_function("echo")?;
    for number in 0..20u64 {
        echo.call(&ctx, [number.into()])?.wait()?;
    }
    let request = lib.find_function("hold")?.call(&ctx, [])?;
    // The kernel begins at some time, and runs from then on.
    let row = loop {
        let all = lines(&["--json", "ps", "-N", "7"]);
        let [line] = &all[..] else { panic!("{all:?}") };
        assert_eq!(line["command"], "ps");
        let rows = own(line, 7);
        let [row] = &rows[..] else { panic!("{rows:?}") };
        let running = &row["contexts"][1]["kernel"]["running"];
        if running.as_f64().is_some_and(|seconds| seconds > 0.0) {
            break row.clone();
        }
    };
    let kernel = &row["contexts"][1]["kernel"];
    assert_eq!(kernel["name"], "hold");
    assert!(kernel["running"].as_f64().unwrap() >= 0.1, "{kernel}");
    assert_eq!(row["contexts"][0]["kernel"], Value::Null);
    assert_eq!(row["contexts"][1]["requests"], 21);
    assert_eq!(row["requests_per_second"], 0.0);
    assert_eq!(
        (&row["backend"], &row["to_ve"]),
        (&"emu".into(), &4096.into())
    );
    assert!(row["memory"].as_u64().unwrap() >= 4096, "{row}");
    let program = std::env::args().next().unwrap();
    assert_eq!(row["program"], program);

    let text = printed(&["ps", "-N", "7"]);
    let mut told = text.lines();
    let heading = told.next().unwrap();
    let columns: Vec<&str> = heading.split_whitespace().collect();
    let expected = [
        "NODE", "PID", "PROGRAM", "CTX", "KERNEL", "RUNNING", "REQ/S", "BYTES/S", "MEMORY",
    ];
    assert_eq!(columns, expected);
    let line = told.next().unwrap();
    let cells: Vec<&str> = line.split("  ").filter(|cell| !cell.is_empty()).collect();
    let cells: Vec<&str> = cells.into_iter().map(str::trim).collect();
    assert_eq!((cells[0], cells[3], cells[4]), ("7", "2", "hold"), "{line}");
    assert!(
        cells[5].starts_with('≥') && cells[5].ends_with(" s"),
        "{line}"
    );
    assert_eq!(cells[6..], ["0", "0 B/s", "4 KiB"], "{line}");

    proc.write_mem(held, &0i64.to_ne_bytes())?;
    request.wait()?;
    drop(buffer);
    Ok(())
}

/// Starts a process with the name that NEC's library gives to the one of a card, on a node, and another one that only has a
/// variable with this name.
#[test]
fn processes_of_cards_are_there_with_what_the_system_tells() {
    let start = |name: &str| {
        let mut command = Command::new("sh");
        command.arg0(name).args(["-c", "read line; exit"]);
        command.env("VE_NODE_NUMBER", "3").stdin(Stdio::piped());
        command.spawn().unwrap()
    };
    let mut veorun = start("/opt/nec/ve/veos/libexec/aveorun_ve1");
    let mut other = start("/usr/bin/veorun");
    // Spawning waits until they have become other programs, so they have their names.
    let all = lines(&["--json", "ps"]);
    let rows: Vec<&Value> = all[0]["processes"].as_array().unwrap().iter().collect();
    let of = |pid: u32| rows.iter().find(|row| row["pid"] == pid);
    let row = of(veorun.id()).expect("the process of a card");
    assert_eq!(of(other.id()), None);
    let known: [(&str, Value); 4] = [
        ("node", 3.into()),
        ("backend", "libveo".into()),
        ("host", std::process::id().into()),
        ("program", std::env::args().next().unwrap().into()),
    ];
    for (field, value) in known {
        assert_eq!(row[field], value, "{row}");
    }
    // Nobody knows the other values.
    for field in ["contexts", "requests_per_second", "to_ve", "memory"] {
        assert_eq!(row[field], Value::Null, "{row}");
    }
    for (node, is_there) in [("3", true), ("2", false)] {
        let text = printed(&["ps", "-N", node]);
        let pid = veorun.id().to_string();
        let line = text
            .lines()
            .find(|line| line.split_whitespace().any(|word| word == pid));
        assert_eq!(line.is_some(), is_there, "{text}");
        if let Some(line) = line {
            assert_eq!(line.matches(" -").count(), 6, "{line}");
        }
    }
    let answers = lines(&["top", "--json", "-N", "3", "-d", "0.01", "-n", "2"]);
    assert_eq!(answers.len(), 2);
    for answer in &answers {
        let rows = answer["processes"].as_array().unwrap();
        assert!(rows.iter().any(|row| row["pid"] == veorun.id()), "{answer}");
    }
    // Each ends when its input ends.
    for child in [&mut veorun, &mut other] {
        drop(child.stdin.take());
        assert!(child.wait().unwrap().code().is_some());
    }
    let left = lines(&["--json", "ps", "-N", "3"]);
    let rows = left[0]["processes"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["pid"] != veorun.id()), "{left:?}");
}

#[test]
fn top_counts_requests_between_its_looks() -> Result<()> {
    let proc = VeoProc::new(6)?;
    let lib = library(&proc)?;
    let ctx = proc.open_context()?;
    let echo = lib.find_function("echo")?;
    let mut command = veo(&["top", "--json", "-N", "6", "-d", "0.02"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    let mut counted = 0;
    let mut line = String::new();
    // Calls go on until the command has seen some, however slow either is.
    for number in 0.. {
        let request = echo.call(&ctx, [number.into()]);
        request.and_then(|request| request.wait()).unwrap();
        if number % 100 != 0 {
            continue;
        }
        line.clear();
        answers.read_line(&mut line).unwrap();
        let answer = support::checked(&line);
        assert_eq!(answer["command"], "top");
        let rows = own(&answer, 6);
        let row = rows.first().expect("the process is there");
        let requests = row["contexts"][1]["requests"].as_u64().unwrap();
        assert!((counted..=number + 1).contains(&requests), "{row}");
        counted = requests;
        let rate = row["requests_per_second"].as_f64().unwrap();
        if number > 1000 && rate > 0.0 {
            break;
        }
    }
    // Its output is closed. It ends, and that is no failure.
    drop(answers);
    let status = run::wait(&mut child, LONGEST);
    assert_eq!(status.and_then(|status| status.code()), Some(0));
    Ok(())
}

#[test]
fn processes_may_end_while_it_looks() {
    let mut child = veo(&["top", "--json", "-d", "0.01", "-n", "40"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answers = String::new();
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        stdout.read_to_string(&mut answers).unwrap();
        answers
    });
    while child.try_wait().unwrap().is_none() {
        let proc = VeoProc::new(5).unwrap();
        drop(proc.open_context().unwrap());
    }
    let outcome = child.wait_with_output().unwrap();
    assert!(
        outcome.status.success() && outcome.stderr.is_empty(),
        "{outcome:?}"
    );
    let answers = reader.join().unwrap();
    assert_eq!(answers.lines().count(), 40);
    for line in answers.lines() {
        support::checked(line);
    }
}

/// The output of a command on a terminal of so many columns and rows.
fn on_terminal(arguments: &[&str], columns: u16, rows: u16) -> String {
    let size = libc::winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let (mut ours, mut theirs) = (0, 0);
    // SAFETY: both places are valid for writing, and the size is one.
    let made =
        unsafe { libc::openpty(&mut ours, &mut theirs, ptr::null_mut(), ptr::null(), &size) };
    assert_eq!(made, 0, "{}", std::io::Error::last_os_error());
    // SAFETY: openpty has just returned the two descriptors.
    let (ours, theirs) = unsafe { (OwnedFd::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs)) };
    let mut command = veo(arguments);
    command.env("TERM", "xterm").env_remove("NO_COLOR");
    let mut child = command.stdout(theirs).stdin(Stdio::null()).spawn().unwrap();
    // The command holds the other end.
    drop(command);
    let mut bytes = Vec::new();
    // Reading fails when the last descriptor of the other side is closed.
    let _ = File::from(ours).read_to_end(&mut bytes);
    let status = run::wait(&mut child, LONGEST);
    assert!(status.is_some_and(|status| status.success()));
    String::from_utf8(bytes).unwrap()
}

#[test]
fn twenty_columns_are_enough() -> Result<()> {
    let _proc = VeoProc::new(4)?;
    let text = on_terminal(&["top", "-N", "4", "-n", "2", "-d", "0.01"], 20, 24);
    // Each look takes the place of the last one.
    assert_eq!(text.matches("\u{1b}[H\u{1b}[J").count(), 2, "{text:?}");
    let fields = ["NODE", "PID", "PROGRAM", "KERNEL", "MEMORY"];
    for field in fields {
        let begins = |line: &&str| {
            let line = line.trim_start_matches(['\u{1b}', '[', 'H', 'J', '1', 'm']);
            line.starts_with(field)
        };
        assert_eq!(text.lines().filter(begins).count(), 2, "{field}: {text:?}");
    }
    Ok(())
}

#[test]
fn no_more_is_shown_than_there_are_rows() -> Result<()> {
    let _procs = [VeoProc::new(2)?, VeoProc::new(2)?, VeoProc::new(2)?];
    let text = on_terminal(&["top", "-N", "2", "-n", "1"], 100, 3);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text:?}");
    assert!(lines[0].contains("PROGRAM"), "{text:?}");
    // Other programs may have processes there, too.
    let said = lines[1].starts_with("… ") && lines[1].ends_with(" more lines");
    assert!(said, "{text:?}");
    let all = on_terminal(&["ps", "-N", "2"], 100, 3);
    assert!(all.lines().count() >= 4, "{all:?}");
    Ok(())
}

#[test]
fn wrong_options_are_named() {
    for (arguments, says) in [
        (&["top", "-d", "0"][..], "0.01 to 86400"),
        (&["top", "-d", "soon"], "number of seconds"),
        (&["top", "-d", "nan"], "number of seconds"),
        (&["top", "-n", "0"], "0"),
        (&["ps", "-N", "-1"], "-1"),
        (&["ps", "more"], "more"),
    ] {
        let outcome = run::run(&mut veo(arguments), LONGEST);
        let code = outcome.status.and_then(|status| status.code());
        assert_eq!(code, Some(2), "{arguments:?}: {outcome:?}");
        assert!(outcome.stderr.contains(says), "{arguments:?}: {outcome:?}");
        assert!(outcome.stdout.is_empty());
    }
}

/// A node on which no other program is likely to start a process, and the number of nodes that this needs.
const LONELY: (&str, &str) = ("13", "14");

/// A command that looks at that node.
fn lonely(arguments: &[&str]) -> Outcome {
    let mut command = veo(arguments);
    command.args(["-N", LONELY.0]);
    run::run(command.env("VEO_EMU_NODES", LONELY.1), LONGEST)
}

#[test]
fn no_process_is_no_failure() {
    for command in [&["ps"][..], &["top", "-n", "1"]] {
        let outcome = lonely(command);
        outcome.expect_success(command[0]);
        assert_eq!(outcome.stdout, "no VE processes of this user on node 13\n");
    }
    let outcome = lonely(&["--json", "ps"]);
    outcome.expect_success("veo ps");
    let line = support::checked(&outcome.stdout);
    assert_eq!(line["processes"], Value::Array(Vec::new()));
}

#[test]
fn a_node_that_is_not_there_is_the_error_of_veo_nodes() {
    let said = |arguments: &[&str]| {
        let mut command = veo(arguments);
        command.args(["-N", "99"]).env("VEO_EMU_NODES", "3");
        let outcome = run::run(&mut command, LONGEST);
        let code = outcome.status.and_then(|status| status.code());
        assert_eq!(code, Some(1), "{arguments:?}: {outcome:?}");
        assert!(outcome.stdout.is_empty(), "{arguments:?}: {outcome:?}");
        outcome.stderr
    };
    let expected = said(&["nodes"]);
    assert!(
        expected.contains("node 99") && expected.contains("its nodes are 0 to 2"),
        "{expected}"
    );
    assert_eq!(said(&["ps"]), expected);
    assert_eq!(said(&["top"]), expected);
}

#[test]
fn only_commands_that_need_one_start_a_process() {
    // With this variable no process starts.
    let run = |arguments: &[&str]| {
        let mut command = veo(arguments);
        run::run(command.env("VEORUN_BIN", "/no/such/veorun"), LONGEST)
    };
    for arguments in [&["nodes"][..], &["ps"]] {
        run(arguments).expect_success(&arguments.join(" "));
    }
    let outcome = run(&["bench", "-t", "0.01"]);
    assert_eq!(outcome.status.and_then(|status| status.code()), Some(1));
    assert!(outcome.stderr.contains("/no/such/veorun"), "{outcome:?}");
}
