//! Collective operations, compared with the same on host vectors.

use std::ops::Range;

use veo_core::{VeBuffer, VeoProc};
use veo_mpi::{Integer, Number, Operation};

use crate::values::{Cell, Sample, lengths, values};
use crate::{CHUNK, Part, Rank, on_each_path};

fn broadcasts<T: Sample>(rank: &Rank, len: usize) -> Part {
    let Rank { comm, proc, ctx } = rank;
    for root in 0..comm.size() {
        let mut x = proc.upload(&values::<T>(comm.rank(), 1, len + 2))?;
        comm.broadcast(ctx, x.slice_mut(1..=len)?, root)?;
        let mut wanted = values::<T>(comm.rank(), 1, len + 2);
        wanted[1..=len].copy_from_slice(&values::<T>(root, 1, len + 2)[1..=len]);
        assert_eq!(x.to_vec()?, wanted);
    }
    Ok(())
}

/// One part for each rank, of different lengths, with gaps, in another order than the ranks.
fn parts(size: i32, len: usize) -> (Vec<Range<usize>>, usize) {
    let mut parts = vec![0..0; size as usize];
    let mut end = 1;
    for rank in (0..size as usize).rev() {
        let count = len * (rank % 3) / 2 + rank;
        parts[rank] = end..end + count;
        end += count + rank;
    }
    (parts, end + 1)
}

/// Values in VE memory behind another one: a transfer begins at an offset.
fn shifted<T: Sample>(proc: &VeoProc, values: &[T]) -> veo_core::Result<VeBuffer<T>> {
    let mut all = vec![T::sample(77)];
    all.extend(values);
    proc.upload(&all)
}

fn gathers<T: Sample>(rank: &Rank, len: usize) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let (own, size) = (comm.rank(), comm.size());
    let root = size / 2;
    let x = shifted(proc, &values::<T>(own, 2, len))?;
    let all: Vec<T> = (0..size)
        .flat_map(|rank| values::<T>(rank, 2, len))
        .collect();
    let mut to = shifted(proc, &values::<T>(own, 3, all.len()))?;
    if own == root {
        comm.gather_root(ctx, x.slice(1..)?, to.slice_mut(1..)?)?;
        assert_eq!(to.slice(1..)?.to_vec()?, all);
        let mut start = values::<T>(own, 3, all.len());
        let place = len * own as usize..len * (own as usize + 1);
        start[place].copy_from_slice(&values(own, 2, len));
        to.slice_mut(1..)?.write(&start)?;
        comm.gather_in_place_root(ctx, to.slice_mut(1..)?)?;
        assert_eq!(to.slice(1..)?.to_vec()?, all);
    } else {
        comm.gather(ctx, x.slice(1..)?, root)?;
        comm.gather(ctx, x.slice(1..)?, root)?;
    }
    to.slice_mut(1..)?.write(&values::<T>(own, 3, all.len()))?;
    comm.all_gather(ctx, x.slice(1..)?, to.slice_mut(1..)?)?;
    assert_eq!(to.slice(1..)?.to_vec()?, all);
    let mut start = values::<T>(own, 4, all.len());
    start[len * own as usize..len * (own as usize + 1)].copy_from_slice(&values(own, 2, len));
    to.slice_mut(1..)?.write(&start)?;
    comm.all_gather_in_place(ctx, to.slice_mut(1..)?)?;
    assert_eq!(to.slice(1..)?.to_vec()?, all);

    let (parts, whole) = parts(size, len);
    let before = values::<T>(77, 5, whole);
    let mut wanted = before.clone();
    for (rank, part) in parts.iter().enumerate() {
        wanted[part.clone()].copy_from_slice(&values(rank as i32, 6, part.len()));
    }
    let x = shifted(proc, &values::<T>(own, 6, parts[own as usize].len()))?;
    let mut to = shifted(proc, &before)?;
    if own == root {
        comm.gather_varcount_root(ctx, x.slice(1..)?, to.slice_mut(1..)?, &parts)?;
        assert_eq!(to.slice(1..)?.to_vec()?, wanted);
        let mut start = before.clone();
        start[parts[own as usize].clone()].copy_from_slice(&wanted[parts[own as usize].clone()]);
        to.slice_mut(1..)?.write(&start)?;
        comm.gather_varcount_in_place_root(ctx, to.slice_mut(1..)?, &parts)?;
        assert_eq!(to.slice(1..)?.to_vec()?, wanted);
    } else {
        comm.gather(ctx, x.slice(1..)?, root)?;
        comm.gather(ctx, x.slice(1..)?, root)?;
    }
    to.slice_mut(1..)?.write(&before)?;
    comm.all_gather_varcount(ctx, x.slice(1..)?, to.slice_mut(1..)?, &parts)?;
    assert_eq!(to.slice(1..)?.to_vec()?, wanted);
    let mut start = before;
    start[parts[own as usize].clone()].copy_from_slice(&wanted[parts[own as usize].clone()]);
    to.slice_mut(1..)?.write(&start)?;
    comm.all_gather_varcount_in_place(ctx, to.slice_mut(1..)?, &parts)?;
    assert_eq!(to.slice(1..)?.to_vec()?, wanted);
    Ok(())
}

fn scatters<T: Sample>(rank: &Rank, len: usize) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let (own, size) = (comm.rank(), comm.size());
    let root = size - 1;
    let all = values::<T>(root, 1, len * size as usize);
    let mine = &all[len * own as usize..len * (own as usize + 1)];
    let from = shifted(proc, &all)?;
    let mut to = shifted(proc, &values::<T>(own, 2, len))?;
    if own == root {
        comm.scatter_root(ctx, from.slice(1..)?, to.slice_mut(1..)?)?;
        comm.scatter_in_place_root(ctx, from.slice(1..)?)?;
        assert_eq!(from.slice(1..)?.to_vec()?, all);
    } else {
        comm.scatter(ctx, to.slice_mut(1..)?, root)?;
        assert_eq!(to.slice(1..)?.to_vec()?, mine);
        to.slice_mut(1..)?.write(&values::<T>(own, 2, len))?;
        comm.scatter(ctx, to.slice_mut(1..)?, root)?;
    }
    assert_eq!(to.slice(1..)?.to_vec()?, mine);

    let (parts, whole) = parts(size, len);
    let all = values::<T>(root, 3, whole);
    let part = parts[own as usize].clone();
    let from = shifted(proc, &all)?;
    let mut to = shifted(proc, &values::<T>(own, 4, part.len()))?;
    if own == root {
        comm.scatter_varcount_root(ctx, from.slice(1..)?, &parts, to.slice_mut(1..)?)?;
        comm.scatter_varcount_in_place_root(ctx, from.slice(1..)?, &parts)?;
        assert_eq!(from.slice(1..)?.to_vec()?, all);
    } else {
        comm.scatter(ctx, to.slice_mut(1..)?, root)?;
        assert_eq!(to.slice(1..)?.to_vec()?, &all[part.clone()]);
        to.slice_mut(1..)?.write(&values::<T>(own, 5, part.len()))?;
        comm.scatter(ctx, to.slice_mut(1..)?, root)?;
    }
    assert_eq!(to.slice(1..)?.to_vec()?, &all[part]);
    Ok(())
}

fn all_to_alls<T: Sample>(rank: &Rank, len: usize) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let (own, size) = (comm.rank(), comm.size());
    let ranks = size as usize;
    let of = |rank: i32| values::<T>(rank, 1, len * ranks);
    let part = |of: i32| len * of as usize..len * (of as usize + 1);
    let wanted: Vec<T> = (0..size)
        .flat_map(|rank| of(rank)[part(own)].to_vec())
        .collect();
    let mut from = shifted(proc, &of(own))?;
    let mut to = shifted(proc, &values::<T>(own, 2, len * ranks))?;
    comm.all_to_all(ctx, from.slice(1..)?, to.slice_mut(1..)?)?;
    assert_eq!(to.slice(1..)?.to_vec()?, wanted);
    assert_eq!(from.slice(1..)?.to_vec()?, of(own));
    comm.all_to_all_in_place(ctx, from.slice_mut(1..)?)?;
    assert_eq!(from.slice(1..)?.to_vec()?, wanted);

    // Rank a sends a + b + len values to b.
    let count = |from: i32, to: i32| len + (from + to) as usize;
    let layout = |counts: Vec<usize>| {
        let mut end = 0;
        let mut parts = Vec::new();
        for count in counts {
            parts.push(end..end + count);
            end += count + 1;
        }
        (parts, end)
    };
    let (send_parts, sent) = layout((0..size).map(|to| count(own, to)).collect());
    let (recv_parts, received) = layout((0..size).map(|from| count(from, own)).collect());
    let before = values::<T>(own, 9, received);
    let from = shifted(proc, &values::<T>(own, 8, sent))?;
    let mut to = shifted(proc, &before)?;
    comm.all_to_all_varcount(
        ctx,
        from.slice(1..)?,
        &send_parts,
        to.slice_mut(1..)?,
        &recv_parts,
    )?;
    let mut wanted = before;
    for (rank, part) in recv_parts.iter().enumerate() {
        let (parts, sent) = layout((0..size).map(|to| count(rank as i32, to)).collect());
        let theirs = values::<T>(rank as i32, 8, sent);
        wanted[part.clone()].copy_from_slice(&theirs[parts[own as usize].clone()]);
    }
    assert_eq!(to.slice(1..)?.to_vec()?, wanted);

    // Each sends as many as it gets; what lies between the parts stays.
    let mut wanted = values::<T>(own, 8, sent);
    for (rank, part) in send_parts.iter().enumerate() {
        let (parts, sent) = layout((0..size).map(|to| count(rank as i32, to)).collect());
        let theirs = values::<T>(rank as i32, 8, sent);
        wanted[part.clone()].copy_from_slice(&theirs[parts[own as usize].clone()]);
    }
    let mut both = from;
    comm.all_to_all_varcount_in_place(ctx, both.slice_mut(1..)?, &send_parts)?;
    assert_eq!(both.slice(1..)?.to_vec()?, wanted);
    Ok(())
}

fn moves<T: Sample>(rank: &Rank) -> Part {
    let name = std::any::type_name::<T>();
    for len in lengths::<T>() {
        broadcasts::<T>(rank, len)
            .map_err(|error| format!("broadcast of {len} {name}: {error}"))?;
    }
    for len in lengths::<T>() {
        gathers::<T>(rank, len).map_err(|error| format!("gather of {len} {name}: {error}"))?;
        scatters::<T>(rank, len).map_err(|error| format!("scatter of {len} {name}: {error}"))?;
        all_to_alls::<T>(rank, len)
            .map_err(|error| format!("all_to_all of {len} {name}: {error}"))?;
    }
    Ok(())
}

#[test]
fn ranks_exchange_all_types() {
    on_each_path(4, "collectives::ranks_exchange_all_types", |rank| {
        moves::<i8>(rank)?;
        moves::<i16>(rank)?;
        moves::<i32>(rank)?;
        moves::<i64>(rank)?;
        moves::<u8>(rank)?;
        moves::<u16>(rank)?;
        moves::<u32>(rank)?;
        moves::<u64>(rank)?;
        moves::<isize>(rank)?;
        moves::<usize>(rank)?;
        moves::<f32>(rank)?;
        moves::<f64>(rank)?;
        moves::<Cell>(rank)
    });
}

#[test]
fn three_ranks_exchange_as_well() {
    on_each_path(3, "collectives::three_ranks_exchange_as_well", moves::<f64>);
}

/// Small numbers, so that no order of adding and multiplying rounds.
trait Small: Number + Sample {
    fn small(number: usize) -> Self;
    fn add(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn less(self, other: Self) -> bool;
}

macro_rules! small {
    ($($ty:ty),*) => {$(
        impl Small for $ty {
            fn small(number: usize) -> Self {
                number as $ty
            }
            fn add(self, other: Self) -> Self {
                self + other
            }
            fn times(self, other: Self) -> Self {
                self * other
            }
            fn less(self, other: Self) -> bool {
                self < other
            }
        }
    )*};
}

small!(i8, i16, i32, i64, u8, u16, u32, u64, isize, usize, f32, f64);

/// The small number at a place of a rank.
fn at<T: Small>(rank: i32, place: usize) -> T {
    T::small((rank as usize * 5 + place * 7) % 3 + 1)
}

fn reduces<T: Small>(
    rank: &Rank,
    len: usize,
    operation: &Operation<'_, T>,
    combine: impl Fn(T, T) -> T,
    all_forms: bool,
) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let (own, size) = (comm.rank(), comm.size());
    let of = |rank: i32| {
        (0..len)
            .map(|place| at::<T>(rank, place))
            .collect::<Vec<T>>()
    };
    let mut wanted = of(0);
    for rank in 1..size {
        for (result, value) in wanted.iter_mut().zip(of(rank)) {
            *result = combine(*result, value);
        }
    }
    // With an offset on both sides.
    let mut all = vec![T::small(9)];
    all.extend(of(own));
    let mut x = proc.upload(&all)?;
    let mut y = proc.upload(&vec![T::small(8); len + 2])?;
    comm.all_reduce(ctx, x.slice(1..)?, y.slice_mut(2..)?, operation)?;
    assert_eq!(y.slice(2..)?.to_vec()?, wanted);
    assert_eq!(y.slice(..2)?.to_vec()?, [T::small(8); 2]);
    assert_eq!(x.to_vec()?, all);
    if !all_forms {
        return Ok(());
    }
    let root = len as i32 % size;
    y.fill(T::small(7))?;
    if own == root {
        comm.reduce_root(ctx, x.slice(1..)?, y.slice_mut(2..)?, operation)?;
        assert_eq!(y.slice(2..)?.to_vec()?, wanted);
        comm.reduce_in_place_root(ctx, x.slice_mut(1..)?, operation)?;
        assert_eq!(x.slice(1..)?.to_vec()?, wanted);
        x.write(&all)?;
    } else {
        comm.reduce(ctx, x.slice(1..)?, operation, root)?;
        comm.reduce(ctx, x.slice(1..)?, operation, root)?;
        assert_eq!(x.to_vec()?, all);
    }
    comm.all_reduce_in_place(ctx, x.slice_mut(1..)?, operation)?;
    assert_eq!(x.slice(1..)?.to_vec()?, wanted);
    assert_eq!(x.slice(..1)?.to_vec()?, [T::small(9)]);
    Ok(())
}

/// All lengths and all forms for the sum, one of each for the other operations.
fn numbers<T: Small>(rank: &Rank) -> Part {
    let chunk = CHUNK / size_of::<T>();
    for len in lengths::<T>() {
        let all_forms = [1, chunk + 1].contains(&len);
        reduces::<T>(rank, len, &Operation::sum(), T::add, all_forms)?;
    }
    let least = |a: T, b: T| if b.less(a) { b } else { a };
    let greatest = |a: T, b: T| if a.less(b) { b } else { a };
    let len = CHUNK / size_of::<T>() + 1;
    let reduced = |operation, combine: &dyn Fn(T, T) -> T| {
        reduces::<T>(rank, len, &operation, combine, false)
    };
    reduced(Operation::product(), &T::times)?;
    reduced(Operation::min(), &least)?;
    reduced(Operation::max(), &greatest)?;
    reduced(Operation::commutative(greatest), &greatest)?;
    // That of the first rank, and of the last.
    reduced(Operation::associative(|a: T, _: T| a), &|a, _| a)?;
    reduced(Operation::associative(|_: T, b: T| b), &|_, b| b)
}

trait Bits: Small + Integer + std::ops::BitAnd<Output = Self> + std::ops::BitOr<Output = Self> {}
impl<T: Small + Integer + std::ops::BitAnd<Output = T> + std::ops::BitOr<Output = T>> Bits for T {}

fn integers<T: Bits>(rank: &Rank) -> Part {
    numbers::<T>(rank)?;
    let truth = |value: bool| T::small(usize::from(value));
    let zero = T::small(0);
    let len = CHUNK / size_of::<T>() + 1;
    let reduced = |operation, combine: &dyn Fn(T, T) -> T| {
        reduces::<T>(rank, len, &operation, combine, false)
    };
    reduced(Operation::bitwise_and(), &|a, b| a & b)?;
    reduced(Operation::bitwise_or(), &|a, b| a | b)?;
    reduced(Operation::logical_and(), &|a, b| {
        truth(a != zero && b != zero)
    })?;
    reduced(Operation::logical_or(), &|a, b| {
        truth(a != zero || b != zero)
    })
}

#[test]
fn signed_integers_are_reduced() {
    on_each_path(4, "collectives::signed_integers_are_reduced", |rank| {
        integers::<i8>(rank)?;
        integers::<i16>(rank)?;
        integers::<i32>(rank)?;
        integers::<i64>(rank)?;
        integers::<isize>(rank)
    });
}

#[test]
fn unsigned_integers_are_reduced() {
    on_each_path(4, "collectives::unsigned_integers_are_reduced", |rank| {
        integers::<u8>(rank)?;
        integers::<u16>(rank)?;
        integers::<u32>(rank)?;
        integers::<u64>(rank)?;
        integers::<usize>(rank)
    });
}

#[test]
fn floats_are_reduced() {
    on_each_path(4, "collectives::floats_are_reduced", |rank| {
        numbers::<f32>(rank)?;
        numbers::<f64>(rank)
    });
}

#[test]
fn a_panic_of_an_operation_is_one_of_the_transfer() {
    on_each_path(
        2,
        "collectives::a_panic_of_an_operation_is_one_of_the_transfer",
        |rank| {
            let Rank { comm, proc, ctx } = rank;
            let mut x = proc.upload(&[1i32; 3 * CHUNK])?;
            let calls = std::cell::Cell::new(0);
            let odd = Operation::commutative(|_, _| {
                calls.set(calls.get() + 1);
                panic!("odd")
            });
            let reduced = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                comm.all_reduce_in_place(ctx, &mut x, &odd)
            }));
            // Those ranks that MPI has compute; the others are told.
            let panicked = match reduced {
                Err(panic) => {
                    assert_eq!(panic.downcast_ref::<&str>(), Some(&"odd"));
                    1
                }
                Ok(ended) => {
                    let error = ended.unwrap_err();
                    assert!(error.to_string().contains("in another rank"), "{error}");
                    0
                }
            };
            assert_eq!(calls.get(), panicked, "it is not called again");
            let mut count = proc.upload(&[panicked])?;
            comm.all_reduce_in_place(ctx, &mut count, &Operation::sum())?;
            assert!(count.to_vec()?[0] > 0);
            // It has ended all the same.
            comm.all_reduce_in_place(ctx, &mut x, &Operation::max())?;
            Ok(())
        },
    );
}

#[test]
fn an_operation_begins_no_transfer() {
    on_each_path(2, "collectives::an_operation_begins_no_transfer", |rank| {
        let Rank { comm, proc, ctx } = rank;
        let mut x = proc.upload(&[1i32; 10])?;
        let refused = std::cell::Cell::new(0);
        let sum = Operation::commutative(|a: i32, b: i32| {
            let error = comm.barrier(ctx).unwrap_err();
            assert!(matches!(error, veo_mpi::Error::Reentered), "{error}");
            refused.set(refused.get() + 1);
            a + b
        });
        comm.all_reduce_in_place(ctx, &mut x, &sum)?;
        assert_eq!(x.to_vec()?, [2; 10]);
        // A barrier that one rank has begun would stand in the way of these.
        comm.barrier(ctx)?;
        let mut count = proc.upload(&[refused.get()])?;
        comm.all_reduce_in_place(ctx, &mut count, &Operation::sum())?;
        assert!(count.to_vec()?[0] > 0);
        Ok(())
    });
}
