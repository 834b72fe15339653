//! `pthread.h`, `threads.h`: threads, functions that run once, thread-specific values.

use std::time::{Duration, Instant};

use super::call::{Outcome, Table, int, load, nothing, result, result_int, store, timespec, word};
use super::control::leave_program;
use super::memory::fill;
use super::signals;
use super::sync::{ERROR, exchange, swap, wake_all};
use super::time::sleep;
use crate::thread::{Failure, Start, Thread};

pub(super) const TABLE: Table = &[
    ("pthread_create", create),
    ("pthread_join", |thread| join_for_value(thread, None)),
    ("pthread_tryjoin_np", |thread| {
        join_until(thread, Instant::now(), libc::EBUSY)
    }),
    ("pthread_timedjoin_np", |thread| {
        let place = word(thread, 2);
        if place == 0 {
            return join_for_value(thread, None);
        }
        let (seconds, nanos) = super::time::clock(libc::CLOCK_REALTIME).unwrap_or_default();
        let now = Duration::new(seconds, nanos as u32);
        match timespec(thread, place)? {
            Some(end) => {
                let left = end.saturating_sub(now).min(LONGEST);
                join_until(thread, Instant::now() + left, libc::ETIMEDOUT)
            }
            None => result_int(thread, libc::EINVAL),
        }
    }),
    ("pthread_detach", |thread| {
        let detached = thread.members().detach(word(thread, 0));
        result_int(thread, detached.err().unwrap_or(0))
    }),
    ("pthread_exit", |thread| {
        let value = word(thread, 0);
        exit(thread, value)
    }),
    ("pthread_self", |thread| {
        let number = thread.number();
        result(thread, number)
    }),
    ("gettid", |thread| {
        let number = thread.number();
        result_int(thread, number as i32)
    }),
    ("pthread_equal", equal),
    ("pthread_attr_init", |thread| {
        let attributes = word(thread, 0);
        store::<8>(thread.window(), attributes.wrapping_add(DETACHED), 0)?;
        let place = attributes.wrapping_add(STACK);
        store::<8>(thread.window(), place, DEFAULT_STACK)?;
        result_int(thread, 0)
    }),
    ("pthread_attr_destroy", succeed),
    ("pthread_attr_setdetachstate", |thread| {
        let state = int(thread, 1);
        if !(0..=1).contains(&state) {
            return result_int(thread, libc::EINVAL);
        }
        set_attribute(thread, DETACHED, state as u64)
    }),
    ("pthread_attr_getdetachstate", |thread| {
        let state = attribute(thread, DETACHED)?;
        store::<4>(thread.window(), word(thread, 1), state)?;
        result_int(thread, 0)
    }),
    ("pthread_attr_setstacksize", |thread| {
        let size = word(thread, 1);
        if size < SMALLEST_STACK {
            return result_int(thread, libc::EINVAL);
        }
        set_attribute(thread, STACK, size)
    }),
    ("pthread_attr_getstacksize", |thread| {
        let size = attribute(thread, STACK)?;
        store::<8>(thread.window(), word(thread, 1), size)?;
        result_int(thread, 0)
    }),
    ("pthread_once", |thread| {
        once(thread)?;
        result_int(thread, 0)
    }),
    ("pthread_key_create", |thread| {
        let created = create_key(thread)?;
        result_int(thread, if created { 0 } else { libc::EAGAIN })
    }),
    ("pthread_key_delete", |thread| {
        let known = delete_key(thread);
        result_int(thread, if known { 0 } else { libc::EINVAL })
    }),
    ("pthread_getspecific", get_value),
    ("pthread_setspecific", |thread| {
        let known = set_value(thread);
        result_int(thread, if known { 0 } else { libc::EINVAL })
    }),
    ("sched_yield", |thread| {
        std::thread::yield_now();
        result_int(thread, 0)
    }),
    ("sched_get_priority_max", |thread| result_int(thread, 0)),
    ("sched_get_priority_min", |thread| result_int(thread, 0)),
    ("sched_getaffinity", |thread| {
        let (size, place) = (word(thread, 1), word(thread, 2));
        store_processors(thread, place, size)
    }),
    ("pthread_getaffinity_np", |thread| {
        let (size, place) = (word(thread, 1), word(thread, 2));
        store_processors(thread, place, size)
    }),
    ("sched_setaffinity", succeed),
    ("pthread_setaffinity_np", succeed),
    ("sched_getcpu", |thread| result_int(thread, 0)),
    ("pthread_setname_np", succeed),
    ("pthread_setcancelstate", |thread| {
        // No thread can be cancelled.
        let place = word(thread, 1);
        if place != 0 {
            store::<4>(thread.window(), place, 0)?;
        }
        result_int(thread, 0)
    }),
    ("pthread_setcanceltype", |thread| {
        let place = word(thread, 1);
        if place != 0 {
            store::<4>(thread.window(), place, 0)?;
        }
        result_int(thread, 0)
    }),
    ("pthread_testcancel", nothing),
    ("pthread_cancel", |thread| result_int(thread, libc::ENOSYS)),
    ("_pthread_cleanup_push", push_cleanup),
    ("_pthread_cleanup_pop", pop_cleanup),
    // No process is forked.
    ("pthread_atfork", succeed),
    ("pthread_attr_setguardsize", succeed),
    ("pthread_attr_setscope", succeed),
    ("pthread_attr_setinheritsched", succeed),
    ("pthread_yield", |thread| {
        std::thread::yield_now();
        result_int(thread, 0)
    }),
    // C11's names for the same.
    ("thrd_create", |thread| {
        let (place, function, argument) = (word(thread, 0), word(thread, 1), word(thread, 2));
        let start = Start {
            function,
            argument,
            stack: DEFAULT_STACK,
            detached: false,
        };
        let begun = begin(thread, place, start)?;
        result_int(thread, if begun { 0 } else { NO_MEMORY })
    }),
    ("thrd_join", |thread| {
        let (number, place) = (word(thread, 0), word(thread, 1));
        match join(thread, number, None)? {
            Ok(value) => {
                if place != 0 {
                    store::<4>(thread.window(), place, value)?;
                }
                result_int(thread, 0)
            }
            Err(_) => result_int(thread, ERROR),
        }
    }),
    ("thrd_detach", |thread| {
        let detached = thread.members().detach(word(thread, 0)).is_ok();
        result_int(thread, if detached { 0 } else { ERROR })
    }),
    ("thrd_exit", |thread| {
        let value = int(thread, 0);
        exit(thread, i64::from(value) as u64)
    }),
    ("thrd_current", |thread| {
        let number = thread.number();
        result(thread, number)
    }),
    ("thrd_equal", equal),
    ("thrd_yield", |_| {
        std::thread::yield_now();
        Ok(())
    }),
    ("thrd_sleep", |thread| {
        let time = timespec(thread, word(thread, 0))?;
        let Some(time) = time else {
            return result_int(thread, -2);
        };
        let left = sleep(thread, time)?;
        result_int(thread, if left.is_zero() { 0 } else { -1 })
    }),
    ("call_once", once),
    ("tss_create", |thread| {
        let created = create_key(thread)?;
        result_int(thread, if created { 0 } else { ERROR })
    }),
    ("tss_delete", |thread| {
        delete_key(thread);
        nothing(thread)
    }),
    ("tss_get", get_value),
    ("tss_set", |thread| {
        let known = set_value(thread);
        result_int(thread, if known { 0 } else { ERROR })
    }),
];

/// The result of `thrd_create` if there is no memory.
const NO_MEMORY: i32 = 3;

/// Where the attributes of a thread are in their structure, words both.
pub(super) const DETACHED: u64 = 0;
pub(super) const STACK: u64 = 8;

/// Bytes of stack of a thread.
pub(super) const DEFAULT_STACK: u64 = 8 << 20;
pub(super) const SMALLEST_STACK: u64 = 16 << 10;

fn succeed(thread: &mut Thread) -> Outcome {
    result_int(thread, 0)
}

/// Stores the set of processors that threads may run on: the first one, as far as the program sees.
fn store_processors(thread: &mut Thread, place: u64, size: u64) -> Outcome {
    if size < 8 {
        return result_int(thread, libc::EINVAL);
    }
    fill(thread.window(), place, 0, size)?;
    store::<8>(thread.window(), place, 1)?;
    result_int(thread, 0)
}

fn attribute(thread: &Thread, which: u64) -> Result<u64, Failure> {
    load::<8>(thread.window(), word(thread, 0).wrapping_add(which))
}

fn set_attribute(thread: &mut Thread, which: u64, value: u64) -> Outcome {
    let place = word(thread, 0).wrapping_add(which);
    store::<8>(thread.window(), place, value)?;
    result_int(thread, 0)
}

fn create(thread: &mut Thread) -> Outcome {
    let (place, attributes) = (word(thread, 0), word(thread, 1));
    let (function, argument) = (word(thread, 2), word(thread, 3));
    let (mut stack, mut detached) = (DEFAULT_STACK, 0);
    if attributes != 0 {
        stack = load::<8>(thread.window(), attributes.wrapping_add(STACK))?;
        detached = load::<8>(thread.window(), attributes.wrapping_add(DETACHED))?;
    }
    let start = Start {
        function,
        argument,
        stack,
        detached: detached == 1,
    };
    let begun = begin(thread, place, start)?;
    result_int(thread, if begun { 0 } else { libc::EAGAIN })
}

/// Begins a thread and stores its number. The result says whether it has begun.
fn begin(thread: &Thread, place: u64, start: Start) -> Result<bool, Failure> {
    // A place that cannot be written is found before there is a thread. The thread may look at it at once.
    store::<8>(thread.window(), place, 0)?;
    let begun = thread.spawn(start, |new| {
        // Neither fails: the place was written before, and each thread has memory of its own.
        let _ = thread.window().store::<8>(place, new.number());
        let _ = signals::inherit(thread, new);
    });
    Ok(begun)
}

/// The longest that a thread waits for another one's end, where it has a limit: nobody sees what comes later.
const LONGEST: Duration = Duration::from_secs(1 << 32);

fn join_until(thread: &mut Thread, end: Instant, late: i32) -> Outcome {
    join_for_value(thread, Some((end, late)))
}

/// Waits for the end of a thread, and stores what it ended with.
fn join_for_value(thread: &mut Thread, limit: Option<(Instant, i32)>) -> Outcome {
    let (number, place) = (word(thread, 0), word(thread, 1));
    match join(thread, number, limit)? {
        Ok(value) => {
            if place != 0 {
                store::<8>(thread.window(), place, value)?;
            }
            result_int(thread, 0)
        }
        Err(error) => result_int(thread, error),
    }
}

/// Waits for the end of a thread, for ever or until a time, after which another error is the result; errors are numbers as in `errno`.
fn join(
    thread: &Thread,
    number: u64,
    limit: Option<(Instant, i32)>,
) -> Result<Result<u64, i32>, Failure> {
    if number == thread.number() {
        return Ok(Err(libc::EDEADLK));
    }
    let members = thread.members();
    if let Err(error) = members.begin_join(number) {
        return Ok(Err(error));
    }
    loop {
        match members.join(number) {
            Ok(Some(value)) => return Ok(Ok(value)),
            Ok(None) => {}
            Err(error) => return Ok(Err(error)),
        }
        if let Some((end, late)) = limit
            && Instant::now() >= end
        {
            members.give_up_join(number);
            return Ok(Err(late));
        }
        if let Err(failure) = thread.poll() {
            members.give_up_join(number);
            return Err(failure);
        }
    }
}

/// Where the thread's own memory has the address of the first function that is to run when the thread ends, and the fields of what is
/// there: the function, its argument, the address of the next one.
const CLEANUP: u64 = 560;
const CLEANUP_ARGUMENT: u64 = 8;
const CLEANUP_NEXT: u64 = 16;

/// Puts a function before those that are to run when the thread ends.
fn push_cleanup(thread: &mut Thread) -> Outcome {
    let [block, function, argument] = [0, 1, 2].map(|number| word(thread, number));
    let first = thread.private().start + CLEANUP;
    let window = thread.window();
    let next = load::<8>(window, first)?;
    store::<8>(window, block, function)?;
    store::<8>(window, block.wrapping_add(CLEANUP_ARGUMENT), argument)?;
    store::<8>(window, block.wrapping_add(CLEANUP_NEXT), next)?;
    store::<8>(window, first, block)
}

/// Takes a function away, and calls it if that is wanted.
fn pop_cleanup(thread: &mut Thread) -> Outcome {
    let (block, wanted) = (word(thread, 0), int(thread, 1) != 0);
    let first = thread.private().start + CLEANUP;
    let window = thread.window();
    let next = load::<8>(window, block.wrapping_add(CLEANUP_NEXT))?;
    store::<8>(window, first, next)?;
    if wanted {
        call_cleanup(thread, block)?;
    }
    Ok(())
}

fn call_cleanup(thread: &mut Thread, block: u64) -> Outcome {
    let function = load::<8>(thread.window(), block)?;
    let argument = load::<8>(thread.window(), block.wrapping_add(CLEANUP_ARGUMENT))?;
    thread.call_back(function, &[argument])?;
    Ok(())
}

/// Calls what is to run when the thread ends.
fn clean_up(thread: &mut Thread) -> Outcome {
    let first = thread.private().start + CLEANUP;
    loop {
        thread.poll()?;
        let block = load::<8>(thread.window(), first)?;
        if block == 0 {
            return Ok(());
        }
        let next = load::<8>(thread.window(), block.wrapping_add(CLEANUP_NEXT))?;
        store::<8>(thread.window(), first, next)?;
        call_cleanup(thread, block)?;
    }
}

/// Ends the thread. Where the program began, it waits for all other threads and ends the program.
fn exit(thread: &mut Thread, value: u64) -> Outcome {
    clean_up(thread)?;
    if thread.is_created() {
        return Err(Failure::End(value));
    }
    thread.finish_values(Thread::call_back)?;
    thread.wait_for_others()?;
    leave_program(thread, 0)
}

fn equal(thread: &mut Thread) -> Outcome {
    let equal = word(thread, 0) == word(thread, 1);
    result_int(thread, equal.into())
}

/// The values of a `pthread_once_t` while the function runs, and afterwards.
const RUNNING: u64 = 1;
const DONE: u64 = 2;

fn once(thread: &mut Thread) -> Outcome {
    let (control, function) = (word(thread, 0), word(thread, 1));
    loop {
        match swap(thread, control, 0, RUNNING)? {
            0 => {
                let called = thread.call_back(function, &[]);
                // A function that is left by a jump or by the end of the thread has not done its work: the next call does it.
                exchange(thread, control, if called.is_ok() { DONE } else { 0 })?;
                wake_all(thread, control);
                return called.map(drop);
            }
            RUNNING => thread.wait_at(control, RUNNING as u32)?,
            _ => return Ok(()),
        }
    }
}

fn create_key(thread: &Thread) -> Result<bool, Failure> {
    let (place, destructor) = (word(thread, 0), word(thread, 1));
    load::<4>(thread.window(), place)?;
    let key = thread.process().keys.lock().create(destructor);
    if let Some(key) = key {
        store::<4>(thread.window(), place, key as u64)?;
    }
    Ok(key.is_some())
}

fn delete_key(thread: &Thread) -> bool {
    let key = word(thread, 0) as u32;
    thread.process().keys.lock().delete(key as usize)
}

fn get_value(thread: &mut Thread) -> Outcome {
    let (number, key) = (thread.number(), word(thread, 0) as u32);
    let value = thread.process().keys.lock().get(number, key as usize);
    result(thread, value)
}

fn set_value(thread: &Thread) -> bool {
    let (number, key, value) = (thread.number(), word(thread, 0) as u32, word(thread, 1));
    let mut keys = thread.process().keys.lock();
    keys.set(number, key as usize, value)
}
