//! Contexts as programs hold them: calls, transfers and functions on their way through a
//! queue, and the requests that they give.

mod call;
mod handle;
mod open;
mod request;
mod scope;
mod transfer;

pub use handle::{ContextState, VeoContext};
pub use open::ContextOptions;
pub use request::{RequestFuture, VeoRequest};
pub use scope::{Scope, ScopedRead};
