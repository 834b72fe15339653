//! One rank fails in a transfer, or does not take part in it: what the others get.

use mpi::topology::SimpleCommunicator;
use veo_core::VeoProc;
use veo_mpi::{Error, Operation, VeComm};

use crate::{CHUNK, Part, Rank, on_each_path};

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
