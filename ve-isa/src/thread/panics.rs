//! Mistakes of this crate, caught: machine code that comes upon one ends by a trap.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Failure, Thread};

/// Does something with a thread. If that panics, the calls that it has begun are over, and the error says why.
pub(super) fn caught<R>(
    thread: &mut Thread,
    act: impl FnOnce(&mut Thread) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let depth = thread.calls.len();
    // A panic may leave the thread half changed; that is mended below. The rest of the machine is behind locks.
    let done = catch_unwind(AssertUnwindSafe(|| act(&mut *thread)));
    done.unwrap_or_else(|panic| {
        thread.calls.truncate(depth);
        thread.jump = None;
        Err(Failure::Why(describe(&*panic)))
    })
}

/// The message of a panic.
fn describe(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("without a reason");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("panicked: {text}; this is a mistake of the emulator, please report it")
}
