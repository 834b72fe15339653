//! The data that the table of a context keeps of one request, and the work that remains when the
//! request has ended or its handle is gone. Nothing here calls the backend.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::Waker;

use crate::clock::Stamp;
use crate::error::Error;
use crate::session::{
    CommandOutcome, CommandState, LibraryCode, ProcCore, RequestKind, RequestName, RequestRecords,
};
use crate::staging::Staging;
use crate::warning::{contain, warn};

/// A request's place in the table, held by its handle. `number` tells a later
/// request in the same place apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(super) place: u32,
    pub(crate) number: u64,
}

/// The memory that the VE side may touch for a request. It is kept until the result is collected.
#[derive(Default)]
pub(crate) enum Payload {
    /// Nothing.
    #[default]
    None,
    /// Nothing, but its end is to be noted.
    Noted,
    /// The place to which output on the kernel's stack is copied.
    Staging(Staging),
    /// A host buffer of a transfer, a host function.
    Owned(Box<dyn Any + Send>),
    /// Memory of the program, which a scope keeps borrowed until the request was
    /// collected.
    Borrowed,
}

/// A place of the table.
pub(super) struct RequestEntry {
    /// The request's number, [`NONE`] in a free place.
    pub(super) number: u64,
    /// The backend's number for the request.
    pub(super) id: u64,
    pub(super) kind: RequestKind,
    pub(super) submitted: Stamp,
    /// When the request was collected.
    pub(super) seen: Stamp,
    /// Set when the request is collected.
    pub(super) outcome: Option<CommandOutcome>,
    /// The data that most requests lack. A free place has none.
    pub(super) rest: Option<Box<Rest>>,
    /// The place of the next pending request, or the next free place; [`END`] if there
    /// is none.
    pub(super) follows: u32,
    /// Whether a handle may still ask for the result.
    pub(super) held: bool,
    /// Whether the log has its failure.
    pub(super) logged: bool,
}

/// The data of a request that is more than the call of a declared kernel with plain words.
#[derive(Default)]
pub(super) struct Rest {
    pub(super) payload: Payload,
    pub(super) waker: Option<Waker>,
    /// Why it has failed, in the words of the backend.
    pub(super) reason: Option<String>,
    /// The libraries that it may call, besides that of a declared kernel.
    pub(super) code: Vec<Arc<LibraryCode>>,
}

/// The number of no request.
pub(super) const NONE: u64 = u64::MAX;

/// No place.
pub(super) const END: u32 = u32::MAX;

impl RequestEntry {
    /// A free place.
    pub(super) fn free(follows: u32) -> RequestEntry {
        RequestEntry {
            number: NONE,
            id: 0,
            kind: RequestKind::HostFunction,
            submitted: Stamp::default(),
            seen: Stamp::default(),
            outcome: None,
            rest: None,
            follows,
            held: false,
            logged: false,
        }
    }

    /// Why it failed, in the words of the backend.
    pub(super) fn reason(&self) -> Option<String> {
        self.rest.as_ref()?.reason.clone()
    }

    /// The failure of a request that was collected, if it has failed by itself and nobody was told.
    pub(super) fn failure(&self) -> Option<Uncollected> {
        let outcome = self
            .outcome
            .filter(|_| self.number != NONE && !self.logged)?;
        // Lost requests say only what has ended their process.
        let is_own = match (outcome.state, &self.kind) {
            // The program has not queued it.
            (_, RequestKind::After(_)) => false,
            (CommandState::Exception | CommandState::Error, _) => true,
            // An address that is none.
            (CommandState::Ok, RequestKind::Alloc(_)) => outcome.word == 0,
            (CommandState::Ok | CommandState::Lost, _) => false,
        };
        is_own.then(|| Uncollected {
            number: self.number,
            id: self.id,
            kind: self.kind.clone(),
            outcome,
            reason: self.reason(),
            of: None,
        })
    }

    /// Drops what few requests have. Apart, so that most requests pay for a test only.
    #[cold]
    pub(super) fn drop_rest(&mut self) {
        self.rest = None;
    }

    pub(super) fn is_pending(&self) -> bool {
        self.number != NONE && self.outcome.is_none()
    }

    /// Whether the request may call the library `code`, in which `kernels` were found.
    pub(super) fn calls(&self, code: &Arc<LibraryCode>, kernels: &BTreeSet<usize>) -> bool {
        let named = match &self.kind {
            RequestKind::Kernel(kernel) => kernels.contains(&kernel.index()),
            RequestKind::Function(function) => Arc::ptr_eq(&function.code, code),
            _ => false,
        };
        let rest = self.rest.as_ref();
        named || rest.is_some_and(|rest| rest.code.iter().any(|other| Arc::ptr_eq(other, code)))
    }
}

/// The data that the table gives back for a collected request.
pub(super) struct Collected {
    pub(super) payload: Payload,
    pub(super) submitted: Stamp,
    /// The same as in [`RequestEntry`].
    pub(super) seen: Stamp,
}

/// A request that has failed and whose result nobody has asked for.
pub(crate) struct Uncollected {
    number: u64,
    id: u64,
    kind: RequestKind,
    outcome: CommandOutcome,
    reason: Option<String>,
    /// Its process, and the number of its context.
    of: Option<(Arc<ProcCore>, u64)>,
}

impl Uncollected {
    pub(super) fn belongs_to(&mut self, core: &Arc<ProcCore>, context: u64) {
        self.of = Some((Arc::clone(core), context));
    }

    /// Writes the error to the log. The backend is asked what it knows of it.
    #[cold]
    pub(super) fn log(self) {
        let Some((core, context)) = &self.of else {
            return;
        };
        let name = RequestName::new(Some(&self.kind), self.number, *context);
        let error = match (self.outcome.state, &self.kind) {
            (CommandState::Ok, RequestKind::Alloc(size)) => Error::OutOfMemory {
                node: core.node,
                size: *size,
                reason: self.reason,
            },
            _ => core.failure(&self.kind, Some(self.id), self.outcome, self.reason),
        };
        match error {
            // The request itself has not failed.
            Error::ProcessEnded { .. } => {}
            error => warn(format_args!(
                "nobody has asked for the result of {name}: {error}"
            )),
        }
    }
}

/// The work that remains when the lock is released, because it may run code of the user.
#[derive(Default)]
#[must_use = "wakes a task and drops what the user gave"]
pub(crate) struct DeferredWork {
    pub(super) waker: Option<Waker>,
    pub(super) unused: Option<Waker>,
    pub(super) dropped: Option<Payload>,
    /// An error that goes to the log, since nobody will ask for it.
    pub(super) failed: Option<Box<Uncollected>>,
    /// The records that observers of the process are told of.
    pub(super) told: Option<Box<(Arc<ProcCore>, RequestRecords)>>,
}

impl DeferredWork {
    /// The observers of a process are to be told of this.
    pub(super) fn told(core: Arc<ProcCore>, records: RequestRecords) -> DeferredWork {
        DeferredWork {
            told: Some(Box::new((core, records))),
            ..DeferredWork::default()
        }
    }

    /// Wakes the task and drops the rest. Panics of either end here: the thread that
    /// collects has nothing to do with them, and a scope must not be left early.
    pub(crate) fn run(self) {
        // Named one by one: a closure would take only the fields that it uses along.
        let DeferredWork {
            waker,
            unused,
            dropped,
            failed,
            told,
        } = self;
        if let Some(failed) = failed {
            contain(|| failed.log());
        }
        if let Some((core, records)) = told.as_deref() {
            core.observers.tell(records);
        }
        if let Some(waker) = waker {
            contain(|| waker.wake());
        }
        contain(|| drop(unused));
        contain(|| drop(dropped));
    }
}
