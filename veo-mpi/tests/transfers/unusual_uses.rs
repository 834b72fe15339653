//! Mistakes and rare uses of programs: they get an error or the right values, and all goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mpi::topology::{Color, SimpleCommunicator};
use mpi::traits::*;
use veo_core::VeoProc;
use veo_mpi::{ANY_SOURCE, ANY_TAG, Error, Operation, VeComm};

use crate::common::{Launch, case};
use crate::values::values;
use crate::{CHUNK, PATHS, Part, Rank, on_each_path, rank};

fn zero_and_truncated(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let size = comm.size();
    if comm.rank() == 0 {
        let mut room = proc.zeros::<u32>(10)?;
        let (mut zero, mut cut) = (0, 0);
        for _ in 0..40 * (size - 1) {
            match comm.recv(ctx, &mut room, ANY_SOURCE, ANY_TAG) {
                Ok(status) => {
                    assert_eq!((status.count(), status.tag() % 2), (0, 0));
                    zero += 1;
                }
                Err(Error::Truncated { room: 10, sent, .. }) => {
                    assert!(sent > 10);
                    cut += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        assert_eq!((zero, cut), (20 * (size - 1), 20 * (size - 1)));
        assert_eq!(room.to_vec()?, [0; 10]);
    } else {
        let mut sends = vec![];
        let x = proc.upload(&values::<u32>(comm.rank(), 1, 5 * CHUNK))?;
        let lens = [11, CHUNK / 4, CHUNK / 4 + 1, 5 * CHUNK];
        for at in 0..40 {
            let len = if at % 2 == 0 { 0 } else { lens[at / 2 % 4] };
            sends.push(comm.isend(ctx, x.slice(..len)?, 0, at as i32)?);
        }
        for send in sends {
            send.wait()?;
        }
    }
    Ok(())
}

#[test]
fn empty_messages_come_between_truncated_ones() {
    on_each_path(
        4,
        "unusual_uses::empty_messages_come_between_truncated_ones",
        zero_and_truncated,
    );
}

fn many_unreceived(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let x = proc.upload(&[1u8; 100])?;
    for at in 0..3000 {
        drop(comm.isend(
            ctx,
            x.slice(..at % 100)?,
            (comm.rank() + 1) % comm.size(),
            5,
        )?);
    }
    Ok(())
}

#[test]
fn small_messages_that_nobody_receives_end_with_the_job() {
    on_each_path(
        2,
        "unusual_uses::small_messages_that_nobody_receives_end_with_the_job",
        many_unreceived,
    );
}

fn panics(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let other = 1 - comm.rank();
    for len in [10, CHUNK, 9 * CHUNK] {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let x = proc.upload(&values::<u8>(comm.rank(), 1, len)).unwrap();
            let mut y = proc.zeros::<u8>(len).unwrap();
            let _send = comm.isend(ctx, &x, other, 1).unwrap();
            let _receive = comm.irecv(ctx, &mut y, other, 2).unwrap();
            panic!("wanted");
        }));
        assert!(caught.is_err());
        let mut y = proc.zeros::<u8>(len)?;
        comm.recv(ctx, &mut y, other, 1)?;
        assert_eq!(y.to_vec()?, values::<u8>(other, 1, len));
        let x = proc.upload(&values::<u8>(comm.rank(), 3, len))?;
        comm.sendrecv(ctx, &x, other, 2, &mut y, other, 2)?;
        assert_eq!(y.to_vec()?, values::<u8>(other, 3, len));
    }
    Ok(())
}

#[test]
fn a_panic_that_is_caught_drops_requests_only() {
    on_each_path(
        2,
        "unusual_uses::a_panic_that_is_caught_drops_requests_only",
        panics,
    );
}

fn communicators(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let world = SimpleCommunicator::world();
    let own = comm.rank();
    // Dropped before its requests, in another order in each rank.
    for round in 0..6 {
        let copy = world.duplicate();
        let half = world
            .split_by_color(Color::with_value((own + round) % 2))
            .expect("it has a colour");
        let (a, b) = (VeComm::new(&copy, proc)?, VeComm::new(&half, proc)?);
        let x = proc.upload(&values::<u16>(own, 1, 3 * CHUNK))?;
        let (mut y, mut z) = (proc.zeros::<u16>(3 * CHUNK)?, proc.zeros::<u16>(3 * CHUNK)?);
        let other = b.size() - 1 - b.rank();
        let (to, from) = ((own + 1) % 4, (own + 3) % 4);
        let sends = [a.isend(ctx, &x, to, i32::MAX)?, b.isend(ctx, &x, other, 0)?];
        let receives = [
            a.irecv(ctx, &mut y, from, i32::MAX)?,
            b.irecv(ctx, &mut z, other, ANY_TAG)?,
        ];
        if own % 2 == 0 {
            drop(b);
            drop(a);
        } else {
            drop(a);
            drop(b);
        }
        for receive in receives {
            assert_eq!(receive.wait()?.count(), 3 * CHUNK);
        }
        for send in sends {
            send.wait()?;
        }
        assert_eq!(y.to_vec()?, values::<u16>(from, 1, 3 * CHUNK));
        // In one half are ranks of one parity.
        let twin = if own < 2 { own + 2 } else { own - 2 };
        assert_eq!(z.to_vec()?, values::<u16>(twin, 1, 3 * CHUNK));
    }
    // Made and dropped more often than MPI has of them at once.
    let mut count = proc.upload(&[1i32])?;
    for _ in 0..200 {
        let again = VeComm::new(&world, proc)?;
        again.broadcast(ctx, &mut count, 1)?;
    }
    Ok(())
}

#[test]
fn communicators_come_and_go() {
    on_each_path(4, "unusual_uses::communicators_come_and_go", communicators);
}

fn tags(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let x = proc.upload(&values::<u8>(comm.rank(), 1, CHUNK + 1))?;
    let mut y = proc.zeros::<u8>(CHUNK + 1)?;
    let other = 1 - comm.rank();
    for tag in [0, 1, 32767, 32768, i32::MAX - 1, i32::MAX] {
        let status = comm.sendrecv(ctx, &x, other, tag, &mut y, other, tag)?;
        assert_eq!(status.tag(), tag);
        assert_eq!(y.to_vec()?, values::<u8>(other, 1, CHUNK + 1));
    }
    // Those of a plain message are MPI's: its largest goes, what is beyond is an error.
    let plain = comm.plain();
    let status = plain.sendrecv(ctx, &x, other, 32767, &mut y, other, 32767)?;
    assert_eq!(status.tag(), 32767);
    let beyond = plain.sendrecv(ctx, &x, other, i32::MAX, &mut y, other, ANY_TAG);
    match beyond {
        Ok(status) => assert_eq!(status.tag(), i32::MAX),
        Err(error) => assert!(matches!(error, Error::Mpi { .. }), "{error}"),
    }
    comm.barrier(ctx)?;
    Ok(())
}

#[test]
fn tags_go_to_their_bound() {
    on_each_path(2, "unusual_uses::tags_go_to_their_bound", tags);
}

fn very_many(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let long = std::env::var_os("VEO_TEST_LONG").is_some();
    let many = if long { 100_000 } else { 5000 };
    let x = proc.upload(&values::<u64>(0, 1, many))?;
    if comm.rank() == 0 {
        let mut sends = Vec::new();
        for at in 0..many {
            sends.push(comm.isend(ctx, x.slice(at..=at)?, 1, 0)?);
        }
        for send in sends {
            send.wait()?;
        }
    } else {
        let mut y = proc.zeros::<u64>(many)?;
        let mut receives = Vec::new();
        let mut rest = y.as_mut_slice();
        for _ in 0..many {
            let (one, more) = rest.split_at_mut(1)?;
            receives.push(comm.irecv(ctx, one, 0, 0)?);
            rest = more;
        }
        for receive in receives {
            receive.wait()?;
        }
        assert_eq!(y.to_vec()?, values::<u64>(0, 1, many));
    }
    Ok(())
}

#[test]
fn very_many_requests_are_begun_before_any_is_waited_for() {
    on_each_path(
        2,
        "unusual_uses::very_many_requests_are_begun_before_any_is_waited_for",
        very_many,
    );
}

fn odd_chunks(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let other = 1 - comm.rank();
    for len in [1, 7, 8, 9, 64, 65, 1000] {
        let x = proc.upload(&values::<f64>(comm.rank(), 1, len))?;
        let mut y = proc.zeros::<f64>(len)?;
        comm.sendrecv(ctx, &x, other, 0, &mut y, other, 0)?;
        assert_eq!(y.to_vec()?, values::<f64>(other, 1, len));
        let numbers = proc.upload(&values::<u64>(comm.rank(), 2, len))?;
        let mut sum = proc.zeros::<u64>(len)?;
        comm.all_reduce(ctx, &numbers, &mut sum, &Operation::max())?;
        let wanted = values::<u64>(0, 2, len)
            .into_iter()
            .zip(values::<u64>(1, 2, len))
            .map(|(a, b)| a.max(b))
            .collect::<Vec<_>>();
        assert_eq!(sum.to_vec()?, wanted);
        let mut all = proc.zeros::<f64>(2 * len)?;
        comm.all_gather(ctx, &x, &mut all)?;
        assert_eq!(all.slice(len..)?.to_vec()?, values::<f64>(1, 1, len));
    }
    Ok(())
}

#[test]
fn chunks_may_have_any_length() {
    const TEST: &str = "unusual_uses::chunks_may_have_any_length";
    if case().is_some() {
        return rank(odd_chunks);
    }
    for chunk in ["64", "71", "1024M"] {
        for path in PATHS {
            if let Some(launch) = Launch::new(2, TEST, path) {
                let launch = launch.env("VEO_MPI_PATH", path);
                launch.env("VEO_MPI_CHUNK", chunk).run().succeeds();
            }
        }
    }
}

fn two_processes(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let world = SimpleCommunicator::world();
    let other = 1 - comm.rank();
    let second = VeoProc::new(0)?;
    let context = second.open_context()?;
    let both = VeComm::new(&world, &second)?;
    let x = proc.upload(&values::<i32>(comm.rank(), 1, 3 * CHUNK))?;
    let mut y = second.zeros::<i32>(3 * CHUNK)?;
    let send = comm.isend(ctx, &x, other, 0)?;
    let theirs = second.upload(&values::<i32>(comm.rank(), 2, 3 * CHUNK))?;
    both.sendrecv(&context, &theirs, other, 0, &mut y, other, 0)?;
    assert_eq!(y.to_vec()?, values::<i32>(other, 2, 3 * CHUNK));
    let mut z = proc.zeros::<i32>(3 * CHUNK)?;
    comm.recv(ctx, &mut z, other, 0)?;
    assert_eq!(z.to_vec()?, values::<i32>(other, 1, 3 * CHUNK));
    send.wait()?;
    // One of them is closed while the other goes on; its buffers are there still.
    drop(both);
    second.kill()?;
    comm.sendrecv(ctx, &x, other, 0, &mut z, other, 0)?;
    Ok(())
}

#[test]
fn a_rank_may_have_two_processes() {
    on_each_path(
        2,
        "unusual_uses::a_rank_may_have_two_processes",
        two_processes,
    );
}

fn killed_in_flight(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let world = SimpleCommunicator::world();
    let other = 1 - comm.rank();
    let second = VeoProc::new(0)?;
    let context = second.open_context()?;
    let both = VeComm::new(&world, &second)?;
    let len = 400 * CHUNK;
    let x = second.upload(&values::<u8>(comm.rank(), 2, len))?;
    let mut y = second.zeros::<u8>(len)?;
    if comm.rank() == 0 {
        let send = both.isend(&context, &x, other, 0)?;
        second.kill()?;
        if let Err(error) = send.wait() {
            let gone = matches!(&error, Error::Veo(error) if error.is_process_gone());
            assert!(gone, "{error}");
        }
    } else {
        // The host has the memory still, or the sender says that it has failed.
        match both.recv(&context, &mut y, other, 0) {
            Ok(_) => assert_eq!(y.to_vec()?, values::<u8>(other, 2, len)),
            Err(error) => assert!(
                matches!(error, Error::SenderFailed { source_rank: 0 }),
                "{error}"
            ),
        }
    }
    comm.barrier(ctx)?;
    // All goes on.
    let z = proc.upload(&values::<u8>(comm.rank(), 3, len))?;
    let mut w = proc.zeros::<u8>(len)?;
    comm.sendrecv(ctx, &z, other, 0, &mut w, other, 0)?;
    assert_eq!(w.to_vec()?, values::<u8>(other, 3, len));
    Ok(())
}

#[test]
fn a_process_that_ends_in_a_message_ends_it() {
    on_each_path(
        2,
        "unusual_uses::a_process_that_ends_in_a_message_ends_it",
        killed_in_flight,
    );
}

fn both_kinds(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let other = 1 - comm.rank();
    let plain = comm.plain();
    let x = proc.upload(&values::<i16>(comm.rank(), 1, CHUNK))?;
    let z = proc.upload(&values::<i16>(comm.rank(), 2, CHUNK))?;
    let mut y = proc.zeros::<i16>(CHUNK)?;
    for _ in 0..20 {
        let first = comm.isend(ctx, &x, other, 1)?;
        plain.sendrecv(ctx, &z, other, 1, &mut y, ANY_SOURCE, ANY_TAG)?;
        assert_eq!(y.to_vec()?, values::<i16>(other, 2, CHUNK));
        comm.recv(ctx, &mut y, ANY_SOURCE, ANY_TAG)?;
        assert_eq!(y.to_vec()?, values::<i16>(other, 1, CHUNK));
        first.wait()?;
    }
    Ok(())
}

#[test]
fn plain_messages_do_not_meet_others() {
    on_each_path(
        2,
        "unusual_uses::plain_messages_do_not_meet_others",
        both_kinds,
    );
}

/// Receives and sends end by `test` alone, of all ranks to all, in a wrong order.
fn tested(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let (own, size) = (comm.rank(), comm.size());
    let lens = [0, 9, CHUNK, 2 * CHUNK + 1];
    let x = proc.upload(&values::<u8>(own, 1, 2 * CHUNK + 1))?;
    let mut rooms = Vec::new();
    for _ in 0..4 * size {
        rooms.push(proc.zeros::<u8>(2 * CHUNK + 1)?);
    }
    let mut receives = Vec::new();
    for (at, room) in rooms.iter_mut().enumerate().rev() {
        let (source, tag) = (at as i32 / 4, at as i32 % 4);
        receives.push((at, comm.irecv(ctx, room, source, tag)?));
    }
    let mut sends = Vec::new();
    for dest in 0..size {
        for (tag, len) in lens.into_iter().enumerate() {
            sends.push(comm.isend(ctx, x.slice(..len)?, dest, tag as i32)?);
        }
    }
    let mut done = Vec::new();
    while !receives.is_empty() || !sends.is_empty() {
        let mut open = Vec::new();
        for (at, receive) in receives {
            match receive.test() {
                Ok(status) => done.push((at, status?.count())),
                Err(receive) => open.push((at, receive)),
            }
        }
        receives = open;
        let mut open = Vec::new();
        for send in sends {
            match send.test() {
                Ok(sent) => sent?,
                Err(send) => open.push(send),
            }
        }
        sends = open;
    }
    for (at, count) in done {
        assert_eq!(count, lens[at % 4]);
        let wanted = &values::<u8>(at as i32 / 4, 1, 2 * CHUNK + 1)[..count];
        assert_eq!(rooms[at].slice(..count)?.to_vec()?, wanted);
    }
    Ok(())
}

#[test]
fn requests_end_by_tests_alone() {
    on_each_path(3, "unusual_uses::requests_end_by_tests_alone", tested);
}
