//! A segment with two mailboxes, one for each direction: who writes what, and where payloads
//! are. Knows no command.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64};
use std::time::Duration;

pub const SLOTS: usize = 256;
/// The flags, the two counters, the slots; payloads follow.
pub const HEADER: usize = size_of::<Mailbox>();

/// This side answers.
pub const READY: u32 = 1;
/// A kernel did something wrong.
pub const EXCEPTION: u32 = 2;
/// This side has ended.
pub const EXITED: u32 = 4;

/// The head of a half of the segment. A slot is a command, 29 bits of a payload's place and
/// 27 bits of its length; a command of zero says that it is free.
#[repr(C)]
pub struct Mailbox {
    pub sender_flags: AtomicU32,
    pub receiver_flags: AtomicU32,
    pub last_put: AtomicI64,
    pub last_got: AtomicI64,
    pub slots: [AtomicU64; SLOTS],
}

/// Waits a little, longer the longer it has been waiting.
pub fn pause(tries: &mut u64) {
    const SPINS: u64 = 4000;
    const YIELDS: u64 = 2000;
    *tries += 1;
    match *tries {
        n if n < SPINS => std::hint::spin_loop(),
        n if n < SPINS + YIELDS => std::thread::yield_now(),
        _ => std::thread::sleep(Duration::from_micros(50)),
    }
}
