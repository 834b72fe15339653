//! Reductions: MPI computes, in pieces, on chunks of the host or on VE memory itself.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::Range;

use veo_core::{VeSlice, VeSliceMut, VeoContext};

use super::channel::Channel;
use super::communicator::VeComm;
use super::data_type::{Number, number_type};
use super::operation::Operation;
use super::path::Path;
use super::raw::{DataType, Flight, LONGEST, Memory};
use super::region::Region;
use super::staging::Lent;
use crate::error::{Error, Result};

impl VeComm<'_> {
    /// Reduces the values of all ranks, each with those at the same place, and gives the result to all: `to` has as many.
    ///
    /// # Errors
    ///
    /// [`Error::Collective`] in all ranks if they have different lengths, types or operations;
    /// [`veo_core::Error::SizeMismatch`]; otherwise as [`send`](Self::send).
    pub fn all_reduce<'a, 'b, T: Number>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        to: impl Into<VeSliceMut<'b, T>>,
        operation: &Operation<'_, T>,
    ) -> Result<()> {
        let (from, to) = (from.into(), to.into());
        same_len(from.len(), to.len())?;
        let ends = Ends {
            from: self.source(ctx, &from)?,
            to: Some(self.target(ctx, &to)?),
        };
        self.reduce_parts(&ends, operation, None)
    }

    /// As [`all_reduce`](Self::all_reduce); the result comes in place of the values. On the path [`Path::Direct`] VE memory for as many
    /// is allocated meanwhile.
    ///
    /// # Errors
    ///
    /// As [`all_reduce`](Self::all_reduce).
    pub fn all_reduce_in_place<'b, T: Number>(
        &self,
        ctx: &VeoContext,
        values: impl Into<VeSliceMut<'b, T>>,
        operation: &Operation<'_, T>,
    ) -> Result<()> {
        let ends = self.in_place(ctx, &values.into())?;
        self.reduce_parts(&ends, operation, None)
    }

    /// Takes part in a reduction whose result is for rank `root`, which calls [`reduce_root`](Self::reduce_root) or
    /// [`reduce_in_place_root`](Self::reduce_in_place_root).
    ///
    /// # Errors
    ///
    /// [`Error::Rank`], also for the own rank; otherwise as [`all_reduce`](Self::all_reduce).
    pub fn reduce<'a, T: Number>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        operation: &Operation<'_, T>,
        root: i32,
    ) -> Result<()> {
        self.check_other(root)?;
        let ends = Ends {
            from: self.source(ctx, &from.into())?,
            to: None,
        };
        self.reduce_parts(&ends, operation, Some(root))
    }

    /// Reduces the values of all ranks to `to` of this one; the others call [`reduce`](Self::reduce).
    ///
    /// # Errors
    ///
    /// As [`all_reduce`](Self::all_reduce).
    pub fn reduce_root<'a, 'b, T: Number>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        to: impl Into<VeSliceMut<'b, T>>,
        operation: &Operation<'_, T>,
    ) -> Result<()> {
        let (from, to) = (from.into(), to.into());
        same_len(from.len(), to.len())?;
        let ends = Ends {
            from: self.source(ctx, &from)?,
            to: Some(self.target(ctx, &to)?),
        };
        self.reduce_parts(&ends, operation, Some(self.rank()))
    }

    /// As [`reduce_root`](Self::reduce_root); the result comes in place of this rank's values, as with
    /// [`all_reduce_in_place`](Self::all_reduce_in_place).
    ///
    /// # Errors
    ///
    /// As [`all_reduce`](Self::all_reduce).
    pub fn reduce_in_place_root<'b, T: Number>(
        &self,
        ctx: &VeoContext,
        values: impl Into<VeSliceMut<'b, T>>,
        operation: &Operation<'_, T>,
    ) -> Result<()> {
        let ends = self.in_place(ctx, &values.into())?;
        self.reduce_parts(&ends, operation, Some(self.rank()))
    }

    /// Values that the result takes the place of. MPI does not take the same memory twice: where it gets VE memory, it reads a copy.
    fn in_place<T: Number>(&self, ctx: &VeoContext, values: &VeSliceMut<'_, T>) -> Result<Ends> {
        let to = self.target(ctx, values)?;
        let from = match self.path() {
            Path::Direct => {
                let mut before = self.proc.alloc::<T>(values.len())?;
                before.copy_from(values)?;
                // The region keeps it.
                self.source(ctx, &before.as_slice())?
            }
            _ => to.clone(),
        };
        Ok(Ends { from, to: Some(to) })
    }

    fn reduce_parts<T: Number>(
        &self,
        ends: &Ends,
        operation: &Operation<'_, T>,
        root: Option<i32>,
    ) -> Result<()> {
        self.agree(ends, operation.name(), root)?;
        operation.run(|op, in_use| {
            // SAFETY: `run` keeps the operation as long as it is said to be in use.
            let begin = |to, from| unsafe {
                Flight::reduce(self.channel.comm, to, from, number_type::<T>(), op, root)
            };
            let pieces = Pieces::new(self, ends, number_type::<T>());
            pieces.run(in_use, begin)
        })
    }

    /// All ranks have to want the same, since MPI does not compare.
    fn agree(&self, ends: &Ends, operation: &str, root: Option<i32>) -> Result<()> {
        if self.size() == 1 {
            return Ok(());
        }
        let name = operation.bytes().fold(0u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let (len, ty) = (ends.from.len as u64, ends.from.ty.hash);
        let root = root.map_or(u64::MAX, |root| root as u64);
        let least = self.least([len, !len, ty, !ty, name, !name, root, !root])?;
        let differ = [
            "the number of values",
            "their type",
            "the operation",
            "the root",
        ];
        for (what, pair) in differ.into_iter().zip(least.chunks_exact(2)) {
            if pair[0] != !pair[1] {
                return Err(Error::Collective {
                    reason: format!(
                        "the ranks of a reduction do not agree on {what}; here are {} {}, {operation}",
                        ends.from.len,
                        ends.from.ty.name()
                    ),
                });
            }
        }
        Ok(())
    }
}

fn same_len(from: usize, to: usize) -> Result<()> {
    if from == to {
        return Ok(());
    }
    Err(Error::Veo(veo_core::Error::SizeMismatch {
        what: "the result of a reduction".into(),
        have: to,
        wanted: from,
    }))
}

/// Where values come from and where the result goes: the same memory only if it is staged.
struct Ends {
    from: Region,
    to: Option<Region>,
}

/// A part of the values that MPI has.
struct Piece {
    flight: Flight,
    range: Range<usize>,
}

/// The pieces of a reduction on their way.
struct Pieces<'a> {
    comm: &'a VeComm<'a>,
    ends: &'a Ends,
    /// Bytes of a piece.
    step: usize,
    out: Lent,
    inward: Lent,
    flying: VecDeque<Piece>,
}

/// Chunks for one piece; `None` where MPI has VE memory, or there is nothing.
struct Lane {
    from: Option<Vec<u8>>,
    to: Option<Vec<u8>>,
}

impl<'a> Pieces<'a> {
    fn new(comm: &'a VeComm<'_>, ends: &'a Ends, ty: DataType) -> Pieces<'a> {
        let channel: &Channel = &comm.channel;
        let longest = match ends.from.direct() {
            Some(_) => LONGEST,
            None => channel.chunk(),
        };
        Pieces {
            comm,
            ends,
            step: longest / ty.size() * ty.size(),
            out: Lent::default(),
            inward: Lent::default(),
            flying: VecDeque::new(),
        }
    }

    fn run(
        mut self,
        in_use: &Cell<bool>,
        begin: impl Fn((Memory, Range<usize>), (Memory, Range<usize>)) -> Result<Flight>,
    ) -> Result<()> {
        let mut lanes = Vec::new();
        let result = self.all(&mut lanes, in_use, begin);
        // What has not ended is MPI's for ever.
        in_use.set(!self.flying.is_empty());
        if let Ok(mut state) = self.comm.engine.state() {
            let staging = &mut state.shared().staging;
            let (from, to): (Vec<_>, Vec<_>) =
                lanes.into_iter().map(|lane| (lane.from, lane.to)).unzip();
            staging
                .out
                .take_back(&mut self.out, from.into_iter().flatten());
            staging
                .inward
                .take_back(&mut self.inward, to.into_iter().flatten());
        }
        result
    }

    fn all(
        &mut self,
        lanes: &mut Vec<Lane>,
        in_use: &Cell<bool>,
        begin: impl Fn((Memory, Range<usize>), (Memory, Range<usize>)) -> Result<Flight>,
    ) -> Result<()> {
        let size = self.ends.from.size();
        if size == 0 {
            return Ok(());
        }
        lanes.push(self.first_lane()?);
        if size > self.step {
            lanes.extend(self.spare_lane()?);
        }
        for start in (0..size).step_by(self.step) {
            let range = start..size.min(start + self.step);
            let lane = match lanes.pop() {
                Some(lane) => lane,
                None => self.land()?,
            };
            let from = self.fill(lane.from, &range)?;
            let to = self.room(lane.to, &range);
            in_use.set(true);
            let flight = begin(to, from)?;
            self.flying.push_back(Piece { flight, range });
        }
        while !self.flying.is_empty() {
            let lane = self.land()?;
            lanes.push(lane);
        }
        Ok(())
    }

    /// Whether a chunk is needed for what is read, and for what is written.
    fn needs(&self) -> (bool, bool) {
        let direct = self.ends.from.direct().is_some();
        let has_target = self.ends.to.is_some();
        (!direct, has_target && !direct)
    }

    /// The first chunks, when nobody has them any more: whoever does comes to an end.
    fn first_lane(&mut self) -> Result<Lane> {
        let (out, inward) = self.needs();
        let len = self.comm.channel.chunk();
        let mut lane = Lane {
            from: None,
            to: None,
        };
        let (out_lent, inward_lent) = (&mut self.out, &mut self.inward);
        self.comm.engine.wait(&self.comm.proc, |state| {
            let staging = &mut state.shared().staging;
            if out && lane.from.is_none() {
                lane.from = staging.out.lend_first(len, out_lent);
            }
            if inward && lane.to.is_none() {
                lane.to = staging.inward.lend_first(len, inward_lent);
            }
            let there = (!out || lane.from.is_some()) && (!inward || lane.to.is_some());
            Ok(there.then_some(()))
        })?;
        Ok(lane)
    }

    /// The spare chunks, if both are there.
    fn spare_lane(&mut self) -> Result<Option<Lane>> {
        let (out, inward) = self.needs();
        if !out && !inward {
            return Ok(Some(Lane {
                from: None,
                to: None,
            }));
        }
        let len = self.comm.channel.chunk();
        let mut state = self.comm.engine.state()?;
        let staging = &mut state.shared().staging;
        let from = match out {
            true => staging.out.lend_spare(len, &mut self.out),
            false => None,
        };
        let to = match inward && (!out || from.is_some()) {
            true => staging.inward.lend_spare(len, &mut self.inward),
            false => None,
        };
        if (out && from.is_none()) || (inward && to.is_none()) {
            if let Some(chunk) = from {
                staging.out.give_spare(&mut self.out, chunk);
            }
            return Ok(None);
        }
        Ok(Some(Lane { from, to }))
    }

    /// What is reduced, for MPI.
    fn fill(&self, chunk: Option<Vec<u8>>, range: &Range<usize>) -> Result<(Memory, Range<usize>)> {
        match (chunk, self.ends.from.direct()) {
            (Some(mut chunk), _) => {
                self.ends
                    .from
                    .read(range.start, &mut chunk[..range.len()])?;
                Ok((Memory::Host(chunk), 0..range.len()))
            }
            (None, Some(direct)) => Ok((Memory::Ve(direct), range.clone())),
            (None, None) => Ok((Memory::Nothing, 0..0)),
        }
    }

    /// Room for the result, for MPI.
    fn room(&self, chunk: Option<Vec<u8>>, range: &Range<usize>) -> (Memory, Range<usize>) {
        let direct = self.ends.to.as_ref().and_then(Region::direct);
        match (chunk, direct) {
            (Some(chunk), _) => (Memory::Host(chunk), 0..range.len()),
            (None, Some(direct)) => (Memory::Ve(direct), range.clone()),
            (None, None) => (Memory::Nothing, 0..0),
        }
    }

    /// Waits for the first piece, and writes its result.
    fn land(&mut self) -> Result<Lane> {
        let engine = self.comm.engine;
        let Some(piece) = self.flying.front_mut() else {
            return Err(Error::NotRunning);
        };
        let flight = &mut piece.flight;
        engine.wait(&self.comm.proc, |_| Ok(flight.test()?.map(|_| ())))?;
        let Some(Piece { flight, range }) = self.flying.pop_front() else {
            return Err(Error::NotRunning);
        };
        let (to, from) = flight.into_memory();
        let host = |memory| match memory {
            Memory::Host(chunk) => Some(chunk),
            _ => None,
        };
        let lane = Lane {
            from: host(from),
            to: host(to),
        };
        if let (Some(chunk), Some(to)) = (&lane.to, &self.ends.to) {
            to.write(range.start, &chunk[..range.len()])?;
        }
        Ok(lane)
    }
}
