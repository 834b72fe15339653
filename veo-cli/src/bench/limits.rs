//! The limits of the machine itself: two threads that answer each other, copies of memory, the start of a program.

use std::hint::{black_box, spin_loop};
use std::io;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

/// How often a thread looks at a word before it lets others run.
const LOOKS: u32 = 2000;

/// A word alone in its cache lines.
#[repr(align(128))]
struct Ball(AtomicU32);

impl Ball {
    fn wait_for(&self, wanted: u32) {
        let mut looks = 0;
        while self.0.load(Ordering::Acquire) != wanted {
            looks += 1;
            if looks % LOOKS == 0 {
                thread::yield_now();
            } else {
                spin_loop();
            }
        }
    }
}

/// Nanoseconds in which a word goes from one thread to another and back.
pub(super) fn ping_pong(count: u32) -> f64 {
    let ball = Ball(AtomicU32::new(0));
    let mut took = 0.0;
    thread::scope(|scope| {
        scope.spawn(|| {
            // One more round trip, before the clock starts.
            for trip in 0..=count {
                ball.wait_for(2 * trip + 1);
                ball.0.store(2 * trip + 2, Ordering::Release);
            }
        });
        let trip = |trip: u32| {
            ball.0.store(2 * trip + 1, Ordering::Release);
            ball.wait_for(2 * trip + 2);
        };
        trip(0);
        let start = Instant::now();
        (1..=count).for_each(trip);
        took = start.elapsed().as_secs_f64() * 1e9 / f64::from(count);
    });
    took
}

/// Copies memory once.
pub(super) fn copy(from: &[u8], to: &mut [u8]) {
    black_box(&mut *to).copy_from_slice(black_box(from));
}

/// Nanoseconds in which a program that does nothing starts and ends.
pub(super) fn start_of_program() -> io::Result<f64> {
    let start = Instant::now();
    let mut command = Command::new("true");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    Ok(start.elapsed().as_secs_f64() * 1e9)
}

/// The steps of `veo_bench_work`, on this machine.
pub(super) fn work(steps: u64) -> u64 {
    let mut x = 88_172_645_463_325_252_u64;
    for _ in 0..black_box(steps) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_answer_each_other() {
        assert!(ping_pong(10) > 0.0);
    }

    #[test]
    fn copies_are_whole() {
        let from: Vec<u8> = (0..=255).collect();
        let mut to = vec![0; 256];
        copy(&from, &mut to);
        assert_eq!(to, from);
    }
}
