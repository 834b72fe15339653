//! `pthread.h`: mutexes, functions that run once, thread-specific values. What ncc's runtime asks for, with one thread.

use super::call::{
    Outcome, Table, bad_pointer, load, nothing, place, result, result_int, store, word,
};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("pthread_self", |thread| {
        let own = own_number(thread);
        result(thread, own)
    }),
    ("pthread_equal", |thread| {
        let equal = word(thread, 0) == word(thread, 1);
        result_int(thread, equal.into())
    }),
    ("pthread_mutex_init", |thread| {
        let (mutex, attributes) = (word(thread, 0), word(thread, 1));
        let kind = if attributes == 0 {
            0
        } else {
            load::<4>(thread.window(), attributes)?
        };
        for word in 0..5 {
            store::<8>(thread.window(), mutex.wrapping_add(8 * word), 0)?;
        }
        store::<4>(thread.window(), mutex.wrapping_add(KIND), kind)?;
        result_int(thread, 0)
    }),
    ("pthread_mutex_destroy", |thread| result_int(thread, 0)),
    ("pthread_mutex_lock", |thread| lock(thread, true)),
    ("pthread_mutex_trylock", |thread| lock(thread, false)),
    ("pthread_mutex_unlock", unlock),
    ("pthread_mutexattr_init", |thread| {
        let attributes = word(thread, 0);
        store::<4>(thread.window(), attributes, 0)?;
        result_int(thread, 0)
    }),
    ("pthread_mutexattr_settype", |thread| {
        let (attributes, kind) = (word(thread, 0), word(thread, 1));
        store::<4>(thread.window(), attributes, kind & 3)?;
        result_int(thread, 0)
    }),
    ("pthread_mutexattr_destroy", |thread| result_int(thread, 0)),
    ("pthread_once", once),
    ("pthread_key_create", |thread| {
        let (place, destructor) = (word(thread, 0), word(thread, 1));
        load::<4>(thread.window(), place)?;
        let key = thread.process().keys.lock().create(destructor);
        match key {
            Some(key) => {
                store::<4>(thread.window(), place, key as u64)?;
                result_int(thread, 0)
            }
            None => result_int(thread, libc::EAGAIN),
        }
    }),
    ("pthread_key_delete", |thread| {
        let key = word(thread, 0) as u32;
        let known = thread.process().keys.lock().delete(key as usize);
        result_int(thread, if known { 0 } else { libc::EINVAL })
    }),
    ("pthread_getspecific", |thread| {
        let (own, key) = (own_number(thread), word(thread, 0) as u32);
        let value = thread.process().keys.lock().get(own, key as usize);
        result(thread, value)
    }),
    ("pthread_setspecific", |thread| {
        let (own, key, value) = (own_number(thread), word(thread, 0) as u32, word(thread, 1));
        let known = thread.process().keys.lock().set(own, key as usize, value);
        result_int(thread, if known { 0 } else { libc::EINVAL })
    }),
    ("sched_yield", |thread| {
        std::thread::yield_now();
        result_int(thread, 0)
    }),
    // OpenMP with one thread, number 0 of 1.
    ("omp_get_thread_num", |thread| result_int(thread, 0)),
    ("omp_get_num_threads", |thread| result_int(thread, 1)),
    ("omp_get_max_threads", |thread| result_int(thread, 1)),
    ("omp_get_num_procs", |thread| result_int(thread, 1)),
    ("omp_in_parallel", |thread| result_int(thread, 0)),
    ("omp_set_num_threads", nothing),
    ("omp_set_dynamic", nothing),
    ("omp_get_dynamic", |thread| result_int(thread, 0)),
    ("omp_get_wtime", |thread| {
        let (seconds, nanos) = super::time::clock(libc::CLOCK_MONOTONIC).unwrap_or_default();
        super::call::result_double(thread, seconds as f64 + nanos as f64 * 1e-9)
    }),
    // ncc's own entries: a barrier of one thread is passed at once.
    ("__nec_start_threads", nothing),
    ("__vthr$_barrier", nothing),
    ("__vthr$_barrier_task", nothing),
    ("__vthr$_critical", nothing),
    ("__vthr$_endcritical", nothing),
    ("__vthr$_nest_para_enter", nothing),
    ("__vthr$_nest_para_exit", nothing),
    ("__vthr$_single", |thread| result_int(thread, 1)),
    ("__vthr$_pcall_va", |thread| {
        // (function, flags, count, arguments...): the function gets a handle, a number, and where the arguments are.
        let (function, arguments) = (word(thread, 0), place(thread, 3));
        thread.call_back(function, &[0, 0, arguments])?;
        result_int(thread, 0)
    }),
];

/// Where a mutex has who holds it, how often, and of which kind it is: as initialisers of the C library of Linux set it.
const OWNER: u64 = 0;
const COUNT: u64 = 4;
const KIND: u64 = 16;

const RECURSIVE: u64 = 1;
const CHECKED: u64 = 2;

/// A number for the thread that no other has, not 0.
fn own_number(thread: &Thread) -> u64 {
    thread.private().start
}

/// What stands for the thread in a mutex: its memory begins at a multiple of 64 KiB.
fn own_mark(thread: &Thread) -> u64 {
    own_number(thread) >> 12 & 0xffff_ffff
}

fn swap(thread: &Thread, place: u64, expected: u64, new: u64) -> Result<u64, Failure> {
    if !place.is_multiple_of(4) {
        return Err(Failure::Why(format!(
            "was given {place:#x}, which is not a multiple of 4"
        )));
    }
    thread
        .window()
        .compare_exchange::<4>(place, expected, new)
        .map(|before| before & 0xffff_ffff)
        .map_err(|cause| bad_pointer(place, cause))
}

fn lock(thread: &mut Thread, wait: bool) -> Outcome {
    let mutex = word(thread, 0);
    let own = own_mark(thread);
    let kind = load::<4>(thread.window(), mutex.wrapping_add(KIND))? & 3;
    let mut rounds = 0_u32;
    loop {
        let owner = swap(thread, mutex.wrapping_add(OWNER), 0, own)?;
        if owner == 0 {
            store::<4>(thread.window(), mutex.wrapping_add(COUNT), 1)?;
            return result_int(thread, 0);
        }
        if owner == own && kind == RECURSIVE {
            let count = load::<4>(thread.window(), mutex.wrapping_add(COUNT))?;
            store::<4>(thread.window(), mutex.wrapping_add(COUNT), count + 1)?;
            return result_int(thread, 0);
        }
        if owner == own && kind == CHECKED && wait {
            return result_int(thread, libc::EDEADLK);
        }
        if !wait {
            return result_int(thread, libc::EBUSY);
        }
        pause(thread, &mut rounds)?;
    }
}

/// Waits a little, and longer from time to time.
fn pause(thread: &Thread, rounds: &mut u32) -> Outcome {
    thread.poll()?;
    *rounds += 1;
    if *rounds < 100 {
        std::thread::yield_now();
    } else {
        std::thread::sleep(std::time::Duration::from_micros(200));
    }
    Ok(())
}

fn unlock(thread: &mut Thread) -> Outcome {
    let mutex = word(thread, 0);
    let own = own_mark(thread);
    let owner = load::<4>(thread.window(), mutex.wrapping_add(OWNER))?;
    if owner != own {
        return result_int(thread, libc::EPERM);
    }
    let count = load::<4>(thread.window(), mutex.wrapping_add(COUNT))?;
    store::<4>(
        thread.window(),
        mutex.wrapping_add(COUNT),
        count.wrapping_sub(1),
    )?;
    if count <= 1 {
        swap(thread, mutex.wrapping_add(OWNER), own, 0)?;
    }
    result_int(thread, 0)
}

/// What the variable of a function that runs once holds while it runs, and afterwards.
const RUNNING: u64 = 1;
const DONE: u64 = 2;

fn once(thread: &mut Thread) -> Outcome {
    let (control, function) = (word(thread, 0), word(thread, 1));
    let mut rounds = 0;
    loop {
        match swap(thread, control, 0, RUNNING)? {
            0 => {
                thread.call_back(function, &[])?;
                store::<4>(thread.window(), control, DONE)?;
                return result_int(thread, 0);
            }
            RUNNING => pause(thread, &mut rounds)?,
            _ => return result_int(thread, 0),
        }
    }
}
