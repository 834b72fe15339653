//! The VE process as a process of the host. It is ended here where the backend cannot do that.
//! Its number may be another process's by then.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// While this is held nobody else ends VE processes, or opens contexts: libveo takes the end
/// of any child for that of the process whose context it opens.
pub(super) type Alone = MutexGuard<'static, ()>;

pub(super) fn alone() -> Alone {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::Error;
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use super::alone;

    /// How long a process may take to end after it was killed.
    const DEATH: Duration = Duration::from_secs(2);

    /// A process of the host, and no other one that gets its number later.
    pub(crate) struct OnHost {
        pid: i32,
        /// Stands for this very process, where the kernel has such descriptors.
        pidfd: Option<OwnedFd>,
        /// When it started, by the kernel's clock.
        started: Option<u64>,
        /// Whether it was sent SIGKILL.
        killed: AtomicBool,
    }

    impl OnHost {
        /// The process of this number, which is running now. `None` if no process has it.
        pub(crate) fn new(pid: i32) -> Option<OnHost> {
            (pid > 1).then(|| OnHost {
                pid,
                pidfd: open(pid),
                started: start_of(pid),
                killed: AtomicBool::new(false),
            })
        }

        /// Whether it has ended, also if it was waited for already. If it was killed, this waits
        /// for its end, though not for long.
        pub(crate) fn has_ended(&self) -> bool {
            let until = Instant::now() + DEATH;
            loop {
                if self.is_over() {
                    return true;
                }
                if !self.killed.load(Ordering::Relaxed) || Instant::now() >= until {
                    return false;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }

        fn is_over(&self) -> bool {
            self.ask(libc::WEXITED | libc::WNOHANG | libc::WNOWAIT)
        }

        /// Whether the child has ended, or is no child any more since it was waited for.
        fn ask(&self, options: libc::c_int) -> bool {
            let (kind, number) = match &self.pidfd {
                Some(pidfd) => (libc::P_PIDFD, pidfd.as_raw_fd()),
                // The same number and start, as in `kill`.
                None if self.started != start_of(self.pid) => return true,
                None => (libc::P_PID, self.pid),
            };
            let mut found = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
            // SAFETY: the descriptor is open; the result is valid for writing.
            let status =
                unsafe { libc::waitid(kind, number.cast_unsigned(), found.as_mut_ptr(), options) };
            if status != 0 {
                return Error::last_os_error().raw_os_error() == Some(libc::ECHILD);
            }
            // SAFETY: valid as zeroes, and filled in by the call if the child has ended.
            unsafe { found.assume_init().si_pid() != 0 }
        }

        /// Waits for its end, which is due, if that was not done: libveo never waits for a VE
        /// process that a fault ended.
        pub(crate) fn wait_for(&self) {
            for last in [false, true] {
                let until = Instant::now() + DEATH;
                while Instant::now() < until {
                    if self.ask(libc::WEXITED | libc::WNOHANG) {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
                if !last {
                    let _ = self.send_kill();
                }
            }
        }

        /// Sends it SIGKILL, unless it has ended. The error says why that is not possible.
        pub(crate) fn kill(&self) -> Result<(), String> {
            let _alone = alone();
            match self.send_kill() {
                Ok(()) => {}
                Err(_) if self.is_over() => return Ok(()),
                Err(error) => {
                    let pid = self.pid;
                    return Err(format!(
                        "process {pid} lives on: SIGKILL cannot be sent to it ({error}); has \
                         this program changed its user since it started it, or does a filter \
                         of system calls forbid it? End it by `kill -9 {pid}` as the user it \
                         runs as, or as root"
                    ));
                }
            }
            self.killed.store(true, Ordering::Relaxed);
            self.has_ended();
            Ok(())
        }

        fn send_kill(&self) -> Result<(), Error> {
            if let Some(pidfd) = &self.pidfd {
                // SAFETY: a system call with a descriptor that is open, and no pointer but
                // null, which stands for the usual information.
                let status = unsafe {
                    libc::syscall(
                        libc::SYS_pidfd_send_signal,
                        pidfd.as_raw_fd(),
                        libc::SIGKILL,
                        std::ptr::null::<libc::siginfo_t>(),
                        0,
                    )
                };
                if status == 0 {
                    return Ok(());
                }
            }
            // The same number and start: no other process has both.
            if self.started.is_none() || self.started != start_of(self.pid) {
                return Err(Error::from_raw_os_error(libc::ESRCH));
            }
            // SAFETY: sends a signal, as above.
            match unsafe { libc::kill(self.pid, libc::SIGKILL) } {
                0 => Ok(()),
                _ => Err(Error::last_os_error()),
            }
        }
    }

    fn open(pid: i32) -> Option<OwnedFd> {
        // SAFETY: a system call without pointers; the descriptor is closed on exec.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0)?;
        // SAFETY: the kernel just made this descriptor and nothing else owns it.
        Some(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// When the process of this number started, in ticks since the system did.
    fn start_of(pid: i32) -> Option<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold anything. It is the second field.
        let (_, fields) = stat.rsplit_once(')')?;
        fields.split_whitespace().nth(19)?.parse().ok()
    }

    #[cfg(all(test, not(miri)))]
    mod tests {
        use std::os::unix::process::ExitStatusExt;
        use std::process::{Child, Command, Stdio};

        use super::*;

        /// A process that waits for its input to end.
        fn child() -> Child {
            let mut cat = Command::new("cat");
            let cat = cat.stdin(Stdio::piped()).stdout(Stdio::null());
            cat.spawn().expect("cat starts")
        }

        fn known(child: &Child) -> [OnHost; 2] {
            let pid = child.id() as i32;
            let with = OnHost::new(pid).expect("a number of a process");
            // Behaves like a kernel without such descriptors.
            let without = OnHost {
                pid,
                pidfd: None,
                started: with.started,
                killed: AtomicBool::new(false),
            };
            [with, without]
        }

        #[test]
        fn an_end_is_seen_before_anybody_waits_for_it() {
            for index in 0..2 {
                let mut child = child();
                let known = &known(&child)[index];
                assert!(!known.has_ended());
                assert_eq!(known.kill(), Ok(()));
                assert!(known.has_ended());
                assert_eq!(
                    child.wait().expect("it is ours").signal(),
                    Some(libc::SIGKILL)
                );
                assert!(known.has_ended());
            }
        }

        #[test]
        fn a_child_that_nobody_waits_for_is_reaped() {
            for index in 0..2 {
                let mut child = child();
                let known = &known(&child)[index];
                drop(child.stdin.take());
                known.wait_for();
                assert!(known.has_ended());
                let error = child.wait().expect_err("it was waited for");
                assert_eq!(error.raw_os_error(), Some(libc::ECHILD));
            }
        }

        #[test]
        fn the_process_is_killed() {
            for which in 0..2 {
                let mut child = child();
                assert_eq!(known(&child)[which].kill(), Ok(()));
                assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
            }
        }

        #[test]
        fn a_later_process_with_the_same_pid_is_not_killed() {
            let mut first = child();
            let [with, mut without] = known(&first);
            first.kill().unwrap();
            first.wait().unwrap();
            assert_eq!(
                [with.kill(), without.kill()],
                [Ok(()), Ok(())],
                "it has ended"
            );
            let mut second = child();
            // Behaves as if it had been given the number.
            without.pid = second.id() as i32;
            without.started = without.started.map(|start| start - 1);
            assert_eq!(without.kill(), Ok(()));
            drop(second.stdin.take());
            assert!(second.wait().unwrap().success());
        }
    }
}
#[cfg(target_os = "linux")]
pub(crate) use linux::OnHost;

/// Kernels run on no other system.
#[cfg(not(target_os = "linux"))]
pub(crate) struct OnHost(std::convert::Infallible);

#[cfg(not(target_os = "linux"))]
impl OnHost {
    pub(crate) fn new(_pid: i32) -> Option<OnHost> {
        None
    }

    pub(crate) fn kill(&self) -> Result<(), String> {
        match self.0 {}
    }

    pub(crate) fn has_ended(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn wait_for(&self) {
        match self.0 {}
    }
}
