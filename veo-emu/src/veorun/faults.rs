//! Faults of kernels. The handler runs on an alternate stack, writes a record to the control
//! page, and lets the fault end the process. The engine says what a signal means.

use std::io;
use std::sync::OnceLock;

use super::engine::Signals as _;
use super::engines::ENGINE;
use super::{current, memory, signals};
use crate::shared::control::{Control, EngineTrap, RecordedCause};
use crate::sys::process;

/// The page, and the process that it tells of.
static CONTROL: OnceLock<(&'static Control, u32)> = OnceLock::new();

/// Seconds that a thread may take to report its fault.
const PATIENCE: u32 = 5;

/// Installs the handlers.
pub(super) fn install(control: &'static Control) -> io::Result<()> {
    let _ = CONTROL.set((control, process::own_id()));
    signals::install(handler)
}

/// The page for this process. A child that a kernel has forked has none: its end is not that of the VE
/// process.
fn control() -> Option<&'static Control> {
    let (control, process) = CONTROL.get()?;
    (process::own_id() == *process).then_some(*control)
}

/// Records an end with nothing but its cause, unless there is a record.
pub(super) fn record(cause: RecordedCause) {
    if let Some(control) = control() {
        write(control, &EngineTrap::of(cause));
    }
}

/// Records a trap, after which the process ends.
pub(super) fn record_trap(trap: &EngineTrap) {
    if let Some(control) = control()
        && !write(control, trap)
    {
        // Another thread is about to end the process. This lets it finish its record.
        // SAFETY: only waits, as far as signals let it.
        unsafe { libc::sleep(PATIENCE) };
    }
}

/// Writes the record, with the request of the calling thread, unless there is a record.
fn write(control: &Control, trap: &EngineTrap) -> bool {
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
        if unsafe { memory::recover(context) } {
            return;
        }
        // Before an access of machine code fails: it may be to memory that the host has just allocated.
        // SAFETY: the kernel passed a valid siginfo, which has an address for this signal.
        let address = unsafe { (*info).si_addr() } as u64;
        if signal == libc::SIGSEGV && (memory::follow() || memory::was_opened_meanwhile(address)) {
            return;
        }
        // SAFETY: the kernel passed both to this handler, for one of these signals.
        if unsafe { ENGINE.recover(info, context) } {
            return;
        }
    }
    if signals::give_back(signal) {
        // A fault repeats on return, and a kernel's own handler gets it. A sent signal does not repeat.
        if !raised_by_hardware {
            // SAFETY: safe in a handler.
            unsafe { libc::raise(signal) };
        }
        return;
    }
    if current::begin_handling() {
        // The handler itself has faulted; the record stays as it is.
        signals::reset(signal);
        // SAFETY: safe in a handler.
        unsafe { libc::raise(signal) };
        return;
    }
    // SAFETY: the kernel passed both to this handler.
    let trap = unsafe { ENGINE.trap(signal, info, context) };
    record_trap(&trap);
    if let Some(control) = control() {
        // SAFETY: the kernel passed this context to this handler.
        unsafe { ENGINE.add_callers(&control.fault, trap.pc, context) };
    }
    // With the default action back, a fault repeats on return and ends the process. SIGTRAP
    // and SIGSYS come after their instruction, and a sent signal does not repeat: those are
    // raised again.
    let repeats = raised_by_hardware && !matches!(signal, libc::SIGTRAP | libc::SIGSYS);
    signals::reset(signal);
    if !repeats {
        // SAFETY: safe in a handler.
        unsafe { libc::raise(signal) };
    }
}
