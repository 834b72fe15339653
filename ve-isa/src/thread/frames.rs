//! Where a thread is: its stack, and the callers of its function.

use std::ops::Range;

use super::{Thread, role};

/// How many callers there are at most.
const MOST: usize = 63;

/// A function saves two words at its frame pointer: its caller's frame pointer, then its return address.
const SAVED_LR: u64 = 8;

/// Where a thread is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frames {
    /// The addresses of its stack.
    pub stack: Range<u64>,
    /// The value of `lr`: in a function that has called none, the return address.
    pub lr: u64,
    /// Where the callers go on, as far as frame pointers tell, the innermost first.
    pub returns: Vec<u64>,
}

impl Frames {
    /// Where this thread is now.
    pub(super) fn of(thread: &Thread) -> Self {
        let common = thread.interpreter.common();
        let stack = thread.stack();
        let mut frame = thread.registers().scalar(role::FP);
        let word = |address: u64| common.window.load::<8>(address).ok();
        let mut returns = Vec::new();
        while returns.len() < MOST && stack.contains(&frame) {
            let Some(address) = word(frame.wrapping_add(SAVED_LR)) else {
                break;
            };
            if !common.executable.contains(address, 8) {
                break;
            }
            returns.push(address);
            match word(frame) {
                Some(outer) if outer > frame => frame = outer,
                _ => break,
            }
        }
        Self {
            stack,
            lr: thread.registers().scalar(role::LR),
            returns,
        }
    }
}
