//! A context as its handles share it: its table of requests behind a lock, and who may
//! do what with it.
//!
//! One thread at a time, the collector, asks the backend for results: libveo hangs
//! when two threads wait on one context. It always asks for the oldest pending
//! requests, in the order in which results come; the others sleep until it has recorded
//! some. Synchronous calls on the main
//! context take the same place.
//!
//! The lock is never held while waiting for the VE, nor while code of the user runs.
//! The modules beside this one work under it: submission, collection, the
//! collector's place for other uses.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::ThreadId;
use std::time::Instant;

use veo_abi::ffi::{self, veo_thr_ctxt};

use super::args::ArgsHandle;
use super::entry::{DeferredWork, Ticket};
use super::handle::ContextHandle;
use super::observed::ObservedRequests;
use super::table::RequestTable;
use super::user_code::{Inside, current};
use crate::backend::need;
use crate::error::{Error, Result};
use crate::session::{LibraryCode, ProcCore, RequestName};

/// Whether requests are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    /// No more requests are taken; those submitted are being finished.
    Closing,
    /// The backend's handle must not be used any more.
    Closed,
}

/// The data that the lock of a context protects.
pub(crate) struct CtxState {
    pub(crate) table: RequestTable,
    pub(crate) phase: Phase,
    /// Whether a thread is the collector.
    pub(super) collecting: bool,
    /// Whether the collector's place was taken for good, see `CtxShared::retire`.
    pub(super) retired: bool,
    /// Threads that sleep until something changes.
    sleepers: usize,
    /// The requests that observers have not been told of so far.
    pub(super) observed: ObservedRequests,
    /// The thread inside a request block, and how deep.
    pub(super) block: Option<(ThreadId, usize)>,
    /// When it began, if somebody looks.
    pub(super) block_begin: u64,
    /// Argument objects to be used again.
    pub(super) args: Vec<ArgsHandle>,
    /// The requests that the next submission waits for.
    pub(super) held_back: Vec<Predecessor>,
    /// Whether the thread that serves futures runs.
    pub(super) driver: bool,
}

/// A request that requests of other contexts come after. It keeps nothing alive.
///
/// If host functions may wait, a function that waits for the request is queued, and the program
/// goes on. Otherwise the next submission waits. A request comes only after requests that were
/// submitted before it, so nothing waits in a circle, unless functions of the program wait as
/// well.
#[derive(Clone)]
pub(crate) struct Predecessor {
    pub(super) ctx: Weak<CtxShared>,
    pub(super) ticket: Ticket,
}

impl Predecessor {
    pub(crate) fn new(ctx: &Arc<CtxShared>, ticket: Ticket) -> Predecessor {
        Predecessor {
            ctx: Arc::downgrade(ctx),
            ticket,
        }
    }

    /// Its context, unless it has ended.
    pub(super) fn pending(&self) -> Option<Arc<CtxShared>> {
        let ctx = self.ctx.upgrade()?;
        (!ctx.finished(self.ticket.number)).then_some(ctx)
    }
}

pub(crate) struct CtxShared {
    pub(crate) core: Arc<ProcCore>,
    /// Numbers contexts for the life of the program, from 1.
    pub(crate) id: u64,
    pub(super) handle: ContextHandle,
    state: Mutex<CtxState>,
    changed: Condvar,
    /// How many requests were collected: those with lower numbers have finished.
    collected: AtomicU64,
    /// The requests of other contexts that requests from a number on come after. Nothing else is
    /// locked while this is.
    orders: Mutex<Vec<(u64, Predecessor)>>,
}

/// The result of [`CtxShared::retire`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retirement {
    /// The caller has the handle for itself.
    Now,
    /// Somebody else has.
    Before,
    /// The time was up.
    Not,
}

pub(crate) type StateGuard<'a> = MutexGuard<'a, CtxState>;
pub(crate) type DeferredWorks = Vec<DeferredWork>;

impl CtxShared {
    pub(crate) fn new(core: Arc<ProcCore>, handle: *mut veo_thr_ctxt) -> Arc<CtxShared> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let handle = ContextHandle::new(core.api, handle);
        let ctx = Arc::new(CtxShared {
            core,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            handle,
            state: Mutex::new(CtxState {
                table: RequestTable::default(),
                phase: Phase::Open,
                collecting: false,
                retired: false,
                sleepers: 0,
                observed: ObservedRequests::default(),
                block: None,
                block_begin: 0,
                args: Vec::new(),
                held_back: Vec::new(),
                driver: false,
            }),
            changed: Condvar::new(),
            collected: AtomicU64::new(0),
            orders: Mutex::default(),
        });
        let keeper: Weak<CtxShared> = Arc::downgrade(&ctx);
        ctx.core.observers.add_keeper(keeper);
        ctx
    }

    /// The backend's handle, for someone who holds the lock and saw that the context
    /// is not closed.
    pub(crate) fn handle(&self) -> *mut veo_thr_ctxt {
        self.handle.raw()
    }

    #[inline]
    pub(crate) fn lock(&self) -> StateGuard<'_> {
        // No code of the user runs under the lock, so poison cannot mean a broken state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sleep<'a>(
        &'a self,
        mut state: StateGuard<'a>,
        until: Option<Instant>,
    ) -> StateGuard<'a> {
        state.sleepers += 1;
        let mut state = match until {
            None => self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                self.changed
                    .wait_timeout(state, left)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        state.sleepers -= 1;
        state
    }

    #[inline]
    pub(super) fn wake(&self, state: &StateGuard<'_>) {
        if state.sleepers > 0 {
            self.changed.notify_all();
        }
    }

    /// Wakes everyone who sleeps.
    pub(super) fn wake_all(&self) {
        self.changed.notify_all();
    }

    /// Whether request `number` and all before it have finished.
    pub(crate) fn finished(&self, number: u64) -> bool {
        self.collected.load(Ordering::Acquire) > number
    }

    /// How many requests were collected.
    pub(super) fn collected(&self) -> u64 {
        self.collected.load(Ordering::Acquire)
    }

    /// Counts a request that was collected, for someone who holds the lock.
    #[inline]
    pub(super) fn count_collected(&self, _: &mut StateGuard<'_>) {
        // Nobody else changes it, by the lock.
        let collected = self.collected.load(Ordering::Relaxed);
        self.collected.store(collected + 1, Ordering::Release);
    }

    /// The number of the last pending request that may call the library.
    pub(crate) fn last_call(&self, code: &Arc<LibraryCode>) -> Option<u64> {
        self.lock().table.last_call(code)
    }

    /// Whether requests are taken.
    pub(crate) fn is_open(&self) -> bool {
        self.lock().phase == Phase::Open
    }

    /// Stops taking requests. Tells whether they were taken until now.
    pub(crate) fn close_down(&self) -> bool {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return false;
        }
        state.phase = Phase::Closing;
        self.wake(&state);
        true
    }

    /// Waits for the collector's place until `until` and keeps it for good: afterwards
    /// nobody uses the backend's handle.
    pub(crate) fn retire(&self, until: Instant) -> Retirement {
        let mut state = self.close_to_observers();
        if state.retired {
            return Retirement::Before;
        }
        state.phase = Phase::Closed;
        while state.collecting {
            if Instant::now() >= until {
                return Retirement::Not;
            }
            state = self.sleep(state, Some(until));
            if state.retired {
                return Retirement::Before;
            }
        }
        state.collecting = true;
        state.retired = true;
        self.wake(&state);
        Retirement::Now
    }

    /// The name of a request in errors.
    pub(crate) fn describe(&self, ticket: Ticket) -> String {
        let kind = if self.core.image.is_foreign() {
            // No lock here: another thread of the parent may have held it.
            None
        } else {
            self.lock().table.kind(ticket)
        };
        RequestName::new(kind.as_ref(), ticket.number, self.id).to_string()
    }

    #[inline]
    pub(super) fn check_not_foreign(&self) -> Result<()> {
        if self.core.image.is_foreign() {
            // No lock here: another thread of the parent may have held it.
            return Err(Error::Forked {
                what: "waiting for a request".into(),
            });
        }
        Ok(())
    }

    /// Whether the backend says that the VE's side of an open context has ended.
    pub(super) fn has_exited(&self, state: &StateGuard<'_>) -> bool {
        let Some(get) = self.core.api.table.veo_get_context_state else {
            return false;
        };
        // SAFETY: the lock is held; a context that is not closed is valid.
        state.phase != Phase::Closed
            && unsafe { get(self.handle.raw()) } == ffi::VEO_STATE_EXIT as i32
    }

    /// The backend's state of the context: see [`ContextState`](super::ContextState).
    pub(crate) fn backend_state(&self) -> Result<i32> {
        let get = need!(
            self.core.api,
            veo_get_context_state,
            "the state of a context"
        )?;
        let state = self.lock();
        if state.phase == Phase::Closed {
            return Ok(ffi::VEO_STATE_EXIT as i32);
        }
        // SAFETY: the lock is held and the context is not closed, so the handle is valid.
        Ok(unsafe { get(self.handle.raw()) })
    }

    // ---- order between contexts ----

    /// Notes that what this context takes from request `from` on comes after `earlier`.
    pub(crate) fn note_order(&self, from: u64, earlier: &Predecessor) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.retain(|(_, earlier)| earlier.pending().is_some());
        orders.push((from, earlier.clone()));
    }

    /// Whether requests of this context may come after some of another one.
    fn has_orders(&self) -> bool {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        !orders.is_empty()
    }

    /// Whether request `number` comes after request `first` of context `ctx`, by its place in a
    /// queue or by such notes.
    fn comes_after(&self, number: u64, ctx: u64, first: u64) -> bool {
        let mut seen = HashMap::new();
        let mut left = Vec::new();
        let mut look =
            |at: &CtxShared, number: u64, left: &mut Vec<(Arc<CtxShared>, u64)>| {
                if at.id == ctx && number >= first {
                    return true;
                }
                // A request comes after everything that earlier ones of its context come after.
                let known = seen.entry(at.id).or_insert((false, 0));
                if !known.0 || known.1 < number {
                    *known = (true, number);
                    let orders = at.orders.lock().unwrap_or_else(PoisonError::into_inner);
                    let before = orders.iter().filter(|(from, _)| *from <= number);
                    left.extend(before.filter_map(|(_, earlier)| {
                        Some((earlier.pending()?, earlier.ticket.number))
                    }));
                }
                false
            };
        if look(self, number, &mut left) {
            return true;
        }
        while let Some((at, number)) = left.pop() {
            if look(&at, number, &mut left) {
                return true;
            }
        }
        false
    }

    // ---- what may not be waited for ----

    /// Whether this thread runs code that the context, or its process, may be waiting for.
    #[inline]
    pub(super) fn is_around_this(&self) -> bool {
        match current() {
            None => false,
            Some(Inside::HostFunction { ctx, .. }) => ctx == self.id || self.has_orders(),
            Some(Inside::Output(proc)) => proc == self.core.id,
        }
    }

    /// Whether this thread runs a host function of this context.
    #[inline]
    pub(super) fn runs_host_function(&self) -> bool {
        matches!(current(), Some(Inside::HostFunction { ctx, .. }) if ctx == self.id)
    }

    /// Whether waiting for request `number` is possible on this thread: it is not if
    /// the thread runs a host function that the request comes after, or receives the output of
    /// the process.
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
            Some(Inside::HostFunction {
                ctx,
                number: current,
            }) if ctx != self.id && self.comes_after(number, ctx, current) => {
                Err(Error::WouldDeadlock {
                    what: what(),
                    reason: "it comes after the host function that waits for it, as \
                             VeoContext::after was told"
                        .into(),
                })
            }
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
