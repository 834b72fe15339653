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

use super::entry::{
    Collected, DeferredWork, END, NONE, Payload, RequestEntry, Rest, Ticket, Uncollected,
};
use crate::clock::Stamp;
use crate::session::{CommandOutcome, CommandState, LibraryCode, RequestKind};

/// How many places are kept for the next requests, even if all requests have ended.
const KEPT: usize = 1024;

/// The requests of one context.
pub(crate) struct RequestTable {
    places: Vec<RequestEntry>,
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

impl Default for RequestTable {
    fn default() -> RequestTable {
        RequestTable {
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

impl RequestTable {
    /// Makes room, so that the next `insert` cannot fail after a submission.
    #[inline]
    pub(crate) fn reserve(&mut self) {
        if self.free == END {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.places.push(RequestEntry::free(self.free));
        self.free = (self.places.len() - 1) as u32;
        self.stuck = usize::MAX;
    }

    /// Makes a place free.
    #[inline]
    fn vacate(&mut self, place: u32) {
        let entry = &mut self.places[place as usize];
        entry.number = NONE;
        if entry.rest.is_some() {
            entry.drop_rest();
        }
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
    #[inline(always)]
    pub(crate) fn insert(
        &mut self,
        id: u64,
        kind: RequestKind,
        payload: Payload,
        submitted: Stamp,
    ) -> Ticket {
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
        entry.kind = kind;
        entry.submitted = submitted;
        entry.held = true;
        entry.logged = false;
        if !matches!(payload, Payload::None) {
            entry.rest = Some(Box::new(Rest {
                payload,
                ..Rest::default()
            }));
        }
        match self.newest {
            END => self.oldest = place,
            newest => self.places[newest as usize].follows = place,
        }
        self.newest = place;
        self.pending += 1;
        Ticket { place, number }
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

    /// Records how the oldest pending request ended. Gives what is left to do without the
    /// lock: the task to wake, what is to be dropped of a parked request.
    #[inline]
    pub(crate) fn collect(&mut self, outcome: CommandOutcome, seen: Stamp) -> Option<DeferredWork> {
        let place = self.oldest;
        let entry = self.places.get_mut(place as usize)?;
        entry.outcome = Some(outcome);
        entry.seen = seen;
        let (follows, is_plain) = (entry.follows, entry.held && entry.rest.is_none());
        self.advance(follows);
        if is_plain {
            return None;
        }
        self.deferred_work(place)
    }

    /// The work that remains for a request that was just collected.
    fn deferred_work(&mut self, place: u32) -> Option<DeferredWork> {
        let entry = self.places.get_mut(place as usize)?;
        let held = entry.held;
        let waker = entry.rest.as_mut().and_then(|rest| rest.waker.take());
        self.wakers -= usize::from(waker.is_some());
        let (mut dropped, mut failed) = (None, None);
        if !held {
            failed = entry.failure().map(Box::new);
            self.parked -= 1;
            dropped = self.discard(place);
        }
        // Most dropped requests leave nothing to do, so the list for a million of them stays empty.
        if waker.is_none() && dropped.is_none() && failed.is_none() {
            return None;
        }
        Some(DeferredWork {
            waker,
            dropped,
            failed,
            ..DeferredWork::default()
        })
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
        entry.outcome.take()?;
        let collected = Collected {
            payload: entry.rest.take().map_or(Payload::None, |rest| rest.payload),
            submitted: entry.submitted,
            seen: entry.seen,
        };
        self.vacate(ticket.place);
        Some(collected)
    }

    /// Takes the result word of a collected request that has succeeded and owned nothing.
    #[inline]
    pub(super) fn take_word(&mut self, ticket: Ticket) -> Option<u64> {
        let entry = self.find_mut(ticket)?;
        let outcome = entry.outcome?;
        if outcome.state != CommandState::Ok || entry.rest.is_some() {
            return None;
        }
        entry.outcome = None;
        self.vacate(ticket.place);
        Some(outcome.word)
    }

    /// Does the work of [`collect`](Self::collect) and [`take`](Self::take) at once: takes out a request that owns
    /// nothing and has just succeeded, for the thread that waits for it. Most requests end so, and it saves 90 of
    /// 1,500 instructions of a call that is waited for. Gives when it was submitted. `None` if it is not the
    /// oldest, or needs more work.
    #[inline]
    pub(super) fn finish(&mut self, ticket: Ticket) -> Option<Stamp> {
        if self.oldest != ticket.place {
            return None;
        }
        let entry = self.find(ticket)?;
        if entry.rest.is_some() {
            return None;
        }
        let (submitted, follows) = (entry.submitted, entry.follows);
        self.advance(follows);
        self.vacate(ticket.place);
        Some(submitted)
    }

    /// Whether this is the oldest pending request.
    #[inline]
    pub(super) fn is_oldest(&self, ticket: Ticket) -> bool {
        self.oldest == ticket.place && self.find(ticket).is_some()
    }

    /// The oldest pending request: its number and the backend's, what it is, when it was submitted.
    #[inline]
    pub(super) fn oldest_request(&self) -> Option<(u64, u64, &RequestKind, Stamp)> {
        let entry = self.places.get(self.oldest as usize)?;
        Some((entry.number, entry.id, &entry.kind, entry.submitted))
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

    /// The handle is gone: a collected request is removed, a pending one parked.
    pub(crate) fn release(&mut self, ticket: Ticket) -> DeferredWork {
        let mut deferred_work = DeferredWork::default();
        let Some(entry) = self.find_mut(ticket) else {
            return deferred_work;
        };
        if entry.outcome.is_some() {
            deferred_work.failed = entry.failure().map(Box::new);
            deferred_work.dropped = self.discard(ticket.place);
        } else if entry.held {
            entry.held = false;
            deferred_work.unused = entry.rest.as_mut().and_then(|rest| rest.waker.take());
            self.wakers -= usize::from(deferred_work.unused.is_some());
            self.parked += 1;
        }
        deferred_work
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
    pub(super) fn note_code(&mut self, ticket: Ticket, code: Vec<Arc<LibraryCode>>) {
        if let Some(entry) = self.find_mut(ticket) {
            entry.rest.get_or_insert_default().code = code;
        }
    }

    /// The number of the last pending request that may call the library.
    pub(crate) fn last_call(&self, code: &Arc<LibraryCode>) -> Option<u64> {
        let kernels = code.kernels();
        self.places
            .iter()
            .filter(|entry| entry.is_pending() && entry.calls(code, &kernels))
            .map(|entry| entry.number)
            .max()
    }

    /// The backend's number of a request.
    pub(super) fn id(&self, ticket: Ticket) -> Option<u64> {
        self.find(ticket).map(|entry| entry.id)
    }

    pub(crate) fn kind(&self, ticket: Ticket) -> Option<RequestKind> {
        self.find(ticket).map(|entry| entry.kind.clone())
    }

    pub(crate) fn times(&self, ticket: Ticket) -> Option<(Stamp, Option<Stamp>)> {
        let entry = self.find(ticket)?;
        let seen = entry.outcome.is_some().then_some(entry.seen);
        Some((entry.submitted, seen))
    }

    /// How a request ended, if its handle did not take that yet.
    pub(crate) fn outcome(&self, ticket: Ticket) -> Option<CommandOutcome> {
        self.find(ticket)?.outcome
    }

    /// The failures of requests that were collected and whose results nobody has taken so far. Each is given once.
    pub(super) fn take_failures(&mut self) -> Vec<Uncollected> {
        let all = self.places.iter_mut().filter_map(|entry| {
            let failure = entry.failure()?;
            entry.logged = true;
            Some(failure)
        });
        all.collect()
    }

    /// Notes why the oldest pending request has failed.
    pub(super) fn note_reason(&mut self, reason: String) {
        if let Some(entry) = self.places.get_mut(self.oldest as usize) {
            entry.rest.get_or_insert_default().reason = Some(reason);
        }
    }

    /// Why a request has failed that was collected.
    pub(super) fn reason(&self, ticket: Ticket) -> Option<String> {
        self.find(ticket)?.reason()
    }

    /// Whether pending requests access borrowed memory.
    pub(crate) fn borrows(&self) -> bool {
        let borrows = |entry: &RequestEntry| {
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
    fn find(&self, ticket: Ticket) -> Option<&RequestEntry> {
        self.places
            .get(ticket.place as usize)
            .filter(|entry| entry.number == ticket.number)
    }

    #[inline]
    fn find_mut(&mut self, ticket: Ticket) -> Option<&mut RequestEntry> {
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
        let entry = &self.places[place as usize];
        let ticket = Ticket {
            place,
            number: entry.number,
        };
        if let (RequestKind::Alloc(_), Some(outcome)) = (&entry.kind, entry.outcome)
            && outcome.state == CommandState::Ok
            && outcome.word != 0
        {
            self.orphans.push(outcome.word);
        }
        let collected = self.take(ticket)?;
        match collected.payload {
            Payload::None => None,
            owned => Some(owned),
        }
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
