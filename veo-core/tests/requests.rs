//! Requests: collected in any order, dropped, forgotten, awaited, timed out.

mod common;

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use common::{block_on, process};
use veo_core::{Error, OnStack, Result, VeoContext, VeoProc, VeoRequest, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn give_i64(x: i64) -> i64;
    safe fn busy(milliseconds: i64) -> i64;
    safe fn wait_for(flag: *mut i64) -> i64;
    safe fn set_flag(flag: *mut i64, value: i64);
    safe fn increment(x: *mut i32, n: u64);
    safe fn scale(x: *mut f64, n: u64, factor: f64);
}

/// A process with two contexts, and a flag on which kernels can be held up.
fn held() -> (VeoProc, VeoContext, VeoContext, veo_core::VeBuffer<i64>) {
    let proc = process();
    let (one, two) = (proc.open_context().unwrap(), proc.open_context().unwrap());
    let flag = proc.zeros::<i64>(1).unwrap();
    (proc, one, two, flag)
}

#[test]
fn results_are_collected_in_any_order() -> Result<()> {
    let ctx = process().open_context()?;
    let mut requests: Vec<_> = (0..500).map(|i| give_i64(&ctx, i)).collect::<Result<_>>()?;
    assert_eq!(requests[7].id(), 7);
    let mut odd = Vec::new();
    for (i, request) in requests.drain(..).enumerate().rev() {
        if i % 2 == 0 {
            assert_eq!(request.wait()?, i as i64);
        } else {
            odd.push((i, request));
        }
    }
    for (i, request) in odd {
        assert_eq!(request.wait()?, i as i64);
    }
    Ok(())
}

#[test]
fn requests_that_ended_earlier_keep_their_own_results() -> Result<()> {
    let (_proc, one, _two, mut flag) = held();
    let requests: Vec<_> = (0..100).map(|i| give_i64(&one, i)).collect::<Result<_>>()?;
    let last = set_flag(&one, &mut flag, 1)?;
    // All have ended now, and nobody has asked for a result.
    while flag.to_vec()? == [0] {
        thread::yield_now();
    }
    for (i, request) in requests.into_iter().enumerate() {
        assert_eq!(request.wait()?, i as i64);
    }
    last.wait()
}

#[test]
fn peek_gives_the_result_once() -> Result<()> {
    let (_proc, one, two, mut flag) = held();
    let mut request = wait_for(&one, &mut flag)?;
    assert_eq!(request.peek()?, None);
    assert!(request.elapsed() > Duration::ZERO);
    set_flag(&two, &mut flag, 5)?.wait()?;
    let value = loop {
        if let Some(value) = request.peek()? {
            break value;
        }
        thread::yield_now();
    };
    assert_eq!(value, 5);
    assert!(matches!(
        request.peek(),
        Err(Error::AlreadyCollected { .. })
    ));
    assert!(matches!(
        request.wait(),
        Err(Error::AlreadyCollected { .. })
    ));
    Ok(())
}

#[test]
fn a_wait_can_be_limited() -> Result<()> {
    let (_proc, one, two, mut flag) = held();
    let request = wait_for(&one, &mut flag)?;
    let started = Instant::now();
    let request = request
        .wait_timeout(Duration::from_millis(20))?
        .expect_err("it cannot have finished");
    assert!(started.elapsed() >= Duration::from_millis(20));
    assert!(!one.sync_timeout(Duration::from_millis(5))?);
    set_flag(&two, &mut flag, 9)?.wait()?;
    let value = request.wait_timeout(Duration::MAX)?.expect("finished");
    assert_eq!(value, 9);
    assert!(one.sync_timeout(Duration::from_secs(5))?);
    let (value, took) = busy(&one, 10)?.wait_timed()?;
    assert_eq!(value, 10);
    assert!(took >= Duration::from_millis(9), "{took:?}");
    Ok(())
}

#[test]
fn many_threads_wait_on_one_context() -> Result<()> {
    let ctx = process().open_context()?;
    thread::scope(|s| {
        for t in 0..4 {
            let ctx = ctx.clone();
            s.spawn(move || {
                for i in 0..200 {
                    let value = t * 1000 + i;
                    assert_eq!(give_i64(&ctx, value).unwrap().wait().unwrap(), value);
                }
            });
        }
    });
    Ok(())
}

#[test]
fn whoever_waits_for_an_early_request_is_not_held_up_by_a_late_one() -> Result<()> {
    let (_proc, one, two, mut flag) = held();
    let early = busy(&one, 30)?;
    let late = wait_for(&one, &mut flag)?;
    thread::scope(|s| {
        let waiter = s.spawn(move || late.wait());
        // Let the other thread become the one that collects.
        thread::sleep(Duration::from_millis(10));
        assert_eq!(early.wait().unwrap(), 30);
        set_flag(&two, &mut flag, 1).unwrap().wait().unwrap();
        assert_eq!(waiter.join().unwrap().unwrap(), 1);
    });
    Ok(())
}

#[test]
fn a_request_is_waited_for_in_another_thread() -> Result<()> {
    let ctx = process().open_context()?;
    let mut x = [1.0; 3];
    let request = scale(&ctx, OnStack::inout(&mut x), 3, 3.0)?;
    thread::scope(|s| s.spawn(|| request.wait()).join().unwrap())?;
    assert_eq!(x, [3.0; 3]);
    Ok(())
}

#[test]
fn dropped_and_forgotten_requests_write_nowhere() -> Result<()> {
    let (_proc, one, two, mut flag) = held();
    let hold = wait_for(&one, &mut flag)?;
    for round in 0..200 {
        // The borrowed place is gone long before the kernel runs.
        let mut place = vec![round; 1000];
        let request = increment(&one, OnStack::inout(&mut place[..]), 1000)?;
        if round % 2 == 0 {
            drop(request);
        } else {
            std::mem::forget(request);
        }
        drop(place);
    }
    let canary = vec![0x5a5a_5a5a_i32; 1000];
    set_flag(&two, &mut flag, 1)?.wait()?;
    assert_eq!(hold.wait()?, 1);
    one.sync()?;
    assert!(canary.iter().all(|x| *x == 0x5a5a_5a5a));
    Ok(())
}

#[test]
fn fire_and_forget_does_not_pile_up() -> Result<()> {
    let ctx = process().open_context()?;
    for i in 0..20_000 {
        drop(give_i64(&ctx, i)?);
    }
    ctx.sync()?;
    assert_eq!(give_i64(&ctx, 5)?.wait()?, 5);
    Ok(())
}

#[test]
fn a_buffer_that_is_dropped_early_lives_until_its_last_use() -> Result<()> {
    let (proc, one, two, mut flag) = held();
    let hold = wait_for(&one, &mut flag)?;
    let mut numbers = proc.upload(&[1, 2, 3])?;
    let kept = numbers.as_ptr();
    let request = increment(&one, &mut numbers, 3)?;
    let by_pointer = increment(&one, kept, 3)?;
    drop(numbers);
    // If it had been freed, this would get the same memory and be incremented.
    let others: Vec<_> = (0..10)
        .map(|_| proc.upload(&[7, 7, 7]))
        .collect::<Result<_>>()?;
    set_flag(&two, &mut flag, 1)?.wait()?;
    hold.wait()?;
    request.wait()?;
    by_pointer.wait()?;
    for other in &others {
        assert_ne!(other.as_ptr(), kept);
        assert_eq!(other.to_vec()?, [7, 7, 7]);
    }
    Ok(())
}

#[test]
fn a_request_block_keeps_other_threads_out() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let (enter, entered) = mpsc::channel();
    thread::scope(|s| {
        let other = ctx.clone();
        s.spawn(move || {
            entered.recv().unwrap();
            give_i64(&other, 100).unwrap().wait().unwrap()
        });
        let ids = ctx
            .req_block(|block| {
                enter.send(()).unwrap();
                let ids = (0..20).map(|i| {
                    thread::sleep(Duration::from_millis(1));
                    block
                        .req_block(|inner| give_i64(inner, i).unwrap().id())
                        .unwrap()
                });
                ids.collect::<Vec<_>>()
            })
            .unwrap();
        assert_eq!(ids, (0..20).collect::<Vec<_>>(), "nothing came between");
    });
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = ctx.req_block(|_| panic!("inside"));
    }));
    assert!(panicked.is_err());
    thread::scope(|s| {
        let value = s.spawn(|| give_i64(&ctx, 3).unwrap().wait().unwrap());
        assert_eq!(value.join().unwrap(), 3, "the block has ended");
    });
    Ok(())
}

#[test]
fn time_in_the_queue_excludes_the_submission() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let (enter, entered) = mpsc::channel();
    let (held_up, elapsed) = thread::scope(|s| {
        let other = ctx.clone();
        let call = s.spawn(move || {
            entered.recv().unwrap();
            let begin = Instant::now();
            let request = busy(&other, 0).unwrap();
            let held_up = begin.elapsed();
            (held_up, request.wait_timed().unwrap().1)
        });
        let block = ctx.req_block(|_| {
            enter.send(()).unwrap();
            thread::sleep(Duration::from_secs(1));
        });
        block.unwrap();
        call.join().unwrap()
    });
    assert!(elapsed < held_up / 2, "{elapsed:?}, held up {held_up:?}");
    Ok(())
}

#[test]
fn host_functions_run_in_order() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let numbers = proc.upload(&[1, 1])?;
    let seen = increment(&ctx, numbers.as_ptr(), 2)?;
    let host = ctx.call_vh({
        let slice = numbers.as_ptr();
        let proc = proc.clone();
        move || {
            let mut bytes = [0; 4];
            proc.read_mem(&mut bytes, slice)
                .map(|()| i32::from_ne_bytes(bytes))
        }
    })?;
    let after = increment(&ctx, numbers.as_ptr(), 2)?;
    assert_eq!(host.wait()??, 2);
    seen.wait()?;
    after.wait()?;
    assert_eq!(numbers.to_vec()?, [3, 3]);
    Ok(())
}

#[test]
fn a_panic_in_a_host_function_is_reported() -> Result<()> {
    let ctx = process().open_context()?;
    let request = ctx.call_vh(|| -> i32 { panic!("no {}", "luck") })?;
    let error = request.wait().unwrap_err();
    assert!(matches!(error, Error::HostFunctionPanicked { .. }));
    assert!(error.to_string().contains("no luck"), "{error}");
    assert_eq!(give_i64(&ctx, 1)?.wait()?, 1, "the context goes on");
    Ok(())
}

#[test]
fn waiting_for_what_is_queued_behind_is_an_error_at_once() -> Result<()> {
    let proc = process();
    let (ctx, other) = (proc.open_context()?, proc.open_context()?);
    let (send, receive) = mpsc::channel::<VeoRequest<'static, i64>>();
    let before = give_i64(&ctx, 1)?;
    let host = ctx.call_vh({
        let (ctx, other) = (ctx.clone(), other.clone());
        move || {
            assert_eq!(before.wait().unwrap(), 1);
            assert_eq!(give_i64(&other, 2).unwrap().wait().unwrap(), 2);
            let behind = receive.recv().unwrap().wait().unwrap_err();
            let own = give_i64(&ctx, 3).unwrap().wait().unwrap_err();
            let sync = ctx.sync().unwrap_err();
            let scope = ctx.scope(|_| ()).unwrap_err();
            let close = ctx.close().unwrap_err();
            [behind, own, sync, scope, close]
        }
    })?;
    send.send(give_i64(&ctx, 4)?).unwrap();
    for error in host.wait()? {
        assert!(matches!(error, Error::WouldDeadlock { .. }), "{error}");
    }
    assert_eq!(give_i64(&ctx, 5)?.wait()?, 5);
    Ok(())
}

#[test]
fn an_error_names_its_own_request_and_not_the_one_before_in_its_place() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let before = [give_i64(&ctx, 1)?, give_i64(&ctx, 2)?];
    for request in before {
        request.wait()?;
    }
    let (send, receive) = mpsc::channel::<VeoRequest<'static, i64>>();
    let waits = move || receive.recv().unwrap().wait().unwrap_err().to_string();
    let host = ctx.call_vh(waits)?;
    send.send(ctx.call_vh(|| 3)?).unwrap();
    let text = host.wait()?;
    assert!(!text.contains("give_i64"), "{text}");
    Ok(())
}

#[test]
fn requests_can_be_awaited() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let mut x = [1.0, 2.0];
    let sum = block_on(async {
        let slow = busy(&ctx, 20)?;
        scale(&ctx, OnStack::inout(&mut x), 2, 2.0)?.await?;
        Ok::<_, Error>(slow.await? + give_i64(&ctx, 2)?.await?)
    })?;
    assert_eq!((sum, x), (22, [2.0, 4.0]));
    Ok(())
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_pending_future_is_woken_when_the_result_is_there() -> Result<()> {
    let (_proc, one, two, mut flag) = held();
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let mut future = pin!(wait_for(&one, &mut flag)?.into_future());
    let mut cx = Context::from_waker(&waker);
    assert!(future.as_mut().poll(&mut cx).is_pending());
    thread::sleep(Duration::from_millis(20));
    assert_eq!(count.0.load(Ordering::SeqCst), 0, "not before");
    set_flag(&two, &mut flag, 6)?.wait()?;
    let deadline = Instant::now() + Duration::from_secs(10);
    while count.0.load(Ordering::SeqCst) == 0 {
        assert!(Instant::now() < deadline, "never woken");
        thread::sleep(Duration::from_millis(1));
    }
    match future.as_mut().poll(&mut cx) {
        Poll::Ready(value) => assert_eq!(value?, 6),
        Poll::Pending => panic!("woken too early"),
    }
    assert!(
        future.as_mut().poll(&mut cx).is_ready(),
        "an error, not a panic"
    );
    Ok(())
}

#[test]
fn a_cancelled_future_harms_nothing() -> Result<()> {
    let (_proc, one, two, mut flag) = held();
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let mut place = [1.0; 4];
    let hold = wait_for(&one, &mut flag)?;
    {
        let request = scale(&one, OnStack::inout(&mut place), 4, 5.0)?;
        let mut future = pin!(request.into_future());
        assert!(
            future
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    set_flag(&two, &mut flag, 1)?.wait()?;
    hold.wait()?;
    one.sync()?;
    assert_eq!(place, [1.0; 4]);
    assert_eq!(count.0.load(Ordering::SeqCst), 0);
    assert_eq!(Arc::strong_count(&count), 2, "the waker was dropped");
    Ok(())
}
