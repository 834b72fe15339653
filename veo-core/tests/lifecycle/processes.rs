//! A program's uses of a process: it closes and drops it, gets its output, finds it by pointers.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use veo_core::{ContextState, Error, Result, Stream, VeBuffer, VeMemPtr, VeoProc};

use crate::common::{self, process};
use crate::{bump_counter, busy, give_i64, say, wait_for};

#[test]
fn closing_waits_for_what_was_queued() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let requests: Vec<_> = (0..50).map(|i| give_i64(&ctx, i)).collect::<Result<_>>()?;
    let buffer = proc.zeros::<u8>(10)?;
    proc.clone().close()?;
    for (i, request) in requests.into_iter().enumerate() {
        assert_eq!(request.wait()?, i as i64, "results outlive the process");
    }
    let gone = |error: Error| assert!(matches!(error, Error::ProcessEnded { .. }), "{error}");
    gone(give_i64(&ctx, 1).unwrap_err());
    gone(give_i64(&proc, 1).unwrap_err());
    gone(proc.alloc::<u8>(1).unwrap_err());
    gone(buffer.to_vec().unwrap_err());
    gone(proc.open_context().unwrap_err());
    gone(ctx.sync().unwrap_err());
    gone(proc.clone().close().unwrap_err());
    gone(proc.kill().unwrap_err());
    gone(buffer.free().unwrap_err());
    assert_eq!(ctx.state()?, ContextState::Exit);
    Ok(())
}

#[test]
fn a_process_that_is_being_closed_says_so_from_the_first_moment() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let last = busy(&ctx, 200)?;
    let closing = thread::spawn({
        let proc = proc.clone();
        move || proc.close()
    });
    // While it waits for the kernel, and later.
    for _ in 0..2 {
        let error = loop {
            match give_i64(&ctx, 1) {
                Ok(request) => drop(request),
                Err(error) => break error,
            }
            thread::yield_now();
        };
        let said = error.to_string();
        assert!(matches!(error, Error::ProcessEnded { .. }), "{said}");
        assert!(said.contains("it was closed"), "{said}");
    }
    closing.join().expect("no panic")?;
    assert_eq!(last.wait()?, 200);
    Ok(())
}

#[test]
fn processes_and_contexts_keep_their_things_apart() -> Result<()> {
    let procs = [process(), VeoProc::new(1)?];
    let contexts: Vec<_> = procs
        .iter()
        .flat_map(|proc| [proc.open_context().unwrap(), proc.open_context().unwrap()])
        .collect();
    for (i, ctx) in contexts.iter().enumerate() {
        for _ in 0..=i {
            bump_counter(ctx)?.wait()?;
        }
    }
    // 41 at first; contexts 0 and 1 are of one process, 2 and 3 of the other.
    assert_eq!(bump_counter(&procs[0])?, 41 + 1 + 2 + 1);
    assert_eq!(bump_counter(&procs[1])?, 41 + 3 + 4 + 1);
    Ok(())
}

#[test]
fn everything_can_be_dropped_at_once_and_in_any_order() -> Result<()> {
    for round in 0..6 {
        let proc = process();
        let ctx = proc.open_context()?;
        let mut flag = proc.zeros::<i64>(1)?;
        let mut other = proc.zeros::<i64>(1)?;
        let running = give_i64(&ctx, 1)?;
        let writing = ctx.write(&mut other, vec![3])?;
        let reading = ctx.read(&flag)?;
        let mut items: Vec<Box<dyn Send>> = vec![
            Box::new(proc),
            Box::new(ctx),
            Box::new(running),
            Box::new(writing),
            Box::new(reading),
        ];
        items.rotate_left(round % 5);
        drop(items);
        flag.as_mut_slice().write(&[1])?;
        assert_eq!(flag.to_vec()?, [1], "a buffer keeps its process");
    }
    Ok(())
}

#[test]
fn dropping_never_waits() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let mut flag = proc.zeros::<i64>(1)?;
    let hold = wait_for(&ctx, &mut flag)?;
    let read = ctx.read(&flag)?;
    let started = Instant::now();
    drop((hold, read, flag, ctx, proc));
    // The kernel never ends by itself.
    assert!(started.elapsed() < Duration::from_secs(30));
    Ok(())
}

#[test]
fn output_goes_where_it_was_asked_to() -> Result<()> {
    common::library();
    let output = Arc::new(Mutex::new(Vec::new()));
    let proc = VeoProc::builder()
        .stdout({
            let output = Arc::clone(&output);
            move |stream, text| {
                assert_eq!(stream, Stream::Stdout);
                output.lock().unwrap().extend_from_slice(text);
            }
        })
        .build()?;
    say(&proc, 7)?;
    proc.close()?;
    let output = String::from_utf8(output.lock().unwrap().clone()).unwrap();
    assert_eq!(output, "kernel says 7\n");
    Ok(())
}

#[test]
fn a_pointer_finds_its_process_while_it_is_there() -> Result<()> {
    let proc = process();
    let buffer: VeBuffer<u8> = proc.zeros(1)?;
    let ptr = buffer.as_ptr();
    assert_eq!(ptr.proc().as_ref(), Some(&proc));
    assert!(VeMemPtr::<u8>::null().proc().is_none());
    drop(buffer);
    drop(proc);
    assert!(ptr.proc().is_none());
    Ok(())
}

#[test]
fn a_process_without_memory_is_refused_in_the_words_of_the_request() {
    let error = VeoProc::builder().memory(0).build().map(drop).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("0 bytes of VE memory") && said.contains("1 MiB"),
        "{said}"
    );
}
