//! Moments of requests: when one was submitted, when its result was seen.
//!
//! A queued call takes some 200 ns, and asking the system for the time takes 30 ns of them. Where
//! the system itself keeps time by the processor's time stamp counter, that is read instead, in
//! 12 ns, and made a time when somebody asks for one. (Least of 40 rounds of 200,000 readings in a
//! virtual machine with an AMD EPYC.)
//!
//! Each queued request reads it once, before the VE can see the request: `VeoRequest::elapsed` and
//! `wait_timed` count from there. Nobody knows then whether they will be asked, and a later reading
//! is too late, because the kernel may have run meanwhile. A call on a process, which nobody can ask
//! for its time, reads none; results that are collected together share one reading.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

pub(crate) use veo_abi::ticks::system_time;
use veo_abi::ticks::{TickClock, ticks, ticks_keep_time};

/// A moment, in units that only [`Stamp::until`] knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

/// When something ran, in nanoseconds of `CLOCK_MONOTONIC`, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunTimes {
    pub(crate) started: Option<u64>,
    pub(crate) ended: Option<u64>,
}

/// The clock that stamps are measured with.
struct Clock {
    /// Whether stamps are those of the processor's counter; nanoseconds since
    /// `start` otherwise.
    counts: bool,
    /// The counter at `start`.
    first: u64,
    start: Instant,
    /// `start` in the system's time, see [`StampClock`].
    start_time: u64,
}

static CLOCK: OnceLock<Clock> = OnceLock::new();

fn clock() -> &'static Clock {
    CLOCK.get_or_init(|| Clock {
        counts: ticks_keep_time(),
        first: ticks(),
        start: Instant::now(),
        start_time: system_time(),
    })
}

impl Stamp {
    /// This moment.
    #[inline]
    pub(crate) fn now() -> Stamp {
        let clock = clock();
        Stamp(if clock.counts {
            ticks()
        } else {
            // Enough for 584 years.
            clock.start.elapsed().as_nanos() as u64
        })
    }

    /// The time from this moment to a later one.
    pub(crate) fn until(self, later: Stamp) -> Duration {
        let ticks = later.0.saturating_sub(self.0);
        if !clock().counts {
            return Duration::from_nanos(ticks);
        }
        Duration::from_secs_f64(ticks as f64 * seconds_per_tick())
    }

    /// The time from this moment to now.
    pub(crate) fn elapsed(self) -> Duration {
        self.until(Stamp::now())
    }
}

/// Tells the times of stamps. It reads a clock once in a millisecond, however often it is asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StampClock(TickClock);

impl StampClock {
    /// The time of an earlier stamp, in nanoseconds of `CLOCK_MONOTONIC`.
    #[inline]
    pub(crate) fn time_of(&mut self, earlier: Stamp) -> u64 {
        match self.0.time_near(earlier.0) {
            Some(time) => time,
            None => self.time_of_distant(earlier),
        }
    }

    #[cold]
    fn time_of_distant(&mut self, earlier: Stamp) -> u64 {
        let clock = clock();
        if !clock.counts {
            return clock.start_time.saturating_add(earlier.0);
        }
        let now = self.0.read();
        if let Some(time) = self.0.time_near(earlier.0) {
            return time;
        }
        // It lies between the start of the program and this moment, at both of which the clocks
        // were compared, so it does not drift away.
        let since_start = now.ticks.saturating_sub(clock.first);
        let passed = now.time.saturating_sub(clock.start_time);
        let unit = passed as f64 / since_start.max(1) as f64;
        let back = now.ticks.saturating_sub(earlier.0).min(since_start);
        now.time.saturating_sub((back as f64 * unit) as u64)
    }
}

/// How long a tick of the counter is.
fn seconds_per_tick() -> f64 {
    /// After that long the two readings of the clock are as good as exact.
    const LONG_ENOUGH: Duration = Duration::from_millis(10);
    static RATE: OnceLock<f64> = OnceLock::new();
    if let Some(rate) = RATE.get() {
        return *rate;
    }
    let clock = clock();
    let ticks = ticks().saturating_sub(clock.first).max(1);
    let passed = clock.start.elapsed();
    let rate = passed.as_secs_f64() / ticks as f64;
    if passed < LONG_ENOUGH {
        return rate;
    }
    *RATE.get_or_init(|| rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_systems_clock() {
        for wait in [0, 1, 30] {
            let outer = Instant::now();
            let begin = Stamp::now();
            let inner = Instant::now();
            std::thread::sleep(Duration::from_millis(wait));
            let shortest = inner.elapsed();
            let took = begin.until(Stamp::now());
            let longest = outer.elapsed();
            let slack = Duration::from_micros(10) + longest / 100;
            assert!(
                took + slack >= shortest && took <= longest + slack,
                "{took:?} is not between {shortest:?} and {longest:?}"
            );
        }
    }

    #[test]
    fn a_stamp_has_the_time_at_which_it_was_taken() {
        let mut clock = StampClock::default();
        for wait in [0, 1, 30, 0, 0, 1, 2, 30] {
            let before = system_time();
            let stamp = Stamp::now();
            let after = system_time();
            std::thread::sleep(Duration::from_millis(wait));
            // One that is asked for the first time, and one that knows more and more.
            for time in [StampClock::default().time_of(stamp), clock.time_of(stamp)] {
                // The clocks are compared with an error of a few hundred nanoseconds.
                let slack = 20_000;
                assert!(
                    time + slack >= before && time <= after + slack,
                    "{time} is not between {before} and {after}"
                );
            }
        }
    }

    #[test]
    fn a_moment_that_is_not_later_is_no_time_away() {
        let earlier = Stamp::now();
        assert_eq!(Stamp(earlier.0 + 5).until(earlier), Duration::ZERO);
        assert_eq!(earlier.until(earlier), Duration::ZERO);
    }
}
