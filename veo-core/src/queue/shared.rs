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
//! What is done with it is in the modules beside this one: submission, collection, the
//! collector's place for other uses.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::ThreadId;
use std::time::Instant;

use veo_abi::ffi::{self, veo_thr_ctxt};

use super::args::ArgsHandle;
use super::entry::{Aftermath, Ticket};
use super::table::RequestTable;
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

/// What the lock of a context protects.
pub(crate) struct CtxState {
    pub(crate) table: RequestTable,
    pub(crate) phase: Phase,
    /// Whether a thread is the collector.
    pub(super) collecting: bool,
    /// Whether the collector's place was taken for good, see `CtxShared::retire`.
    pub(super) retired: bool,
    /// Threads that sleep until something changes.
    sleepers: usize,
    /// When the last request ended that somebody has looked at, in nanoseconds of
    /// `CLOCK_MONOTONIC`.
    pub(super) last_end: u64,
    /// The thread inside a request block, and how deep.
    pub(super) block: Option<(ThreadId, usize)>,
    /// When it began, if somebody looks.
    pub(super) block_begin: u64,
    /// Argument objects to be used again.
    pub(super) args: Vec<ArgsHandle>,
    /// What the next submission waits for.
    pub(super) held_back: Vec<Predecessor>,
    /// Whether the thread that serves futures runs.
    pub(super) driver: bool,
}

/// A request that requests of other contexts come after. It keeps nothing alive.
#[derive(Clone)]
pub(crate) struct Predecessor {
    pub(super) ctx: Weak<CtxShared>,
    pub(super) ticket: Ticket,
}

pub(crate) struct CtxShared {
    pub(crate) core: Arc<ProcCore>,
    /// Numbers contexts for the life of the program, from 1.
    pub(crate) id: u64,
    pub(super) handle: *mut veo_thr_ctxt,
    state: Mutex<CtxState>,
    changed: Condvar,
    /// How many requests were collected: those with lower numbers have finished.
    collected: AtomicU64,
    /// What requests from a number on come after, in other contexts. Nothing else is locked while
    /// this is.
    pub(super) orders: Mutex<Vec<(u64, Predecessor)>>,
}

// SAFETY: the handle is an opaque token that any thread may pass to the backend; the
// lock and the collector's place keep the calls apart that must not meet.
unsafe impl Send for CtxShared {}
// SAFETY: as above.
unsafe impl Sync for CtxShared {}

pub(crate) type StateGuard<'a> = MutexGuard<'a, CtxState>;
pub(crate) type Aftermaths = Vec<Aftermath>;

impl CtxShared {
    pub(crate) fn new(core: Arc<ProcCore>, handle: *mut veo_thr_ctxt) -> Arc<CtxShared> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new(CtxShared {
            core,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            handle,
            state: Mutex::new(CtxState {
                table: RequestTable::default(),
                phase: Phase::Open,
                collecting: false,
                retired: false,
                sleepers: 0,
                last_end: 0,
                block: None,
                block_begin: 0,
                args: Vec::new(),
                held_back: Vec::new(),
                driver: false,
            }),
            changed: Condvar::new(),
            collected: AtomicU64::new(0),
            orders: Mutex::default(),
        })
    }

    /// The backend's handle, for someone who holds the lock and saw that the context
    /// is not closed.
    pub(crate) fn handle(&self) -> *mut veo_thr_ctxt {
        self.handle
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
        state.phase != Phase::Closed && unsafe { get(self.handle) } == ffi::VEO_STATE_EXIT as i32
    }

    /// What the backend says of the context: see [`ContextState`](super::ContextState).
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
        Ok(unsafe { get(self.handle) })
    }
}
