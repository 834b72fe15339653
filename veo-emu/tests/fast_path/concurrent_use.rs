//! Many threads do everything with the same contexts at once, and each has its own results.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use veo_abi::ffi::*;

use crate::common::*;
use fastrand::Rng;

use crate::{KERNELS, UNKNOWN, collect, ends, give, sync};

unsafe extern "C" fn successor(word: *mut c_void) -> u64 {
    word as u64 + 1
}

/// The requests in flight of a thread of the test.
struct Flight {
    id: u64,
    expected: u64,
    /// Bytes that go in and come out, and what is to come out. Their places stay.
    buffers: Box<(u64, u64, Vec<u8>)>,
    out: u64,
}

struct User<'a> {
    ctx: Ctx,
    functions: [u64; 3],
    /// VE memory of this thread alone.
    block: u64,
    large: usize,
    random: Rng,
    flights: VecDeque<Flight>,
    collected: &'a AtomicU64,
}

impl User<'_> {
    fn submit(&mut self) {
        let word = self.random.u64(..);
        let [give_, nap, twice] = self.functions;
        let mut buffers = Box::new((word, 0, Vec::new()));
        let (mut expected, mut out) = (word, 0);
        let ctx = self.ctx;
        let id = match self.random.usize(..64) {
            0..=39 => give(ctx, give_, word),
            40..=45 => ctx.call(give_, &Args::new().u64(0, word)),
            46..=48 => give(ctx, nap, word),
            49..=54 => {
                let (input, output, _) = &mut *buffers;
                out = word.wrapping_mul(2);
                let args = Args::new()
                    .stack(0, VEO_INTENT_IN, std::slice::from_mut(input))
                    .stack(1, VEO_INTENT_OUT, std::slice::from_mut(output));
                ctx.call(twice, &args)
            }
            55..=57 => {
                expected = (word >> 1) + 1;
                call!(veo_call_async_vh(
                    ctx.0,
                    Some(successor),
                    (word >> 1) as *mut c_void
                ))
            }
            58..=59 => {
                expected = 0;
                buffers.2 = vec![word as u8; 100];
                ctx.write(self.block, &buffers.2)
            }
            60 if self.random.usize(..8) == 0 => {
                expected = 0;
                buffers.2 = vec![word as u8; self.large];
                ctx.write(self.block, &buffers.2)
            }
            _ => {
                expected = 0;
                buffers.2 = vec![0; 100];
                ctx.read(&mut buffers.2, self.block)
            }
        };
        assert_ne!(id, VEO_REQUEST_ID_INVALID, "{}", last_error());
        self.flights.push_back(Flight {
            id,
            expected,
            buffers,
            out,
        });
    }

    fn has(&mut self, flight: Flight, found: (u32, u64)) {
        assert_eq!(
            found,
            (VEO_COMMAND_OK, flight.expected),
            "request {}",
            flight.id
        );
        assert_eq!(flight.buffers.1, flight.out, "request {}", flight.id);
        self.collected.fetch_add(1, Ordering::Relaxed);
        if self.random.usize(..16) == 0 {
            assert_eq!(self.ctx.wait(flight.id), UNKNOWN);
        }
    }

    fn settle_one(&mut self) {
        let at = self.random.usize(..self.flights.len());
        match self.random.usize(..16) {
            0..=6 => {
                let flight = self.flights.pop_front().unwrap();
                let found = self.ctx.wait(flight.id);
                self.has(flight, found);
            }
            7..=8 => {
                let flight = self.flights.remove(at).unwrap();
                let found = self.ctx.wait(flight.id);
                self.has(flight, found);
            }
            9..=10 => {
                let found = self.ctx.peek(self.flights[at].id);
                if found.0 != VEO_COMMAND_UNFINISHED {
                    let flight = self.flights.remove(at).unwrap();
                    self.has(flight, found);
                }
            }
            11..=13 => {
                let few = 1 + self.random.usize(..40);
                let ids: Vec<u64> = self
                    .flights
                    .iter()
                    .map(|flight| flight.id)
                    .take(few)
                    .collect();
                let results = collect(self.ctx, &ids);
                assert!(!results.is_empty());
                for found in results {
                    let flight = self.flights.pop_front().unwrap();
                    self.has(flight, found);
                }
            }
            14 => {
                let flight = self.flights.remove(at).unwrap();
                assert_eq!(call!(veo_emu_discard_result(self.ctx.0, flight.id)), 0);
                // Its memory may be in use until what follows has ended.
                assert_eq!(self.ctx.wait(flight.id), UNKNOWN);
                if !flight.buffers.2.is_empty() || flight.out != 0 {
                    sync(self.ctx);
                }
                self.collected.fetch_add(1, Ordering::Relaxed);
            }
            _ => {
                let time = Duration::from_nanos(self.random.u64(..) % 200_000);
                let mut word = 0xdead_beef;
                let id = self.flights[at].id;
                let time = time.as_nanos() as u64;
                let state = call!(veo_emu_wait_result_timeout(self.ctx.0, id, &mut word, time));
                if state as u32 != VEO_COMMAND_UNFINISHED {
                    let flight = self.flights.remove(at).unwrap();
                    self.has(flight, (state as u32, word));
                }
            }
        }
    }

    fn live(mut self, until: Instant, least: u64) -> u64 {
        let mut submitted = 0;
        while submitted < least || Instant::now() < until {
            // Mostly few at once, sometimes more than the ring has places.
            let burst = match self.random.usize(..40) {
                0 => 1 + self.random.usize(..700),
                1..=8 => 1 + self.random.usize(..30),
                _ => 1 + self.random.usize(..3),
            };
            let block = burst > 1 && self.random.usize(..8) == 0;
            if block {
                call!(veo_req_block_begin(self.ctx.0));
            }
            for _ in 0..burst {
                self.submit();
            }
            if block {
                call!(veo_req_block_end(self.ctx.0));
            }
            submitted += burst as u64;
            let keep = if self.random.usize(..4) == 0 {
                self.random.usize(..20)
            } else {
                0
            };
            while self.flights.len() > keep {
                self.settle_one();
            }
        }
        while !self.flights.is_empty() {
            self.settle_one();
        }
        submitted
    }
}

/// Many threads in two contexts do everything at once for a while. `VEO_TEST_LONG` is a
/// number of seconds.
#[test]
fn everybody_gets_his_own_results() {
    let seconds = std::env::var("VEO_TEST_LONG")
        .map_or(0, |text| text.parse().expect("VEO_TEST_LONG is a number"));
    for (round, users) in [(1u64, 1), (2, 2), (3, 5)] {
        let proc = Proc::new(0);
        let library = proc.load(&compile(KERNELS));
        let functions = ["give", "nap", "twice"].map(|name| proc.sym(library, name));
        let contexts = [proc.open(), proc.open()];
        let large = 9 << 20;
        let blocks: Vec<u64> = (0..users).map(|_| proc.alloc(large)).collect();
        let until = Instant::now() + Duration::from_secs(seconds / 3);
        let run = move || {
            let collected = AtomicU64::new(0);
            let submitted: u64 = thread::scope(|scope| {
                let threads: Vec<_> = blocks
                    .into_iter()
                    .enumerate()
                    .map(|(number, block)| {
                        let user = User {
                            ctx: contexts[number % 3 / 2],
                            functions,
                            block,
                            large,
                            random: Rng::with_seed(round * 1000 + number as u64),
                            flights: VecDeque::new(),
                            collected: &collected,
                        };
                        scope.spawn(move || user.live(until, 3000))
                    })
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .sum()
            });
            assert_eq!(collected.into_inner(), submitted);
            drop(proc);
        };
        if seconds == 0 { ends(run) } else { run() }
    }
}
