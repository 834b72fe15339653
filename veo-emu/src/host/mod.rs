//! The host side: processes, their memory, contexts, libraries, and their ends.
//!
//! ```text
//!   process ──owns──► contexts (queue) ──► child process (memory, connection, end) ◄── watch (thread)
//!      └────────────► library, symbols         └► memory ──► arena
//! ```
//!
//! The C functions of `crate::libveo` are a thin layer over this one.

pub(crate) mod affinity;
mod arena;
pub(crate) mod args;
pub(crate) mod child_process;
pub(crate) mod connection;
pub(crate) mod convention;
mod counts;
pub(crate) mod death;
pub(crate) mod debugger;
pub(crate) mod end;
pub(crate) mod finding;
pub(crate) mod guard;
pub(crate) mod id_window;
pub(crate) mod kill;
pub(crate) mod library;
pub(crate) mod library_file;
pub(crate) mod memory;
pub(crate) mod node;
pub(crate) mod operation;
pub(crate) mod output;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod queue;
pub(crate) mod report;
pub(crate) mod results;
pub(crate) mod sanitizers;
pub(crate) mod schedule;
mod stack_guard;
pub(crate) mod start;
pub(crate) mod statistics;
pub(crate) mod symbols;
mod tags;
pub(crate) mod transfer;
pub(crate) mod watch;
