//! The messages about impossible transfers.

use veo_core::VeoProc;
use veo_mpi::{Error, Operation, VeComm};

use crate::common::{Launch, case};
use crate::values::values;
use crate::{CHUNK, Part, Rank, on_each_path};

/// A message that does not fit writes nothing, and the ranks go on.
fn does_not_fit(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let lens = [3, CHUNK / 4, CHUNK / 4 + 1, 40 * CHUNK];
    for len in lens {
        if comm.rank() == 0 {
            let x = proc.upload(&values::<u32>(0, 1, len))?;
            comm.send(ctx, &x, 1, 0)?;
            comm.send(ctx, &x, 1, 1)?;
            comm.send(ctx, &x, 1, 2)?;
        } else {
            let before = values::<u32>(1, 2, len + 1);
            let mut y = proc.upload(&before)?;
            let error = comm.recv(ctx, y.slice_mut(..len - 1)?, 0, 0).unwrap_err();
            assert!(
                matches!(error, Error::Truncated { source_rank: 0, sent, room } if (sent, room) == (len, len - 1)),
                "{error}"
            );
            assert_eq!(y.to_vec()?, before);
            let mut z = proc.zeros::<f32>(len)?;
            let error = comm.recv(ctx, &mut z, 0, 1).unwrap_err();
            let Error::Types { sent, wanted, .. } = &error else {
                panic!("{error}");
            };
            assert_eq!((sent.as_str(), wanted.as_str()), ("u32", "f32"));
            assert_eq!(z.to_vec()?, vec![0.0; len]);
            assert_eq!(comm.recv(ctx, &mut y, 0, 2)?.count(), len);
            assert_eq!(y.slice(..len)?.to_vec()?, values::<u32>(0, 1, len));
        }
    }
    Ok(())
}

#[test]
fn a_message_that_does_not_fit_writes_nothing() {
    on_each_path(
        2,
        "refusals::a_message_that_does_not_fit_writes_nothing",
        does_not_fit,
    );
}

/// The refusals that a rank gets without the others.
fn alone(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let mut x = proc.upload(&[1i32, 2, 3])?;
    for wrong in [2, -1, -7, i32::MAX] {
        let error = comm.send(ctx, &x, wrong, 0).unwrap_err();
        assert!(matches!(error, Error::Rank { size: 2, .. }), "{error}");
        let error = comm.broadcast(ctx, &mut x, wrong).unwrap_err();
        assert!(matches!(error, Error::Rank { .. }), "{error}");
    }
    let error = comm.recv(ctx, &mut x, -2, 0).unwrap_err();
    assert!(matches!(error, Error::Rank { rank: -2, .. }), "{error}");
    for wrong in [-1, i32::MIN] {
        let error = comm.send(ctx, &x, 0, wrong).unwrap_err();
        assert!(matches!(error, Error::Tag { .. }), "{error}");
    }
    let error = comm.recv(ctx, &mut x, 0, -2).unwrap_err();
    assert!(matches!(error, Error::Tag { tag: -2 }), "{error}");

    let other = VeoProc::new(0)?;
    let theirs = other.upload(&[1i32])?;
    let error = comm.send(ctx, &theirs, 0, 0).unwrap_err();
    assert!(
        matches!(error, Error::Veo(veo_core::Error::WrongProcess { .. })),
        "{error}"
    );
    let error = comm.send(&other.open_context()?, &x, 0, 0).unwrap_err();
    assert!(
        matches!(error, Error::Veo(veo_core::Error::WrongProcess { .. })),
        "{error}"
    );

    let mut y = proc.zeros::<i32>(4)?;
    let sum = Operation::sum();
    let mismatch = |error: Error| {
        assert!(
            matches!(error, Error::Veo(veo_core::Error::SizeMismatch { .. })),
            "{error}"
        );
    };
    mismatch(comm.all_reduce(ctx, &x, &mut y, &sum).unwrap_err());
    mismatch(comm.all_gather(ctx, &x, &mut y).unwrap_err());
    mismatch(comm.all_to_all(ctx, &x, &mut y).unwrap_err());
    let own = comm.rank();
    for error in [
        comm.gather(ctx, &x, own).unwrap_err(),
        comm.scatter(ctx, &mut y, own).unwrap_err(),
        comm.reduce(ctx, &x, &sum, own).unwrap_err(),
        comm.all_gather_varcount(ctx, x.slice(..2)?, &mut y, &[0..2, 1..3])
            .unwrap_err(),
        comm.all_gather_varcount(ctx, &x, &mut y, &[0..3, 3..4, 4..4])
            .unwrap_err(),
    ] {
        assert!(matches!(error, Error::Collective { .. }), "{error}");
    }
    let error = comm
        .all_gather_varcount(ctx, &x, &mut y, &[0..3, 3..5])
        .unwrap_err();
    let range = matches!(
        error,
        Error::Veo(veo_core::Error::OutOfRange { .. } | veo_core::Error::SizeMismatch { .. })
    );
    assert!(range, "{error}");

    // The other thread may use VEs, and has no VeComm to send: it cannot make one either.
    let here = std::thread::scope(|scope| {
        let made = scope.spawn(|| {
            let world = mpi::topology::SimpleCommunicator::world();
            VeComm::new(&world, &other).map(|_| ())
        });
        made.join().expect("it does not panic")
    });
    assert!(matches!(here, Err(Error::OtherThread)), "{here:?}");
    comm.barrier(ctx)?;
    Ok(())
}

#[test]
fn wrong_ranks_tags_and_memory_are_refused() {
    on_each_path(
        2,
        "refusals::wrong_ranks_tags_and_memory_are_refused",
        alone,
    );
}

/// Ranks that do not do the same together.
fn apart(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let own = comm.rank();
    // Few values, and as many as ranks of one machine reduce together.
    for len in [10, CHUNK / 4] {
        let mut x = proc.zeros::<f64>(len + own as usize)?;
        let error = comm
            .all_reduce_in_place(ctx, &mut x, &Operation::sum())
            .unwrap_err();
        assert!(error.to_string().contains("number of values"), "{error}");
        let mut x = proc.upload(&vec![f64::from(own); len])?;
        let reduced = if own == 0 {
            comm.all_reduce_in_place(ctx, &mut x, &Operation::sum())
        } else {
            comm.all_reduce_in_place(ctx, &mut x, &Operation::max())
        };
        let error = reduced.unwrap_err();
        assert!(error.to_string().contains("the operation"), "{error}");
        let reduced = if own == 0 {
            comm.all_reduce_in_place(ctx, &mut x, &Operation::sum())
        } else {
            let mut y = proc.zeros::<f32>(len)?;
            comm.all_reduce_in_place(ctx, &mut y, &Operation::sum())
        };
        let error = reduced.unwrap_err();
        assert!(error.to_string().contains("their type"), "{error}");
        assert_eq!(x.to_vec()?, vec![f64::from(own); len]);
        comm.all_reduce_in_place(ctx, &mut x, &Operation::sum())?;
        assert_eq!(x.to_vec()?, vec![1.0; len]);
    }

    let mut x = proc.zeros::<f64>(10)?;
    let gathered = if own == 0 {
        comm.gather_root(ctx, x.slice(..2)?, x_room(proc)?.slice_mut(..4)?)
    } else {
        comm.gather(ctx, x.slice(..1)?, 0)
    };
    if own == 0 {
        let error = gathered.unwrap_err();
        assert!(
            error
                .to_string()
                .contains("1 values of rank 1 came for a gather"),
            "{error}"
        );
    } else {
        gathered?;
    }
    // All goes on.
    comm.all_reduce_in_place(ctx, x.slice_mut(..5)?, &Operation::sum())?;
    Ok(())
}

fn x_room(proc: &VeoProc) -> veo_core::Result<veo_core::VeBuffer<f64>> {
    proc.zeros(4)
}

#[test]
fn ranks_that_do_different_things_are_told() {
    on_each_path(
        2,
        "refusals::ranks_that_do_different_things_are_told",
        apart,
    );
}

/// The VE process of rank 0 has ended: whatever it begins is an error.
fn ended(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    if comm.rank() == 0 {
        let gone = VeoProc::new(0)?;
        let world = mpi::topology::SimpleCommunicator::world();
        let plain = veo_mpi::VePlain::new(&world, &gone)?;
        let context = gone.open_context()?;
        let mut x = gone.zeros::<f64>(CHUNK)?;
        gone.kill()?;
        for failed in [
            plain.send(&context, &x, 1, 0).map(|()| 0),
            plain
                .recv(&context, &mut x, 1, 0)
                .map(|status| status.count()),
        ] {
            let error = failed.unwrap_err();
            assert!(
                matches!(&error, Error::Veo(error) if error.is_process_gone()),
                "{error}"
            );
        }
        // One that ends while a message is waited for.
        let late = VeoProc::new(0)?;
        let plain = veo_mpi::VePlain::new(&world, &late)?;
        let context = late.open_context()?;
        let mut y = late.zeros::<f64>(CHUNK)?;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(50));
                late.kill()
            });
            let error = plain.recv(&context, &mut y, 1, 0).unwrap_err();
            assert!(
                matches!(&error, Error::Veo(error) if error.is_process_gone()),
                "{error}"
            );
        });
    }
    let mut z = proc.zeros::<i32>(1)?;
    comm.broadcast(ctx, &mut z, 0)?;
    Ok(())
}

#[test]
fn memory_of_an_ended_process_is_refused() {
    on_each_path(2, "refusals::memory_of_an_ended_process_is_refused", ended);
}

/// Ranks that want different paths, and one that wants what is none.
#[test]
fn paths_that_cannot_be_had_are_told_to_all() {
    const TEST: &str = "refusals::paths_that_cannot_be_had_are_told_to_all";
    match case().as_deref() {
        None => {
            if let Some(launch) = Launch::new(2, TEST, "differ") {
                launch.run().succeeds();
            }
            if let Some(launch) = Launch::new(2, TEST, "unknown") {
                launch.env("VEO_MPI_PATH", "fast").run().succeeds();
            }
            if let Some(launch) = Launch::new(2, TEST, "chunk") {
                launch.env("VEO_MPI_CHUNK", "12").run().succeeds();
            }
        }
        Some(wrong) => {
            let done = veo_mpi::run(|job| {
                let wanted = match (wrong, job.rank()) {
                    ("differ", 0) => veo_mpi::Path::Staged,
                    ("differ", _) => veo_mpi::Path::Direct,
                    _ => veo_mpi::Path::Auto,
                };
                let error = VeComm::with_path(job.world(), job.proc(), wanted).unwrap_err();
                let words = match wrong {
                    "differ" => "some ranks want the path",
                    "unknown" => "VEO_MPI_PATH is \"fast\"",
                    _ => "VEO_MPI_CHUNK is \"12\"",
                };
                assert!(error.to_string().contains(words), "{error}");
                Ok(())
            });
            done.expect("a rank that fails ends the job");
        }
    }
}

/// Ranks 0 and 1 are connected as two groups. Errors of that communicator end the program, but for those of a `VeComm`.
fn between_groups(rank: &Rank) -> Part {
    use mpi::traits::{AsRaw, Communicator, FromRaw};
    let Rank { comm, proc, ctx } = rank;
    let world = mpi::topology::SimpleCommunicator::world();
    let own = world.split_shared(0);
    let own = own
        .split_by_color(mpi::topology::Color::with_value(comm.rank()))
        .expect("it has a colour");
    // SAFETY: only says what the handle of none is.
    let mut raw = unsafe { mpi::ffi::RSMPI_COMM_NULL };
    // SAFETY: both communicators are there, each rank leads its group, and the place is valid.
    let between = unsafe {
        mpi::ffi::MPI_Intercomm_create(
            own.as_raw(),
            0,
            world.as_raw(),
            1 - comm.rank(),
            5,
            &raw mut raw,
        );
        mpi::topology::InterCommunicator::from_raw(raw)
    };
    for _ in 0..3 {
        let error = VeComm::new(&between, proc).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("two groups"), "{error}");
    }
    comm.barrier(ctx)?;
    Ok(())
}

#[test]
fn a_communicator_between_groups_is_refused() {
    on_each_path(
        2,
        "refusals::a_communicator_between_groups_is_refused",
        between_groups,
    );
}

/// A rank on the way of a broadcast cannot take it: those behind it are told.
fn broken(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    for len in [1, CHUNK / 4 + 1, 9 * CHUNK] {
        for root in 0..4 {
            let place = (comm.rank() - root).rem_euclid(4);
            let before = values::<u32>(comm.rank(), 1, len);
            let mut x = proc.upload(&before)?;
            // The rank two behind the root gives to the one after it.
            let room = if place == 2 { len - 1 } else { len };
            let done = comm.broadcast(ctx, x.slice_mut(..room)?, root);
            match (place, done) {
                (0 | 1, done) => {
                    done?;
                    assert_eq!(x.to_vec()?, values::<u32>(root, 1, len));
                }
                (2, Err(Error::Truncated { .. })) => assert_eq!(x.to_vec()?, before),
                (3, Err(error @ Error::Collective { .. })) => {
                    assert!(error.to_string().contains("has not reached"), "{error}");
                    assert_eq!(x.to_vec()?, before);
                }
                (_, done) => panic!("{done:?}"),
            }
            // All goes on.
            comm.broadcast(ctx, &mut x, root)?;
            assert_eq!(x.to_vec()?, values::<u32>(root, 1, len));
        }
    }
    Ok(())
}

#[test]
fn a_broadcast_that_breaks_off_is_told_to_all_behind() {
    on_each_path(
        4,
        "refusals::a_broadcast_that_breaks_off_is_told_to_all_behind",
        broken,
    );
}
