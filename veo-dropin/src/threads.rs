//! Runs destructors of thread-local values without the dynamic loader's lock.
//!
//! A plugin may use the library in a constructor or destructor that `dlopen` or
//! `dlclose` calls. It then holds the loader's lock and waits for our threads. The C library
//! takes the same lock whenever a thread registers a destructor, and each Rust thread does
//! so when it begins. This would be a deadlock. The lock exists to keep objects with
//! destructors loaded, but this library is never unloaded.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

type Destructor = unsafe extern "C" fn(*mut c_void);

/// The destructors that a thread has registered, the last one first.
struct Entry {
    destructor: Destructor,
    value: *mut c_void,
    next: *mut Entry,
}

thread_local! {
    // This value must not have a destructor itself.
    static FIRST: Cell<*mut Entry> = const { Cell::new(ptr::null_mut()) };
}

/// The key whose destructor the C library runs when a thread ends.
fn key() -> Option<libc::pthread_key_t> {
    static KEY: OnceLock<Option<libc::pthread_key_t>> = OnceLock::new();
    *KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: the place is valid, and `run_all` is never unloaded.
        (unsafe { libc::pthread_key_create(&raw mut key, Some(run_all)) } == 0).then_some(key)
    })
}

/// Registers a destructor for Rust's standard library. It replaces the C library's function
/// with this name. Nothing else in this library calls it, and it is not exported.
// SAFETY: the name is taken on purpose; the function keeps the contract of the C
// library's.
#[unsafe(no_mangle)]
unsafe extern "C" fn __cxa_thread_atexit_impl(
    destructor: Destructor,
    value: *mut c_void,
    _object: *mut c_void,
) -> c_int {
    let Some(key) = key() else {
        return -1;
    };
    // SAFETY: the key exists; any value that is not null has the destructor run.
    if unsafe { libc::pthread_setspecific(key, ptr::without_provenance(1)) } != 0 {
        return -1;
    }
    FIRST.set(Box::into_raw(Box::new(Entry {
        destructor,
        value,
        next: FIRST.get(),
    })));
    0
}

/// Runs the destructors of the calling thread when it ends, including those that
/// destructors register.
unsafe extern "C" fn run_all(_: *mut c_void) {
    loop {
        let first = FIRST.get();
        if first.is_null() {
            return;
        }
        // SAFETY: made by `Box::into_raw` on this thread, and taken out of the list
        // below, before anything else can happen.
        let entry = unsafe { Box::from_raw(first) };
        FIRST.set(entry.next);
        // SAFETY: registered with this value, and run once.
        unsafe { (entry.destructor)(entry.value) };
    }
}
