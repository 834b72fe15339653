//! A job from its start to its end: nodes, CPUs and descriptors of its VE processes, and how all of it ends when one rank fails.

#[path = "../common/mod.rs"]
mod common;

mod begins;
mod ends;
mod examples;
mod launcher_ends;
mod refusals;

use veo_test_support as _;

/// A rank's report of a failure, which `run` prints before it ends the job.
type Part = Result<(), Box<dyn std::error::Error>>;
