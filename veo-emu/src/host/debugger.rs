//! A debugger on a VE process, if `VEO_DEBUG` asks for it: `console` starts it in the
//! program's terminal, `xterm` in a window of its own.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use veo_abi::environment::VEO_DEBUG;

use crate::error::{Error, Result};
use crate::log::warn_once;

/// The longest time for it to attach.
const PATIENCE: Duration = Duration::from_secs(60);

/// The variable that asks for one.
const VARIABLE: &str = VEO_DEBUG.name();

/// The debugger that is wanted.
pub(crate) enum WantedDebugger {
    Console,
    Xterm,
}

impl WantedDebugger {
    /// The value of the variable.
    pub(crate) fn wanted() -> Option<WantedDebugger> {
        let text = VEO_DEBUG.text()?;
        match text.trim() {
            "console" => Some(WantedDebugger::Console),
            "xterm" => Some(WantedDebugger::Xterm),
            _ => {
                warn_once!(
                    "{VARIABLE} is {text:?}, which is ignored; set it to `console` or `xterm` for \
                     a debugger on each VE process"
                );
                None
            }
        }
    }

    /// Starts it and waits until it has stopped the process. The user continues it.
    pub(crate) fn attach(&self, pid: libc::pid_t) -> Result<()> {
        let mut command = match self {
            WantedDebugger::Console => Command::new("gdb"),
            WantedDebugger::Xterm => {
                let mut command = Command::new("xterm");
                command.args(["-e", "gdb"]);
                command
            }
        };
        command.arg("-p").arg(pid.to_string());
        leave_with_us(&mut command);
        let (sender, events) = channel();
        let failed = |error: io::Error| {
            Error::io(
                format!("{VARIABLE} asks for a debugger; starting it"),
                &error,
            )
        };
        thread::Builder::new()
            .name("veo-debugger".into())
            .stack_size(256 << 10)
            .spawn(move || keep(command, &sender))
            .map_err(failed)?;
        if let Ok(Err(error)) = events.recv() {
            return Err(failed(error));
        }
        let end = Instant::now() + PATIENCE;
        while !is_traced(pid) && !has_ended(&events) && Instant::now() < end {
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

/// Starts the debugger, reports how that went, and stays until it has ended.
fn keep(mut command: Command, told: &Sender<io::Result<()>>) {
    match command.spawn() {
        Ok(mut debugger) => {
            // The receiver may be gone.
            let _ = told.send(Ok(()));
            let _ = debugger.wait();
        }
        Err(error) => {
            let _ = told.send(Err(error));
        }
    }
}

/// Makes the debugger leave when the thread that starts it ends, that is, when this program ends.
/// Otherwise the VE process would stay stopped for ever. Signals that this program blocks are
/// open to the debugger: gdb waits for SIGCHLD.
fn leave_with_us(command: &mut Command) {
    let us = std::process::id();
    let leave = move || {
        // SAFETY: plain numbers and a set of our own, and getppid cannot fail.
        let parent = unsafe {
            let mut none: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&mut none);
            libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
            libc::prctl(
                libc::PR_SET_PDEATHSIG,
                libc::SIGHUP as libc::c_ulong,
                0,
                0,
                0,
            );
            libc::getppid()
        };
        // The program may have ended before that.
        if parent as u32 != us {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        insist(parent);
        Ok(())
    };
    // SAFETY: between fork and exec it only makes system calls.
    unsafe { command.pre_exec(leave) };
}

/// Makes a process that ends this one, the debugger, if it still exists a while after `program`
/// has ended. gdb can lose SIGHUP while a process that it traces starts or ends; it would then
/// keep that process stopped for ever. This is called between fork and exec.
fn insist(program: libc::pid_t) {
    /// How long gdb may take to leave by itself, in milliseconds.
    const PATIENCE: libc::c_int = 5000;
    let ended = |process: libc::c_int, limit| {
        let mut polled = libc::pollfd {
            fd: process,
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one valid entry.
        unsafe { libc::poll(&mut polled, 1, limit) > 0 }
    };
    // SAFETY: system calls with numbers only. The second child has no parent here, so that the
    // debugger has no child that it does not know; it closes what it has inherited, so that
    // nothing stays open for it, and it never returns.
    unsafe {
        let debugger = libc::getpid();
        let child = fork();
        if child != 0 {
            libc::waitpid(child, std::ptr::null_mut(), 0);
            return;
        }
        if fork() != 0 {
            libc::_exit(0);
        }
        libc::syscall(libc::SYS_close_range, 0, u32::MAX, 0);
        let open = |pid: libc::pid_t| libc::syscall(libc::SYS_pidfd_open, pid, 0) as libc::c_int;
        let (debugger, program) = (open(debugger), open(program));
        // Without such descriptors nothing can force it.
        while debugger >= 0 && !ended(debugger, 0) {
            if program >= 0 && !ended(program, 1000) {
                continue;
            }
            if !ended(debugger, PATIENCE) {
                let none = std::ptr::null::<libc::siginfo_t>();
                libc::syscall(
                    libc::SYS_pidfd_send_signal,
                    debugger,
                    libc::SIGKILL,
                    none,
                    0,
                );
            }
            break;
        }
        libc::_exit(0);
    }
}

/// `fork` without the handlers that the C library and others have registered for it.
fn fork() -> libc::pid_t {
    // SAFETY: a plain fork: the child has a copy of everything. Its callers make system calls
    // only, as is allowed after a fork of a program with several threads.
    unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) as libc::pid_t }
}

/// Whether the thread that keeps the debugger can end.
fn has_ended(events: &Receiver<io::Result<()>>) -> bool {
    matches!(events.try_recv(), Err(TryRecvError::Disconnected))
}

fn is_traced(pid: libc::pid_t) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| {
        status
            .lines()
            .filter_map(|line| line.strip_prefix("TracerPid:"))
            .any(|tracer| tracer.trim() != "0")
    })
}
