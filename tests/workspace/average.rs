//! The example `average` as a user meets it: what it prints, and how it refuses.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use veo_tests::example;

fn average(arguments: &[&str]) -> Output {
    Command::new(example("average"))
        .args(arguments)
        .output()
        .unwrap()
}

/// The output for a series written to a file of this name.
fn average_of(name: &str, content: &[u8]) -> Output {
    let path = file(name);
    std::fs::write(&path, content).unwrap();
    let output = average(&[path.to_str().unwrap()]);
    std::fs::remove_file(&path).unwrap();
    output
}

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("veo-average-{}-{name}", std::process::id()))
}

/// The columns VE and host of a line of the table.
#[track_caller]
fn row(output: &Output, name: &str) -> [String; 2] {
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{error}");
    let line = text.lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in:\n{text}"));
    let mut cells = line[name.len()..]
        .split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty());
    [(); 2].map(|()| cells.next().unwrap().to_owned())
}

#[track_caller]
fn both(output: &Output, name: &str, expected: &str) {
    assert_eq!(row(output, name), [expected, expected], "{name}");
}

/// The published figures of the series: its mean 919.35, its variance 28637.95.
#[test]
fn the_data_set_that_ships() {
    let output = average(&[]);
    both(&output, "count", "100");
    both(&output, "mean", "919.350000");
    both(&output, "variance", "28637.946970");
    both(&output, "minimum", "(1913) 456.000000");
    both(&output, "maximum", "(1879) 1370.000000");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("node 0") && text.contains("emu"), "{text}");
    // Counted apart from this project: edge of each bin, how many values are in it.
    let edges = [
        456.0, 547.4, 638.8, 730.2, 821.6, 913.0, 1004.4, 1095.8, 1187.2, 1278.6,
    ];
    let counts = [1, 0, 10, 20, 23, 16, 9, 14, 6, 1];
    for (edge, count) in edges.into_iter().zip(counts) {
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("{edge:.6} ")));
        let line = line.unwrap_or_else(|| panic!("no bin at {edge} in:\n{text}"));
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(
            cells[1..3],
            [count.to_string(), count.to_string()],
            "{line}"
        );
    }
}

#[test]
fn another_file() {
    let output = average_of("text.txt", b"# two and two\n2 4\n4\n6\n");
    both(&output, "count", "4");
    both(&output, "mean", "4.000000");
    both(&output, "variance", "2.666667");
    both(&output, "minimum", "2.000000");
    both(&output, "maximum", "6.000000");
}

#[test]
fn one_number_and_equal_numbers() {
    let output = average_of("one.txt", b"42");
    both(&output, "count", "1");
    both(&output, "mean", "42.000000");
    both(&output, "variance", "undefined");
    let output = average_of("equal.txt", b"7\n7\n7\n");
    both(&output, "variance", "0.000000");
    both(&output, "maximum", "7.000000");
}

#[test]
fn a_long_series() {
    let text: String = (0..200_000).map(|k| format!("{k}\n")).collect();
    let output = average_of("long.txt", text.as_bytes());
    both(&output, "count", "200000");
    both(&output, "mean", "99999.500000");
}

#[test]
fn very_small_and_very_large_numbers() {
    let output = average_of("tiny.txt", b"1e-320 2e-320 3e-320");
    both(&output, "count", "3");
    let [ve, host] = row(&output, "maximum");
    assert_eq!(ve, host);
    let text = String::from_utf8_lossy(&output.stdout);
    let counts: Vec<(&str, &str)> = text
        .lines()
        .skip_while(|line| !line.starts_with("very low"))
        .filter_map(|line| {
            let mut cells = line.split_whitespace().skip(1);
            Some((cells.next()?, cells.next()?))
        })
        .filter(|(ve, _)| ve.parse::<u32>().is_ok())
        .collect();
    assert_eq!(counts.len(), 10, "{text}");
    assert!(counts.iter().all(|(ve, host)| ve == host), "{text}");
    let large = average_of("huge.txt", b"1e308\n1e308\n-1e308\n");
    refused(&large, &["huge.txt:", "too large"]);
    let square = average_of("square.txt", b"1e200\n-1e200\n");
    refused(&square, &["square.txt:", "too large"]);
}

#[test]
fn nobody_reads_to_the_end() {
    let mut child = Command::new(example("average"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && error.is_empty(), "{error}");
    let full = std::fs::File::create("/dev/full").unwrap();
    let output = Command::new(example("average"))
        .stdout(full)
        .output()
        .unwrap();
    refused(&output, &["cannot print"]);
}

/// One line on standard error, nothing on standard output, status 1.
#[track_caller]
fn refused(output: &Output, parts: &[&str]) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(output.stdout, b"", "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    for part in parts {
        assert!(error.contains(part), "{part} is missing in: {error}");
    }
}

#[test]
fn refusals_name_file_and_line() {
    let missing = file("missing.csv");
    let missing = missing.to_str().unwrap();
    refused(&average(&[missing]), &[missing, "No such file"]);
    refused(&average(&["/"]), &["/:"]);
    refused(
        &average_of("empty.txt", b""),
        &["empty.txt:1:", "no number"],
    );
    refused(
        &average_of("blank.csv", b"\n \n"),
        &["blank.csv:", "no number"],
    );
    refused(&average_of("names.csv", b"year,flow\n"), &["names.csv:1:"]);
    refused(
        &average_of("text.txt", b"1\n2\nthree\n"),
        &["text.txt:3:", "\"three\""],
    );
    refused(&average_of("nan.txt", b"1\nNaN\n"), &["nan.txt:2:", "NaN"]);
    refused(
        &average_of("inf.csv", b"a,b\n1,inf\n"),
        &["inf.csv:2:", "inf"],
    );
    refused(
        &average_of("large.txt", b"1e999\n"),
        &["large.txt:1:", "1e999"],
    );
    refused(
        &average_of("bytes.txt", b"1\n\xfe\xff\n"),
        &["bytes.txt:2:"],
    );
    refused(&average_of("ragged.csv", b"1,2\n3\n"), &["ragged.csv:2:"]);
}
