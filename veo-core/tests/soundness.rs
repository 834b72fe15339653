//! Hostile programs in safe Rust: none of them may break the host.
#![forbid(unsafe_code)]

mod common;

use std::future::IntoFuture;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use common::process;
use veo_core::{ContextOptions, Error, Result, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn busy(milliseconds: i64) -> i64;
    safe fn give_i64(x: i64) -> i64;
    safe fn wait_for(flag: *mut i64) -> i64;
    safe fn set_flag(flag: *mut i64, value: i64);
}

/// Panics when it is dropped, unless that would end the program.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "the bomb");
    }
}

#[test]
fn a_panic_in_a_destructor_does_not_end_a_scope_early() -> Result<()> {
    const SIZE: usize = 1 << 20;
    let proc = process();
    let ctx = proc.open_context()?;
    let buffer = proc.upload(&vec![7u8; SIZE])?;
    let left = catch_unwind(AssertUnwindSafe(|| {
        let mut memory = vec![0u8; SIZE];
        // Nobody asks for the result, so whoever collects it drops it.
        let late = || {
            sleep(Duration::from_millis(50));
            Bomb
        };
        drop(ctx.call_vh(late)?);
        ctx.scope(|s| {
            drop(busy(s.context(), 100));
            s.read_into(&buffer, &mut memory);
        })?;
        Ok(memory)
    }));
    // If the scope ended early, it would free the memory that is being read into.
    let memory = left.expect("the scope returns")?;
    assert!(memory.iter().all(|byte| *byte == 7));
    Ok(())
}

#[test]
fn a_host_function_may_submit_while_a_block_waits_for_it() {
    let (done, over) = channel();
    spawn(move || {
        let work = || -> Result<i64> {
            let ctx = process().open_context()?;
            let inner = ctx.clone();
            let function = move || -> Result<()> {
                drop(busy(&inner, 1)?);
                inner.req_block(|block| drop(busy(block, 1)))
            };
            ctx.req_block(|block| block.call_vh(function)?.wait())???;
            // Nothing of the blocks is left.
            spawn(move || busy(&ctx, 2)?.wait())
                .join()
                .expect("no panic")
        };
        let _ = done.send(work().map_err(|error| error.to_string()));
    });
    let result = over.recv_timeout(Duration::from_secs(20));
    assert_eq!(result.expect("it does not hang"), Ok(2));
}

#[test]
fn a_stack_that_nobody_has_is_an_error_and_no_other_context() -> Result<()> {
    let proc = process();
    for size in [0, 1 << 45, usize::MAX] {
        let options = ContextOptions::new().stack_size(size);
        let error = proc.open_context_with(&options).err();
        assert!(
            matches!(error, Some(Error::ContextOpen { .. })),
            "{error:?}"
        );
    }
    Ok(())
}

#[test]
fn a_kernel_is_not_blamed_for_a_signal_from_outside() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let request = busy(&ctx, 600_000)?;
    sleep(Duration::from_millis(50));
    proc.kill()?;
    let error = request.wait().expect_err("killed");
    assert!(matches!(error, Error::ProcessEnded { .. }), "{error}");
    assert!(!error.to_string().contains("raised"), "{error}");
    Ok(())
}

/// Panics when it is woken, and when it is dropped.
struct Mine(Arc<AtomicUsize>);

impl Mine {
    fn waker(count: &Arc<AtomicUsize>) -> Waker {
        Arc::new(Mine(Arc::clone(count))).into()
    }
}

impl Wake for Mine {
    fn wake(self: Arc<Self>) {
        // Leaves the drop for another time: two panics at once end a program.
        std::mem::forget(Arc::clone(&self));
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("woken");
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("dropped");
    }
}

/// Tells a thread that it was woken.
struct Tell(Sender<()>);

impl Wake for Tell {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

#[test]
fn wakers_that_panic_leave_no_future_hanging() -> Result<()> {
    let proc = process();
    let (one, two) = (proc.open_context()?, proc.open_context()?);
    let mut flag = proc.zeros::<i64>(1)?;
    let panics = Arc::new(AtomicUsize::new(0));
    let (tell, told) = channel();
    let mut first = pin!(wait_for(&one, &mut flag)?.into_future());
    let mut second = pin!(give_i64(&one, 2)?.into_future());
    for replaced in 0..3 {
        // The waker before is dropped, which panics.
        let waker = Mine::waker(&panics);
        let poll = first.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(poll.is_pending());
        // It is not the last reference to the waker that was given.
        drop(waker);
        assert_eq!(panics.load(Ordering::SeqCst), replaced);
    }
    let waker = Waker::from(Arc::new(Tell(tell)));
    let poll = second.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    // Wakes the first, which panics, and then the second.
    set_flag(&two, &mut flag, 1)?.wait()?;
    told.recv_timeout(Duration::from_secs(60))
        .expect("the second future is woken");
    let patience = Instant::now() + Duration::from_secs(60);
    while panics.load(Ordering::SeqCst) < 3 {
        assert!(
            Instant::now() < patience,
            "the last of the first is not woken"
        );
        sleep(Duration::from_millis(1));
    }
    let mut cx = Context::from_waker(&waker);
    assert!(matches!(second.as_mut().poll(&mut cx), Poll::Ready(Ok(2))));
    assert!(matches!(first.as_mut().poll(&mut cx), Poll::Ready(Ok(1))));
    Ok(())
}
