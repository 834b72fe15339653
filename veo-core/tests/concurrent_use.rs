//! Many threads do everything with one context at once: each has its own results, all
//! waits end, also when the process is killed under them.
#![forbid(unsafe_code)]

mod common;

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use common::process;
use fastrand::Rng;
use veo_core::{OnStack, Result, VeBuffer, VeoContext, VeoProc, VeoRequest, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn give_i64(x: i64) -> i64;
    safe fn give_f64(x: f64) -> f64;
    safe fn busy(milliseconds: i64) -> i64;
    safe fn scale(x: *mut f64, n: u64, factor: f64);
    safe fn touch(mailbox: *mut i64, rounds: i64, me: i64) -> i64;
}

/// Unparks the thread that waits for a future.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

struct User {
    proc: VeoProc,
    ctx: VeoContext,
    block: VeBuffer<i64>,
    random: Rng,
    waker: Waker,
    flights: VecDeque<(VeoRequest<'static, i64>, i64)>,
    /// The process may be dead.
    killed: Arc<AtomicBool>,
}

impl User {
    /// Errors are for processes that were killed.
    fn fine<R>(&self, result: Result<R>) -> Option<R> {
        match result {
            Ok(result) => Some(result),
            Err(error) => {
                assert!(self.killed.load(Ordering::SeqCst), "{error}");
                None
            }
        }
    }

    fn submit(&mut self) {
        let word = self.random.u64(..) as i64;
        let ctx = self.ctx.clone();
        let (request, expected) = match self.random.usize(..40) {
            0..=31 => (give_i64(&ctx, word), word),
            32..=34 => (ctx.call_vh(move || word ^ 1), word ^ 1),
            35 => {
                if let Some(found) =
                    give_i64(&self.proc, word).map_or_else(|e| self.fine(Err(e)), Some)
                {
                    assert_eq!(found, word);
                }
                return;
            }
            36 => {
                let mut place = [1.0, word as f64];
                let request = scale(&ctx, OnStack::inout(&mut place), 2, 2.0);
                let between = give_f64(&ctx, word as f64);
                let wanted = self.random.usize(..4) > 0;
                let waited = self.fine(request).filter(|_| wanted).map(VeoRequest::wait);
                if waited.is_some_and(|waited| self.fine(waited).is_some()) {
                    assert_eq!(place, [2.0, 2.0 * word as f64]);
                }
                if let Some(found) = self.fine(between.and_then(VeoRequest::wait)) {
                    assert_eq!(found, word as f64);
                }
                return;
            }
            37 => {
                let written = ctx.write(&mut self.block, vec![word; 200_000]);
                let read = ctx.read(&self.block);
                if let Some(written) = self.fine(written)
                    && self.random.usize(..2) > 0
                {
                    self.fine(written.wait());
                }
                if let Some(read) = self.fine(read)
                    && let Some(read) = self.fine(read.wait())
                {
                    assert!(read.iter().all(|found| *found == word));
                }
                return;
            }
            38 => {
                if let Some(request) = self.fine(busy(&ctx, 1)) {
                    drop(request);
                }
                return;
            }
            _ => (give_i64(&ctx, word), word),
        };
        if let Some(request) = self.fine(request) {
            self.flights.push_back((request, expected));
        }
    }

    fn has(&self, result: Result<i64>, expected: i64) {
        if let Some(found) = self.fine(result) {
            assert_eq!(found, expected);
        }
    }

    fn settle_one(&mut self) {
        let oldest = self.random.usize(..3) > 0;
        let at = if oldest {
            0
        } else {
            self.random.usize(..self.flights.len())
        };
        let Some((mut request, expected)) = self.flights.remove(at) else {
            return;
        };
        match self.random.usize(..16) {
            0..=7 => self.has(request.wait(), expected),
            8..=9 => match request.peek() {
                Ok(None) => self.flights.push_front((request, expected)),
                Ok(Some(found)) => assert_eq!(found, expected),
                Err(error) => self.has(Err(error), expected),
            },
            10 => {
                let limit = Duration::from_nanos(self.random.u64(..) % 200_000);
                match request.wait_timeout(limit) {
                    Ok(Ok(found)) => assert_eq!(found, expected),
                    Ok(Err(request)) => self.flights.push_front((request, expected)),
                    Err(error) => self.has(Err(error), expected),
                }
            }
            11 => drop(request),
            number => {
                let mut future = pin!(request.into_future());
                let mut cx = Context::from_waker(&self.waker);
                loop {
                    match future.as_mut().poll(&mut cx) {
                        Poll::Ready(result) => break self.has(result, expected),
                        // Some are given up with their waker in place.
                        Poll::Pending if number == 12 => break,
                        Poll::Pending => thread::park_timeout(Duration::from_secs(60)),
                    }
                }
            }
        }
    }

    fn live(mut self, until: Instant, least: usize) {
        self.waker = Arc::new(Unpark(thread::current())).into();
        let mut submitted = 0;
        while submitted < least || Instant::now() < until {
            let burst = match self.random.usize(..40) {
                0 => 1 + self.random.usize(..700),
                1..=8 => 1 + self.random.usize(..30),
                _ => 1 + self.random.usize(..3),
            };
            if burst > 1 && self.random.usize(..8) == 0 {
                let ctx = self.ctx.clone();
                let block = ctx.req_block(|_| (0..burst.min(50)).for_each(|_| self.submit()));
                self.fine(block);
            } else {
                (0..burst).for_each(|_| self.submit());
            }
            submitted += burst;
            let keep = if self.random.usize(..4) == 0 {
                self.random.usize(..20)
            } else {
                0
            };
            while self.flights.len() > keep {
                self.settle_one();
            }
            if self.random.usize(..50) == 0 {
                self.fine(self.ctx.sync());
            }
        }
        while !self.flights.is_empty() {
            self.settle_one();
        }
    }
}

/// Runs the users of one process until they have done enough, and longer where
/// `VEO_TEST_LONG` is a number of seconds.
fn live_together(seed: u64, users: usize, kill_after: Option<Duration>) -> Result<()> {
    let seconds = std::env::var("VEO_TEST_LONG")
        .map_or(0, |text| text.parse().expect("VEO_TEST_LONG is a number"));
    let until = Instant::now() + Duration::from_secs(seconds);
    let proc = process();
    let contexts = [proc.open_context()?, proc.open_context()?];
    let killed = Arc::new(AtomicBool::new(false));
    let (tell, told) = mpsc::channel();
    for number in 0..users {
        let user = User {
            proc: proc.clone(),
            ctx: contexts[number % 3 / 2].clone(),
            block: proc.zeros(200_000)?,
            random: Rng::with_seed(seed * 1000 + number as u64),
            waker: Waker::noop().clone(),
            flights: VecDeque::new(),
            killed: killed.clone(),
        };
        let tell = tell.clone();
        thread::spawn(move || {
            user.live(until, 2000);
            let _ = tell.send(());
        });
    }
    drop(tell);
    if let Some(time) = kill_after {
        thread::sleep(time);
        killed.store(true, Ordering::SeqCst);
        proc.kill()?;
    }
    for _ in 0..users {
        let patience = Duration::from_secs(100 + seconds);
        told.recv_timeout(patience)
            .expect("every wait ends, and every result is right");
    }
    if kill_after.is_none() {
        proc.close()?;
    }
    Ok(())
}

#[test]
fn everybody_gets_his_own_results() -> Result<()> {
    live_together(1, 1, None)?;
    live_together(2, 5, None)
}

#[test]
fn everybody_learns_that_the_process_was_killed() -> Result<()> {
    for round in 0..5 {
        live_together(10 + round, 4, Some(Duration::from_millis(2 << (2 * round))))?;
    }
    Ok(())
}

/// Kernels that run see what is allocated meanwhile, also where several come to it first.
#[test]
fn kernels_use_what_is_allocated_while_they_run() -> Result<()> {
    const KERNELS: i64 = 4;
    const ROUNDS: i64 = 100;
    let proc = process();
    let mut mailbox = proc.zeros::<i64>(8 * (KERNELS as usize + 1))?;
    let mut contexts = Vec::new();
    for _ in 0..KERNELS {
        contexts.push(proc.open_context()?);
    }
    let mut requests = Vec::new();
    for (me, ctx) in (0..).zip(&contexts) {
        requests.push(touch(ctx, mailbox.as_ptr(), ROUNDS, me)?);
    }
    let mut blocks = Vec::new();
    for round in 1..=ROUNDS {
        let block = proc.alloc::<u8>(1 << 20)?;
        let address = block.as_ptr().addr() as i64;
        blocks.push(block);
        mailbox.slice_mut(..1)?.write(&[address])?;
        let until = Instant::now() + Duration::from_secs(60);
        while mailbox.to_vec()?[8..]
            .iter()
            .step_by(8)
            .any(|&done| done < round)
        {
            assert!(Instant::now() < until, "a kernel does not go on");
            thread::yield_now();
        }
    }
    for request in requests {
        assert_eq!(request.wait()?, ROUNDS);
    }
    Ok(())
}
