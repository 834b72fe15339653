//! `pthread.h`, `semaphore.h`, `threads.h`: locks and signs by which threads wait for each other.
//!
//! Each structure begins with a word of 32 bits that holds its state. A thread that waits sleeps until that word changes, and checks from
//! time to time whether it is asked to stop. All zeros are a structure as its initialiser makes it, as with the C library of Linux.

use std::time::Duration;

use super::arrived;
use super::call::{
    Outcome, Table, bad_pointer, load, nothing, result_int, set_errno, store, timespec, word,
};
use super::signals;
use super::time::clock;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("pthread_mutex_init", |thread| {
        begin_with_attribute(thread, 40, KIND)
    }),
    ("pthread_mutex_destroy", succeed),
    ("pthread_mutex_lock", |thread| {
        let error = lock(thread, word(thread, 0), Until::Ever)?;
        result_int(thread, error)
    }),
    ("pthread_mutex_trylock", |thread| {
        let error = lock(thread, word(thread, 0), Until::Now)?;
        result_int(thread, error)
    }),
    ("pthread_mutex_timedlock", |thread| {
        let until = Until::time(thread, word(thread, 1), libc::CLOCK_REALTIME)?;
        let error = match until {
            Some(until) => lock(thread, word(thread, 0), until)?,
            None => libc::EINVAL,
        };
        result_int(thread, error)
    }),
    ("pthread_mutex_clocklock", |thread| {
        let clock = word(thread, 1) as i32;
        let error = match Until::time(thread, word(thread, 2), clock)? {
            Some(until) => lock(thread, word(thread, 0), until)?,
            None => libc::EINVAL,
        };
        result_int(thread, error)
    }),
    ("pthread_mutex_unlock", |thread| {
        let error = unlock(thread, word(thread, 0))?;
        result_int(thread, error)
    }),
    ("pthread_mutexattr_init", clear_attributes),
    ("pthread_mutexattr_destroy", succeed),
    ("pthread_mutexattr_settype", |thread| {
        let (attributes, kind) = (word(thread, 0), word(thread, 1));
        store::<4>(thread.window(), attributes, kind & 3)?;
        result_int(thread, 0)
    }),
    ("pthread_mutexattr_setpshared", succeed),
    ("pthread_condattr_setpshared", succeed),
    ("pthread_mutexattr_gettype", |thread| {
        let kind = load::<4>(thread.window(), word(thread, 0))?;
        store::<4>(thread.window(), word(thread, 1), kind & 3)?;
        result_int(thread, 0)
    }),
    ("pthread_cond_init", |thread| {
        begin_with_attribute(thread, 48, CLOCK)
    }),
    ("pthread_cond_destroy", succeed),
    ("pthread_cond_wait", |thread| {
        let (condition, mutex) = (word(thread, 0), word(thread, 1));
        let error = wait(thread, condition, mutex, Until::Ever)?;
        result_int(thread, error)
    }),
    ("pthread_cond_timedwait", |thread| {
        let (condition, mutex) = (word(thread, 0), word(thread, 1));
        let clock = load::<4>(thread.window(), condition.wrapping_add(CLOCK))? as i32;
        let until = Until::time(thread, word(thread, 2), clock)?;
        let error = match until {
            Some(until) => wait(thread, condition, mutex, until)?,
            None => libc::EINVAL,
        };
        result_int(thread, error)
    }),
    ("pthread_cond_clockwait", |thread| {
        let (condition, mutex) = (word(thread, 0), word(thread, 1));
        let clock = word(thread, 2) as i32;
        let error = match Until::time(thread, word(thread, 3), clock)? {
            Some(until) => wait(thread, condition, mutex, until)?,
            None => libc::EINVAL,
        };
        result_int(thread, error)
    }),
    ("pthread_cond_signal", |thread| {
        signal(thread, 1)?;
        result_int(thread, 0)
    }),
    ("pthread_cond_broadcast", |thread| {
        signal(thread, i32::MAX)?;
        result_int(thread, 0)
    }),
    ("pthread_condattr_init", clear_attributes),
    ("pthread_condattr_destroy", succeed),
    ("pthread_condattr_setclock", |thread| {
        let (attributes, clock) = (word(thread, 0), word(thread, 1));
        store::<4>(thread.window(), attributes, clock)?;
        result_int(thread, 0)
    }),
    ("pthread_rwlock_init", |thread| {
        clear(thread, word(thread, 0), 56)?;
        result_int(thread, 0)
    }),
    ("pthread_rwlock_destroy", succeed),
    ("pthread_rwlock_rdlock", |thread| share(thread, Until::Ever)),
    ("pthread_rwlock_tryrdlock", |thread| {
        share(thread, Until::Now)
    }),
    ("pthread_rwlock_timedrdlock", |thread| {
        match Until::time(thread, word(thread, 1), libc::CLOCK_REALTIME)? {
            Some(until) => share(thread, until),
            None => result_int(thread, libc::EINVAL),
        }
    }),
    ("pthread_rwlock_timedwrlock", |thread| {
        match Until::time(thread, word(thread, 1), libc::CLOCK_REALTIME)? {
            Some(until) => take(thread, until),
            None => result_int(thread, libc::EINVAL),
        }
    }),
    ("pthread_rwlock_wrlock", |thread| take(thread, Until::Ever)),
    ("pthread_rwlock_trywrlock", |thread| {
        take(thread, Until::Now)
    }),
    ("pthread_rwlock_unlock", |thread| {
        let lock = word(thread, 0);
        if has_for_writing(thread, lock)? {
            store::<4>(thread.window(), lock.wrapping_add(HELD), 0)?;
        }
        update(thread, lock, |state| match state {
            WRITTEN => Some(0),
            readers => readers.checked_sub(1),
        })?;
        wake_all(thread, lock);
        result_int(thread, 0)
    }),
    ("pthread_rwlockattr_init", clear_attributes),
    ("pthread_rwlockattr_destroy", succeed),
    ("pthread_barrier_init", |thread| {
        let (barrier, count) = (word(thread, 0), word(thread, 2));
        if count as u32 == 0 {
            return result_int(thread, libc::EINVAL);
        }
        clear(thread, barrier, 32)?;
        store::<4>(thread.window(), barrier.wrapping_add(COUNT), count)?;
        result_int(thread, 0)
    }),
    ("pthread_barrier_destroy", succeed),
    ("pthread_barrier_wait", pass_barrier),
    ("pthread_barrierattr_init", clear_attributes),
    ("pthread_barrierattr_destroy", succeed),
    ("pthread_spin_init", |thread| {
        store::<4>(thread.window(), word(thread, 0), 0)?;
        result_int(thread, 0)
    }),
    ("pthread_spin_destroy", succeed),
    ("pthread_spin_lock", |thread| {
        let lock = word(thread, 0);
        while swap(thread, lock, 0, 1)? != 0 {
            thread.wait_at(lock, 1)?;
        }
        result_int(thread, 0)
    }),
    ("pthread_spin_trylock", |thread| {
        let taken = swap(thread, word(thread, 0), 0, 1)? != 0;
        result_int(thread, if taken { libc::EBUSY } else { 0 })
    }),
    ("pthread_spin_unlock", |thread| {
        let lock = word(thread, 0);
        exchange(thread, lock, 0)?;
        wake_all(thread, lock);
        result_int(thread, 0)
    }),
    ("sem_init", |thread| {
        let (semaphore, value) = (word(thread, 0), word(thread, 2) as u32);
        if value > i32::MAX as u32 {
            return fail(thread, libc::EINVAL);
        }
        clear(thread, semaphore, 32)?;
        store::<4>(thread.window(), semaphore, value.into())?;
        result_int(thread, 0)
    }),
    ("sem_destroy", succeed),
    ("sem_wait", |thread| down(thread, Until::Ever)),
    ("sem_trywait", |thread| down(thread, Until::Now)),
    ("sem_timedwait", |thread| {
        match Until::time(thread, word(thread, 1), libc::CLOCK_REALTIME)? {
            Some(until) => down(thread, until),
            None => fail(thread, libc::EINVAL),
        }
    }),
    ("sem_clockwait", |thread| {
        let clock = word(thread, 1) as i32;
        match Until::time(thread, word(thread, 2), clock)? {
            Some(until) => down(thread, until),
            None => fail(thread, libc::EINVAL),
        }
    }),
    ("sem_post", |thread| {
        let semaphore = word(thread, 0);
        let before = update(thread, semaphore, |value| {
            (value < i32::MAX as u64).then_some(value + 1)
        })?;
        if before >= i32::MAX as u64 {
            return fail(thread, libc::EOVERFLOW);
        }
        thread.window().wake(semaphore, 1);
        result_int(thread, 0)
    }),
    ("sem_getvalue", |thread| {
        let value = load::<4>(thread.window(), word(thread, 0))?;
        store::<4>(thread.window(), word(thread, 1), value)?;
        result_int(thread, 0)
    }),
    // C11's names for the same.
    ("mtx_init", |thread| {
        let (mutex, kind) = (word(thread, 0), word(thread, 1));
        clear(thread, mutex, 40)?;
        store::<4>(thread.window(), mutex.wrapping_add(KIND), kind & RECURSIVE)?;
        result_int(thread, 0)
    }),
    ("mtx_destroy", nothing),
    ("mtx_lock", |thread| {
        let error = lock(thread, word(thread, 0), Until::Ever)?;
        c11_result(thread, error)
    }),
    ("mtx_trylock", |thread| {
        let error = lock(thread, word(thread, 0), Until::Now)?;
        c11_result(thread, error)
    }),
    ("mtx_timedlock", |thread| {
        match Until::time(thread, word(thread, 1), libc::CLOCK_REALTIME)? {
            Some(until) => {
                let error = lock(thread, word(thread, 0), until)?;
                c11_result(thread, error)
            }
            None => result_int(thread, ERROR),
        }
    }),
    ("mtx_unlock", |thread| {
        let error = unlock(thread, word(thread, 0))?;
        c11_result(thread, error)
    }),
    ("cnd_init", |thread| {
        clear(thread, word(thread, 0), 48)?;
        result_int(thread, 0)
    }),
    ("cnd_destroy", nothing),
    ("cnd_wait", |thread| {
        let (condition, mutex) = (word(thread, 0), word(thread, 1));
        let error = wait(thread, condition, mutex, Until::Ever)?;
        c11_result(thread, error)
    }),
    ("cnd_timedwait", |thread| {
        let (condition, mutex) = (word(thread, 0), word(thread, 1));
        match Until::time(thread, word(thread, 2), libc::CLOCK_REALTIME)? {
            Some(until) => {
                let error = wait(thread, condition, mutex, until)?;
                c11_result(thread, error)
            }
            None => result_int(thread, ERROR),
        }
    }),
    ("cnd_signal", |thread| {
        signal(thread, 1)?;
        result_int(thread, 0)
    }),
    ("cnd_broadcast", |thread| {
        signal(thread, i32::MAX)?;
        result_int(thread, 0)
    }),
];

/// The result of functions of `threads.h` that fail.
pub(super) const ERROR: i32 = 2;

/// The fields of a mutex: its owner, how often that holds it, its kind. A lock for readers has its writer behind its state.
const HELD: u64 = 4;
const KIND: u64 = 16;
const RECURSIVE: u64 = 1;
const CHECKED: u64 = 2;

/// A condition variable: how often it was signalled, the clock of times.
const CLOCK: u64 = 4;

/// The state of a lock that one thread has for writing; else it is the number of readers.
const WRITTEN: u64 = u32::MAX as u64;

/// A barrier: how often it was passed, how many threads have come, how many it is for.
const COME: u64 = 4;
const COUNT: u64 = 8;
const LAST: i32 = -1;

fn succeed(thread: &mut Thread) -> Outcome {
    result_int(thread, 0)
}

fn clear_attributes(thread: &mut Thread) -> Outcome {
    store::<4>(thread.window(), word(thread, 0), 0)?;
    result_int(thread, 0)
}

fn fail(thread: &mut Thread, error: i32) -> Outcome {
    set_errno(thread, error);
    result_int(thread, -1)
}

/// A result of `threads.h` for an error number.
fn c11_result(thread: &mut Thread, error: i32) -> Outcome {
    let result = match error {
        0 => 0,
        libc::EBUSY => 1,
        libc::ETIMEDOUT => 4,
        _ => ERROR,
    };
    result_int(thread, result)
}

/// Begins an object of `length` bytes that keeps, at `place`, the first number of its attributes.
fn begin_with_attribute(thread: &mut Thread, length: u64, place: u64) -> Outcome {
    let (object, attributes) = (word(thread, 0), word(thread, 1));
    let attribute = if attributes == 0 {
        0
    } else {
        load::<4>(thread.window(), attributes)?
    };
    clear(thread, object, length)?;
    store::<4>(thread.window(), object.wrapping_add(place), attribute)?;
    result_int(thread, 0)
}

fn clear(thread: &Thread, start: u64, length: u64) -> Outcome {
    for offset in (0..length).step_by(8) {
        store::<8>(thread.window(), start.wrapping_add(offset), 0)?;
    }
    Ok(())
}

/// How long to wait.
#[derive(Debug, Clone, Copy)]
enum Until {
    Now,
    Ever,
    /// Until this clock shows this time.
    Time(i32, Duration),
}

impl Until {
    /// The time at an address; nothing if there is none.
    fn time(thread: &Thread, place: u64, clock: i32) -> Result<Option<Self>, Failure> {
        let time = timespec(thread, place)?;
        Ok(time.map(|time| Self::Time(clock, time)))
    }

    fn is_over(self) -> bool {
        match self {
            Self::Now => true,
            Self::Ever => false,
            Self::Time(number, end) => match clock(number) {
                Ok((seconds, nanos)) => Duration::new(seconds, nanos as u32) >= end,
                Err(_) => true,
            },
        }
    }
}

/// Replaces 4 bytes that are as expected; the result is what they were.
pub(super) fn swap(thread: &Thread, place: u64, expected: u64, new: u64) -> Result<u64, Failure> {
    check_alignment(place)?;
    thread
        .window()
        .compare_exchange::<4>(place, expected, new)
        .map(|before| before & 0xffff_ffff)
        .map_err(|cause| bad_pointer(place, cause))
}

/// A word that threads wait at is a whole one.
fn check_alignment(place: u64) -> Outcome {
    if place.is_multiple_of(4) {
        return Ok(());
    }
    Err(Failure::Why(format!(
        "was given {place:#x}, which is not a multiple of 4"
    )))
}

/// Replaces 4 bytes by the result of `new`, unless that is nothing. The result is their old value.
fn update(thread: &Thread, place: u64, new: impl Fn(u64) -> Option<u64>) -> Result<u64, Failure> {
    check_alignment(place)?;
    let mut now = load::<4>(thread.window(), place)?;
    while let Some(next) = new(now) {
        let before = swap(thread, place, now, next & 0xffff_ffff)?;
        if before == now {
            break;
        }
        now = before;
    }
    Ok(now)
}

/// Replaces 4 bytes; the result is what they were.
pub(super) fn exchange(thread: &Thread, place: u64, new: u64) -> Result<u64, Failure> {
    update(thread, place, |_| Some(new))
}

/// Wakes all threads that wait for a word to change.
pub(super) fn wake_all(thread: &Thread, place: u64) {
    thread.window().wake(place, i32::MAX);
}

/// The word that stands for the thread in a mutex.
fn own_mark(thread: &Thread) -> u64 {
    thread.number() & 0xffff_ffff
}

/// Locks a mutex; the result is an error number.
fn lock(thread: &Thread, mutex: u64, until: Until) -> Result<i32, Failure> {
    let own = own_mark(thread);
    let held = mutex.wrapping_add(HELD);
    let kind = load::<4>(thread.window(), mutex.wrapping_add(KIND))? & 3;
    loop {
        let owner = swap(thread, mutex, 0, own)?;
        if owner == 0 {
            store::<4>(thread.window(), held, 1)?;
            return Ok(0);
        }
        if owner == own && kind == RECURSIVE {
            let count = load::<4>(thread.window(), held)?;
            store::<4>(thread.window(), held, count.wrapping_add(1))?;
            return Ok(0);
        }
        if matches!(until, Until::Now) {
            return Ok(libc::EBUSY);
        }
        if owner == own && kind == CHECKED {
            return Ok(libc::EDEADLK);
        }
        if until.is_over() {
            return Ok(libc::ETIMEDOUT);
        }
        thread.wait_at(mutex, owner as u32)?;
    }
}

/// Unlocks a mutex; the result is an error number.
fn unlock(thread: &Thread, mutex: u64) -> Result<i32, Failure> {
    let held = mutex.wrapping_add(HELD);
    if load::<4>(thread.window(), mutex)? != own_mark(thread) {
        return Ok(libc::EPERM);
    }
    let count = load::<4>(thread.window(), held)?;
    store::<4>(thread.window(), held, count.wrapping_sub(1))?;
    if count <= 1 {
        exchange(thread, mutex, 0)?;
        thread.window().wake(mutex, 1);
    }
    Ok(0)
}

/// Waits for a condition variable, without the mutex; the result is an error number. A recursive mutex is given up as a whole.
fn wait(thread: &Thread, condition: u64, mutex: u64, until: Until) -> Result<i32, Failure> {
    let held = mutex.wrapping_add(HELD);
    let seen = load::<4>(thread.window(), condition)?;
    let count = load::<4>(thread.window(), held)?;
    if load::<4>(thread.window(), mutex)? != own_mark(thread) {
        return Ok(libc::EPERM);
    }
    exchange(thread, mutex, 0)?;
    thread.window().wake(mutex, 1);
    let mut error = 0;
    while load::<4>(thread.window(), condition)? == seen {
        if until.is_over() {
            error = libc::ETIMEDOUT;
            break;
        }
        thread.wait_at(condition, seen as u32)?;
    }
    while swap(thread, mutex, 0, own_mark(thread))? != 0 {
        let owner = load::<4>(thread.window(), mutex)?;
        if owner != 0 {
            thread.wait_at(mutex, owner as u32)?;
        }
    }
    store::<4>(thread.window(), held, count)?;
    Ok(error)
}

fn signal(thread: &Thread, threads: i32) -> Outcome {
    let condition = word(thread, 0);
    update(thread, condition, |times| Some(times.wrapping_add(1)))?;
    thread.window().wake(condition, threads);
    Ok(())
}

/// Changes the word of a lock or semaphore as soon as that is possible; the result is an error number. A signal that comes can be the end.
fn acquire(
    thread: &Thread,
    place: u64,
    until: Until,
    may_end: bool,
    new: impl Fn(u64) -> Option<u64>,
) -> Result<i32, Failure> {
    loop {
        let before = update(thread, place, &new)?;
        if new(before).is_some() {
            return Ok(0);
        }
        if matches!(until, Until::Now) {
            return Ok(libc::EBUSY);
        }
        if until.is_over() {
            return Ok(libc::ETIMEDOUT);
        }
        if may_end && arrived::has_come(thread)? {
            return Ok(libc::EINTR);
        }
        thread.wait_at(place, before as u32)?;
    }
}

/// Whether this thread has the lock for writing: waiting for it would never end.
fn has_for_writing(thread: &Thread, lock: u64) -> Result<bool, Failure> {
    let state = load::<4>(thread.window(), lock)?;
    let writer = load::<4>(thread.window(), lock.wrapping_add(HELD))?;
    Ok(state == WRITTEN && writer == own_mark(thread))
}

fn share(thread: &mut Thread, until: Until) -> Outcome {
    let lock = word(thread, 0);
    if !matches!(until, Until::Now) && has_for_writing(thread, lock)? {
        return result_int(thread, libc::EDEADLK);
    }
    let error = acquire(thread, lock, until, false, |state| {
        (state < WRITTEN - 1).then_some(state + 1)
    })?;
    result_int(thread, error)
}

fn take(thread: &mut Thread, until: Until) -> Outcome {
    let lock = word(thread, 0);
    if !matches!(until, Until::Now) && has_for_writing(thread, lock)? {
        return result_int(thread, libc::EDEADLK);
    }
    let error = acquire(thread, lock, until, false, |state| {
        (state == 0).then_some(WRITTEN)
    })?;
    if error == 0 {
        let writer = lock.wrapping_add(HELD);
        store::<4>(thread.window(), writer, own_mark(thread))?;
    }
    result_int(thread, error)
}

fn down(thread: &mut Thread, until: Until) -> Outcome {
    let semaphore = word(thread, 0);
    loop {
        match acquire(thread, semaphore, until, true, |value| value.checked_sub(1))? {
            0 => return result_int(thread, 0),
            libc::EBUSY => return fail(thread, libc::EAGAIN),
            libc::EINTR if signals::restart(thread)? => {}
            error => return fail(thread, error),
        }
    }
}

fn pass_barrier(thread: &mut Thread) -> Outcome {
    let barrier = word(thread, 0);
    let come = barrier.wrapping_add(COME);
    let passed = load::<4>(thread.window(), barrier)?;
    let count = load::<4>(thread.window(), barrier.wrapping_add(COUNT))?;
    let before = update(thread, come, |come| Some(come.wrapping_add(1)))?;
    if before + 1 >= count {
        exchange(thread, come, 0)?;
        update(thread, barrier, |passed| Some(passed.wrapping_add(1)))?;
        wake_all(thread, barrier);
        return result_int(thread, LAST);
    }
    while load::<4>(thread.window(), barrier)? == passed {
        thread.wait_at(barrier, passed as u32)?;
    }
    result_int(thread, 0)
}
