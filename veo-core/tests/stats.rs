//! A process's statistics of its requests and its memory, compared with the test's own counts and measurements.

mod common;

use std::time::{Duration, Instant};

use veo_core::{KernelStats, ProcStats, RequestStats, VeoProc, ve_kernel};
use veo_test_support::run;

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn give_i64(x: i64) -> i64;
    safe fn busy(milliseconds: i64) -> i64;
    safe fn sum(x: *const f64, n: u64) -> f64;
    safe fn wait_for(flag: *mut i64) -> i64;
    safe fn set_flag(flag: *mut i64, value: i64);
    safe fn crash();
}

fn process() -> VeoProc {
    common::library();
    let built = VeoProc::builder().stats(true).build();
    built.expect("the emulated node is there")
}

fn requests(stats: ProcStats) -> RequestStats {
    stats.requests.expect("they are gathered")
}

fn find<'a>(all: &'a RequestStats, kernel: &str) -> &'a KernelStats {
    let found = all.kernels.iter().find(|found| found.kernel == kernel);
    found.unwrap_or_else(|| panic!("{kernel} in {all:?}"))
}

#[test]
fn calls_are_counted_by_kernel() {
    let proc = process();
    let ctx = proc.open_context().unwrap();
    for x in 0..100 {
        assert_eq!(give_i64(&ctx, x).unwrap().wait().unwrap(), x);
    }
    let queued: Vec<_> = (0..50).map(|x| give_i64(&ctx, x).unwrap()).collect();
    for request in queued {
        request.wait().unwrap();
    }
    for x in 0..10 {
        assert_eq!(give_i64(&proc, x).unwrap(), x);
    }
    let library = proc.load_library(common::library()).unwrap();
    let named = library.function::<fn(i64) -> i64>("give_i64").unwrap();
    for x in 0..5 {
        assert_eq!(named.call(&proc, (x,)).unwrap(), x);
    }
    // Nobody waits for these.
    for x in 0..7 {
        drop(give_i64(&ctx, x).unwrap());
    }
    ctx.sync().unwrap();
    // The thread of the process may have seen their end, and not have told of it yet.
    let patience = Instant::now() + Duration::from_secs(60);
    let all = loop {
        let all = requests(proc.stats());
        let count = |kernel: &KernelStats| kernel.calls.count;
        if all.kernels.iter().map(count).sum::<u64>() >= 172 || Instant::now() > patience {
            break all;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert_eq!(all.kernels.len(), 2);
    let of = |library: Option<&str>| {
        let mut kernels = all.kernels.iter();
        kernels
            .find(|kernel| kernel.library.as_deref() == library)
            .map(|kernel| (&*kernel.kernel, kernel.calls.count, kernel.calls.errors))
    };
    assert_eq!(of(Some("libcoretest.so")), Some(("give_i64", 167, 0)));
    assert_eq!(of(None), Some(("give_i64", 5, 0)));
    let counts: Vec<_> = all.contexts.iter().map(|ctx| ctx.requests).collect();
    assert_eq!(counts.iter().sum::<u64>(), 172, "{all:?}");
    assert!(counts.contains(&157), "those of the context: {all:?}");
}

#[test]
fn times_are_those_of_the_calls() {
    const MILLISECONDS: [u64; 6] = [5, 5, 5, 5, 5, 40];
    let proc = process();
    let ctx = proc.open_context().unwrap();
    let begin = Instant::now();
    let queued: Vec<_> = MILLISECONDS
        .iter()
        .map(|time| busy(&ctx, *time as i64).unwrap())
        .collect();
    for request in queued {
        request.wait().unwrap();
    }
    let most = begin.elapsed();
    let all = requests(proc.stats());
    let calls = find(&all, "busy").calls;
    let (running, queued) = (calls.running, calls.queued);
    // The kernel counts whole milliseconds from within one.
    let least = |time| Duration::from_millis(time) - Duration::from_millis(1);
    if all.estimated == 0 {
        assert!(running.min >= least(5), "{running:?}");
        assert!(running.max >= least(40), "{running:?}");
    }
    // A call that is said to begin late, since the one before it was collected late, is shorter,
    // but not all of them together.
    assert!(running.sum >= least(65 - 5), "{running:?}");
    assert!(running.sum <= most, "{running:?} in {most:?}");
    assert!(
        running.min <= running.p50 && running.p50 <= running.p99,
        "{running:?}"
    );
    assert!(running.p99 <= running.max, "{running:?}");
    assert!(queued.max <= most, "{queued:?} in {most:?}");
    assert!(
        queued.min <= queued.p50 && queued.p99 <= queued.max,
        "{queued:?}"
    );
}

#[test]
fn a_call_waits_in_the_queue_for_the_one_before_it() {
    const HELD: Duration = Duration::from_millis(20);
    let proc = process();
    let (one, two) = (proc.open_context().unwrap(), proc.open_context().unwrap());
    let mut flag = proc.zeros::<i64>(1).unwrap();
    let hold = wait_for(&one, &mut flag).unwrap();
    let held = give_i64(&one, 7).unwrap();
    std::thread::sleep(HELD);
    set_flag(&two, &mut flag, 1).unwrap().wait().unwrap();
    assert_eq!(hold.wait().unwrap(), 1);
    assert_eq!(held.wait().unwrap(), 7);
    let all = requests(proc.stats());
    let queued = find(&all, "give_i64").calls.queued;
    assert!(queued.min >= HELD, "{queued:?}");
    // With a schedule it may start late.
    let hold = find(&all, "wait_for").calls;
    assert!(hold.queued.sum + hold.running.sum >= HELD, "{hold:?}");
}

#[test]
fn bytes_of_transfers_are_counted() {
    let proc = process();
    let ctx = proc.open_context().unwrap();
    let mut x = proc.upload(&[1.0; 1000]).unwrap();
    ctx.write(&mut x, vec![2.0; 1000]).unwrap().wait().unwrap();
    assert_eq!(ctx.read(&x).unwrap().wait().unwrap(), [2.0; 1000]);
    assert_eq!(x.to_vec().unwrap(), [2.0; 1000]);
    assert_eq!(sum(&ctx, &x, 1000).unwrap().wait().unwrap(), 2000.0);
    assert_eq!(ctx.call_vh(|| 3).unwrap().wait().unwrap(), 3);
    let all = requests(proc.stats());
    assert_eq!((all.writes.count, all.writes.bytes), (2, 16_000));
    assert_eq!((all.reads.count, all.reads.bytes), (2, 16_000));
    assert_eq!(
        (all.host_functions.count, all.host_functions.errors),
        (1, 0)
    );
    let rate = all.reads.bytes as f64 / all.reads.running.sum.as_secs_f64();
    assert_eq!(all.reads.rate(), rate);
    let bytes: u64 = all.contexts.iter().map(|ctx| ctx.bytes).sum();
    assert_eq!(bytes, 32_000);
}

#[test]
fn faults_are_errors_of_their_kernel() {
    let proc = process();
    let ctx = proc.open_context().unwrap();
    assert_eq!(give_i64(&ctx, 1).unwrap().wait().unwrap(), 1);
    let bad = crash(&ctx).unwrap();
    let behind = give_i64(&ctx, 2);
    bad.wait().unwrap_err();
    // It may have been queued before or after the end.
    let lost = u64::from(behind.map(|request| request.wait().unwrap_err()).is_ok());
    let all = requests(proc.stats());
    let calls = find(&all, "crash").calls;
    assert_eq!((calls.count, calls.errors), (1, 1));
    let calls = find(&all, "give_i64").calls;
    assert_eq!((calls.count, calls.errors), (1 + lost, lost));
}

#[test]
fn memory_is_counted_without_being_asked() {
    let proc = common::process();
    let memory = || {
        let stats = proc.stats();
        assert_eq!(stats.requests, None);
        (stats.memory.now, stats.memory.most, stats.memory.blocks)
    };
    assert_eq!(memory(), (0, 0, 0));
    let x = proc.alloc::<f64>(1000).unwrap();
    let raw = proc.alloc_mem(500).unwrap();
    let ctx = proc.open_context().unwrap();
    let queued = ctx.alloc::<u8>(24).unwrap().wait().unwrap();
    assert_eq!(memory(), (8524, 8524, 3));
    x.free().unwrap();
    assert_eq!(memory(), (524, 8524, 2));
    proc.free_mem(raw).unwrap();
    proc.free_mem(raw).unwrap_err();
    queued.free().unwrap();
    assert_eq!(memory(), (0, 8524, 0));
    let _kept = proc.alloc::<u8>(9000).unwrap();
    assert_eq!(memory(), (9000, 9000, 1));
    let other = proc.clone();
    other.close().unwrap();
    assert_eq!(memory(), (0, 9000, 0), "all of it is gone with the process");
}

/// The variable that has [`program`] do something.
const PROGRAM: &str = "VEO_TEST_STATS_PROGRAM";

/// Runs in the program that [`printed`] starts.
#[test]
fn program() {
    let Ok(what) = std::env::var(PROGRAM) else {
        return;
    };
    common::library();
    let proc = match VeoProc::new(0) {
        Ok(proc) => proc,
        Err(error) => return println!("\nerror: {error}"),
    };
    let x = proc.upload(&[1.0; 1000]).unwrap();
    let ctx = proc.open_context().unwrap();
    for n in 0..20 {
        assert_eq!(sum(&ctx, &x, n).unwrap().wait().unwrap(), n as f64);
    }
    match &*what {
        "close" => proc.close().unwrap(),
        // The handles are dropped when the program ends.
        "drop" => {}
        "keep" => std::mem::forget(proc),
        "exit" => std::process::exit(0),
        "crash" => drop(crash(&proc).unwrap_err()),
        "off" => {
            let off = VeoProc::builder().stats(false).build().unwrap();
            assert_eq!(off.stats().requests, None);
            off.close().unwrap();
        }
        other => panic!("{other}"),
    }
}

/// The output of the program on both streams, with these values of `VEO_STATS` and the task that it is given.
fn printed(stats: Option<&str>, what: &str) -> String {
    let mut program = run::one_test("program");
    program.env(PROGRAM, what).env_remove("VEO_STATS");
    if let Some(stats) = stats {
        program.env("VEO_STATS", stats);
    }
    let output = program.output().expect("the program starts again");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let text = text + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    text
}

#[test]
fn a_table_is_printed_once_at_the_end() {
    for what in ["close", "drop", "keep", "exit", "crash", "off"] {
        let text = printed(Some("1"), what);
        let lines: Vec<_> = text
            .lines()
            .filter(|line| line.ends_with("  sum (libcoretest.so)"))
            .collect();
        let [line] = *lines else {
            panic!("{what}: {text}");
        };
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!(words[..2], ["20", "0"], "{what}: {text}");
        assert!(text.contains("7.81 KiB"), "{what}: {text}");
        assert_eq!(text.matches(" at most").count(), 1, "{what}: {text}");
        assert!(!text.contains("  context "), "{what}: {text}");
    }
    let text = printed(Some("1"), "crash");
    assert!(text.contains("  crash (libcoretest.so)"), "{text}");
}

#[test]
fn the_variable_says_what_is_printed() {
    let text = printed(Some("DETAIL"), "close");
    assert!(text.contains(": requests 20, errors 0, "), "{text}");
    for nothing in [None, Some("0"), Some("")] {
        let text = printed(nothing, "close");
        assert!(!text.contains(" at most"), "{text}");
    }
    let text = printed(Some("yes please"), "close");
    assert!(text.contains("VEO_STATS is \"yes please\""), "{text}");
    assert!(text.contains("`DETAIL`"), "{text}");
}
