//! Calls of the host's own functions: which word goes into which register or onto the
//! stack, by the rules that System V and AAPCS64 share.

use std::mem::MaybeUninit;
use std::ptr;

use crate::shared::class::{WordClass, are_integers};
use crate::shared::control::EngineTrap;
use crate::shared::ring::{MAX_WORDS, Received};
use crate::veorun::arch::{FLOATS, Frame, INTEGERS, invoke};
use crate::veorun::engine::Runner;

/// Runs functions of the host's own machine code.
pub(in crate::veorun) struct NativeRunner;

impl Runner for NativeRunner {
    #[inline]
    unsafe fn call(&mut self, request: &Received) -> Result<u64, Box<EngineTrap>> {
        let mut stack = MaybeUninit::<[u64; MAX_WORDS]>::uninit();
        let mut frame = Frame {
            function: request.address,
            stack: ptr::null(),
            stack_len: 0,
            integers: [0; INTEGERS],
            floats: [0; FLOATS],
            result_integer: 0,
            result_float: 0,
        };
        if are_integers(request.classes()) {
            // Registers without an argument may hold anything.
            frame.integers.copy_from_slice(&request.words[..INTEGERS]);
            let rest = request.words().get(INTEGERS..).unwrap_or_default();
            (frame.stack, frame.stack_len) = (rest.as_ptr(), rest.len() as u64);
        } else {
            frame.stack_len = sort(request, &mut frame, &mut stack) as u64;
            frame.stack = stack.as_ptr().cast();
        }
        // SAFETY: the frame is complete, its stack has as many words as it says, and the
        // caller vouches for the function.
        unsafe { invoke(&mut frame) };
        let returns = request.returns;
        Ok(returns.word(frame.result_integer, frame.result_float))
    }

    /// The system calls destructors when the thread ends.
    fn close(&mut self) {}
}

/// Puts each word into the next register of its class while there are any, then onto the
/// stack. Returns how many words went there.
fn sort(request: &Received, frame: &mut Frame, stack: &mut MaybeUninit<[u64; MAX_WORDS]>) -> usize {
    let place = stack.as_mut_ptr().cast::<u64>();
    let (mut integers, mut floats, mut spilled) = (0, 0, 0);
    for (index, word) in request.words().iter().enumerate() {
        let class = request.class(index);
        // A float is the upper half of its word, and the lower half of its register.
        let word = if class == WordClass::Float {
            word >> 32
        } else {
            *word
        };
        if class == WordClass::Integer && integers < frame.integers.len() {
            frame.integers[integers] = word;
            integers += 1;
        } else if class != WordClass::Integer && floats < frame.floats.len() {
            frame.floats[floats] = word;
            floats += 1;
        } else {
            // SAFETY: at most as many words are spilled as there are, which is at most
            // MAX_WORDS.
            unsafe { place.add(spilled).write(word) };
            spilled += 1;
        }
    }
    spilled
}
