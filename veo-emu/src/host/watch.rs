//! The thread that waits for the end of a VE process, and watches its time limit.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::child_process::ChildProcess;
use super::death::{Reason, ReasonKind, Work};
use super::end::ExitStatus;
use super::report::doing;
use crate::error::{Error, Result};
use crate::sys::descriptor::KeptDescriptor;

/// How often to check for the child's end if there is no descriptor of it.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Starts the thread.
pub(crate) fn start(child: &Arc<ChildProcess>, limit: Option<Duration>) -> Result<()> {
    let watched = child.clone();
    // Read before any kernel runs: the thread may begin late.
    let program = program_of(child.pid);
    let thread = thread::Builder::new()
        .name("veo-watch".into())
        .stack_size(256 << 10)
        .spawn(move || watch(&watched, program, limit))
        .map_err(|error| Error::io("starting the thread that watches the VE process", &error))?;
    child.add_thread(thread);
    Ok(())
}

fn watch(child: &ChildProcess, program: Option<(u64, u64)>, limit: Option<Duration>) {
    let mut connected = true;
    let mut clock = limit.map(RequestClock::new);
    let status = loop {
        let pidfd = child.pidfd.as_ref().map_or(-1, KeptDescriptor::number);
        let connection = if connected {
            child.connection.number()
        } else {
            -1
        };
        let mut every = clock.as_ref().map(|clock| clock.every);
        if pidfd < 0 {
            every = Some(every.map_or(ASK_EVERY, |every| every.min(ASK_EVERY)));
        }
        let milliseconds = every.map_or(-1, |every| every.as_millis().max(1) as i32);
        let mut polled = [
            libc::pollfd {
                fd: pidfd,
                events: libc::POLLIN,
                revents: 0,
            },
            libc::pollfd {
                fd: connection,
                events: 0,
                revents: 0,
            },
        ];
        // SAFETY: two valid entries; a negative descriptor only waits.
        let ready = unsafe { libc::poll(polled.as_mut_ptr(), 2, milliseconds) };
        if ready > 0 && polled[1].revents != 0 {
            // The other end is closed, because the process has ended, or by a kernel or `exec`.
            connected = false;
            let now = program_of(child.pid);
            if now.is_some() && now != program {
                child.end_because(Reason::broken(
                    "it became another program; did a kernel call exec?",
                ));
            }
        }
        if ready > 0 && polled[0].revents & libc::POLLIN != 0 {
            break collect(child.pid).unwrap_or_default();
        }
        if pidfd < 0
            && let Some(end) = collect(child.pid)
        {
            break end;
        }
        if let Some(clock) = &mut clock {
            clock.look(child);
        }
    };
    child.has_ended(status);
}

/// The program that a process runs, as device and file number, if the system tells.
fn program_of(pid: libc::pid_t) -> Option<(u64, u64)> {
    let data = std::fs::metadata(format!("/proc/{pid}/exe")).ok()?;
    Some((data.dev(), data.ino()))
}

/// Notices requests that run too long.
struct RequestClock {
    limit: Duration,
    every: Duration,
    since: HashMap<u32, (Work, Instant)>,
}

impl RequestClock {
    fn new(limit: Duration) -> RequestClock {
        RequestClock {
            limit,
            every: (limit / 8).clamp(Duration::from_millis(1), Duration::from_millis(50)),
            since: HashMap::new(),
        }
    }

    fn look(&mut self, child: &ChildProcess) {
        let now = Instant::now();
        let working = child.work();
        self.since.retain(|_, (work, _)| working.contains(work));
        for work in working {
            let (_, start) = self.since.entry(work.context).or_insert((work, now));
            if now - *start > self.limit {
                let what = doing(work.kind, work.context, &child.symbols);
                child.end_because(Reason {
                    kind: ReasonKind::TimeLimit(self.limit),
                    text: format!("{what} took longer than the time limit of {:?}", self.limit),
                });
            }
        }
    }
}

/// Collects the child if it has ended. If another part of the program has done so, or the
/// program ignores SIGCHLD, the system does not tell how it ended.
fn collect(pid: libc::pid_t) -> Option<ExitStatus> {
    let mut status = 0;
    loop {
        // SAFETY: the status is valid for writing.
        let result = unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) };
        if result == pid {
            let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
            let exit = signal.is_none().then(|| libc::WEXITSTATUS(status));
            return Some(ExitStatus { signal, exit });
        }
        if result == 0 {
            return None;
        }
        match io::Error::last_os_error().kind() {
            io::ErrorKind::Interrupted => {}
            _ => return Some(ExitStatus::default()),
        }
    }
}
