//! Code of the program that runs while the VE side waits for it: receivers of output, host
//! functions, destructors of values that requests own. A wait that would never end is an error at
//! once; everything else works. Also, how requests with short time limits end.

mod common;

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use common::{block_on, library, process};
use veo_core::{Backend, Error, Result, VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn give_i64(x: i64) -> i64;
    safe fn say(number: i32);
}

/// The result of `code`, unless it hangs.
fn in_time<R: Send + 'static>(code: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, over) = channel();
    thread::spawn(move || done.send(code()));
    let result = over.recv_timeout(Duration::from_secs(120));
    result.expect("it neither hangs nor panics")
}

type Receiver = Box<dyn FnOnce(&VeoProc, &VeoContext) + Send>;

/// A process and a context of it; what its kernels print is received by the code that is sent.
fn received() -> Result<(VeoProc, VeoContext, Sender<Receiver>)> {
    library();
    let (next, receivers) = channel::<Receiver>();
    let receivers = Mutex::new(receivers);
    let place = Arc::new(OnceLock::<(VeoProc, VeoContext)>::new());
    let proc = VeoProc::builder()
        .stdout({
            let place = Arc::clone(&place);
            move |_, _| {
                let receiver = receivers.lock().unwrap().try_recv();
                if let (Ok(receiver), Some((proc, ctx))) = (receiver, place.get()) {
                    receiver(proc, ctx);
                }
            }
        })
        .build()?;
    let ctx = proc.open_context()?;
    assert!(place.set((proc.clone(), ctx.clone())).is_ok());
    Ok((proc, ctx, next))
}

/// Every operation that waits for `proc`, with its result.
fn all_that_waits(proc: &VeoProc, ctx: &VeoContext) -> Vec<(&'static str, Option<Error>)> {
    let mut room = [0; 8];
    let own = |request: Result<veo_core::VeoRequest<'static, i64>>| request.expect("it is taken");
    vec![
        ("call", give_i64(proc, 1).err()),
        ("wait", own(give_i64(ctx, 1)).wait().err()),
        ("wait_timed", own(give_i64(ctx, 1)).wait_timed().err()),
        (
            "wait_timeout",
            own(give_i64(ctx, 1)).wait_timeout(Duration::MAX).err(),
        ),
        ("await", block_on(own(give_i64(ctx, 1))).err()),
        ("alloc", proc.alloc::<f64>(1).err()),
        ("upload", proc.upload(&[1.0]).err()),
        ("alloc_mem", proc.alloc_mem(8).err()),
        ("queued alloc", ctx.alloc::<f64>(1).unwrap().wait().err()),
        ("load", proc.load_library(library()).err()),
        ("symbol", proc.get_function("give_i64").err()),
        ("unload", proc.libs()[0].clone().unload().err()),
        (
            "read",
            proc.read_mem(&mut room, veo_core::VeMemPtr::<u8>::null())
                .err(),
        ),
        ("open", proc.open_context().err()),
        ("sync", ctx.sync().err()),
        ("sync_timeout", ctx.sync_timeout(Duration::MAX).err()),
        ("scope", ctx.scope(|_| ()).err()),
        ("host", ctx.call_vh(|| 1).unwrap().wait().err()),
        ("close context", ctx.clone().close().err()),
        ("close", proc.clone().close().err()),
    ]
}

#[test]
fn a_receiver_of_output_does_not_wait_for_its_own_process() {
    in_time(|| -> Result<()> {
        let (proc, ctx, next) = received()?;
        let other = VeoProc::new(0)?;
        give_i64(&proc, 0)?;
        // While this thread waits with the process, with a context, in a request block.
        for way in 0..3 {
            let (tell, told) = channel();
            next.send(Box::new({
                let other = other.clone();
                move |proc, ctx| {
                    if way == 2 {
                        let blocked = give_i64(ctx, 1).map(drop).err();
                        tell.send((vec![("submit", blocked)], Ok(0))).unwrap();
                        return;
                    }
                    // Another process works as ever, even a new one.
                    let works = give_i64(&other, 5)
                        .and_then(|x| Ok(x + give_i64(&other.open_context()?, 6)?.wait()?))
                        .and_then(|x| Ok(x + give_i64(&VeoProc::new(1)?, 7)?));
                    tell.send((all_that_waits(proc, ctx), works)).unwrap();
                }
            }))
            .unwrap();
            match way {
                0 => say(&proc, 1)?,
                1 => say(&ctx, 1)?.wait()?,
                _ => ctx.req_block(|ctx| say(ctx, 1)?.wait())??,
            }
            let (errors, works) = told.recv().unwrap();
            assert_eq!(works?, if way == 2 { 0 } else { 18 });
            for (what, error) in errors {
                if what == "await" && error.is_none() {
                    // It had ended before, so nothing was waited for.
                    continue;
                }
                let error = error.unwrap_or_else(|| panic!("{what} of way {way} worked"));
                let text = error.to_string();
                let right = matches!(error, Error::WouldDeadlock { .. })
                    // A null pointer is refused before anything else.
                    || what == "read" && matches!(error, Error::BadPointer { .. });
                assert!(right, "{what}: {text}");
            }
            assert!(proc.libs()[0].is_loaded());
        }
        assert_eq!(give_i64(&proc, 2)?, 2);
        proc.close()
    })
    .unwrap();
}

#[test]
fn a_receiver_of_output_may_submit_look_drop_or_kill() {
    in_time(|| -> Result<()> {
        let (proc, ctx, next) = received()?;
        give_i64(&proc, 0)?;
        let (tell, told) = channel();
        let buffer = proc.zeros::<f64>(10)?;
        next.send(Box::new(move |proc, ctx| {
            drop(buffer);
            drop(give_i64(ctx, 9).unwrap());
            assert_eq!(ctx.proc(), proc);
            let mut request = give_i64(ctx, 4).unwrap();
            let value = loop {
                if let Some(value) = request.peek().unwrap() {
                    break value;
                }
            };
            tell.send(value).unwrap();
        }))
        .unwrap();
        say(&proc, 1)?;
        assert_eq!(told.recv().unwrap(), 4);
        let (tell, told) = channel();
        next.send(Box::new(move |proc, _| tell.send(proc.kill()).unwrap()))
            .unwrap();
        let error = say(&ctx, 1)?.wait().and_then(|()| say(&proc, 2));
        told.recv().unwrap()?;
        assert!(error.unwrap_err().is_process_gone());
        Ok(())
    })
    .unwrap();
}

/// Two receivers, each of which calls the other's process.
#[test]
fn receivers_of_two_processes_do_not_wait_for_each_other() {
    in_time(|| -> Result<()> {
        let ((one, _, to_one), (two, _, to_two)) = (received()?, received()?);
        let (tell, told) = channel();
        for (next, other) in [(&to_one, &two), (&to_two, &one)] {
            let (other, tell) = (other.clone(), tell.clone());
            next.send(Box::new(move |_, _| {
                // The other one's receiver calls back meanwhile.
                tell.send(say(&other, 2).and_then(|()| give_i64(&other, 3)))
                    .unwrap();
            }))
            .unwrap();
        }
        say(&one, 1)?;
        assert_eq!((told.recv().unwrap()?, told.recv().unwrap()?), (3, 3));
        Ok(())
    })
    .unwrap();
}

/// The thread that would close the process drops the values of a dropped request.
#[test]
fn a_dropped_closure_can_close_the_process() {
    struct Closes(VeoProc, Sender<Result<()>>);
    impl Drop for Closes {
        fn drop(&mut self) {
            assert_eq!(give_i64(&self.0, 6).unwrap(), 6);
            self.1.send(self.0.clone().close()).unwrap();
        }
    }
    in_time(|| -> Result<()> {
        let proc = process();
        let ctx = proc.open_context()?;
        let (tell, told) = channel();
        let closes = Closes(proc.clone(), tell);
        drop(ctx.call_vh(move || closes)?);
        let error = told.recv().unwrap().unwrap_err();
        assert!(matches!(error, Error::WouldDeadlock { .. }), "{error}");
        proc.close()
    })
    .unwrap();
}

#[test]
fn a_host_function_may_await_only_what_comes_before_it() {
    in_time(|| -> Result<()> {
        let proc = process();
        let (ctx, other) = (proc.open_context()?, proc.open_context()?);
        let before = give_i64(&ctx, 1)?;
        let host = ctx.call_vh({
            let ctx = ctx.clone();
            move || {
                assert_eq!(block_on(before).unwrap(), 1);
                assert_eq!(block_on(give_i64(&other, 2).unwrap()).unwrap(), 2);
                block_on(give_i64(&ctx, 3).unwrap()).unwrap_err()
            }
        })?;
        let error = host.wait()?;
        assert!(matches!(error, Error::WouldDeadlock { .. }), "{error}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_limit_looks_before_it_gives_up() {
    in_time(|| -> Result<()> {
        let proc = process();
        let ctx = proc.open_context()?;
        for limit in [Duration::ZERO, Duration::from_nanos(1)] {
            let mut requests: Vec<_> = (0..5).map(|x| give_i64(&ctx, x)).collect::<Result<_>>()?;
            // Polled until it is there; then all before it are.
            let mut last = requests.pop().expect("five");
            let value = loop {
                match last.wait_timeout(limit)? {
                    Ok(value) => break value,
                    Err(request) => last = request,
                }
            };
            assert_eq!(value, 4);
            for (x, request) in (0..).zip(requests) {
                assert_eq!(request.wait_timeout(limit)?.expect("it has finished"), x);
            }
            let requests = [give_i64(&ctx, 1)?, give_i64(&ctx, 2)?];
            while !ctx.sync_timeout(limit)? {}
            for request in requests {
                request.wait()?;
            }
        }
        for limit in [Duration::MAX, Duration::from_secs(u64::MAX / 2)] {
            assert_eq!(
                give_i64(&ctx, 8)?.wait_timeout(limit)?.expect("no limit"),
                8
            );
            give_i64(&ctx, 8)?.wait()?;
            assert!(ctx.sync_timeout(limit)?);
        }
        if proc.backend() == Backend::Emu {
            let proc = VeoProc::builder().time_limit(Duration::MAX).build()?;
            assert_eq!(give_i64(&proc, 8)?, 8);
        }
        Ok(())
    })
    .unwrap();
}
