//! Libraries that are unloaded while they are used: by other threads, by what is queued, by
//! functions that are arguments.

mod common;

use std::future::{Future, IntoFuture};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use common::{library, process};
use veo_core::{Error, OnStack, Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn give_i64(x: i64) -> i64;
    safe fn sum(x: &[f64], n: u64) -> f64;
    safe fn wait_for(flag: *mut i64) -> i64;
    safe fn set_flag(flag: *mut i64, value: i64);
    safe fn waits_with(flag: *mut i64, data: *mut i64) -> i64;
    safe fn apply(function: extern "C" fn(i64) -> i64, x: i64) -> i64;
}

/// Another library with the same functions.
fn other_library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| common::compile("kernels.c", "libcallbacks.so", &["-O1", "-g"]))
}

/// Runs each of `callers` again and again on a thread of its own, while the library is
/// unloaded `rounds` times.
fn unload_while(proc: &VeoProc, rounds: usize, callers: &[&(dyn Fn() -> Result<()> + Sync)]) {
    let stop = AtomicBool::new(false);
    let calls: Vec<_> = callers.iter().map(|_| AtomicU64::new(0)).collect();
    thread::scope(|s| {
        for (call, done) in callers.iter().zip(&calls) {
            let stop = &stop;
            s.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let result = call();
                    if result.is_err() {
                        stop.store(true, Ordering::Relaxed);
                    }
                    result.expect("a call works whatever others unload");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for round in 0..rounds {
            let before: Vec<_> = calls.iter().map(|n| n.load(Ordering::Relaxed)).collect();
            // Everybody has called since the last time, so the library was there again.
            while !stop.load(Ordering::Relaxed)
                && calls
                    .iter()
                    .zip(&before)
                    .any(|(now, before)| now.load(Ordering::Relaxed) == *before)
            {
                thread::yield_now();
            }
            if stop.load(Ordering::Relaxed) {
                break;
            }
            for lib in proc.libs() {
                match lib.unload() {
                    Ok(()) | Err(Error::LibraryUnloaded { .. }) => {}
                    Err(error) => {
                        stop.store(true, Ordering::Relaxed);
                        panic!("round {round}: {error}");
                    }
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn calls_of_other_threads_keep_their_library() -> Result<()> {
    let proc = process();
    let (one, two) = (proc.open_context()?, proc.open_context()?);
    unload_while(
        &proc,
        100,
        &[
            &|| {
                assert_eq!(give_i64(&proc, 7)?, 7);
                Ok(())
            },
            &|| {
                let requests: Vec<_> = (0..20).map(|x| give_i64(&one, x)).collect::<Result<_>>()?;
                for (x, request) in requests.into_iter().enumerate() {
                    assert_eq!(request.wait()?, x as i64);
                }
                Ok(())
            },
            // Data on the stack: not the fast path.
            &|| {
                assert_eq!(sum(&two, &[1.0, 2.0], 2)?.wait()?, 3.0);
                assert_eq!(sum(&proc, &[1.5, 2.0], 2)?, 3.5);
                Ok(())
            },
            // Nobody waits for these.
            &|| {
                drop(give_i64(&two, 1)?);
                Ok(())
            },
        ],
    );
    Ok(())
}

#[test]
fn functions_that_are_arguments_keep_their_library() -> Result<()> {
    let proc = process();
    let other = other_library();
    let ctx = proc.open_context()?;
    give_i64(&proc, 0)?;
    let stop = AtomicBool::new(false);
    thread::scope(|s| -> Result<()> {
        let calls = s.spawn(|| -> Result<u64> {
            let mut calls = 0;
            while !stop.load(Ordering::Relaxed) {
                let lib = proc.load_library(other)?;
                let Ok(give) = lib.find_function("give_i64") else {
                    continue;
                };
                match apply(&ctx, &give, 5).and_then(veo_core::VeoRequest::wait) {
                    Ok(x) => assert_eq!(x, 5),
                    Err(Error::LibraryUnloaded { name }) => assert_eq!(name, "libcallbacks.so"),
                    Err(error) => return Err(error),
                }
                calls += 1;
            }
            Ok(calls)
        });
        for _ in 0..200 {
            if calls.is_finished() {
                break;
            }
            match proc.load_library(other)?.unload() {
                Ok(()) | Err(Error::LibraryUnloaded { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(calls.join().expect("no panic")? > 0);
        Ok(())
    })
}

#[test]
fn a_function_of_an_unloaded_library_is_no_argument() -> Result<()> {
    let proc = process();
    let other = other_library();
    let lib = proc.load_library(other)?;
    let give = lib.find_function("give_i64")?;
    let untyped = proc
        .load_library(library())?
        .find_function("apply")?
        .args_type(&["void *", "long"])?;
    let values = [(&give).into(), 5.into()];
    lib.unload()?;
    for error in [
        apply(&proc, &give, 5).unwrap_err(),
        apply(&proc.open_context()?, &give, 5)
            .map(drop)
            .unwrap_err(),
        untyped.call(&proc, &values).unwrap_err(),
        untyped.call(&proc, [(&give).into(), 5.into()]).unwrap_err(),
    ] {
        assert!(matches!(error, Error::LibraryUnloaded { .. }), "{error}");
        assert!(error.to_string().contains("libcallbacks.so"), "{error}");
    }
    assert_eq!(give_i64(&proc, 1)?, 1);
    Ok(())
}

/// A kernel that runs for ever holds up the unloading of its own library alone.
#[test]
fn a_kernel_of_another_library_is_not_waited_for() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let flag = proc.zeros::<i64>(1)?;
    let endless = wait_for(&ctx, flag.as_ptr())?;
    let other = other_library();
    let lib = proc.load_library(other)?;
    assert_eq!(
        lib.function::<fn(i64) -> i64>("give_i64")?
            .call(&proc, (3,))?,
        3
    );
    lib.unload()?;
    set_flag(&proc, flag.as_ptr(), 4)?;
    assert_eq!(endless.wait()?, 4);
    Ok(())
}

/// While one thread waits to unload a library, a stub of it waits for that, then loads it
/// anew; an untyped function is refused.
#[test]
fn calls_after_the_unloading_load_the_library_anew() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let flag = proc.zeros::<i64>(1)?;
    let running = wait_for(&ctx, flag.as_ptr())?;
    let lib = proc.load_library(library())?;
    let give = lib.find_function("give_i64")?;
    thread::scope(|s| -> Result<()> {
        let unloading = s.spawn(|| lib.clone().unload());
        while lib.is_loaded() {
            thread::yield_now();
        }
        assert!(!unloading.is_finished(), "the kernel runs");
        assert!(matches!(
            give.call(&proc, [1.into()]),
            Err(Error::LibraryUnloaded { .. })
        ));
        assert!(matches!(
            lib.clone().unload(),
            Err(Error::LibraryUnloaded { .. })
        ));
        let call = s.spawn(|| give_i64(&proc, 6));
        let load = s.spawn(|| proc.load_library(library()));
        thread::sleep(Duration::from_millis(20));
        assert!(!call.is_finished() && !load.is_finished());
        // Without the library: its kernels wait to be loaded again.
        proc.write_mem(flag.as_ptr(), &9i64.to_ne_bytes())?;
        unloading.join().expect("no panic")?;
        assert_eq!(call.join().expect("no panic")?, 6);
        let again = load.join().expect("no panic")?;
        assert!(again.is_loaded() && !lib.is_loaded());
        Ok(())
    })?;
    assert_eq!(running.wait()?, 9);
    assert!(matches!(
        give.call(&proc, [1.into()]),
        Err(Error::LibraryUnloaded { .. })
    ));
    Ok(())
}

/// If the unloading waits for a host function, that function does not wait for the unloading.
#[test]
fn a_host_function_calls_while_its_library_is_unloaded() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    give_i64(&proc, 0)?;
    for _ in 0..20 {
        let (go, started) = std::sync::mpsc::channel::<()>();
        let host = ctx.call_vh({
            let proc = proc.clone();
            move || {
                started.recv().expect("the other end is there");
                give_i64(&proc, 5)
            }
        })?;
        // Queued behind the host function, so the unloading waits for both.
        let behind = give_i64(&ctx, 3)?;
        let lib = proc.load_library(library())?;
        thread::scope(|s| -> Result<()> {
            let unloading = s.spawn(|| lib.clone().unload());
            while lib.is_loaded() {
                thread::yield_now();
            }
            go.send(()).expect("the host function waits");
            unloading.join().expect("no panic")
        })?;
        assert_eq!(host.wait()??, 5);
        assert_eq!(behind.wait()?, 3);
    }
    Ok(())
}

#[test]
fn a_library_is_unloaded_by_one_of_many() -> Result<()> {
    let proc = process();
    for _ in 0..20 {
        let lib = proc.load_library(library())?;
        let results: Vec<_> = thread::scope(|s| {
            let threads: Vec<_> = (0..4).map(|_| s.spawn(|| lib.clone().unload())).collect();
            threads
                .into_iter()
                .map(|t| t.join().expect("no panic"))
                .collect()
        });
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
        for error in results.into_iter().filter_map(Result::err) {
            assert!(matches!(error, Error::LibraryUnloaded { .. }), "{error}");
        }
    }
    Ok(())
}

#[test]
fn a_library_is_unloaded_in_blocks_scopes_and_host_functions() -> Result<()> {
    let proc = process();
    let (ctx, other) = (proc.open_context()?, proc.open_context()?);
    let unload = |proc: &VeoProc| proc.load_library(library())?.unload();
    let queued = ctx.req_block(|ctx| -> Result<_> {
        let queued = give_i64(ctx, 1)?;
        unload(&proc)?;
        Ok((queued, give_i64(ctx, 2)?))
    })??;
    assert_eq!((queued.0.wait()?, queued.1.wait()?), (1, 2));
    let mut x = proc.zeros::<f64>(1000)?;
    ctx.scope(|s| {
        s.write_from(&mut x, &[1.0; 1000]);
        unload(&proc)
    })??;
    assert_eq!(sum(&proc, &[4.0], 1)?, 4.0);
    // Waiting for what is queued behind the function itself is an error, and leaves the
    // library as it was.
    let host = ctx.call_vh({
        let proc = proc.clone();
        move || {
            let behind = give_i64(&other.proc().contexts()[0], 8)?;
            let refused = proc.load_library(library())?.unload();
            assert!(
                matches!(refused, Err(Error::WouldDeadlock { .. })),
                "{refused:?}"
            );
            let lib = proc.load_library(library())?;
            assert!(lib.is_loaded());
            Ok(behind)
        }
    })?;
    let behind: Result<_> = host.wait()?;
    assert_eq!(behind?.wait()?, 8);
    let host = ctx.call_vh({
        let proc = proc.clone();
        move || unload(&proc)
    })?;
    host.wait()??;
    assert_eq!(give_i64(&ctx, 4)?.wait()?, 4);
    Ok(())
}

#[test]
fn a_library_whose_kernel_does_not_end_stays() -> Result<()> {
    let proc = process();
    let (ctx, other) = (proc.open_context()?, proc.open_context()?);
    let flag = proc.zeros::<i64>(1)?;
    let endless = wait_for(&ctx, flag.as_ptr())?;
    let lib = proc.load_library(library())?;
    let give = lib.find_function("give_i64")?;
    for limit in [Duration::ZERO, Duration::from_millis(1)] {
        let error = lib.clone().unload_timeout(limit).unwrap_err();
        assert!(matches!(error, Error::LibraryInUse { .. }), "{error}");
        assert!(error.to_string().contains("libcoretest.so"), "{error}");
        assert!(lib.is_loaded());
        assert_eq!(i64::try_from(give.call(&proc, [2.into()])?)?, 2);
        assert_eq!(give_i64(&other, 3)?.wait()?, 3);
    }
    set_flag(&proc, flag.as_ptr(), 4)?;
    lib.unload_timeout(Duration::MAX)?;
    assert_eq!(endless.wait()?, 4);
    Ok(())
}

/// Unloading does not wait for the kernels of an ended process.
#[test]
fn a_process_that_ends_ends_the_wait() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let flag = proc.zeros::<i64>(1)?;
    let endless = wait_for(&ctx, flag.as_ptr())?;
    let lib = proc.load_library(library())?;
    thread::scope(|s| -> Result<()> {
        let unloading = s.spawn(|| lib.clone().unload_timeout(Duration::MAX));
        while lib.is_loaded() {
            thread::yield_now();
        }
        let call = s.spawn(|| give_i64(&proc, 1));
        proc.kill()?;
        let error = unloading.join().expect("no panic").unwrap_err();
        assert!(error.is_process_gone(), "{error}");
        let error = call.join().expect("no panic").unwrap_err();
        assert!(error.is_process_gone(), "{error}");
        Ok(())
    })?;
    assert!(endless.wait().unwrap_err().is_process_gone());
    Ok(())
}

/// A library that another one needs stays as long as that; each name of a file is a library.
#[test]
fn libraries_that_need_each_other_are_unloaded_in_any_order() -> Result<()> {
    let base = common::compile(
        "kernels.c",
        "libneeded.so",
        &["-O1", "-g", "-Wl,-soname,libneeded.so"],
    );
    let directory = base.parent().expect("a directory");
    let source = directory.join("needy.c");
    std::fs::write(
        &source,
        "long give_i64(long); long through(long x) { return give_i64(x) + 1; }",
    )
    .expect("the directory is writable");
    let flags = [
        format!("-L{}", directory.display()),
        "-lneeded".into(),
        "-Wl,-rpath,$ORIGIN".into(),
    ];
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let needy = common::compile(source.to_str().expect("UTF-8"), "libneedy.so", &flags);
    let proc = process();
    for first in [&base, &needy] {
        let (base, needy) = (proc.load_library(&base)?, proc.load_library(&needy)?);
        let through = needy.function::<fn(i64) -> i64>("through")?;
        assert_eq!(through.call(&proc, (1,))?, 2);
        let (one, two) = if base.path() == Some(first) {
            (base, needy.clone())
        } else {
            (needy.clone(), base)
        };
        one.unload()?;
        if needy.is_loaded() {
            assert_eq!(through.call(&proc, (2,))?, 3);
        }
        two.unload()?;
    }
    let linked = directory.join("libneeded-too.so");
    let _ = std::fs::remove_file(&linked);
    std::fs::hard_link(&base, &linked).expect("the directory is writable");
    let (one, two) = (proc.load_library(&base)?, proc.load_library(&linked)?);
    let give = two.function::<fn(i64) -> i64>("give_i64")?;
    one.unload()?;
    assert_eq!(give.call(&proc, (4,))?, 4);
    two.unload()?;
    assert!(matches!(
        give.call(&proc, (4,)),
        Err(Error::LibraryUnloaded { .. })
    ));
    Ok(())
}

/// Addresses in a library that is gone are errors, as those of freed memory are.
#[test]
fn variables_of_a_library_end_with_it() -> Result<()> {
    let proc = process();
    let other = other_library();
    let lib = proc.load_library(other)?;
    let counter = lib.get_symbol("global_counter")?;
    let mut bytes = [0; 8];
    proc.read_mem(&mut bytes, counter)?;
    assert_eq!(i64::from_ne_bytes(bytes), 41);
    lib.unload()?;
    let error = proc.read_mem(&mut bytes, counter).unwrap_err();
    assert!(!error.is_process_gone(), "{error}");
    assert!(proc.write_mem(counter, &bytes).is_err());
    let lib = proc.load_library(other)?;
    proc.read_mem(&mut bytes, lib.get_symbol("global_counter")?)?;
    assert_eq!(i64::from_ne_bytes(bytes), 41);
    Ok(())
}

/// Calls a kernel when it is dropped or woken, on the thread that collects its request.
struct Calls(VeoProc, Sender<Result<i64>>);

impl Calls {
    fn call(&self) {
        let _ = self.1.send(give_i64(&self.0, 6));
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.call();
    }
}

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.call();
    }
}

/// A thread that unloads collects requests of others, so their code runs on it.
#[test]
fn code_on_the_unloading_thread_can_call_the_library() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    for way in 0..2 {
        let (tell, told) = channel();
        let calls = Calls(proc.clone(), tell);
        let flag = proc.zeros::<i64>(1)?;
        let mut running = wait_for(&ctx, flag.as_ptr())?.into_future();
        if way == 0 {
            drop(ctx.call_vh(move || calls)?);
        } else {
            let waker = Waker::from(Arc::new(calls));
            let polled = Pin::new(&mut running).poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        let behind = give_i64(&ctx, 3)?;
        let lib = proc.load_library(library())?;
        let (done, over) = channel();
        thread::spawn({
            let lib = lib.clone();
            move || done.send(lib.unload())
        });
        while lib.is_loaded() {
            thread::yield_now();
        }
        proc.write_mem(flag.as_ptr(), &1i64.to_ne_bytes())?;
        let unloaded = over.recv_timeout(Duration::from_secs(120));
        unloaded.expect("it does not wait for itself")?;
        assert_eq!(told.recv().expect("it was dropped or woken")?, 6);
        assert_eq!(behind.wait()?, 3);
    }
    Ok(())
}

/// Everything that travels with a call, and back.
#[test]
fn every_kind_of_call_keeps_its_library() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let flag = proc.zeros::<i64>(1)?;
    type Submit<'a> = Box<dyn Fn() -> Result<()> + 'a>;
    let submits: [Submit<'_>; 3] = [
        Box::new(|| wait_for(&ctx, flag.as_ptr()).map(drop)),
        Box::new(|| waits_with(&ctx, flag.as_ptr(), OnStack::inout(&mut [2])).map(drop)),
        Box::new(|| {
            let wait = proc.load_library(library())?.find_function("wait_for")?;
            wait.call(&ctx, [flag.as_ptr().into()]).map(drop)
        }),
    ];
    for submit in submits {
        // The first one finds the library, the second one knows it.
        for _ in 0..2 {
            proc.write_mem(flag.as_ptr(), &0i64.to_ne_bytes())?;
            give_i64(&proc, 1)?;
            submit()?;
            let lib = proc.load_library(library())?;
            let refused = lib.clone().unload_timeout(Duration::from_millis(1));
            assert!(
                matches!(refused, Err(Error::LibraryInUse { .. })),
                "{refused:?}"
            );
            // Its addresses are forgotten by then, and known again after this.
            waits_with(
                &proc,
                proc.upload(&[1i64])?.as_ptr(),
                OnStack::inout(&mut [2]),
            )?;
            wait_for(&proc, proc.upload(&[1i64])?.as_ptr())?;
            proc.write_mem(flag.as_ptr(), &1i64.to_ne_bytes())?;
            ctx.sync()?;
        }
        proc.load_library(library())?.unload()?;
    }
    Ok(())
}
