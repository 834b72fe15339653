//! A process that loads and unloads libraries: what was made of their code goes with them.
//!
//! It is the only test of its process, so that all code of the host that it counts is its own.

#![cfg(feature = "cranelift")]

use std::fs;
use std::sync::Mutex;
use std::thread;

use ve_isa::image::ImageFile;
use ve_isa::interp::Reach;
use ve_isa::machine::{Machine, Unresolved};
use ve_jit::Cranelift;
use veo_test_support::ve::{self, can_compile};

/// Bytes of stack.
const STACK: u64 = 1 << 20;

/// Functions of the library.
const FUNCTIONS: usize = 8;

const SOURCE: &str = "
    typedef unsigned long u64;
    #define F(n) u64 f##n(u64 times) { u64 sum = n; for (u64 i = 0; i < times; i++) sum = sum * 3 ^ i; return sum; }
    F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7)
";

fn expected(function: usize, times: u64) -> u64 {
    (0..times).fold(function as u64, |sum, i| sum.wrapping_mul(3) ^ i)
}

/// Bytes of memory that may be executed and is of no file.
fn made() -> u64 {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let lines = maps.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (range, flags, file) = (words.next()?, words.next()?, words.nth(3));
        let (start, end) = range.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).unwrap();
        (flags == "r-xp" && file.is_none()).then(|| number(end) - number(start))
    });
    lines.sum()
}

#[test]
fn two_hundred_libraries_leave_no_code_of_the_host() {
    if !can_compile() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let object = ve::object_of(directory.path(), "f.c", SOURCE, &["-O2"]);
    let bytes = &fs::read(object).unwrap()[..];
    let machine = Machine::new().unwrap();
    machine.translate_with(Box::new(Cranelift::new().unwrap()), Reach::Region);
    let mut own = machine.thread(STACK).unwrap();
    let other = Mutex::new(machine.thread(STACK).unwrap());
    let mut most = 0;
    for round in 0..200 {
        let input = ImageFile { name: "f", bytes };
        let images = machine.load(&[input], Unresolved::Error).unwrap();
        for number in 0..FUNCTIONS {
            let function = machine.symbol(&format!("f{number}")).unwrap();
            let times = 1500 + round;
            assert_eq!(
                own.call(function, &[times]),
                Ok(expected(number, times)),
                "{round}"
            );
            // Another one runs the same code now and then, and keeps it until it runs next.
            if round % 20 == 0 {
                let result = thread::scope(|scope| {
                    let call = || other.lock().unwrap().call(function, &[times]);
                    scope.spawn(call).join().unwrap()
                });
                assert_eq!(result, Ok(expected(number, times)), "{round}");
            }
        }
        let now = made();
        assert_ne!(now, 0, "nothing is translated in round {round}");
        most = most.max(now);
        machine.unload(&images).unwrap();
    }
    // These are the pages of two libraries, and of the way into code.
    let pages = most / 4096;
    assert!(pages <= 3 * FUNCTIONS as u64, "{pages} pages of code");
}
