//! Messages to and from ranks that use MPI by itself.

use mpi::traits::*;
use veo_mpi::{ANY_SOURCE, ANY_TAG, Error};

use crate::values::{Cell, lengths, values};
use crate::{CHUNK, Part, Rank, on_each_path};

/// Rank 0 has a VE, rank 1 uses MPI with host memory.
fn with_the_host(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let world = mpi::topology::SimpleCommunicator::world();
    let plain = comm.plain();
    for len in lengths::<f64>() {
        if comm.rank() == 0 {
            let x = proc.upload(&values::<f64>(0, 1, len + 1))?;
            let mut y = proc.zeros::<f64>(len + 5)?;
            plain.send(ctx, x.slice(1..)?, 1, 7)?;
            let status = plain.recv(ctx, y.slice_mut(2..)?, 1, 8)?;
            assert_eq!(
                (status.source_rank(), status.tag(), status.count()),
                (1, 8, len)
            );
            let mut wanted = vec![0.0; len + 5];
            wanted[2..2 + len].copy_from_slice(&values(1, 2, len));
            assert_eq!(y.to_vec()?, wanted);
            let status = plain.sendrecv(ctx, &x, 1, 9, &mut y, ANY_SOURCE, ANY_TAG)?;
            assert_eq!((status.tag(), status.count()), (10, len + 1));
            assert_eq!(y.slice(..=len)?.to_vec()?, x.to_vec()?);
        } else {
            let (got, status) = world.process_at_rank(0).receive_vec_with_tag::<f64>(7);
            assert_eq!(status.count(f64::equivalent_datatype()) as usize, len);
            assert_eq!(got, &values::<f64>(0, 1, len + 1)[1..]);
            world
                .process_at_rank(0)
                .send_with_tag(&values::<f64>(1, 2, len)[..], 8);
            let (got, _) = world.process_at_rank(0).receive_vec_with_tag::<f64>(9);
            world.process_at_rank(0).send_with_tag(&got[..], 10);
        }
    }
    Ok(())
}

#[test]
fn numbers_go_to_programs_with_plain_mpi() {
    on_each_path(
        2,
        "plain::numbers_go_to_programs_with_plain_mpi",
        with_the_host,
    );
}

/// Structures between two ranks that say so, and what does not fit.
fn wrong(rank: &Rank) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let world = mpi::topology::SimpleCommunicator::world();
    let plain = comm.plain();
    if comm.rank() == 0 {
        plain.send(ctx, &proc.upload(&values::<Cell>(0, 1, CHUNK))?, 1, 0)?;
        world.process_at_rank(1).send(&[1u8; 6]);
        world.process_at_rank(1).send(&[1u32; 9]);
        world.process_at_rank(1).send(&[5u32; 4]);
    } else {
        let mut cells = proc.upload(&values::<Cell>(1, 1, CHUNK + 1))?;
        assert_eq!(plain.recv(ctx, &mut cells, 0, 0)?.count(), CHUNK);
        assert_eq!(cells.slice(..CHUNK)?.to_vec()?, values::<Cell>(0, 1, CHUNK));
        let mut x = proc.upload(&[7u32; 8])?;
        let error = plain.recv(ctx, &mut x, 0, 0).unwrap_err();
        assert!(
            matches!(&error, Error::Types { sent, .. } if sent == "6 bytes"),
            "{error}"
        );
        let error = plain.recv(ctx, &mut x, 0, 0).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Truncated {
                    sent: 9,
                    room: 8,
                    ..
                }
            ),
            "{error}"
        );
        assert_eq!(x.to_vec()?, [7; 8]);
        assert_eq!(plain.recv(ctx, &mut x, 0, 0)?.count(), 4);
        assert_eq!(x.to_vec()?, [5, 5, 5, 5, 7, 7, 7, 7]);
        for (dest, tag) in [(2, 0), (-1, 0), (0, -1)] {
            let error = plain.send(ctx, &x, dest, tag).unwrap_err();
            assert!(
                matches!(error, Error::Rank { .. } | Error::Tag { .. }),
                "{error}"
            );
        }
    }
    Ok(())
}

#[test]
fn messages_that_do_not_fit_are_explained() {
    on_each_path(2, "plain::messages_that_do_not_fit_are_explained", wrong);
}
