//! Reductions of ranks that all share windows. Each copies its values to its slot; then each reduces its share of them, in the slots
//! themselves; then each copies the whole result. MPI carries no values, only barriers.
//!
//! The result comes together in the slot of the last rank, and a value is computed once, by one rank, in the order of the ranks: so all get the same bits.

use std::ops::Range;
use std::rc::Rc;

use mpi::ffi;

use super::communicator::VeComm;
use super::flight::Flight;
use super::operation::OwnOutcome;
use super::raw::{self, DataType};
use super::region::TransferRegion;
use super::window::{LentSlot, SharedWindow, WindowSlot};
use crate::error::{Error, Result};

/// The shortest piece. What is shorter is left to MPI: a message there and back takes less time than the barriers.
const LEAST: usize = 4096;

/// A reduction that has this rank's slot, with its first piece. If it is dropped, other ranks may use the slot for ever.
pub(super) struct SharedReduction<'a> {
    comm: &'a VeComm<'a>,
    from: &'a TransferRegion,
    ty: DataType,
    /// The windows of all ranks.
    windows: Vec<Rc<SharedWindow>>,
    /// `None` at the end only.
    slot: Option<LentSlot>,
    /// Bytes of a piece.
    step: usize,
}

impl<'a> SharedReduction<'a> {
    /// Copies the first piece, if this rank shares windows with all others and has a slot. Whether all ranks have come so far is
    /// theirs to find out: then [`run`](Self::run) goes on.
    pub(super) fn begin(
        comm: &'a VeComm<'a>,
        from: &'a TransferRegion,
        ty: DataType,
    ) -> Result<Option<SharedReduction<'a>>> {
        let chunk = comm.channel.chunk();
        if comm.size() == 1 || from.size() < LEAST || chunk < 2 * LEAST {
            return Ok(None);
        }
        let Some(windows) = comm.channel.windows_of_all() else {
            return Ok(None);
        };
        let mut state = comm.engine.state()?;
        let own = state.shared().windows.own();
        let slot = own
            .filter(|own| own.can_lend(chunk))
            .and_then(|own| own.lend(WindowSlot::Spare));
        drop(state);
        let Some(slot) = slot else {
            return Ok(None);
        };
        // Of several pieces one is copied to one half while others read the other.
        let longest = if from.size() <= chunk {
            chunk
        } else {
            chunk / 2
        };
        let mut reduction = SharedReduction {
            comm,
            from,
            ty,
            windows,
            slot: Some(slot),
            step: longest / ty.size() * ty.size(),
        };
        match reduction.fill(0..from.size().min(reduction.step), 0) {
            Ok(()) => Ok(Some(reduction)),
            Err(error) => {
                // No rank has heard of it.
                reduction.give_up();
                Err(error)
            }
        }
    }

    /// Gives the slot back, which no rank uses any more.
    pub(super) fn give_up(mut self) {
        drop(self.slot.take());
    }

    /// Goes on when all ranks have come so far: reduces everything, and writes the result to `to`. The error: this rank has given up before the end.
    ///
    /// # Safety
    ///
    /// The operation takes values of the type.
    pub(super) unsafe fn run(
        mut self,
        to: Option<&TransferRegion>,
        operation: ffi::MPI_Op,
    ) -> Result<OwnOutcome> {
        let size = self.from.size();
        let mut failed: Option<Error> = None;
        for (piece, start) in (0..size).step_by(self.step).enumerate() {
            let range = start..size.min(start + self.step);
            let place = piece % 2 * self.step;
            if piece > 0 {
                self.fill(range.clone(), place)?;
                self.barrier(&failed)?;
            }
            let slots = place..place + range.len();
            // SAFETY: the caller vouches for the operation.
            unsafe { self.reduce_share(slots.clone(), operation)? };
            self.barrier(&failed)?;
            if let Some(to) = to
                && failed.is_none()
                && let Some(last) = self.windows.last()
            {
                // SAFETY: all ranks have done their shares, and none writes to this half before the barrier after the next piece.
                let result = unsafe { last.lent_bytes(WindowSlot::Spare, slots) };
                // The others wait for this rank, whatever has become of its memory.
                failed = to.write(range.start, result).err();
            }
        }
        // Others read the slot until here.
        self.barrier(&failed)?;
        self.give_up();
        Ok(failed.map_or(Ok(()), Err))
    }

    /// Copies a piece to a place in the slot.
    fn fill(&mut self, range: Range<usize>, place: usize) -> Result<()> {
        let Some(slot) = &mut self.slot else {
            return Ok(());
        };
        let bytes = &mut slot.bytes_mut()[place..place + range.len()];
        self.from.read(range.start, bytes)
    }

    /// Waits for all ranks, after a failure of the VE process as well.
    fn barrier(&self, failed: &Option<Error>) -> Result<()> {
        let comm = self.comm;
        let flight = comm.engine.begin(|| Flight::barrier(comm.channel.comm))?;
        let proc = failed.is_none().then_some(&comm.proc);
        comm.engine.wait_for(proc, flight)?;
        Ok(())
    }

    /// Reduces this rank's share of a piece, from the last rank to the first.
    ///
    /// # Safety
    ///
    /// The operation takes values of the type. All ranks have filled that part of their slots.
    unsafe fn reduce_share(&self, part: Range<usize>, operation: ffi::MPI_Op) -> Result<()> {
        let (rank, ranks) = (self.comm.rank() as usize, self.comm.size() as usize);
        let (value, values) = (self.ty.size(), part.len() / self.ty.size());
        let bound = |rank: usize| part.start + values * rank / ranks * value;
        let share = bound(rank)..bound(rank + 1);
        let Some((last, before)) = self.windows.split_last() else {
            return Ok(());
        };
        let to = last.place(WindowSlot::Spare, &share);
        // An operation of the program begins no transfer.
        let _state = self.comm.engine.state()?;
        for window in before.iter().rev() {
            let from = window.place(WindowSlot::Spare, &share);
            // SAFETY: both places have as many bytes, in different slots, which are lent to this reduction. This rank alone uses
            // this share of them. The caller vouches for the operation.
            unsafe { raw::reduce_local(from, to, share.len(), self.ty, operation)? };
        }
        Ok(())
    }
}

impl Drop for SharedReduction<'_> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            slot.lose();
            std::mem::forget(slot);
        }
    }
}
