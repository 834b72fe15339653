//! How a VE process ended, in numbers and in a sentence.

use super::queue::Work;
use crate::shared::control::{Cause, Fault};

/// The end of a VE process.
#[derive(Clone, Debug)]
pub(crate) struct Death {
    /// The signal that ended it, as the kernel or the process itself told.
    pub(crate) signal: Option<i32>,
    /// Its exit status, if it exited and somebody told.
    pub(crate) status: Option<i32>,
    /// Its own last words.
    pub(crate) fault: Option<Fault>,
    /// Why the host ended it, if the host did.
    pub(crate) reason: Option<String>,
    /// What its contexts were working on.
    pub(crate) work: Vec<Work>,
}

impl Death {
    /// The context and request that the fault belongs to.
    pub(crate) fn culprit(&self) -> Option<(u32, u64)> {
        let fault = self.fault.as_ref()?;
        Some((fault.context?, fault.id))
    }

    /// The signal number that the faulting request gets as its result; `None`: the
    /// process did not end by a fault.
    pub(crate) fn exception(&self) -> Option<i32> {
        if self.reason.is_some() {
            return None;
        }
        match &self.fault {
            Some(fault) => matches!(fault.cause, Cause::Signal | Cause::StackOverflow)
                .then_some(fault.signal),
            // A kernel that replaced the handlers still dies of its own fault.
            None => self.signal.filter(|signal| {
                [
                    libc::SIGSEGV,
                    libc::SIGBUS,
                    libc::SIGFPE,
                    libc::SIGILL,
                    libc::SIGABRT,
                    libc::SIGTRAP,
                    libc::SIGSYS,
                ]
                .contains(signal)
            }),
        }
    }

    /// The context and request that were running when it ended, if it is sure.
    pub(crate) fn guilty(&self) -> Option<(u32, u64)> {
        self.culprit().or(match self.work.as_slice() {
            [work] if work.kernel.is_some() => Some((work.context, work.number)),
            _ => None,
        })
    }

    /// The function that was running when it ended, if there was just one.
    pub(crate) fn kernel(&self) -> Option<u64> {
        match &self.fault {
            Some(fault) if fault.kernel != 0 => Some(fault.kernel),
            _ => match self.work.as_slice() {
                [work] => work.kernel,
                _ => None,
            },
        }
    }

    /// What happened, without the place.
    pub(crate) fn what(&self) -> String {
        if let Some(reason) = &self.reason {
            return reason.clone();
        }
        match &self.fault {
            Some(fault) => match fault.cause {
                Cause::Signal => {
                    let mut text = describe_signal(fault.signal);
                    if fault.address != 0 || matches!(fault.signal, libc::SIGSEGV | libc::SIGBUS) {
                        text += &format!(" at address {:#x}", fault.address);
                    }
                    text
                }
                Cause::Outside => format!(
                    "another process sent it {}",
                    describe_signal(fault.signal)
                ),
                Cause::StackOverflow => "stack overflow (SIGSEGV)".into(),
                Cause::ThreadExit => "the kernel ended its thread (pthread_exit)".into(),
                Cause::Exit => format!(
                    "the kernel called exit({})",
                    self.status.map_or_else(String::new, |s| s.to_string())
                ),
            },
            None => match (self.signal, self.status) {
                (Some(signal), _) => format!("killed by {}", describe_signal(signal)),
                (None, Some(status)) => format!("it exited with status {status}"),
                (None, None) => "it ended, and nobody told how".into(),
            },
        }
    }
}

/// The name of a signal and what it means.
pub(crate) fn describe_signal(signal: i32) -> String {
    let (name, meaning) = match signal {
        libc::SIGSEGV => ("SIGSEGV", "invalid memory access"),
        libc::SIGBUS => ("SIGBUS", "bus error"),
        libc::SIGFPE => ("SIGFPE", "arithmetic exception"),
        libc::SIGILL => ("SIGILL", "illegal instruction"),
        libc::SIGABRT => ("SIGABRT", "abort"),
        libc::SIGTRAP => ("SIGTRAP", "trap"),
        libc::SIGSYS => ("SIGSYS", "forbidden system call"),
        libc::SIGKILL => ("SIGKILL", "killed"),
        libc::SIGTERM => ("SIGTERM", "terminated"),
        libc::SIGHUP => ("SIGHUP", "hangup"),
        libc::SIGUSR1 => ("SIGUSR1", "user signal 1"),
        libc::SIGUSR2 => ("SIGUSR2", "user signal 2"),
        libc::SIGALRM => ("SIGALRM", "alarm clock"),
        libc::SIGVTALRM => ("SIGVTALRM", "virtual alarm clock"),
        libc::SIGPROF => ("SIGPROF", "profiling alarm clock"),
        libc::SIGQUIT => ("SIGQUIT", "quit"),
        libc::SIGINT => ("SIGINT", "interrupted"),
        libc::SIGXCPU => ("SIGXCPU", "CPU time limit"),
        libc::SIGXFSZ => ("SIGXFSZ", "file size limit"),
        _ => return format!("signal {signal}"),
    };
    format!("{name} ({meaning})")
}
