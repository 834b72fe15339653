//! Messages of VE memory between ranks: every transfer on each path against the same on host vectors, random sequences of them, and
//! what is said about wrong ones.

#[path = "../common/mod.rs"]
mod common;

mod collectives;
mod failing_ranks;
mod forbidden_uses;
mod messages;
mod plain;
mod random;
mod refusals;
mod requests;
mod unusual_uses;
mod values;
mod windows;

use veo_core::{VeoContext, VeoProc};
use veo_mpi::{Job, VeComm};
use veo_test_support as _;

use common::{Launch, case};

/// A rank's report of a failure, which `run` prints before it ends the job.
type Part = Result<(), Box<dyn std::error::Error>>;

/// The length of a chunk in bytes, where a test does not say otherwise: short, so that little memory goes through many.
const CHUNK: usize = 8192;

/// The objects of a rank for its transfers.
struct Rank<'j> {
    comm: VeComm<'j>,
    proc: VeoProc,
    ctx: VeoContext,
}

/// Runs a rank's part with a communicator for all ranks.
fn rank(part: impl FnOnce(&Rank) -> Part) {
    let done = veo_mpi::run(|job: &Job| {
        let rank = Rank {
            comm: VeComm::new(job.world(), job.proc())?,
            proc: job.proc().clone(),
            ctx: job.proc().open_context()?,
        };
        let wanted = std::env::var("VEO_MPI_PATH").expect("the test sets it");
        let path = rank.comm.path().to_string();
        assert_eq!(path, wanted.replace("remote", "staged"));
        part(&rank)
    });
    done.expect("a rank that fails ends the job");
}

/// The values of `VEO_MPI_PATH` for the ranks of one machine.
const PATHS: [&str; 3] = ["staged", "remote", "direct"];

/// The whole of a test: runs a job of so many ranks on each path, each of which runs its part. The ranks find it by `test`, the test's own name.
fn on_each_path(ranks: usize, test: &str, part: impl FnOnce(&Rank) -> Part) {
    if case().is_some() {
        return rank(part);
    }
    for path in PATHS {
        let Some(launch) = Launch::new(ranks, test, path) else {
            return;
        };
        launch
            .env("VEO_MPI_PATH", path)
            .env("VEO_MPI_CHUNK", &CHUNK.to_string())
            .run()
            .succeeds();
    }
}
