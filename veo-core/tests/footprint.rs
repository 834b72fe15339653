//! The host memory that queued, dropped and forgotten requests cost, by the allocations of the
//! program. It is one test, so that nothing else of this program runs beside it.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::process;
use veo_core::{OnStack, Result, VeBuffer, VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn give_i64(x: i64) -> i64;
    safe fn wait_for(flag: *mut i64) -> i64;
    safe fn set_flag(flag: *mut i64, value: i64);
    safe fn increment(x: *mut i32, n: u64);
}

/// The system's allocator, and how many bytes are allocated.
struct Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is done by the system's allocator, as its caller wants it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are those that the system's allocator wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above; the block came from there.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATED.fetch_add(size, Ordering::Relaxed);
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocated() -> usize {
    ALLOCATED.load(Ordering::Relaxed)
}

/// Requests at the same time.
const COUNT: usize = if cfg!(debug_assertions) {
    50_000
} else {
    1_000_000
};

/// The memory that may remain of a burst: tables and rings keep a little for the next requests.
const LEFT: usize = 1 << 20;

/// A context that a kernel holds up, until the flag is set in the other one.
struct Held {
    one: VeoContext,
    two: VeoContext,
    flag: VeBuffer<i64>,
}

impl Held {
    fn new(proc: &VeoProc) -> Result<Held> {
        Ok(Held {
            one: proc.open_context()?,
            two: proc.open_context()?,
            flag: proc.zeros(1)?,
        })
    }

    /// Has `submit` fill the queue behind a kernel that runs until all is submitted. Returns
    /// the requests, and the bytes that each of them has cost.
    fn burst<R>(&mut self, submit: impl FnOnce(&VeoContext) -> Result<R>) -> Result<(R, usize)> {
        set_flag(&self.two, &mut self.flag, 0)?.wait()?;
        let before = allocated();
        let hold = wait_for(&self.one, &mut self.flag)?;
        let made = submit(&self.one)?;
        let cost = allocated().saturating_sub(before) / COUNT;
        set_flag(&self.two, &mut self.flag, 1)?.wait()?;
        assert_eq!(hold.wait()?, 1);
        Ok((made, cost))
    }

    /// Waits until a burst has left no more than it may.
    #[track_caller]
    fn settles(&self, before: usize, what: &str) {
        self.one.sync().unwrap();
        // Requests that nobody waits for are collected by the process's thread, in its time.
        let end = Instant::now() + Duration::from_secs(60);
        while allocated() > before + LEFT {
            let left = allocated() - before;
            assert!(Instant::now() < end, "{what}: {left} bytes are left");
            give_i64(&self.one, 1).unwrap().wait().unwrap();
            thread::yield_now();
        }
        println!(
            "{what}: {} bytes are left",
            allocated().saturating_sub(before)
        );
    }
}

#[test]
fn requests_cost_little_and_leave_nothing() -> Result<()> {
    let proc = process();
    let mut held = Held::new(&proc)?;
    // The first requests allocate what all share.
    for _ in 0..3 {
        give_i64(&held.one, 1)?.wait()?;
    }
    let before = allocated();

    let queue = |ctx: &VeoContext| {
        let numbers = 0..COUNT as i64;
        numbers
            .map(|i| give_i64(ctx, i))
            .collect::<Result<Vec<_>>>()
    };
    let (requests, cost) = held.burst(queue)?;
    println!("collected: {cost} bytes for each request");
    assert!(cost <= 512, "{cost} bytes for each queued request");
    for (i, request) in requests.into_iter().enumerate() {
        assert_eq!(request.wait()?, i as i64);
    }
    held.settles(before, "collected");

    // The newest first.
    let (requests, _) = held.burst(queue)?;
    for (i, request) in requests.into_iter().enumerate().rev() {
        assert_eq!(request.wait()?, i as i64);
    }
    held.settles(before, "collected backwards");

    // One older request does not keep the room of the others.
    let kept = give_i64(&held.one, 42)?;
    let (requests, _) = held.burst(queue)?;
    drop(requests);
    held.settles(before, "dropped together");
    assert_eq!(kept.wait()?, 42);

    let (_, cost) =
        held.burst(|ctx| (0..COUNT as i64).try_for_each(|i| give_i64(ctx, i).map(drop)))?;
    println!("dropped: {cost} bytes for each request");
    held.settles(before, "dropped");

    let (_, cost) = held.burst(|ctx| {
        for _ in 0..COUNT {
            drop(increment(ctx, OnStack::inout(&mut [1, 2, 3]), 3)?);
        }
        Ok(())
    })?;
    println!("dropped with stack data: {cost} bytes for each request");
    held.settles(before, "dropped with stack data");

    // Nobody holds them up, and nobody asks for their results.
    for i in 0..COUNT as i64 {
        drop(give_i64(&held.one, i)?);
    }
    held.settles(before, "dropped while they run");
    Ok(())
}
