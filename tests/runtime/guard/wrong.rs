//! Wrong kernels.

use std::panic::Location;
use std::thread;
use std::time::{Duration, Instant};

use veo_core::{Cause, Error, Fault, Guard, VeAddr, VeData, VeoLibrary, VeoProc};

use super::{guarded, library, line};

const PAGE: u64 = 4096;

/// Bytes that are accessible before and behind a block of this size.
fn slack(guard: Guard, size: u64) -> (u64, u64) {
    let room = size.next_multiple_of(16);
    match guard {
        Guard::End => (room.next_multiple_of(PAGE) - room, room - size),
        _ => (0, size.next_multiple_of(PAGE) - size),
    }
}

/// The facts that the error of a call must name: the kernel, the block and, if it faulted, the line.
#[track_caller]
fn check(error: &Error, kernel: &str, place: &str, source: Option<(&str, u32)>) -> Fault {
    let said = error.to_string();
    let fault = error.fault().unwrap_or_else(|| panic!("{said}")).clone();
    assert_eq!(fault.kernel.as_deref(), Some(kernel), "{said}");
    assert_eq!(fault.memory.as_deref(), Some(place), "{said}");
    let mut parts = vec![kernel.to_owned(), place.to_owned()];
    match source {
        Some((file, line)) => {
            assert_eq!(
                (fault.cause, fault.signal),
                (Cause::Signal, Some(11)),
                "{said}"
            );
            let (path, number) = fault.source.as_ref().expect("a line");
            assert!(path.ends_with(file), "{said}");
            assert_eq!(*number, line, "{said}");
            parts.push(format!("{file}:{line}"));
        }
        None => assert_eq!(fault.cause, Cause::Overwritten, "{said}"),
    }
    for part in parts {
        assert!(said.contains(&part), "{part:?} is missing in: {said}");
    }
    fault
}

fn bytes(count: u64) -> String {
    match count {
        1 => "1 byte".into(),
        count => format!("{count} bytes"),
    }
}

type Leave = fn(*mut u8, i64, i64);

/// Overruns and underruns by 1 to 4096 bytes, of blocks that fill their last page and of such
/// that do not.
#[test]
fn by_a_few_bytes() {
    let path = library("leave.c").unwrap();
    let writes = line("leave.c", "writes");
    for guard in [Guard::End, Guard::Start] {
        for size in [3_u64, 808, 4096] {
            let (before, behind) = slack(guard, size);
            for (count, up) in [1, 7, 8, 15, 16, 100, 4096]
                .into_iter()
                .flat_map(|count| [(count, true), (count, false)])
            {
                let (proc, library) = guarded(guard, &path);
                let leave = library.function::<Leave>("write_bytes").unwrap();
                let at = Location::caller();
                let (mut x, made) = (proc.alloc::<u8>(size as usize).unwrap(), line!());
                let other = proc.upload(&[1.0, 2.0]).unwrap();
                let offset = if up { size as i64 } else { -1 };
                let error = leave
                    .call(&proc, (&mut x, offset, count as i64))
                    .expect_err(&format!("{guard:?}, {size} bytes: {count}, {up}"));
                let (room, name) = (
                    if up { behind } else { before },
                    format!("the {size} bytes allocated at {}:{made}", at.file()),
                );
                // It faults where the room ends; if it does not, the nearest byte is named.
                let faults = count > room;
                let far = if faults { room } else { 0 };
                let place = match (up, far) {
                    (true, 0) => format!("just past {name}"),
                    (true, far) => format!("{} past {name}", bytes(far)),
                    (false, far) => format!("{} before {name}", bytes(far + 1)),
                };
                let source = faults.then_some(("leave.c", writes));
                check(&error, "write_bytes", &place, source);
                assert!(matches!(error, Error::Exception { .. }), "{error}");
                assert!(matches!(other.to_vec(), Err(Error::ProcessEnded { .. })));
            }
        }
    }
}

type Action = fn(&VeoProc, &VeoLibrary) -> (Result<(), Error>, String);

/// Says what a block is called.
fn named(count: usize, what: &str, at: u32) -> String {
    format!("the {count} {what} allocated at {}:{at}", file!())
}

fn with_struct(proc: &VeoProc, library: &VeoLibrary, len: usize) -> (Result<(), Error>, String) {
    #[derive(Clone, Copy, VeData)]
    #[repr(C)]
    struct Vector {
        values: VeAddr<f64>,
        count: i64,
    }
    let (x, at) = (proc.zeros::<f64>(len).unwrap(), line!());
    let vector = Vector {
        values: x.as_ptr().to_ve_addr(),
        count: len as i64,
    };
    let mut vector = proc.upload(&[vector]).unwrap();
    let fill = library.function::<fn(*mut Vector, f64)>("fill").unwrap();
    let called = fill.call(proc, (&mut vector, 2.5));
    drop(vector);
    (called, named(len, "f64", at))
}

/// The source, the kernel, the guard, what calls it; how far from which side it goes, and the
/// comment at the line where it faults.
type Case = (
    &'static str,
    &'static str,
    Guard,
    Action,
    &'static str,
    Option<&'static str>,
);

const WRONG: &[Case] = &[
    (
        "leave.c",
        "scale",
        Guard::End,
        |proc, library| {
            let (mut x, at) = (proc.upload(&[1.0; 100]).unwrap(), line!());
            let scale = library.function::<fn(*mut f64, i64, f64)>("scale").unwrap();
            (scale.call(proc, (&mut x, 100, 2.0)), named(100, "f64", at))
        },
        "just past ",
        Some("scales"),
    ),
    // 101 f64 leave 8 bytes to the guard.
    (
        "leave.c",
        "scale",
        Guard::End,
        |proc, library| {
            let (mut x, at) = (proc.upload(&[1.0; 101]).unwrap(), line!());
            let scale = library.function::<fn(*mut f64, i64, f64)>("scale").unwrap();
            (scale.call(proc, (&mut x, 101, 1.1)), named(101, "f64", at))
        },
        "just past ",
        None,
    ),
    (
        "leave.c",
        "difference",
        Guard::Start,
        |proc, library| {
            let (x, at) = (proc.zeros::<f64>(7).unwrap(), line!());
            let difference = library
                .function::<fn(*const f64, i64) -> f64>("difference")
                .unwrap();
            (
                difference.call(proc, (&x, 7)).map(drop),
                named(7, "f64", at),
            )
        },
        "8 bytes before ",
        Some("subtracts"),
    ),
    (
        "leave.c",
        "fill",
        Guard::End,
        |proc, library| with_struct(proc, library, 64),
        "just past ",
        Some("fills"),
    ),
    (
        "leave.c",
        "fill",
        Guard::End,
        |proc, library| with_struct(proc, library, 65),
        "just past ",
        None,
    ),
    (
        "leave.c",
        "fill",
        Guard::Start,
        |proc, library| with_struct(proc, library, 64),
        "just past ",
        None,
    ),
    (
        "leave.c",
        "far",
        Guard::End,
        |proc, library| {
            let (mut x, at) = (proc.alloc::<f64>(2).unwrap(), line!());
            let far = library.function::<fn(*mut f64, i64)>("far").unwrap();
            (far.call(proc, (&mut x, 6002)), named(2, "f64", at))
        },
        "48000 bytes past ",
        Some("far"),
    ),
    (
        "leave.c",
        "far",
        Guard::Start,
        |proc, library| {
            let (mut x, at) = (proc.alloc::<f64>(2).unwrap(), line!());
            let far = library.function::<fn(*mut f64, i64)>("far").unwrap();
            (far.call(proc, (&mut x, -5000)), named(2, "f64", at))
        },
        "40000 bytes before ",
        Some("far"),
    ),
    (
        "leave.c",
        "copy",
        Guard::End,
        |proc, library| {
            let (mut x, at) = (proc.alloc::<u32>(1000).unwrap(), line!());
            let y = proc.zeros::<u32>(2000).unwrap();
            let copy = library
                .function::<fn(*mut u32, *const u32, i64)>("copy")
                .unwrap();
            (copy.call(proc, (&mut x, &y, 4001)), named(1000, "u32", at))
        },
        "just past ",
        Some("copies"),
    ),
    (
        "leave.c",
        "start_thread",
        Guard::End,
        |proc, library| {
            let (mut x, at) = (proc.alloc::<f64>(2).unwrap(), line!());
            let start = library
                .function::<fn(*mut f64, i64)>("start_thread")
                .unwrap();
            (start.call(proc, (&mut x, 2)), named(2, "f64", at))
        },
        "just past ",
        Some("in a thread"),
    ),
    // Memory that was freed: by its buffer, and by pointer.
    (
        "leave.c",
        "use_kept",
        Guard::End,
        |proc, library| {
            let (mut x, at) = (proc.upload(&[1.0; 100]).unwrap(), line!());
            library
                .function::<fn(*mut f64)>("keep")
                .unwrap()
                .call(proc, (&mut x,))
                .unwrap();
            drop(x);
            let used = library
                .function::<fn(i64) -> f64>("use_kept")
                .unwrap()
                .call(proc, (5,));
            (used.map(drop), named(100, "f64", at) + ", which were freed")
        },
        "40 bytes into ",
        Some("uses"),
    ),
    (
        "leave.c",
        "change_kept",
        Guard::Start,
        |proc, library| {
            let (x, at) = (proc.alloc_mem(64).unwrap(), line!());
            library
                .function::<fn(*mut f64)>("keep")
                .unwrap()
                .call(proc, (x.cast::<f64>(),))
                .unwrap();
            proc.free_mem(x).unwrap();
            // Blocks that are allocated later do not take its place.
            let _others: Vec<_> = (0..50).map(|_| proc.zeros::<f64>(8).unwrap()).collect();
            let changed = library
                .function::<fn(i64)>("change_kept")
                .unwrap()
                .call(proc, (0,));
            (changed, named(64, "bytes", at) + ", which were freed")
        },
        "0 bytes into ",
        Some("changes"),
    ),
    (
        "leave.cpp",
        "smooth",
        Guard::End,
        |proc, library| {
            let (mut x, at) = (proc.upload(&[1_f32; 64]).unwrap(), line!());
            let smooth = library.function::<fn(*mut f32, i64)>("smooth").unwrap();
            (smooth.call(proc, (&mut x, 64)), named(64, "f32", at))
        },
        "just past ",
        Some("smooths"),
    ),
    (
        "leave.cpp",
        "sum_all",
        Guard::End,
        |proc, library| {
            let (x, at) = (proc.upload(&[1_f64; 512]).unwrap(), line!());
            let sum = library
                .function::<fn(*const f64, i64) -> f64>("sum_all")
                .unwrap();
            (sum.call(proc, (&x, 512)).map(drop), named(512, "f64", at))
        },
        "just past ",
        Some("sums"),
    ),
    (
        "leave.cpp",
        "shift",
        Guard::Start,
        |proc, library| {
            let (mut x, at) = (proc.upload(&[1_i32; 10]).unwrap(), line!());
            let shift = library.function::<fn(*mut i32, i64)>("shift").unwrap();
            (shift.call(proc, (&mut x, 10)), named(10, "i32", at))
        },
        "4 bytes before ",
        Some("shifts"),
    ),
    (
        "leave.f90",
        "axpy",
        Guard::End,
        |proc, library| {
            let (x, at) = (proc.upload(&[1_f64; 200]).unwrap(), line!());
            let mut y = proc.upload(&[1_f64; 201]).unwrap();
            let axpy = library
                .function::<fn(i64, f64, *const f64, *mut f64)>("axpy")
                .unwrap();
            (
                axpy.call(proc, (200, 2.0, &x, &mut y)),
                named(200, "f64", at),
            )
        },
        "just past ",
        Some("adds"),
    ),
    (
        "leave.f90",
        "from_zero",
        Guard::Start,
        |proc, library| {
            let (mut x, at) = (proc.upload(&[1_i32; 9]).unwrap(), line!());
            let from = library.function::<fn(i64, *mut i32)>("from_zero").unwrap();
            (from.call(proc, (9, &mut x)), named(9, "i32", at))
        },
        "4 bytes before ",
        Some("from zero"),
    ),
    (
        "leave.f90",
        "from_zero",
        Guard::End,
        |proc, library| {
            let (mut x, at) = (proc.upload(&[1_i32; 9]).unwrap(), line!());
            let from = library.function::<fn(i64, *mut i32)>("from_zero").unwrap();
            (from.call(proc, (9, &mut x)), named(9, "i32", at))
        },
        "1 byte before ",
        None,
    ),
    (
        "leave.f90",
        "column",
        Guard::End,
        |proc, library| {
            let (mut m, at) = (proc.upload(&[1_f32; 12]).unwrap(), line!());
            let column = library
                .function::<fn(i64, i64, *mut f32)>("column")
                .unwrap();
            (column.call(proc, (4, 3, &mut m)), named(12, "f32", at))
        },
        "just past ",
        Some("column"),
    ),
];

#[test]
fn each_is_told_where_it_was() {
    for (source, kernel, guard, call, side, comment) in WRONG {
        let Some(path) = library(source) else {
            continue;
        };
        let (proc, library) = guarded(*guard, &path);
        let (called, name) = call(&proc, &library);
        let error = called.expect_err(kernel);
        let place = comment.map(|comment| (*source, line(source, comment)));
        let fault = error.fault().unwrap_or_else(|| panic!("{error}")).clone();
        if fault.kernel.is_none() {
            // A thread that a kernel started belongs to no context.
            assert_eq!(*kernel, "start_thread");
        }
        check(&error, kernel, &format!("{side}{name}"), place);
    }
}

#[test]
fn memory_that_is_freed_twice_is_an_error() {
    let proc = VeoProc::builder().guard(Guard::End).build().unwrap();
    let x = proc.alloc_mem(100).unwrap();
    proc.free_mem(x).unwrap();
    let error = proc.free_mem(x).unwrap_err();
    assert!(matches!(error, Error::BadPointer { .. }), "{error}");
    assert!(error.to_string().contains("freed before"), "{error}");
    // The process still works.
    assert_eq!(proc.upload(&[1, 2]).unwrap().to_vec().unwrap(), [1, 2]);
}

/// If a kernel overwrites bytes beside a block that nothing checks after the call, that is found when the block is freed.
#[test]
fn damage_is_found_when_a_block_is_freed() {
    let path = library("leave.c").unwrap();
    let (proc, library) = guarded(Guard::End, &path);
    // More blocks than are checked after each call.
    let others: Vec<_> = (0..200).map(|_| proc.alloc::<u8>(16).unwrap()).collect();
    let (mut x, at) = (proc.alloc::<f64>(2).unwrap(), line!());
    library
        .function::<fn(*mut f64)>("keep")
        .unwrap()
        .call(&proc, (&mut x,))
        .unwrap();
    // Far before the block, which is no argument of this call.
    let change = library.function::<fn(i64)>("change_kept").unwrap();
    change.call(&proc, (-100,)).unwrap();
    drop(x);
    // The buffer is freed by another thread, soon.
    let end = Instant::now() + Duration::from_secs(60);
    let error = loop {
        match proc.alloc::<u8>(1) {
            Ok(_) => assert!(Instant::now() < end, "nothing was found"),
            Err(error) => break error,
        }
        thread::sleep(Duration::from_millis(1));
    };
    let fault = error.fault().expect("a fault");
    assert_eq!(fault.cause, Cause::Overwritten, "{error}");
    assert_eq!(fault.operation.as_deref(), Some("freeing VE memory"));
    let place = format!("793 bytes before {}", named(2, "f64", at));
    assert_eq!(fault.memory.as_deref(), Some(&*place), "{error}");
    drop(others);
}
