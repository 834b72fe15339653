//! Contexts: queues of requests on a VE process.

mod args;
mod handle;
mod host_function;
mod scope;
mod shared;
mod table;
mod transfer;
mod what;

pub use handle::{ContextOptions, ContextState, VeoContext};
pub use scope::{Scope, ScopedRead};

pub(crate) use args::{CopyBack, Output, result_class};
pub(crate) use handle::CtxHandle;
pub(crate) use host_function::message as panic_message;
pub(crate) use shared::{CtxShared, Exclusive, Retired};
pub(crate) use table::{Aftermath, Collected, Outcome, Payload, State, Ticket};
pub(crate) use what::What;
