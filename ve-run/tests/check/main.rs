//! The check of memory, from outside: kernels that are wrong, each reported once and at the right line, and kernels that are right, none
//! reported.
//!
//! The kernels are functions in C. A line that ends with `//! text, text` is where its kernel, or a function of it, goes wrong; the parts of
//! the report that follow each other are behind it.

#![cfg(target_os = "linux")]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

mod generated;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use veo_test_support::{run, ve};

/// The expected outcome of a kernel.
#[derive(Debug)]
struct Kernel {
    name: String,
    /// The line of its mistake, and parts of what is said.
    mistake: Option<(usize, Vec<String>)>,
}

/// The kernels of a source, in order. A mistake in another function belongs to the kernel after it.
fn kernels(source: &str) -> Vec<Kernel> {
    let mut kernels: Vec<Kernel> = Vec::new();
    let mut pending = None;
    let mut is_inside = false;
    for (index, line) in source.lines().enumerate() {
        let name = line
            .strip_prefix("long ")
            .and_then(|line| line.split_once("(void) {"));
        if let Some((name, _)) =
            name.filter(|(name, _)| name.contains("right_") || name.contains("wrong_"))
        {
            is_inside = true;
            kernels.push(Kernel {
                name: name.to_owned(),
                mistake: pending.take(),
            });
        } else if line == "}" {
            is_inside = false;
        }
        if let Some((_, text)) = line.split_once("//! ") {
            let parts = text.split(", ").map(str::to_owned).collect();
            let mistake = Some((index + 1, parts));
            match kernels.last_mut().filter(|_| is_inside) {
                Some(kernel) => kernel.mistake = mistake,
                None => pending = mistake,
            }
        }
    }
    kernels
}

/// Compiles one of the sources beside this file.
fn compile(dir: &Path, name: &str) -> (String, PathBuf) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = here.join("tests/check").join(name).with_extension("c");
    let object = compile_file(&source, dir);
    (fs::read_to_string(source).unwrap(), object)
}

/// Compiles a source to an object in a directory.
fn compile_file(source: &Path, dir: &Path) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let object = dir.join(source.file_name().unwrap()).with_extension("o");
    let headers = here.join("../veo-build/libc");
    let options = [
        "-O1",
        "-g",
        "-fno-builtin",
        "-w",
        "-ffreestanding",
        "-idirafter",
    ];
    let options: Vec<&str> = [&options[..], &[headers.to_str().unwrap()]].concat();
    ve::compile(source, &object, &options);
    object
}

/// Calls a function with a check; the result is the exit status and what is said.
fn call(check: &str, function: &str, object: &Path) -> (i32, Vec<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ve-run"));
    command
        .args(["--check", check, "--call", function])
        .arg(object);
    let outcome = run::run(&mut command, Duration::from_secs(300));
    let lines = outcome.stderr.lines().map(str::to_owned).collect();
    (
        outcome
            .status
            .and_then(|status| status.code())
            .unwrap_or(-1),
        lines,
    )
}

/// The result has how many kernels were wrong, and how many right.
fn check_all(name: &str, check: &str) -> (usize, usize) {
    let dir = tempfile::tempdir().unwrap();
    let (source, object) = compile(dir.path(), name);
    let mut counts = (0, 0);
    let mut failures = String::new();
    for kernel in kernels(&source) {
        let (status, lines) = call(check, &kernel.name, &object);
        let is_right = match (&kernel.mistake, &lines[..]) {
            (None, []) => kernel.name.starts_with("right_") && status == 0,
            (Some((line, parts)), [report]) => {
                let mut rest = &report[..];
                let has_all = parts.iter().all(|part| match rest.split_once(&part[..]) {
                    Some((_, behind)) => {
                        rest = behind;
                        true
                    }
                    None => false,
                });
                let place = format!("{name}.c:{line}");
                let (at_line, expected) = match report.contains("leak: ") {
                    true => (report.contains(&format!("{place},")), 0),
                    false => (report.ends_with(&place), 139),
                };
                kernel.name.starts_with("wrong_") && has_all && at_line && status == expected
            }
            _ => false,
        };
        if kernel.mistake.is_some() {
            counts.0 += 1;
        } else {
            counts.1 += 1;
        }
        if !is_right {
            failures += &format!("{kernel:?}\n  status {status}, {lines:#?}\n");
        }
    }
    assert!(failures.is_empty(), "{failures}");
    counts
}

#[test]
fn memory() {
    if ve::can_compile() {
        let (wrong, right) = check_all("memory", "memory");
        assert!(wrong >= 40 && right >= 10, "{wrong} {right}");
    }
}

#[test]
fn vectors() {
    if ve::can_compile() {
        let (wrong, right) = check_all("vectors", "memory");
        assert!(wrong >= 12 && right >= 7, "{wrong} {right}");
    }
}

#[test]
fn unusual() {
    if ve::can_compile() {
        let (wrong, right) = check_all("unusual", "memory");
        assert!(wrong >= 31 && right >= 17, "{wrong} {right}");
        let (wrong, right) = check_all("unusual_init", "memory-init");
        assert!(wrong >= 12 && right >= 17, "{wrong} {right}");
    }
}

#[test]
fn values() {
    if !ve::can_compile() {
        return;
    }
    let (wrong, right) = check_all("init", "memory-init");
    assert!(wrong >= 21 && right >= 12, "{wrong} {right}");
    let (wrong, right) = check_all("init_vectors", "memory-init");
    assert!(wrong >= 8 && right >= 6, "{wrong} {right}");
    // The check of values finds the other defects as well.
    check_all("memory", "memory-init");
    check_all("vectors", "memory-init");
}

#[test]
fn the_result_of_a_program_is_used() {
    if !ve::can_compile() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (_, object) = compile(dir.path(), "init");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ve-run"));
    command.args(["--check", "memory-init"]).arg(object);
    let outcome = run::run(&mut command, Duration::from_secs(300));
    let said = "the result has bits that nobody has written";
    assert!(outcome.stderr.contains(said), "{outcome:?}");
    assert_eq!(outcome.status.and_then(|status| status.code()), Some(139));
}

#[test]
fn a_program_that_goes_on_is_told_of_each_place_once() {
    if !ve::can_compile() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = "
        void *malloc(unsigned long); void free(void *);
        long many(void) {
            char *x = malloc(10);
            for (int i = 0; i < 100; i++)
                x[10 + i % 6] = i;
            free(x);
            free(x);
            return ((volatile char *)x)[1];
        }";
    let options = ["-O1", "-g", "-fno-builtin"];
    let object = ve::object_of(dir.path(), "k.c", source, &options);
    let (status, lines) = call("memory,continue", "many", &object);
    let places: Vec<_> = lines
        .iter()
        .map(|line| line.rsplit(':').next().unwrap())
        .collect();
    assert_eq!(status, 0, "{lines:?}");
    assert_eq!(places, ["6", "8", "9"], "{lines:?}");
    let (status, lines) = call("memory", "many", &object);
    assert_eq!((status, lines.len()), (139, 1), "{lines:?}");
}
