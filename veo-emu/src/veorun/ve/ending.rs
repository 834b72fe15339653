//! What traps of VE machine code mean for the process, in the words of faults of native code.

use std::io::Write;

use ve_isa::machine::MachineThread;
use ve_isa::trap::{self, TrapKind};

use crate::shared::control::{FAULT_SIGNALS, RecordedCause, Trap};
use crate::veorun::exit;

/// How a function ends that does not return.
pub(super) enum Ending {
    /// By `exit` with this status.
    Exit(i32),
    /// By a signal that is no fault.
    Signal(i32),
    Trap(Trap),
}

impl Ending {
    /// What the trap of a thread means.
    pub(super) fn of(thread: &mut MachineThread<'_>, trap: &trap::Trap) -> Ending {
        let address = match trap.kind {
            TrapKind::Exit { code } => return Ending::Exit(code),
            TrapKind::Raised { signal } if !FAULT_SIGNALS.contains(&signal) => {
                return Ending::Signal(signal);
            }
            TrapKind::MemoryAccess { address, .. } | TrapKind::Misaligned { address, .. } => {
                Some(address)
            }
            TrapKind::OutsideCode { target } => Some(target),
            _ => None,
        };
        let mut told = Trap {
            // A thread is stopped by nobody here, and all names are resolved when a library is loaded.
            signal: trap.kind.signal().unwrap_or(libc::SIGABRT),
            address,
            pc: trap.ic,
            ..Trap::of(RecordedCause::Signal)
        };
        if let TrapKind::StackOverflow { .. } = trap.kind {
            let stack = thread.thread().stack();
            told.cause = RecordedCause::StackOverflow;
            told.stack = stack.end - stack.start;
        }
        Ending::Trap(told)
    }

    /// Ends the process so.
    pub(super) fn happen(self) -> ! {
        match self {
            Ending::Exit(status) => exit::in_order(status),
            Ending::Signal(signal) => exit::by_signal(signal),
            Ending::Trap(trap) => exit::by_trap(&trap),
        }
    }
}

/// The end of a process that has no thread for its VE machine code.
#[cold]
pub(super) fn no_thread(why: &str) -> Trap {
    // Nobody may read it.
    let _ = writeln!(std::io::stderr(), "veo-emu: {why}");
    Trap {
        signal: libc::SIGABRT,
        ..Trap::of(RecordedCause::Signal)
    }
}
