//! What traps of VE machine code mean for the process, in the words of faults of native code.

use std::sync::OnceLock;

use ve_isa::machine::MachineThread;
use ve_isa::memory::AccessError;
use ve_isa::trap::{self, TrapKind};

use super::watching;
use crate::shared::control::{EngineTrap, FAULT_SIGNALS, RecordedCause};
use crate::veorun::engine::{EndProcess, ProcessEnding};

static END: OnceLock<EndProcess> = OnceLock::new();

/// Notes how the process is ended.
pub(super) fn prepare(end: EndProcess) {
    let _ = END.set(end);
}

/// Ends the process.
pub(super) fn happen(ending: ProcessEnding) -> ! {
    watching::tell();
    match END.get() {
        Some(end) => end(ending),
        // Nothing runs before `prepare`.
        None => std::process::abort(),
    }
}

/// What the trap of a thread means.
pub(super) fn of(thread: &mut MachineThread<'_>, trap: &trap::Trap) -> ProcessEnding {
    let address = match trap.kind {
        TrapKind::Exit { code } => return ProcessEnding::Exit(code),
        TrapKind::Raised { signal } if !FAULT_SIGNALS.contains(&signal) => {
            return ProcessEnding::Signal(signal);
        }
        TrapKind::MemoryAccess { address, .. } | TrapKind::Misaligned { address, .. } => {
            Some(address)
        }
        TrapKind::OutsideCode { target } => Some(target),
        _ => None,
    };
    let mut told = EngineTrap {
        // A thread is stopped by nobody here, and all names are resolved when a library is loaded.
        signal: trap.kind.signal().unwrap_or(libc::SIGABRT),
        address,
        pc: trap.ic,
        callers: callers(thread, trap.ic),
        detail: detail(&trap.kind),
        ..EngineTrap::of(RecordedCause::Signal)
    };
    if let TrapKind::StackOverflow { .. } = trap.kind {
        let stack = thread.thread().stack();
        told.cause = RecordedCause::StackOverflow;
        told.stack = stack.end - stack.start;
    }
    ProcessEnding::Trap(told)
}

/// What a report says of a trap beside signal and address.
fn detail(kind: &TrapKind) -> String {
    match kind {
        TrapKind::MemoryAccess { write, cause, .. } => {
            let what = if *write { "a write" } else { "a read" };
            match cause {
                AccessError::Protected => format!("{what} of memory that is protected"),
                _ => what.to_owned(),
            }
        }
        TrapKind::StackOverflow { .. } | TrapKind::Abort | TrapKind::Raised { .. } => String::new(),
        kind => kind.to_string(),
    }
}

/// How many callers there are at most.
const MOST_CALLERS: usize = 63;

/// Registers by their roles, and what a function saves at its frame pointer: that of its caller, then where it returns to.
const FP: usize = 9;
const LR: usize = 10;
const SAVED_LR: u64 = 8;

/// Where the callers of the instruction at `ic` go on, as far as frames tell.
fn callers(thread: &mut MachineThread<'_>, ic: u64) -> Vec<u64> {
    let machine = thread.machine();
    let function = |address| machine.function_at(address).map(|symbol| symbol.address);
    let thread = thread.thread();
    let stack = thread.stack();
    let (mut frame, lr) = {
        let registers = thread.registers();
        (registers.scalar(FP), registers.scalar(LR))
    };
    let word = |address: u64| thread.window().load::<8>(address).ok();
    let saved = word(frame.wrapping_add(SAVED_LR));
    let mut all = Vec::new();
    // A function that calls none has no frame; one that has called another has a return address in itself.
    if saved != Some(lr) && function(lr) != function(ic) && machine.is_instruction(lr) {
        all.push(lr);
    }
    while all.len() < MOST_CALLERS && stack.contains(&frame) {
        let Some(address) = word(frame.wrapping_add(SAVED_LR)) else {
            break;
        };
        if !machine.is_instruction(address) {
            break;
        }
        all.push(address);
        match word(frame) {
            Some(outer) if outer > frame => frame = outer,
            _ => break,
        }
    }
    all
}

/// The end of a process that has no thread for its VE machine code.
#[cold]
pub(super) fn no_thread(why: String) -> EngineTrap {
    EngineTrap {
        signal: libc::SIGABRT,
        detail: why,
        ..EngineTrap::of(RecordedCause::Signal)
    }
}
