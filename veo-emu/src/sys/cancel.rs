//! Protection of a section of code from `pthread_cancel`. A thread that is cancelled meanwhile
//! ends at its next cancellation point.

use std::ffi::c_int;
use std::marker::PhantomData;

unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// `PTHREAD_CANCEL_DISABLE` of all C libraries on Linux.
const DISABLE: c_int = 1;

/// While it exists the calling thread is not cancelled.
#[derive(Debug)]
pub struct Uncancelled {
    before: c_int,
    /// Keeps the value on its thread.
    _here: PhantomData<*const ()>,
}

impl Uncancelled {
    /// Begins now, on the calling thread.
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Uncancelled {
        let mut before = 0;
        // SAFETY: the place is valid for writing.
        unsafe { pthread_setcancelstate(DISABLE, &raw mut before) };
        Uncancelled {
            before,
            _here: PhantomData,
        }
    }
}

impl Drop for Uncancelled {
    fn drop(&mut self) {
        let mut disabled = 0;
        // SAFETY: the state was in force before, and the place is valid for writing.
        unsafe { pthread_setcancelstate(self.before, &raw mut disabled) };
    }
}
