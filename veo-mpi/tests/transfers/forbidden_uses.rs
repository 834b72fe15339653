//! Forbidden uses of programs: they end in an error or in the right values, and all goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mpi::topology::{Color, SimpleCommunicator};
use mpi::traits::*;
use ve_kernels::basics::{bump, fill};
use veo_core::VeoProc;
use veo_mpi::{ANY_SOURCE, ANY_TAG, Error, Operation, VeComm};

use crate::common::{Launch, case};
use crate::values::values;
use crate::{CHUNK, Part, Rank, on_each_path};

/// Every collective operation on nothing at all, also where some ranks have something.
fn nothing(comm: &VeComm<'_>, rank: &Rank) -> Part {
    let Rank { proc, ctx, .. } = rank;
    let (own, size) = (comm.rank(), comm.size());
    let ranks = size as usize;
    let (mut x, y) = (proc.zeros::<f64>(0)?, proc.zeros::<f64>(0)?);
    let sum = Operation::sum();
    comm.broadcast(ctx, &mut x, size - 1)?;
    comm.all_gather(ctx, &y, &mut x)?;
    comm.all_to_all(ctx, &y, &mut x)?;
    comm.all_to_all_in_place(ctx, &mut x)?;
    comm.all_reduce(ctx, &y, &mut x, &sum)?;
    comm.all_reduce_in_place(ctx, &mut x, &Operation::commutative(f64::max))?;
    let none = vec![0..0; ranks];
    if own == 0 {
        comm.gather_root(ctx, &y, &mut x)?;
        comm.scatter_root(ctx, &y, &mut x)?;
        comm.reduce_root(ctx, &y, &mut x, &sum)?;
        comm.gather_varcount_root(ctx, &y, &mut x, &none)?;
    } else {
        comm.gather(ctx, &y, 0)?;
        comm.scatter(ctx, &mut x, 0)?;
        comm.reduce(ctx, &y, &sum, 0)?;
        comm.gather(ctx, &y, 0)?;
    }
    // Only the last rank has values.
    let mut parts = vec![7..7; ranks];
    parts[ranks - 1] = 2..5;
    let mut all = proc.upload(&[0.0; 8])?;
    let has_some = own == size - 1;
    let some = proc.upload(&values::<f64>(size - 1, 1, 3))?;
    let mine = if has_some {
        some.slice(..)?
    } else {
        some.slice(..0)?
    };
    comm.all_gather_varcount(ctx, mine, &mut all, &parts)?;
    let mut wanted = vec![0.0; 8];
    wanted[2..5].copy_from_slice(&values::<f64>(size - 1, 1, 3));
    assert_eq!(all.to_vec()?, wanted);
    Ok(())
}

/// Communicators with one rank, without some ranks, with their order turned round.
fn odd_communicators(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let own = comm.rank();
    nothing(comm, rank)?;
    let world = SimpleCommunicator::world();
    let only = world
        .split_by_color(Color::with_value(own))
        .expect("it has a colour");
    let alone = VeComm::new(&only, proc)?;
    nothing(&alone, rank)?;
    let x = proc.upload(&values::<u32>(own, 1, 3 * CHUNK))?;
    let mut y = proc.zeros::<u32>(3 * CHUNK)?;
    let receive = alone.irecv(ctx, &mut y, ANY_SOURCE, ANY_TAG)?;
    alone.send(ctx, &x, 0, 3)?;
    assert_eq!(receive.wait()?.tag(), 3);
    assert_eq!(y.to_vec()?, values::<u32>(own, 1, 3 * CHUNK));
    // The last rank takes no part.
    let color = match own {
        3 => Color::undefined(),
        _ => Color::with_value(0),
    };
    if let Some(some) = world.split_by_color_with_key(color, -own) {
        let some = VeComm::new(&some, proc)?;
        assert_eq!((some.rank(), some.size()), (2 - own, 3));
        some.broadcast(ctx, &mut y, 0)?;
        assert_eq!(y.to_vec()?, values::<u32>(2, 1, 3 * CHUNK));
        nothing(&some, rank)?;
    }
    comm.barrier(ctx)?;
    Ok(())
}

#[test]
fn communicators_of_any_shape_work_on_nothing_and_more() {
    on_each_path(
        4,
        "forbidden_uses::communicators_of_any_shape_work_on_nothing_and_more",
        odd_communicators,
    );
}

/// Messages of any rank with any tag are those of the communicator that is asked, each in its order.
fn mixed(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let world = SimpleCommunicator::world();
    let comms = [VeComm::new(&world, proc)?, VeComm::new(&world, proc)?];
    let other = 1 - comm.rank();
    for len in [1, CHUNK, 2 * CHUNK] {
        let x = proc.upload(&values::<u8>(comm.rank(), 1, len + 2))?;
        let mut y = proc.zeros::<u8>(len)?;
        let mut sends = Vec::new();
        for (at, comm) in comms.iter().chain([comm]).enumerate() {
            sends.push(comm.isend(ctx, x.slice(at..at + len)?, other, at as i32)?);
            sends.push(comm.isend(ctx, x.slice(..len)?, comm.rank(), 9)?);
        }
        for (at, comm) in [comm].into_iter().chain(comms.iter().rev()).enumerate() {
            let at = 2 - at;
            let status = comm.recv(ctx, &mut y, ANY_SOURCE, at as i32)?;
            assert_eq!((status.source_rank(), status.count()), (other, len));
            let wanted = values::<u8>(other, 1, len + 2);
            assert_eq!(y.slice(..len)?.to_vec()?, wanted[at..at + len]);
            let status = comm.recv(ctx, &mut y, ANY_SOURCE, ANY_TAG)?;
            assert_eq!((status.source_rank(), status.tag()), (comm.rank(), 9));
        }
        for send in sends {
            send.wait()?;
        }
    }
    Ok(())
}

#[test]
fn messages_stay_with_their_communicator() {
    on_each_path(
        2,
        "forbidden_uses::messages_stay_with_their_communicator",
        mixed,
    );
}

/// Parts of memory that cannot be.
#[allow(clippy::reversed_empty_ranges, clippy::single_range_in_vec_init)]
fn wrong_parts(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let x = proc.upload(&[1i32, 2, 3])?;
    let mut y = proc.zeros::<i32>(6)?;
    let wrong = [
        vec![],
        vec![0..3],
        vec![0..3, 2..5],
        vec![0..3, 3..7],
        vec![0..3, 5..3],
        vec![0..usize::MAX, 3..6],
        vec![usize::MAX - 1..usize::MAX, 0..3],
        vec![0..2, 2..4, 4..6],
    ];
    for parts in wrong {
        let gathered = comm.all_gather_varcount(ctx, &x, &mut y, &parts);
        gathered.expect_err(&format!("all_gather {parts:?}"));
        let all = comm.all_to_all_varcount(ctx, &x, &[0..1, 1..2], &mut y, &parts);
        all.expect_err(&format!("all_to_all {parts:?}"));
        let all = comm.all_to_all_varcount_in_place(ctx, &mut y, &parts);
        all.expect_err(&format!("all_to_all in place {parts:?}"));
        // In one rank only: the other does not take part.
        if comm.rank() == 0 {
            let gathered = comm.gather_varcount_root(ctx, &x, &mut y, &parts);
            gathered.expect_err(&format!("gather {parts:?}"));
        } else {
            comm.gather(ctx, &x, 1).expect_err("it is the root");
        }
    }
    comm.all_gather_varcount(ctx, &x, &mut y, &[0..3, 3..6])?;
    assert_eq!(y.to_vec()?, [1, 2, 3, 1, 2, 3]);
    Ok(())
}

#[test]
fn parts_that_cannot_be_are_refused() {
    on_each_path(
        2,
        "forbidden_uses::parts_that_cannot_be_are_refused",
        wrong_parts,
    );
}

/// An operation that begins another transfer, drops a communicator, or panics in some rank.
fn operations(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let world = SimpleCommunicator::world();
    let own = comm.rank();
    for len in [1, CHUNK] {
        let mut x = proc.upload(&vec![f64::from(own + 1); len])?;
        let mut inner = proc.zeros::<f64>(1)?;
        let inner = std::cell::RefCell::new(&mut inner);
        let victim = std::cell::Cell::new(Some(VeComm::new(&world, proc)?));
        let reentered = std::cell::Cell::new(0);
        let calls = std::cell::Cell::new(0);
        let nested = Operation::commutative(|a: f64, b: f64| {
            calls.set(calls.get() + 1);
            drop(victim.take());
            let failed = comm.broadcast(ctx, &mut **inner.borrow_mut(), 0);
            reentered.set(reentered.get() + u32::from(matches!(failed, Err(Error::Reentered))));
            a + b
        });
        comm.all_reduce_in_place(ctx, &mut x, &nested)?;
        assert_eq!(reentered.get(), calls.get());
        assert_eq!(x.to_vec()?, vec![3.0; len]);
        drop(nested);
        // An operation that some ranks refused does not count.
        comm.broadcast(ctx, &mut x, 0)?;
        for panics in 0..2 {
            let failing = Operation::commutative(|a: f64, b: f64| {
                assert_ne!(own, panics, "wanted");
                a + b
            });
            let caught = catch_unwind(AssertUnwindSafe(|| {
                comm.all_reduce_in_place(ctx, &mut x, &failing)
            }));
            // MPI may run it in some ranks only.
            let mut panicked = proc.upload(&[i32::from(caught.is_err())])?;
            comm.all_reduce_in_place(ctx, &mut panicked, &Operation::max())?;
            match (caught, panicked.to_vec()?[0]) {
                (Ok(Ok(())), 0) | (Ok(Err(Error::Collective { .. })), 1) => {}
                (Err(_), _) => assert_eq!(own, panics),
                (Ok(told), panicked) => panic!("{told:?} where {panicked} panicked"),
            }
        }
        let mut x = proc.upload(&vec![f64::from(own + 1); len])?;
        comm.all_reduce_in_place(ctx, &mut x, &Operation::sum())?;
        assert_eq!(x.to_vec()?, vec![3.0; len]);
    }
    Ok(())
}

#[test]
fn operations_that_misbehave_end_in_errors() {
    on_each_path(
        2,
        "forbidden_uses::operations_that_misbehave_end_in_errors",
        operations,
    );
}

/// Ranks that are in different operations of one communicator.
fn different(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let own = comm.rank();
    for len in [1, CHUNK, 3 * CHUNK] {
        let mut x = proc.upload(&values::<u8>(own, 1, len))?;
        let mut y = proc.zeros::<u8>(2 * len)?;
        let done = match own {
            0 => comm.broadcast(ctx, &mut x, 0),
            _ => comm.scatter(ctx, &mut x, 0),
        };
        if own == 1 {
            let error = done.unwrap_err().to_string();
            assert!(error.contains("takes part in a broadcast"), "{error}");
        }
        let done = match own {
            0 => comm.all_gather(ctx, &x, &mut y),
            _ => comm.all_to_all(ctx, y.slice(..2)?, &mut proc.zeros::<u8>(2)?),
        };
        let error = done.unwrap_err();
        let told = matches!(error, Error::Collective { .. } | Error::Truncated { .. });
        assert!(told, "{error}");
        // Other types.
        let mut floats = proc.zeros::<f32>(len)?;
        let done = match own {
            0 => comm.broadcast(ctx, &mut x, 0),
            _ => comm.broadcast(ctx, &mut floats, 0),
        };
        if own == 1 {
            let error = done.unwrap_err();
            assert!(matches!(error, Error::Types { .. }), "{error}");
        }
        comm.barrier(ctx)?;
    }
    Ok(())
}

#[test]
fn ranks_in_different_operations_are_told() {
    on_each_path(
        2,
        "forbidden_uses::ranks_in_different_operations_are_told",
        different,
    );
}

/// Another thread runs kernels of the same process, and allocates and frees, while this one sends and reduces.
fn threads(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let other = 1 - comm.rank();
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| -> Part {
        let worker = scope.spawn(|| -> Result<u64, veo_core::Error> {
            let ctx = proc.open_context()?;
            let mut rounds = 0;
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                let mut z = proc.alloc::<f64>(CHUNK)?;
                fill(&ctx, &mut z, CHUNK as i64, 7.0, 0.0)?.wait()?;
                assert!(z.to_vec()?.iter().all(|value| *value == 7.0));
                bump(proc, 1)?;
                rounds += 1;
            }
            Ok(rounds)
        });
        let transfers = || -> Part {
            let x = proc.upload(&values::<u64>(comm.rank(), 1, 3 * CHUNK))?;
            let mut y = proc.zeros::<u64>(3 * CHUNK)?;
            for _ in 0..10 {
                comm.sendrecv(ctx, &x, other, 0, &mut y, other, 0)?;
                assert_eq!(y.to_vec()?, values::<u64>(other, 1, 3 * CHUNK));
                comm.all_reduce_in_place(ctx, &mut y, &Operation::bitwise_and())?;
            }
            Ok(())
        };
        let done = transfers();
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(worker.join().expect("it does not panic")? > 0);
        done
    })
}

#[test]
fn other_threads_use_the_process_meanwhile() {
    on_each_path(
        2,
        "forbidden_uses::other_threads_use_the_process_meanwhile",
        threads,
    );
}

/// A child process that the program forks has copies of everything, and MPI is not its own.
fn forks(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let other = 1 - comm.rank();
    let x = proc.upload(&values::<u8>(comm.rank(), 1, 30 * CHUNK))?;
    let mut y = proc.zeros::<u8>(30 * CHUNK)?;
    let send = comm.isend(ctx, &x, other, 0)?;
    let mut receive = comm.irecv(ctx, &mut y, other, 0)?;
    // SAFETY: the child calls what is tested here, and ends.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let mut wrong = 0;
        for _ in 0..100 {
            match receive.test() {
                Ok(done) => {
                    wrong |= i32::from(!matches!(done, Err(Error::Forked | Error::Veo(_))));
                    break;
                }
                Err(again) => {
                    receive = again;
                    wrong |= 2;
                }
            }
        }
        wrong |= i32::from(!matches!(send.wait(), Err(Error::Forked | Error::Veo(_)))) * 4;
        wrong |= i32::from(comm.barrier(ctx).is_ok()) * 8;
        let world = SimpleCommunicator::world();
        wrong |= i32::from(VeComm::new(&world, proc).is_ok()) * 16;
        // SAFETY: ends the child, whose copies are not dropped.
        unsafe { libc::_exit(wrong) };
    }
    let mut status = 0;
    // SAFETY: the child is one of this process; the place is valid.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(status, 0, "what the child has found wrong");
    receive.wait()?;
    send.wait()?;
    assert_eq!(y.to_vec()?, values::<u8>(other, 1, 30 * CHUNK));
    Ok(())
}

#[test]
fn a_forked_child_process_is_told_that_mpi_is_not_its_own() {
    on_each_path(
        2,
        "forbidden_uses::a_forked_child_process_is_told_that_mpi_is_not_its_own",
        forks,
    );
}

#[test]
fn a_child_process_that_is_forked_first_is_told_so() {
    let Some(_) = case() else {
        let name = "forbidden_uses::a_child_process_that_is_forked_first_is_told_so";
        if let Some(launch) = Launch::new(2, name, "forks") {
            launch.run().succeeds();
        }
        return;
    };
    let done = veo_mpi::run(|job| {
        let proc = job.proc();
        // SAFETY: the child calls what is tested here, and ends.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let begun = VeComm::new(job.world(), proc);
            let right = matches!(begun, Err(Error::Forked | Error::Veo(_)));
            // SAFETY: ends the child, whose copies are not dropped.
            unsafe { libc::_exit(i32::from(!right)) };
        }
        let mut status = 0;
        // SAFETY: the child is one of this process; the place is valid.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!(status, 0, "the child uses its parent's MPI");
        VeComm::new(job.world(), proc)?.barrier(&proc.open_context()?)?;
        Ok(())
    });
    done.expect("a rank that fails ends the job");
}

/// A process that the program closes, not kills, while it has messages under way.
fn closed(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let world = SimpleCommunicator::world();
    let other = 1 - comm.rank();
    let second = VeoProc::new(0)?;
    let context = second.open_context()?;
    let both = VeComm::new(&world, &second)?;
    let mut y = second.zeros::<u8>(3 * CHUNK)?;
    let z = second.zeros::<u8>(3 * CHUNK)?;
    let receive = both.irecv(&context, &mut y, other, 0)?;
    second.clone().close()?;
    receive.wait().expect_err("it is closed");
    both.send(&context, &z, other, 0).expect_err("it is closed");
    both.barrier(&context).expect_err("it is closed");
    comm.barrier(ctx)?;
    let x = proc.upload(&values::<u8>(comm.rank(), 1, 3 * CHUNK))?;
    let mut w = proc.zeros::<u8>(3 * CHUNK)?;
    comm.sendrecv(ctx, &x, other, 0, &mut w, other, 0)?;
    assert_eq!(w.to_vec()?, values::<u8>(other, 1, 3 * CHUNK));
    Ok(())
}

#[test]
fn a_process_that_is_closed_ends_its_messages() {
    on_each_path(
        2,
        "forbidden_uses::a_process_that_is_closed_ends_its_messages",
        closed,
    );
}

/// Requests of all kinds are forgotten, and MPI ends with them.
fn forgotten_at_the_end(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let world = SimpleCommunicator::world();
    let other = 1 - comm.rank();
    let mut y = proc.zeros::<u8>(30 * CHUNK)?;
    for len in [1, CHUNK, 30 * CHUNK] {
        std::mem::forget(comm.irecv(ctx, y.slice_mut(..len)?, other, 55)?);
        std::mem::forget(comm.irecv(ctx, y.slice_mut(..len)?, ANY_SOURCE, 56)?);
    }
    // One that all ranks forget, and one that some do.
    std::mem::forget(VeComm::new(&world, proc)?);
    let some = VeComm::new(&world, proc)?;
    if comm.rank() == 0 {
        std::mem::forget(some);
    }
    let x = proc.upload(&values::<u8>(comm.rank(), 1, CHUNK))?;
    std::mem::forget(comm.isend(ctx, &x, other, 56)?);
    Ok(())
}

#[test]
fn requests_are_forgotten_at_the_end() {
    on_each_path(
        2,
        "forbidden_uses::requests_are_forgotten_at_the_end",
        forgotten_at_the_end,
    );
}
