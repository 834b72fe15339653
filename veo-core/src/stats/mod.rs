//! The statistics of a process's requests: how many, how long, how much, in a space that does not grow with them.
//!
//! `collector` is an observer of the requests of one process, `table` words what it has gathered, `ending` prints that when the process
//! ends, or the program. Nothing here calls the backend.

mod collector;
mod ending;
mod executed;
mod figures;
mod histogram;
mod table;
mod wanted;

pub(crate) use collector::StatisticsCollector;
pub(crate) use ending::EndTable;
pub use executed::KernelStatistics;
pub(crate) use executed::read as read_statistics;
pub(crate) use figures::MemoryCount;
pub use figures::{
    ContextStats, KernelStats, MemoryStats, OperationStats, ProcStats, RequestStats, TimeStats,
};
pub(crate) use wanted::{WantedStatistics, from_environment};
