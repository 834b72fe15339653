//! MPI for programs with NEC's Vector Engine (VE): a rank for each VE, messages from VE memory to VE memory.
//!
//! Everything is behind the feature `mpi`, which needs an MPI and libclang where it is built; without it this crate is empty.
#![cfg(feature = "mpi")]

mod comm;
mod error;
mod job;

pub use error::{Error, Result};
/// The MPI that this crate is built on.
pub use mpi;
