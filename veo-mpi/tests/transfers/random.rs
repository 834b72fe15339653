//! Random sequences of transfers, the same in all ranks, against the same on host vectors of all ranks.

use std::ops::Range;

use veo_mpi::Operation;

use crate::common::{Launch, case};
use crate::values::{Random, values};
use crate::{CHUNK, PATHS, Part, Rank, rank};

/// The values of a rank's VE, as every rank computes them.
struct Model(Vec<Vec<i64>>);

/// Values of a buffer: up to some chunks.
const LEN: usize = 5 * CHUNK / 8 + 3;

/// A part for each rank of so many values, with gaps, in any order, some of them empty.
fn parts(random: &mut Random, size: usize, len: usize) -> Vec<Range<usize>> {
    let mut cuts: Vec<usize> = (0..2 * size).map(|_| random.below(len + 1)).collect();
    cuts.sort_unstable();
    let mut parts: Vec<Range<usize>> = cuts.chunks_exact(2).map(|cut| cut[0]..cut[1]).collect();
    parts.rotate_left(random.below(size));
    parts
}

fn step(
    rank: &Rank,
    random: &mut Random,
    model: &mut Model,
    x: &mut veo_core::VeBuffer<i64>,
) -> Part {
    let Rank { comm, proc, ctx } = rank;
    let (own, size) = (comm.rank() as usize, comm.size() as usize);
    let start = random.below(LEN);
    let len = match random.below(3) {
        0 => random.below(20).min(LEN - start),
        1 => (CHUNK / 8 + random.below(3)).min(LEN - start),
        _ => random.below(LEN - start + 1),
    };
    let range = start..start + len;
    let other = random.below(size);
    match random.below(11) {
        0 => {
            comm.broadcast(ctx, x.slice_mut(range.clone())?, other as i32)?;
            let source = model.0[other][range.clone()].to_vec();
            for values in &mut model.0 {
                values[range.clone()].copy_from_slice(&source);
            }
        }
        1 | 2 => {
            let is_sum = random.below(2) == 0;
            let add = |a: i64, b: i64| a.wrapping_add(b);
            let operation = match (is_sum, random.below(2)) {
                (true, 0) => Operation::sum(),
                (true, _) => Operation::commutative(add),
                (false, _) => Operation::max(),
            };
            let mut result = model.0[0][range.clone()].to_vec();
            for values in &model.0[1..] {
                for (a, b) in result.iter_mut().zip(&values[range.clone()]) {
                    *a = if is_sum {
                        a.wrapping_add(*b)
                    } else {
                        (*a).max(*b)
                    };
                }
            }
            if random.below(2) == 0 {
                comm.all_reduce_in_place(ctx, x.slice_mut(range.clone())?, &operation)?;
                for values in &mut model.0 {
                    values[range.clone()].copy_from_slice(&result);
                }
            } else {
                if own == other {
                    comm.reduce_in_place_root(ctx, x.slice_mut(range.clone())?, &operation)?;
                } else {
                    comm.reduce(ctx, x.slice(range.clone())?, &operation, other as i32)?;
                }
                model.0[other][range].copy_from_slice(&result);
            }
        }
        3 => {
            let each = len / size;
            let all = start..start + each * size;
            comm.all_gather_in_place(ctx, x.slice_mut(all)?)?;
            for rank in 0..size {
                let part = start + rank * each..start + (rank + 1) * each;
                let values = model.0[rank][part.clone()].to_vec();
                for target in &mut model.0 {
                    target[part.clone()].copy_from_slice(&values);
                }
            }
        }
        4 => {
            let each = len / size;
            let all = start..start + each * size;
            comm.all_to_all_in_place(ctx, x.slice_mut(all)?)?;
            let before = model.0.clone();
            let part = |rank: usize| start + rank * each..start + (rank + 1) * each;
            for (to, values) in model.0.iter_mut().enumerate() {
                for (from, theirs) in before.iter().enumerate() {
                    values[part(from)].copy_from_slice(&theirs[part(to)]);
                }
            }
        }
        5 => {
            // A kernel's work between them is what the host writes here.
            let purpose = random.below(1000) as u64;
            x.slice_mut(range.clone())?
                .write(&values(own as i32, purpose, len))?;
            for (rank, target) in model.0.iter_mut().enumerate() {
                target[range.clone()].copy_from_slice(&values(rank as i32, purpose, len));
            }
        }
        6 => {
            let parts = parts(random, size, len);
            let within = |part: &Range<usize>| start + part.start..start + part.end;
            let root = other as i32;
            let before = model.0.clone();
            match (random.below(3), own == other) {
                (0, is_root) => {
                    if is_root {
                        comm.gather_varcount_in_place_root(ctx, x.slice_mut(range)?, &parts)?;
                    } else {
                        comm.gather(ctx, x.slice(within(&parts[own]))?, root)?;
                    }
                    for (values, part) in before.iter().zip(parts.iter().map(within)) {
                        model.0[other][part.clone()].copy_from_slice(&values[part]);
                    }
                }
                (1, is_root) => {
                    if is_root {
                        comm.scatter_varcount_in_place_root(ctx, x.slice(range)?, &parts)?;
                    } else {
                        comm.scatter(ctx, x.slice_mut(within(&parts[own]))?, root)?;
                    }
                    for (target, part) in model.0.iter_mut().zip(parts.iter().map(within)) {
                        target[part.clone()].copy_from_slice(&before[other][part]);
                    }
                }
                _ => {
                    comm.all_gather_varcount_in_place(ctx, x.slice_mut(range)?, &parts)?;
                    for target in &mut model.0 {
                        for (values, part) in before.iter().zip(parts.iter().map(within)) {
                            target[part.clone()].copy_from_slice(&values[part]);
                        }
                    }
                }
            }
        }
        7 => {
            // How many each sends to each, the same in all ranks; behind one another in both buffers.
            let counts: Vec<Vec<usize>> = (0..size)
                .map(|_| (0..size).map(|_| random.below(len / size + 1)).collect())
                .collect();
            let places = |counts: Vec<usize>| -> Vec<Range<usize>> {
                let mut end = 0;
                let place = |count| {
                    end += count;
                    end - count..end
                };
                counts.into_iter().map(place).collect()
            };
            let sent = |from: usize| places(counts[from].clone());
            let received = |to: usize| places(counts.iter().map(|of| of[to]).collect());
            let mut y = proc.upload(&model.0[own][range.clone()])?;
            let from = x.slice(range.clone())?;
            comm.all_to_all_varcount(ctx, from, &sent(own), &mut y, &received(own))?;
            x.slice_mut(range)?.copy_from(&y)?;
            let before = model.0.clone();
            for (to, target) in model.0.iter_mut().enumerate() {
                for (from, place) in received(to).into_iter().enumerate() {
                    let source = sent(from)[to].clone();
                    target[start + place.start..start + place.end]
                        .copy_from_slice(&before[from][start + source.start..start + source.end]);
                }
            }
        }
        _ => {
            // Each rank sends to one that is so many further, several messages at once.
            let shift = random.below(size);
            let (next, last) = ((own + shift) % size, (own + size - shift) % size);
            let middle = len / 3;
            let mut y = proc.upload(&vec![0i64; len])?;
            let from = x.slice(range.clone())?;
            let (first, second) = from.split_at(middle)?;
            let (low, high) = y.split_at_mut(middle)?;
            let receives = [
                comm.irecv(ctx, high, last as i32, 2)?,
                comm.irecv(ctx, low, last as i32, 1)?,
            ];
            let sends = if random.below(2) == 0 {
                [
                    comm.isend(ctx, first, next as i32, 1)?,
                    comm.isend(ctx, second, next as i32, 2)?,
                ]
            } else {
                [
                    comm.isend(ctx, second, next as i32, 2)?,
                    comm.isend(ctx, first, next as i32, 1)?,
                ]
            };
            for receive in receives {
                receive.wait()?;
            }
            for send in sends {
                send.wait()?;
            }
            x.slice_mut(range.clone())?.copy_from(&y)?;
            let before = model.0.clone();
            for (rank, values) in model.0.iter_mut().enumerate() {
                let source = &before[(rank + size - shift) % size];
                values[range.clone()].copy_from_slice(&source[range.clone()]);
            }
        }
    }
    Ok(())
}

fn sequences(rank: &Rank, seed: u64, steps: usize) -> Part {
    let own = rank.comm.rank();
    let mut random = Random::new(seed);
    let mut model = Model(
        (0..rank.comm.size())
            .map(|rank| values(rank, 0, LEN))
            .collect(),
    );
    let mut x = rank.proc.upload(&model.0[own as usize])?;
    for at in 0..steps {
        step(rank, &mut random, &mut model, &mut x)
            .map_err(|error| format!("step {at} of seed {seed}: {error}"))?;
        assert!(
            x.to_vec()? == model.0[own as usize],
            "step {at} of seed {seed}"
        );
    }
    Ok(())
}

#[test]
fn random_sequences_do_what_they_do_on_the_host() {
    const TEST: &str = "random::random_sequences_do_what_they_do_on_the_host";
    match case() {
        None => {
            let seed = std::env::var("VEO_TEST_SEED").unwrap_or_else(|_| "1".into());
            for path in PATHS {
                if let Some(launch) = Launch::new(4, TEST, &seed) {
                    launch
                        .env("VEO_MPI_PATH", path)
                        .env("VEO_MPI_CHUNK", &CHUNK.to_string())
                        .run()
                        .succeeds();
                }
            }
        }
        Some(seed) => {
            let seed = seed.parse().expect("VEO_TEST_SEED is a number");
            let steps = if std::env::var_os("VEO_TEST_LONG").is_some() {
                5000
            } else {
                150
            };
            rank(|rank| sequences(rank, seed, steps));
        }
    }
}
