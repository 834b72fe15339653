//! A process in place of one that has ended.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use veo_core::{Cause, Error, Result, VeoProc, VeoRequest, del_proc_init_hook, set_proc_init_hook};

use crate::common::{self, process};
use crate::{alive, crash, give_i64, say, scale, wait_for};

#[test]
fn after_a_crash_a_new_process_works_and_the_old_one_says_why_it_does_not() -> Result<()> {
    let old = process();
    let ctx = old.open_context()?;
    let mut x = old.upload(&[1.0, 2.0])?;
    let lib = old.load_library(common::library())?;
    let crashing = crash(&ctx)?;
    let behind = scale(&ctx, &mut x, 2, 2.0);
    crashing.wait().unwrap_err();

    let proc = old.restart()?;
    assert_ne!(proc, old);
    assert_eq!(
        (proc.nodeid(), proc.backend()),
        (old.nodeid(), old.backend())
    );
    let mut y = proc.upload(&[1.0, 2.0])?;
    scale(&proc.open_context()?, &mut y, 2, 2.0)?.wait()?;
    assert_eq!(y.to_vec()?, [2.0, 4.0]);

    let old_ones = [
        behind.and_then(VeoRequest::wait),
        give_i64(&old, 1).map(drop),
        give_i64(&ctx, 1).map(drop),
        x.to_vec().map(drop),
        ctx.sync(),
        old.open_context().map(drop),
        lib.find_function("crash").map(drop),
    ];
    for (i, result) in old_ones.into_iter().enumerate() {
        let error = result.unwrap_err();
        let said = error.to_string();
        assert!(error.is_process_gone(), "{i}: {said}");
        assert!(said.contains("SIGSEGV"), "{i}: {said}");
    }
    // The new process refuses everything that belongs to the old one.
    let error = scale(&proc, &mut x, 2, 2.0).unwrap_err();
    assert!(matches!(error, Error::WrongProcess { .. }), "{error}");
    drop((x, ctx, old));
    assert!(alive(&proc), "the old one's end does not matter to it");
    Ok(())
}

#[test]
fn the_builders_settings_and_the_hooks_are_those_of_the_first() -> Result<()> {
    common::library();
    let (print, printed) = channel();
    let print = Mutex::new(print);
    let limit = Duration::from_millis(200);
    let first = VeoProc::builder()
        .node(2)
        .time_limit(limit)
        .memory(4 << 20)
        .stdout(move |_, text| print.lock().unwrap().send(text.to_vec()).unwrap())
        .build()?;
    let (me, count) = (thread::current().id(), Arc::new(AtomicUsize::new(0)));
    let hook = set_proc_init_hook({
        let count = Arc::clone(&count);
        move |_| {
            if thread::current().id() == me {
                count.fetch_add(1, Ordering::SeqCst);
            }
            Ok(())
        }
    });
    let mut proc = first;
    for round in 1..=3 {
        assert_eq!(proc.nodeid(), 2);
        say(&proc, round)?;
        let text = printed.recv_timeout(Duration::from_secs(120));
        let text = String::from_utf8(text.expect("the receiver was called")).unwrap();
        assert!(text.contains(&round.to_string()), "{text}");
        let error = proc.alloc::<u8>(8 << 20).unwrap_err();
        assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
        let mut flag = proc.zeros::<i64>(1)?;
        let error = wait_for(&proc, &mut flag).unwrap_err();
        let cause = error.fault().map(|fault| fault.cause);
        assert_eq!(cause, Some(Cause::TimeLimit { limit }), "{error}");
        drop(flag);
        proc = proc.restart()?;
        assert_eq!(count.load(Ordering::SeqCst), round as usize);
    }
    assert!(del_proc_init_hook(hook));
    Ok(())
}

#[test]
fn only_what_has_ended_is_started_again() -> Result<()> {
    let proc = process();
    let error = proc.restart().unwrap_err();
    assert!(matches!(error, Error::NotEnded { .. }), "{error}");
    assert!(error.to_string().contains("VeoProc::kill"), "{error}");
    assert!(alive(&proc));
    // A kernel that does not end is no obstacle.
    let ctx = proc.open_context()?;
    let mut flag = proc.zeros::<i64>(1)?;
    let waiting = wait_for(&ctx, &mut flag)?;
    proc.kill()?;
    let second = proc.restart()?;
    assert!(alive(&second));
    assert!(waiting.wait().unwrap_err().is_process_gone());
    second.clone().close()?;
    let third = second.restart()?;
    assert!(alive(&third));
    assert!(alive(&second.restart()?), "as often as one likes");
    Ok(())
}
