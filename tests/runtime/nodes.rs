//! Two processes on two nodes, two contexts each: nothing of one reaches another.

use std::thread;

use ve_kernels::basics::{bump, fill, sum};
use veo_core::{OnStack, Result, VeMemPtr, VeoProc};
use veo_test_support as _;

const ROUNDS: usize = 50;
const LEN: usize = 1000;

/// How much the global variable `counter` grows in a round of a process.
const STEPS: [i64; 2] = [1, 1000];

#[test]
fn memory_symbols_and_results_stay_apart() -> Result<()> {
    let procs = [VeoProc::new(0)?, VeoProc::new(1)?];
    assert_eq!([procs[0].nodeid(), procs[1].nodeid()], [0, 1]);

    // Four threads, one for each context, all at work at the same time.
    thread::scope(|scope| -> Result<()> {
        let mut threads = Vec::new();
        for (p, proc) in procs.iter().enumerate() {
            for c in 0..2 {
                threads.push(scope.spawn(move || work(proc, STEPS[p], 10.0 * p as f64 + c as f64)));
            }
        }
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap())
    })?;

    // The library's global variable exists once in each process: the two contexts of
    // one process share it, the other process has its own.
    for (proc, step) in procs.iter().zip(STEPS) {
        let expected = 100 + 2 * ROUNDS as i64 * step;
        assert_eq!(bump(proc, 0)?, expected);
        let library = proc.load_library(ve_kernels::host_library("libvebasics.so"))?;
        let counter: VeMemPtr<u8> = library.get_symbol("counter")?.cast();
        let mut value = [0; 8];
        proc.read_mem(&mut value, counter)?;
        assert_eq!(i64::from_ne_bytes(value), expected);
    }
    Ok(())
}

fn work(proc: &VeoProc, step: i64, own: f64) -> Result<()> {
    let ctx = proc.open_context()?;
    let mut kept = proc.alloc::<f64>(LEN)?;
    fill(&ctx, &mut kept, LEN as i64, own, 0.0)?.wait()?;
    for round in 0..ROUNDS {
        let mut x = proc.alloc::<f64>(LEN)?;
        let first = own * 1e6 + round as f64;
        // They are in flight together; the kernels of each thread see only their own data.
        let bumped = bump(&ctx, step)?;
        let filled = fill(&ctx, &mut x, LEN as i64, first, 1.0)?;
        let total = sum(&ctx, &x, LEN as i64)?;
        let on_stack = sum(&ctx, OnStack::input(&[own, first]), 2)?;
        let expected: f64 = (0..LEN).map(|k| first + k as f64).sum();
        assert_eq!(total.wait()?, expected);
        assert_eq!(on_stack.wait()?, own + first);
        filled.wait()?;
        assert_eq!(
            (bumped.wait()? - 100) % step,
            0,
            "the other process's steps do not show"
        );
        assert_eq!(x.to_vec()?[LEN - 1], first + (LEN - 1) as f64);
    }
    assert_eq!(kept.to_vec()?, vec![own; LEN]);
    Ok(())
}

/// A pointer of one process is refused by another before anything is called.
#[test]
fn a_pointer_of_another_process_is_an_error() -> Result<()> {
    let (one, two) = (VeoProc::new(0)?, VeoProc::new(0)?);
    let x = one.upload(&[1.0])?;
    let error = sum(&two, &x, 1).unwrap_err().to_string();
    assert!(error.contains("process"), "{error}");
    assert_eq!(sum(&one, &x, 1)?, 1.0);
    Ok(())
}
