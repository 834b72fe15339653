//! The host's processor: calls by its convention, copies that may fault, and the registers
//! of a fault. Nothing here knows what a VE process is.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
use aarch64 as processor;
#[cfg(target_arch = "x86_64")]
use x86_64 as processor;

pub(super) use processor::{
    INTEGERS, copy_bytes, disable_traps, enable_traps, invoke, place, return_address,
    return_from_leaf, stack_pointer, tagged_address,
};

/// Registers for floating-point arguments, on either machine.
pub(super) const FLOATS: usize = 8;

/// Everything a call needs and gives, in the order the assembly knows.
#[repr(C)]
pub(super) struct Frame {
    pub(super) function: u64,
    pub(super) stack: *const u64,
    pub(super) stack_len: u64,
    pub(super) integers: [u64; INTEGERS],
    pub(super) floats: [u64; FLOATS],
    pub(super) result_integer: u64,
    pub(super) result_float: u64,
}
