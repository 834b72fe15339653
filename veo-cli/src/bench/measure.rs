//! Times of two things in turns, so that other work of the machine affects both alike, and the medians
//! of these times.

use std::time::{Duration, Instant};

/// A measurement beside what the machine itself takes for the like. Times are in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct MeasuredPair {
    pub(super) ours: f64,
    pub(super) reference: f64,
}

/// The fewest turns of which a median is taken.
const FEWEST: usize = 3;

/// Takes turns until `time` is over, but at least a few. Each side gives nanoseconds.
pub(super) fn alternate<E>(
    time: Duration,
    mut ours: impl FnMut() -> Result<f64, E>,
    mut reference: impl FnMut() -> Result<f64, E>,
) -> Result<MeasuredPair, E> {
    let (mut mine, mut theirs) = (Vec::new(), Vec::new());
    let start = Instant::now();
    while mine.len() < FEWEST || start.elapsed() < time {
        mine.push(ours()?);
        theirs.push(reference()?);
    }
    Ok(MeasuredPair {
        ours: median(&mut mine),
        reference: median(&mut theirs),
    })
}

/// So many operations come before those whose time is taken.
const WARM_UP: u32 = 10;

/// Nanoseconds for one of `count` operations.
pub(super) fn each<E>(count: u32, operation: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let mut operation = operation;
    // The VE may have gone to sleep, and may wake up on the CPU of this thread.
    for _ in 0..count.min(WARM_UP) {
        operation()?;
    }
    let start = Instant::now();
    for _ in 0..count {
        operation()?;
    }
    Ok(start.elapsed().as_secs_f64() * 1e9 / f64::from(count))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_take_turns_and_outliers_do_not_count() {
        let mut order = Vec::new();
        let mut times = [10.0, 9000.0, 12.0].into_iter();
        let order_of = std::cell::RefCell::new(&mut order);
        let pair = alternate::<()>(
            Duration::ZERO,
            || {
                order_of.borrow_mut().push('o');
                Ok(times.next().expect("three turns"))
            },
            || {
                order_of.borrow_mut().push('r');
                Ok(2.0)
            },
        );
        let pair = pair.unwrap();
        assert_eq!((pair.ours, pair.reference), (12.0, 2.0));
        assert_eq!(order.iter().collect::<String>(), "ororor");
    }

    #[test]
    fn a_failure_ends_it() {
        let mut left = 2;
        let result = alternate(
            Duration::from_secs(1000),
            || {
                left -= 1;
                if left > 0 { Ok(1.0) } else { Err("gone") }
            },
            || Ok(1.0),
        );
        assert_eq!(result.unwrap_err(), "gone");
    }
}
