//! Requests of different contexts that may use the same memory at the same time: found by what
//! the host knows of them, not by events on the VE.
//!
//! A record stands for a request of which the program does not know yet that it has ended. A
//! request that is submitted is compared with those of other contexts. Two requests are in order
//! if they are of one context, if the program waited for the first before it submitted the second,
//! or if it has put them in order (`VeoContext::after`).

use std::collections::HashSet;
use std::fmt;
use std::panic::Location;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use crate::error::{Error, Race, Result};
use crate::warning::warn;

/// How a process treats two requests of different contexts that may use the same memory at the same time:
/// [`VeoProcBuilder::races`](crate::VeoProcBuilder::races).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Races {
    /// Nothing, and nobody looks.
    Off,
    /// A warning, once for each pair of places in the program.
    Warn,
    /// The later request is not submitted; it is [`Error::Race`].
    Deny,
}

impl FromStr for Races {
    type Err = ();

    fn from_str(word: &str) -> std::result::Result<Races, ()> {
        match word {
            "off" => Ok(Races::Off),
            "warn" => Ok(Races::Warn),
            "deny" => Ok(Races::Deny),
            _ => Err(()),
        }
    }
}

/// Whether any process of the program looks for races.
static WATCHING: AtomicBool = AtomicBool::new(false);

/// Whether calls have to note what they touch.
#[inline(always)]
pub(crate) fn is_watching() -> bool {
    WATCHING.load(Ordering::Relaxed)
}

/// A place in the program.
pub(crate) type ProgramPlace = &'static Location<'static>;

/// How a request uses memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Read,
    Write,
    /// It writes a part, and other requests of this kind write other parts.
    Part,
}

impl Use {
    /// Whether two requests must not do this at the same time.
    fn collides(self, other: Use) -> bool {
        !matches!(
            (self, other),
            (Use::Read, Use::Read) | (Use::Part, Use::Part)
        )
    }
}

/// Memory that a request uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) how: Use,
}

impl Access {
    pub(crate) fn new(start: u64, size: usize, how: Use) -> Access {
        let end = start.saturating_add(size as u64);
        Access { start, end, how }
    }

    fn overlaps(&self, other: &Access) -> bool {
        self.start.max(other.start) < self.end.min(other.end)
    }
}

/// The memory that a request uses, and the place in the program that made the request.
#[derive(Clone, Debug)]
pub(crate) struct Touches {
    pub(crate) place: ProgramPlace,
    pub(crate) accesses: SmallVec<[Access; 4]>,
    /// The next argument is written in parts.
    pub(crate) in_parts: bool,
}

impl Touches {
    #[cold]
    pub(crate) fn at(place: ProgramPlace) -> Touches {
        Touches {
            place,
            accesses: SmallVec::new(),
            in_parts: false,
        }
    }

    /// The memory of a request. The caller's place is tracked, so this must be called in the function that
    /// the program calls. `None` if nobody looks for races.
    #[inline]
    #[track_caller]
    pub(crate) fn here() -> Option<Touches> {
        if is_watching() {
            // A closure would be the place then.
            return Some(Touches::at(Location::caller()));
        }
        None
    }

    pub(crate) fn with(mut self, start: u64, size: usize, how: Use) -> Touches {
        self.accesses.push(Access::new(start, size, how));
        self
    }
}

/// A request among those of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestKey {
    /// A queued one, by its number in its context.
    Queued(u64),
    /// One that a thread waits for while it runs.
    Waited(u64),
}

/// A request that may not have ended, as far as the program knows.
struct OpenRequest {
    context: u64,
    key: RequestKey,
    access: Access,
    what: String,
    place: ProgramPlace,
}

impl Open {
    /// Up to which number requests of each context come before request `number` of `context`, or are that.
    fn before(&self, context: u64, number: u64) -> Vec<(u64, u64)> {
        let mut before = vec![(context, number)];
        let includes = |before: &[(u64, u64)], context: u64, number: u64| {
            before
                .iter()
                .any(|(c, upto)| *c == context && number <= *upto)
        };
        for order in self.orders.iter().rev() {
            if includes(&before, order.context, order.from)
                && !includes(&before, order.earlier, order.upto)
            {
                before.retain(|(context, _)| *context != order.earlier);
                before.push((order.earlier, order.upto));
            }
        }
        before
    }

    /// Forgets orders that say nothing of any record.
    fn tidy(&mut self) {
        let mut kept: Vec<RaceOrder> = Vec::new();
        for order in self.orders.drain(..) {
            let comes_after = |record: &OpenRequest| {
                record.context == order.earlier
                    && matches!(record.key, RequestKey::Queued(number) if number <= order.upto)
            };
            let builds_on =
                |other: &RaceOrder| other.context == order.earlier && other.from <= order.upto;
            if self.records.iter().any(comes_after) || kept.iter().any(builds_on) {
                kept.push(order);
            }
        }
        self.orders = kept;
    }
}

impl OpenRequest {
    /// Whether it is of a queued request that is among these.
    fn is_among(&self, before: &[(u64, u64)]) -> bool {
        let RequestKey::Queued(number) = self.key else {
            return false;
        };
        before
            .iter()
            .any(|(context, upto)| *context == self.context && number <= *upto)
    }
}

/// The requests of a process that may not have ended.
pub(crate) struct RaceLog {
    policy: Races,
    open: Mutex<Open>,
    waited: AtomicU64,
}

/// Requests of a context, from a number on, come after those of another one, up to a number.
struct RaceOrder {
    context: u64,
    from: u64,
    earlier: u64,
    upto: u64,
}

#[derive(Default)]
struct Open {
    records: Vec<OpenRequest>,
    /// The orders are kept in the order in which they were made: each builds on earlier ones only.
    orders: Vec<RaceOrder>,
    /// The pairs of places that the program was told of.
    told: HashSet<(ProgramPlace, ProgramPlace)>,
}

impl RaceLog {
    /// The log of a process; none where nobody looks.
    pub(crate) fn new(policy: Races) -> Option<RaceLog> {
        if policy == Races::Off {
            return None;
        }
        WATCHING.store(true, Ordering::Relaxed);
        Some(RaceLog {
            policy,
            open: Mutex::default(),
            waited: AtomicU64::new(0),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds a request against those of other contexts, and enters it. An error: it must not be
    /// submitted.
    pub(crate) fn enter(
        &self,
        context: u64,
        key: RequestKey,
        what: &dyn fmt::Display,
        touches: &Touches,
    ) -> Result<()> {
        let mut open = self.open();
        let before = open.before(
            context,
            match key {
                RequestKey::Queued(number) => number,
                // All that its context has comes before it.
                RequestKey::Waited(_) => u64::MAX,
            },
        );
        let Open { records, told, .. } = &mut *open;
        let mut warning = None;
        'found: for access in &touches.accesses {
            for earlier in records.iter() {
                if earlier.context == context
                    || earlier.is_among(&before)
                    || !earlier.access.overlaps(access)
                    || !earlier.access.how.collides(access.how)
                {
                    continue;
                }
                let race = || race(earlier, access, what, touches.place);
                if self.policy == Races::Deny {
                    return Err(Error::Race {
                        race: Box::new(race()),
                    });
                }
                if told.insert((earlier.place, touches.place)) {
                    warning = Some(race());
                    break 'found;
                }
            }
        }
        for access in &touches.accesses {
            // The last request of a context ends last, so it covers earlier ones of the same access.
            records.retain(|old| {
                old.context != context
                    || old.access != *access
                    || !matches!(old.key, RequestKey::Queued(_))
            });
            records.push(OpenRequest {
                context,
                key,
                access: *access,
                what: what.to_string(),
                place: touches.place,
            });
        }
        drop(open);
        if let Some(race) = warning {
            warn(format_args!("{race}"));
        }
        Ok(())
    }

    /// Holds a request that the calling thread waits for against those of other contexts, and
    /// enters it as long as the guard lives. Requests of its context below the number `before` end
    /// before it.
    pub(crate) fn enter_waited(
        &self,
        context: u64,
        before: u64,
        what: &dyn fmt::Display,
        touches: &Touches,
    ) -> Result<Entered<'_>> {
        let key = RequestKey::Waited(self.waited.fetch_add(1, Ordering::Relaxed));
        self.enter(context, key, what, touches)?;
        Ok(Entered {
            log: self,
            context,
            before,
            key,
        })
    }

    /// A request was not submitted after all, or its thread has waited for it.
    pub(crate) fn forget(&self, context: u64, key: RequestKey) {
        let gone = |record: &OpenRequest| record.context == context && record.key == key;
        self.open().records.retain(|record| !gone(record));
    }

    /// The program knows that the requests of a context below this number have ended.
    pub(crate) fn ended(&self, context: u64, below: u64) {
        let Some(last) = below.checked_sub(1) else {
            return;
        };
        let mut open = self.open();
        let before = open.before(context, last);
        open.records.retain(|record| !record.is_among(&before));
    }

    /// From this number on, requests of a context come after a request of another context, which was
    /// submitted before.
    pub(crate) fn order(&self, (context, from): (u64, u64), (earlier, upto): (u64, u64)) {
        let mut open = self.open();
        open.orders.push(RaceOrder {
            context,
            from,
            earlier,
            upto,
        });
        open.tidy();
    }

    /// Memory was freed, after all that used it.
    pub(crate) fn freed(&self, start: u64, size: u64) {
        let freed = Access::new(start, size as usize, Use::Write);
        self.open()
            .records
            .retain(|record| !record.access.overlaps(&freed));
    }
}

/// A request that a thread waits for, until this is dropped.
pub(crate) struct Entered<'a> {
    log: &'a RaceLog,
    context: u64,
    before: u64,
    key: RequestKey,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.log.forget(self.context, self.key);
        self.log.ended(self.context, self.before);
    }
}

#[cold]
fn race(
    earlier: &OpenRequest,
    access: &Access,
    what: &dyn fmt::Display,
    place: ProgramPlace,
) -> Race {
    let (start, end) = (
        access.start.max(earlier.access.start),
        access.end.min(earlier.access.end),
    );
    let uses = |access: &Access| match access.how {
        Use::Read => "reads",
        Use::Write => "writes",
        Use::Part => "writes a part of",
    };
    Race {
        later: what.to_string(),
        later_at: format!("{}:{}", place.file(), place.line()),
        later_does: uses(access),
        earlier: earlier.what.clone(),
        earlier_at: format!("{}:{}", earlier.place.file(), earlier.place.line()),
        earlier_does: uses(&earlier.access),
        addr: start,
        size: end - start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Touches {
        Touches::at(Location::caller())
    }

    fn deny() -> RaceLog {
        RaceLog::new(Races::Deny).unwrap()
    }

    fn queued(log: &RaceLog, context: u64, number: u64, touches: &Touches) -> bool {
        log.enter(context, RequestKey::Queued(number), &"it", touches)
            .is_ok()
    }

    #[test]
    fn only_overlaps_with_a_write_collide() {
        let all = [Use::Read, Use::Write, Use::Part];
        for (first, second) in all.into_iter().flat_map(|a| all.map(|b| (a, b))) {
            for (start, size) in [(0, 10), (10, 1), (19, 5), (20, 5), (5, 5), (15, 0)] {
                let log = deny();
                assert!(queued(&log, 1, 0, &here().with(10, 10, first)));
                let overlaps = start < 20 && start + size > 10 && size > 0;
                let harmless = first == second && first != Use::Write;
                let free = queued(&log, 2, 0, &here().with(start, size as usize, second));
                assert_eq!(
                    free,
                    !overlaps || harmless,
                    "{first:?} {second:?} {start} {size}"
                );
            }
        }
    }

    #[test]
    fn ended_requests_and_those_of_one_context_are_ordered() {
        let log = deny();
        let write = here().with(0, 8, Use::Write);
        assert!(queued(&log, 1, 4, &write) && queued(&log, 1, 5, &write));
        assert!(!queued(&log, 2, 0, &write));
        log.ended(1, 5);
        assert!(!queued(&log, 2, 0, &write), "the last one has not ended");
        log.ended(2, 9);
        assert!(!queued(&log, 2, 0, &write), "nor do others count");
        log.ended(1, 6);
        assert!(queued(&log, 2, 0, &write));
        log.forget(2, RequestKey::Queued(0));
        assert!(queued(&log, 1, 6, &write));
        log.freed(4, 100);
        let waited = log.enter_waited(2, 0, &"it", &write).unwrap();
        assert!(!queued(&log, 1, 7, &write));
        drop(waited);
        assert!(queued(&log, 1, 7, &write));
    }

    #[test]
    fn requests_after_one_another_are_ordered_over_any_number_of_contexts() {
        let log = deny();
        let write = here().with(0, 8, Use::Write);
        let other = here().with(8, 8, Use::Write);
        assert!(queued(&log, 1, 4, &write) && queued(&log, 1, 5, &other));
        log.order((2, 7), (1, 4));
        assert!(!queued(&log, 2, 6, &write), "submitted before");
        assert!(queued(&log, 2, 7, &write), "after it");
        assert!(!queued(&log, 2, 8, &other), "after the one before only");
        assert!(!queued(&log, 3, 0, &write), "others are not");
        log.order((3, 1), (2, 6));
        assert!(!queued(&log, 3, 1, &write), "that came before the order");
        log.order((3, 2), (2, 7));
        assert!(queued(&log, 3, 2, &write));
        // When the last one has ended, all requests that it comes after have ended.
        log.ended(3, 3);
        assert!(queued(&log, 4, 0, &write));
        assert!(!queued(&log, 4, 1, &other), "and of no more");
    }

    #[test]
    fn orders_do_not_pile_up() {
        let log = deny();
        let write = here().with(0, 8, Use::Write);
        for number in 0..1000 {
            assert!(queued(&log, 1, number, &write));
            log.order((2, number), (1, number));
            assert!(queued(&log, 2, number, &write));
            log.order((1, number + 1), (2, number));
        }
        assert!(log.open().orders.len() < 5);
    }

    #[test]
    fn records_do_not_pile_up() {
        let log = deny();
        for number in 0..1000 {
            assert!(queued(&log, 1, number, &here().with(0, 8, Use::Write)));
        }
        assert_eq!(log.open().records.len(), 1);
    }
}
