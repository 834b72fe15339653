//! The errors between ranks.

use std::fmt;

/// Why something between ranks failed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The Vector Engine's side failed.
    #[error(transparent)]
    Veo(#[from] veo_core::Error),

    /// A function of MPI failed.
    #[error("{what} failed: {reason}")]
    Mpi {
        /// The attempted operation.
        what: String,
        /// MPI's words.
        reason: String,
    },

    /// MPI has not begun, or has ended.
    #[error(
        "MPI has not begun or has ended; use communicators inside veo_mpi::run, or while the Universe of mpi::initialize lives"
    )]
    NotRunning,

    /// MPI is called by one thread only.
    #[error(
        "only the thread that has made the first VeComm may call MPI, and this is another one; send and receive there, or begin MPI with a thread level of at least Serialized and do all of it here"
    )]
    OtherThread,

    /// This process was forked by the one that has begun MPI.
    #[error(
        "this process was forked by a rank, whose MPI it cannot use; send and receive in the rank itself"
    )]
    Forked,

    /// Code that runs inside of a transfer has begun another one.
    #[error(
        "a transfer was begun inside of another one, by the closure of an operation or by what receives tracing's events; begin it when the other has ended"
    )]
    Reentered,

    /// The path of values cannot be had.
    #[error("messages of VE memory: {reason}")]
    Path {
        /// Why not, and what to do.
        reason: String,
    },

    /// A rank that the communicator does not have.
    #[error("there is no rank {rank} in a communicator of {size} ranks, which are numbered from 0")]
    Rank {
        /// The rank.
        rank: i32,
        /// How many there are.
        size: i32,
    },

    /// A tag that is negative.
    #[error("{tag} is no tag: tags are not negative, and ANY_TAG is for receiving")]
    Tag {
        /// The tag.
        tag: i32,
    },

    /// A message that is longer than the memory for it. Nothing was written.
    #[error(
        "a message of rank {source_rank} has {sent} values, and there is room for {room}: receive it to longer memory"
    )]
    Truncated {
        /// The rank that has sent it.
        source_rank: i32,
        /// How many values it has.
        sent: usize,
        /// How many there is room for.
        room: usize,
    },

    /// A message of another type than the memory for it. Nothing was written.
    #[error(
        "a message of rank {source_rank} has values of the type {sent}, and was to be received as {wanted}"
    )]
    Types {
        /// The rank that has sent it.
        source_rank: i32,
        /// The type and number of the sent values.
        sent: String,
        /// The type and number of the values to receive.
        wanted: String,
    },

    /// The sender could not read all of its memory.
    #[error("rank {source_rank} failed while it was sending, and says why")]
    SenderFailed {
        /// The rank that has sent it.
        source_rank: i32,
    },

    /// A rank has ended, and has sent messages that no other has received.
    #[error(
        "{messages} messages that this rank has sent were not received by those they were for; each send needs a receive of the other rank"
    )]
    Unreceived {
        /// How many.
        messages: usize,
    },

    /// The ranks do not do the same together.
    #[error("{reason}")]
    Collective {
        /// The difference.
        reason: String,
    },

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
        /// The request, and the actual state.
        what: String,
    },

    /// The system does not give what is needed.
    #[error("{what}: {reason}")]
    System {
        /// The attempted operation.
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

/// The result of an operation between ranks.
pub type Result<T> = std::result::Result<T, Error>;
