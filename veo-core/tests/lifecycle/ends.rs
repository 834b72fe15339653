//! Ends that nobody asked for: crashes, kills, time limits; and a forked child, in which there is nothing.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use veo_core::{Cause, Error, OnStack, Result, VeAddr, VeoProc};

use crate::common::{self, process};
use crate::{alive, crash, give_i64, give_up, leave, peek_at, say, scale, wait_for};

#[test]
fn a_crash_names_kernel_and_signal_and_a_new_process_works() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let mut place = [1.0];
    let before = give_i64(&ctx, 1)?;
    let crashing = crash(&ctx)?;
    let behind = scale(&ctx, OnStack::inout(&mut place), 1, 2.0);
    assert_eq!(before.wait()?, 1);
    let error = crashing.wait().unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Exception { .. }), "{text}");
    assert!(text.contains("crash") && text.contains("SIGSEGV"), "{text}");
    assert!(error.is_process_gone());
    assert!(behind.and_then(veo_core::VeoRequest::wait).is_err());
    assert_eq!(place, [1.0]);
    let later = give_i64(&proc, 1).unwrap_err();
    assert!(matches!(later, Error::ProcessEnded { .. }), "{later}");
    assert!(later.to_string().contains("SIGSEGV"), "says why: {later}");

    let proc = process();
    let error = give_up(&proc).unwrap_err().to_string();
    assert!(
        error.contains("give_up") && error.contains("SIGABRT"),
        "{error}"
    );
    let proc = process();
    let error = leave(&proc, 3).unwrap_err();
    assert!(error.is_process_gone(), "{error}");
    assert!(alive(&process()));
    Ok(())
}

#[test]
fn an_end_is_known_without_a_call() -> Result<()> {
    let proc = process();
    let end = |proc: &VeoProc| {
        let limit = Instant::now() + Duration::from_secs(60);
        loop {
            match proc.check_alive() {
                Err(error) => return error,
                Ok(()) => assert!(Instant::now() < limit, "its end is not seen"),
            }
            thread::sleep(Duration::from_millis(1));
        }
    };
    proc.check_alive()?;
    let ctx = proc.open_context()?;
    let crashing = crash(&ctx)?;
    let error = end(&proc);
    let fault = error.fault().expect("it has one");
    assert_eq!(fault.kernel.as_deref(), Some("crash"), "{error}");
    assert!(error.to_string().contains("SIGSEGV"), "{error}");
    // A thread that waits for the kernel is told as before.
    let waited = crashing.wait().unwrap_err();
    assert!(matches!(waited, Error::Exception { .. }), "{waited}");

    let proc = process();
    proc.clone().close()?;
    let error = end(&proc);
    assert!(error.fault().is_none(), "{error}");
    assert!(error.to_string().contains("it was closed"), "{error}");
    Ok(())
}

#[test]
fn host_memory_is_not_the_kernels() {
    let secret = Box::new(0x5ec2e7_i64);
    let proc = process();
    let address = VeAddr::new(std::ptr::from_ref(&*secret) as u64);
    let error = peek_at(&proc, proc.pointer(address)).unwrap_err();
    assert!(error.to_string().contains("SIGSEGV"), "{error}");
    assert_eq!(*secret, 0x5ec2e7);
}

#[test]
fn a_killed_process_fails_everybody_who_waits() -> Result<()> {
    let proc = process();
    let (one, two) = (proc.open_context()?, proc.open_context()?);
    let mut flag = proc.zeros::<i64>(1)?;
    let first = wait_for(&one, &mut flag)?;
    let second = wait_for(&two, &mut flag)?;
    let read = two.read(&flag)?;
    thread::scope(|s| {
        let waiting = s.spawn(move || first.wait());
        let scoped = s.spawn(|| {
            let mut out = [7];
            let result = one.scope(|s| {
                s.read_into(&flag, &mut out);
            });
            (result, out)
        });
        thread::sleep(Duration::from_millis(50));
        proc.kill().unwrap();
        assert!(waiting.join().unwrap().unwrap_err().is_process_gone());
        let (result, out) = scoped.join().unwrap();
        assert!(result.is_err());
        assert_eq!(out, [7]);
    });
    // Each error says who did it.
    let error = second.wait().unwrap_err();
    let Some(Cause::Killed { at: Some(at) }) = error.fault().map(|fault| fault.cause) else {
        panic!("{error}");
    };
    assert!(at.file().ends_with("ends.rs"), "{at}");
    let later = [give_i64(&proc, 1).map(drop), proc.alloc::<u8>(1).map(drop)];
    for error in later.map(Result::unwrap_err) {
        let said = error.to_string();
        assert!(
            said.contains("VeoProc::kill") && said.contains("ends.rs"),
            "{said}"
        );
    }
    assert!(read.wait().unwrap_err().is_process_gone());
    assert!(alive(&process()));
    Ok(())
}

#[test]
fn a_time_limit_ends_a_kernel_that_does_not() -> Result<()> {
    common::library();
    let proc = VeoProc::builder()
        .time_limit(Duration::from_millis(200))
        .build()?;
    let ctx = proc.open_context()?;
    let mut flag = proc.zeros::<i64>(1)?;
    let started = Instant::now();
    let error = wait_for(&ctx, &mut flag)?.wait().unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(error.is_process_gone(), "{error}");
    let later = give_i64(&proc, 1).unwrap_err();
    for error in [error, later] {
        let fault = error.fault().expect("what ended it");
        let limit = Duration::from_millis(200);
        assert_eq!(fault.cause, Cause::TimeLimit { limit });
        assert_eq!(fault.kernel.as_deref(), Some("wait_for"));
        let said = error.to_string();
        for part in ["wait_for", "200ms", "VeoProcBuilder::time_limit"] {
            assert!(said.contains(part), "{part} is missing in: {said}");
        }
        assert!(!said.contains("SIGKILL"), "{said}");
    }
    Ok(())
}

#[test]
fn the_receiver_of_output_may_kill_and_holds_up_no_kill() -> Result<()> {
    common::library();
    for inside in [true, false] {
        let slot = Arc::new(Mutex::new(None::<VeoProc>));
        let (theirs, (enter, entered)) = (Arc::clone(&slot), channel());
        let (leave, left) = channel::<()>();
        let left = Mutex::new(left);
        let proc = VeoProc::builder()
            .stdout(move |_, _| {
                let proc = theirs.lock().unwrap().take();
                enter.send(proc.map(|proc| proc.kill())).unwrap();
                let _ = left.lock().unwrap().recv();
            })
            .build()?;
        let (ctx, other) = (proc.open_context()?, proc.open_context()?);
        let mut flag = proc.zeros::<i64>(1)?;
        if inside {
            *slot.lock().unwrap() = Some(proc.clone());
        }
        let waiting = wait_for(&ctx, &mut flag)?;
        let _saying = say(&other, 1)?;
        let killed = entered.recv().unwrap();
        let killed = killed.unwrap_or_else(|| proc.kill());
        killed?;
        let error = waiting.wait().unwrap_err();
        let cause = error.fault().map(|fault| fault.cause);
        assert!(matches!(cause, Some(Cause::Killed { .. })), "{error}");
        drop(leave);
    }
    Ok(())
}

/// A wait with a time limit ends, and so does closing the process.
#[test]
fn the_receiver_of_output_need_not_return() -> Result<()> {
    common::library();
    let ((enter, entered), (leave, left)) = (channel(), channel::<()>());
    let left = Mutex::new(left);
    let proc = VeoProc::builder()
        .stdout(move |_, _| {
            enter.send(()).unwrap();
            let _ = left.lock().unwrap().recv();
        })
        .build()?;
    let ctx = proc.open_context()?;
    let saying = say(&ctx, 1)?;
    entered.recv().unwrap();
    let (done, over) = channel();
    let theirs = proc.clone();
    thread::spawn(move || {
        let waited = saying.wait_timeout(Duration::from_millis(10));
        done.send(waited.map(drop)).unwrap();
        theirs.kill().unwrap();
        done.send(theirs.close()).unwrap();
    });
    let next = || over.recv_timeout(Duration::from_secs(120)).unwrap();
    next()?;
    let error = next().unwrap_err();
    assert!(matches!(error, Error::Unfinished { .. }), "{error}");
    assert!(error.to_string().contains("receiver"), "{error}");
    assert!(give_i64(&proc, 1).unwrap_err().is_process_gone());
    drop((proc, ctx));
    // When the receiver returns, everything that it owns is dropped, and it does not run again.
    leave.send(()).unwrap();
    assert!(entered.recv().is_err());
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn handles_are_errors_in_a_forked_child() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let buffer = proc.zeros::<u8>(4)?;
    let request = give_i64(&ctx, 3)?;
    // SAFETY: the child calls functions of the crate that are made to fail without a
    // lock, and exits without running anything else.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let forked = |result: Result<()>| matches!(result, Err(Error::Forked { .. }));
        let all = [
            forked(give_i64(&proc, 1).map(drop)),
            forked(give_i64(&ctx, 1).map(drop)),
            forked(proc.alloc::<u8>(1).map(drop)),
            forked(buffer.to_vec().map(drop)),
            forked(ctx.sync()),
            forked(ctx.clone().close()),
            forked(proc.clone().close()),
            forked(proc.kill()),
            forked(proc.restart().map(drop)),
            forked(ctx.scope(|_| ())),
            forked(request.wait().map(drop)),
        ];
        drop((buffer, ctx, proc));
        let wrong = all.iter().position(|ok| !ok).map_or(0, |i| 1 + i as i32);
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(wrong) };
    }
    let mut status = 0;
    // SAFETY: waits for the child made above.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(libc::WIFEXITED(status), "{status}");
    assert_eq!(libc::WEXITSTATUS(status), 0, "which of the calls, from 1");
    assert_eq!(request.wait()?, 3, "the parent goes on");
    assert_eq!(buffer.to_vec()?, [0; 4]);
    Ok(())
}
