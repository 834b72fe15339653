//! Contexts as programs hold them: calls, transfers and functions on their way through a
//! queue, and the requests that they give.

mod handle;
mod request;
mod scope;
mod submit;

pub use handle::{ContextOptions, ContextState, VeoContext};
pub use request::{RequestFuture, VeoRequest};
pub use scope::{Scope, ScopedRead};
