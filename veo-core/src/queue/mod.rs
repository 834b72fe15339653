//! The queue of a context: requests handed to the backend, the memory that they own meanwhile, and
//! their results.

mod args;
mod collection;
mod entry;
mod exclusive;
mod handle;
mod observed;
mod shared;
mod submission;
mod table;
mod user_code;

pub(crate) use args::{CopyBack, StackOutput, copy_back, stage};
pub(crate) use collection::Finished;
pub(crate) use entry::{DeferredWork, Payload, Ticket};
pub(crate) use exclusive::Exclusive;
pub(crate) use shared::{CtxShared, Predecessor, Retirement};
pub(crate) use submission::{PlainCallee, Submission};
pub(crate) use user_code::{
    Inside, PendingHostCall, may_hold_up_unloading, message as panic_message,
    run as run_host_function, run_inside, while_unloading,
};
