//! The operations of all ranks together, but for reductions. They are messages between ranks, which say to which operation they belong.

use std::ops::Range;

use veo_core::{VeData, VeSlice, VeSliceMut, VeoContext};

use super::communicator::VeComm;
use super::flight::Flight;
use super::receive::Wanted;
use super::region::TransferRegion;
use super::send::Destination;
use crate::error::{Error, Result};

/// The operation, as the tag of its messages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CollectiveKind {
    Broadcast = 1,
    Gather = 2,
    Scatter = 3,
    AllGather = 4,
    AllToAll = 5,
    /// A broadcast that has failed on its way.
    Failed = 6,
}

impl CollectiveKind {
    fn name(tag: i32) -> &'static str {
        match tag {
            1 => "a broadcast",
            2 => "a gather",
            3 => "a scatter",
            4 => "an all_gather",
            5 => "an all_to_all",
            6 => "a broadcast that has not reached it",
            _ => "something else",
        }
    }
}

/// Memory for or of each other rank.
type Parts = Vec<(i32, TransferRegion)>;

impl VeComm<'_> {
    /// Waits until all ranks have come here.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn barrier(&self, ctx: &VeoContext) -> Result<()> {
        drop(self.engine.state()?);
        self.sync(ctx)?;
        let flight = self.engine.begin(|| Flight::barrier(self.channel.comm))?;
        self.engine.wait_for(&self.proc, flight)?;
        Ok(())
    }

    /// Gives the values of rank `root` to all, each of which has memory for as many.
    ///
    /// # Errors
    ///
    /// [`Error::Collective`] if the rank that it comes from has another length, has not got it itself, or is in another
    /// operation of this kind; [`Error::Truncated`]; [`Error::Types`]; otherwise as [`send`](Self::send).
    pub fn broadcast<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        values: impl Into<VeSliceMut<'b, T>>,
        root: i32,
    ) -> Result<()> {
        self.channel.check_rank(root)?;
        let mut values = values.into();
        let none = self.target(ctx, &values.slice_mut(..0)?)?;
        let values = self.target(ctx, &values)?;
        let context = self.channel.next_collective();
        let size = self.size();
        // The ranks from the root on make a tree, in which each has sent to half as many as the one before.
        let place = (self.rank() - root).rem_euclid(size);
        let rank_of = |place: i32| (place + root).rem_euclid(size);
        let mut reach = 1;
        while reach < size && place & reach == 0 {
            reach <<= 1;
        }
        let received = match place {
            0 => Ok(()),
            _ => {
                let parent = (rank_of(place - reach), values.clone());
                self.exchange(CollectiveKind::Broadcast, context, vec![], vec![parent])
            }
        };
        // They wait for this rank, whatever has become of the values.
        let (kind, values) = match received {
            Ok(()) => (CollectiveKind::Broadcast, values),
            Err(_) => (CollectiveKind::Failed, none),
        };
        let mut children = Vec::new();
        while reach > 1 {
            reach >>= 1;
            if place + reach < size {
                children.push((rank_of(place + reach), values.clone()));
            }
        }
        received.and(self.exchange(kind, context, children, vec![]))
    }

    /// Takes part in a gathering of rank `root`, which calls [`gather_root`](Self::gather_root) or another of its forms.
    ///
    /// # Errors
    ///
    /// [`Error::Rank`], also for the own rank; otherwise as [`send`](Self::send).
    pub fn gather<'a, T: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        root: i32,
    ) -> Result<()> {
        self.check_other(root)?;
        let from = self.source(ctx, &from.into())?;
        let context = self.channel.next_collective();
        self.exchange(CollectiveKind::Gather, context, vec![(root, from)], vec![])
    }

    /// Gathers the values of all ranks, as many of each, one rank behind the other; the others call [`gather`](Self::gather).
    ///
    /// # Errors
    ///
    /// [`veo_core::Error::SizeMismatch`] if `to` has not as many for each rank; otherwise as [`broadcast`](Self::broadcast).
    pub fn gather_root<'a, 'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        to: impl Into<VeSliceMut<'b, T>>,
    ) -> Result<()> {
        let (from, to) = (from.into(), to.into());
        let parts = self.equal_parts(from.len(), to.len())?;
        self.gather_varcount_root(ctx, from, to, &parts)
    }

    /// As [`gather_root`](Self::gather_root), in place: this rank's own values are where they are to be.
    ///
    /// # Errors
    ///
    /// As [`gather_root`](Self::gather_root).
    pub fn gather_in_place_root<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        values: impl Into<VeSliceMut<'b, T>>,
    ) -> Result<()> {
        let mut values = values.into();
        let parts = self.own_parts(values.len())?;
        self.gather_to(ctx, &mut values, &parts)
    }

    /// As [`gather_root`](Self::gather_root), with any number of values of each rank: those of rank r come to `parts[r]` of
    /// `to`.
    ///
    /// # Errors
    ///
    /// [`Error::Collective`] if the parts overlap or are not one for each rank; [`veo_core::Error::OutOfRange`]; otherwise as
    /// [`gather_root`](Self::gather_root).
    pub fn gather_varcount_root<'a, 'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        to: impl Into<VeSliceMut<'b, T>>,
        parts: &[Range<usize>],
    ) -> Result<()> {
        let mut to = to.into();
        self.check_parts(parts, true)?;
        self.copy_own(ctx, from.into(), to.slice_mut(self.own(parts))?)?;
        self.gather_to(ctx, &mut to, parts)
    }

    /// As [`gather_varcount_root`](Self::gather_varcount_root), in place: this rank's own values are where they are to be.
    ///
    /// # Errors
    ///
    /// As [`gather_varcount_root`](Self::gather_varcount_root).
    pub fn gather_varcount_in_place_root<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        values: impl Into<VeSliceMut<'b, T>>,
        parts: &[Range<usize>],
    ) -> Result<()> {
        let mut values = values.into();
        self.check_parts(parts, true)?;
        values.slice(self.own(parts))?;
        self.gather_to(ctx, &mut values, parts)
    }

    fn gather_to<T: VeData>(
        &self,
        ctx: &VeoContext,
        to: &mut VeSliceMut<'_, T>,
        parts: &[Range<usize>],
    ) -> Result<()> {
        let receives = self.targets(ctx, to, parts)?;
        let context = self.channel.next_collective();
        self.exchange(CollectiveKind::Gather, context, vec![], receives)
    }

    /// Takes part in a scattering of rank `root`, which calls [`scatter_root`](Self::scatter_root) or another of its forms.
    ///
    /// # Errors
    ///
    /// [`Error::Rank`], also for the own rank; otherwise as [`broadcast`](Self::broadcast).
    pub fn scatter<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        to: impl Into<VeSliceMut<'b, T>>,
        root: i32,
    ) -> Result<()> {
        self.check_other(root)?;
        let to = self.target(ctx, &to.into())?;
        let context = self.channel.next_collective();
        self.exchange(CollectiveKind::Scatter, context, vec![], vec![(root, to)])
    }

    /// Gives each rank its part of the values, as many to each; the others call [`scatter`](Self::scatter).
    ///
    /// # Errors
    ///
    /// As [`gather_root`](Self::gather_root).
    pub fn scatter_root<'a, 'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        to: impl Into<VeSliceMut<'b, T>>,
    ) -> Result<()> {
        let (from, to) = (from.into(), to.into());
        let parts = self.equal_parts(to.len(), from.len())?;
        self.scatter_varcount_root(ctx, from, &parts, to)
    }

    /// As [`scatter_root`](Self::scatter_root), in place: this rank's own part stays where it is.
    ///
    /// # Errors
    ///
    /// As [`gather_root`](Self::gather_root).
    pub fn scatter_in_place_root<'a, T: VeData>(
        &self,
        ctx: &VeoContext,
        values: impl Into<VeSlice<'a, T>>,
    ) -> Result<()> {
        let values = values.into();
        let parts = self.own_parts(values.len())?;
        self.scatter_from(ctx, values, &parts)
    }

    /// As [`scatter_root`](Self::scatter_root), with any number of values for each rank: rank r gets `parts[r]` of `from`.
    ///
    /// # Errors
    ///
    /// As [`gather_varcount_root`](Self::gather_varcount_root); parts that are only read may overlap.
    pub fn scatter_varcount_root<'a, 'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        parts: &[Range<usize>],
        to: impl Into<VeSliceMut<'b, T>>,
    ) -> Result<()> {
        let from = from.into();
        self.check_parts(parts, false)?;
        self.copy_own(ctx, from.slice(self.own(parts))?, to.into())?;
        self.scatter_from(ctx, from, parts)
    }

    /// As [`scatter_varcount_root`](Self::scatter_varcount_root), in place: this rank's own part stays where it is.
    ///
    /// # Errors
    ///
    /// As [`scatter_varcount_root`](Self::scatter_varcount_root).
    pub fn scatter_varcount_in_place_root<'a, T: VeData>(
        &self,
        ctx: &VeoContext,
        values: impl Into<VeSlice<'a, T>>,
        parts: &[Range<usize>],
    ) -> Result<()> {
        let values = values.into();
        self.check_parts(parts, false)?;
        values.slice(self.own(parts))?;
        self.scatter_from(ctx, values, parts)
    }

    fn scatter_from<T: VeData>(
        &self,
        ctx: &VeoContext,
        from: VeSlice<'_, T>,
        parts: &[Range<usize>],
    ) -> Result<()> {
        let sends = self.sources(ctx, from, parts)?;
        let context = self.channel.next_collective();
        self.exchange(CollectiveKind::Scatter, context, sends, vec![])
    }

    /// Gathers the values of all ranks in all of them, as many of each, one rank behind the other.
    ///
    /// # Errors
    ///
    /// As [`gather_root`](Self::gather_root).
    pub fn all_gather<'a, 'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        to: impl Into<VeSliceMut<'b, T>>,
    ) -> Result<()> {
        let (from, to) = (from.into(), to.into());
        let parts = self.equal_parts(from.len(), to.len())?;
        self.all_gather_varcount(ctx, from, to, &parts)
    }

    /// As [`all_gather`](Self::all_gather), in place: this rank's own values are where they are to be.
    ///
    /// # Errors
    ///
    /// As [`gather_root`](Self::gather_root).
    pub fn all_gather_in_place<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        values: impl Into<VeSliceMut<'b, T>>,
    ) -> Result<()> {
        let values = values.into();
        let parts = self.own_parts(values.len())?;
        self.all_gather_varcount_in_place(ctx, values, &parts)
    }

    /// As [`all_gather`](Self::all_gather), with any number of values of each rank: those of rank r come to `parts[r]` of
    /// `to`. All ranks have parts of the same lengths.
    ///
    /// # Errors
    ///
    /// As [`gather_varcount_root`](Self::gather_varcount_root).
    pub fn all_gather_varcount<'a, 'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        to: impl Into<VeSliceMut<'b, T>>,
        parts: &[Range<usize>],
    ) -> Result<()> {
        let mut to = to.into();
        self.check_parts(parts, true)?;
        self.copy_own(ctx, from.into(), to.slice_mut(self.own(parts))?)?;
        self.all_gather_varcount_in_place(ctx, to, parts)
    }

    /// As [`all_gather_varcount`](Self::all_gather_varcount), in place: this rank's own values are where they are to be.
    ///
    /// # Errors
    ///
    /// As [`gather_varcount_root`](Self::gather_varcount_root).
    pub fn all_gather_varcount_in_place<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        values: impl Into<VeSliceMut<'b, T>>,
        parts: &[Range<usize>],
    ) -> Result<()> {
        let mut values = values.into();
        self.check_parts(parts, true)?;
        let own = self.source(ctx, &values.slice(self.own(parts))?)?;
        let receives = self.targets(ctx, &mut values, parts)?;
        let sends = self.others().map(|rank| (rank, own.clone())).collect();
        let context = self.channel.next_collective();
        self.exchange(CollectiveKind::AllGather, context, sends, receives)
    }

    /// Gives each rank its part of the values, as many to each, and gets one of each, in the order of the ranks.
    ///
    /// # Errors
    ///
    /// As [`gather_root`](Self::gather_root).
    pub fn all_to_all<'a, 'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        to: impl Into<VeSliceMut<'b, T>>,
    ) -> Result<()> {
        let (from, to) = (from.into(), to.into());
        let parts = self.own_parts(from.len())?;
        self.equal_parts(self.own(&parts).len(), to.len())?;
        self.all_to_all_varcount(ctx, from, &parts, to, &parts)
    }

    /// As [`all_to_all`](Self::all_to_all); the received values take the place of the old ones. Memory for as many values is
    /// allocated meanwhile.
    ///
    /// # Errors
    ///
    /// As [`gather_root`](Self::gather_root); [`veo_core::Error::OutOfMemory`].
    pub fn all_to_all_in_place<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        values: impl Into<VeSliceMut<'b, T>>,
    ) -> Result<()> {
        let values = values.into();
        let parts = self.own_parts(values.len())?;
        self.all_to_all_varcount_in_place(ctx, values, &parts)
    }

    /// As [`all_to_all_in_place`](Self::all_to_all_in_place), with any number of values for each rank: rank r gets `parts[r]`,
    /// and gives as many, which take its place.
    ///
    /// # Errors
    ///
    /// As [`gather_varcount_root`](Self::gather_varcount_root); [`veo_core::Error::OutOfMemory`].
    pub fn all_to_all_varcount_in_place<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        values: impl Into<VeSliceMut<'b, T>>,
        parts: &[Range<usize>],
    ) -> Result<()> {
        let values = values.into();
        self.check_parts(parts, true)?;
        self.sync(ctx)?;
        let mut before = self.proc.alloc::<T>(values.len())?;
        before.copy_from(values.as_slice())?;
        self.all_to_all_varcount(ctx, &before, parts, values, parts)
    }

    /// As [`all_to_all`](Self::all_to_all), with any number of values for each rank: rank r gets `send_parts[r]` of `from`,
    /// and what it gives comes to `recv_parts[r]` of `to`.
    ///
    /// # Errors
    ///
    /// As [`gather_varcount_root`](Self::gather_varcount_root).
    pub fn all_to_all_varcount<'a, 'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        send_parts: &[Range<usize>],
        to: impl Into<VeSliceMut<'b, T>>,
        recv_parts: &[Range<usize>],
    ) -> Result<()> {
        let (from, mut to) = (from.into(), to.into());
        self.check_parts(send_parts, false)?;
        self.check_parts(recv_parts, true)?;
        let own = from.slice(self.own(send_parts))?;
        self.copy_own(ctx, own, to.slice_mut(self.own(recv_parts))?)?;
        let receives = self.targets(ctx, &mut to, recv_parts)?;
        let sends = self.sources(ctx, from, send_parts)?;
        let context = self.channel.next_collective();
        self.exchange(CollectiveKind::AllToAll, context, sends, receives)
    }

    /// The root of something is another rank: it calls another function.
    pub(super) fn check_other(&self, root: i32) -> Result<()> {
        self.channel.check_rank(root)?;
        if root != self.rank() {
            return Ok(());
        }
        Err(Error::Collective {
            reason: format!("rank {root} is the root itself, which calls the form `.._root`"),
        })
    }

    /// Sends and receives all of this; the received values have to fill their memory.
    fn exchange(
        &self,
        kind: CollectiveKind,
        context: u64,
        sends: Parts,
        receives: Parts,
    ) -> Result<()> {
        let mut waiting = Vec::new();
        for (rank, to) in receives {
            let wanted = Wanted {
                source: Some(rank),
                tag: None,
                context,
            };
            let len = to.len;
            waiting.push((len, self.begin_receive(wanted, to)?));
        }
        let mut sending = Vec::new();
        for (rank, from) in sends {
            let tag = kind as i32;
            let to = Destination { rank, tag, context };
            sending.push(self.begin_send(to, from)?);
        }
        let mut failed = None;
        for (len, pending) in waiting {
            let outcome = pending.wait().and_then(|status| {
                let source = status.source_rank();
                if status.tag() != kind as i32 {
                    return Err(Error::Collective {
                        reason: format!(
                            "rank {source} takes part in {}, while this rank is in {}",
                            CollectiveKind::name(status.tag()),
                            CollectiveKind::name(kind as i32)
                        ),
                    });
                }
                if status.count() == len {
                    return Ok(());
                }
                Err(Error::Collective {
                    reason: format!(
                        "{} values of rank {source} came for {}, and there are to be {len}",
                        status.count(),
                        CollectiveKind::name(kind as i32)
                    ),
                })
            });
            if let Err(error) = outcome {
                failed.get_or_insert(error);
            }
        }
        for pending in sending {
            if let Err(error) = pending.wait() {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn others(&self) -> impl Iterator<Item = i32> + use<> {
        let own = self.rank();
        (0..self.size()).filter(move |rank| *rank != own)
    }

    /// The part of this rank. The parts are one for each rank.
    fn own(&self, parts: &[Range<usize>]) -> Range<usize> {
        parts.get(self.rank() as usize).cloned().unwrap_or(0..0)
    }

    fn sources<T: VeData>(
        &self,
        ctx: &VeoContext,
        from: VeSlice<'_, T>,
        parts: &[Range<usize>],
    ) -> Result<Parts> {
        let part = |rank: i32| {
            let part = from.slice(parts[rank as usize].clone())?;
            Ok((rank, self.source(ctx, &part)?))
        };
        self.others().map(part).collect()
    }

    fn targets<T: VeData>(
        &self,
        ctx: &VeoContext,
        to: &mut VeSliceMut<'_, T>,
        parts: &[Range<usize>],
    ) -> Result<Parts> {
        let mut targets = Vec::new();
        for rank in self.others() {
            let part = to.slice_mut(parts[rank as usize].clone())?;
            targets.push((rank, self.target(ctx, &part)?));
        }
        Ok(targets)
    }

    /// Copies this rank's own values.
    fn copy_own<T: VeData>(
        &self,
        ctx: &VeoContext,
        from: VeSlice<'_, T>,
        to: VeSliceMut<'_, T>,
    ) -> Result<()> {
        self.sync(ctx)?;
        Ok(self.proc.copy(to, from)?)
    }

    /// As many values for each rank: `each` of `all`.
    fn equal_parts(&self, each: usize, all: usize) -> Result<Vec<Range<usize>>> {
        let ranks = self.size() as usize;
        if each.checked_mul(ranks) == Some(all) {
            return Ok((0..ranks)
                .map(|rank| rank * each..(rank + 1) * each)
                .collect());
        }
        Err(Error::Veo(veo_core::Error::SizeMismatch {
            what: format!("{each} values for each of {ranks} ranks"),
            have: all,
            wanted: each.saturating_mul(ranks),
        }))
    }

    /// As many values for each rank, of which there are so many in all.
    fn own_parts(&self, all: usize) -> Result<Vec<Range<usize>>> {
        self.equal_parts(all / self.size() as usize, all)
    }

    /// Whether there is a part for each rank, and those that are written do not overlap.
    fn check_parts(&self, parts: &[Range<usize>], written: bool) -> Result<()> {
        if parts.len() != self.size() as usize {
            return Err(Error::Collective {
                reason: format!("{} parts are given for {} ranks", parts.len(), self.size()),
            });
        }
        let mut sorted: Vec<_> = parts.iter().filter(|part| !part.is_empty()).collect();
        sorted.sort_by_key(|part| part.start);
        for pair in sorted.windows(2) {
            if written && pair[0].end > pair[1].start {
                return Err(Error::Collective {
                    reason: format!("the parts {:?} and {:?} overlap", pair[0], pair[1]),
                });
            }
        }
        Ok(())
    }
}
