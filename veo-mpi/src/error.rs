//! What goes wrong between ranks.

use std::fmt;

/// Why something between ranks failed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The Vector Engine's side failed.
    #[error(transparent)]
    Veo(#[from] veo_core::Error),

    /// A program has one job, from the beginning of MPI to its end.
    #[error(
        "veo_mpi::run was called a second time; MPI begins and ends once in a program, so one call has to hold the whole job"
    )]
    SecondRun,

    /// MPI is not ours to begin and to end.
    #[error(
        "veo_mpi::run begins and ends MPI, which something else in this program has begun already; leave that to run, or do without run: VeComm::new takes any communicator and process"
    )]
    AlreadyInitialised,

    /// A job cannot be laid out as it was asked for.
    #[error("{what}")]
    Layout {
        /// What was asked for, and what there is.
        what: String,
    },

    /// The system does not give what is needed.
    #[error("{what}: {reason}")]
    System {
        /// What was attempted.
        what: String,
        /// The system's words.
        reason: String,
    },
}

/// The same as its text: `main` prints errors so.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What may fail between ranks.
pub type Result<T> = std::result::Result<T, Error>;
