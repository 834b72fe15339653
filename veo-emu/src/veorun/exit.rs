//! The ways a VE process ends, other than by a signal.

use std::cell::Cell;
use std::sync::OnceLock;

use super::faults;
use crate::shared::control::{Cause, Control};

static CONTROL: OnceLock<&'static Control> = OnceLock::new();

/// Ends the process at once, without destructors.
pub(super) fn now(status: i32) -> ! {
    // SAFETY: _exit takes a number and does not return.
    unsafe { libc::_exit(status) }
}

/// Ends the process in order: destructors of libraries run, files are flushed.
pub(super) fn in_order() -> ! {
    // SAFETY: exit takes a number and does not return; no lock of ours is held.
    unsafe { libc::exit(0) }
}

/// Notes it when a kernel calls `exit`.
pub(super) fn install(control: &'static Control) {
    let _ = CONTROL.set(control);
    // SAFETY: the function takes no arguments and does not unwind.
    unsafe { libc::atexit(at_exit) };
}

extern "C" fn at_exit() {
    if faults::in_kernel() {
        faults::record(Cause::Exit);
    }
}

thread_local! {
    static ON_THREAD: OnThreadEnd = const { OnThreadEnd(Cell::new(false)) };
}

struct OnThreadEnd(Cell<bool>);

impl Drop for OnThreadEnd {
    fn drop(&mut self) {
        if self.0.get() && faults::in_kernel() {
            faults::record(Cause::ThreadExit);
            now(1);
        }
    }
}

/// Notes it when a kernel ends the calling thread.
pub(super) fn guard_thread() {
    ON_THREAD.with(|guard| guard.0.set(true));
}
