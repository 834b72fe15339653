//! The calls that led to a fault, found by the unwinder that every program has.

use std::ffi::{c_int, c_void};

use crate::shared::control::FaultRecord;
use crate::veorun::{arch, copy};

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
    if unsafe { copy::try_copy(code.as_mut_ptr(), pc as *const u8, code.len()) } {
        // SAFETY: the function gets what it is passed here, for as long as the call
        // takes. The unwinder reads the code at the program counter, which is there.
        unsafe { _Unwind_Backtrace(visit, (&raw mut walk).cast()) };
    }
    if !walk.called {
        // The program counter is in no function: the kernel called a wrong address.
        // SAFETY: the caller vouches for the context.
        if let Some(address) = unsafe { arch::return_address(context, copy::word) } {
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
