//! A debugger on a VE process, if `VEO_DEBUG` asks for one: `console` for one in the
//! program's terminal, `xterm` for one in a window of its own.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use veo_abi::environment::VEO_DEBUG;

use super::log::warn_once;
use crate::error::{Error, Result};

/// How long it may take to attach.
const PATIENCE: Duration = Duration::from_secs(60);

/// The variable that asks for one.
const VARIABLE: &str = VEO_DEBUG.name();

/// The debugger that is wanted.
pub(crate) enum Debugger {
    Console,
    Xterm,
}

impl Debugger {
    /// What the variable asks for.
    pub(crate) fn wanted() -> Option<Debugger> {
        let text = VEO_DEBUG.text()?;
        match text.trim() {
            "console" => Some(Debugger::Console),
            "xterm" => Some(Debugger::Xterm),
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
            Debugger::Console => Command::new("gdb"),
            Debugger::Xterm => {
                let mut command = Command::new("xterm");
                command.args(["-e", "gdb"]);
                command
            }
        };
        command.arg("-p").arg(pid.to_string());
        leave_with_us(&mut command);
        let (sender, events) = channel();
        let failed = |error: io::Error| {
            Error::io(format!("{VARIABLE} asks for a debugger; starting it"), &error)
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

/// Starts the debugger, tells how that went, and stays until it has ended.
fn keep(mut command: Command, told: &Sender<io::Result<()>>) {
    match command.spawn() {
        Ok(mut debugger) => {
            // Nobody may listen any more.
            let _ = told.send(Ok(()));
            let _ = debugger.wait();
        }
        Err(error) => {
            let _ = told.send(Err(error));
        }
    }
}

/// Has the debugger told to leave when the thread that starts it ends, which is when this
/// program ends: it leaves the VE process then, which would stay stopped for ever. Signals
/// that this program blocks are open to it: gdb waits for SIGCHLD.
fn leave_with_us(command: &mut Command) {
    let us = std::process::id();
    let leave = move || {
        // SAFETY: plain numbers and a set of our own, and getppid cannot fail.
        let parent = unsafe {
            let mut none: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&mut none);
            libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGHUP as libc::c_ulong, 0, 0, 0);
            libc::getppid()
        };
        // The program may have ended before that.
        if parent as u32 == us { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    };
    // SAFETY: between fork and exec it only makes system calls.
    unsafe { command.pre_exec(leave) };
}

/// Whether the thread that keeps the debugger has nothing to keep any more.
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
