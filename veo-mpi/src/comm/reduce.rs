//! Reductions: MPI computes, in pieces, on chunks of the host or on VE memory itself. Those of ranks that all share windows are in `shared_reduction`.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::Range;

use veo_core::{VeSlice, VeSliceMut, VeoContext};

use super::channel::Channel;
use super::communicator::VeComm;
use super::data_type::{Number, number_type};
use super::flight::{Flight, FlightMemory, LONGEST};
use super::operation::{Operation, OwnOutcome};
use super::path::Path;
use super::raw::DataType;
use super::region::TransferRegion;
use super::shared_reduction::SharedReduction;
use super::staging::Lent;
use crate::error::{Error, Result};

impl VeComm<'_> {
    /// Reduces the values of all ranks, each with those at the same place, and gives the result to all: `to` has as many.
    ///
    /// # Errors
    ///
    /// [`Error::Collective`] in all ranks if they have different lengths, types or operations, and if the operation, one of the
    /// program, panics in another rank;
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
        drop(self.engine.state()?);
        let ty = number_type::<T>();
        let shared = SharedReduction::begin(self, &ends.from, ty)?;
        // Where this fails, others may use the slot.
        let least = self.wishes(ends, operation.name(), root, shared.is_some())?;
        let all_share = least[least.len() - 1] == 1;
        let agreed = agree(&least, ends, operation.name());
        let shared = match shared {
            Some(shared) if agreed.is_ok() && all_share => Some(shared),
            other => {
                // All ranks find the same, and none uses a slot.
                other.into_iter().for_each(SharedReduction::give_up);
                None
            }
        };
        agreed?;
        let body = |op, in_use: &Cell<bool>| {
            if let Some(shared) = shared {
                // SAFETY: the operation is one for this type.
                return unsafe { shared.run(ends.to.as_ref(), op) };
            }
            // SAFETY: `run` keeps the operation as long as it is said to be in use.
            let begin =
                |to, from| unsafe { Flight::reduce(self.channel.comm, to, from, ty, op, root) };
            let pieces = Pieces::new(self, ends, ty);
            pieces.run(in_use, begin)
        };
        operation.run(body, |went_well, own| self.all_went_well(went_well, own))
    }

    /// MPI gives a result whatever an operation of the program has done in another rank.
    fn all_went_well(&self, here: bool, own: &OwnOutcome) -> Result<()> {
        if self.size() == 1 {
            return Ok(());
        }
        // They wait for this rank, whatever has become of its VE process.
        let proc = own.is_ok().then_some(&self.proc);
        let [all] = self.least(proc, [u64::from(here)])?;
        if all == 1 {
            return Ok(());
        }
        Err(Error::Collective {
            reason:
                "the operation of a reduction has panicked in another rank, so there is no result"
                    .into(),
        })
    }

    /// The least of what the ranks want, for [`agree`], and then whether all share windows. When it is there, all have come.
    fn wishes(
        &self,
        ends: &Ends,
        operation: &str,
        root: Option<i32>,
        shares: bool,
    ) -> Result<[u64; 9]> {
        let name = operation.bytes().fold(0u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let (len, ty) = (ends.from.len as u64, ends.from.ty.hash);
        let root = root.map_or(u64::MAX, |root| root as u64);
        let shares = u64::from(shares);
        let own = [len, !len, ty, !ty, name, !name, root, !root, shares];
        if self.size() == 1 {
            return Ok(own);
        }
        self.least(&self.proc, own)
    }
}

/// All ranks have to want the same, since MPI does not compare.
fn agree(least: &[u64], ends: &Ends, operation: &str) -> Result<()> {
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
    from: TransferRegion,
    to: Option<TransferRegion>,
}

/// A part of the values that MPI has.
struct ReducedPiece {
    flight: Flight,
    range: Range<usize>,
}

/// A chunk for one piece at a time: the first half for the result, the second for the values to reduce. `None` where MPI has VE memory.
type ReduceLane = Option<FlightMemory>;

/// The pieces of a reduction on their way.
struct Pieces<'a> {
    comm: &'a VeComm<'a>,
    ends: &'a Ends,
    /// Bytes of a piece, in all ranks.
    step: usize,
    /// The chunks that were lent.
    out: Lent,
    inward: Lent,
    flying: VecDeque<ReducedPiece>,
    /// Why this rank has no result. It takes part in the rest all the same.
    failed: Option<Error>,
}

impl<'a> Pieces<'a> {
    fn new(comm: &'a VeComm<'_>, ends: &'a Ends, ty: DataType) -> Pieces<'a> {
        let channel: &Channel = &comm.channel;
        let longest = match comm.path() {
            Path::Direct => LONGEST,
            _ => channel.chunk() / 2,
        };
        Pieces {
            comm,
            ends,
            step: longest / ty.size() * ty.size(),
            out: Lent::default(),
            inward: Lent::default(),
            flying: VecDeque::new(),
            failed: None,
        }
    }

    fn run(
        mut self,
        in_use: &Cell<bool>,
        begin: impl Fn((FlightMemory, Range<usize>), (FlightMemory, Range<usize>)) -> Result<Flight>,
    ) -> Result<OwnOutcome> {
        let mut lanes = Vec::new();
        let result = self.all(&mut lanes, in_use, begin);
        // Operations that have not ended belong to MPI for ever.
        in_use.set(!self.flying.is_empty());
        if let Ok(mut state) = self.comm.engine.state() {
            let staging = &mut state.shared().staging;
            // A slot of the window is given back as it is dropped.
            let mut chunks = lanes.into_iter().filter_map(|lane| match lane {
                Some(FlightMemory::Host(chunk)) => Some(chunk),
                _ => None,
            });
            staging.inward.take_back(&mut self.inward, chunks.next());
            staging.out.take_back(&mut self.out, chunks);
        }
        result.map(|()| self.failed.map_or(Ok(()), Err))
    }

    fn all(
        &mut self,
        lanes: &mut Vec<ReduceLane>,
        in_use: &Cell<bool>,
        begin: impl Fn((FlightMemory, Range<usize>), (FlightMemory, Range<usize>)) -> Result<Flight>,
    ) -> Result<()> {
        let size = self.ends.from.size();
        if size == 0 {
            return Ok(());
        }
        self.lend(lanes, size > self.step)?;
        for start in (0..size).step_by(self.step) {
            let range = start..size.min(start + self.step);
            let lane = match lanes.pop() {
                Some(lane) => lane,
                None => self.land()?,
            };
            let (to, from) = self.fill(lane, &range)?;
            in_use.set(true);
            // MPI may run the operation at once.
            let flight = self.comm.engine.begin(|| begin(to, from))?;
            self.flying.push_back(ReducedPiece { flight, range });
        }
        while !self.flying.is_empty() {
            let lane = self.land()?;
            lanes.push(lane);
        }
        Ok(())
    }

    /// Gets the chunk that reductions have, when the message that has it has ended; for several pieces a second one if it is
    /// there.
    fn lend(&mut self, lanes: &mut Vec<ReduceLane>, several: bool) -> Result<()> {
        if self.comm.path() == Path::Direct {
            lanes.push(None);
            return Ok(());
        }
        let len = self.comm.channel.chunk();
        let (out, inward) = (&mut self.out, &mut self.inward);
        self.comm.engine.wait(&self.comm.proc, |state| {
            let shared = state.shared();
            let Some(chunk) = shared.staging.inward.lend_spare(len, inward) else {
                return Ok(None);
            };
            lanes.push(Some(FlightMemory::Host(chunk)));
            if several {
                lanes.extend(shared.lend_spare_out(len, out).map(Some));
            }
            Ok(Some(()))
        })
    }

    /// Room for the result, and the values to reduce, for MPI.
    #[allow(clippy::type_complexity)]
    fn fill(
        &self,
        lane: ReduceLane,
        range: &Range<usize>,
    ) -> Result<((FlightMemory, Range<usize>), (FlightMemory, Range<usize>))> {
        let direct = |region: &TransferRegion| {
            region
                .direct()
                .map_or(FlightMemory::Nothing, FlightMemory::Ve)
        };
        let Some(mut chunk) = lane else {
            let from = (direct(&self.ends.from), range.clone());
            let to = match &self.ends.to {
                Some(to) => (direct(to), range.clone()),
                None => (FlightMemory::Nothing, 0..0),
            };
            return Ok((to, from));
        };
        let (low, high) = (0..range.len(), self.step..self.step + range.len());
        let bytes = &mut chunk.bytes_mut()[high.clone()];
        self.ends.from.read(range.start, bytes)?;
        Ok(match &self.ends.to {
            Some(_) => ((chunk, low), (FlightMemory::Same, high)),
            None => ((FlightMemory::Nothing, 0..0), (chunk, high)),
        })
    }

    /// Waits for the first piece, and writes its result.
    fn land(&mut self) -> Result<ReduceLane> {
        let engine = self.comm.engine;
        let Some(piece) = self.flying.front_mut() else {
            return Err(Error::NotRunning);
        };
        let flight = &mut piece.flight;
        let mut landed = |proc| engine.wait_for_values(proc, flight);
        let proc = self.failed.is_none().then_some(&self.comm.proc);
        match landed(proc) {
            Err(error @ Error::Veo(_)) if self.failed.is_none() => {
                self.failed = Some(error);
                landed(None)?;
            }
            outcome => outcome?,
        }
        let Some(ReducedPiece { flight, range }) = self.flying.pop_front() else {
            return Err(Error::NotRunning);
        };
        Ok(match (flight.into_memory(), &self.ends.to) {
            ((chunk @ (FlightMemory::Host(_) | FlightMemory::Slot(_)), _), Some(to)) => {
                if self.failed.is_none() {
                    self.failed = to.write(range.start, &chunk.bytes()[..range.len()]).err();
                }
                Some(chunk)
            }
            ((_, chunk @ (FlightMemory::Host(_) | FlightMemory::Slot(_))), _) => Some(chunk),
            _ => None,
        })
    }
}
