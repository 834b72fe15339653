//! What requests own until they end.

use std::any::Any;

use crate::staging::Staging;

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
