//! One rank fails in a transfer, or does not take part in it: what the others get.

use mpi::topology::SimpleCommunicator;
use ve_kernels::faults::own_pid;
use veo_core::{VeBuffer, VeoContext, VeoProc};
use veo_mpi::{ANY_SOURCE, ANY_TAG, Error, Operation, VeComm};

use crate::common::{Launch, case};
use crate::values::values;
use crate::{CHUNK, Part, Rank, on_each_path, rank};

/// The rank that fails.
const FAILS: i32 = 1;

/// The VE process of rank 0 ends while all reduce, by the operation itself: the others have their result.
fn loses_its_result(rank: &Rank) -> Part {
    let Rank { comm, ctx, .. } = rank;
    let world = SimpleCommunicator::world();
    let own = comm.rank();
    // The longest that goes in one piece.
    let piece = match std::env::var("VEO_MPI_PATH").as_deref() {
        Ok("remote") => CHUNK / 16,
        _ => CHUNK / 8,
    };
    for len in [3, piece] {
        let second = VeoProc::new(0)?;
        let context = second.open_context()?;
        let both = VeComm::new(&world, &second)?;
        let x = second.upload(&vec![1.0; len])?;
        let mut y = second.zeros::<f64>(len)?;
        let ends = Operation::commutative(|a: f64, b: f64| {
            if own == 0 {
                second.kill().expect("it is a child of this program");
            }
            a + b
        });
        let reduced = both.all_reduce(&context, &x, &mut y, &ends);
        match (own, reduced) {
            // Where MPI has computed elsewhere.
            (0, Ok(())) => {}
            (0, Err(Error::Veo(error))) => assert!(error.is_process_gone(), "{error}"),
            (_, reduced) => {
                reduced?;
                assert_eq!(y.to_vec()?, vec![f64::from(comm.size()); len]);
            }
        }
        comm.barrier(ctx)?;
    }
    Ok(())
}

#[test]
fn others_have_the_result_of_a_reduction_that_one_has_lost() {
    on_each_path(
        3,
        "failing_ranks::others_have_the_result_of_a_reduction_that_one_has_lost",
        loses_its_result,
    );
}

/// Messages to a rank that has dropped its communicator come to an end, and none comes by the next communicator.
fn sent_too_late(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let world = SimpleCommunicator::world();
    let long = 16 << 20;
    let x = proc.upload(&values::<u8>(0, 1, long))?;
    let mut y = proc.zeros::<u8>(long)?;
    for (round, lens) in [&[8][..], &[CHUNK], &[8, CHUNK, 3 * CHUNK, long]]
        .into_iter()
        .enumerate()
    {
        let dropped = VeComm::new(&world, proc)?;
        if comm.rank() == 0 {
            comm.barrier(ctx)?;
            for len in lens {
                dropped.send(ctx, x.slice(..*len)?, 1, 1)?;
            }
            drop(dropped);
        } else {
            drop(dropped);
            comm.barrier(ctx)?;
        }
        let next = VeComm::new(&world, proc)?;
        let len = 100 + round;
        if comm.rank() == 0 {
            next.send(ctx, x.slice(..len)?, 1, 2)?;
        } else {
            let status = next.recv(ctx, &mut y, ANY_SOURCE, ANY_TAG)?;
            assert_eq!((status.tag(), status.count()), (2, len));
            assert_eq!(y.slice(..len)?.to_vec()?, values::<u8>(0, 1, len));
        }
    }
    comm.barrier(ctx)?;
    Ok(())
}

#[test]
fn messages_to_a_rank_that_has_dropped_its_communicator_end() {
    on_each_path(
        2,
        "failing_ranks::messages_to_a_rank_that_has_dropped_its_communicator_end",
        sent_too_late,
    );
}

/// Its receiver says at the end that a message was thrown away.
#[test]
fn a_message_that_nobody_receives_is_told_of_at_the_end() {
    const TEST: &str = "failing_ranks::a_message_that_nobody_receives_is_told_of_at_the_end";
    if case().is_some() {
        return rank(|rank| {
            let Rank { comm, proc, ctx } = rank;
            if comm.rank() == 0 {
                let x = proc.upload(&[1.0; 20])?;
                comm.send(ctx, &x, 1, 0)?;
            }
            comm.barrier(ctx)?;
            Ok(())
        });
    }
    for path in crate::PATHS {
        let Some(launch) = Launch::new(2, TEST, path) else {
            return;
        };
        let job = launch.env("VEO_MPI_PATH", path).run();
        let said = &job.succeeds().0.stderr;
        assert!(
            said.contains("rank 1 of 2") && said.contains("not received: 1;"),
            "{said}"
        );
    }
}

/// Rank 1 takes part in an operation with memory or a context of another process, and returns the error.
fn refuses(rank: &Rank, what: &str) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let (own, ranks) = (comm.rank(), comm.size() as usize);
    let other = VeoProc::new(0)?;
    let (wrong, context) = (own == FAILS, other.open_context()?);
    let memory = |len: usize| -> veo_core::Result<VeBuffer<f64>> {
        if wrong { &other } else { proc }.zeros(len)
    };
    let ctx: &VeoContext = if wrong && what == "barrier" {
        &context
    } else {
        ctx
    };
    let (x, mut y) = (memory(10)?, memory(10)?);
    let mut all = memory(10 * ranks)?;
    let sum = Operation::sum();
    let root = |root: i32| own == root;
    match what {
        "barrier" => comm.barrier(ctx)?,
        "broadcast" => comm.broadcast(ctx, &mut y, 0)?,
        "broadcast of the failing rank" => comm.broadcast(ctx, &mut y, FAILS)?,
        "reduce" if root(0) => comm.reduce_root(ctx, &x, &mut y, &sum)?,
        "reduce" => comm.reduce(ctx, &x, &sum, 0)?,
        "all_reduce" => comm.all_reduce(ctx, &x, &mut y, &sum)?,
        "gather" if root(0) => comm.gather_root(ctx, &x, &mut all)?,
        "gather" => comm.gather(ctx, &x, 0)?,
        "all_gather" => comm.all_gather(ctx, &x, &mut all)?,
        "scatter" if root(FAILS) => comm.scatter_root(ctx, &all, &mut y)?,
        "scatter" => comm.scatter(ctx, &mut y, FAILS)?,
        "all_to_all" => comm.all_to_all_in_place(ctx, &mut all)?,
        "send" if wrong => comm.send(ctx, &x, 0, 0)?,
        "send" => drop(comm.recv(ctx, &mut y, FAILS, 0)?),
        what => unreachable!("{what}"),
    }
    comm.barrier(ctx)?;
    Ok(())
}

#[test]
fn a_refusal_in_one_rank_ends_the_job() {
    const TEST: &str = "failing_ranks::a_refusal_in_one_rank_ends_the_job";
    if let Some(what) = case() {
        return rank(|rank| refuses(rank, &what));
    }
    for what in [
        "barrier",
        "broadcast",
        "broadcast of the failing rank",
        "reduce",
        "all_reduce",
        "gather",
        "all_gather",
        "scatter",
        "all_to_all",
        "send",
    ] {
        let Some(launch) = Launch::new(3, TEST, what) else {
            return;
        };
        let job = launch.env("VEO_MPI_PATH", "staged").run();
        job.fails(&["rank 1 of 3 on ", "which ends the job", "belongs to"]);
    }
}

/// Rank 1 loses the VE process of the job while it sends and receives: the others wait for it.
fn loses_its_process(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let len = 400 * CHUNK;
    let x = proc.upload(&values::<u8>(comm.rank(), 1, len))?;
    let mut y = proc.zeros::<u8>(len)?;
    let other = if comm.rank() == FAILS { 0 } else { FAILS };
    let send = comm.isend(ctx, &x, other, 0)?;
    let receive = comm.irecv(ctx, &mut y, other, 0)?;
    if comm.rank() == FAILS {
        let pid = own_pid(proc)?;
        // SAFETY: the signal is for the VE process, which is a child of this one.
        unsafe { libc::kill(pid as libc::pid_t, libc::SIGKILL) };
    }
    receive.wait()?;
    send.wait()?;
    comm.barrier(ctx)?;
    Ok(())
}

#[test]
fn a_process_that_is_killed_in_a_transfer_ends_the_job() {
    const TEST: &str = "failing_ranks::a_process_that_is_killed_in_a_transfer_ends_the_job";
    if case().is_some() {
        return rank(loses_its_process);
    }
    for path in crate::PATHS {
        // On a busy machine rank 1 may be late, and rank 0 gives up its wait.
        let told = (0..3).any(|_| {
            let Some(launch) = Launch::new(3, TEST, path) else {
                return true;
            };
            let launch = launch.env("VEO_MPI_PATH", path);
            let job = launch.env("VEO_MPI_CHUNK", &CHUNK.to_string()).run();
            let said = &job.fails(&["rank 1", "which ends the job"]).0.stderr;
            said.contains("rank 1 of 3 on ") && said.contains("SIGKILL")
        });
        assert!(told, "rank 1 does not say why it has failed");
    }
}
