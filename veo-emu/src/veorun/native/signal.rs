//! The trap that a signal of native code stands for.

use crate::shared::control::{Cause, Trap};
use crate::veorun::{arch, current};

/// The `si_code` of a fault without an address, such as an access to a non-canonical address
/// (a general protection fault).
const SI_KERNEL: i32 = 0x80;

/// The trap that a signal of the calling thread is.
///
/// # Safety
///
/// The system passed both pointers to the handler that calls this.
pub(super) unsafe fn trap(
    signal: i32,
    info: *mut libc::siginfo_t,
    context: *mut libc::ucontext_t,
) -> Trap {
    // SAFETY: the caller vouches for the siginfo.
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr() as u64) };
    // SAFETY: the caller vouches for the context.
    let (pc, stack_pointer) = unsafe { (arch::place(context), arch::stack_pointer(context)) };
    let mut trap = Trap {
        signal,
        pc,
        address: accessed(signal, code, address),
        ..Trap::of(Cause::Signal)
    };
    if signal == libc::SIGSEGV
        && let Some(size) = trap.address.and_then(|at| overflowed(at, stack_pointer))
    {
        trap.cause = Cause::StackOverflow;
        trap.stack = size;
    }
    if signal == libc::SIGSEGV && code == SI_KERNEL {
        // SAFETY: the caller vouches for the context.
        trap.address = unsafe { arch::tagged_address(context) };
    }
    if matches!(code, libc::SI_USER | libc::SI_QUEUE | libc::SI_TKILL) {
        // SAFETY: si_code says that the sender's number is there; getpid cannot fail.
        let (sender, own) = unsafe { ((*info).si_pid(), libc::getpid()) };
        if sender != own {
            trap.cause = Cause::Outside;
            trap.sender = sender;
        }
    }
    trap
}

/// The address that a signal is about, if it has one.
fn accessed(signal: i32, code: i32, address: u64) -> Option<u64> {
    let has_one = match signal {
        libc::SIGSEGV | libc::SIGFPE | libc::SIGILL => true,
        // x86 does not tell which address was not aligned.
        libc::SIGBUS => code != libc::BUS_ADRALN || address != 0,
        _ => false,
    };
    (has_one && code > 0 && code != SI_KERNEL).then_some(address)
}

/// The size of the calling thread's stack if an access below it belongs to a frame without
/// room. Such a frame reaches down to the stack pointer, which may be far below (`alloca`), and
/// a little further.
fn overflowed(address: u64, stack_pointer: u64) -> Option<u64> {
    const PAGE: u64 = 4096;
    const FARTHEST: u64 = 1 << 36;
    let (bottom, size) = current::stack();
    let below = bottom != 0 && address < bottom + PAGE;
    let in_frame = address.saturating_add(PAGE) >= stack_pointer;
    let is_ours = stack_pointer < bottom + size && bottom.saturating_sub(stack_pointer) <= FARTHEST;
    (below && in_frame && is_ours).then_some(size)
}
