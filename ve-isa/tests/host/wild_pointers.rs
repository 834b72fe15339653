//! Every function of the host, called with pointers that lead nowhere.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use ve_isa::machine::{Machine, host_functions};
use ve_isa::memory::Protection;
use ve_isa::trap::TrapKind;

/// Functions that end the program whatever they are given, or say that they cannot be called.
const ENDS: [&str; 20] = [
    "abort",
    "exit",
    "_exit",
    "_Exit",
    "quick_exit",
    "__assert_fail",
    "__assert",
    "__stack_chk_fail",
    "__cxa_pure_virtual",
    "__cxa_deleted_virtual",
    "_ZSt9terminatev",
    "err",
    "errx",
    "verr",
    "verrx",
    "error",
    "pthread_exit",
    "thrd_exit",
    "raise",
    "kill",
];

/// The functions that work on input, output or the mask of the test, which they do not get, or on all files of the system.
const OF_THE_TEST: [&str; 13] = [
    "sync",
    "getchar",
    "getchar_unlocked",
    "getwchar",
    "putchar",
    "putchar_unlocked",
    "putwchar",
    "puts",
    "scanf",
    "vscanf",
    "wscanf",
    "vwscanf",
    "umask",
];

/// How often a function may wait: it does so for each further argument that it does not look at.
const WAITS: usize = 10;

#[test]
fn wild_pointers_are_traps_that_name_the_function() {
    let mut traps = 0;
    for name in host_functions() {
        let plain = name
            .trim_start_matches("__isoc99_")
            .trim_start_matches("__isoc23_");
        if !OF_THE_TEST.contains(&plain) {
            traps += wild_calls(name);
        }
    }
    assert!(traps > 5000, "{traps}");
}

/// Calls a function with wild pointers among its arguments, on a machine of its own, so that nothing stays open. The result is how
/// many calls trapped.
fn wild_calls(name: &str) -> usize {
    let machine = Machine::new().unwrap();
    let window = machine.window();
    let good = window.map(1 << 16, Protection::ReadWrite).unwrap();
    let closed = window.map(1 << 16, Protection::Read).unwrap();
    let text = b"/nonexistent/%s%n%f%Lf%ls\0";
    let fill = |place: u64| {
        window.write(place, &[0; 4096]).unwrap();
        window.write(place, text).unwrap();
        // A string that nothing ends before the memory does.
        window.write(good.end - 8, b"no end!!").unwrap();
    };
    let wild = [
        8,
        0x10,
        window.range().start - 8,
        window.range().end - 4,
        window.range().end,
        closed.end + 8,
        closed.start,
        good.end - 4,
        good.end - 8,
        u64::MAX - 7,
        1 << 63,
        u64::MAX,
    ];
    let mut calls: Vec<[u64; 6]> = Vec::new();
    for position in 0..6 {
        for address in wild {
            for others in [good.start, 3, good.start + 64] {
                let mut words = [others; 6];
                words[position] = address;
                calls.push(words);
            }
        }
    }
    calls.extend(wild.map(|address| [address; 6]));
    let mut thread = machine.thread(1 << 20).unwrap();
    let stop = thread.thread().stop_handle();
    let function = machine.host_address(name).unwrap();
    let (done, ended) = mpsc::channel::<()>();
    let (mut traps, mut waits) = (0, 0);
    std::thread::scope(|scope| {
        // A function that blocks or sleeps is asked to stop, again and again.
        scope.spawn(move || {
            while ended.recv_timeout(Duration::from_millis(20)) == Err(RecvTimeoutError::Timeout) {
                stop.stop();
            }
        });
        // Dropped also where a check fails.
        let _done = done;
        for words in calls {
            fill(good.start);
            let Err(trap) = thread.call(function, &words) else {
                continue;
            };
            traps += 1;
            check(name, &words, &trap.kind);
            waits += usize::from(trap.kind == TrapKind::Stopped);
            if waits == WAITS {
                break;
            }
        }
    });
    traps
}

fn check(name: &str, words: &[u64], kind: &TrapKind) {
    match kind {
        TrapKind::HostFunction { name: named, .. } => assert_eq!(named, name),
        TrapKind::MemoryAccess { .. }
        | TrapKind::OutsideCode { .. }
        | TrapKind::StackOverflow { .. }
        | TrapKind::Arithmetic { .. }
        | TrapKind::Stopped => {}
        TrapKind::Exit { .. } | TrapKind::Abort | TrapKind::Raised { .. } => {
            let helper = ["vti", "vsi", "vdi"].iter().any(|part| name.contains(part));
            assert!(helper || ENDS.contains(&name), "{name}");
        }
        other => panic!("{name} {words:x?}: {other}"),
    }
}

#[test]
fn a_bad_pointer_is_named_with_the_reason() {
    let machine = Machine::new().unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    let mut why = |name: &str, words: &[u64]| {
        let function = machine.host_address(name).unwrap();
        thread.call(function, words).unwrap_err().kind.to_string()
    };
    assert_eq!(
        why("strlen", &[0x10]),
        "strlen: was given 0x10, which is not memory of the Vector Engine"
    );
    assert_eq!(
        why("memcpy", &[0, 0, 8]),
        "memcpy: was given 0x0, which is not memory of the Vector Engine"
    );
    assert_eq!(
        why("fclose", &[0x40]),
        "fclose: was given 0x40, which is no open stream"
    );
    let block = {
        let malloc = machine.host_address("malloc").unwrap();
        let mut thread = machine.thread(1 << 20).unwrap();
        thread.call(malloc, &[100]).unwrap()
    };
    assert_eq!(
        why("free", &[block + 16]),
        format!(
            "free: was given {:#x}, where no allocated block begins",
            block + 16
        )
    );
    let read_only = machine.window().map(4096, Protection::Read).unwrap().start;
    assert_eq!(
        why("memset", &[read_only, 1, 8]),
        format!("memset: was given {read_only:#x}, which is protected")
    );
    assert_eq!(
        why("longjmp", &[read_only, 1]),
        format!("longjmp: was given {read_only:#x}, which setjmp has not set")
    );
}

/// The host would have to keep it.
#[test]
fn a_text_that_is_too_long_for_a_buffer_is_an_error() {
    let machine = Machine::new().unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    let good = machine.window().map(4096, Protection::ReadWrite).unwrap();
    let (place, format) = (good.start, good.start + 8);
    let text = b"%600000000d\0";
    machine.window().write(format, text).unwrap();
    let mut call = |name: &str, words: &[u64]| {
        let function = machine.host_address(name).unwrap();
        thread.call(function, words).unwrap()
    };
    assert_eq!(call("asprintf", &[place, format, 1]) as i32, -1);
    let errno = call("__errno_location", &[]);
    let number = machine.window().load::<4>(errno).unwrap();
    assert_eq!(number, libc::ENOMEM as u64);
    // Nobody keeps what has no place.
    assert_eq!(call("snprintf", &[0, 0, format, 1]) as i32, 600_000_000);
}

#[test]
fn an_order_that_takes_minutes_to_reach_is_refused() {
    let machine = Machine::new().unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    let function = machine.host_address("jn").unwrap();
    let mut call =
        |order: i32| thread.call(function, &[i64::from(order) as u64, 1e9_f64.to_bits()]);
    for order in [i32::MAX, i32::MIN] {
        let text = call(order).unwrap_err().to_string();
        let expected = format!("jn: was given the order {order}; the largest is 16777216");
        assert!(text.starts_with(&expected), "{text}");
    }
    assert!(f64::from_bits(call(1000).unwrap()).abs() < 1.0);
}
