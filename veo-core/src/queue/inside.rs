//! What others wait for on this thread: code of the user that it runs for the backend, or an
//! unloading. Inside it, waiting for what comes after it would last for ever.

use std::cell::Cell;

use super::shared::CtxShared;
use crate::error::{Error, Result};
use crate::session::ProcId;

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

#[inline]
pub(super) fn current() -> Option<Inside> {
    CURRENT.get()
}

/// Whether an unloading may be waiting for what this thread does: it runs a host function, of
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

/// Runs `code`, which must not panic, as what it is.
pub(crate) fn run_inside<R>(inside: Inside, code: impl FnOnce() -> R) -> R {
    let outer = CURRENT.replace(Some(inside));
    let result = code();
    CURRENT.set(outer);
    result
}

impl CtxShared {
    /// Whether this thread runs code that the context, or its process, may be waiting for.
    #[inline]
    pub(super) fn is_around_this(&self) -> bool {
        match current() {
            None => false,
            Some(Inside::HostFunction { ctx, .. }) => ctx == self.id,
            Some(Inside::Output(proc)) => proc == self.core.id,
        }
    }

    /// Whether this thread runs a host function of this context.
    #[inline]
    pub(super) fn runs_host_function(&self) -> bool {
        matches!(current(), Some(Inside::HostFunction { ctx, .. }) if ctx == self.id)
    }

    /// Whether waiting for request `number` is possible on this thread: it is not if
    /// the thread runs a host function that the request is queued behind, or receives the
    /// output of the process.
    pub(crate) fn check_not_before(
        &self,
        number: u64,
        what: impl FnOnce() -> String,
    ) -> Result<()> {
        match current() {
            Some(Inside::HostFunction {
                ctx,
                number: current,
            }) if ctx == self.id && number >= current => Err(Error::WouldDeadlock {
                what: what(),
                reason: "it is queued behind the host function that waits for it".into(),
            }),
            Some(Inside::Output(proc)) if proc == self.core.id => Err(Error::WouldDeadlock {
                what: what(),
                reason: format!(
                    "{} waits until the function that receives its output has returned; send \
                     what is to be done to another thread",
                    self.core
                ),
            }),
            _ => Ok(()),
        }
    }
}
