//! However the host ends, no VE process outlives it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use veo_test_support::run::wait;

/// The longest that a host takes to end.
const LIMIT: Duration = Duration::from_secs(30);

/// A host with an idle VE process and one whose kernel never returns.
fn start(way: &str) -> (Child, BufReader<ChildStdout>, Vec<i32>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_probe"))
        .args(["end", way])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let pids: Vec<i32> = line
        .split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect();
    assert_eq!(pids.len(), 2, "{line:?}");
    assert!(pids.iter().all(|&pid| pid != child.id() as i32));
    (child, out, pids)
}

/// Ended: not there any more, or only an entry that nobody has collected.
fn ended(pid: i32) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => matches!(stat.rsplit(") ").next(), Some(s) if s.starts_with(['Z', 'X'])),
        Err(_) => true,
    }
}

#[track_caller]
fn expect_ended(pids: &[i32]) {
    let limit = Instant::now() + Duration::from_secs(10);
    while !pids.iter().all(|&pid| ended(pid)) {
        assert!(
            Instant::now() < limit,
            "a VE process of {pids:?} outlives its host"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn killed_by(signal: i32) {
    for way in ["signal", "waiting"] {
        let (mut child, _out, pids) = start(way);
        assert!(
            !pids.iter().any(|&pid| ended(pid)),
            "the VE processes live before"
        );
        // SAFETY: a signal to a child that has not been waited for, so it is still ours.
        assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
        let status = wait(&mut child, LIMIT).expect("the host ends");
        assert_eq!(status.signal(), Some(signal), "{way}");
        expect_ended(&pids);
    }
}

fn ends_by(way: &str) {
    let (mut child, _out, pids) = start(way);
    wait(&mut child, LIMIT).expect("the host ends");
    expect_ended(&pids);
}

#[test]
fn by_kill() {
    killed_by(libc::SIGKILL);
}

#[test]
fn by_terminate() {
    killed_by(libc::SIGTERM);
}

#[test]
fn by_interrupt() {
    killed_by(libc::SIGINT);
}

#[test]
fn by_segmentation_fault() {
    ends_by("crash");
}

#[test]
fn by_return_from_main() {
    ends_by("return");
}

#[test]
fn by_return_with_everything_dropped() {
    ends_by("drop");
}

#[test]
fn by_panic() {
    ends_by("panic");
}

#[test]
fn by_abort() {
    ends_by("abort");
}

#[test]
fn by_exit() {
    ends_by("exit");
}

#[test]
fn by_exit_at_once() {
    ends_by("_exit");
}

/// A forked child keeps every descriptor of the host open.
#[test]
fn by_kill_with_a_forked_child_left() {
    ends_by("fork");
}

#[test]
fn by_exec_of_another_program() {
    let (mut child, _out, pids) = start("exec");
    expect_ended(&pids);
    child.kill().unwrap();
    child.wait().unwrap();
}
