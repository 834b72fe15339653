//! AArch64, AAPCS64: calls, copies that may fault, and the registers of a fault.

use std::arch::{asm, naked_asm};
use std::mem::offset_of;

use super::Frame;

/// Registers for integer arguments.
pub(in crate::veorun) const INTEGERS: usize = 8;

// The places that the assembly knows.
const _: () = {
    assert!(offset_of!(Frame, function) == 0 && offset_of!(Frame, stack) == 8);
    assert!(offset_of!(Frame, stack_len) == 16 && offset_of!(Frame, integers) == 24);
    assert!(offset_of!(Frame, floats) == 88 && offset_of!(Frame, result_integer) == 152);
    assert!(offset_of!(Frame, result_float) == 160);
};

/// Loads registers and stack, calls, stores the results. It has no unwind
/// information on purpose: an exception that leaves a kernel ends there.
#[unsafe(naked)]
pub(in crate::veorun) unsafe extern "C" fn invoke(frame: *mut Frame) {
    naked_asm!(
        "stp x29, x30, [sp, #-32]!",
        "mov x29, sp",
        "str x19, [sp, #16]",
        "mov x19, x0",
        "ldr x9, [x19, #8]",
        "ldr x10, [x19, #16]",
        // Room for the words on the stack, kept 16-byte aligned.
        "add x11, x10, #1",
        "and x11, x11, #-2",
        "sub sp, sp, x11, lsl #3",
        "mov x12, sp",
        "2:",
        "cbz x10, 3f",
        "ldr x13, [x9], #8",
        "str x13, [x12], #8",
        "sub x10, x10, #1",
        "b 2b",
        "3:",
        "ldp d0, d1, [x19, #88]",
        "ldp d2, d3, [x19, #104]",
        "ldp d4, d5, [x19, #120]",
        "ldp d6, d7, [x19, #136]",
        "ldp x0, x1, [x19, #24]",
        "ldp x2, x3, [x19, #40]",
        "ldp x4, x5, [x19, #56]",
        "ldp x6, x7, [x19, #72]",
        "ldr x16, [x19]",
        "blr x16",
        "str x0, [x19, #152]",
        "str d0, [x19, #160]",
        "mov sp, x29",
        "ldr x19, [sp, #16]",
        "ldp x29, x30, [sp], #32",
        "ret",
    )
}

/// Copies bytes upwards and returns 0. A fault in it is turned into a return of 1.
#[unsafe(naked)]
pub(in crate::veorun) unsafe extern "C" fn copy_bytes(
    dst: *mut u8,
    src: *const u8,
    len: usize,
) -> u64 {
    naked_asm!(
        "2:",
        "cmp x2, #16",
        "b.lo 3f",
        "ldp x3, x4, [x1], #16",
        "stp x3, x4, [x0], #16",
        "sub x2, x2, #16",
        "b 2b",
        "3:",
        "cbz x2, 4f",
        "ldrb w3, [x1], #1",
        "strb w3, [x0], #1",
        "sub x2, x2, #1",
        "b 3b",
        "4:",
        "mov x0, #0",
        "ret",
    )
}

/// Makes the interrupted leaf function, which keeps no frame, return `value`.
///
/// # Safety
///
/// The context was interrupted inside such a function.
pub(in crate::veorun) unsafe fn return_from_leaf(context: *mut libc::ucontext_t, value: u64) {
    // SAFETY: the caller says what was interrupted, so x30 is the return address.
    unsafe {
        let registers = &mut (*context).uc_mcontext;
        registers.pc = registers.regs[30];
        registers.regs[0] = value;
    }
}

/// The program counter of an interrupted context.
///
/// # Safety
///
/// The context is one that the kernel passed to a handler.
pub(in crate::veorun) unsafe fn place(context: *mut libc::ucontext_t) -> u64 {
    // SAFETY: the caller vouches for the context.
    unsafe { (*context).uc_mcontext.pc }
}

/// The stack pointer of an interrupted context.
///
/// # Safety
///
/// The context is one that the kernel passed to a handler.
pub(in crate::veorun) unsafe fn stack_pointer(context: *mut libc::ucontext_t) -> u64 {
    // SAFETY: the caller vouches for the context.
    unsafe { (*context).uc_mcontext.sp }
}

/// The address that a function returns to that has just been called. Nothing has to be read
/// for it.
///
/// # Safety
///
/// The context is one that the kernel passed to a handler.
pub(in crate::veorun) unsafe fn return_address(
    context: *mut libc::ucontext_t,
    _: impl FnOnce(u64) -> Option<u64>,
) -> Option<u64> {
    // SAFETY: the caller vouches for the context.
    Some(unsafe { (*context).uc_mcontext.regs[30] })
}

/// Lets floating-point exceptions of the calling thread raise SIGFPE, where the
/// processor can. The bits are those of `traps`, in x86's order.
pub(in crate::veorun) fn enable_traps(bits: u32) {
    // x86: invalid, denormal, division, overflow, underflow, inexact.
    let places = [8, 15, 9, 10, 11, 12];
    let mut control: u64;
    // SAFETY: reading a control register changes nothing.
    unsafe { asm!("mrs {}, fpcr", out(reg) control) };
    for (bit, place) in places.into_iter().enumerate() {
        if bits >> bit & 1 == 1 {
            control |= 1 << place;
        }
    }
    // SAFETY: only trap bits are set; the exceptions they let through are the
    // kernels', since nothing of ours computes with floating point.
    unsafe { asm!("msr fpcr, {}", in(reg) control) };
}

/// Lets no floating-point exception of the calling thread raise SIGFPE.
pub(in crate::veorun) fn disable_traps() {
    const TRAPS: u64 = 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 15;
    let mut control: u64;
    // SAFETY: reading a control register changes nothing.
    unsafe { asm!("mrs {}, fpcr", out(reg) control) };
    control &= !TRAPS;
    // SAFETY: only trap bits are cleared.
    unsafe { asm!("msr fpcr, {}", in(reg) control) };
}

/// The register with an address of the VE that still has its tag: here an access ignores
/// it, so no fault comes from it.
///
/// # Safety
///
/// The context is one that the kernel passed to a handler.
pub(in crate::veorun) unsafe fn tagged_address(_: *mut libc::ucontext_t) -> Option<u64> {
    None
}
