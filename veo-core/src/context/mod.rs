//! Contexts: queues of requests on a VE process.

mod aftermath;
mod args;
mod ask;
mod collection;
mod exclusive;
mod futures;
mod handle;
mod host_function;
mod outcome;
mod quick;
mod scope;
mod shared;
mod submission;
mod table;
mod transfer;
mod what;

pub use handle::{ContextOptions, ContextState, VeoContext};
pub use scope::{Scope, ScopedRead};

pub(crate) use aftermath::Aftermath;
pub(crate) use args::{CopyBack, Output, result_class};
pub(crate) use collection::Finished;
pub(crate) use exclusive::{Exclusive, Retired};
pub(crate) use handle::CtxHandle;
pub(crate) use host_function::message as panic_message;
pub(crate) use outcome::{Outcome, Payload, State};
pub(crate) use shared::CtxShared;
pub(crate) use table::Ticket;
pub(crate) use what::What;
