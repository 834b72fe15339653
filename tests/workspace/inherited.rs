//! A test program does not depend on anything that it inherits from the program that starts it.
//!
//! This program starts itself with odd signals, descriptors, limits and variables, and
//! looks at what is left of them.

use std::collections::BTreeMap;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use veo_test_support::run;

/// The variable that makes a test a case of another one.
const CASE: &str = "VEO_TEST_INHERITED_CASE";

/// Prints what this program finds.
#[test]
fn case() {
    if env::var_os(CASE).is_none() {
        return;
    }
    // The state of this thread: the main one may be starting another.
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let number = |name: &str, radix| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        u64::from_str_radix(line.unwrap().trim(), radix).unwrap()
    };
    println!("\n@blocked: {:#x}", number("SigBlk:", 16));
    // Without those that the C library keeps for itself.
    println!("\n@ignored: {:#x}", number("SigIgn:", 16) & !0x1_8000_0000);
    println!("\n@umask: {:#o}", number("Umask:", 8));
    let mut descriptors: Vec<i32> = fs::read_dir("/proc/self/fd")
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .file_name()
                .to_str()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    descriptors.sort();
    // The last is that of the directory.
    println!(
        "\n@descriptors: {:?}",
        &descriptors[..descriptors.len() - 1]
    );
    let child = Command::new("true").status();
    println!("\n@child: {}", child.is_ok_and(|status| status.success()));
    for name in [
        "LC_ALL",
        "VEO_VERIFY",
        "OMP_NUM_THREADS",
        "VEO_BACKEND",
        "VEO_TEST_SEED",
    ] {
        println!("\n@{name}: {}", env::var(name).unwrap_or_default());
    }
}

fn found(command: &mut Command) -> BTreeMap<String, String> {
    let outcome = run::run(command, Duration::from_secs(60));
    outcome.expect_success("the case");
    let lines = outcome
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix('@'));
    lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

fn case_with(oddities: fn() -> std::io::Result<()>) -> BTreeMap<String, String> {
    let mut command = run::one_test("inherited::case");
    command
        .env(CASE, "1")
        // Starts it as if no test had started it.
        .env_remove("VEO_TEST_STARTED")
        .envs([("LC_ALL", "de_DE.UTF-8"), ("VEO_VERIFY", "off")])
        .envs([
            ("OMP_NUM_THREADS", "3"),
            ("VEO_BACKEND", "emu"),
            ("VEO_TEST_SEED", "7"),
        ]);
    // SAFETY: the functions below make system calls only.
    unsafe { command.pre_exec(oddities) };
    found(&mut command)
}

#[test]
fn oddities_are_put_in_order() {
    let odd = case_with(|| {
        // SAFETY: system calls with numbers and a set of our own.
        unsafe {
            for signal in [libc::SIGINT, libc::SIGCHLD, libc::SIGHUP, libc::SIGUSR1] {
                libc::signal(signal, libc::SIG_IGN);
            }
            let mut all: libc::sigset_t = std::mem::zeroed();
            libc::sigfillset(&mut all);
            libc::sigprocmask(libc::SIG_SETMASK, &all, std::ptr::null_mut());
            libc::umask(0o077);
            for _ in 0..40 {
                libc::dup(1);
            }
            libc::close(0);
        }
        Ok(())
    });
    let plain = case_with(|| Ok(()));
    assert_eq!(odd, plain);
    let expected = [
        ("blocked", "0x0"),
        // Rust's own choice: SIGPIPE.
        ("ignored", "0x1000"),
        ("umask", "0o22"),
        ("descriptors", "[0, 1, 2]"),
        ("child", "true"),
        ("LC_ALL", ""),
        ("OMP_NUM_THREADS", ""),
        ("VEO_VERIFY", ""),
        ("VEO_BACKEND", "emu"),
        ("VEO_TEST_SEED", "7"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(odd, BTreeMap::from(expected));
}

/// A program that a test starts is as the test wants it.
#[test]
fn programs_that_a_test_starts_are_left_alone() {
    let mut command = run::one_test("inherited::case");
    command.envs([(CASE, "1"), ("VEO_VERIFY", "off")]);
    // SAFETY: a system call with numbers.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGUSR1, libc::SIG_IGN);
            Ok(())
        });
    }
    let found = found(&mut command);
    assert_eq!(found["VEO_VERIFY"], "off");
    assert_eq!(found["ignored"], "0x1200");
}

/// A program that catches nothing dies of the signals that end programs.
#[test]
fn signals_end_what_a_test_starts() {
    for signal in [libc::SIGINT, libc::SIGHUP, libc::SIGTERM] {
        let mut child = Command::new("sleep")
            .arg("60")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        // SAFETY: a signal to a child that has not been waited for, so it is still ours.
        assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
        let status = run::wait(&mut child, Duration::from_secs(20)).expect("it ends");
        assert_eq!(status.signal(), Some(signal));
    }
}

/// All directories of this name that hold test programs of a package.
fn directories_of_tests(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let (path, name) = entry
            .map(|entry| (entry.path(), entry.file_name()))
            .unwrap();
        let name = name.to_str().unwrap();
        if !path.is_dir() || path.is_symlink() || name.starts_with('.') || name == "target" {
            continue;
        }
        if name == "tests" {
            found.push(path.clone());
        }
        directories_of_tests(&path, found);
    }
}

/// Each test program begins as this one does.
#[test]
fn every_test_program_is_put_in_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut directories = vec![root.join("tests/macro")];
    directories_of_tests(root, &mut directories);
    let mut looked_at = 0;
    for directory in directories {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let file = match path.is_dir() {
                true => path.join("main.rs"),
                false => path,
            };
            if !file.is_file() || file.extension().is_none_or(|end| end != "rs") {
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            let begins = ["mod common;", "veo_test_support"];
            assert!(
                begins.iter().any(|name| text.contains(name)),
                "add `use veo_test_support as _;` to {}",
                file.display()
            );
            looked_at += 1;
        }
    }
    assert!(looked_at > 50, "{looked_at} files");
}
