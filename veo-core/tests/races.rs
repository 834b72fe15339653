//! Programs that lack a wait: some order of requests gives a wrong result, and the report of
//! races names both requests. The same programs with the wait give the right result in any order, and no report.

mod common;

use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use veo_core::{
    Error, Guard, Races, Result, Schedule, VeoContext, VeoProc, VeoProcBuilder, VeoRequest,
    ve_kernel,
};
use veo_test_support as _;

use crate::common::TwoContexts;

#[ve_kernel(lib = "libordertest.so")]
unsafe extern "C" {
    safe fn fill(x: *mut f64, n: i64, value: f64);
    safe fn ramp(x: *mut f64, n: i64, factor: f64, term: f64);
    safe fn total(x: *const f64, n: i64) -> f64;
    safe fn copy_to(to: *mut f64, from: *const f64, n: i64);
    #[ve_kernel(shared(x))]
    safe fn fill_part(x: *mut f64, n: i64, part: i64, parts: i64, value: f64);
}

const N: usize = 8;
const LEN: i64 = N as i64;

fn builder() -> VeoProcBuilder {
    static LIBRARY: OnceLock<()> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        common::compile("order.c", "libordertest.so", &["-O1", "-g"]);
    });
    VeoProc::builder()
}

fn setting(builder: VeoProcBuilder) -> Result<TwoContexts> {
    TwoContexts::new(builder, N)
}

/// Waits, in a right program. In a wrong one it returns the request, to be waited for later.
fn maybe<'a, V>(right: bool, request: VeoRequest<'a, V>) -> Result<Option<VeoRequest<'a, V>>> {
    if !right {
        return Ok(Some(request));
    }
    request.wait()?;
    Ok(None)
}

fn rest<V>(request: Option<VeoRequest<'_, V>>) -> Result<()> {
    request.map_or(Ok(()), |request| request.wait().map(drop))
}

type Program = fn(&mut TwoContexts, bool) -> Result<f64>;

/// Programs, which wait where they have to if given `true`; their result then, and what the report
/// calls the earlier request and the later one.
const PROGRAMS: [(&str, Program, f64, [&str; 2]); 13] = [
    (
        "a kernel uses what another context loads",
        |s, right| {
            let load = s.one.write(&mut s.x, vec![1.0; N])?;
            let load = maybe(right, load)?;
            let sum = total(&s.two, &s.x, LEN)?.wait();
            rest(load)?;
            sum
        },
        8.0,
        ["to the VE", "total"],
    ),
    (
        "a transfer fetches what another context computes",
        |s, right| {
            let kernel = maybe(right, fill(&s.one, &mut s.x, LEN, 2.0)?)?;
            let values = s.two.read(&s.x)?.wait()?;
            rest(kernel)?;
            Ok(values.iter().sum())
        },
        16.0,
        ["fill", "from the VE"],
    ),
    (
        "the process reads what a context computes",
        |s, right| {
            let kernel = maybe(right, fill(&s.one, &mut s.x, LEN, 3.0)?)?;
            let values = s.x.to_vec()?;
            rest(kernel)?;
            Ok(values.iter().sum())
        },
        24.0,
        ["fill", "reading 64 bytes"],
    ),
    (
        "the next input overwrites the one that a kernel uses",
        |s, right| {
            s.one.write(&mut s.x, vec![1.0; N])?.wait()?;
            let sum = total(&s.two, &s.x, LEN)?;
            if right {
                let sum = sum.wait()?;
                s.one.write(&mut s.x, vec![5.0; N])?.wait()?;
                return Ok(sum);
            }
            s.one.write(&mut s.x, vec![5.0; N])?.wait()?;
            sum.wait()
        },
        8.0,
        ["total", "to the VE"],
    ),
    (
        "of two buffers in turn, one wait is for the wrong one",
        |s, right| {
            let first = s.one.write(&mut s.x, vec![1.0; N])?;
            let second = s.one.write(&mut s.y, vec![2.0; N])?;
            let (awaited, later) = if right {
                (second, first)
            } else {
                (first, second)
            };
            awaited.wait()?;
            let sum = total(&s.two, &s.y, LEN)?.wait();
            later.wait()?;
            sum
        },
        16.0,
        ["to the VE", "total"],
    ),
    (
        "two kernels write the same result",
        |s, right| {
            let kernel = maybe(right, fill(&s.one, &mut s.x, LEN, 1.0)?)?;
            fill(&s.two, &mut s.x, LEN, 2.0)?.wait()?;
            rest(kernel)?;
            Ok(s.x.to_vec()?.iter().sum())
        },
        16.0,
        ["fill", "fill"],
    ),
    (
        "the second stage of a pipeline does not wait for the first",
        |s, right| {
            s.x.fill(4.0)?;
            let mut z = s.proc.zeros::<f64>(N)?;
            let stage = maybe(right, copy_to(&s.one, &mut s.y, &s.x, LEN)?)?;
            copy_to(&s.two, &mut z, &s.y, LEN)?.wait()?;
            rest(stage)?;
            Ok(z.to_vec()?.iter().sum())
        },
        32.0,
        ["copy_to", "copy_to"],
    ),
    (
        "two kernels change the same values",
        |s, right| {
            s.x.fill(1.0)?;
            let kernel = maybe(right, ramp(&s.one, &mut s.x, LEN, 2.0, 0.0)?)?;
            ramp(&s.two, &mut s.x, LEN, 1.0, 3.0)?.wait()?;
            rest(kernel)?;
            Ok(s.x.to_vec()?.iter().sum())
        },
        40.0,
        ["ramp", "ramp"],
    ),
    (
        "slices overlap by two elements",
        |s, right| {
            let kernel = maybe(right, fill(&s.one, s.x.slice_mut(..6)?, 6, 1.0)?)?;
            let sum = total(&s.two, s.x.slice(4..)?, LEN - 4)?.wait();
            rest(kernel)?;
            sum
        },
        2.0,
        ["fill", "total"],
    ),
    (
        "a scope reads what another context computes",
        |s, right| {
            let mut values = [0.0; N];
            let kernel = maybe(right, fill(&s.one, &mut s.x, LEN, 6.0)?)?;
            s.two.scope(|scope| {
                scope.read_into(&s.x, &mut values);
            })?;
            rest(kernel)?;
            Ok(values.iter().sum())
        },
        48.0,
        ["fill", "from the VE"],
    ),
    (
        "a wait gives up and nobody looks",
        |s, right| {
            let limit = Duration::from_secs(if right { 600 } else { 0 });
            loop {
                match fill(&s.one, &mut s.x, LEN, 7.0)?.wait_timeout(limit)? {
                    // It was quick: nobody has given up.
                    Ok(_) if !right => {}
                    Ok(_) => break,
                    Err(kernel) => {
                        // Dropped, it would be waited for if it has ended by now.
                        std::mem::forget(kernel);
                        break;
                    }
                }
            }
            total(&s.two, &s.x, LEN)?.wait()
        },
        56.0,
        ["fill", "total"],
    ),
    (
        "a context does not come after the load",
        |s, right| {
            let load = s.one.write(&mut s.x, vec![9.0; N])?;
            if right {
                s.two.after(&load)?;
            }
            let sum = total(&s.two, &s.x, LEN)?.wait();
            load.wait()?;
            sum
        },
        72.0,
        ["to the VE", "total"],
    ),
    (
        "of three stages, the last does not come after the second",
        |s, right| {
            let three = s.proc.open_context()?;
            let load = s.one.write(&mut s.x, vec![10.0; N])?;
            s.two.after(&load)?;
            let copy = copy_to(&s.two, &mut s.y, &s.x, LEN)?;
            if right {
                three.after(&copy)?;
            }
            let sum = total(&three, &s.y, LEN)?.wait()?;
            if right {
                // The end of the last is that of all.
                s.x.fill(0.0)?;
                s.y.fill(0.0)?;
            }
            load.wait()?;
            copy.wait()?;
            Ok(sum)
        },
        80.0,
        ["copy_to", "total"],
    ),
];

#[test]
fn a_missing_wait_gives_a_wrong_result_for_some_seed() -> Result<()> {
    for (name, program, expected, _) in PROGRAMS {
        let mut found = None;
        for seed in 0..100 {
            let schedule = Schedule::Random(seed);
            let result = program(&mut setting(builder().schedule(schedule))?, false)?;
            if result != expected {
                found = Some(seed);
                break;
            }
        }
        assert!(found.is_some(), "{name}: no seed below 100 finds it");
    }
    Ok(())
}

#[test]
fn a_missing_wait_is_named_by_the_report() -> Result<()> {
    for (name, program, _, [first, second]) in PROGRAMS {
        let error = program(&mut setting(builder().races(Races::Deny))?, false);
        let error = error.expect_err(name);
        let Error::Race { race } = &error else {
            panic!("{name}: {error}");
        };
        assert!(race.earlier.contains(first), "{name}: {error}");
        assert!(race.later.contains(second), "{name}: {error}");
        for place in [&race.earlier_at, &race.later_at] {
            assert!(place.contains("tests/races.rs:"), "{name}: {error}");
        }
        assert_ne!(race.earlier_at, race.later_at, "{name}: {error}");
        assert!(error.to_string().contains(" may run at the same time as "));
    }
    Ok(())
}

#[test]
fn with_its_waits_each_program_is_right_in_any_order_and_unreported() -> Result<()> {
    let mut schedules = vec![None, Some(Schedule::Late)];
    schedules.extend((0..5).map(|seed| Some(Schedule::Random(seed))));
    for (name, program, expected, _) in PROGRAMS {
        for schedule in &schedules {
            let mut builder = builder().races(Races::Deny);
            if let Some(schedule) = schedule {
                builder = builder.schedule(*schedule);
            }
            let result = program(&mut setting(builder)?, true)?;
            assert_eq!(result, expected, "{name}: {schedule:?}");
        }
    }
    Ok(())
}

/// While one buffer is computed with, the other is loaded: the next but one block goes into a
/// buffer when its result is there.
fn overlapped(setting: &mut TwoContexts) -> Result<Vec<f64>> {
    let TwoContexts { one, two, x, y, .. } = setting;
    let (load, compute) = (&*one, &*two);
    let blocks: Vec<Vec<f64>> = (0..10).map(|block| vec![f64::from(block); N]).collect();
    let mut sums = Vec::new();
    let mut loading = Some(load.write(&mut *x, blocks[0].clone())?);
    for block in 0..blocks.len() {
        let [here, there] = if block % 2 == 0 {
            [&mut *x, &mut *y]
        } else {
            [&mut *y, &mut *x]
        };
        if let Some(loading) = loading.take() {
            loading.wait()?;
        }
        let sum = total(compute, &*here, LEN)?;
        if let Some(next) = blocks.get(block + 1) {
            loading = Some(load.write(there, next.clone())?);
        }
        sums.push(sum.wait()?);
    }
    Ok(sums)
}

#[test]
fn overlapped_double_buffering_done_right_is_not_reported() -> Result<()> {
    let expected: Vec<f64> = (0..10).map(|block| f64::from(block * 8)).collect();
    for seed in 0..10 {
        let builder = builder()
            .schedule(Schedule::Random(seed))
            .races(Races::Deny);
        assert_eq!(overlapped(&mut setting(builder)?)?, expected);
    }
    Ok(())
}

#[test]
fn parts_do_not_collide() -> Result<()> {
    let mut s = setting(builder().races(Races::Deny))?;
    // Slices of one buffer.
    let (low, high) = s.x.split_at_mut(3)?;
    let first = fill(&s.one, low, 3, 1.0)?;
    let second = fill(&s.two, high, 5, 2.0)?;
    first.wait()?;
    second.wait()?;
    assert_eq!(s.x.to_vec()?.iter().sum::<f64>(), 13.0);
    // Kernels that choose their part themselves.
    let first = fill_part(&s.one, &mut s.x, LEN, 0, 2, 3.0)?;
    let second = fill_part(&s.two, &mut s.x, LEN, 1, 2, 4.0)?;
    let read = s.two.read(&s.x).unwrap_err();
    assert!(read.to_string().contains("writes a part of"), "{read}");
    first.wait()?;
    second.wait()?;
    assert_eq!(s.x.to_vec()?.iter().sum::<f64>(), 28.0);
    // One element behind a bare pointer is known.
    let pointer = s.x.as_ptr();
    let first = fill(&s.one, pointer, 4, 1.0)?;
    let second = fill(&s.two, pointer.add(4), 4, 2.0)?;
    assert!(fill(&s.two, pointer, 4, 1.0).is_err());
    first.wait()?;
    second.wait()?;
    // Two that read.
    let first = total(&s.one, &s.x, LEN)?;
    assert_eq!(total(&s.two, &s.x, LEN)?.wait()?, first.wait()?);
    Ok(())
}

type Wait = fn(&VeoContext, VeoRequest<'_, ()>) -> Result<()>;

#[test]
fn every_way_to_wait_is_an_order() -> Result<()> {
    let mut s = setting(builder().races(Races::Deny))?;
    let waits: [Wait; 6] = [
        |_, request| request.wait(),
        |_, request| request.wait_timed().map(drop),
        |_, mut request| {
            while request.peek()?.is_none() {
                std::thread::yield_now();
            }
            Ok(())
        },
        |ctx, request| {
            drop(request);
            ctx.sync()
        },
        |ctx, request| {
            std::mem::forget(request);
            while !ctx.sync_timeout(Duration::from_millis(100))? {}
            Ok(())
        },
        // A later request of the same context.
        |ctx, request| {
            drop(request);
            ctx.alloc::<f64>(1)?.wait().map(drop)
        },
    ];
    for (at, wait) in waits.into_iter().enumerate() {
        let request = fill(&s.one, &mut s.x, LEN, at as f64)?;
        assert!(
            total(&s.two, &s.x, LEN).is_err(),
            "{at}: it is not known to have ended"
        );
        wait(&s.one, request)?;
        assert_eq!(total(&s.two, &s.x, LEN)?.wait()?, at as f64 * 8.0);
    }
    // One that is awaited.
    let request = fill(&s.one, &mut s.x, LEN, 1.0)?;
    block_on(request)?;
    assert_eq!(total(&s.two, &s.x, LEN)?.wait()?, 8.0);
    // On another thread.
    let request = fill(&s.one, &mut s.x, LEN, 2.0)?;
    std::thread::scope(|scope| scope.spawn(|| request.wait()).join().unwrap())?;
    assert_eq!(total(&s.two, &s.x, LEN)?.wait()?, 16.0);
    // A host function runs after what is queued before it.
    drop(fill(&s.one, &mut s.x, LEN, 3.0)?);
    let (two, x) = (s.two.clone(), s.x.as_ptr());
    let sum = s
        .one
        .call_vh(move || total(&two, x, LEN).and_then(VeoRequest::wait));
    assert_eq!(sum?.wait()??, 24.0);
    Ok(())
}

fn block_on<V>(request: VeoRequest<'_, V>) -> Result<V> {
    use std::future::{Future, IntoFuture};
    use std::task::{Context, Poll, Wake, Waker};
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = std::pin::pin!(request.into_future());
    let waker = Waker::from(std::sync::Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn a_request_that_is_denied_is_not_submitted() -> Result<()> {
    let mut s = setting(builder().races(Races::Deny))?;
    let kernel = fill(&s.one, &mut s.x, LEN, 1.0)?;
    assert!(fill(&s.two, &mut s.x, LEN, 2.0).is_err());
    assert!(fill(&s.proc, &mut s.x, LEN, 2.0).is_err());
    assert!(s.x.fill(2.0).is_err());
    kernel.wait()?;
    s.two.sync()?;
    assert_eq!(s.x.to_vec()?, [1.0; N]);
    // It leaves nothing behind, and takes no number.
    assert_eq!(fill(&s.two, &mut s.x, LEN, 3.0)?.id(), 0);
    Ok(())
}

#[test]
fn memory_that_was_freed_is_forgotten() -> Result<()> {
    // A guard keeps freed memory from being allocated again.
    let s = setting(builder().races(Races::Deny).guard(Guard::Off))?;
    let mut seen = std::collections::HashSet::new();
    let mut again = 0;
    for _ in 0..20 {
        let mut z = s.proc.alloc::<f64>(N)?;
        again += usize::from(!seen.insert(z.as_ptr().addr()));
        drop(fill(&s.one, &mut z, LEN, 1.0)?);
        z.free()?;
        let mut z = s.proc.alloc::<f64>(N)?;
        again += usize::from(!seen.insert(z.as_ptr().addr()));
        drop(fill(&s.two, &mut z, LEN, 1.0)?);
        z.free()?;
    }
    assert!(again > 0, "the same memory is allocated again");
    Ok(())
}

/// A program for the test below.
#[test]
#[ignore = "run by the other one"]
fn the_program_that_is_told() {
    let mut s = setting(builder()).unwrap();
    for _ in 0..5 {
        let kernel = fill(&s.one, &mut s.x, LEN, 1.0).unwrap();
        match total(&s.two, &s.x, LEN) {
            Ok(sum) => drop(sum.wait().unwrap()),
            Err(error) => println!("denied: {error}"),
        }
        kernel.wait().unwrap();
    }
}

#[test]
fn one_variable_has_a_program_told() {
    let told = |value: &str| {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["the_program_that_is_told", "--ignored", "--nocapture"])
            .env("VEO_EMU_RACES", value)
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    let count = |text: &str| text.matches("kernel total at ").count();
    let (ok, text) = told("warn");
    assert!(ok && text.contains("veo-core: kernel total at "), "{text}");
    assert_eq!(count(&text), 1, "once for a pair of places: {text}");
    let (ok, text) = told("deny");
    assert!(ok && text.contains("denied: kernel total at "), "{text}");
    assert_eq!(count(&text), 5, "{text}");
    let (ok, text) = told("off");
    assert!(ok && count(&text) == 0, "{text}");
    let (ok, text) = told("yes");
    assert!(!ok && text.contains("VEO_EMU_RACES is \"yes\""), "{text}");
}
