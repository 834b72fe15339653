//! What the table of a context keeps of one request.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::Waker;

use super::payload::Payload;
use crate::clock::Stamp;
use crate::kernel::Kernel;
use crate::session::{Code, Outcome, RequestKind};

/// A request's place in the table, held by its handle. `number` tells a later
/// request in the same place apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(super) place: u32,
    pub(crate) number: u64,
}

/// What the table gives back for a collected request.
pub(super) struct Collected {
    pub(crate) outcome: Outcome,
    pub(crate) payload: Payload,
    pub(crate) what: RequestKind,
    /// The backend's number for the request.
    pub(crate) id: u64,
    pub(crate) submitted: Stamp,
    /// When it was collected, unless by whoever waits for it, who knows by himself.
    pub(crate) finished: Option<Stamp>,
}

/// A place of the table.
pub(super) struct Entry {
    /// The request's number, [`NONE`] in a free place.
    pub(super) number: u64,
    /// The backend's number for the request.
    pub(super) id: u64,
    pub(super) submitted: Stamp,
    pub(super) finished: Option<Stamp>,
    /// Set when collected.
    pub(super) outcome: Option<Outcome>,
    /// What is called, by most requests.
    pub(super) kernel: Option<&'static Kernel>,
    /// What most requests do without. None in a free place.
    pub(super) rest: Option<Box<Rest>>,
    /// The place of the next pending request, or the next free place; [`END`] if there
    /// is none.
    pub(super) follows: u32,
    /// Whether a handle may still ask for the result.
    pub(super) held: bool,
}

/// What a request has that is more than the call of a declared kernel with plain words.
#[derive(Default)]
pub(super) struct Rest {
    /// None if the entry names a kernel.
    pub(super) what: Option<RequestKind>,
    pub(super) payload: Payload,
    pub(super) waker: Option<Waker>,
    /// The libraries that it may call, besides that of a declared kernel.
    pub(super) code: Vec<Arc<Code>>,
}

impl Entry {
    pub(super) fn is_pending(&self) -> bool {
        self.number != NONE && self.outcome.is_none()
    }

    /// Whether the request owns nothing and no task waits for it.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.rest
            .as_ref()
            .is_none_or(|rest| matches!(rest.payload, Payload::None) && rest.waker.is_none())
    }

    /// Whether the request may call the library `code`, in which `kernels` were found.
    pub(super) fn calls(&self, code: &Arc<Code>, kernels: &BTreeSet<usize>) -> bool {
        let named = self
            .kernel
            .is_some_and(|kernel| kernels.contains(&kernel.index()));
        let rest = self.rest.as_ref();
        named || rest.is_some_and(|rest| rest.code.iter().any(|other| Arc::ptr_eq(other, code)))
    }

    pub(super) fn what(&self) -> RequestKind {
        match (self.kernel, &self.rest) {
            (Some(kernel), _) => RequestKind::Kernel(kernel),
            (None, Some(rest)) => rest.what.clone().unwrap_or(RequestKind::HostFunction),
            (None, None) => RequestKind::HostFunction,
        }
    }
}

/// The number of no request.
pub(super) const NONE: u64 = u64::MAX;

/// No place.
pub(super) const END: u32 = u32::MAX;
