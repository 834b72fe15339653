//! Contexts: opened, closed, beside each other.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use veo_core::{ContextOptions, ContextState, Error, Result};

use crate::common::process;
use crate::{alive, give_i64, set_flag, wait_for};

#[test]
fn contexts_open_and_close() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let small = proc.open_context_with(&ContextOptions::new().stack_size(8 << 20))?;
    assert_eq!(proc.contexts(), [ctx.clone(), small.clone()]);
    assert_eq!(ctx.proc(), &proc);
    assert_ne!(ctx.state()?, ContextState::Exit);
    assert!(
        proc.open_context_with(&ContextOptions::new().stack_size(4096))
            .is_err()
    );
    let request = give_i64(&small, 5)?;
    let unused = give_i64(&small, 6)?;
    small.clone().close()?;
    assert_eq!(proc.contexts().len(), 1);
    assert_eq!(request.wait()?, 5);
    assert_eq!(unused.wait()?, 6);
    assert_eq!(small.state()?, ContextState::Exit);
    let closed = |error| assert!(matches!(error, Error::ContextClosed { .. }), "{error}");
    closed(give_i64(&small, 1).unwrap_err());
    closed(small.req_block(|_| ()).unwrap_err());
    closed(small.close().unwrap_err());
    drop(ctx);
    assert!(proc.contexts().is_empty());
    // Contexts that are dropped are given back: many more than there can be at once.
    for i in 0..100 {
        let ctx = proc.open_context()?;
        drop(give_i64(&ctx, i)?);
    }
    Ok(())
}

#[test]
fn closing_from_two_threads_is_an_error_for_one() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let results = thread::scope(|s| {
        let close = || s.spawn(|| ctx.clone().close());
        [close(), close()].map(|closing| closing.join().unwrap())
    });
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
    thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| drop(proc.clone().close()));
        }
    });
    assert!(!alive(&proc));
    Ok(())
}

#[test]
fn a_kernel_is_not_held_up_by_another_context() -> Result<()> {
    let proc = process();
    let (one, two) = (proc.open_context()?, proc.open_context()?);
    let mut flag = proc.zeros::<i64>(1)?;
    let hold = wait_for(&one, &mut flag)?;
    // All of this runs while the first context is busy.
    assert_eq!(give_i64(&two, 1)?.wait()?, 1);
    assert_eq!(give_i64(&proc, 2)?, 2);
    let buffer = proc.upload(&[1, 2, 3])?;
    assert_eq!(buffer.to_vec()?, [1, 2, 3]);
    set_flag(&two, &mut flag, 1)?.wait()?;
    assert_eq!(hold.wait()?, 1);
    Ok(())
}

#[test]
fn a_thread_that_waits_for_a_request_block_learns_of_the_end_of_the_process() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let (enter, entered) = mpsc::channel();
    let (leave, left) = mpsc::channel();
    thread::scope(|s| {
        let ctx = ctx.clone();
        let other = ctx.clone();
        s.spawn(move || {
            let ctx = other;
            entered.recv().unwrap();
            let submitted = give_i64(&ctx, 1).map(drop);
            let block = ctx.req_block(|_| ());
            leave.send((submitted, block)).unwrap();
        });
        let (submitted, block) = ctx
            .req_block(|_| {
                enter.send(()).unwrap();
                proc.kill().unwrap();
                // The block lasts until the other thread has its errors.
                left.recv_timeout(Duration::from_secs(60)).unwrap()
            })
            .unwrap();
        assert!(submitted.unwrap_err().is_process_gone());
        assert!(block.unwrap_err().is_process_gone());
    });
    Ok(())
}
