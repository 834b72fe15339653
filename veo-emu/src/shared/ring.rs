//! The ring of one context: requests go in slots, results come back in responses.
//!
//! ```text
//!   host: write slot p % SLOTS, then its `sequence` = p + 1 ──► VE: sees it, runs it
//!   VE: write response id % SLOTS, then its `tag` = id, state ──► host: sees it
//! ```
//!
//! Positions count what went through the ring, ids count the requests of the
//! context (some are done by the host alone). The host never has more than SLOTS
//! requests in the ring and takes every response before it reuses its place, so
//! neither side ever overwrites what the other has yet to read.
//!
//! Sleeping. A side that sleeps first says so (`asleep`, `wake_at`), then looks
//! once more, then sleeps on a futex; the other side first publishes, then looks
//! whether anyone sleeps. A full fence between the two steps on both sides makes
//! it impossible that both miss each other.

pub(crate) use crate::shared::slot::{Received, RingOp, RingRequest};
use crate::shared::slot::{RingSlot, SlotExtension};
use crate::sync::{AtomicU32, AtomicU64, Ordering, expect_write, fence, park, unpark};
pub(crate) use crate::sync::{MAX_WORDS, SLOTS};
use crate::sys::thread::NO_CPU;
use std::time::Duration;

/// Nobody waits for a response.
const NOBODY: u64 = u64::MAX;

/// The end of a request, as the VE side reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Completion {
    /// It returned.
    Done = 1,
    /// It could not be run.
    Refused = 2,
}

/// A tag that no [`Completion`] has: kernels that ask for earlier results do not see the request.
const PASSED_OVER: u64 = 3;

/// What kernels that ask for earlier results see of a request that the host did by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostAnswer {
    /// Its result.
    Result(u64),
    /// Nothing, as if it were not there: libveo sends the VE no message of functions of the host.
    Nothing,
}

/// The state of a context as a third program sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RingSnapshot {
    /// Requests that were put into the ring so far.
    pub(crate) posted: u64,
    /// The call that runs.
    pub(crate) running: Option<RunningCall>,
}

/// A running call, as a third program sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunningCall {
    pub(crate) id: u64,
    /// The address of its function, unless it has left the ring.
    pub(crate) address: Option<u64>,
}

#[repr(C, align(128))]
#[derive(Default)]
pub(crate) struct CacheLine<T>(pub(crate) T);

/// A slot has cache lines of its own: the host reads one while the VE side writes the next.
#[repr(C, align(64))]
#[derive(Default)]
struct Response {
    value: AtomicU64,
    tag: AtomicU64,
    /// When the request ran, in nanoseconds of `CLOCK_MONOTONIC`; 0: nobody wanted to know.
    started: AtomicU64,
    ended: AtomicU64,
}

/// The request that runs, and since when; 0 if nobody wanted to know.
#[repr(C)]
#[derive(Default)]
struct RunningSince {
    /// Id of the request plus one.
    id: AtomicU64,
    since: AtomicU64,
}

/// When a request ran, in nanoseconds; 0: not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) started: u64,
    pub(crate) ended: u64,
}

/// The shared part of a context.
#[repr(C, align(128))]
pub(crate) struct Ring {
    /// 1: the VE side sleeps on this word.
    asleep: CacheLine<AtomicU32>,
    /// The lowest id whose response a sleeping thread of the host waits for.
    wake_at: CacheLine<AtomicU64>,
    /// The word on which the host's threads sleep; it counts wake-ups.
    generation: CacheLine<AtomicU32>,
    /// The CPU the VE side last ran on.
    ve_cpu: CacheLine<AtomicU32>,
    /// The request that runs. For reports after a death.
    running: CacheLine<RunningSince>,
    /// 1: the host wants to know when requests run.
    timed: CacheLine<AtomicU32>,
    /// The answer to the last parcel.
    reply: CacheLine<Response>,
    responses: [Response; SLOTS],
    slots: [RingSlot; SLOTS],
    /// These come last, since only outsiders read them.
    extensions: [SlotExtension; SLOTS],
}

// SAFETY: atomic integers only, repr(C).
unsafe impl crate::sys::memfd::SharedData for Ring {}

impl Ring {
    /// The ring as the host uses it.
    #[inline]
    pub(crate) fn host_side(&self) -> HostSide<'_> {
        HostSide { ring: self }
    }

    /// The ring as the VE process uses it.
    #[inline]
    pub(crate) fn ve_side(&self) -> VeSide<'_> {
        VeSide { ring: self }
    }

    #[inline]
    fn slot(&self, position: u64) -> (&RingSlot, &SlotExtension) {
        let index = (position % SLOTS as u64) as usize;
        (&self.slots[index], &self.extensions[index])
    }

    #[inline]
    fn response_of(&self, id: u64) -> &Response {
        &self.responses[(id % SLOTS as u64) as usize]
    }

    /// Whether the request of `position` is there.
    #[inline]
    fn is_there(&self, position: u64) -> bool {
        self.slot(position).0.sequence.load(Ordering::Acquire) == position + 1
    }

    /// The response to request `id`, if it is there.
    #[inline]
    fn response(&self, id: u64) -> Option<(Completion, u64)> {
        let response = self.response_of(id);
        let ended = Self::ended(response.tag.load(Ordering::Acquire), id)?;
        Some((ended, response.value.load(Ordering::Relaxed)))
    }

    #[inline]
    fn ended(tag: u64, id: u64) -> Option<Completion> {
        if tag >> 8 != (id + 1) & (u64::MAX >> 8) {
            return None;
        }
        Some(if tag & 0xff == Completion::Done as u64 {
            Completion::Done
        } else {
            Completion::Refused
        })
    }

    /// How much of a ring at its beginning has all that `snapshot` looks at.
    pub(crate) const VISIBLE: usize = std::mem::offset_of!(Ring, extensions);

    /// The contents of the ring, copied while both sides go on. `None` if this is no ring.
    pub(crate) fn snapshot(&self) -> Option<RingSnapshot> {
        let mut posted = 0;
        for (index, slot) in self.slots.iter().enumerate() {
            let sequence = slot.sequence.load(Ordering::Relaxed);
            if let Some(position) = sequence.checked_sub(1)
                && position % SLOTS as u64 != index as u64
            {
                return None;
            }
            posted = posted.max(sequence);
        }
        let running = self.host_side().running().map(|id| {
            let slots = self.slots.iter();
            let newest = slots.max_by_key(|slot| match slot.call() {
                Some((own, _)) if own == id => slot.sequence.load(Ordering::Relaxed),
                _ => 0,
            });
            let call = newest
                .and_then(RingSlot::call)
                .filter(|(own, _)| *own == id);
            RunningCall {
                id,
                address: call.map(|(_, address)| address),
            }
        });
        Some(RingSnapshot { posted, running })
    }

    /// Prepares fresh zeroed memory: nobody waits.
    pub(crate) fn initialise(&self) {
        self.wake_at.0.store(NOBODY, Ordering::Relaxed);
        self.ve_cpu.0.store(NO_CPU, Ordering::Relaxed);
    }

    /// A ring in memory of its own, for the model in `tests/ring_model.rs`.
    #[cfg(test)]
    #[allow(dead_code)]
    pub(crate) fn alone() -> Ring {
        use std::array::from_fn;
        let ring = Ring {
            asleep: CacheLine::default(),
            wake_at: CacheLine::default(),
            generation: CacheLine::default(),
            ve_cpu: CacheLine::default(),
            running: CacheLine::default(),
            timed: CacheLine::default(),
            reply: CacheLine::default(),
            responses: from_fn(|_| Response::default()),
            slots: from_fn(|_| RingSlot::default()),
            extensions: from_fn(|_| SlotExtension::default()),
        };
        ring.initialise();
        ring
    }

    /// Writes anything at all into the words that the other side owns.
    #[cfg(test)]
    pub(crate) fn damage(&self, position: u64, bits: u64) {
        let (slot, extension) = self.slot(position);
        slot.damage(extension, bits);
        self.response_of(position)
            .tag
            .store(bits, Ordering::Relaxed);
    }
}

/// The host's side of a ring: it publishes requests, takes responses, sleeps and is woken.
#[derive(Clone, Copy)]
pub(crate) struct HostSide<'a> {
    ring: &'a Ring,
}

impl HostSide<'_> {
    /// Puts a request into the slot of `position` and wakes the VE side if it sleeps.
    /// Only the holder of the context's lock calls this, with a free slot.
    #[inline]
    pub(crate) fn publish(self, position: u64, request: RingRequest<'_>) {
        let (slot, extension) = self.ring.slot(position);
        slot.fill(extension, request);
        slot.sequence.store(position + 1, Ordering::Release);
        // The VE side has read this one last; fetching it back takes a while.
        expect_write(self.ring.slot(position + 2).0);
        fence(Ordering::SeqCst);
        if self.ring.asleep.0.load(Ordering::Relaxed) != 0 {
            self.wake_ve();
        }
    }

    /// Wakes the VE side, whatever it says.
    pub(crate) fn wake_ve(self) {
        self.ring.asleep.0.store(0, Ordering::Relaxed);
        unpark(&self.ring.asleep.0);
    }

    /// The answer to parcel number `number`, if it is there.
    #[inline]
    pub(crate) fn reply(self, number: u64) -> Option<(Completion, u64)> {
        let ended = Ring::ended(self.ring.reply.0.tag.load(Ordering::Acquire), number)?;
        Some((ended, self.ring.reply.0.value.load(Ordering::Relaxed)))
    }

    /// Marks the response to a request that the host answered by itself, for
    /// kernels that ask for earlier results. The ring must be empty.
    #[inline]
    pub(crate) fn answer(self, id: u64, answer: HostAnswer) {
        let (mark, value) = match answer {
            HostAnswer::Result(value) => (Completion::Done as u64, value),
            HostAnswer::Nothing => (PASSED_OVER, 0),
        };
        let response = self.ring.response_of(id);
        response.value.store(value, Ordering::Relaxed);
        response.started.store(0, Ordering::Relaxed);
        response.ended.store(0, Ordering::Relaxed);
        response.tag.store((id + 1) << 8 | mark, Ordering::Release);
    }

    /// Whether the VE side says that it sleeps.
    pub(crate) fn is_asleep(self) -> bool {
        self.ring.asleep.0.load(Ordering::Relaxed) != 0
    }

    /// The CPU the VE side last ran on.
    #[inline]
    pub(crate) fn ve_cpu(self) -> u32 {
        self.ring.ve_cpu.0.load(Ordering::Relaxed)
    }

    /// The request that runs, as far as the VE side told.
    pub(crate) fn running(self) -> Option<u64> {
        self.ring
            .running
            .0
            .id
            .load(Ordering::Relaxed)
            .checked_sub(1)
    }

    /// Says whether the VE side is to note when requests run.
    pub(crate) fn set_timed(self, timed: bool) {
        self.ring.timed.0.store(timed.into(), Ordering::Relaxed);
    }

    /// Whether it is noted when requests run.
    #[inline]
    pub(crate) fn is_timed(self) -> bool {
        self.ring.timed.0.load(Ordering::Relaxed) != 0
    }

    /// When request `id` ran, as far as the ring still has it.
    pub(crate) fn span(self, id: u64) -> Span {
        if self.ring.response(id).is_some() {
            let span = self.span_of_response(id);
            // The VE side takes the tag away before it writes the times of another request.
            fence(Ordering::Acquire);
            if self.ring.response(id).is_some() {
                return span;
            }
        } else if self.running() == Some(id) {
            return Span {
                started: self.ring.running.0.since.load(Ordering::Relaxed),
                ended: 0,
            };
        }
        Span::default()
    }

    /// When request `id` ran, whose response the caller has seen, and whose place no other request
    /// has got.
    #[inline]
    pub(crate) fn span_of_response(self, id: u64) -> Span {
        let response = self.ring.response_of(id);
        Span {
            started: response.started.load(Ordering::Relaxed),
            ended: response.ended.load(Ordering::Relaxed),
        }
    }

    /// Begins a wait: pass the result to `sleep` after looking once more.
    #[inline]
    pub(crate) fn generation(self) -> u32 {
        self.ring.generation.0.load(Ordering::Acquire)
    }

    /// Asks to be woken when the response of `id` is there. The caller looks at
    /// everything it waits for after this, and sleeps only if nothing is there.
    pub(crate) fn arm(self, id: u64) {
        self.ring.wake_at.0.fetch_min(id, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Sleeps until the generation is no longer `seen`, or for `timeout`.
    pub(crate) fn sleep(self, seen: u32, timeout: Option<Duration>) {
        park(&self.ring.generation.0, seen, timeout);
    }

    /// Counts an event. A thread that looked before it does not go to sleep.
    pub(crate) fn count_event(self) {
        self.ring.generation.0.fetch_add(1, Ordering::Release);
    }

    /// Wakes every thread of the host that sleeps here.
    pub(crate) fn wake_host(self) {
        self.count_event();
        unpark(&self.ring.generation.0);
    }

    /// The response to request `id`, if it is there.
    #[inline]
    pub(crate) fn response(self, id: u64) -> Option<(Completion, u64)> {
        self.ring.response(id)
    }

    /// Whether the request of `position` is there for the VE side.
    pub(crate) fn is_there(self, position: u64) -> bool {
        self.ring.is_there(position)
    }
}

/// The VE process's side of a ring: it takes requests, runs them, answers, sleeps and is woken.
#[derive(Clone, Copy)]
pub(crate) struct VeSide<'a> {
    ring: &'a Ring,
}

impl VeSide<'_> {
    /// Whether the request of `position` is there.
    #[inline]
    pub(crate) fn is_there(self, position: u64) -> bool {
        self.ring.is_there(position)
    }

    /// The CPU of the host's thread that posted the request before `position`.
    #[inline]
    pub(crate) fn host_cpu(self, position: u64) -> u32 {
        match position.checked_sub(1) {
            Some(last) => self.ring.slot(last).0.cpu(),
            None => NO_CPU,
        }
    }

    /// Takes the request of `position`, which is there.
    #[inline]
    pub(crate) fn take(self, position: u64, into: &mut Received) {
        let (slot, extension) = self.ring.slot(position);
        slot.read(extension, into);
    }

    /// Says which request runs now, for reports after a death.
    #[inline]
    pub(crate) fn set_running(self, id: Option<u64>) {
        if let Some(id) = id {
            // The host has read this one last; fetching it back takes a while.
            expect_write(self.ring.response_of(id.wrapping_add(1)));
        }
        let running = id.map_or(0, |id| id.wrapping_add(1));
        self.ring.running.0.id.store(running, Ordering::Relaxed);
    }

    /// Whether the host wants to know when requests run.
    #[inline]
    pub(crate) fn is_timed(self) -> bool {
        self.ring.timed.0.load(Ordering::Relaxed) != 0
    }

    /// Says since when the request runs that runs now.
    #[inline]
    pub(crate) fn set_running_since(self, time: u64) {
        self.ring.running.0.since.store(time, Ordering::Relaxed);
    }

    /// Says when request `id` ran, before [`complete`](Self::complete).
    #[inline]
    pub(crate) fn set_span(self, id: u64, span: Span) {
        let response = self.ring.response_of(id);
        response.tag.store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        response.started.store(span.started, Ordering::Relaxed);
        response.ended.store(span.ended, Ordering::Relaxed);
    }

    /// Says on which CPU the VE side runs.
    #[inline]
    pub(crate) fn set_ve_cpu(self, cpu: u32) {
        if self.ring.ve_cpu.0.load(Ordering::Relaxed) != cpu {
            self.ring.ve_cpu.0.store(cpu, Ordering::Relaxed);
        }
    }

    /// Publishes the result of request `id` and wakes the host if it waits for it.
    #[inline]
    pub(crate) fn complete(self, id: u64, ended: Completion, value: u64) {
        let response = self.ring.response_of(id);
        response.value.store(value, Ordering::Relaxed);
        response
            .tag
            .store((id + 1) << 8 | ended as u64, Ordering::Release);
        fence(Ordering::SeqCst);
        if self.ring.wake_at.0.load(Ordering::Relaxed) <= id {
            self.wake_sleepers();
        }
    }

    /// Answers parcel `number` and wakes the threads that wait.
    pub(crate) fn complete_parcel(self, number: u64, ended: Completion, value: u64) {
        self.ring.reply.0.value.store(value, Ordering::Relaxed);
        let tag = (number + 1) << 8 | ended as u64;
        self.ring.reply.0.tag.store(tag, Ordering::Release);
        fence(Ordering::SeqCst);
        if self.ring.wake_at.0.load(Ordering::Relaxed) != NOBODY {
            self.wake_sleepers();
        }
    }

    #[cold]
    fn wake_sleepers(self) {
        self.ring.wake_at.0.swap(NOBODY, Ordering::AcqRel);
        self.ring.host_side().wake_host();
    }

    /// The result of a request before `running`, for the kernel of that: with an offset of 0 of
    /// the one just before it, with 1 of the one before that, and so on.
    pub(crate) fn earlier_result(self, running: u64, offset: u64) -> Option<u64> {
        // The ring has no more responses.
        let first = running.saturating_sub(SLOTS as u64);
        let before = (first..running).rev().map_while(|id| {
            let (_, value) = self.ring.response(id)?;
            let mark = self.ring.response_of(id).tag.load(Ordering::Relaxed) & 0xff;
            Some((mark != PASSED_OVER).then_some(value))
        });
        before.flatten().nth(usize::try_from(offset).ok()?)
    }

    /// Sleeps until the request of `position` is there, or for no reason.
    pub(crate) fn sleep_for_request(self, position: u64) {
        self.ring.asleep.0.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if self.is_there(position) {
            self.ring.asleep.0.store(0, Ordering::Relaxed);
            return;
        }
        park(&self.ring.asleep.0, 1, None);
    }
}
