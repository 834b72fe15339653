//! One rank's part of a job, from its start to its end. It begins MPI, chooses the node, and ends the whole job if this rank fails.

mod binding;
mod ending;
mod launch;
mod node;
mod watch;

pub use launch::{Job, JobBuilder, builder, run};
