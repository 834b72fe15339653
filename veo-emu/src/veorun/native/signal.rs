//! The trap that a signal of native code stands for, and the calls that led to it, found by the
//! unwinder that every program has.

use std::ffi::{c_int, c_void};

use crate::shared::control::{EngineTrap, FaultRecord, RecordedCause};
use crate::veorun::{arch, current, memory};

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
) -> EngineTrap {
    // SAFETY: the caller vouches for the siginfo.
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr() as u64) };
    // SAFETY: the caller vouches for the context.
    let (pc, stack_pointer) = unsafe { (arch::place(context), arch::stack_pointer(context)) };
    let mut trap = EngineTrap {
        signal,
        pc,
        address: accessed(signal, code, address),
        ..EngineTrap::of(RecordedCause::Signal)
    };
    if signal == libc::SIGSEGV
        && let Some(size) = trap.address.and_then(|at| overflowed(at, stack_pointer))
    {
        trap.cause = RecordedCause::StackOverflow;
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
            trap.cause = RecordedCause::Outside;
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

/// Seconds that the walk may take before the process is ended without it: it runs
/// in a process that is already broken.
const PATIENCE: u32 = 3;

/// `_URC_NO_REASON`
const GO_ON: c_int = 0;

/// `_URC_NORMAL_STOP`
const STOP: c_int = 4;

unsafe extern "C-unwind" {
    fn _Unwind_Backtrace(
        visit: unsafe extern "C-unwind" fn(*mut c_void, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
}

struct Walk<'a> {
    record: &'a FaultRecord,
    pc: u64,
    /// The interrupted function was met: what comes now called it.
    met: bool,
    /// It has a caller.
    called: bool,
}

/// Adds the callers of `pc` to a record that is complete but for them. Called by the
/// handler of a fault.
///
/// # Safety
///
/// The context is the interrupted one.
pub(super) unsafe fn walk(record: &FaultRecord, pc: u64, context: *mut libc::ucontext_t) {
    // SAFETY: the default action of SIGALRM ends the process, which is about to end.
    unsafe {
        libc::signal(libc::SIGALRM, libc::SIG_DFL);
        libc::alarm(PATIENCE);
    }
    let mut walk = Walk {
        record,
        pc,
        met: false,
        called: false,
    };
    let mut code = [0u8; 16];
    // SAFETY: the destination is ours; a bad source makes the copy fail.
    if unsafe { memory::try_copy(code.as_mut_ptr(), pc as *const u8, code.len()) } {
        // SAFETY: the function gets what it is passed here, for as long as the call
        // takes. The unwinder reads the code at the program counter, which is there.
        unsafe { _Unwind_Backtrace(visit, (&raw mut walk).cast()) };
    }
    if !walk.called {
        // The program counter is in no function: the kernel called a wrong address.
        // SAFETY: the caller vouches for the context.
        if let Some(address) = unsafe { arch::return_address(context, memory::word) } {
            record.add_frame(address);
        }
    }
    // SAFETY: plain numbers.
    unsafe { libc::alarm(0) };
}

unsafe extern "C-unwind" fn visit(context: *mut c_void, argument: *mut c_void) -> c_int {
    // SAFETY: `walk` passes its own.
    let walk = unsafe { &mut *argument.cast::<Walk<'_>>() };
    // SAFETY: the unwinder passes a valid context.
    let address = unsafe { _Unwind_GetIP(context) } as u64;
    if walk.met {
        walk.called = true;
        if !walk.record.add_frame(address) {
            // A recursion that overflowed the stack may have millions.
            return STOP;
        }
    } else if address == walk.pc {
        walk.met = true;
    }
    GO_ON
}
