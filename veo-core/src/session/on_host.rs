//! The VE process as a process of the host, to be ended where the backend cannot: by its
//! number, which may be another's by then.

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    /// A process of the host, and not who has its number later.
    pub(crate) struct OnHost {
        pid: i32,
        /// Stands for this very process, where the kernel has such descriptors.
        pidfd: Option<OwnedFd>,
        /// When it started, by the kernel's clock.
        started: Option<u64>,
    }

    impl OnHost {
        /// The process of this number, which is running now.
        pub(crate) fn new(pid: i32) -> OnHost {
            OnHost {
                pid,
                pidfd: open(pid),
                started: start_of(pid),
            }
        }

        /// Sends it SIGKILL; tells whether it was there.
        pub(crate) fn kill(&self) -> bool {
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
                return status == 0;
            }
            // The same number and start: no other process has both.
            self.started.is_some()
                && self.started == start_of(self.pid)
                // SAFETY: sends a signal, as above.
                && unsafe { libc::kill(self.pid, libc::SIGKILL) } == 0
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
            let with = OnHost::new(pid);
            // As on a kernel without such descriptors.
            let without = OnHost {
                pid,
                pidfd: None,
                started: with.started,
            };
            [with, without]
        }

        #[test]
        fn the_process_is_killed() {
            for which in 0..2 {
                let mut child = child();
                assert!(known(&child)[which].kill());
                assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
            }
        }

        #[test]
        fn who_has_the_number_later_is_spared() {
            let mut first = child();
            let [with, mut without] = known(&first);
            first.kill().unwrap();
            first.wait().unwrap();
            assert!(!with.kill() && !without.kill(), "it has ended");
            let mut second = child();
            // As if it had been given the number.
            without.pid = second.id() as i32;
            without.started = without.started.map(|start| start - 1);
            assert!(!without.kill());
            drop(second.stdin.take());
            assert!(second.wait().unwrap().success());
        }
    }
}
#[cfg(target_os = "linux")]
pub(crate) use linux::OnHost;

/// Nothing runs on other systems.
#[cfg(not(target_os = "linux"))]
pub(crate) struct OnHost(std::convert::Infallible);

#[cfg(not(target_os = "linux"))]
impl OnHost {
    pub(crate) fn kill(&self) -> bool {
        match self.0 {}
    }
}
