//! Machine code of any words, executed with registers of any contents: it traps or goes on, and never leaves its memory.
//!
//! The first 32 bytes choose what is in the registers, the rest is code.

#![no_main]

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use ve_isa::encoding;
use ve_isa::interp::{Common, Interpreter, StopHandle};
use ve_isa::memory::{Protection, Window};
use ve_isa::semantics::float::FloatMode;
use ve_isa::state::psw::Psw;

/// How many instructions are executed at most.
const STEPS: usize = 400;
/// Bytes of code at most.
const CODE: u64 = 4096;
const DATA: u64 = 1 << 16;

struct Setup {
    common: Arc<Common>,
    code: Range<u64>,
    data: Range<u64>,
}

static SETUP: LazyLock<Setup> = LazyLock::new(|| {
    let common = Arc::new(Common::new(Window::reserve().expect("there are addresses")));
    let map = |length| {
        let range = common.window.map(length, Protection::ReadWrite);
        range.expect("there is room")
    };
    let (code, data) = (map(CODE), map(DATA));
    common.executable.add(code.clone());
    Setup { common, code, data }
});

fn content(setup: &Setup, choice: u8, number: u64) -> u64 {
    let data = &setup.data;
    match choice % 16 {
        0 => number,
        1 => data.start + 64 * number,
        2 => data.end - 8,
        3 => data.end - 4,
        4 => data.start + 1 + number,
        5 => u64::MAX - number,
        6 => 1 << (number % 64),
        7 => setup.code.start,
        8 => setup.common.window.range().end - 8 * number,
        9 => f64::NAN.to_bits(),
        10 => (number as f64 - 30.5).to_bits(),
        11 => f64::INFINITY.to_bits() | number << 63,
        12 => 1 << 63 | data.start,
        13 => number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        14 => 256,
        _ => 0x7f80_0001_3f80_0000,
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((choices, words)) = bytes.split_at_checked(32) else {
        return;
    };
    let setup = &*SETUP;
    let window = &setup.common.window;
    let words = &words[..words.len().min(CODE as usize) & !7];
    window
        .protect(setup.code.clone(), Protection::ReadWrite)
        .expect("it is mapped");
    window
        .write(setup.code.start, &[0; CODE as usize])
        .expect("it can be written");
    window
        .write(setup.code.start, words)
        .expect("it can be written");
    window
        .protect(setup.code.clone(), Protection::Read)
        .expect("it is mapped");
    for word in words.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*word);
        // Every instruction can be written, and read again.
        if encoding::decode(word).is_some() {
            let text = encoding::disassemble(word).expect("it is an instruction");
            let again = encoding::assemble(&text).expect("its own text");
            assert_eq!(encoding::disassemble(again), Some(text));
        }
    }
    let mut thread = Interpreter::new(setup.common.clone(), StopHandle::default());
    let choice = |number: u64| choices[number as usize % 28];
    if choices[28] & 1 == 1 {
        thread.set_floats(FloatMode::Exact);
    }
    let cpu = thread.cpu_mut();
    cpu.ic = setup.code.start;
    cpu.psw = Psw::from_bits(u64::from_le_bytes([
        choices[29],
        choices[30],
        0,
        0,
        0,
        0,
        0,
        0,
    ]));
    cpu.set_vl(usize::from(choices[31]) + usize::from(choices[28] >> 1 & 1));
    for number in 0..64 {
        cpu.set_scalar(number as usize, content(setup, choice(number), number));
        let vector = cpu.vector_mut(number as usize);
        for (element, value) in vector.iter_mut().enumerate() {
            *value = content(setup, choice(number + 3), number + element as u64);
        }
    }
    for number in 1..16 {
        let mask = [0, 1, 2, 3].map(|part| content(setup, choice(number + 7), number + part));
        cpu.set_mask(number as usize, mask);
    }
    for _ in 0..STEPS {
        if thread.step().is_err() {
            break;
        }
        assert!(thread.cpu().vl() <= 256);
    }
});
