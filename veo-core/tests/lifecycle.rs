//! Processes and contexts: opened, closed, dropped, killed, forked; hooks.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use common::process;
use veo_core::{
    ContextOptions, ContextState, Error, OnStack, ProcInitHook, Result, Stream, VeAddr, VeBuffer,
    VeMemPtr, VeoProc, del_proc_init_hook, inventory, set_proc_init_hook, ve_kernel,
};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn give_i64(x: i64) -> i64;
    safe fn busy(milliseconds: i64) -> i64;
    safe fn wait_for(flag: *mut i64) -> i64;
    safe fn set_flag(flag: *mut i64, value: i64);
    safe fn crash();
    safe fn give_up();
    safe fn leave(status: i32);
    safe fn peek_at(address: *const i64) -> i64;
    safe fn say(number: i32);
    safe fn bump_counter() -> i64;
    safe fn scale(x: *mut f64, n: u64, factor: f64);
}

/// The number of the VE process on the host: what the kernel's memory map belongs to.
fn alive(proc: &VeoProc) -> bool {
    give_i64(proc, 1).is_ok()
}

#[test]
fn who_waits_for_a_request_block_learns_of_the_end_of_the_process() -> Result<()> {
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
    assert!(started.elapsed() < Duration::from_millis(500));
    Ok(())
}

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
    assert!(second.wait().unwrap_err().is_process_gone());
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

static FIXED: AtomicUsize = AtomicUsize::new(0);

inventory::submit! {
    ProcInitHook::new("count", |proc| {
        assert!(give_i64(proc, 1).is_ok(), "kernels can be called");
        FIXED.fetch_add(1, Ordering::SeqCst);
        Ok(())
    })
}

#[test]
fn hooks_run_on_new_processes() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let seen = Arc::clone(&seen);
        let me = thread::current().id();
        set_proc_init_hook(move |proc| {
            // Other tests create processes, too.
            if thread::current().id() == me {
                assert_eq!(proc.nodeid(), 3);
                seen.lock().unwrap().push(name);
            }
            Ok(())
        })
    };
    let (first, second) = (note("first"), note("second"));
    common::library();
    let before = FIXED.load(Ordering::SeqCst);
    VeoProc::new(3).unwrap();
    assert!(FIXED.load(Ordering::SeqCst) > before);
    assert!(del_proc_init_hook(first));
    assert!(!del_proc_init_hook(first));
    VeoProc::new(3).unwrap();
    assert_eq!(*seen.lock().unwrap(), ["first", "second", "second"]);
    assert!(del_proc_init_hook(second));
}

#[test]
fn a_hook_that_fails_fails_the_creation() {
    common::library();
    let me = thread::current().id();
    let hook = set_proc_init_hook(move |_| {
        assert!(thread::current().id() != me, "not here");
        Ok(())
    });
    let error = VeoProc::new(0).unwrap_err();
    assert!(del_proc_init_hook(hook));
    assert!(matches!(error, Error::Hook { .. }), "{error}");
    assert!(error.to_string().contains("not here"), "{error}");
    VeoProc::new(0).unwrap();
}

#[test]
fn a_hook_may_throw_what_panics_when_dropped() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    common::library();
    let me = thread::current().id();
    let hook = set_proc_init_hook(move |_| {
        if thread::current().id() == me {
            std::panic::panic_any(Bomb);
        }
        Ok(())
    });
    let error = VeoProc::new(0).unwrap_err();
    assert!(del_proc_init_hook(hook));
    assert!(matches!(error, Error::Hook { .. }), "{error}");
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
fn a_process_without_memory_is_refused_in_the_words_of_the_request() {
    let error = VeoProc::builder().memory(0).build().map(drop).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("0 bytes of VE memory") && said.contains("1 MiB"),
        "{said}"
    );
}
