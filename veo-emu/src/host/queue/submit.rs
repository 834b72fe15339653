//! Submission: a call enters the ring if that has room and nothing waits. Otherwise it waits behind
//! the others.
//!
//! This file also has exclusive use: one thread of the host owns a context for a while and gives
//! the VE side work that is no call. libveo sends a message for each such piece of work, as for a
//! call. So each has an id, which no program can collect, and a result, for which later kernels can
//! ask.

use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread;

use super::{Queue, QueueState, progress};
use crate::error::{Error, Result};
use crate::host::args::StackBuffer;
use crate::host::death::WorkKind;
use crate::host::memory::NoRoom;
use crate::host::operation::{
    CallView, HostOp, QueuedRequest, StackImage, StackLayout, Staged, WaitingCall,
};
use crate::host::schedule::Goal;
use crate::shared::class::ResultClass;
use crate::shared::parcel::Task;
use crate::shared::ring::{Completion, HostAnswer, RingOp, RingRequest, SLOTS};
use crate::shared::wait::Spin;
use crate::sync::lock;
use crate::sys::thread::current_cpu;

impl Queue {
    #[inline]
    pub(super) fn lock_to_submit(&self) -> Result<MutexGuard<'_, QueueState>> {
        let mut state = lock(&self.state);
        while state
            .block
            .is_some_and(|(owner, _)| owner != thread::current().id())
            && !state.dead
            && !state.closed
        {
            state = self
                .unblocked
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        // The child process is known to be dead a moment before its queues are.
        if state.dead || self.child.is_dead() {
            drop(state);
            return Err(self.child.gone());
        }
        if state.closed {
            return Err(Error::invalid("the context is closed"));
        }
        Ok(state)
    }

    /// Queues a call and captures its arguments. The end of the call writes OUT buffers.
    #[inline]
    pub(crate) fn call(self: &Arc<Self>, call: CallView<'_>, stack: &[StackBuffer]) -> Result<u64> {
        let mut state = self.lock_to_submit()?;
        if state.ring_len() == SLOTS {
            state = self.make_room(state)?;
        }
        let id = state.results.submit(call.address);
        let takes_calls = state.takes_calls() && self.child.schedule.is_none();
        if takes_calls && stack.is_empty() {
            self.push(&mut state, id, call);
            return Ok(id);
        }
        self.stage_or_defer(state, id, call, stack)
    }

    /// Waits a little for room in a full ring, if no other request waits for room.
    #[cold]
    fn make_room<'a>(
        &'a self,
        mut state: MutexGuard<'a, QueueState>,
    ) -> Result<MutexGuard<'a, QueueState>> {
        self.harvest(&mut state);
        if state.ring_len() == SLOTS && state.pending.is_empty() {
            drop(state);
            self.spin_for_room();
            state = self.lock_to_submit()?;
            self.harvest(&mut state);
        }
        Ok(state)
    }

    /// Queues a call that has data on the stack of the kernel, or that has to wait.
    #[cold]
    fn stage_or_defer(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, QueueState>,
        id: u64,
        call: CallView<'_>,
        stack: &[StackBuffer],
    ) -> Result<u64> {
        if state.takes_calls() && self.child.schedule.is_none() {
            match self.stage(stack, None) {
                Ok(staged) => {
                    self.push_staged(&mut state, id, call, staged);
                    return Ok(id);
                }
                Err(NoRoom::Now) => {}
                Err(NoRoom::Ever(text)) => {
                    state.results.cancel(id);
                    return Err(Error::new(libc::ENOMEM, text));
                }
            }
        }
        let call = WaitingCall::capture(call, stack);
        self.defer(state, id, QueuedRequest::Call(id, call))?;
        Ok(id)
    }

    fn spin_for_room(&self) {
        let ring = self.ring();
        if ring.ve_cpu() == current_cpu() {
            return;
        }
        let oldest = self.finished.load(Ordering::Relaxed);
        let mut spin = Spin::default();
        while ring.response(oldest).is_none()
            && self.finished.load(Ordering::Relaxed) == oldest
            && spin.again()
        {}
    }

    /// Queues a request of the host. A short request runs at once if nothing is before it.
    pub(crate) fn host(self: &Arc<Self>, op: HostOp) -> Result<u64> {
        let mut state = self.lock_to_submit()?;
        let id = state.results.submit_group(op.ids());
        if op.is_immediate(&self.child.memory) && self.is_idle(&mut state) {
            state.busy = true;
            state.host = Some(id);
            state.in_function = false;
            drop(state);
            self.run_host(id, op);
        } else {
            self.defer(state, id, QueuedRequest::Host(id, Box::new(op)))?;
        }
        Ok(id)
    }

    fn defer(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, QueueState>,
        id: u64,
        pending: QueuedRequest,
    ) -> Result<()> {
        if let Err(error) = self.progress.start(self) {
            state.results.cancel(id);
            return Err(error);
        }
        state.pending.push_back(pending);
        if let Some(schedule) = &self.child.schedule {
            schedule.submitted(self.index);
        }
        self.pump(&mut state);
        drop(state);
        self.progress.nudge();
        Ok(())
    }

    // ---- into the ring ----

    /// Puts a call into the ring, which has room.
    #[inline]
    pub(super) fn push(&self, state: &mut QueueState, id: u64, call: CallView<'_>) {
        debug_assert!(state.in_ring.is_empty() || state.in_ring.end == id);
        // An idle VE side looks at this number.
        if state.in_ring.is_empty() || state.position.is_multiple_of(16) {
            state.cpu = current_cpu();
        }
        if state.in_ring.is_empty() {
            // The host may have run some requests in between.
            state.in_ring.start = id;
        }
        state.in_ring.end = id + 1;
        self.ring().publish(
            state.position,
            RingRequest {
                op: RingOp::Call,
                address: call.address,
                id,
                words: call.words,
                classes: call.classes,
                returns: call.returns,
                cpu: state.cpu,
            },
        );
        state.position += 1;
        self.posted.store(id + 1, Ordering::Relaxed);
    }

    /// The same for a call with data on the stack of the kernel, whose places in VE
    /// memory are known now.
    pub(super) fn push_staged(
        &self,
        state: &mut QueueState,
        id: u64,
        call: CallView<'_>,
        (staged, addresses): (Staged, Vec<(usize, u64)>),
    ) {
        let mut words = call.words.to_vec();
        for (index, address) in addresses {
            words[index] = address;
        }
        state.staged.push_back((id, staged));
        let words = &words;
        self.push(state, id, CallView { words, ..call });
    }

    /// Puts stack buffers where the VE sees them. Those of a call that has waited are captured.
    pub(super) fn stage(
        &self,
        buffers: &[StackBuffer],
        captured: Option<&StackImage>,
    ) -> std::result::Result<(Staged, Vec<(usize, u64)>), NoRoom> {
        let memory = &self.child.memory;
        let is_guarded = memory.guard().is_on();
        let fresh;
        let layout = match captured {
            _ if is_guarded => {
                fresh = StackLayout::guarded(buffers);
                &fresh
            }
            Some(image) => &image.layout,
            None => {
                fresh = StackLayout::new(buffers);
                &fresh
            }
        };
        let staging = memory.stage(layout.len)?;
        if is_guarded {
            memory.fence(&staging, buffers, &layout.offsets);
        }
        let mut addresses = Vec::with_capacity(buffers.len());
        let mut back = Vec::new();
        for (at, (buffer, offset)) in buffers.iter().zip(&layout.offsets).enumerate() {
            let place = staging.place.wrapping_add(*offset as usize);
            if buffer.intent.copies_in() {
                let source = captured.map_or(buffer.place.cast_const(), |image| {
                    image.bytes[image.layout.offsets[at] as usize..].as_ptr()
                });
                // SAFETY: the source is the caller's buffer or its captured copy, both
                // of `len` bytes; the staging has as many at this offset.
                unsafe { crate::sys::memfd::copy(place, source, buffer.len as usize) };
            }
            if buffer.intent.copies_out() {
                back.push((buffer.place, *offset, buffer.len));
            }
            addresses.push((buffer.index, staging.address + offset));
        }
        Ok((Staged { staging, back }, addresses))
    }

    // ---- request blocks ----

    /// Begins a block, in which only the calling thread submits.
    pub(crate) fn block_begin(&self) {
        if let Ok(mut state) = self.lock_to_submit() {
            let me = thread::current().id();
            let depth = state.block.map_or(0, |(_, depth)| depth);
            state.block = Some((me, depth + 1));
        }
    }

    /// Ends a block of the calling thread. `false` if it has none.
    pub(crate) fn block_end(&self) -> bool {
        let mut state = lock(&self.state);
        match state.block {
            Some((owner, depth)) if owner == thread::current().id() => {
                state.block = (depth > 1).then_some((owner, depth - 1));
                drop(state);
                self.unblocked.notify_all();
                true
            }
            _ => false,
        }
    }

    // ---- exclusive use ----

    /// Waits for everything queued, then gives the calling thread exclusive use for work that
    /// takes one id.
    pub(crate) fn exclusive_use(&self) -> Result<ExclusiveUse<'_>> {
        self.exclusive_use_of(1)
    }

    /// The same for work that takes `count` ids.
    pub(crate) fn exclusive_use_of(&self, count: u64) -> Result<ExclusiveUse<'_>> {
        let granted = |ids, nested| ExclusiveUse {
            queue: self,
            ids,
            value: 0,
            nested,
        };
        if progress::is_serving(self) {
            // A host function already has exclusive use. The requests queued behind it have the
            // next ids, so this work gets none.
            self.child.check()?;
            return Ok(granted(0..0, true));
        }
        let schedule = self.child.schedule.as_ref();
        let (ticket, ids, _asked) = {
            let mut state = self.lock_to_submit()?;
            let idle = self.is_idle(&mut state);
            let ids = state.results.pass_over(count);
            if idle {
                state.busy = true;
                return Ok(granted(ids, false));
            }
            state.tickets += 1;
            let ticket = state.tickets;
            state.pending.push_back(QueuedRequest::ExclusiveUse(ticket));
            let asked = schedule.map(|schedule| {
                let count = schedule.submitted(self.index);
                schedule.ask(self.index, Goal::Start(count))
            });
            (ticket, ids, asked)
        };
        let served = self.wait_until(None, None, |state| {
            if state.dead {
                Some(false)
            } else {
                (state.serving == ticket && state.busy).then_some(true)
            }
        });
        if served == Some(true) {
            Ok(granted(ids, false))
        } else {
            Err(self.child.gone())
        }
    }

    /// Gives the VE side a task. The caller has exclusive use.
    pub(crate) fn task(&self, task: Task, words: &[u64]) -> Result<(Completion, u64)> {
        self.request(RingOp::Parcel, WorkKind::Task(task), words)
    }

    /// Gives the VE side work that is no call. The caller has exclusive use.
    fn request(&self, op: RingOp, kind: WorkKind, words: &[u64]) -> Result<(Completion, u64)> {
        let ring = self.ring();
        let number = {
            let mut state = lock(&self.state);
            if state.dead {
                drop(state);
                return Err(self.child.gone());
            }
            let number = state.parcels;
            state.parcels += 1;
            state.parcel = Some(kind);
            ring.publish(
                state.position,
                RingRequest {
                    op,
                    address: match kind {
                        WorkKind::Task(task) => task as u64,
                        _ => 0,
                    },
                    id: number,
                    words,
                    classes: &[],
                    returns: ResultClass::Word,
                    cpu: current_cpu(),
                },
            );
            state.position += 1;
            number
        };
        let mut spin = Spin::default();
        loop {
            let seen = ring.generation();
            if let Some(reply) = ring.reply(number) {
                lock(&self.state).parcel = None;
                return Ok(reply);
            }
            if self.child.is_dead() {
                return Err(self.child.gone());
            }
            if ring.ve_cpu() != current_cpu() && spin.again() {
                continue;
            }
            self.sleep(seen, Some(0), None, || {
                ring.reply(number).is_some() || self.child.is_dead()
            });
        }
    }
}

/// The context belongs to this thread; nothing else runs in it.
pub(crate) struct ExclusiveUse<'a> {
    queue: &'a Queue,
    ids: Range<u64>,
    value: u64,
    /// This is part of a longer use by this thread.
    nested: bool,
}

impl ExclusiveUse<'_> {
    /// Sets the result that later kernels get.
    pub(crate) fn set_result(&mut self, value: u64) {
        self.value = value;
    }

    /// Gives the VE side the work in the parcel.
    pub(crate) fn parcel(&self, task: Task, words: &[u64]) -> Result<(Completion, u64)> {
        self.queue.task(task, words)
    }

    /// Ends the context's thread, and with `last` the process.
    pub(crate) fn close(&self, last: bool) -> Result<()> {
        self.queue
            .request(RingOp::Close, WorkKind::Close { last }, &[u64::from(last)])
            .map(|_| ())
    }
}

impl Drop for ExclusiveUse<'_> {
    fn drop(&mut self) {
        if !self.nested {
            let state = lock(&self.queue.state);
            self.queue.note_end(
                &state,
                self.ids.clone(),
                Some(HostAnswer::Result(self.value)),
            );
            self.queue.end_exclusive_use(state);
        }
    }
}
