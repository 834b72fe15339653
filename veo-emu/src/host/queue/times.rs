//! When the requests of a context ran, kept until somebody asks, while that is wanted. The VE side
//! notes it in the ring, which soon has other requests; the host notes it of its own work.

use std::collections::VecDeque;

use crate::shared::ring::Span;

/// The most spans that are kept for a program that never asks.
const MOST: usize = 1 << 16;

/// The room that stays.
const ROOM: usize = 1 << 10;

#[derive(Default)]
pub(super) struct Times {
    wanted: bool,
    /// Spans by request, in order.
    kept: VecDeque<(u64, Span)>,
}

impl Times {
    pub(super) fn are_wanted(&self) -> bool {
        self.wanted
    }

    /// Sets whether spans are wanted from now on. The kept ones are forgotten.
    pub(super) fn begin(&mut self, wanted: bool) {
        *self = Times {
            wanted,
            kept: VecDeque::new(),
        };
    }

    /// Keeps when a request ran, if spans are wanted.
    #[inline]
    pub(super) fn keep(&mut self, id: u64, span: impl FnOnce() -> Span) {
        if self.wanted {
            self.push(id, span());
        }
    }

    fn push(&mut self, id: u64, span: Span) {
        if self.kept.len() >= MOST {
            self.kept.pop_front();
        }
        self.kept.push_back((id, span));
    }

    /// The span of a request, which is forgotten, with those before it.
    pub(super) fn take(&mut self, id: u64) -> Option<Span> {
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
            times.push(id, span(id));
        }
        assert_eq!(times.take(2), None);
        assert_eq!(times.take(4), Some(span(4)));
        assert_eq!(times.take(3), None, "those before are forgotten");
        assert_eq!(times.take(5), None);
        assert_eq!(times.take(6), Some(span(6)));
        assert_eq!(times.take(6), None);
        for id in 0..2 * MOST as u64 {
            times.push(id, span(id));
        }
        assert_eq!(times.kept.len(), MOST);
    }
}
