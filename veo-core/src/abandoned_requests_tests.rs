//! Requests without a handle leave nothing behind: the tables are counted.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use veo_test_support::compile;

use crate::context::VeoContext;
use crate::error::Result;
use crate::process::VeoProc;
use crate::stack::OnStack;
use crate::ve_kernel;

#[ve_kernel(lib = "libabandoned.so", crate = crate)]
fn step(x: *mut i64) -> i64;

#[ve_kernel(lib = "libabandoned.so", crate = crate)]
fn fill(x: *mut i64, value: i64);

const SOURCE: &str = "
    #include <stdint.h>
    int64_t step(int64_t *x) { return ++*x; }
    void fill(int64_t *x, int64_t value) { *x = value; }
";

/// A process that finds the kernels beside this program.
fn process(memory: u64) -> Result<VeoProc> {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| compile::kernels_beside_program(SOURCE, "libabandoned.so"));
    VeoProc::builder().memory(memory).build()
}

/// Everything was collected, and nothing of it is kept.
fn assert_empty(ctx: &VeoContext) {
    let state = ctx.shared().lock();
    assert_eq!(state.table.in_use(), 0);
    assert_eq!((state.table.pending(), state.table.parked()), (0, 0));
    assert_eq!(
        (state.table.wakers(), state.table.has_orphans()),
        (0, false)
    );
}

#[test]
fn a_million_dropped_calls_leave_nothing_behind() -> Result<()> {
    let proc = process(16 << 20)?;
    let ctx = proc.open_context()?;
    let mut x = proc.zeros::<i64>(1)?;
    for round in 1..=1000 {
        for _ in 0..1000 {
            drop(step(&ctx, &mut x)?);
        }
        ctx.sync()?;
        assert_empty(&ctx);
        assert!(ctx.shared().lock().table.room() <= 1001, "round {round}");
    }
    assert_eq!(x.to_vec()?, [1_000_000], "and all of them ran");
    assert_eq!(ctx.users(), 1, "no request holds the context");
    assert_eq!(proc.shared().allocations().len(), 1);
    Ok(())
}

#[test]
fn whatever_a_dropped_request_owned_is_given_back() -> Result<()> {
    let proc = process(16 << 20)?;
    let ctx = proc.open_context()?;
    let mut x = proc.zeros::<i64>(1000)?;
    let owned = Arc::new(());
    for _ in 0..100 {
        for value in 0..20 {
            let mut place = 0;
            drop(fill(&ctx, OnStack::output(&mut place), value)?);
            drop(ctx.read(&x)?);
            drop(ctx.write(&mut x, vec![value; 1000])?);
            // Twice as much memory as there is, if it stayed.
            drop(ctx.alloc::<u8>(16 << 10)?);
            let owned = Arc::clone(&owned);
            drop(ctx.call_vh(move || owned)?);
        }
        ctx.sync()?;
        proc.shared().reclaim();
    }
    assert_empty(&ctx);
    assert_eq!(
        Arc::strong_count(&owned),
        1,
        "neither functions nor results"
    );
    assert_eq!(ctx.users(), 1);
    assert_eq!(proc.shared().allocations().len(), 1);
    // All of the memory is free again, but for the buffer, as soon as the thread of the
    // process has done what it is doing.
    let patience = Instant::now() + Duration::from_secs(60);
    let all = loop {
        match proc.alloc::<u8>(15 << 20) {
            Err(_) if Instant::now() < patience => std::thread::sleep(Duration::from_millis(1)),
            all => break all?,
        }
    };
    all.free()?;
    assert_eq!(x.to_vec()?, [19; 1000]);
    Ok(())
}

#[test]
fn a_forgotten_request_keeps_its_place_and_holds_nobody_up() -> Result<()> {
    let proc = process(16 << 20)?;
    let ctx = proc.open_context()?;
    let mut x = proc.zeros::<i64>(1)?;
    for _ in 0..1000 {
        std::mem::forget(step(&ctx, &mut x)?);
    }
    assert_eq!(step(&ctx, &mut x)?.wait()?, 1001);
    let state = ctx.shared().lock();
    assert_eq!((state.table.in_use(), state.table.pending()), (1000, 0));
    drop(state);
    proc.close()
}
