//! The time, read often: both sides of a call note when it ran, while somebody wants to know.
//!
//! Asking the system takes 30 ns. Where the system itself keeps time by the processor's time stamp
//! counter, a [`TickClock`] reads that, in 12 ns, and asks the system once in a millisecond. (Least
//! of 40 rounds of 200,000 readings in a virtual machine with an AMD EPYC.) Its times were less than
//! a microsecond away from the system's there, so an order of two clocks is not exact. Elsewhere it
//! asks the system each time.

use std::sync::OnceLock;
#[cfg(not(unix))]
use std::time::Instant;

/// Nanoseconds of `CLOCK_MONOTONIC`, which all processes of a machine share.
#[cfg(unix)]
#[must_use]
pub fn system_time() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the place is valid for writing; the clock exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Nanoseconds since the first call: no other process has this clock.
#[cfg(not(unix))]
#[must_use]
pub fn system_time() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// The processor's counter; 0 where there is none that is read here.
#[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]
#[inline]
#[must_use]
pub fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has the instruction.
    unsafe { std::arch::x86_64::_rdtsc() }
}

/// The processor's counter; 0 where there is none that is read here.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux", not(miri))))]
#[inline]
#[must_use]
pub fn ticks() -> u64 {
    0
}

/// Whether the counter runs evenly and alike on all processors: the system found so.
#[must_use]
pub fn ticks_keep_time() -> bool {
    static KEEP: OnceLock<bool> = OnceLock::new();
    *KEEP.get_or_init(|| {
        const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        cfg!(all(target_arch = "x86_64", target_os = "linux", not(miri)))
            && std::fs::read(SOURCE).is_ok_and(|source| source.trim_ascii() == b"tsc")
    })
}

/// A moment by both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The counter.
    pub ticks: u64,
    /// Nanoseconds of `CLOCK_MONOTONIC`.
    pub time: u64,
}

/// A clock for one thread that reads it often.
#[derive(Clone, Copy, Debug, Default)]
pub struct TickClock {
    /// The last time that the system was asked.
    anchor: Reading,
    /// Where the rate is measured from next.
    base: Reading,
    /// Nanoseconds in 2^32 ticks; 0: not known.
    rate: u64,
    last: u64,
}

impl TickClock {
    /// The system is asked again after this many ticks, about a millisecond.
    const REACH: u64 = 1 << 21;
    /// The rate is measured over a time from here, so that it is exact enough,
    const SHORTEST: u64 = 10_000_000;
    /// to here, since a machine that slept meanwhile gives a wrong one.
    const LONGEST: u64 = 1_000_000_000;
    /// Two readings of the counter so far apart have something between them.
    const FAR: u64 = 4000;

    /// A clock that has not been read.
    #[must_use]
    pub const fn new() -> TickClock {
        const NEVER: Reading = Reading { ticks: 0, time: 0 };
        TickClock {
            anchor: NEVER,
            base: NEVER,
            rate: 0,
            last: 0,
        }
    }

    /// This moment: at least as late as the last one of this clock.
    #[inline]
    pub fn read(&mut self) -> Reading {
        let ticks = ticks();
        let passed = ticks.wrapping_sub(self.anchor.ticks);
        if self.rate == 0 || passed >= Self::REACH {
            return self.look();
        }
        // Computing with floats would take longer than reading the counter.
        let passed = (u128::from(passed) * u128::from(self.rate)) >> 32;
        let time = self.anchor.time.wrapping_add(passed as u64);
        self.last = time.max(self.last);
        Reading {
            ticks,
            time: self.last,
        }
    }

    /// The time of a moment that the counter has told, if the system was asked about a
    /// millisecond before it or after it at most. This reads no clock.
    #[inline]
    #[must_use]
    pub fn time_near(&self, ticks: u64) -> Option<u64> {
        let passed = ticks.wrapping_sub(self.anchor.ticks) as i64;
        if self.rate == 0 || passed.unsigned_abs() >= Self::REACH {
            return None;
        }
        // The rate fits: it is below 2^62 by `LONGEST`.
        let passed = (i128::from(passed) * i128::from(self.rate as i64)) >> 32;
        Some(self.anchor.time.wrapping_add(passed as u64))
    }

    /// Asks the system.
    #[cold]
    fn look(&mut self) -> Reading {
        let mut now = Reading::default();
        // The thread may be put aside between two readings.
        for _ in 0..3 {
            let before = ticks();
            let time = system_time();
            let between = ticks().wrapping_sub(before);
            let ticks = before.wrapping_add(between / 2);
            now = Reading { ticks, time };
            if between < Self::FAR {
                self.compare(now);
                break;
            }
        }
        self.last = now.time.max(self.last);
        Reading {
            time: self.last,
            ..now
        }
    }

    /// Goes on from a moment that both clocks tell.
    fn compare(&mut self, now: Reading) {
        if !ticks_keep_time() {
            return;
        }
        self.anchor = now;
        let passed = now.time.saturating_sub(self.base.time);
        if passed < Self::SHORTEST {
            return;
        }
        if passed <= Self::LONGEST && now.ticks > self.base.ticks {
            // It fits, since the time is at most `LONGEST`.
            let rate = (passed << 32) / (now.ticks - self.base.ticks);
            // The counter's rate is fixed: where it seems to differ, the machine slept for less than that.
            let is_same = self.rate == 0 || rate.abs_diff(self.rate) < self.rate / 100;
            self.rate = if is_same { rate } else { 0 };
        }
        self.base = now;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// The clock's time lies between two of the system's, up to what the two clocks are compared
    /// with.
    fn check(clock: &mut TickClock) {
        const SLACK: u64 = 5_000;
        let before = system_time();
        let time = clock.read().time;
        let after = system_time();
        assert!(
            before <= time + SLACK && time <= after + SLACK,
            "{time} is not between {before} and {after}"
        );
    }

    #[test]
    fn it_tells_the_systems_time_however_seldom_it_is_read() {
        let mut clock = TickClock::new();
        for wait in [0, 1, 30, 1, 0, 100, 0] {
            std::thread::sleep(Duration::from_millis(wait));
            for _ in 0..1000 {
                check(&mut clock);
            }
        }
    }

    #[test]
    fn moments_near_the_last_question_have_their_times_without_another() {
        let mut clock = TickClock::new();
        let start = Instant::now();
        let mut told = 0;
        while start.elapsed() < Duration::from_millis(50) {
            let reading = clock.read();
            if let Some(time) = clock.time_near(reading.ticks) {
                assert!(time.abs_diff(reading.time) < 1000, "{time}, {reading:?}");
                told += 1;
            }
            // A moment before the system was asked.
            if let Some(time) = clock.time_near(clock.anchor.ticks.wrapping_sub(1000)) {
                assert!(time <= clock.anchor.time && clock.anchor.time - time < 10_000);
            }
        }
        assert_eq!(told > 0, ticks_keep_time());
        let far = clock.anchor.ticks.wrapping_sub(TickClock::REACH);
        assert_eq!(clock.time_near(far), None);
        assert_eq!(TickClock::new().time_near(0), None);
    }

    #[test]
    fn the_clock_never_goes_back() {
        let mut clock = TickClock::new();
        let (start, mut last) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_millis(50) {
            let now = clock.read().time;
            assert!(now >= last);
            last = now;
        }
    }

    #[test]
    fn a_time_in_which_the_machine_slept_gives_no_rate() {
        let mut clock = TickClock::new();
        let at = |ticks, time| Reading { ticks, time };
        clock.compare(at(1_000, 5_000_000_000));
        clock.compare(at(30_001_000, 5_010_000_000));
        let known = clock.rate;
        assert!(known > 0 || !ticks_keep_time());
        // The counter went on for an hour, the time for two seconds.
        clock.compare(at(10_800_030_001_000, 7_010_000_000));
        assert_eq!(clock.rate, known);
        // The counter went on for an hour, the time for half a second: the rate is measured anew.
        let mut short = clock;
        short.compare(at(21_600_030_001_000, 7_510_000_000));
        assert_eq!(short.rate, 0);
        // The counter began anew.
        clock.compare(at(7_000, 7_020_000_000));
        assert_eq!(clock.rate, known);
    }
}
