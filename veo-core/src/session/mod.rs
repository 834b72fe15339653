//! The session with a VE process: its number, whether it lives, how it is named and ended, who
//! looks at its requests.
//!
//! Everything that belongs to a process refers to its session, which refers to none of that.

mod code;
mod core;
mod fork;
mod observe;
mod outcome;
mod request_kind;

pub(crate) use self::core::{ProcCore, ProcId, ProcThreadHandle, ProcThreadTask};
pub(crate) use code::LibraryCode;
pub(crate) use fork::ProcessImage;
pub(crate) use observe::{
    RecordKeeper, RequestObserver, RequestRecord, RequestRecords, RequestTimes, reserve_record_ids,
};
pub(crate) use outcome::{CommandOutcome, CommandState};
pub(crate) use request_kind::{NamedFunction, RequestKind, RequestName, TransferRange};
