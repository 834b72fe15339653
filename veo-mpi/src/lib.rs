//! MPI for programs with NEC's Vector Engine (VE): a rank for each VE, messages from VE memory to VE memory.
//!
//! Everything is behind the feature `mpi`, which needs an MPI and libclang where it is built; without it this crate is empty.
//!
#![cfg_attr(feature = "mpi", doc = "```no_run")]
#![cfg_attr(not(feature = "mpi"), doc = "```ignore")]
//! use veo_mpi::mpi::traits::*;
//!
//! fn main() -> veo_mpi::Result<()> {
//!     veo_mpi::run(|job| {
//!         let x = job.proc().upload(&[f64::from(job.rank()); 4])?; // memory of this rank's VE
//!         println!("rank {} of {} has {:?}", job.rank(), job.size(), x.to_vec()?);
//!         job.world().barrier();
//!         Ok(())
//!     })
//! }
//! ```
//!
//! [`run`] begins MPI, starts a VE process for the rank and ends both. If anything goes wrong in one rank, an error, a panic, the end of its
//! VE process, it prints the rank and the reason and ends the whole job, so that no rank waits for ever for another that is gone.
//!
//! MPI is called on one thread, the one that calls [`run`]. Other threads of the program may use VEs as they like.
//! How programs are started is in docs/book/src/mpi.md, with common mistakes.
// The names that the text above links to are missing then.
#![cfg_attr(not(feature = "mpi"), allow(rustdoc::broken_intra_doc_links))]

#[cfg(feature = "mpi")]
mod comm;
#[cfg(feature = "mpi")]
mod error;
#[cfg(feature = "mpi")]
mod job;

#[cfg(feature = "mpi")]
pub use comm::{
    ANY_SOURCE, ANY_TAG, Integer, Number, Operation, Path, RecvRequest, SendRequest, Status,
    VeComm, VePlain,
};
#[cfg(feature = "mpi")]
pub use error::{Error, Result};
#[cfg(feature = "mpi")]
pub use job::{Job, JobBuilder, builder, run};
/// The MPI that this crate is built on.
#[cfg(feature = "mpi")]
pub use mpi;
