//! How requests end, and what they own until then.

use std::any::Any;

use crate::memory::Staging;

/// What the VE side may touch for a request: kept until its result is collected.
#[derive(Default)]
pub(crate) enum Payload {
    /// Nothing.
    #[default]
    None,
    /// Where output on the kernel's stack is copied to.
    Staging(Staging),
    /// A host buffer of a transfer, a host function.
    Owned(Box<dyn Any + Send>),
    /// Memory of the program, which a scope keeps borrowed until the request was
    /// collected.
    Borrowed,
}

/// How a request ended: the command state and the result word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) state: State,
    pub(crate) word: u64,
}

/// Command states of libveo, and one for requests whose process was destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ok,
    Exception,
    Error,
    Lost,
}
