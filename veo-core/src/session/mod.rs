//! The session with a VE process: who it is, whether it lives, how it is named and ended.
//!
//! What everything that belongs to a process refers to; it refers to none of that.

mod code;
mod core;
mod fork;
mod id;
mod keeper;
mod outcome;
mod request_kind;

pub(crate) use self::core::ProcCore;
pub(crate) use code::Code;
pub(crate) use id::ProcId;
pub(crate) use keeper::{Keeper, Task};
pub(crate) use outcome::{Outcome, State};
pub(crate) use request_kind::RequestKind;
