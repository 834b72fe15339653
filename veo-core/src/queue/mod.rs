//! The queue of a context: requests handed to the backend, what they own meanwhile, and
//! their results.

mod aftermath;
mod args;
mod ask;
mod collection;
mod entry;
mod exclusive;
mod futures;
mod host_function;
mod inside;
mod payload;
mod quick;
mod shared;
mod submission;
mod table;

pub(crate) use aftermath::{Aftermath, contain};
pub(crate) use args::{CopyBack, Output, copy_back, stage};
pub(crate) use collection::Finished;
pub(crate) use entry::Ticket;
pub(crate) use exclusive::{Exclusive, Retired};
pub(crate) use host_function::{Pending, message as panic_message, run as run_host_function};
pub(crate) use inside::{Inside, may_hold_up_unloading, run_inside, while_unloading};
pub(crate) use payload::Payload;
pub(crate) use shared::CtxShared;
pub(crate) use submission::Submission;
