//! The thread that waits for the end of a VE process.

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::thread;

use super::lock;
use super::machine::Machine;
use crate::error::{Error, Result};

/// Without a descriptor of the child its end is asked for this often.
const ASK_EVERY_MS: i32 = 50;

/// Starts the thread.
pub(crate) fn start(machine: &Arc<Machine>) -> Result<()> {
    let machine = machine.clone();
    thread::Builder::new()
        .name("veo-watch".into())
        .stack_size(256 << 10)
        .spawn(move || watch(&machine))
        .map(|_| ())
        .map_err(|error| Error::io("starting the thread that watches the VE process", &error))
}

fn watch(machine: &Machine) {
    let (signal, status) = loop {
        match &machine.pidfd {
            Some(fd) => {
                let mut polled = libc::pollfd {
                    fd: fd.as_raw_fd(),
                    events: libc::POLLIN,
                    revents: 0,
                };
                // SAFETY: one valid entry.
                if unsafe { libc::poll(&mut polled, 1, -1) } <= 0 {
                    continue;
                }
                break collect(machine.pid).unwrap_or((None, None));
            }
            None => {
                // SAFETY: polling nothing only waits.
                unsafe { libc::poll(std::ptr::null_mut(), 0, ASK_EVERY_MS) };
                if let Some(end) = collect(machine.pid) {
                    break end;
                }
            }
        }
    };
    machine.has_ended(signal, status);
    drop(lock(&machine.socket));
}

/// Collects the child if it has ended. Somebody else in the program may have
/// done so already, or the program ignores SIGCHLD; then nobody tells how it ended.
fn collect(pid: libc::pid_t) -> Option<(Option<i32>, Option<i32>)> {
    let mut status = 0;
    loop {
        // SAFETY: the status is valid for writing.
        let result = unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) };
        if result == pid {
            return Some(if libc::WIFSIGNALED(status) {
                (Some(libc::WTERMSIG(status)), None)
            } else {
                (None, Some(libc::WEXITSTATUS(status)))
            });
        }
        if result == 0 {
            return None;
        }
        match io::Error::last_os_error().kind() {
            io::ErrorKind::Interrupted => {}
            _ => return Some((None, None)),
        }
    }
}
