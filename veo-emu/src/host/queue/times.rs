//! When requests of a context ran, kept until somebody asks, while that is wanted. The VE side notes
//! it in the ring, which soon has other requests; the host notes it of what it does itself.

use std::collections::VecDeque;

use veo_abi::ticks::system_time;

use super::{Queue, QueueState};
use crate::host::operation::HostOp;
use crate::shared::ring::Span;
use crate::sync::lock;

/// As many are kept at most, for a program that never asks.
const MOST: usize = 1 << 16;

/// Room for as many stays.
const ROOM: usize = 1 << 10;

#[derive(Default)]
pub(super) struct Times {
    wanted: bool,
    /// Spans by request, in order.
    kept: VecDeque<(u64, Span)>,
}

impl Times {
    fn keep(&mut self, id: u64, span: Span) {
        if self.kept.len() >= MOST {
            self.kept.pop_front();
        }
        self.kept.push_back((id, span));
    }

    /// The span of a request, which is forgotten, with those before it.
    fn take(&mut self, id: u64) -> Option<Span> {
        while self.kept.front().is_some_and(|(first, _)| *first < id) {
            self.kept.pop_front();
        }
        let (_, span) = self.kept.front().copied().filter(|(of, _)| *of == id)?;
        self.kept.pop_front();
        if self.kept.is_empty() && self.kept.capacity() > ROOM {
            self.kept = VecDeque::new();
        }
        Some(span)
    }
}

impl Queue {
    /// Notes when requests run, if the process says so now.
    pub(super) fn note_times(&self) {
        let mut state = lock(&self.state);
        let wanted = self.child.is_timed();
        if wanted != state.times.wanted {
            self.ring().set_timed(wanted);
            state.times = Times {
                wanted,
                kept: VecDeque::new(),
            };
        }
    }

    /// Keeps when a call ran that is about to leave the ring.
    #[inline]
    pub(super) fn keep_span(&self, state: &mut QueueState, id: u64) {
        if state.times.wanted {
            let span = self.ring().span(id);
            state.times.keep(id, span);
        }
    }

    /// Does a request of the host, and ends it.
    pub(crate) fn run_host(&self, id: u64, op: HostOp) {
        if !self.ring().is_timed() {
            let result = op.run(self);
            return self.end_host(id, result);
        }
        let started = system_time();
        let result = op.run(self);
        let ended = system_time();
        let mut state = lock(&self.state);
        if state.times.wanted {
            state.times.keep(id, Span { started, ended });
        }
        drop(state);
        self.end_host(id, result);
    }

    /// When these requests ran, which were taken just now, in order.
    pub(crate) fn spans(&self, ids: &[u64], mut tell: impl FnMut(usize, Span)) {
        let mut state = lock(&self.state);
        for (place, id) in ids.iter().enumerate() {
            let span = match state.times.take(*id) {
                Some(span) => span,
                None if *id < state.results.next() => self.ring().span(*id),
                None => Span::default(),
            };
            tell(place, span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_kept_until_they_are_asked_for() {
        let mut times = Times::default();
        let span = |n| Span {
            started: n,
            ended: n + 1,
        };
        for id in [3, 4, 6] {
            times.keep(id, span(id));
        }
        assert_eq!(times.take(2), None);
        assert_eq!(times.take(4), Some(span(4)));
        assert_eq!(times.take(3), None, "those before are forgotten");
        assert_eq!(times.take(5), None);
        assert_eq!(times.take(6), Some(span(6)));
        assert_eq!(times.take(6), None);
        for id in 0..2 * MOST as u64 {
            times.keep(id, span(id));
        }
        assert_eq!(times.kept.len(), MOST);
    }
}
