//! What the VE side of a context is working on, as the host knows it.

use crate::shared::parcel::Task;

/// What a context's VE side is working on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) context: u32,
    /// Id of the request, or number of the parcel if there is no kernel.
    pub(crate) number: u64,
    pub(crate) job: Job,
}

/// What the VE side does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// The kernel at this address.
    Kernel(u64),
    /// What a parcel asks for.
    Task(Task),
    /// The end of a context's thread, and of the process if it is the last.
    Close { last: bool },
}

impl Job {
    /// The kernel that runs.
    pub(crate) fn kernel(self) -> Option<u64> {
        match self {
            Job::Kernel(address) => Some(address),
            _ => None,
        }
    }
}
