//! Signals that the system does not let a program send to its own VE processes: since it
//! has given up its user's rights, or by a filter. A process that is killed ends all the
//! same, or an error says that it does not.

use std::io::Read;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use veo_abi::ffi::*;

use crate::system_calls::{filter, filters_are_there, install};
use crate::{KERNELS, child, common::*, gone, says};

/// A user who may do nothing to processes of root.
const NOBODY: u32 = 65534;

/// Whether this program may become another user; says so if not.
fn users_can_be_changed() -> bool {
    // SAFETY: the function cannot fail.
    let is_root = unsafe { libc::geteuid() } == 0;
    if !is_root {
        eprintln!("skipped: only root can become another user");
    }
    is_root
}

fn change_user() {
    // SAFETY: plain numbers.
    assert_eq!(unsafe { libc::setuid(NOBODY) }, 0);
}

/// A process in which a kernel runs for ever, on a context of its own.
fn busy(limit_ms: u64, prepare: &str) -> (Proc, Ctx, u64) {
    let proc = Proc::with(0, |options| {
        options.memory = 1 << 20;
        options.time_limit_ms = limit_ms;
    });
    let lib = proc.load(&compile(KERNELS));
    let (_main, ctx) = (proc.open(), proc.open());
    if !prepare.is_empty() {
        ctx.ok(ctx.call(proc.sym(lib, prepare), &Args::new()));
    }
    let id = ctx.call(proc.sym(lib, "for_ever"), &Args::new());
    let runs = proc.sym(lib, "running");
    while proc.read::<i32>(runs, 1) == [0] {
        std::thread::sleep(Duration::from_millis(1));
    }
    (proc, ctx, id)
}

/// Kills it; a thread that waits is told.
fn kill(proc: Proc, ctx: Ctx, id: u64) {
    let pid = proc.pid();
    let waiter = std::thread::spawn(move || ctx.wait(id));
    assert_eq!(call!(veo_emu_kill(proc.0)), 0, "{}", last_error());
    assert_eq!(waiter.join().unwrap(), (VEO_COMMAND_ERROR, 0));
    let fault = proc.fault().unwrap();
    assert_eq!(
        fault.cause as u32,
        VEO_EMU_CAUSE_KILLED,
        "{}",
        text(&fault.text)
    );
    drop(proc);
    gone(pid);
}

/// The part of a child: what it does under which name.
pub(crate) fn part(name: &str) {
    match name {
        "user" => {
            let all = [busy(0, ""), busy(0, "close_all")];
            change_user();
            for (proc, ctx, id) in all {
                kill(proc, ctx, id);
            }
        }
        "filter" => {
            let (proc, ctx, id) = busy(0, "");
            kill(proc, ctx, id);
        }
        "stopped" => {
            let (proc, ctx, id) = busy(0, "");
            // SAFETY: the process is ours.
            unsafe { libc::kill(proc.pid(), libc::SIGSTOP) };
            change_user();
            kill(proc, ctx, id);
        }
        "limit" => {
            let (proc, ctx, id) = busy(500, "");
            change_user();
            assert_eq!(ctx.wait(id), (VEO_COMMAND_ERROR, 0));
            let fault = proc.fault().unwrap();
            assert_eq!(fault.cause as u32, VEO_EMU_CAUSE_TIME_LIMIT);
            assert_eq!(fault.time_limit_ms, 500);
        }
        "destroy" => {
            let (proc, ..) = busy(0, "");
            let pid = proc.pid();
            change_user();
            drop(proc);
            gone(pid);
        }
        "held" => held(),
        _ => panic!("{name}"),
    }
    println!("\nworked");
}

/// A debugger holds the process, so nothing can end it: an error says so, and a thread that waits
/// learns when the time limit passes.
fn held() {
    let (proc, _, _) = busy(0, "");
    let (limited, ctx, id) = busy(3000, "");
    let pids = [proc.pid(), limited.pid()];
    let (mut reader, writer) = std::io::pipe().unwrap();
    // SAFETY: the child makes system calls alone, and ends.
    unsafe {
        if libc::fork() == 0 {
            libc::close(writer.as_raw_fd());
            for pid in pids {
                libc::ptrace(libc::PTRACE_SEIZE, pid, 0, 0);
                libc::ptrace(libc::PTRACE_INTERRUPT, pid, 0, 0);
                libc::waitpid(pid, std::ptr::null_mut(), libc::__WALL);
            }
            // Until this program ends.
            let _ = reader.read(&mut [0]);
            libc::_exit(0);
        }
    }
    let status = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    for pid in pids {
        while !status(pid).contains("tracing stop") {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    // The debugger keeps its rights.
    change_user();
    assert_eq!(call!(veo_emu_kill(proc.0)), -1);
    let error = last_error();
    for part in [
        "lives on",
        "changed its user",
        "kill -9",
        &pids[0].to_string(),
    ] {
        assert!(error.contains(part), "{part:?} is missing in: {error}");
    }
    assert!(proc.pid() > 0, "it is there");
    assert_eq!(ctx.wait(id), (VEO_COMMAND_ERROR, 0));
    let report = text(&limited.fault().unwrap().text);
    assert!(
        report.contains("time limit") && report.contains("lives on"),
        "{report}"
    );
    let start = Instant::now();
    drop((proc, limited));
    assert!(start.elapsed() < Duration::from_secs(60));
    drop(writer);
}

fn works(part: &str) {
    let said = says(child("signals").env("VEO_EMU_TEST_SIGNALS", part));
    assert_eq!(said, "worked", "{part}");
}

#[test]
fn a_program_that_has_become_another_user() {
    if users_can_be_changed() {
        ["user", "stopped", "limit", "destroy"]
            .into_iter()
            .for_each(works);
    }
}

#[test]
fn a_process_that_nothing_can_end() {
    if users_can_be_changed() {
        works("held");
    }
}

#[test]
fn sending_signals_is_forbidden() {
    if !filters_are_there() {
        return;
    }
    for error in [libc::EPERM, libc::ENOSYS] {
        let calls = [libc::SYS_kill, libc::SYS_pidfd_send_signal];
        for calls in [&calls[1..], &calls[..]] {
            let mut child = child("signals");
            child.env("VEO_EMU_TEST_SIGNALS", "filter");
            install(&mut child, filter(calls, error));
            assert_eq!(says(&mut child), "worked", "{calls:?} {error}");
        }
    }
}
