//! Computes with spans of time: the time that they cover, the gaps, the common time.

use super::trace::TraceSpan;

/// Spans of time in order, none touching the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Covered(Vec<(u64, u64)>);

impl Covered {
    /// The time that spans cover. They may come in any order and overlap.
    pub(super) fn of<'a>(spans: impl IntoIterator<Item = &'a TraceSpan>) -> Self {
        let mut times: Vec<(u64, u64)> = spans
            .into_iter()
            .map(|span| (span.begin, span.end))
            .collect();
        times.sort_unstable();
        let mut covered: Vec<(u64, u64)> = Vec::new();
        for (begin, end) in times {
            match covered.last_mut() {
                Some(last) if begin <= last.1 => last.1 = last.1.max(end),
                _ => covered.push((begin, end)),
            }
        }
        Self(covered)
    }

    /// The sum of the spans.
    pub(super) fn length(&self) -> u64 {
        self.0.iter().map(|(begin, end)| end - begin).sum()
    }

    /// The time in which both have a span.
    pub(super) fn overlap(&self, other: &Self) -> u64 {
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut both = 0;
        while let (Some(a), Some(b)) = (mine.peek(), theirs.peek()) {
            both += a.1.min(b.1).saturating_sub(a.0.max(b.0));
            if a.1 <= b.1 {
                mine.next();
            } else {
                theirs.next();
            }
        }
        both
    }

    /// The longest gap: its beginning and its end.
    pub(super) fn longest_gap(&self) -> Option<(u64, u64)> {
        let gaps = self.0.windows(2).map(|two| (two[0].1, two[1].0));
        gaps.max_by_key(|(begin, end)| end - begin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(times: &[(u64, u64)]) -> Covered {
        let spans: Vec<TraceSpan> = times
            .iter()
            .map(|(begin, end)| TraceSpan {
                name: "".into(),
                begin: *begin,
                end: *end,
                bytes: None,
                is_estimated: false,
                outcome: None,
            })
            .collect();
        Covered::of(&spans)
    }

    /// The same, by looking at each moment.
    fn count(times: &[(u64, u64)], other: Option<&[(u64, u64)]>) -> u64 {
        let holds =
            |times: &[(u64, u64)], at| times.iter().any(|(begin, end)| *begin <= at && at < *end);
        let moments = (0..64).filter(|at| holds(times, *at));
        let both = moments.filter(|at| other.is_none_or(|other| holds(other, *at)));
        both.count() as u64
    }

    #[test]
    fn lengths_are_those_that_one_counts() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..2000 {
            let mut times = || -> Vec<(u64, u64)> {
                (0..random.usize(..8))
                    .map(|_| {
                        let begin = random.u64(..60);
                        (begin, begin + random.u64(..5))
                    })
                    .collect()
            };
            let (a, b) = (times(), times());
            let (first, second) = (covered(&a), covered(&b));
            assert_eq!(first.length(), count(&a, None), "{a:?}");
            assert_eq!(first.overlap(&second), count(&a, Some(&b)), "{a:?} {b:?}");
            assert_eq!(first.overlap(&second), second.overlap(&first));
        }
    }

    #[test]
    fn the_longest_gap_lies_between() {
        assert_eq!(covered(&[]).longest_gap(), None);
        assert_eq!(covered(&[(5, 9)]).longest_gap(), None);
        assert_eq!(
            covered(&[(50, 51), (0, 3), (2, 9), (11, 12)]).longest_gap(),
            Some((12, 50))
        );
    }
}
