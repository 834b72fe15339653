//! Observers get one record of each request, whatever way it was made, collected or lost.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use veo_test_support::compile;

use crate::clock::system_time;
use crate::error::{Error, Result};
use crate::process::VeoProc;
use crate::session::{CommandState, ProcCore, RequestObserver, RequestRecord};
use crate::stack::OnStack;
use crate::ve_kernel;

#[ve_kernel(lib = "libobserved.so", crate = crate)]
fn next(x: i64) -> i64;

#[ve_kernel(lib = "libobserved.so", crate = crate)]
fn next_of(x: *mut i64);

#[ve_kernel(lib = "libobserved.so", crate = crate)]
fn nap(milliseconds: i64);

#[ve_kernel(lib = "libobserved.so", crate = crate)]
fn set(place: *mut i64, value: i64);

#[ve_kernel(lib = "libobserved.so", crate = crate)]
fn crash();

const SOURCE: &str = "
    #include <stdint.h>
    #include <time.h>
    void nap(int64_t milliseconds) {
        struct timespec left = { 0, milliseconds * 1000000 };
        while (nanosleep(&left, &left)) { }
    }
    void set(int64_t *place, int64_t value) { *(volatile int64_t *)place = value; }
    int64_t next(int64_t x) { return x + 1; }
    void next_of(int64_t *x) { ++*x; }
    void crash(void) { *(volatile int *)8 = 1; }
";

struct Notes {
    core: Weak<ProcCore>,
    noted: Mutex<Vec<RequestRecord>>,
}

impl RequestObserver for Notes {
    fn requests(&self, records: &[RequestRecord]) {
        self.noted.lock().unwrap().extend_from_slice(records);
    }
}

impl Notes {
    /// The records since the last call of [`take`](Self::take), with those that contexts keep.
    fn records(&self) -> Vec<RequestRecord> {
        if let Some(core) = self.core.upgrade() {
            core.gather_records();
        }
        self.noted.lock().unwrap().clone()
    }

    /// The same as text, sorted.
    fn take(&self) -> Vec<String> {
        let records = self.records();
        self.noted.lock().unwrap().clear();
        let mut lines: Vec<_> = records
            .iter()
            .map(|record| {
                let number = record.number.map_or("waited".into(), |n| n.to_string());
                format!("{number}: {}, {:?}", record.kind, record.state)
            })
            .collect();
        let ids: BTreeSet<_> = records.iter().map(|record| record.id).collect();
        assert_eq!(ids.len(), records.len(), "{records:?}");
        let now = system_time();
        for record in &records {
            let times = record.times;
            let order = [
                times.queued,
                times.started,
                times.ended,
                times.collected,
                now,
            ];
            assert!(order.is_sorted(), "{record:?}");
            assert!(times.queued > 0 && now - times.queued < 600_000_000_000);
        }
        lines.sort();
        lines
    }
}

/// A process that finds the kernels beside this program, and its observer.
fn process() -> Result<(VeoProc, Arc<Notes>)> {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| compile::kernels_beside_program(SOURCE, "libobserved.so"));
    let proc = VeoProc::builder().memory(16 << 20).build()?;
    let notes = Arc::new(Notes {
        core: Arc::downgrade(&proc.shared().core),
        noted: Mutex::default(),
    });
    let observer: Arc<dyn RequestObserver> = notes.clone();
    proc.shared().core.observe(observer);
    Ok((proc, notes))
}

#[test]
fn each_request_makes_one_record_however_it_is_made_and_collected() -> Result<()> {
    let (proc, notes) = process()?;
    let main = proc.shared().main.id;
    // The first call looks the kernel up, and is made in another way.
    next(&proc, 1)?;
    assert_eq!(notes.take(), ["waited: kernel next, Ok"]);
    assert_eq!(next(&proc, 1)?, 2);
    let of_main = |record: &RequestRecord| record.context == main;
    assert!(notes.records().iter().all(of_main));
    assert_eq!(notes.take(), ["0: kernel next, Ok"]);
    let mut value = [1i64];
    next_of(&proc, OnStack::inout(&mut value))?;
    assert_eq!(notes.take(), ["waited: kernel next_of, Ok"]);
    let mut buffer = proc.upload(&[1i64, 2, 3])?;
    buffer.to_vec()?;
    assert_eq!(
        notes.take(),
        [
            "waited: the allocation of 24 bytes, Ok",
            "waited: the transfer of 24 bytes from the VE, Ok",
            "waited: the transfer of 24 bytes to the VE, Ok",
        ]
    );

    let ctx = proc.open_context()?;
    let written = ctx.write(&mut buffer, vec![7, 8, 9])?;
    let called = next_of(&ctx, &mut buffer)?;
    let host = ctx.call_vh(|| 5)?;
    let mut read = ctx.read(&buffer)?;
    let values = loop {
        if let Some(values) = read.peek()? {
            break values;
        }
    };
    assert_eq!(values, [8, 8, 9]);
    written.wait()?;
    called.wait()?;
    assert_eq!(host.wait()?, 5);
    drop(next(&ctx, 1)?);
    ctx.sync()?;
    let many: Vec<_> = (0..100).map(|x| next(&ctx, x)).collect::<Result<_>>()?;
    for request in many.into_iter().rev() {
        request.wait()?;
    }
    let lines = notes.take();
    assert_eq!(lines.len(), 105, "{lines:?}");
    let expected = [
        "0: the transfer of 24 bytes to the VE, Ok",
        "1: kernel next_of, Ok",
        "2: the host function, Ok",
        "3: the transfer of 24 bytes from the VE, Ok",
        "4: kernel next, Ok",
        "104: kernel next, Ok",
    ];
    for line in expected {
        let found = lines.iter().filter(|other| *other == line).count();
        assert_eq!(found, 1, "{line} in {lines:?}");
    }
    Ok(())
}

#[test]
fn requests_that_fail_or_are_lost_are_told_of_too() -> Result<()> {
    let (proc, notes) = process()?;
    let ctx = proc.open_context()?;
    let fatal = crash(&ctx)?;
    let behind = next(&ctx, 1);
    assert!(matches!(fatal.wait(), Err(Error::Exception { .. })));
    // The process may have ended before the second call came.
    let queued = behind.map(|request| request.wait()).is_ok();
    let records = notes.records();
    assert_eq!(records.len(), 1 + usize::from(queued), "{records:?}");
    assert_eq!(records[0].kind.to_string(), "kernel crash");
    assert!(records[0].times.estimated);
    assert!(
        records
            .iter()
            .all(|record| record.state != CommandState::Ok)
    );
    notes.take();

    let (proc, notes) = process()?;
    let ctx = proc.open_context()?;
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let held = ctx.call_vh(move || wait.recv().is_ok())?;
    let behind = next(&ctx, 1)?;
    proc.kill()?;
    drop(go);
    assert!(behind.wait().is_err());
    drop(held.wait());
    let lines = notes.take();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].starts_with("1: kernel next, "), "{lines:?}");
    Ok(())
}

/// An observer that panics, without a message.
struct Panicking;

impl RequestObserver for Panicking {
    fn requests(&self, _: &[RequestRecord]) {
        std::panic::resume_unwind(Box::new("an observer"));
    }
}

#[test]
fn an_observer_that_panics_keeps_nobody_from_collecting() -> Result<()> {
    let (proc, notes) = process()?;
    let ctx = proc.open_context()?;
    let observer: Arc<dyn RequestObserver> = Arc::new(Panicking);
    proc.shared().core.observe(observer);
    // Observers are told of each call while the next one runs, by the thread that collects.
    for x in 0..100 {
        assert_eq!(next(&ctx, x)?.wait()?, x + 1);
    }
    let many: Vec<_> = (0..100).map(|x| next(&ctx, x)).collect::<Result<_>>()?;
    for request in many {
        request.wait()?;
    }
    assert_eq!(notes.take().len(), 200);
    Ok(())
}

#[test]
fn a_kernel_that_is_collected_late_ran_no_longer_for_that() -> Result<()> {
    const LATE: Duration = Duration::from_millis(30);
    let (proc, notes) = process()?;
    let ctx = proc.open_context()?;
    let mut done = proc.zeros::<i64>(1)?;
    let slow = nap(&ctx, 50)?;
    let behind = set(&ctx, &mut done, 1)?;
    // It has ended when the one behind it has run.
    let patience = Instant::now() + Duration::from_secs(60);
    while done.to_vec()? == [0] {
        assert!(Instant::now() < patience, "the kernel does not run");
        std::thread::sleep(Duration::from_millis(1));
    }
    let seen = system_time();
    std::thread::sleep(LATE);
    slow.wait()?;
    behind.wait()?;
    let records = notes.records();
    let record = records
        .iter()
        .find(|record| record.kind.to_string() == "kernel nap")
        .unwrap();
    let times = record.times;
    assert!(!times.estimated, "{record:?}");
    assert!(times.ended - times.started >= 50_000_000, "{record:?}");
    assert!(times.ended <= seen, "{record:?}, seen at {seen}");
    assert!(
        times.collected >= seen + LATE.as_nanos() as u64,
        "{record:?}"
    );
    notes.take();
    Ok(())
}

#[test]
fn the_times_of_queued_requests_are_known() -> Result<()> {
    let (proc, notes) = process()?;
    let ctx = proc.open_context()?;
    let mut buffer = proc.upload(&[1i64, 2, 3])?;
    notes.take();
    let queued: Vec<_> = (0..1000).map(|x| next(&ctx, x)).collect::<Result<_>>()?;
    let written = ctx.write(&mut buffer, vec![7; 3])?;
    let host = ctx.call_vh(|| 5)?;
    for request in queued {
        request.wait()?;
    }
    written.wait()?;
    host.wait()?;
    drop(next(&ctx, 1)?);
    ctx.sync()?;
    let records = notes.records();
    assert_eq!(records.len(), 1003);
    for pair in records.windows(2) {
        assert!(!pair[1].times.estimated, "{:?}", pair[1]);
        assert!(pair[0].times.ended <= pair[1].times.started, "{pair:?}");
    }
    // An observer that is registered again gets the times again.
    let observer: Arc<dyn RequestObserver> = notes.clone();
    proc.shared().core.ignore(&observer);
    next(&ctx, 1)?.wait()?;
    proc.shared().core.observe(observer);
    notes.take();
    next(&ctx, 1)?.wait()?;
    let records = notes.records();
    assert_eq!(records.len(), 1);
    assert!(!records[0].times.estimated, "{records:?}");
    Ok(())
}

#[test]
fn an_observer_that_leaves_misses_nothing_that_another_thread_gathers() -> Result<()> {
    const ROUNDS: usize = 5_000;
    let (proc, _) = process()?;
    let ctx = proc.open_context()?;
    let core = &proc.shared().core;
    let over = AtomicBool::new(false);
    let round = || -> Result<usize> {
        let notes = Arc::new(Notes {
            core: Arc::downgrade(core),
            noted: Mutex::default(),
        });
        let observer: Arc<dyn RequestObserver> = notes.clone();
        core.observe(Arc::clone(&observer));
        nap(&ctx, 0)?.wait()?;
        core.ignore(&observer);
        let noted = notes.noted.lock().unwrap().len();
        Ok(noted)
    };
    let noted: Result<Vec<usize>> = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                core.gather_records();
            }
        });
        let noted = (0..ROUNDS).map(|_| round()).collect();
        over.store(true, Ordering::Relaxed);
        noted
    });
    let missed = noted?.into_iter().filter(|count| *count != 1).count();
    assert_eq!(missed, 0, "of {ROUNDS}");
    Ok(())
}
