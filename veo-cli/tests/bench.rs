//! `veo bench`: its measurements exist and fit together. No test says how fast anything is.
#![cfg(target_os = "linux")]

#[allow(dead_code)]
#[path = "command/support.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use veo_test_support::run::{self, Outcome};
use veo_test_support::{available, found};

/// The longest time that a command may take here.
const LONGEST: Duration = Duration::from_secs(300);

fn bench(arguments: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_veo"));
    run::run(command.arg("bench").args(arguments), LONGEST)
}

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn measured(arguments: &[&str]) -> Value {
    let outcome = bench(arguments);
    outcome.expect_success("veo bench");
    // A progress bar is for terminals.
    assert_eq!(outcome.stderr, "");
    support::checked(&outcome.stdout)
}

#[test]
fn a_run_is_compared_with_a_saved_one() {
    let saved = place("saved.json");
    let first = measured(&["--json", "-t", "0.01", "-N", "1"]);
    assert_eq!(
        (&first["command"], &first["node"]),
        (&"bench".into(), &1.into())
    );
    assert_eq!(first["backend"], "emu");
    fs::write(&saved, first.to_string()).unwrap();
    let rows = first["rows"].as_array().unwrap();
    let names: Vec<_> = rows
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["size"].as_u64()))
        .collect();
    let sizes = [4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20];
    let mut expected = vec![("call, waited for", None), ("call, pipelined", None)];
    for name in ["transfer to the VE", "transfer to the host"] {
        expected.extend(sizes.map(|size| (name, Some(size))));
    }
    expected.extend([("start of a process", None), ("step of VE code", None)]);
    assert_eq!(names, expected);
    let ve_code = available(
        "clang for the Vector Engine (Debian: clang-19)",
        found("clang-19"),
    );
    for row in rows {
        if row["name"] == "step of VE code" && !ve_code {
            assert!(
                row["time"].is_number() || row["missing"].is_string(),
                "{row}"
            );
            continue;
        }
        let number = |field: &str| {
            row[field]
                .as_f64()
                .unwrap_or_else(|| panic!("{field}: {row}"))
        };
        assert!(number("time") > 0.0 && number("reference") > 0.0, "{row}");
        let ratio = number("time") / number("reference");
        assert!((number("ratio") / ratio - 1.0).abs() < 1e-9, "{row}");
        assert_eq!(
            (&row["change"], &row["missing"]),
            (&Value::Null, &Value::Null)
        );
    }

    let picture = place("bench.svg");
    // The new file replaces the old one.
    fs::write(&picture, "#~#".repeat(1 << 20)).unwrap();
    let second = measured(&[
        "--json",
        "-t0.01",
        "-N1",
        "--compare",
        saved.to_str().unwrap(),
        "--svg",
        picture.to_str().unwrap(),
    ]);
    assert_eq!(second["compared_with"], saved.to_str().unwrap());
    for (now, before) in second["rows"].as_array().unwrap().iter().zip(rows) {
        let Some(ratio) = now["ratio"].as_f64() else {
            continue;
        };
        let change = ratio / before["ratio"].as_f64().unwrap();
        assert!(
            (now["change"].as_f64().unwrap() / change - 1.0).abs() < 1e-9,
            "{now}"
        );
    }
    let picture = fs::read_to_string(picture).unwrap();
    assert!(picture.starts_with("<svg ") && picture.contains("call, waited for: "));
    assert!(!picture.contains("#~#"));
}

#[test]
fn people_get_a_table() {
    let outcome = bench(&["-t", "0.01"]);
    outcome.expect_success("veo bench");
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert!(lines[0].starts_with("node 0, backend emu"), "{outcome:?}");
    let heading = lines.iter().find(|line| line.starts_with("MEASURED"));
    let columns: Vec<_> = heading.expect("a heading").split_whitespace().collect();
    assert_eq!(
        columns,
        [
            "MEASURED",
            "SIZE",
            "TIME",
            "BANDWIDTH",
            "RATIO",
            "BESIDE",
            "TIME"
        ]
    );
    let waited = lines
        .iter()
        .find(|line| line.starts_with("call, waited for"));
    assert!(
        waited.expect("a row").contains("ping-pong of threads"),
        "{outcome:?}"
    );
}

#[test]
fn results_are_printed_even_if_they_cannot_be_drawn() {
    let outcome = bench(&["-t", "0.01", "--svg", "/dev/full"]);
    assert_eq!(outcome.status.unwrap().code(), Some(1), "{outcome:?}");
    assert!(outcome.stdout.contains("call, waited for"), "{outcome:?}");
    assert!(
        outcome.stderr.contains("cannot write /dev/full"),
        "{outcome:?}"
    );
}

#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_veo"));
    command
        .args(["bench", "-t", "3600"])
        .env("TMPDIR", directory.path());
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let child_id = child.id();
    // Only loaded kernels make so many calls.
    let is_measuring = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_veo"));
        let seen = run::run(command.args(["ps", "--json"]), LONGEST);
        let seen = support::checked(seen.stdout.trim_end());
        let mut processes = seen["processes"].as_array().unwrap().iter();
        processes.any(|it| it["host"] == child_id && it["requests"].as_u64() > Some(1000))
    };
    let begun = Instant::now();
    while begun.elapsed() < LONGEST && !is_measuring() {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(is_measuring(), "it measures nothing");
    let left = fs::read_dir(directory.path()).unwrap().count();
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((left, ended), (0, None));
}

#[test]
fn impossible_options_are_one_sentence() {
    let text = place("no-run.json");
    fs::write(&text, "{\"command\": \"nodes\"}").unwrap();
    let text = text.to_str().unwrap();
    for (arguments, status, says) in [
        (&["--compare", "/no/such/file"][..], 1, "/no/such/file"),
        (&["--compare", text], 1, "is no run"),
        (&["--compare", text, "--svg", text], 2, "give another name"),
        (&["-t", "0.01", "-N", "99"], 1, "99"),
        // The error comes before an hour has gone by.
        (
            &["-t", "3600", "--svg", "/no/such/place.svg"],
            1,
            "/no/such/place.svg",
        ),
        (&["-t", "soon"], 2, "number of seconds"),
        (&["-t", "0"], 2, "0.01 to 3600"),
        (&["-t", "-1"], 2, "-1"),
    ] {
        let outcome = bench(arguments);
        let code = outcome.status.and_then(|status| status.code());
        assert_eq!(code, Some(status), "{arguments:?}: {outcome:?}");
        assert!(outcome.stderr.contains(says), "{arguments:?}: {outcome:?}");
        assert!(outcome.stdout.is_empty(), "{arguments:?}");
    }
}
