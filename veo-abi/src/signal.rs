//! The numbers, names and meanings of signals. The VE has those of Linux.

/// The numbers are those of Linux on every host.
const SIGNALS: [(i32, &str, &str); 19] = [
    (1, "SIGHUP", "hangup"),
    (2, "SIGINT", "interrupted"),
    (3, "SIGQUIT", "quit"),
    (4, "SIGILL", "illegal instruction"),
    (5, "SIGTRAP", "trap"),
    (6, "SIGABRT", "abort"),
    (7, "SIGBUS", "bus error"),
    (8, "SIGFPE", "arithmetic exception"),
    (9, "SIGKILL", "killed"),
    (10, "SIGUSR1", "user signal 1"),
    (11, "SIGSEGV", "invalid memory access"),
    (12, "SIGUSR2", "user signal 2"),
    (14, "SIGALRM", "alarm clock"),
    (15, "SIGTERM", "terminated"),
    (24, "SIGXCPU", "CPU time limit"),
    (25, "SIGXFSZ", "file size limit"),
    (26, "SIGVTALRM", "virtual alarm clock"),
    (27, "SIGPROF", "profiling alarm clock"),
    (31, "SIGSYS", "forbidden system call"),
];

/// The name and the meaning of a signal that ends a process. `None` for other signals.
#[must_use]
pub fn named(signal: i32) -> Option<(&'static str, &'static str)> {
    SIGNALS
        .iter()
        .find(|(number, ..)| *number == signal)
        .map(|&(_, name, meaning)| (name, meaning))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::named;

    #[test]
    fn the_numbers_are_those_of_the_system() {
        for (number, name) in [
            (libc::SIGSEGV, "SIGSEGV"),
            (libc::SIGBUS, "SIGBUS"),
            (libc::SIGFPE, "SIGFPE"),
            (libc::SIGUSR1, "SIGUSR1"),
            (libc::SIGUSR2, "SIGUSR2"),
            (libc::SIGXCPU, "SIGXCPU"),
            (libc::SIGXFSZ, "SIGXFSZ"),
            (libc::SIGVTALRM, "SIGVTALRM"),
            (libc::SIGPROF, "SIGPROF"),
            (libc::SIGSYS, "SIGSYS"),
        ] {
            assert_eq!(named(number).map(|(name, _)| name), Some(name));
        }
        assert_eq!(named(libc::SIGCHLD), None);
    }
}
