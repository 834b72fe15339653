//! Finds a process by its number, for pointers that carry one.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{ProcHandle, VeoProc};
use crate::session::ProcId;

static OPEN: Mutex<Vec<(ProcId, Weak<ProcHandle>)>> = Mutex::new(Vec::new());

/// Enters a process that was just created.
pub(super) fn enter(proc: &VeoProc) {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|(_, handle)| handle.strong_count() > 0);
    open.push((proc.id(), Arc::downgrade(&proc.0)));
}

/// The process of this number, if a handle of it is left.
pub(super) fn find(id: ProcId) -> Option<VeoProc> {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, handle) = open.iter().find(|(other, _)| *other == id)?;
    handle.upgrade().map(VeoProc)
}
