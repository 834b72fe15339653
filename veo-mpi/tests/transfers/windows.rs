//! Chunks that only some ranks share, as on several machines, and slots that nobody empties.

use veo_mpi::VeComm;

use crate::common::{Launch, case};
use crate::messages::own_memory;
use crate::values::values;
use crate::{CHUNK, Part, Rank, on_each_path, rank};

/// Everybody gets a part of everybody, in all ways at once.
fn all_with_all(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let (own, size) = (comm.rank(), comm.size());
    for len in [1, CHUNK, CHUNK + 1, 5 * CHUNK + 3] {
        let parts = |of: i32| values::<u8>(of, 1, len * size as usize);
        let x = proc.upload(&parts(own))?;
        let mut y = proc.zeros::<u8>(len * size as usize)?;
        comm.all_to_all(ctx, &x, &mut y)?;
        let mine = own as usize * len..(own as usize + 1) * len;
        let wanted: Vec<u8> = (0..size)
            .flat_map(|other| parts(other)[mine.clone()].to_vec())
            .collect();
        assert!(y.to_vec()? == wanted, "rank {own}, {len}");
        // Long and short ones of the same ranks, received in another order.
        let mut requests = Vec::new();
        let mut room = proc.zeros::<u8>(len)?;
        for other in (0..size).rev() {
            requests.push(comm.isend(ctx, x.slice(..len)?, other, 0)?);
            requests.push(comm.isend(ctx, x.slice(..len.min(CHUNK))?, other, 1)?);
        }
        for other in 0..size {
            for (tag, len) in [(1, len.min(CHUNK)), (0, len)] {
                comm.recv(ctx, room.slice_mut(..len)?, other, tag)?;
                let wanted = &parts(other)[..len];
                assert!(room.slice(..len)?.to_vec()? == wanted, "{other} to {own}");
            }
        }
        for request in requests {
            request.wait()?;
        }
    }
    Ok(())
}

/// Long messages to ranks that share chunks and to ranks that do not, and reductions: what goes out goes through the same chunks.
fn four_chunks(rank: &Rank) -> Part {
    const CHUNKS: u64 = 8 << 10;
    let Rank { comm, proc, ctx } = rank;
    let (own, len) = (comm.rank(), 32 << 20);
    let mut x = proc.alloc::<u8>(len)?;
    x.fill(own as u8 + 1)?;
    let mut y = proc.zeros::<u8>(len)?;
    comm.barrier(ctx)?;
    let before = own_memory();
    for distance in 1..4 {
        let (next, last) = ((own + distance) % 4, (own + 4 - distance) % 4);
        comm.sendrecv(ctx, &x, next, 0, &mut y, last, 0)?;
        assert!(y.to_vec()?.iter().all(|byte| *byte == last as u8 + 1));
        comm.all_reduce_in_place(ctx, &mut y, &veo_mpi::Operation::max())?;
        assert!(y.to_vec()?.iter().all(|byte| *byte == 4));
    }
    let grown = own_memory().saturating_sub(before);
    // Memory that is shared does not count here.
    let chunks = if own % 2 == 0 { 2 } else { 4 };
    assert!(
        grown < (chunks + 1) * CHUNKS,
        "{grown} KiB for {chunks} chunks of {CHUNKS}"
    );
    Ok(())
}

#[test]
fn ranks_that_share_with_some_need_four_chunks() {
    if case().is_some() {
        return rank(four_chunks);
    }
    some_share("windows::ranks_that_share_with_some_need_four_chunks", "8M");
}

#[test]
fn ranks_that_share_nothing_exchange_with_those_that_do() {
    if case().is_some() {
        return rank(all_with_all);
    }
    some_share(
        "windows::ranks_that_share_nothing_exchange_with_those_that_do",
        &CHUNK.to_string(),
    );
}

/// Runs a job of four ranks, of which 1 and 3 share nothing, neither with the others nor with each other.
fn some_share(test: &str, chunk: &str) {
    const SCRIPT: &str = "case $OMPI_COMM_WORLD_RANK$PMI_RANK in 1|3) export VEO_MPI_PATH=remote;; esac; exec \"$@\"";
    let Some(launch) = Launch::of_programs("some") else {
        return;
    };
    launch
        .args(["-n", "4", "/bin/sh", "-c", SCRIPT, "sh"])
        .test(test)
        .env("VEO_MPI_PATH", "staged")
        .env("VEO_MPI_CHUNK", chunk)
        .run()
        .succeeds();
}

/// A message that was sent at once, and is received after all others: they go on without its slot.
fn unreceived(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let other = 1 - comm.rank();
    let world = mpi::topology::SimpleCommunicator::world();
    let x = proc.upload(&values::<u8>(comm.rank(), 1, CHUNK))?;
    let first = VeComm::new(&world, proc)?;
    let late = first.isend(ctx, &x, other, 0)?;
    let mut y = proc.zeros::<u8>(3 * CHUNK)?;
    for len in [CHUNK, 3 * CHUNK] {
        let long = proc.upload(&values::<u8>(comm.rank(), 2, len))?;
        comm.sendrecv(ctx, &long, other, 0, y.slice_mut(..len)?, other, 0)?;
        assert!(y.slice(..len)?.to_vec()? == values::<u8>(other, 2, len));
    }
    first.recv(ctx, y.slice_mut(..CHUNK)?, other, 0)?;
    assert!(y.slice(..CHUNK)?.to_vec()? == values::<u8>(other, 1, CHUNK));
    late.wait()?;
    Ok(())
}

#[test]
fn a_slot_that_is_not_emptied_holds_nobody_up() {
    on_each_path(
        2,
        "windows::a_slot_that_is_not_emptied_holds_nobody_up",
        unreceived,
    );
}
