//! Contexts that come after requests of other contexts.

use std::sync::mpsc::channel;
use std::time::Duration;

use veo_core::{Error, Result, VeoContext, VeoProc, VeoRequest};

use crate::common::process;
use crate::{crash, give_i64, scale, set_flag, wait_for};

/// A process with three contexts.
fn contexts() -> Result<(VeoProc, [VeoContext; 3])> {
    let proc = process();
    let contexts = [
        proc.open_context()?,
        proc.open_context()?,
        proc.open_context()?,
    ];
    Ok((proc, contexts))
}

#[test]
fn the_next_request_starts_after_one_of_another_context() -> Result<()> {
    let (proc, [one, two, three]) = contexts()?;
    let mut flag = proc.zeros::<i64>(1)?;
    let mut x = proc.upload(&[1.0, 2.0])?;
    let waiting = wait_for(&one, &mut flag)?;
    let scaled = scale(&one, &mut x, 2, 10.0)?;
    // The host goes on, although nothing can start before the flag is set.
    two.after(&scaled)?;
    let mut read = two.read(&x)?;
    let value = give_i64(&two, 7)?;
    assert!(read.peek()?.is_none());
    assert!(!two.sync_timeout(Duration::from_millis(50))?);
    set_flag(&three, &mut flag, 1)?.wait()?;
    two.sync()?;
    assert_eq!(read.wait()?, [10.0, 20.0]);
    assert_eq!(value.wait()?, 7);
    waiting.wait()?;
    scaled.wait()
}

#[test]
fn orders_of_many_contexts_add_up() -> Result<()> {
    let (proc, [one, two, three]) = contexts()?;
    let mut x = proc.zeros::<f64>(1)?;
    let mut reads = Vec::new();
    let mut last = one.read(&x)?;
    let mut written = Vec::new();
    for round in 0..200 {
        one.after(&last)?;
        let write = one.write(&mut x, vec![f64::from(round)])?;
        two.after(&write)?;
        let scaled = scale(&two, &mut x, 1, 2.0)?;
        three.after(&scaled)?;
        let read = three.read(&x)?;
        reads.push(std::mem::replace(&mut last, read));
        written.push((write, scaled));
    }
    reads.push(last);
    for (round, read) in reads.into_iter().skip(1).enumerate() {
        assert_eq!(read.wait()?, [2.0 * round as f64]);
    }
    for (write, scaled) in written {
        write.wait()?;
        scaled.wait()?;
    }
    Ok(())
}

#[test]
fn there_is_nothing_to_do_for_some_requests() -> Result<()> {
    let (_proc, [one, two, _]) = contexts()?;
    // One of the same context.
    let mut first = give_i64(&one, 1)?;
    one.after(&first)?;
    assert_eq!(give_i64(&one, 2)?.id(), first.id() + 1);
    // One that was collected.
    one.sync()?;
    assert_eq!(first.peek()?, Some(1));
    two.after(&first)?;
    let next = give_i64(&two, 3)?;
    assert_eq!(next.id(), 0, "no place in the queue was taken");
    next.wait()?;
    // One of another process is a mistake.
    let (_other, [theirs, ..]) = contexts()?;
    let error = theirs.after(&first).unwrap_err();
    assert!(matches!(error, Error::WrongProcess { .. }), "{error}");
    // A context that was closed takes nothing; its requests are still there.
    let closed = two.clone();
    two.close()?;
    let error = closed.after(&first).unwrap_err();
    assert!(matches!(error, Error::ContextClosed { .. }), "{error}");
    Ok(())
}

#[test]
fn a_fault_is_that_of_what_comes_after() -> Result<()> {
    let (proc, [one, two, three]) = contexts()?;
    let mut flag = proc.zeros::<i64>(1)?;
    let waiting = wait_for(&one, &mut flag)?;
    let crashing = crash(&one)?;
    two.after(&crashing)?;
    let later = give_i64(&two, 1)?;
    set_flag(&three, &mut flag, 1)?.wait()?;
    for result in [later.wait().map(drop), crashing.wait()] {
        let error = result.unwrap_err();
        let fault = error.fault().unwrap_or_else(|| panic!("{error}"));
        assert_eq!(fault.kernel.as_deref(), Some("crash"), "{error}");
        assert!(error.to_string().contains("SIGSEGV"), "{error}");
    }
    drop(waiting);
    // Its requests and contexts are dead.
    let dead = process();
    let (one, two) = (dead.open_context()?, dead.open_context()?);
    let lost = crash(&one)?;
    let _ = one.sync();
    two.after(&lost)?;
    let error = give_i64(&two, 1).and_then(VeoRequest::wait).unwrap_err();
    assert!(error.fault().is_some(), "{error}");
    Ok(())
}

#[test]
fn handles_may_be_dropped_and_contexts_closed_meanwhile() -> Result<()> {
    let (proc, [one, two, three]) = contexts()?;
    let mut flag = proc.zeros::<i64>(1)?;
    let mut x = proc.upload(&[1.0])?;
    let mut y = proc.upload(&[1.0])?;
    drop(wait_for(&one, &mut flag)?);
    let scaled = scale(&one, &mut x, 1, 2.0)?;
    two.after(&scaled)?;
    std::mem::forget(scaled);
    drop(one);
    drop(scale(&two, &mut x, 1, 5.0)?);
    let last = scale(&two, &mut y, 1, 3.0)?;
    set_flag(&three, &mut flag, 1)?.wait()?;
    two.close()?;
    last.wait()?;
    assert_eq!((x.to_vec()?, y.to_vec()?), (vec![10.0], vec![3.0]));
    Ok(())
}

#[test]
fn a_kill_ends_what_waits_for_a_kernel_that_does_not_end() -> Result<()> {
    let (proc, [one, two, _]) = contexts()?;
    let mut flag = proc.zeros::<i64>(1)?;
    let endless = wait_for(&one, &mut flag)?;
    two.after(&endless)?;
    let later = give_i64(&two, 1)?;
    proc.kill()?;
    for error in [later.wait().map(drop), endless.wait().map(drop)] {
        assert!(error.unwrap_err().is_process_gone());
    }
    Ok(())
}

#[test]
fn a_host_function_cannot_wait_for_what_comes_after_it() -> Result<()> {
    let (_proc, [one, two, three]) = contexts()?;
    let (send, receive) = channel::<VeoRequest<'static, i64>>();
    let function = one.call_vh(move || receive.recv().unwrap().wait())?;
    two.after(&function)?;
    let between = give_i64(&two, 1)?;
    three.after(&between)?;
    send.send(give_i64(&three, 2)?).unwrap();
    let error = function.wait()?.unwrap_err();
    assert!(matches!(error, Error::WouldDeadlock { .. }), "{error}");
    assert_eq!(between.wait()?, 1);
    Ok(())
}
