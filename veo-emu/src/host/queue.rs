//! The queue of a context: requests in order, some run by the VE, some by the host.
//!
//! ```text
//!   submit ─► ring (while it has room and nothing waits)  ─► VE ─► response ─► results
//!        └──► pending (ring full, or a transfer before it) ─┘ moved on by `pump`
//! ```
//!
//! A request of the host (a transfer, a function) begins when the ring is empty and
//! nothing behind it goes into the ring before it is done, so the order holds without
//! the VE side knowing. Whoever holds the lock may harvest responses and pump; a
//! thread of its own ([`super::progress`]) does so when nobody else would.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use super::args::StackBuffer;
use super::death::Death;
use super::lock;
use super::machine::Machine;
use super::memory::NoRoom;
use super::operation::{Call, CallView, HostOp, Layout, Pending, Staged};
use super::progress::{self, Progress};
use super::results::{Outcome, Results, State as ResultState};
use crate::error::{Error, Result};
use crate::shared::class::{Class, Returns};
use crate::shared::ring::{Ended, MAX_WORDS, Op, Request, Ring, SLOTS};
use crate::shared::wait::Spin;
use crate::sys::cpu;
use crate::sys::memfd::Mapping;

/// How long to wait before asking again for room that another context holds.
pub(crate) const STARVED: Duration = Duration::from_millis(1);

/// One context's queue.
pub(crate) struct Queue {
    pub(crate) machine: Arc<Machine>,
    pub(crate) index: u32,
    pub(crate) mapping: Mapping,
    pub(crate) state: Mutex<State>,
    pub(crate) progress: Progress,
    /// All requests below this id have ended.
    finished: AtomicU64,
    /// Threads of the host that sleep, or are about to.
    sleepers: AtomicU64,
    /// Signals the end of a request block.
    unblocked: Condvar,
}

/// What the lock of a queue protects.
pub(crate) struct State {
    pub(crate) results: Results,
    pub(crate) pending: VecDeque<Pending>,
    /// A thread of the host has the context for itself.
    pub(crate) busy: bool,
    /// Calls in the ring, oldest first: the function and what goes back; and the id
    /// of the oldest.
    in_ring: VecDeque<(u64, Option<Box<Staged>>)>,
    first: u64,
    /// Position in the ring of the next request.
    position: u64,
    parcels: u64,
    /// The VE side works on a parcel.
    parcel: bool,
    tickets: u64,
    serving: u64,
    closed: bool,
    dead: bool,
    /// The request that the host is doing now.
    host: Option<u64>,
    /// The next call waits for room for its stack buffers.
    pub(crate) starved: bool,
    block: Option<(ThreadId, u32)>,
}

/// What a context's VE side is working on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) context: u32,
    /// Id of the request, or number of the parcel if there is no kernel.
    pub(crate) number: u64,
    pub(crate) kernel: Option<u64>,
}

/// A wait that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    Ended(Outcome),
    Unknown,
    TimedOut,
}

impl Queue {
    pub(crate) fn new(machine: Arc<Machine>, index: u32, mapping: Mapping) -> Arc<Queue> {
        let queue = Arc::new(Queue {
            machine: machine.clone(),
            index,
            mapping,
            state: Mutex::new(State {
                results: Results::default(),
                pending: VecDeque::new(),
                busy: false,
                in_ring: VecDeque::with_capacity(SLOTS),
                first: 0,
                position: 0,
                parcels: 0,
                parcel: false,
                tickets: 0,
                serving: 0,
                closed: false,
                dead: false,
                host: None,
                starved: false,
                block: None,
            }),
            progress: Progress::default(),
            finished: AtomicU64::new(0),
            sleepers: AtomicU64::new(0),
            unblocked: Condvar::new(),
        });
        machine.enrol(&queue);
        queue
    }

    pub(crate) fn ring(&self) -> &Ring {
        self.mapping.view()
    }

    // ---- submitting ----

    fn lock_to_submit(&self) -> Result<MutexGuard<'_, State>> {
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
        // The machine is known to be dead a moment before its queues are.
        if state.dead || self.machine.is_dead() {
            drop(state);
            return Err(self.machine.gone());
        }
        if state.closed {
            return Err(Error::invalid("the context is closed"));
        }
        Ok(state)
    }

    /// Queues a call. Its arguments are captured; OUT buffers are written when it ends.
    pub(crate) fn call(
        self: &Arc<Self>,
        call: CallView<'_>,
        stack: &[StackBuffer],
    ) -> Result<u64> {
        let mut state = self.lock_to_submit()?;
        if state.in_ring.len() == SLOTS {
            self.harvest(&mut state);
            if state.in_ring.len() == SLOTS && state.pending.is_empty() {
                drop(state);
                self.spin_for_room();
                state = self.lock_to_submit()?;
                self.harvest(&mut state);
            }
        }
        let id = state.results.submit();
        if state.pending.is_empty() && !state.busy && state.in_ring.len() < SLOTS {
            let staged = if stack.is_empty() {
                Ok(None)
            } else {
                self.stage(stack, None).map(Some)
            };
            match staged {
                Ok(staged) => {
                    self.push(&mut state, id, call, staged);
                    return Ok(id);
                }
                Err(NoRoom::Now) => {}
                Err(NoRoom::Ever(text)) => {
                    state.results.cancel(id);
                    return Err(Error::new(libc::ENOMEM, text));
                }
            }
        }
        let call = Call::capture(call, stack);
        self.defer(state, id, Pending::Call(id, Box::new(call)))?;
        Ok(id)
    }

    fn spin_for_room(&self) {
        let ring = self.ring();
        let oldest = self.finished.load(Ordering::Relaxed);
        let mut spin = Spin::default();
        while ring.response(oldest).is_none()
            && self.finished.load(Ordering::Relaxed) == oldest
            && spin.again()
        {}
    }

    /// Queues something that the host does. What takes no time is done at once if
    /// nothing is before it.
    pub(crate) fn host(self: &Arc<Self>, op: HostOp) -> Result<u64> {
        let mut state = self.lock_to_submit()?;
        let id = state.results.submit_group(op.ids());
        if op.is_quick(&self.machine.memory) && self.is_idle(&mut state) {
            state.busy = true;
            state.host = Some(id);
            drop(state);
            let outcome = op.run(self);
            self.end_host(id, outcome);
        } else {
            self.defer(state, id, Pending::Host(id, op))?;
        }
        Ok(id)
    }

    fn defer(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        id: u64,
        pending: Pending,
    ) -> Result<()> {
        if let Err(error) = self.progress.start(self) {
            state.results.cancel(id);
            return Err(error);
        }
        state.pending.push_back(pending);
        self.pump(&mut state);
        drop(state);
        self.progress.nudge();
        Ok(())
    }

    /// Whether nothing runs and nothing waits.
    fn is_idle(&self, state: &mut State) -> bool {
        if !state.in_ring.is_empty() {
            self.harvest(state);
        }
        state.in_ring.is_empty() && state.pending.is_empty() && !state.busy
    }

    /// Ends a request of the host and lets the next one begin.
    pub(crate) fn end_host(&self, id: u64, outcome: Outcome) {
        let mut state = lock(&self.state);
        if let Outcome::Ok(value) = outcome {
            let first = state.results.first_of(id);
            for id in first.max((id + 1).saturating_sub(SLOTS as u64))..=id {
                self.ring().answer(id, value);
            }
        }
        state.results.end(id, outcome);
        state.host = None;
        // After a death everything behind it has ended as well.
        let finished = if state.dead { state.results.next() } else { id + 1 };
        self.finished.store(finished, Ordering::Release);
        self.give_up_turn(state);
    }

    // ---- moving on ----

    fn push(
        &self,
        state: &mut State,
        id: u64,
        call: CallView<'_>,
        staged: Option<(Staged, Vec<(usize, u64)>)>,
    ) {
        let mut patched = [0; MAX_WORDS];
        let (staged, words) = match staged {
            None => (None, call.words),
            Some((staged, addresses)) => {
                let patched = &mut patched[..call.words.len()];
                patched.copy_from_slice(call.words);
                for (index, address) in addresses {
                    patched[index] = address;
                }
                (Some(Box::new(staged)), &*patched)
            }
        };
        if state.in_ring.is_empty() {
            state.first = id;
        }
        debug_assert_eq!(state.first + state.in_ring.len() as u64, id);
        state.in_ring.push_back((call.address, staged));
        self.ring().publish(
            state.position,
            Request {
                op: Op::Call,
                address: call.address,
                id,
                words,
                classes: call.classes,
                returns: call.returns,
                cpu: cpu::current(),
            },
        );
        state.position += 1;
    }

    /// Puts stack buffers where the VE sees them.
    fn stage(
        &self,
        buffers: &[StackBuffer],
        captured: Option<(&[u8], &Layout)>,
    ) -> std::result::Result<(Staged, Vec<(usize, u64)>), NoRoom> {
        let fresh;
        let layout = match captured {
            Some((_, layout)) => layout,
            None => {
                fresh = Layout::new(buffers);
                &fresh
            }
        };
        let staging = self.machine.memory.stage(layout.len)?;
        let mut addresses = Vec::with_capacity(buffers.len());
        let mut back = Vec::new();
        for (buffer, offset) in buffers.iter().zip(&layout.offsets) {
            let place = staging.place.wrapping_add(*offset as usize);
            if buffer.intent.copies_in() {
                let source = captured.map_or(buffer.place.cast_const(), |(bytes, _)| {
                    bytes[*offset as usize..].as_ptr()
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

    /// Takes every response that is there, in order.
    pub(crate) fn harvest(&self, state: &mut State) {
        let before = state.first;
        while !state.in_ring.is_empty() {
            let Some((ended, value)) = self.ring().response(state.first) else {
                break;
            };
            let outcome = match ended {
                Ended::Done => Outcome::Ok(value),
                Ended::Refused => Outcome::Error,
            };
            self.retire_first(state, outcome);
        }
        if state.first != before {
            self.finished.store(state.first, Ordering::Release);
        }
    }

    fn retire_first(&self, state: &mut State, outcome: Outcome) {
        if let Some((_, Some(staged))) = state.in_ring.pop_front() {
            let wanted = state.results.look(state.first) == ResultState::Pending;
            let back = wanted && matches!(outcome, Outcome::Ok(_));
            staged.finish(&self.machine.memory, back);
        }
        state.results.end(state.first, outcome);
        state.first += 1;
    }

    /// Moves on what waits, as far as it can go now.
    pub(crate) fn pump(&self, state: &mut State) {
        if state.pending.is_empty() || state.busy {
            return;
        }
        self.harvest(state);
        state.starved = false;
        loop {
            match state.pending.front() {
                Some(Pending::Call(..)) if state.in_ring.len() < SLOTS => {
                    if !self.push_front(state) {
                        break;
                    }
                }
                Some(Pending::Turn(ticket)) if state.in_ring.is_empty() => {
                    state.serving = *ticket;
                    state.busy = true;
                    state.pending.pop_front();
                    self.wake();
                    break;
                }
                _ => break,
            }
        }
        if state.pending.is_empty() && state.pending.capacity() > 4096 {
            state.pending.shrink_to(256);
        }
    }

    /// Moves the call at the front into the ring, which has room. `false`: it waits.
    fn push_front(&self, state: &mut State) -> bool {
        let Some(Pending::Call(id, call)) = state.pending.front() else {
            return false;
        };
        let id = *id;
        let staged = match &call.stack {
            None => Ok(None),
            Some(image) => self
                .stage(&image.buffers, Some((&image.bytes, &image.layout)))
                .map(Some),
        };
        let staged = match staged {
            Ok(staged) => staged,
            Err(NoRoom::Ever(_)) if state.in_ring.is_empty() => {
                state.pending.pop_front();
                state.results.end(id, Outcome::Error);
                self.finished.store(id + 1, Ordering::Release);
                self.wake();
                return true;
            }
            Err(_) => {
                state.starved = true;
                return false;
            }
        };
        let Some(Pending::Call(_, call)) = state.pending.pop_front() else {
            return false;
        };
        self.push(state, id, call.view(), staged);
        true
    }

    /// The next request that the host has to do, if its turn has come. The caller
    /// runs it and then calls `end_host`.
    pub(crate) fn next_host(&self, state: &mut State, functions: bool) -> Option<(u64, HostOp)> {
        self.pump(state);
        if state.busy || !state.in_ring.is_empty() {
            return None;
        }
        match state.pending.front() {
            Some(Pending::Host(_, op)) if functions || !op.is_function() => {}
            _ => return None,
        }
        let Some(Pending::Host(id, op)) = state.pending.pop_front() else {
            return None;
        };
        state.busy = true;
        state.host = Some(id);
        Some((id, op))
    }

    /// Which response would move on what waits; `None`: none would.
    pub(crate) fn awaited(&self, state: &State) -> Option<u64> {
        let len = state.in_ring.len() as u64;
        match state.pending.front()? {
            _ if len == 0 => None,
            Pending::Call(..) => Some(state.first + len / 2),
            _ => Some(state.first + len - 1),
        }
    }

    /// Wakes the threads of the host that sleep.
    pub(crate) fn wake(&self) {
        self.ring().count_event();
        fence(Ordering::SeqCst);
        if self.sleepers.load(Ordering::Relaxed) > 0 {
            self.ring().wake_host();
        }
    }

    /// Sleeps until the response `target` or an event, unless `changed` already.
    pub(crate) fn sleep(
        &self,
        seen: u32,
        target: Option<u64>,
        limit: Option<Duration>,
        changed: impl Fn() -> bool,
    ) {
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        if let Some(id) = target {
            self.ring().arm(id);
        } else {
            fence(Ordering::SeqCst);
        }
        if !changed() && self.ring().generation() == seen {
            self.ring().sleep(seen, limit);
        }
        self.sleepers.fetch_sub(1, Ordering::Relaxed);
    }

    // ---- waiting ----

    /// Waits until `done` holds. It is asked under the lock, after harvesting.
    /// `watched` is the request whose response is looked at while spinning.
    fn wait_until<T>(
        &self,
        watched: Option<u64>,
        end: Option<Instant>,
        mut done: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let ring = self.ring();
        let mut spin = Spin::default();
        loop {
            let seen = ring.generation();
            let mut state = lock(&self.state);
            self.harvest(&mut state);
            if let Some(result) = done(&mut state) {
                return Some(result);
            }
            if let Some((id, op)) = self.next_host(&mut state, false) {
                drop(state);
                let outcome = op.run(self);
                self.end_host(id, outcome);
                continue;
            }
            if let Some(result) = done(&mut state) {
                return Some(result);
            }
            let last = (state.first + state.in_ring.len() as u64).checked_sub(1);
            let target = match watched {
                Some(id) if last.is_some_and(|last| id <= last) => Some(id),
                _ => self.awaited(&state).or(last.filter(|_| !state.in_ring.is_empty())),
            };
            let (dead, starved) = (state.dead, state.starved);
            drop(state);
            if end.is_some_and(|end| Instant::now() >= end) {
                return None;
            }
            let finished = self.finished.load(Ordering::Acquire);
            let changed = || {
                (self.machine.is_dead() && !dead)
                    || self.finished.load(Ordering::Acquire) != finished
                    || target.is_some_and(|id| ring.response(id).is_some())
                    || ring.generation() != seen
            };
            if ring.ve_cpu() != cpu::current() {
                let mut again = true;
                while !changed() && again {
                    again = spin.again();
                    if end.is_some() && spin.is_rare() && end.is_some_and(|e| Instant::now() >= e) {
                        again = false;
                    }
                }
                if again {
                    continue;
                }
            }
            let mut left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if starved {
                left = Some(left.map_or(STARVED, |left| left.min(STARVED)));
            }
            self.sleep(seen, target, left, changed);
        }
    }

    /// Collects the result of a request, when it is there.
    pub(crate) fn wait(&self, id: u64, limit: Option<Duration>) -> Waited {
        if progress::is_serving(self) {
            // Called by a host function: what is not there yet is queued behind it.
            return self.peek(id);
        }
        let end = limit.and_then(|limit| Instant::now().checked_add(limit));
        self.wait_until(Some(id), end, |state| match state.results.take(id) {
            ResultState::Unknown => Some(Waited::Unknown),
            ResultState::Ended(outcome) => Some(Waited::Ended(outcome)),
            ResultState::Pending => None,
        })
        .inspect(|_| self.machine.flush_output())
        .unwrap_or(Waited::TimedOut)
    }

    /// Collects the result of a request if it is there.
    pub(crate) fn peek(&self, id: u64) -> Waited {
        let mut state = lock(&self.state);
        self.harvest(&mut state);
        self.pump(&mut state);
        match state.results.take(id) {
            ResultState::Unknown => Waited::Unknown,
            ResultState::Ended(outcome) => Waited::Ended(outcome),
            ResultState::Pending => Waited::TimedOut,
        }
    }

    /// Gives up a result.
    pub(crate) fn discard(&self, id: u64) -> bool {
        let mut state = lock(&self.state);
        self.harvest(&mut state);
        state.results.discard(id)
    }

    /// Waits until everything submitted so far has ended.
    pub(crate) fn sync(&self) {
        if progress::is_serving(self) {
            return;
        }
        let target = lock(&self.state).results.next();
        let watched = target.checked_sub(1);
        self.wait_until(watched, None, |_| {
            (self.finished.load(Ordering::Acquire) >= target).then_some(())
        });
    }

    /// What the VE side is working on, as far as the host can tell.
    pub(crate) fn work(&self) -> Option<Work> {
        let mut state = lock(&self.state);
        self.harvest(&mut state);
        if state.dead {
            return None;
        }
        match state.in_ring.front() {
            Some((address, _)) => Some(Work {
                context: self.index,
                number: state.first,
                kernel: Some(*address),
            }),
            None => state.parcel.then_some(Work {
                context: self.index,
                number: state.parcels,
                kernel: None,
            }),
        }
    }

    // ---- turns and parcels ----

    /// Has the context for the calling thread alone, behind everything queued.
    pub(crate) fn turn(&self) -> Result<Turn<'_>> {
        if progress::is_serving(self) {
            // A host function already has the context for itself.
            self.machine.check()?;
            return Ok(Turn {
                queue: self,
                nested: true,
            });
        }
        let ticket = {
            let mut state = self.lock_to_submit()?;
            if self.is_idle(&mut state) {
                state.busy = true;
                return Ok(Turn {
                    queue: self,
                    nested: false,
                });
            }
            state.tickets += 1;
            let ticket = state.tickets;
            state.pending.push_back(Pending::Turn(ticket));
            ticket
        };
        let served = self.wait_until(None, None, |state| {
            if state.dead {
                Some(false)
            } else {
                (state.serving == ticket && state.busy).then_some(true)
            }
        });
        if served == Some(true) {
            Ok(Turn {
                queue: self,
                nested: false,
            })
        } else {
            Err(self.machine.gone())
        }
    }

    fn give_up_turn(&self, mut state: MutexGuard<'_, State>) {
        state.busy = false;
        self.pump(&mut state);
        let backlog = !state.pending.is_empty();
        drop(state);
        self.wake();
        if backlog {
            self.progress.nudge();
        }
    }

    /// Marks the queue closed: no more submissions.
    pub(crate) fn close(&self) {
        lock(&self.state).closed = true;
        self.unblocked.notify_all();
    }

    /// The process has ended: everything that is not there yet never comes.
    pub(crate) fn fail(&self, death: &Death) {
        let mut state = lock(&self.state);
        if state.dead {
            return;
        }
        self.harvest(&mut state);
        let guilty = match death.culprit() {
            Some((context, id)) => context == self.index && id == state.first,
            None => self.ring().running() == Some(state.first),
        };
        let mut first = true;
        while !state.in_ring.is_empty() {
            let outcome = match death.exception() {
                Some(signal) if guilty && first => Outcome::Exception(signal as u64),
                _ => Outcome::Error,
            };
            first = false;
            self.retire_first(&mut state, outcome);
        }
        state.dead = true;
        let next = state.results.next();
        // What the host is doing now ends by itself: it may be using the caller's buffer.
        let host = state.host.map(|id| state.results.first_of(id)..=id);
        for id in self.finished.load(Ordering::Relaxed)..next {
            if !host.as_ref().is_some_and(|host| host.contains(&id)) {
                state.results.end(id, Outcome::Error);
            }
        }
        state.pending = VecDeque::new();
        let finished = host.map_or(next, |host| *host.start());
        self.finished.store(finished, Ordering::Release);
        drop(state);
        self.ring().wake_host();
        self.unblocked.notify_all();
        self.progress.nudge();
    }

    // ---- request blocks ----

    /// From here on only the calling thread submits.
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
}

/// The context belongs to this thread; nothing else runs in it.
pub(crate) struct Turn<'a> {
    queue: &'a Queue,
    /// Part of a longer one of this thread.
    nested: bool,
}

impl Turn<'_> {
    /// Has the VE side do what the parcel says.
    pub(crate) fn parcel(&self, task: u64, words: &[u64]) -> Result<(Ended, u64)> {
        self.queue.request(Op::Parcel, task, words)
    }

    /// Ends the context's thread, and with `last` the process.
    pub(crate) fn close(&self, last: bool) -> Result<()> {
        self.queue.request(Op::Close, 0, &[u64::from(last)]).map(|_| ())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.nested {
            self.queue.give_up_turn(lock(&self.queue.state));
        }
    }
}

impl Queue {
    /// Has the VE side do what is no call. The caller has the context for itself.
    pub(crate) fn request(&self, op: Op, address: u64, words: &[u64]) -> Result<(Ended, u64)> {
        let ring = self.ring();
        let number = {
            let mut state = lock(&self.state);
            if state.dead {
                drop(state);
                return Err(self.machine.gone());
            }
            let number = state.parcels;
            state.parcels += 1;
            state.parcel = true;
            let classes = [Class::Integer; 4];
            ring.publish(
                state.position,
                Request {
                    op,
                    address,
                    id: number,
                    words,
                    classes: &classes[..words.len()],
                    returns: Returns::Word,
                    cpu: cpu::current(),
                },
            );
            state.position += 1;
            number
        };
        let mut spin = Spin::default();
        loop {
            let seen = ring.generation();
            if let Some(reply) = ring.reply(number) {
                lock(&self.state).parcel = false;
                return Ok(reply);
            }
            if self.machine.is_dead() {
                return Err(self.machine.gone());
            }
            if ring.ve_cpu() != cpu::current() && spin.again() {
                continue;
            }
            self.sleep(seen, Some(0), None, || {
                ring.reply(number).is_some() || self.machine.is_dead()
            });
        }
    }
}
