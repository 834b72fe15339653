//! `pthread.h`: attributes of threads, locks and conditions that change little here, and the scheduling of threads.

use super::call::{Outcome, Table, int, load, result_int, store, word};
use super::memory::fill;
use super::threads::{DEFAULT_STACK, DETACHED, SMALLEST_STACK, STACK};
use crate::thread::Thread;

pub(super) const TABLE: Table = &[
    // All threads are scheduled alike.
    ("pthread_getschedparam", |thread| {
        let [policy, parameters] = [1, 2].map(|number| word(thread, number));
        store::<4>(thread.window(), policy, 0)?;
        store::<4>(thread.window(), parameters, 0)?;
        result_int(thread, 0)
    }),
    ("pthread_setschedparam", |thread| {
        let priority = load::<4>(thread.window(), word(thread, 2))?;
        let usual = int(thread, 1) == libc::SCHED_OTHER && priority == 0;
        result_int(thread, if usual { 0 } else { libc::EPERM })
    }),
    ("pthread_setschedprio", |thread| {
        let usual = int(thread, 1) == 0;
        result_int(thread, if usual { 0 } else { libc::EPERM })
    }),
    ("sched_getscheduler", |thread| {
        result_int(thread, libc::SCHED_OTHER)
    }),
    ("sched_getparam", |thread| {
        store::<4>(thread.window(), word(thread, 1), 0)?;
        result_int(thread, 0)
    }),
    ("sched_setscheduler", |thread| {
        super::call::fail(thread, libc::EPERM)
    }),
    ("sched_setparam", |thread| {
        super::call::fail(thread, libc::EPERM)
    }),
    ("pthread_attr_getschedpolicy", nothing_special),
    ("pthread_attr_getschedparam", nothing_special),
    ("pthread_attr_getinheritsched", nothing_special),
    ("pthread_attr_getscope", nothing_special),
    ("pthread_attr_setschedpolicy", |thread| {
        let usual = int(thread, 1) == libc::SCHED_OTHER;
        result_int(thread, if usual { 0 } else { libc::ENOTSUP })
    }),
    ("pthread_attr_setschedparam", |thread| {
        let priority = load::<4>(thread.window(), word(thread, 1))?;
        result_int(thread, if priority == 0 { 0 } else { libc::EINVAL })
    }),
    ("pthread_attr_getguardsize", |thread| {
        store::<8>(thread.window(), word(thread, 1), GUARD)?;
        result_int(thread, 0)
    }),
    // The stack of a thread is where there is room for it: of the one that the program has, the size counts.
    ("pthread_attr_setstack", |thread| {
        let (attributes, size) = (word(thread, 0), word(thread, 2));
        if size < SMALLEST_STACK {
            return result_int(thread, libc::EINVAL);
        }
        store::<8>(thread.window(), attributes.wrapping_add(STACK), size)?;
        result_int(thread, 0)
    }),
    ("pthread_attr_getstack", |thread| {
        let [attributes, place, size_place] = [0, 1, 2].map(|number| word(thread, number));
        let start = load::<8>(thread.window(), attributes.wrapping_add(START))?;
        let size = load::<8>(thread.window(), attributes.wrapping_add(STACK))?;
        store::<8>(thread.window(), place, start)?;
        store::<8>(thread.window(), size_place, size)?;
        result_int(thread, 0)
    }),
    ("pthread_getattr_np", |thread| {
        let (number, attributes) = (word(thread, 0), word(thread, 1));
        if !thread.members().while_running(number, || {}) {
            return result_int(thread, libc::ESRCH);
        }
        // Nobody needs to know the places of other threads' stacks.
        let stack = if number == thread.number() {
            thread.stack()
        } else {
            0..DEFAULT_STACK
        };
        let window = thread.window();
        fill(window, attributes, 0, 56)?;
        store::<8>(window, attributes.wrapping_add(DETACHED), 0)?;
        store::<8>(window, attributes.wrapping_add(START), stack.start)?;
        let size = stack.end - stack.start;
        store::<8>(window, attributes.wrapping_add(STACK), size)?;
        result_int(thread, 0)
    }),
    ("pthread_getcpuclockid", |thread| {
        if word(thread, 0) != thread.number() {
            return result_int(thread, libc::ENOENT);
        }
        let clock = libc::CLOCK_THREAD_CPUTIME_ID as u64;
        store::<4>(thread.window(), word(thread, 1), clock)?;
        result_int(thread, 0)
    }),
    ("pthread_setconcurrency", |thread| result_int(thread, 0)),
    ("pthread_getconcurrency", |thread| result_int(thread, 0)),
    ("pthread_mutexattr_getpshared", nothing_special),
    ("pthread_condattr_getpshared", nothing_special),
    ("pthread_rwlockattr_getpshared", nothing_special),
    ("pthread_barrierattr_getpshared", nothing_special),
    ("pthread_rwlockattr_setpshared", |thread| {
        result_int(thread, 0)
    }),
    ("pthread_barrierattr_setpshared", |thread| {
        result_int(thread, 0)
    }),
    ("pthread_condattr_getclock", |thread| {
        let clock = load::<4>(thread.window(), word(thread, 0))?;
        store::<4>(thread.window(), word(thread, 1), clock)?;
        result_int(thread, 0)
    }),
];

/// Bytes below a stack that cannot be used.
const GUARD: u64 = 64 << 10;
/// Where the attributes of a thread have where its stack begins.
const START: u64 = 16;

/// The value that all have.
fn nothing_special(thread: &mut Thread) -> Outcome {
    store::<4>(thread.window(), word(thread, 1), 0)?;
    result_int(thread, 0)
}
