//! Requests that are waited for, looked at, dropped and forgotten; what becomes of the memory.

use std::time::{Duration, Instant};

use ve_kernels::basics::fill;
use veo_mpi::{ANY_SOURCE, ANY_TAG, Operation, VeComm};

use crate::values::values;
use crate::{CHUNK, Part, Rank, on_each_path};

/// A long message: it goes in many chunks.
const LONG: usize = 20 * CHUNK;

/// Waits until no more than so many bytes are allocated. Messages go on meanwhile, as whatever a rank does with MPI moves them.
fn wait_for_memory(rank: &Rank, bytes: u64) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let start = Instant::now();
    let mut nothing = proc.alloc::<u8>(0)?;
    while proc.stats().memory.now > bytes {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{:?}",
            proc.stats()
        );
        // No message comes for it, so it is given up.
        drop(comm.irecv(ctx, &mut nothing, comm.rank(), 99)?.test());
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// The memory of requests that are forgotten is dropped, and other memory takes what place it finds.
fn forgotten(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let start = proc.stats().memory.now;
    if comm.rank() == 0 {
        for tag in 0..3 {
            let x = proc.upload(&values::<u8>(0, tag, LONG))?;
            std::mem::forget(comm.isend(ctx, &x, 1, tag as i32)?);
        }
        let mut others = Vec::new();
        for _ in 0..20 {
            others.push(proc.upload(&vec![0xeeu8; LONG])?);
        }
        comm.barrier(ctx)?;
        comm.barrier(ctx)?;
        let kept = others.iter().map(veo_core::VeBuffer::to_vec);
        for bytes in kept {
            assert!(bytes?.iter().all(|byte| *byte == 0xee));
        }
        drop(others);
    } else {
        comm.barrier(ctx)?;
        let mut room = proc.alloc::<u8>(LONG)?;
        for tag in (0..3).rev() {
            let status = comm.recv(ctx, &mut room, 0, tag as i32)?;
            assert_eq!(status.count(), LONG);
            assert_eq!(room.to_vec()?, values::<u8>(0, tag, LONG));
        }
        drop(room);
        comm.barrier(ctx)?;
    }
    wait_for_memory(rank, start)?;

    // The same with what is received: the message comes to memory that nobody else has.
    if comm.rank() == 0 {
        let mut x = proc.alloc::<u8>(LONG)?;
        std::mem::forget(comm.irecv(ctx, &mut x, 1, 9)?);
        drop(x);
        let mut others = Vec::new();
        for _ in 0..20 {
            others.push(proc.upload(&vec![0xeeu8; LONG])?);
        }
        comm.barrier(ctx)?;
        comm.barrier(ctx)?;
        for other in &others {
            assert!(other.to_vec()?.iter().all(|byte| *byte == 0xee));
        }
        drop(others);
    } else {
        comm.barrier(ctx)?;
        let x = proc.upload(&values::<u8>(1, 9, LONG))?;
        comm.send(ctx, &x, 0, 9)?;
        drop(x);
        comm.barrier(ctx)?;
    }
    wait_for_memory(rank, start)
}

#[test]
fn forgotten_requests_use_memory_of_their_own() {
    on_each_path(
        2,
        "requests::forgotten_requests_use_memory_of_their_own",
        forgotten,
    );
}

/// A receive that is dropped before its message comes takes none, and its memory is freed.
fn dropped(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let start = proc.stats().memory.now;
    if comm.rank() == 0 {
        let mut gone = proc.alloc::<u8>(LONG)?;
        drop(comm.irecv(ctx, &mut gone, ANY_SOURCE, ANY_TAG)?);
        gone.free()?;
        wait_for_memory(rank, start)?;
        comm.barrier(ctx)?;
        let mut x = proc.alloc::<u8>(LONG)?;
        assert_eq!(comm.recv(ctx, &mut x, ANY_SOURCE, ANY_TAG)?.count(), LONG);
        assert_eq!(x.to_vec()?, values::<u8>(1, 4, LONG));
        comm.barrier(ctx)?;
    } else {
        comm.barrier(ctx)?;
        let x = proc.upload(&values::<u8>(1, 4, LONG))?;
        // The message is sent all the same.
        drop(comm.isend(ctx, &x, 0, 4)?);
        x.free()?;
        comm.barrier(ctx)?;
    }
    wait_for_memory(rank, start)
}

#[test]
fn dropped_requests_send_and_do_not_receive() {
    on_each_path(
        2,
        "requests::dropped_requests_send_and_do_not_receive",
        dropped,
    );
}

/// Both ranks send to each other first, then each waits for the other: each wait moves everything.
fn crossed(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let other = 1 - comm.rank();
    let x = proc.upload(&values::<f64>(comm.rank(), 1, LONG))?;
    let mut y = proc.alloc::<f64>(LONG)?;
    let mut z = proc.alloc::<f64>(LONG)?;
    let first = comm.isend(ctx, &x, other, 1)?;
    let second = comm.isend(ctx, &x, other, 2)?;
    comm.recv(ctx, &mut z, other, 2)?;
    let mut receive = comm.irecv(ctx, &mut y, other, 1)?;
    let status = loop {
        match receive.test() {
            Ok(status) => break status?,
            Err(again) => receive = again,
        }
    };
    assert_eq!((status.tag(), status.count()), (1, LONG));
    first.wait()?;
    second.wait()?;
    assert_eq!(y.to_vec()?, values::<f64>(other, 1, LONG));
    assert_eq!(z.to_vec()?, values::<f64>(other, 1, LONG));

    // To itself as well.
    let own = comm.rank();
    let receive = comm.irecv(ctx, &mut y, own, 3)?;
    comm.send(ctx, &x, own, 3)?;
    receive.wait()?;
    assert_eq!(y.to_vec()?, values::<f64>(own, 1, LONG));
    Ok(())
}

#[test]
fn ranks_that_send_to_each_other_first_come_to_an_end() {
    on_each_path(
        2,
        "requests::ranks_that_send_to_each_other_first_come_to_an_end",
        crossed,
    );
}

/// A transfer comes after what its context has queued, and before what is queued afterwards.
fn ordered(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let other = 1 - comm.rank();
    let mut x = proc.zeros::<f64>(LONG)?;
    let mut y = proc.zeros::<f64>(LONG)?;
    for round in 1..20 {
        let value = f64::from(round + 100 * comm.rank());
        let filled = fill(ctx, &mut x, LONG as i64, value, 0.0)?;
        comm.sendrecv(ctx, &x, other, 0, &mut y, other, 0)?;
        let filled_again = fill(ctx, &mut x, LONG as i64, -1.0, 0.0)?;
        filled.wait()?;
        filled_again.wait()?;
        let wanted = f64::from(round + 100 * other);
        assert!(y.to_vec()?.iter().all(|value| *value == wanted));
    }
    Ok(())
}

#[test]
fn transfers_come_after_what_is_queued() {
    on_each_path(2, "requests::transfers_come_after_what_is_queued", ordered);
}

/// A message is under way while all ranks reduce, and its receiver waits for it before or after that.
fn reduced_meanwhile(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let sum = Operation::sum();
    for len in [10, CHUNK / 8, LONG] {
        for early in [true, false] {
            let mut total = proc.upload(&vec![1i64; LONG])?;
            let from = proc.upload(&values::<i64>(comm.rank(), 1, len))?;
            let mut to = proc.alloc::<i64>(len)?;
            let other = 1 - comm.rank();
            if comm.rank() == 0 {
                let sends = [comm.isend(ctx, &from, 1, 0)?, comm.isend(ctx, &from, 1, 1)?];
                comm.all_reduce_in_place(ctx, &mut total, &sum)?;
                for send in sends {
                    send.wait()?;
                }
                comm.recv(ctx, &mut to, 1, 2)?;
            } else {
                if early {
                    comm.recv(ctx, &mut to, 0, 0)?;
                }
                let send = comm.isend(ctx, &from, 0, 2)?;
                comm.all_reduce_in_place(ctx, &mut total, &sum)?;
                if !early {
                    comm.recv(ctx, &mut to, 0, 0)?;
                }
                comm.recv(ctx, &mut to, 0, 1)?;
                send.wait()?;
            }
            assert_eq!(to.to_vec()?, values::<i64>(other, 1, len));
            assert!(total.to_vec()?.iter().all(|value| *value == 2));
        }
    }
    Ok(())
}

#[test]
fn messages_go_on_while_ranks_reduce() {
    on_each_path(
        2,
        "requests::messages_go_on_while_ranks_reduce",
        reduced_meanwhile,
    );
}

/// A communicator is made while a message is under way, whose receiver takes part only when it has come.
fn made_meanwhile(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let world = mpi::topology::SimpleCommunicator::world();
    let mut x = proc.upload(&values::<f64>(0, comm.rank() as u64, LONG))?;
    let second = if comm.rank() == 0 {
        let send = comm.isend(ctx, &x, 1, 0)?;
        let second = VeComm::new(&world, proc)?;
        send.wait()?;
        second
    } else {
        comm.recv(ctx, &mut x, 0, 0)?;
        assert_eq!(x.to_vec()?, values::<f64>(0, 0, LONG));
        VeComm::new(&world, proc)?
    };
    let mut count = proc.upload(&[1i32])?;
    second.all_reduce_in_place(ctx, &mut count, &Operation::sum())?;
    assert_eq!(count.to_vec()?, [2]);
    Ok(())
}

#[test]
fn messages_go_on_while_a_communicator_is_made() {
    on_each_path(
        2,
        "requests::messages_go_on_while_a_communicator_is_made",
        made_meanwhile,
    );
}

/// A rank has done its part while the others still send to it and receive of it.
fn ended_early(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let mut x = proc.upload(&values::<f64>(comm.rank(), 1, LONG))?;
    if comm.rank() == 0 {
        // Its memory is kept by the messages.
        std::mem::forget(comm.irecv(ctx, x.slice_mut(..)?, 1, 0)?);
        std::mem::forget(comm.irecv(ctx, x.slice_mut(..)?, 1, 1)?);
        let y = proc.upload(&values::<f64>(0, 2, LONG))?;
        drop(comm.isend(ctx, &y, 1, 2)?);
        return Ok(());
    }
    // Longer than a rank waits for a message that nobody receives.
    let long = std::env::var_os("VEO_TEST_LONG").is_some();
    std::thread::sleep(Duration::from_millis(if long { 12_000 } else { 300 }));
    comm.send(ctx, &x, 0, 0)?;
    let mut y = proc.alloc::<f64>(LONG)?;
    comm.recv(ctx, &mut y, 0, 2)?;
    assert_eq!(y.to_vec()?, values::<f64>(0, 2, LONG));
    // Both ends are given up.
    drop(comm.isend(ctx, &x, 0, 1)?);
    Ok(())
}

#[test]
fn ranks_that_are_done_still_send_and_receive() {
    on_each_path(
        2,
        "requests::ranks_that_are_done_still_send_and_receive",
        ended_early,
    );
}

/// A rank gives up a communicator before it has asked for messages which have come there.
fn not_asked_for(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let world = mpi::topology::SimpleCommunicator::world();
    let other = VeComm::new(&world, proc)?;
    if comm.rank() == 0 {
        // The last one is longer than what any MPI sends unasked.
        let lens = [8, CHUNK, CHUNK, 16 << 20];
        let x = proc.upload(&values::<u8>(0, 1, 16 << 20))?;
        let mut sends = Vec::new();
        for len in lens {
            sends.push(other.isend(ctx, x.slice(..len)?, 1, 1)?);
        }
        other.send(ctx, x.slice(..8)?, 1, 2)?;
        let start = Instant::now();
        while !sends.is_empty() {
            assert!(start.elapsed() < Duration::from_secs(60), "nobody takes it");
            for send in std::mem::take(&mut sends) {
                match send.test() {
                    Ok(sent) => sent?,
                    Err(again) => sends.push(again),
                }
            }
        }
    } else {
        let mut y = proc.alloc::<u8>(8)?;
        // The message that was sent before has come, too.
        other.recv(ctx, &mut y, 0, 2)?;
        drop(other);
    }
    // All goes on.
    let x = proc.upload(&values::<u8>(comm.rank(), 1, CHUNK))?;
    let mut y = proc.alloc::<u8>(CHUNK)?;
    let peer = 1 - comm.rank();
    comm.sendrecv(ctx, &x, peer, 0, &mut y, peer, 0)?;
    assert_eq!(y.to_vec()?, values::<u8>(peer, 1, CHUNK));
    comm.barrier(ctx)?;
    Ok(())
}

#[test]
fn messages_that_nobody_can_ask_for_come_to_an_end() {
    on_each_path(
        2,
        "requests::messages_that_nobody_can_ask_for_come_to_an_end",
        not_asked_for,
    );
}
