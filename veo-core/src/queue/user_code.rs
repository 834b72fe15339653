//! Code of the user that the backend calls: host functions in the queue of a context
//! (`veo_call_async_vh`), receivers of output. And what may not be waited for inside of it, or
//! while a library is unloaded: a request after it would be waited for without end.
//!
//! The backend gets the number of a host call, not an address: one that was collected or
//! lost before it ran is simply not there any more.

use std::any::Any;
use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::session::ProcId;
use crate::warning::contain;

/// Code of the user that the backend has called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// A host function: the number of its context and that of its request.
    HostFunction { ctx: u64, number: u64 },
    /// The receiver of a process's output, for which all waiting in that process waits.
    Output(ProcId),
}

thread_local! {
    static CURRENT: Cell<Option<Inside>> = const { Cell::new(None) };
    /// Whether this thread waits for the calls of a library that it unloads.
    static UNLOADING: Cell<bool> = const { Cell::new(false) };
}

/// The code of the user that runs on this thread.
#[inline]
pub(super) fn current() -> Option<Inside> {
    CURRENT.get()
}

/// Whether an unloading may be waiting for this thread: it runs a host function, of
/// any context, or unloads something itself and meets code of the user among what it collects.
pub(crate) fn may_hold_up_unloading() -> bool {
    UNLOADING.get() || matches!(current(), Some(Inside::HostFunction { .. }))
}

/// Runs `code`, which must not panic, as part of an unloading.
pub(crate) fn while_unloading<R>(code: impl FnOnce() -> R) -> R {
    let outer = UNLOADING.replace(true);
    let result = code();
    UNLOADING.set(outer);
    result
}

/// Runs `code`, which must not panic, as code of the user.
pub(crate) fn run_inside<R>(inside: Inside, code: impl FnOnce() -> R) -> R {
    let outer = CURRENT.replace(Some(inside));
    let result = code();
    CURRENT.set(outer);
    result
}

type HostClosure = Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>;
type HostCallOutcome = std::result::Result<Box<dyn Any + Send>, String>;

/// A host function on its way, and its outcome.
pub(crate) struct HostCall {
    ctx: u64,
    /// The request's number, known once it was submitted.
    number: AtomicU64,
    run: Mutex<Option<HostClosure>>,
    outcome: Mutex<Option<HostCallOutcome>>,
}

impl HostCall {
    /// Sets the request's number, before the backend can run it.
    pub(crate) fn set_number(&self, number: u64) {
        self.number.store(number, Ordering::Relaxed);
    }
}

static HOST_CALLS: Mutex<Option<HashMap<u64, Arc<HostCall>>>> = Mutex::new(None);
static NEXT: AtomicU64 = AtomicU64::new(1);

fn host_calls<R>(f: impl FnOnce(&mut HashMap<u64, Arc<HostCall>>) -> R) -> R {
    let mut host_calls = HOST_CALLS.lock().unwrap_or_else(PoisonError::into_inner);
    f(host_calls.get_or_insert_with(HashMap::new))
}

/// A host call that is known to the backend by `key` until this is dropped.
pub(crate) struct PendingHostCall {
    key: u64,
    call: Arc<HostCall>,
}

impl PendingHostCall {
    /// Registers `function` for context `ctx`.
    pub(crate) fn new<R: Send + 'static>(
        ctx: u64,
        function: impl FnOnce() -> R + Send + 'static,
    ) -> PendingHostCall {
        let run: HostClosure = Box::new(move || Box::new(function()));
        let call = Arc::new(HostCall {
            ctx,
            number: AtomicU64::new(0),
            run: Mutex::new(Some(run)),
            outcome: Mutex::new(None),
        });
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        host_calls(|host_calls| host_calls.insert(key, Arc::clone(&call)));
        PendingHostCall { key, call }
    }

    /// The pointer that the backend passes to [`run`].
    pub(crate) fn argument(&self) -> *mut c_void {
        self.key as usize as *mut c_void
    }

    pub(crate) fn call(&self) -> Arc<HostCall> {
        Arc::clone(&self.call)
    }

    /// The result of the function, or its panic message.
    pub(crate) fn outcome(&self) -> Option<HostCallOutcome> {
        let mut outcome = self.call.outcome.lock();
        outcome.as_mut().map_or_else(
            |poisoned| poisoned.get_mut().take(),
            |outcome| outcome.take(),
        )
    }
}

impl Drop for PendingHostCall {
    fn drop(&mut self) {
        drop(host_calls(|host_calls| host_calls.remove(&self.key)));
    }
}

/// The function that the backend calls: runs the host call of that key, once.
pub(crate) unsafe extern "C" fn run(argument: *mut c_void) -> u64 {
    let key = argument as usize as u64;
    let Some(call) = host_calls(|host_calls| host_calls.remove(&key)) else {
        return 0;
    };
    let function = call
        .run
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let Some(function) = function else {
        return 0;
    };
    let inside = Inside::HostFunction {
        ctx: call.ctx,
        number: call.number.load(Ordering::Relaxed),
    };
    run_inside(inside, move || {
        // Nothing here depends on data that the function left half changed.
        let outcome = catch_unwind(AssertUnwindSafe(function)).map_err(|panic| {
            let text = message(&*panic);
            // Dropping what was thrown may panic in turn; that is where it ends.
            contain(move || drop(panic));
            text
        });
        *call.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        // The last owner, if the request was given up meanwhile: this drops the outcome.
        contain(move || drop(call));
    });
    0
}

/// The text of a panic.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_call_runs_once_and_knows_where_it_is() {
        let pending = PendingHostCall::new(3, current);
        pending.call().set_number(9);
        // SAFETY: any argument is valid.
        unsafe { run(pending.argument()) };
        // SAFETY: as above.
        unsafe { run(pending.argument()) };
        assert_eq!(current(), None);
        let value = pending.outcome().unwrap().unwrap();
        assert_eq!(
            *value.downcast::<Option<Inside>>().unwrap(),
            Some(Inside::HostFunction { ctx: 3, number: 9 })
        );
    }

    #[test]
    fn a_panic_is_caught_with_its_message() {
        let pending = PendingHostCall::new(1, || -> () { panic!("lost {}", "keys") });
        // SAFETY: any argument is valid.
        unsafe { run(pending.argument()) };
        assert_eq!(pending.outcome().unwrap().err().unwrap(), "lost keys");
    }

    #[test]
    fn a_host_call_that_was_given_up_does_not_run() {
        let ran = Arc::new(AtomicU64::new(0));
        let pending = PendingHostCall::new(1, {
            let ran = Arc::clone(&ran);
            move || ran.store(1, Ordering::Relaxed)
        });
        let argument = pending.argument();
        drop(pending);
        assert_eq!(Arc::strong_count(&ran), 1, "dropped with what it captured");
        // SAFETY: any argument is valid.
        unsafe { run(argument) };
        assert_eq!(ran.load(Ordering::Relaxed), 0);
    }
}
