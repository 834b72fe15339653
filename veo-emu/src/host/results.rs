//! The results of a context's requests, from submission until they are collected.
//!
//! Requests get their ids in order and end in order, so a window of cells holds the recent ones.
//! Results that no thread collects move to a sorted list, with 16 bytes each. A large transfer
//! has a group of ids, whose last one stands for all.

use std::collections::VecDeque;
use std::ops::Range;

use super::id_window::IdWindow;

/// The end of a request, as its collector learns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestOutcome {
    Ok(u64),
    Exception(u64),
    Error,
}

/// The state of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResultState {
    /// Never handed out, or collected already.
    Unknown,
    Pending,
    Ended(RequestOutcome),
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
enum Cell {
    #[default]
    Pending,
    Discarded,
    Ok,
    Exception,
    Error,
    Gone,
}

/// The window may grow to this before its oldest result is moved out of it.
const WINDOW: usize = 4096;

/// Results by id.
#[derive(Default)]
pub(crate) struct Results {
    /// With the function while a call is pending, with the value when it has ended.
    cells: IdWindow<(u64, Cell)>,
    /// Old results by id, sorted; the upper bits of the key hold the kind of end.
    old: Vec<(u64, u64)>,
    old_gone: usize,
    /// In order; they do not overlap.
    groups: VecDeque<TransferIds>,
}

/// The ids of one large transfer.
struct TransferIds {
    first: u64,
    last: u64,
    /// A thread has collected one of the inner ids, so the last one is lost.
    broken: bool,
}

const KIND_SHIFT: u32 = 60;
const ID_MASK: u64 = (1 << KIND_SHIFT) - 1;

impl Results {
    /// Hands out the next id, for a call of this function.
    #[inline]
    pub(crate) fn submit(&mut self, function: u64) -> u64 {
        self.cells.push((function, Cell::Pending))
    }

    /// The function that a call which has not ended was submitted with.
    pub(crate) fn function(&self, id: u64) -> Option<u64> {
        match self.cells.get(id) {
            Some((function, Cell::Pending | Cell::Discarded)) => Some(*function),
            _ => None,
        }
    }

    /// The id that `submit` hands out next.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        self.cells.next()
    }

    /// Hands out `count` ids for one request and returns the last.
    pub(crate) fn submit_group(&mut self, count: u64) -> u64 {
        let first = self.next();
        for _ in 0..count.max(1) {
            self.submit(0);
        }
        let last = self.next() - 1;
        if last > first {
            self.groups.push_back(TransferIds {
                first,
                last,
                broken: false,
            });
        }
        last
    }

    /// Hands out ids for work whose result no thread collects.
    pub(crate) fn pass_over(&mut self, count: u64) -> Range<u64> {
        let first = self.next();
        for _ in 0..count {
            self.cells.push((0, Cell::Gone));
        }
        self.tidy();
        first..self.next()
    }

    /// The first id of the request whose last one is given.
    pub(crate) fn first_of(&self, last: u64) -> u64 {
        match self.group_of(last) {
            Some(at) if self.groups[at].last == last => self.groups[at].first,
            _ => last,
        }
    }

    /// Takes back the id handed out last, which no thread has seen.
    pub(crate) fn cancel(&mut self, last: u64) {
        debug_assert_eq!(last + 1, self.next());
        for _ in self.first_of(last)..=last {
            self.cells.pop_back();
        }
        if self.groups.back().is_some_and(|group| group.last == last) {
            self.groups.pop_back();
        }
    }

    /// Notes how a request ended, for all its ids.
    #[inline]
    pub(crate) fn end(&mut self, last: u64, outcome: RequestOutcome) {
        if !self.groups.is_empty() {
            for id in self.first_of(last)..last {
                self.end_one(id, outcome);
            }
            if self.look(last) == ResultState::Unknown
                && let Some(at) = self.group_of(last)
            {
                // A thread has discarded it.
                self.groups.remove(at);
            }
        }
        self.end_one(last, outcome);
    }

    #[inline]
    fn end_one(&mut self, id: u64, outcome: RequestOutcome) {
        let Some(cell) = self.cells.get_mut(id) else {
            return;
        };
        *cell = match (cell.1, outcome) {
            (Cell::Pending, RequestOutcome::Ok(value)) => (value, Cell::Ok),
            (Cell::Pending, RequestOutcome::Exception(value)) => (value, Cell::Exception),
            (Cell::Pending, RequestOutcome::Error) => (0, Cell::Error),
            (Cell::Discarded, _) => (0, Cell::Gone),
            _ => return,
        };
        self.tidy();
    }

    /// Looks at an id without collecting it.
    pub(crate) fn look(&self, id: u64) -> ResultState {
        if id < self.cells.first() {
            return match self.find_old(id) {
                Some(at) => ResultState::Ended(Self::old_outcome(self.old[at])),
                None => ResultState::Unknown,
            };
        }
        match self.cells.get(id) {
            None | Some((_, Cell::Gone | Cell::Discarded)) => ResultState::Unknown,
            Some((_, Cell::Pending)) => ResultState::Pending,
            Some((value, Cell::Ok)) => ResultState::Ended(RequestOutcome::Ok(*value)),
            Some((value, Cell::Exception)) => ResultState::Ended(RequestOutcome::Exception(*value)),
            Some((_, Cell::Error)) => ResultState::Ended(RequestOutcome::Error),
        }
    }

    /// Collects a result, which is unknown afterwards.
    #[inline]
    pub(crate) fn take(&mut self, id: u64) -> ResultState {
        let state = self.look(id);
        if !matches!(state, ResultState::Ended(_)) {
            return state;
        }
        self.forget(id);
        if self.groups.is_empty() {
            return state;
        }
        let Some(at) = self.group_of(id) else {
            return state;
        };
        if id < self.groups[at].last {
            self.groups[at].broken = true;
            return state;
        }
        if self.end_group(at) {
            ResultState::Ended(RequestOutcome::Error)
        } else {
            state
        }
    }

    /// Forgets the inner ids of a group. Returns whether it was broken.
    fn end_group(&mut self, at: usize) -> bool {
        let Some(group) = self.groups.remove(at) else {
            return false;
        };
        for inner in group.first..group.last {
            self.discard(inner);
        }
        group.broken
    }

    /// Marks a pending request as collected by a caller that got its result elsewhere. `false` if
    /// the request is not pending, or has several ids.
    #[inline]
    pub(crate) fn pass(&mut self, id: u64) -> bool {
        if !self.groups.is_empty() {
            return false;
        }
        match self.cells.get_mut(id) {
            Some((_, cell)) if *cell == Cell::Pending => *cell = Cell::Gone,
            _ => return false,
        }
        self.tidy();
        true
    }

    #[inline]
    fn group_of(&self, id: u64) -> Option<usize> {
        let at = self.groups.partition_point(|group| group.last < id);
        let group = self.groups.get(at)?;
        (group.first <= id).then_some(at)
    }

    /// Gives up a result, now or when it comes. `false` if the id is unknown.
    pub(crate) fn discard(&mut self, id: u64) -> bool {
        let inner = self.first_of(id)..id;
        match self.look(id) {
            ResultState::Unknown => return false,
            ResultState::Ended(_) => {
                self.forget(id);
                if !inner.is_empty()
                    && let Some(at) = self.group_of(id)
                {
                    self.end_group(at);
                }
            }
            ResultState::Pending => {
                for id in inner.chain([id]) {
                    if let Some((_, cell)) = self.cells.get_mut(id)
                        && *cell == Cell::Pending
                    {
                        *cell = Cell::Discarded;
                    }
                }
            }
        }
        true
    }

    fn forget(&mut self, id: u64) {
        match self.cells.get_mut(id) {
            Some((_, cell)) => {
                *cell = Cell::Gone;
                self.tidy();
            }
            None => {
                if let Some(at) = self.find_old(id) {
                    self.old[at].0 |= 7 << KIND_SHIFT;
                    self.old_gone += 1;
                    if self.old_gone > 64 && self.old_gone * 2 > self.old.len() {
                        self.old.retain(|entry| entry.0 >> KIND_SHIFT != 7);
                        self.old_gone = 0;
                        self.old.shrink_to(self.old.len() * 2);
                    }
                }
            }
        }
    }

    fn find_old(&self, id: u64) -> Option<usize> {
        let at = self
            .old
            .binary_search_by_key(&id, |entry| entry.0 & ID_MASK)
            .ok()?;
        (self.old[at].0 >> KIND_SHIFT != 7).then_some(at)
    }

    fn old_outcome(entry: (u64, u64)) -> RequestOutcome {
        match entry.0 >> KIND_SHIFT {
            0 => RequestOutcome::Ok(entry.1),
            1 => RequestOutcome::Exception(entry.1),
            _ => RequestOutcome::Error,
        }
    }

    /// Drops collected cells at the front, and moves old results out of the window.
    #[inline]
    fn tidy(&mut self) {
        while let Some((_, Cell::Gone)) = self.cells.front() {
            self.cells.pop_front();
        }
        if self.cells.len() > WINDOW {
            self.move_out();
        }
        if self.cells.is_empty() && self.cells.capacity() > 2 * WINDOW {
            self.cells.shrink_to(WINDOW);
        }
    }

    /// Moves old results out of the window until it is small enough.
    #[cold]
    fn move_out(&mut self) {
        while let Some((value, cell)) = self.cells.front().copied() {
            let kind = match cell {
                Cell::Ok => Some(0),
                Cell::Exception => Some(1),
                Cell::Error => Some(2),
                Cell::Gone => None,
                Cell::Pending | Cell::Discarded => break,
            };
            if let Some(kind) = kind {
                if self.cells.len() <= WINDOW {
                    break;
                }
                self.old
                    .push((self.cells.first() | kind << KIND_SHIFT, value));
            }
            self.cells.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn agrees_with_a_map() {
        let mut results = Results::default();
        let mut model: HashMap<u64, Option<u64>> = HashMap::new();
        let mut random = fastrand::Rng::with_seed(3);
        let (mut ended, mut next) = (0, 0);
        for _ in 0..200_000 {
            match random.u8(..4) {
                0 => {
                    assert_eq!(results.submit(0), next);
                    model.insert(next, None);
                    next += 1;
                }
                1 if ended < next => {
                    let value = random.u64(..);
                    results.end(ended, RequestOutcome::Ok(value));
                    if let Some(cell) = model.get_mut(&ended) {
                        *cell = Some(value);
                    }
                    ended += 1;
                }
                2 if next > 0 => {
                    // Mostly recent ids, so that old ones pile up.
                    let id = next.saturating_sub(random.u64(..64));
                    let want = match model.get(&id) {
                        None => ResultState::Unknown,
                        Some(None) => ResultState::Pending,
                        Some(Some(value)) => ResultState::Ended(RequestOutcome::Ok(*value)),
                    };
                    assert_eq!(results.take(id), want);
                    if matches!(want, ResultState::Ended(_)) {
                        model.remove(&id);
                    }
                }
                3 if random.u8(..16) == 0 && next > 0 => {
                    let id = random.u64(..next);
                    assert_eq!(results.discard(id), model.remove(&id).is_some());
                }
                _ => {}
            }
        }
        assert!(!results.old.is_empty(), "the test never filled the window");
        for id in 0..next {
            let known = matches!(model.get(&id), Some(Some(_)));
            assert_eq!(matches!(results.take(id), ResultState::Ended(_)), known);
        }
    }

    #[test]
    fn uncollected_results_cost_at_most_32_bytes() {
        let mut results = Results::default();
        let count = 300_000;
        for _ in 0..count {
            let id = results.submit(0);
            results.end(id, RequestOutcome::Ok(id));
        }
        let bytes = results.old.capacity() * size_of::<(u64, u64)>()
            + results.cells.capacity() * size_of::<(u64, Cell)>();
        assert!(bytes <= 32 * count, "{bytes}");
        assert_eq!(results.take(5), ResultState::Ended(RequestOutcome::Ok(5)));
        assert_eq!(results.take(5), ResultState::Unknown);
    }

    #[test]
    fn the_last_id_of_a_group_stands_for_all() {
        let mut results = Results::default();
        assert_eq!(results.submit(0), 0);
        assert_eq!(results.submit_group(4), 4);
        assert_eq!(results.submit_group(3), 7);
        assert_eq!(results.submit_group(1), 8);
        for id in [0, 4, 7, 8] {
            results.end(id, RequestOutcome::Ok(id));
        }
        assert_eq!(results.take(4), ResultState::Ended(RequestOutcome::Ok(4)));
        for id in 1..=4 {
            assert_eq!(results.take(id), ResultState::Unknown);
        }
        assert!(matches!(results.take(6), ResultState::Ended(_)));
        assert_eq!(results.take(7), ResultState::Ended(RequestOutcome::Error));
        assert_eq!(results.take(5), ResultState::Unknown);
        assert_eq!(results.take(8), ResultState::Ended(RequestOutcome::Ok(8)));
        assert!(results.groups.is_empty());
        let last = results.submit_group(5);
        results.cancel(last);
        assert_eq!(results.submit(0), 9);
        let last = results.submit_group(5);
        assert!(results.discard(last));
        results.end(9, RequestOutcome::Error);
        results.end(last, RequestOutcome::Error);
        results.take(9);
        results.take(0);
        assert!(results.cells.is_empty() && results.groups.is_empty());
    }

    #[test]
    fn one_old_result_does_not_hold_the_others() {
        let mut results = Results::default();
        let first = results.submit(0);
        results.end(first, RequestOutcome::Exception(11));
        for _ in 0..100_000 {
            let id = results.submit(0);
            results.end(id, RequestOutcome::Error);
            assert_eq!(results.take(id), ResultState::Ended(RequestOutcome::Error));
        }
        assert!(results.cells.len() <= WINDOW + 1);
        assert!(results.old.len() <= 1);
        assert_eq!(
            results.take(first),
            ResultState::Ended(RequestOutcome::Exception(11))
        );
    }
}
