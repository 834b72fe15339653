//! Functions that start processes, load libraries or set an alarm: they say that this cannot be done here.
//!
//! The process is that of the host's program. A copy of it would have none of its threads, and nobody else could use its numbers. So
//! functions that may fail give an error, and those that would wait in vain are a trap.

use super::call::{Outcome, Table, fail, load, result, result_int, set_errno, word};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("fork", refuse),
    ("vfork", refuse),
    ("execl", refuse),
    ("execle", refuse),
    ("execlp", refuse),
    ("execv", refuse),
    ("execve", refuse),
    ("execvp", refuse),
    ("execvpe", refuse),
    ("fexecve", refuse),
    ("posix_spawn", |thread| {
        note(thread);
        result_int(thread, libc::ENOSYS)
    }),
    ("posix_spawnp", |thread| {
        note(thread);
        result_int(thread, libc::ENOSYS)
    }),
    ("popen", refuse_stream),
    // The host's C library would call machine code, in the middle of any function of a stream.
    ("fopencookie", refuse_stream),
    // There are no child processes of the program.
    ("pclose", without_children),
    ("wait", without_children),
    ("waitpid", without_children),
    ("wait3", without_children),
    ("wait4", without_children),
    ("setsid", |thread| fail(thread, libc::EPERM)),
    ("setpgid", |thread| fail(thread, libc::EPERM)),
    ("daemon", refuse),
    ("dlopen", |thread| result(thread, 0)),
    ("dlsym", |thread| result(thread, 0)),
    ("dlclose", |thread| result_int(thread, -1)),
    ("dlerror", |thread| {
        let text = b"libraries are loaded before the program runs: see ve-run --lib\0";
        let place = thread.lasting("dlerror", || text.to_vec());
        result(thread, place.unwrap_or(0))
    }),
    // Nobody can tell who has called.
    ("backtrace", |thread| result_int(thread, 0)),
    ("backtrace_symbols", |thread| result(thread, 0)),
    ("backtrace_symbols_fd", super::call::nothing),
    ("alarm", |thread| match word(thread, 0) as u32 {
        0 => result(thread, 0),
        _ => Err(no_clock()),
    }),
    ("ualarm", |thread| match word(thread, 0) as u32 {
        0 => result(thread, 0),
        _ => Err(no_clock()),
    }),
    ("setitimer", |thread| {
        let place = word(thread, 1);
        for offset in [16, 24] {
            if load::<8>(thread.window(), place.wrapping_add(offset))? != 0 {
                return Err(no_clock());
            }
        }
        let old = word(thread, 2);
        no_time(thread, old)
    }),
    ("getitimer", |thread| {
        let place = word(thread, 1);
        no_time(thread, place)
    }),
    ("timer_create", |thread| fail(thread, libc::ENOSYS)),
    ("timer_settime", |thread| fail(thread, libc::EINVAL)),
    ("timer_gettime", |thread| fail(thread, libc::EINVAL)),
    ("timer_getoverrun", |thread| fail(thread, libc::EINVAL)),
    ("timer_delete", |thread| fail(thread, libc::EINVAL)),
    ("sem_open", |thread| {
        set_errno(thread, libc::ENOSYS);
        result(thread, 0)
    }),
    ("sem_close", |thread| fail(thread, libc::EINVAL)),
    ("sem_unlink", |thread| fail(thread, libc::ENOENT)),
    ("iconv_open", |thread| fail(thread, libc::EINVAL)),
    ("iconv", |thread| fail(thread, libc::EBADF)),
    ("iconv_close", |thread| fail(thread, libc::EBADF)),
];

fn refuse_stream(thread: &mut Thread) -> Outcome {
    note(thread);
    set_errno(thread, libc::ENOSYS);
    result(thread, 0)
}

fn note(thread: &mut Thread) {
    thread.note("the program asks for another process: ENOSYS");
}

fn refuse(thread: &mut Thread) -> Outcome {
    note(thread);
    fail(thread, libc::ENOSYS)
}

fn without_children(thread: &mut Thread) -> Outcome {
    fail(thread, libc::ECHILD)
}

fn no_clock() -> Failure {
    Failure::Why("cannot be served: no clock sends signals to the program".into())
}

/// Stores that no time is left, if there is a place.
fn no_time(thread: &mut Thread, place: u64) -> Outcome {
    if place != 0 {
        super::memory::fill(thread.window(), place, 0, 32)?;
    }
    result_int(thread, 0)
}
