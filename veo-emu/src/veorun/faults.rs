//! Faults of kernels: caught on an alternate stack, written down in the control page, then
//! left to end the process. What a signal means the engine tells.

use std::io;
use std::sync::OnceLock;

use super::engine::Engine as _;
use super::engines::ENGINE;
use super::{copy, current, memory, signals};
use crate::shared::control::{Cause, Control, Trap};

static CONTROL: OnceLock<&'static Control> = OnceLock::new();

/// Seconds that a thread may take to report its fault.
const PATIENCE: u32 = 5;

/// Installs the handlers.
pub(super) fn install(control: &'static Control) -> io::Result<()> {
    let _ = CONTROL.set(control);
    signals::install(handler)
}

/// Writes down an end of which nothing but its cause is known.
pub(super) fn record(cause: Cause) {
    write(&Trap::of(cause));
}

/// Writes down a trap, after which the process ends.
pub(super) fn report(trap: &Trap) {
    if !write(trap) {
        // Another thread is dying already; let it finish its report. It may have lived
        // on, against all reason.
        // SAFETY: only waits, as far as signals let it.
        unsafe { libc::sleep(PATIENCE) };
    }
}

/// Writes the record, with what the calling thread was doing, unless there is one.
fn write(trap: &Trap) -> bool {
    let Some(control) = CONTROL.get() else {
        return false;
    };
    if !control.fault.claim() {
        return false;
    }
    control.fault.fill(trap, current::running());
    true
}

extern "C" fn handler(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid siginfo to a handler with SA_SIGINFO.
    let code = unsafe { (*info).si_code };
    let context = context.cast::<libc::ucontext_t>();
    let raised_by_hardware = code > 0;
    if raised_by_hardware && matches!(signal, libc::SIGSEGV | libc::SIGBUS) {
        // SAFETY: the context is that of the interrupted instruction.
        if unsafe { copy::recover(context) } {
            return;
        }
        if signal == libc::SIGSEGV && memory::follow() {
            return;
        }
    }
    if current::begin_handling() {
        // The report of a fault has faulted itself; what is there has to do.
        signals::reset(signal);
        // SAFETY: safe in a handler.
        unsafe { libc::raise(signal) };
        return;
    }
    // SAFETY: the kernel passed both to this handler.
    let trap = unsafe { ENGINE.trap(signal, info, context) };
    report(&trap);
    if let Some(control) = CONTROL.get() {
        // SAFETY: the kernel passed this context to this handler.
        unsafe { ENGINE.add_callers(&control.fault, trap.pc, context) };
    }
    // With the default action back, a fault repeats on return and ends the process. A trap
    // is behind its instruction, and what was sent has to be sent again.
    let repeats = raised_by_hardware && !matches!(signal, libc::SIGTRAP | libc::SIGSYS);
    signals::reset(signal);
    if !repeats {
        // SAFETY: safe in a handler.
        unsafe { libc::raise(signal) };
    }
}
