//! The session with a VE process: who it is, whether it lives, how it is named and ended.
//!
//! What everything that belongs to a process refers to; it refers to none of that.

mod code;
mod core;
mod fork;
mod request_kind;

pub(crate) use self::core::{CommandState, Keeper, Outcome, ProcCore, ProcId, Task};
pub(crate) use code::Code;
pub(crate) use request_kind::RequestKind;
