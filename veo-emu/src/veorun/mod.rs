//! The VE side: the code in the child process that stands for the Vector Engine.
//!
//! The process is taken over before `main` ([`takeover`]), its first thread listens
//! to the host ([`control`]), one thread per context runs requests ([`worker`]).
//! The host side uses nothing of this, nor this anything of the host side.

mod arch;
mod control;
mod counted;
mod cpu_migration;
mod current;
mod engine;
mod engines;
mod exit;
mod faults;
mod fpe;
mod guard;
mod memory;
pub(crate) mod native;
mod sanitizer;
mod signals;
pub(crate) mod takeover;
mod tasks;
#[cfg(test)]
mod trap_tests;
mod ve;
mod worker;
