//! The meaning of traps of VE machine code for the process, in the words of faults of native code.

use std::sync::OnceLock;

use ve_gdb::ProgramEnd;
use ve_isa::machine::{Machine, MachineThread};
use ve_isa::memory::AccessError;
use ve_isa::thread::Frames;
use ve_isa::trap::{self, TrapKind};

use super::{checking, debugging, watching};
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
    debugging::ended(match &ending {
        ProcessEnding::Exit(status) => ProgramEnd::Exit(*status as u8),
        ProcessEnding::Signal(signal) => ProgramEnd::Signal(*signal),
        ProcessEnding::Trap(trap) => ProgramEnd::Signal(trap.signal),
    });
    match END.get() {
        Some(end) => end(ending),
        // Nothing runs before `prepare`.
        None => std::process::abort(),
    }
}

/// The meaning of a thread's trap.
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
    watching::tell_last(thread.machine());
    let (address, detail) = match &trap.kind {
        TrapKind::Defect(defect) => checking::told(thread.machine(), defect),
        kind => (address, detail(kind)),
    };
    // The state of a thread that machine code has created, if the trap was that thread's.
    let frames = thread.thread().frames();
    let mut told = EngineTrap {
        // A thread is stopped by nobody here, and all names are resolved when a library is loaded.
        signal: trap.kind.signal().unwrap_or(libc::SIGABRT),
        address,
        pc: trap.ic,
        callers: callers(thread.machine(), &frames, trap.ic),
        detail,
        ..EngineTrap::of(RecordedCause::Signal)
    };
    if let TrapKind::StackOverflow { .. } = trap.kind {
        told.cause = RecordedCause::StackOverflow;
        told.stack = frames.stack.end - frames.stack.start;
    }
    ProcessEnding::Trap(told)
}

/// The remark of a report about a trap, beside signal and address.
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

/// The return addresses of the callers of the instruction at `ic`, as far as frames tell.
fn callers(machine: &Machine, frames: &Frames, ic: u64) -> Vec<u64> {
    let function = |address| machine.function_at(address).map(|symbol| symbol.address);
    let lr = frames.lr;
    // A function that calls none has no frame; one that has called another has a return address in itself.
    let has_no_frame = frames.returns.first() != Some(&lr)
        && function(lr) != function(ic)
        && machine.is_instruction(lr);
    let direct = has_no_frame.then_some(lr);
    direct.into_iter().chain(frames.returns.clone()).collect()
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
