//! How much a process has run, and whether a thread of it could run now.

use std::fs;
use std::mem;
use std::time::Duration;

/// The processor time that a process has used. `None`: the system does not tell.
pub(crate) fn of_process(pid: libc::pid_t) -> Option<Duration> {
    let mut clock = 0;
    // SAFETY: a plain number, and a place for the clock's.
    if unsafe { libc::clock_getcpuclockid(pid, &mut clock) } != 0 {
        return None;
    }
    read(clock)
}

/// The processor time that a thread of this process has used.
pub(crate) fn of_thread(thread: libc::pid_t) -> Option<Duration> {
    /// How Linux numbers the clock of one thread, in the lowest three bits.
    const OF_ONE_THREAD: libc::clockid_t = 6;
    read(!thread << 3 | OF_ONE_THREAD)
}

fn read(clock: libc::clockid_t) -> Option<Duration> {
    // SAFETY: all bits zero are a valid time.
    let mut time: libc::timespec = unsafe { mem::zeroed() };
    // SAFETY: the time is valid for writing.
    if unsafe { libc::clock_gettime(clock, &mut time) } != 0 {
        return None;
    }
    let nanoseconds = u32::try_from(time.tv_nsec).ok()?;
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, nanoseconds))
}

/// Whether the thread runs or waits for a processor or a page of memory. `false`: it sleeps, or
/// is not known.
pub(crate) fn is_runnable(pid: libc::pid_t, thread: libc::pid_t) -> bool {
    let Ok(text) = fs::read(format!("/proc/{pid}/task/{thread}/stat")) else {
        return false;
    };
    // The name before the state may have any bytes, brackets too.
    let name_end = text.iter().rposition(|byte| *byte == b')');
    name_end.is_some_and(|end| matches!(text.get(end + 2), Some(b'R' | b'D')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_busy_thread_is_told_from_one_that_sleeps() {
        let here = std::process::id() as libc::pid_t;
        // SAFETY: gettid cannot fail.
        let me = unsafe { libc::gettid() };
        // The time of the process may be that of other tests, so this thread's own is waited for.
        let before = of_thread(me).unwrap();
        let end = Instant::now() + Duration::from_secs(10);
        while of_thread(me).unwrap() < before + Duration::from_millis(5) {
            assert!(Instant::now() < end);
        }
        let watched = std::thread::spawn(move || {
            let end = Instant::now() + Duration::from_secs(10);
            while is_runnable(here, me) && Instant::now() < end {}
            Instant::now() < end
        });
        assert!(watched.join().unwrap(), "this thread sleeps in `join`");
        assert!(is_runnable(here, me));
        assert!(of_thread(me).unwrap() <= of_process(here).unwrap());
    }
}
