//! How many requests of a context are queued or run, computed from the times of those that have
//! ended, which come in the order in which they were queued.

use std::collections::VecDeque;

use crate::session::RequestTimes;

/// A span of time in nanoseconds. At most two values of each are told: the highest and the last.
const SPAN: u64 = 1_000_000;

/// The requests of one context over time.
#[derive(Default)]
pub(super) struct Depth {
    /// When the requests were collected that were still there when the last one was queued.
    collected: VecDeque<u64>,
    span: u64,
    highest: (u64, u64),
    last: (u64, u64),
    told: u64,
}

impl Depth {
    /// Takes a request. `tell` gets times and how many there are from then on.
    pub(super) fn request(&mut self, times: &RequestTimes, tell: &mut impl FnMut(u64, u64)) {
        while let Some(time) = self.collected.front().copied()
            && time <= times.queued
        {
            self.collected.pop_front();
            self.step(time, self.collected.len() as u64, tell);
        }
        self.collected.push_back(times.collected);
        self.step(times.queued, self.collected.len() as u64, tell);
    }

    /// The last time at which the number changed.
    pub(super) fn last(&self) -> u64 {
        self.last.0
    }

    /// Nothing comes any more.
    pub(super) fn finish(&mut self, tell: &mut impl FnMut(u64, u64)) {
        while let Some(time) = self.collected.pop_front() {
            self.step(time, self.collected.len() as u64, tell);
        }
        self.tell_span(tell);
    }

    fn step(&mut self, time: u64, depth: u64, tell: &mut impl FnMut(u64, u64)) {
        let span = time / SPAN;
        if span == self.span {
            self.last = (time, depth);
            if depth > self.highest.1 {
                self.highest = self.last;
            }
            return;
        }
        self.tell_span(tell);
        self.span = span;
        self.last = (time, depth);
        self.highest = self.last;
    }

    fn tell_span(&mut self, tell: &mut impl FnMut(u64, u64)) {
        for (time, depth) in [self.highest, self.last] {
            if depth != self.told {
                self.told = depth;
                tell(time, depth);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The depths for requests that were queued and collected at these times.
    fn told(requests: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let (mut depth, mut told) = (Depth::default(), Vec::new());
        let mut tell = |time, depth| told.push((time, depth));
        for (queued, collected) in requests {
            let times = RequestTimes {
                queued: *queued,
                started: *queued,
                ended: *collected,
                collected: *collected,
                estimated: false,
            };
            depth.request(&times, &mut tell);
        }
        depth.finish(&mut tell);
        told
    }

    #[test]
    fn the_number_of_requests_goes_up_and_down() {
        const MS: u64 = SPAN;
        // Three in a row, then they end one by one.
        assert_eq!(
            told(&[(MS, 5 * MS), (2 * MS, 6 * MS), (3 * MS, 7 * MS)]),
            [
                (MS, 1),
                (2 * MS, 2),
                (3 * MS, 3),
                (5 * MS, 2),
                (6 * MS, 1),
                (7 * MS, 0)
            ]
        );
        // One after another, with idle time between them.
        assert_eq!(
            told(&[(MS, 2 * MS), (9 * MS, 9 * MS + 5)]),
            [(MS, 1), (2 * MS, 0), (9 * MS, 1), (9 * MS + 5, 0)]
        );
    }

    #[test]
    fn many_short_requests_are_told_of_now_and_then() {
        let requests: Vec<_> = (0..10_000u64)
            .map(|n| (SPAN + n * 1_000, SPAN + n * 1_000 + 900))
            .collect();
        let told = told(&requests);
        assert!(told.len() <= 22, "{told:?}");
        assert!(told.iter().all(|(_, depth)| *depth <= 1));
        assert_eq!(told.last().map(|(_, depth)| *depth), Some(0));
    }
}
