//! `setjmp.h`: jumps out of functions.
//!
//! A `jmp_buf` has [`WORDS`] words: registers to restore, and a word that tells whether the function that called `setjmp` still
//! runs. So 192 bytes are enough, and those of all C libraries have as many.

use super::call::{Outcome, Table, load, result_int, store, store_words, word};
use super::{arrived, signals};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("setjmp", set),
    ("_setjmp", set),
    ("__setjmp", set),
    ("sigsetjmp", set_with_signals),
    ("__sigsetjmp", set_with_signals),
    ("longjmp", jump),
    ("_longjmp", jump),
    ("siglongjmp", jump),
    ("__longjmp_chk", jump),
];

/// Registers that a function keeps for its caller, but for the stack's limit and the thread pointer, which never change; and lr.
const KEPT: [usize; 22] = [
    9, 10, 11, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33,
];
const FP: usize = 9;
const SP: usize = 11;

/// How many words a `jmp_buf` has: a mark with the number of the call from outside, sums, registers.
const WORDS: usize = KEPT.len() + 2;

/// The upper half of the first word of a `jmp_buf` that has been set. The second one tells that a further word has what was
/// blocked of signals: those that ask for it have much more room.
const MARK: u64 = 0x7665_6a6d << 32;
const MARK_WITH_SIGNALS: u64 = 0x7665_6a6e << 32;

/// A sum over what was stored, so that damage is seen.
fn sum(words: &[u64]) -> u64 {
    let sum = words.iter().fold(MARK, |sum, word| {
        (sum ^ word)
            .rotate_left(17)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    sum >> 32
}

/// The same over what a function saves at its frame pointer, which does not change before it returns.
fn frame_sum(thread: &Thread, frame: u64) -> u64 {
    let word = |address| thread.window().load::<8>(address).unwrap_or(0);
    sum(&[word(frame), word(frame.wrapping_add(8))])
}

fn set(thread: &mut Thread) -> Outcome {
    store_place(thread, MARK)?;
    result_int(thread, 0)
}

fn set_with_signals(thread: &mut Thread) -> Outcome {
    let (place, is_asked) = (word(thread, 0), word(thread, 1) as i32 != 0);
    if is_asked {
        store_place(thread, MARK_WITH_SIGNALS)?;
        let blocked = arrived::blocked(thread)?;
        store::<8>(thread.window(), place.wrapping_add(BLOCKED), blocked)?;
    } else {
        store_place(thread, MARK)?;
    }
    result_int(thread, 0)
}

/// Where a `sigjmp_buf` has what was blocked.
const BLOCKED: u64 = 8 * WORDS as u64;

/// Stores where the thread is.
fn store_place(thread: &mut Thread, mark: u64) -> Outcome {
    let place = word(thread, 0);
    let mut words = [0; WORDS];
    words[0] = mark | thread.running_call() & 0xffff_ffff;
    for (word, register) in words[2..].iter_mut().zip(KEPT) {
        *word = thread.registers().scalar(register);
    }
    let frame = frame_sum(thread, thread.registers().scalar(FP));
    words[1] = frame << 32 | sum(&words[2..]);
    store_words(thread.window(), place, &words)
}

fn jump(thread: &mut Thread) -> Outcome {
    let (place, value) = (word(thread, 0), word(thread, 1) as i32);
    let mut words = [0; WORDS];
    for (index, word) in words.iter_mut().enumerate() {
        *word = load::<8>(thread.window(), place.wrapping_add(8 * index as u64))?;
    }
    let mark = words[0] & !0xffff_ffff;
    if ![MARK, MARK_WITH_SIGNALS].contains(&mark) || words[1] & 0xffff_ffff != sum(&words[2..]) {
        return Err(Failure::Why(format!(
            "was given {place:#x}, which setjmp has not set"
        )));
    }
    let mut registers = Box::new([0; 64]);
    for (number, register) in registers.iter_mut().enumerate() {
        *register = thread.registers().scalar(number);
    }
    let dead = || Failure::Why("the function that called setjmp has returned".into());
    for (register, word) in KEPT.into_iter().zip(&words[2..]) {
        registers[register] = *word;
    }
    // The stack grows down. As long as the function that called setjmp has not returned, its stack pointer is not below the
    // present one. If it has returned, its frame may hold other data by now.
    if registers[SP] < thread.registers().scalar(SP)
        || words[1] >> 32 != frame_sum(thread, registers[FP])
    {
        return Err(dead());
    }
    if mark == MARK_WITH_SIGNALS {
        let blocked = load::<8>(thread.window(), place.wrapping_add(BLOCKED))?;
        signals::set_blocked(thread, blocked)?;
    }
    registers[0] = i64::from(if value == 0 { 1 } else { value }) as u64;
    let call = words[0] & 0xffff_ffff;
    Err(thread.jump(call, registers).unwrap_or_else(dead))
}
