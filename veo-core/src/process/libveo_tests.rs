//! The same processes on a backend that has libveo's functions alone, none of those
//! that only the emulated node has: polled waits, no reports; and on one that opens no
//! further context, as some versions of libveo do; and on an emulated node that refuses functions.

use std::ffi::c_void;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use veo_abi::ffi::{self, veo_proc_handle, veo_thr_ctxt};
use veo_test_support::compile;

use super::VeoProcBuilder;
use crate::backend::{Api, Backend};
use crate::error::{Error, Result};
use crate::process::{Check, Guard, Schedule, VeoProc};
use crate::races::Races;
use crate::stack::OnStack;

fn libveo() -> &'static Api {
    static API: OnceLock<Api> = OnceLock::new();
    API.get_or_init(bare)
}

/// One that opens the main context and no other.
fn narrow() -> &'static Api {
    unsafe extern "C" fn open(proc: *mut veo_proc_handle) -> *mut veo_thr_ctxt {
        let table = veo_emu::api();
        let (Some(count), Some(open)) = (table.veo_num_contexts, table.veo_context_open) else {
            return std::ptr::null_mut();
        };
        // SAFETY: the caller's process is passed on.
        unsafe {
            if count(proc) > 0 {
                return std::ptr::null_mut();
            }
            open(proc)
        }
    }
    static API: OnceLock<Api> = OnceLock::new();
    API.get_or_init(|| {
        let mut table = bare().table;
        table.veo_context_open = Some(open);
        Api::new(table, Backend::Libveo, "a libveo with one context".into())
    })
}

fn bare() -> Api {
    let mut table = *veo_emu::api();
    table.veo_emu_proc_create = None;
    table.veo_emu_last_error = None;
    table.veo_emu_get_fault = None;
    table.veo_emu_args_set_result = None;
    table.veo_emu_wait_result_timeout = None;
    table.veo_emu_discard_result = None;
    table.veo_emu_kill = None;
    table.veo_emu_pid = None;
    table.veo_emu_num_nodes = None;
    table.veo_emu_node_memory = None;
    table.veo_emu_node = None;
    table.veo_emu_core = None;
    table.veo_emu_call_async = None;
    table.veo_emu_collect = None;
    table.veo_emu_load_library = None;
    table.veo_emu_is_code = None;
    Api::new(table, Backend::Libveo, "a libveo without extensions".into())
}

fn process() -> VeoProc {
    VeoProcBuilder::default()
        .build_on(libveo())
        .expect("the emulated node is there")
}

#[test]
fn further_contexts_need_no_variable() -> Result<()> {
    let proc = process();
    let contexts = [proc.open_context()?, proc.open_context()?];
    assert_eq!(proc.contexts().len(), contexts.len());
    // The main context is none of them: what waits behind it need not wait for it.
    let behind = contexts[0].call_vh({
        let proc = proc.clone();
        move || proc.alloc::<u8>(1).map(drop)
    })?;
    behind.wait()??;
    proc.close()
}

#[test]
fn a_library_that_cannot_be_unloaded_stays() -> Result<()> {
    unsafe extern "C" fn refuse(_: *mut veo_proc_handle, _: u64) -> std::ffi::c_int {
        -1
    }
    static API: OnceLock<Api> = OnceLock::new();
    let api = API.get_or_init(|| {
        let mut api = bare();
        api.table.veo_unload_library = Some(refuse);
        api
    });
    let proc = VeoProcBuilder::default().build_on(api)?;
    let lib = proc.load_library(library())?;
    let error = lib.clone().unload().unwrap_err();
    assert!(error.to_string().contains("unloading libk.so"), "{error}");
    assert_eq!(proc.libs().len(), 1);
    let mut b = proc.upload(&[1.0])?;
    let add = lib.function::<fn(i32, *mut f64) -> i64>("add")?;
    assert_eq!(add.call(&proc, (2, &mut b))?, 3);
    proc.close()
}

#[test]
fn threads_of_openmp_are_those_of_the_environment() -> Result<()> {
    let wanted = |threads| {
        VeoProcBuilder::default()
            .omp_threads(threads)
            .build_on(libveo())
    };
    let set = std::env::var("VE_OMP_NUM_THREADS").ok();
    let set = set.as_deref().and_then(|text| text.parse::<u32>().ok());
    if let Some(threads) = set {
        wanted(threads)?.close()?;
    }
    let other = set.map_or(7, |threads| threads + 1);
    let error = wanted(other).unwrap_err().to_string();
    let remedy = format!("start the program with VE_OMP_NUM_THREADS={other}");
    assert!(error.contains(&remedy), "{error}");
    let error = wanted(0).unwrap_err().to_string();
    assert!(error.contains("at least 1"), "{error}");
    Ok(())
}

/// A library of kernels, compiled once.
fn library() -> PathBuf {
    const SOURCE: &str = "
        #include <stdint.h>
        int64_t add(int32_t a, double *b) { b[0] += a; return (int64_t)b[0]; }
        int64_t count(volatile int64_t *x, int64_t n) { while (n--) ++*x; return *x; }
        void crash(void) { *(volatile int *)16 = 1; }
    ";
    static DIRECTORY: OnceLock<tempfile::TempDir> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let directory = tempfile::tempdir().expect("a temporary directory");
        compile::library_of(SOURCE, "c", directory.path().join("libk.so"), &["-g"]);
        directory
    });
    directory.path().join("libk.so")
}

#[test]
fn calls_and_transfers_share_the_only_context() -> Result<()> {
    let proc = VeoProcBuilder::default().build_on(narrow())?;
    assert_eq!(proc.backend(), Backend::Libveo);
    let lib = proc.load_library(library())?;
    let add = lib.function::<fn(i32, *mut f64) -> i64>("add")?;
    let count = lib.function::<fn(*mut i64, i64) -> i64>("count")?;
    let ctx = proc.open_context()?;
    let mut x = proc.upload(&[1.0])?;
    let mut counter = proc.zeros::<i64>(1)?;
    // Queued requests and synchronous calls, from two threads.
    std::thread::scope(|s| {
        s.spawn(|| {
            for _ in 0..50 {
                let mut y = [1.0];
                assert_eq!(add.call(&proc, (2, OnStack::inout(&mut y))).unwrap(), 3);
            }
        });
        for i in 1..=50 {
            assert_eq!(add.call(&ctx, (1, &mut x)).unwrap().wait().unwrap(), 1 + i);
        }
    });
    let slow = count.call(&ctx, (&mut counter, 50_000_000))?;
    let read = ctx.read(&counter)?;
    let slow = match slow.wait_timeout(Duration::from_millis(1))? {
        Ok(value) => value,
        Err(request) => request.wait()?,
    };
    assert_eq!(slow, 50_000_000);
    assert_eq!(read.wait()?, [50_000_000]);
    assert_eq!(ctx.call_vh(|| 7)?.wait()?, 7);
    let behind = ctx.call_vh({
        let proc = proc.clone();
        move || proc.alloc::<u8>(1).map(drop)
    })?;
    let error = behind.wait()?.unwrap_err();
    assert!(matches!(error, Error::WouldDeadlock { .. }), "{error}");
    let error = proc.open_context().unwrap_err().to_string();
    assert!(error.contains("no further context"), "{error}");
    drop(ctx);
    proc.open_context()?;
    proc.close()
}

/// The next submission waits, not a host function.
#[test]
fn a_request_after_another_is_held_back_until_that_has_ended() -> Result<()> {
    let proc = process();
    let lib = proc.load_library(library())?;
    let add = lib.function::<fn(i32, *mut f64) -> i64>("add")?;
    let crash = lib.function::<fn()>("crash")?;
    let (one, two) = (proc.open_context()?, proc.open_context()?);
    let mut x = proc.upload(&[1.0])?;
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let first = one.call_vh(move || gone.recv().is_ok())?;
    let added = add.call(&one, (1, &mut x))?;
    two.after(&added)?;
    std::thread::scope(|s| {
        let read = s.spawn(|| two.read(&x)?.wait());
        std::thread::sleep(Duration::from_millis(50));
        let is_held_back = two.shared().lock().table.next() == 0;
        go.send(()).unwrap();
        assert_eq!(read.join().unwrap()?, [2.0]);
        assert!(is_held_back);
        Ok::<(), Error>(())
    })?;
    assert!(first.wait()?);
    two.after(&added)?;
    assert_eq!(add.call(&two, (1, &mut x))?.wait()?, 3);
    let crashing = crash.call(&one, ())?;
    two.after(&crashing)?;
    let error = add.call(&two, (1, &mut x)).map(drop).unwrap_err();
    assert!(error.is_process_gone(), "{error}");
    let text = error.to_string();
    assert!(text.contains("crash") && text.contains("SIGSEGV"), "{text}");
    Ok(())
}

#[test]
fn an_order_that_the_backend_refuses_orders_nothing() -> Result<()> {
    unsafe extern "C" fn refuse(
        _: *mut veo_thr_ctxt,
        _: Option<unsafe extern "C" fn(*mut c_void) -> u64>,
        _: *mut c_void,
    ) -> u64 {
        ffi::VEO_REQUEST_ID_INVALID
    }
    static API: OnceLock<Api> = OnceLock::new();
    let api = API.get_or_init(|| {
        let mut table = *veo_emu::api();
        table.veo_call_async_vh = Some(refuse);
        Api::new(table, Backend::Emu, "a node without host functions".into())
    });
    let proc = VeoProcBuilder::default().races(Races::Deny).build_on(api)?;
    let (one, two) = (proc.open_context()?, proc.open_context()?);
    let mut x = proc.upload(&[1.0])?;
    let written = one.write(&mut x, vec![2.0])?;
    two.after(&written).unwrap_err();
    // It has the number that the order would have had, and comes after nothing.
    let error = two.read(&x).map(drop).unwrap_err();
    assert!(matches!(error, Error::Race { .. }), "{error}");
    written.wait()?;
    assert_eq!(two.read(&x)?.wait()?, [2.0]);
    proc.close()
}

#[test]
fn a_long_path_is_shortened_for_as_long_as_it_is_loaded() -> Result<()> {
    let root = tempfile::tempdir().expect("a temporary directory");
    let deep = root.path().join(["d"; 100].join("/"));
    let deep = deep.join("e".repeat(100));
    std::fs::create_dir_all(&deep).expect("it can be made");
    let long = deep.join("libk.so");
    std::fs::copy(library(), &long).expect("it can be copied");
    let proc = process();
    let lib = proc.load_library(&long)?;
    let add = lib.function::<fn(i32, *mut f64) -> i64>("add")?;
    let mut x = [1.0];
    assert_eq!(add.call(&proc, (2, OnStack::inout(&mut x)))?, 3);
    proc.close()
}

#[test]
fn a_crash_is_told_by_its_signal_alone() -> Result<()> {
    let proc = process();
    let lib = proc.load_library(library())?;
    let crash = lib.function::<fn()>("crash")?;
    let ctx = proc.open_context()?;
    let error = crash.call(&ctx, ())?.wait().unwrap_err();
    assert!(error.is_process_gone(), "{error}");
    let text = error.to_string();
    assert!(text.contains("crash") && text.contains("SIGSEGV"), "{text}");
    let error = proc.alloc::<u8>(8).unwrap_err();
    assert!(error.is_process_gone(), "{error}");
    let proc = proc.restart()?;
    assert!(std::ptr::eq(proc.shared().core.api, libveo()));
    let crash = proc.load_library(library())?.function::<fn()>("crash")?;
    let error = crash.call(&proc, ()).unwrap_err();
    assert!(matches!(error, Error::Exception { .. }), "{error}");
    Ok(())
}

#[test]
fn a_process_can_be_killed_by_its_number() -> Result<()> {
    let proc = process();
    let lib = proc.load_library(library())?;
    let count = lib.function::<fn(*mut i64, i64) -> i64>("count")?;
    let ctx = proc.open_context()?;
    let mut counter = proc.zeros::<i64>(1)?;
    let endless = count.call(&ctx, (&mut counter, -1))?;
    proc.kill()?;
    assert!(endless.wait().unwrap_err().is_process_gone());
    Ok(())
}

/// A libveo of the oldest version that is accepted lacks what tells the number.
#[test]
fn a_process_that_cannot_be_killed_says_which_function_lacks() {
    static OLD: OnceLock<Api> = OnceLock::new();
    let old = OLD.get_or_init(|| {
        let mut table = libveo().table;
        table.veo_get_pid_from_hmem = None;
        Api::new(table, Backend::Libveo, "an old libveo".into())
    });
    let proc = VeoProcBuilder::default().build_on(old).unwrap();
    let error = proc.kill().unwrap_err().to_string();
    let wanted = "an old libveo has no function veo_get_pid_from_hmem";
    assert!(error.contains(wanted), "{error}");
}

#[test]
fn settings_of_the_emulated_node_are_refused() {
    let with = VeoProcBuilder::default;
    for (name, builder) in [
        ("memory", with().memory(1 << 20)),
        ("time_limit", with().time_limit(Duration::from_secs(1))),
        ("stdout", with().stdout(|_, _| {})),
        ("schedule", with().schedule(Schedule::Late)),
        ("guard", with().guard(Guard::End)),
        ("profile", with().profile(true)),
        ("check", with().check(Check::Memory)),
    ] {
        let error = builder.build_on(libveo()).unwrap_err().to_string();
        assert!(error.contains(&format!("`{name}`")), "{error}");
    }
    // What asks for nothing is no mistake.
    let off = with().guard(Guard::Off).profile(false).check(Check::Off);
    off.build_on(libveo()).unwrap();
}
