//! Ending a VE process: by a signal, or, if the system does not let this program send one, by
//! telling the process to end itself.
//!
//! A program that has given up its user's rights, or runs under a filter of system calls, may
//! not send signals to processes that it started before.

use std::io;
use std::time::{Duration, Instant};

use super::child_process::ChildProcess;
use super::death::{Reason, ReasonKind};
use super::end::ExitStatus;
use crate::error::{Error, Result};
use crate::log::warn_once;
use crate::sys::process;

/// How long a process may take to end itself.
const PATIENCE: Duration = Duration::from_secs(5);

impl ChildProcess {
    /// Kills the process, and notes the reason if there was none. After an error the process
    /// lives on.
    pub(crate) fn kill(&self, reason: Option<Reason>) -> Result<()> {
        if self.is_dead() {
            return Ok(());
        }
        self.keep_counts();
        if let Some(reason) = reason {
            self.end.give_reason(reason);
        }
        let Err(error) = self.signal(libc::SIGKILL) else {
            return Ok(());
        };
        if self.tell_to_end() {
            return Ok(());
        }
        let (pid, code) = (self.pid, error.raw_os_error().unwrap_or(libc::EIO));
        let why = match code {
            libc::EPERM => {
                "; has this program changed its user since it started it, or does a \
                            filter of system calls forbid it?"
            }
            _ => "",
        };
        Err(Error::new(
            code,
            format!(
                "the VE process {pid} lives on: SIGKILL cannot be sent to it ({error}{why}), and \
                 it did not end itself when it was told to (does a debugger hold it?); end it \
                 by `kill -9 {pid}` as the user it runs as, or as root"
            ),
        ))
    }

    /// Ends the process for its host: kills it, and gives it up if that fails, so that
    /// no thread waits for it.
    pub(crate) fn end_because(&self, reason: Reason) {
        if let Err(error) = self.kill(Some(reason.clone())) {
            let text = format!("{}; {}", reason.text, error.text);
            warn_once!("{text}");
            self.end.abandon(Reason { text, ..reason });
            self.has_ended(ExitStatus::default());
        }
    }

    /// Ends the process, which seems to be broken. If it is about to end for another reason,
    /// that reason is reported.
    pub(crate) fn end_broken(&self, text: &str) {
        if !self.wait_for_end(Duration::from_secs(1)) {
            self.end.presume(Reason::broken(text));
            if self.kill(None).is_err() {
                self.end_because(Reason::broken(text));
            }
        }
    }

    /// Sends a signal. A process that has ended is no error.
    fn signal(&self, signal: i32) -> io::Result<()> {
        let by_descriptor = self
            .pidfd
            .as_ref()
            .map(|fd| process::signal(fd.get()?, signal));
        if let Some(Ok(())) = by_descriptor {
            return Ok(());
        }
        if self.is_over() {
            return Ok(());
        }
        // SAFETY: plain numbers. The child was there just now, not collected, so the number
        // is its own.
        if unsafe { libc::kill(self.pid, signal) } == 0 {
            return Ok(());
        }
        Err(io::Error::last_os_error())
    }

    /// Whether the process has ended, noticed or not.
    fn is_over(&self) -> bool {
        if self.is_dead() {
            return true;
        }
        // SAFETY: an all-zero siginfo is a valid value of that structure.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: the structure is valid for writing; nothing is collected.
        let asked =
            unsafe { libc::waitid(libc::P_PID, self.pid as libc::id_t, &mut info, options) };
        if asked != 0 {
            // Another part of the program has collected it.
            return io::Error::last_os_error().raw_os_error() == Some(libc::ECHILD);
        }
        // SAFETY: filled in by the call if the child has ended, else zero.
        unsafe { info.si_pid() != 0 }
    }

    /// Makes the process end itself. It listens on a thread that belongs to no context, so
    /// kernels cannot keep it from that. The result is whether it has ended.
    fn tell_to_end(&self) -> bool {
        self.end.order();
        self.connection.order_end();
        // A stopped process must continue first. Every process of a session may send that signal.
        let _ = self.signal(libc::SIGCONT);
        let end = Instant::now() + PATIENCE;
        while !self.is_over() {
            if Instant::now() >= end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }
}

/// The reason of `veo_emu_kill`.
pub(crate) fn requested() -> Reason {
    Reason {
        kind: ReasonKind::Requested,
        text: "it was killed on request (veo_emu_kill)".into(),
    }
}
