//! The in-flight table of a context: every request that was submitted and not yet
//! done with, and everything the VE side may still touch on its behalf.
//!
//! ```text
//!             submitted                 collected (in order)
//!   (none) ------------> Pending ---------------------------> Done
//!                           |                                   |
//!                           | handle dropped                    | result taken, or
//!                           v                                   v handle dropped
//!                    Pending, parked ----- collected -----> (removed)
//! ```
//!
//! Results are collected in the order of submission, which is the order in which
//! they come. A forgotten handle leaves its entry here for ever; nothing is freed
//! early. No function here calls the backend.

use std::sync::Arc;
use std::task::Waker;

use super::aftermath::Aftermath;
use super::entry::{Collected, END, Entry, NONE, Rest, Ticket};
use super::payload::Payload;
use crate::clock::Stamp;
use crate::kernel::Kernel;
use crate::session::{Code, CommandState, Outcome, RequestKind};

/// As many places are kept for the next requests, whatever has ended.
const KEPT: usize = 1024;

/// The requests of one context.
pub(crate) struct Table {
    places: Vec<Entry>,
    /// The first free place.
    free: u32,
    /// How many places are taken, and at how few another look is worth its time whether
    /// room can be given back.
    used: usize,
    stuck: usize,
    /// The places of the oldest and the newest pending request.
    oldest: u32,
    newest: u32,
    /// How many requests are pending.
    pending: usize,
    next: u64,
    /// Pending requests without a handle.
    parked: usize,
    /// Pending requests that a task waits for.
    wakers: usize,
    /// Memory that was allocated for requests whose handles are gone.
    orphans: Vec<u64>,
}

impl Default for Table {
    fn default() -> Table {
        Table {
            places: Vec::new(),
            free: END,
            used: 0,
            stuck: usize::MAX,
            oldest: END,
            newest: END,
            pending: 0,
            next: 0,
            parked: 0,
            wakers: 0,
            orphans: Vec::new(),
        }
    }
}

impl Table {
    /// Makes room, so that the next `insert` cannot fail after a submission.
    #[inline]
    pub(crate) fn reserve(&mut self) {
        if self.free == END {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.places.push(Entry {
            number: NONE,
            id: 0,
            submitted: Stamp::now(),
            finished: None,
            outcome: None,
            kernel: None,
            rest: None,
            follows: self.free,
            held: false,
        });
        self.free = (self.places.len() - 1) as u32;
        self.stuck = usize::MAX;
    }

    /// Makes a place free.
    #[inline]
    fn vacate(&mut self, place: u32) {
        let entry = &mut self.places[place as usize];
        entry.number = NONE;
        entry.rest = None;
        entry.follows = self.free;
        self.free = place;
        self.used -= 1;
        if self.places.len() > KEPT && self.used < self.places.len() / 8 && self.used <= self.stuck
        {
            self.shrink();
        }
    }

    /// Gives back the room behind the last request, after many.
    #[cold]
    fn shrink(&mut self) {
        let last = self.places.iter().rposition(|entry| entry.number != NONE);
        let len = last.map_or(0, |last| last + 1).max(KEPT / 2);
        if len > self.places.len() / 2 {
            // An old request lies in the way. Another look is worth its time when half of
            // the others are gone.
            self.stuck = self.used / 2;
            return;
        }
        self.places.truncate(len);
        self.places.shrink_to_fit();
        self.free = END;
        for place in (0..len).rev() {
            let entry = &mut self.places[place];
            if entry.number == NONE {
                entry.follows = self.free;
                self.free = place as u32;
            }
        }
    }

    /// The number the next request gets.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Enters a request that the backend took under `id`.
    pub(crate) fn insert(
        &mut self,
        id: u64,
        what: RequestKind,
        payload: Payload,
        now: Stamp,
    ) -> Ticket {
        let (kernel, what) = match what {
            RequestKind::Kernel(kernel) => (Some(kernel), None),
            other => (None, Some(other)),
        };
        let ticket = self.enter(id, now);
        let entry = &mut self.places[ticket.place as usize];
        entry.kernel = kernel;
        if what.is_some() || !matches!(payload, Payload::None) {
            entry.rest = Some(Box::new(Rest {
                what,
                payload,
                ..Rest::default()
            }));
        }
        ticket
    }

    /// Enters a call that owns nothing.
    #[inline(always)]
    pub(crate) fn insert_call(&mut self, id: u64, kernel: &'static Kernel, now: Stamp) -> Ticket {
        let ticket = self.enter(id, now);
        self.places[ticket.place as usize].kernel = Some(kernel);
        ticket
    }

    #[inline(always)]
    fn enter(&mut self, id: u64, now: Stamp) -> Ticket {
        self.reserve();
        let number = self.next;
        self.next += 1;
        let place = self.free;
        self.used += 1;
        let entry = &mut self.places[place as usize];
        self.free = entry.follows;
        entry.follows = END;
        entry.number = number;
        entry.id = id;
        entry.submitted = now;
        entry.held = true;
        entry.kernel = None;
        match self.newest {
            END => self.oldest = place,
            newest => self.places[newest as usize].follows = place,
        }
        self.newest = place;
        self.pending += 1;
        Ticket { place, number }
    }

    /// Whether this is the oldest pending request.
    #[inline]
    pub(crate) fn is_oldest(&self, ticket: Ticket) -> bool {
        self.oldest == ticket.place && self.find(ticket).is_some()
    }

    /// The backend's number of the oldest pending request.
    #[inline]
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.places.get(self.oldest as usize).map(|entry| entry.id)
    }

    pub(crate) fn pending(&self) -> usize {
        self.pending
    }

    #[inline]
    pub(crate) fn parked(&self) -> usize {
        self.parked
    }

    pub(crate) fn wakers(&self) -> usize {
        self.wakers
    }

    /// Takes the oldest pending request out of their line.
    #[inline]
    fn advance(&mut self, follows: u32) {
        self.oldest = follows;
        if follows == END {
            self.newest = END;
        }
        self.pending -= 1;
    }

    /// Records how the oldest pending request ended. Gives the task to wake and,
    /// for a parked request, what is to be dropped: both without the lock.
    pub(crate) fn collect(&mut self, outcome: Outcome, now: Option<Stamp>) -> Aftermath {
        let mut aftermath = Aftermath::default();
        let place = self.oldest;
        let Some(entry) = self.places.get_mut(place as usize) else {
            return aftermath;
        };
        entry.outcome = Some(outcome);
        entry.finished = now;
        let (follows, held) = (entry.follows, entry.held);
        aftermath.waker = entry.rest.as_mut().and_then(|rest| rest.waker.take());
        self.wakers -= usize::from(aftermath.waker.is_some());
        self.advance(follows);
        if !held {
            self.parked -= 1;
            aftermath.dropped = self.discard(place);
        }
        aftermath
    }

    /// Records that the oldest pending request, which is `id` of the backend, has
    /// succeeded, if there is nothing more to it. `false`: nothing has changed.
    #[inline]
    pub(super) fn collect_plain(&mut self, id: u64, word: u64, now: Stamp) -> bool {
        let Some(entry) = self.places.get_mut(self.oldest as usize) else {
            return false;
        };
        if entry.id != id || !entry.held || !entry.is_plain() {
            return false;
        }
        let state = CommandState::Ok;
        entry.outcome = Some(Outcome { state, word });
        entry.finished = Some(now);
        let follows = entry.follows;
        self.advance(follows);
        true
    }

    /// Whether the request was collected.
    #[inline]
    pub(crate) fn is_done(&self, ticket: Ticket) -> bool {
        self.find(ticket)
            .is_none_or(|entry| entry.outcome.is_some())
    }

    /// Takes the result of a collected request out of the table.
    #[inline]
    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Collected> {
        let entry = self.find_mut(ticket)?;
        let outcome = entry.outcome.take()?;
        let what = entry.what();
        let rest = entry.rest.take();
        let collected = Collected {
            outcome,
            payload: rest.map_or(Payload::None, |rest| rest.payload),
            what,
            id: entry.id,
            submitted: entry.submitted,
            finished: entry.finished,
        };
        self.vacate(ticket.place);
        Some(collected)
    }

    /// The backend's number of a request that owns nothing, if it is the oldest.
    #[inline]
    pub(super) fn oldest_if_plain(&self, ticket: Ticket) -> Option<u64> {
        let entry = self.find(ticket)?;
        (self.oldest == ticket.place && entry.is_plain()).then_some(entry.id)
    }

    /// The backend's numbers of the oldest pending requests, in order; how many there are.
    pub(super) fn oldest_ids(&self, ids: &mut [u64]) -> usize {
        let mut place = self.oldest;
        let mut count = 0;
        while let (Some(id), Some(entry)) = (ids.get_mut(count), self.places.get(place as usize)) {
            *id = entry.id;
            place = entry.follows;
            count += 1;
        }
        count
    }

    /// Takes the result word of a collected request that has succeeded and owned nothing.
    #[inline]
    pub(super) fn take_word(&mut self, ticket: Ticket) -> Option<u64> {
        let entry = self.find_mut(ticket)?;
        let outcome = entry.outcome?;
        if outcome.state != CommandState::Ok || !entry.is_plain() {
            return None;
        }
        entry.outcome = None;
        self.vacate(ticket.place);
        Some(outcome.word)
    }

    /// Takes the oldest request out, which owns nothing and has just succeeded: what
    /// [`collect`] and [`take`] do, for who waits for that very request. `None` if it is
    /// another.
    ///
    /// [`collect`]: Self::collect
    /// [`take`]: Self::take
    #[inline]
    pub(super) fn finish(&mut self, ticket: Ticket) -> Option<()> {
        self.oldest_if_plain(ticket)?;
        let follows = self.places[ticket.place as usize].follows;
        self.advance(follows);
        self.vacate(ticket.place);
        Some(())
    }

    /// The handle is gone: a collected request is removed, a pending one parked.
    pub(crate) fn release(&mut self, ticket: Ticket) -> Aftermath {
        let mut aftermath = Aftermath::default();
        let Some(entry) = self.find_mut(ticket) else {
            return aftermath;
        };
        if entry.outcome.is_some() {
            aftermath.dropped = self.discard(ticket.place);
        } else if entry.held {
            entry.held = false;
            aftermath.unused = entry.rest.as_mut().and_then(|rest| rest.waker.take());
            self.wakers -= usize::from(aftermath.unused.is_some());
            self.parked += 1;
        }
        aftermath
    }

    /// Has `waker` woken when the request is collected. Gives the one it replaces,
    /// to be dropped without the lock.
    pub(crate) fn set_waker(&mut self, ticket: Ticket, waker: Waker) -> Option<Waker> {
        let entry = self.find_mut(ticket)?;
        let rest = entry.rest.get_or_insert_default();
        let old = rest.waker.replace(waker);
        self.wakers += usize::from(old.is_none());
        old
    }

    /// Notes which libraries the request may call, besides that of a declared kernel.
    pub(super) fn note_code(&mut self, ticket: Ticket, code: Vec<Arc<Code>>) {
        if let Some(entry) = self.find_mut(ticket) {
            entry.rest.get_or_insert_default().code = code;
        }
    }

    /// The number of the last pending request that may call the library.
    pub(crate) fn last_call(&self, code: &Arc<Code>) -> Option<u64> {
        let kernels = code.kernels();
        self.places
            .iter()
            .filter(|entry| entry.is_pending() && entry.calls(code, &kernels))
            .map(|entry| entry.number)
            .max()
    }

    pub(crate) fn what(&self, ticket: Ticket) -> Option<RequestKind> {
        self.find(ticket).map(Entry::what)
    }

    pub(crate) fn times(&self, ticket: Ticket) -> Option<(Stamp, Option<Stamp>)> {
        let entry = self.find(ticket)?;
        let finished = entry.finished.filter(|_| entry.outcome.is_some());
        Some((entry.submitted, finished))
    }

    /// How a request ended, if its handle did not take that yet.
    pub(crate) fn outcome(&self, ticket: Ticket) -> Option<Outcome> {
        self.find(ticket)?.outcome
    }

    /// Whether pending requests access borrowed memory.
    pub(crate) fn borrows(&self) -> bool {
        let borrows = |entry: &Entry| {
            let payload = entry.rest.as_ref().map(|rest| &rest.payload);
            matches!(payload, Some(Payload::Borrowed))
        };
        self.places
            .iter()
            .any(|entry| entry.is_pending() && borrows(entry))
    }

    /// Leaks what pending requests own, because the VE side may still touch it.
    pub(crate) fn leak(&mut self) {
        for entry in self.places.iter_mut().filter(|entry| entry.is_pending()) {
            if let Some(rest) = &mut entry.rest {
                std::mem::forget(std::mem::take(&mut rest.payload));
            }
        }
    }

    /// How many requests have a place.
    #[cfg(all(test, feature = "emu", target_os = "linux", not(miri)))]
    pub(crate) fn in_use(&self) -> usize {
        let used = self.places.iter().filter(|entry| entry.number != NONE);
        used.count()
    }

    /// How many places there are.
    #[cfg(all(test, feature = "emu", target_os = "linux", not(miri)))]
    pub(crate) fn room(&self) -> usize {
        self.places.len()
    }

    #[inline]
    fn find(&self, ticket: Ticket) -> Option<&Entry> {
        self.places
            .get(ticket.place as usize)
            .filter(|entry| entry.number == ticket.number)
    }

    #[inline]
    fn find_mut(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        self.places
            .get_mut(ticket.place as usize)
            .filter(|entry| entry.number == ticket.number)
    }

    /// Memory that nobody will ever know of, to be freed.
    pub(crate) fn take_orphans(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.orphans)
    }

    pub(crate) fn has_orphans(&self) -> bool {
        !self.orphans.is_empty()
    }

    /// Removes a collected request whose result nobody asked for. Gives what it owned.
    fn discard(&mut self, place: u32) -> Option<Payload> {
        let number = self.places[place as usize].number;
        let collected = self.take(Ticket { place, number })?;
        if let RequestKind::Alloc(_) = collected.what
            && collected.outcome.state == CommandState::Ok
            && collected.outcome.word != 0
        {
            self.orphans.push(collected.outcome.word);
        }
        match collected.payload {
            Payload::None => None,
            owned => Some(owned),
        }
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
