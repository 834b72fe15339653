//! Messages between two ranks: of all types and lengths, in both directions at once, of any source.

use veo_mpi::{ANY_SOURCE, ANY_TAG, Error};

use crate::common::case;
use crate::values::{Cell, Sample, lengths, values};
use crate::{CHUNK, PATHS, Part, Rank, on_each_path, rank};

/// The number of values on each side of the part of a buffer that is received to.
const AROUND: usize = 3;

/// Sends to the next rank and receives of the one before, with offsets in both buffers.
fn around<T: Sample>(rank: &Rank, len: usize) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let (own, size) = (comm.rank(), comm.size());
    let (next, last) = ((own + 1) % size, (own + size - 1) % size);
    let mut all = values::<T>(own, 9, AROUND);
    all.extend(values::<T>(own, 1, len));
    let x = proc.upload(&all)?;
    let before = values::<T>(own, 2, len + 2 * AROUND);
    let mut y = proc.upload(&before)?;
    let status = comm.sendrecv(
        ctx,
        x.slice(AROUND..)?,
        next,
        5,
        y.slice_mut(AROUND..AROUND + len)?,
        last,
        5,
    )?;
    assert_eq!(
        (status.source_rank(), status.tag(), status.count()),
        (last, 5, len)
    );
    let mut wanted = before.clone();
    wanted[AROUND..AROUND + len].copy_from_slice(&values(last, 1, len));
    assert_eq!(y.to_vec()?, wanted);

    // More room than values; one of the two sends first.
    let mut z = proc.upload(&before)?;
    let received = if own % 2 == 0 {
        comm.send(ctx, x.slice(AROUND..)?, next, 0)?;
        comm.recv(ctx, &mut z, last, 0)?
    } else {
        let received = comm.recv(ctx, &mut z, last, ANY_TAG)?;
        comm.send(ctx, x.slice(AROUND..)?, next, 0)?;
        received
    };
    assert_eq!((received.tag(), received.count()), (0, len));
    let mut wanted = before;
    wanted[..len].copy_from_slice(&values(last, 1, len));
    assert_eq!(z.to_vec()?, wanted);
    Ok(())
}

fn all_lengths<T: Sample>(rank: &Rank) -> Part {
    for len in lengths::<T>() {
        around::<T>(rank, len)
            .map_err(|error| format!("{len} {}: {error}", std::any::type_name::<T>()))?;
    }
    Ok(())
}

#[test]
fn all_types_and_lengths_arrive() {
    on_each_path(4, "messages::all_types_and_lengths_arrive", |rank| {
        all_lengths::<i8>(rank)?;
        all_lengths::<i16>(rank)?;
        all_lengths::<i32>(rank)?;
        all_lengths::<i64>(rank)?;
        all_lengths::<u8>(rank)?;
        all_lengths::<u16>(rank)?;
        all_lengths::<u32>(rank)?;
        all_lengths::<u64>(rank)?;
        all_lengths::<isize>(rank)?;
        all_lengths::<usize>(rank)?;
        all_lengths::<f32>(rank)?;
        all_lengths::<f64>(rank)?;
        all_lengths::<Cell>(rank)?;
        all_lengths::<[i16; 3]>(rank)?;
        Ok(())
    });
}

/// Rank 0 receives messages of all ranks, itself included, in the order in which it likes; all were begun before.
fn everything_at_once(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let lens = [0, 10, CHUNK / 8, CHUNK / 8 + 1, 5 * CHUNK / 8 + 3];
    let buffers = lens.map(|len| proc.upload(&values::<i64>(comm.rank(), len as u64, len)));
    let buffers = buffers.into_iter().collect::<veo_core::Result<Vec<_>>>()?;
    let mut sends = Vec::new();
    for (tag, buffer) in buffers.iter().enumerate() {
        sends.push(comm.isend(ctx, buffer, 0, tag as i32)?);
        // Two with the same tag keep their order.
        sends.push(comm.isend(ctx, buffer.slice(..buffer.len() / 2)?, 0, tag as i32)?);
    }
    if comm.rank() == 0 {
        let mut room = proc.alloc::<i64>(6 * CHUNK / 8)?;
        // The last that was sent comes first.
        for (tag, len) in lens.iter().enumerate().rev() {
            for part in [*len, len / 2] {
                // Odd tags of the first rank first, even ones of the last.
                let mut sources: Vec<i32> = (0..comm.size()).collect();
                if tag % 2 == 0 {
                    sources.reverse();
                }
                for source in sources {
                    let status = comm.recv(ctx, &mut room, source, tag as i32)?;
                    assert_eq!(status.source_rank(), source);
                    assert_eq!((status.tag(), status.count()), (tag as i32, part));
                    let wanted = &values::<i64>(source, *len as u64, *len)[..part];
                    assert_eq!(room.slice(..part)?.to_vec()?, wanted);
                }
            }
        }
    }
    for send in sends {
        send.wait()?;
    }
    Ok(())
}

#[test]
fn messages_that_were_begun_together_all_come() {
    on_each_path(
        4,
        "messages::messages_that_were_begun_together_all_come",
        everything_at_once,
    );
}

/// Receives of any source with any tag, begun before and after the messages have come.
fn any(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let size = comm.size();
    let len = |source: i32| [7, CHUNK / 4, 3 * CHUNK, CHUNK / 4 + 9][source as usize % 4];
    for early in [true, false] {
        if comm.rank() != 0 {
            if early {
                comm.barrier(ctx)?;
            }
            let x = proc.upload(&values::<u32>(comm.rank(), 3, len(comm.rank())))?;
            let send = comm.isend(ctx, &x, 0, 100 + comm.rank())?;
            if !early {
                comm.barrier(ctx)?;
            }
            send.wait()?;
            comm.barrier(ctx)?;
            continue;
        }
        let mut rooms = (1..size)
            .map(|_| proc.alloc::<u32>(3 * CHUNK))
            .collect::<veo_core::Result<Vec<_>>>()?;
        let mut statuses = Vec::new();
        if early {
            let mut requests = Vec::new();
            for room in &mut rooms {
                requests.push(comm.irecv(ctx, room, ANY_SOURCE, ANY_TAG)?);
            }
            comm.barrier(ctx)?;
            for request in requests {
                statuses.push(request.wait()?);
            }
        } else {
            comm.barrier(ctx)?;
            for room in &mut rooms {
                statuses.push(comm.recv(ctx, room, ANY_SOURCE, ANY_TAG)?);
            }
        }
        let mut sources = Vec::new();
        for (status, room) in statuses.iter().zip(&rooms) {
            let source = status.source_rank();
            assert_eq!((status.tag(), status.count()), (100 + source, len(source)));
            let wanted = values::<u32>(source, 3, len(source));
            assert_eq!(room.slice(..len(source))?.to_vec()?, wanted);
            sources.push(source);
        }
        sources.sort_unstable();
        assert_eq!(sources, (1..size).collect::<Vec<_>>());
        // The next messages come after all of these.
        comm.barrier(ctx)?;
    }
    Ok(())
}

#[test]
fn any_source_and_any_tag_take_whatever_comes() {
    on_each_path(
        4,
        "messages::any_source_and_any_tag_take_whatever_comes",
        any,
    );
}

/// Messages of so many tags and types, again and again, that ranks cannot keep in mind what each is; received in another order.
fn of_many_kinds(rank: &Rank) -> Part {
    const TAGS: i32 = 50;
    let Rank { comm, proc, ctx } = rank;
    let (own, other) = (comm.rank(), 1 - comm.rank());
    let len = CHUNK / 8 + 5;
    let whole = values::<i64>(own, 1, len);
    let theirs = values::<i64>(other, 1, len);
    let numbers = proc.upload(&whole)?;
    let cells = proc.upload(&values::<Cell>(own, 2, len))?;
    let mut room = proc.zeros::<i64>(len)?;
    let mut cell_room = proc.zeros::<Cell>(len)?;
    for round in 0..2 {
        let mut sends = Vec::new();
        for tag in 0..TAGS {
            let at = (tag + round) as usize;
            sends.push(comm.isend(ctx, numbers.slice(at..)?, other, tag)?);
            sends.push(comm.isend(ctx, &cells, other, tag)?);
            sends.push(comm.isend(ctx, numbers.slice(..len - at)?, other, round)?);
        }
        for tag in (0..TAGS).rev() {
            let at = (tag + round) as usize;
            if tag == round {
                continue;
            }
            let status = comm.recv(ctx, &mut room, other, tag)?;
            assert_eq!(status.count(), len - at);
            assert_eq!(room.slice(..len - at)?.to_vec()?, &theirs[at..]);
            // The other type is told of, whatever was sent before.
            let error = comm.recv(ctx, &mut room, other, tag).unwrap_err();
            assert!(matches!(error, Error::Types { .. }), "{error}");
        }
        // Two ways to the same tag; a collective operation between.
        let mut count = proc.upload(&vec![own; len])?;
        comm.broadcast(ctx, &mut count, 1)?;
        assert_eq!(count.to_vec()?, vec![1; len]);
        for tag in 0..TAGS {
            let at = (tag + round) as usize;
            if tag == round {
                comm.recv(ctx, &mut room, other, round)?;
                assert_eq!(room.slice(..len - at)?.to_vec()?, &theirs[at..]);
                comm.recv(ctx, &mut cell_room, other, round)?;
                assert_eq!(cell_room.to_vec()?, values::<Cell>(other, 2, len));
            }
            comm.recv(ctx, &mut room, other, round)?;
            assert_eq!(room.slice(..len - at)?.to_vec()?, &theirs[..len - at]);
        }
        for send in sends {
            send.wait()?;
        }
    }
    Ok(())
}

#[test]
fn messages_of_many_tags_come_with_theirs() {
    on_each_path(
        2,
        "messages::messages_of_many_tags_come_with_theirs",
        of_many_kinds,
    );
}

/// Memory of this program that is no file's, in KiB.
pub fn own_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the system has it");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("a number of kB")
}

/// Messages of 64 MiB through chunks of 1 MiB, both ways at once.
fn long(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let other = 1 - comm.rank();
    let len = 64 << 20;
    let mut x = proc.alloc::<u8>(len)?;
    x.fill(comm.rank() as u8 + 1)?;
    let mut y = proc.zeros::<u8>(len)?;
    comm.barrier(ctx)?;
    let before = own_memory();
    comm.sendrecv(ctx, &x, other, 0, &mut y, other, 0)?;
    comm.broadcast(ctx, y.slice_mut(1..)?, 0)?;
    comm.all_reduce_in_place(ctx, &mut x, &veo_mpi::Operation::max())?;
    let grown = own_memory().saturating_sub(before);
    assert!(grown < 12 << 10, "{grown} KiB for messages of 65536");
    assert_eq!(y.slice(..1)?.to_vec()?, [other as u8 + 1]);
    assert!(y.slice(1..)?.to_vec()?.iter().all(|byte| *byte == 2));
    assert!(x.to_vec()?.iter().all(|byte| *byte == 2));
    Ok(())
}

#[test]
fn long_messages_need_four_chunks() {
    const TEST: &str = "messages::long_messages_need_four_chunks";
    if case().is_none() {
        for path in ["staged", "remote"] {
            if let Some(launch) = crate::common::Launch::new(2, TEST, path) {
                let launch = launch.env("VEO_MPI_PATH", path).env("VEO_MPI_CHUNK", "1M");
                launch.run().succeeds();
            }
        }
        return;
    }
    rank(long);
}

/// More values than fit in an `i32`.
fn more_than_an_int(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let len = (5usize << 29) + 5;
    let mut x = proc.alloc::<u8>(len)?;
    let marks = [
        0,
        (1 << 30) - 1,
        1 << 30,
        i32::MAX as usize,
        1 << 31,
        len - 1,
    ];
    if comm.rank() == 0 {
        x.fill(1)?;
        for (mark, at) in marks.into_iter().enumerate() {
            x.slice_mut(at..=at)?.write(&[mark as u8 + 2])?;
        }
        comm.send(ctx, &x, 1, 0)?;
        comm.plain().send(ctx, &x, 1, 1)?;
    } else {
        for plain in [false, true] {
            x.fill(0)?;
            let status = match plain {
                true => comm.plain().recv(ctx, &mut x, 0, 1)?,
                false => comm.recv(ctx, &mut x, 0, 0)?,
            };
            assert_eq!(status.count(), len);
            for (mark, at) in marks.into_iter().enumerate() {
                assert_eq!(x.slice(at..=at)?.to_vec()?, [mark as u8 + 2]);
            }
            assert_eq!(x.slice(1..1000)?.to_vec()?, [1; 999]);
        }
    }
    Ok(())
}

#[test]
fn counts_may_be_of_any_size() {
    const TEST: &str = "messages::counts_may_be_of_any_size";
    if case().is_none() {
        if std::env::var_os("VEO_TEST_LONG").is_none() {
            eprintln!(
                "not run: messages of 2.5 GiB need VEO_TEST_LONG=1, 12 GiB of memory and some minutes"
            );
            return;
        }
        for path in PATHS {
            if let Some(launch) = crate::common::Launch::new(2, TEST, path) {
                launch
                    .env("VEO_MPI_PATH", path)
                    .env("VEO_MPI_CHUNK", "16M")
                    .env("VEO_EMU_MEMORY", "3G")
                    .within(std::time::Duration::from_secs(1800))
                    .run()
                    .succeeds();
            }
        }
        return;
    }
    rank(more_than_an_int);
}
