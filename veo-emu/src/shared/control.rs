//! The page of a process that both sides see: how much memory is in use, the fault report of a VE process that
//! dies, and the facts that other processes may see.

use std::ffi::CStr;

use super::shown::ShownProcess;
use super::text;
use crate::sync::{AtomicU32, AtomicU64, Ordering};
use crate::sys::memfd::SharedData;

/// Return addresses kept in a fault report.
const FRAMES: usize = 64;

/// Words of text in a fault report.
const DETAIL: usize = 64;

/// The name of the page's file.
pub(crate) const CONTROL_NAME: &CStr = c"veo-control";

/// The kind of end that the VE side recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum RecordedCause {
    /// A signal that a kernel raised.
    Signal = 1,
    /// The stack of a kernel overflowed.
    StackOverflow = 2,
    /// A kernel ended its own thread.
    ThreadExit = 3,
    /// A kernel called `exit`.
    Exit = 4,
    /// A signal that another process sent.
    Outside = 6,
    /// Memory around a block was overwritten.
    Overwritten = 7,
}

/// The signals that kernels raise by mistakes.
pub(crate) const FAULT_SIGNALS: [i32; 7] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGABRT,
    libc::SIGTRAP,
    libc::SIGSYS,
];

/// The place for a fault report in the control page.
#[repr(C)]
pub(crate) struct FaultRecord {
    /// 0: none, 1: being written, 2: complete.
    state: AtomicU32,
    cause: AtomicU32,
    signal: AtomicU32,
    context: AtomicU32,
    /// Whether `address` is valid.
    has_address: AtomicU32,
    sender: AtomicU32,
    address: AtomicU64,
    pc: AtomicU64,
    id: AtomicU64,
    kernel: AtomicU64,
    stack: AtomicU64,
    count: AtomicU64,
    frames: [AtomicU64; FRAMES],
    /// Ends with a 0, or with the last byte.
    detail: [AtomicU64; DETAIL],
}

/// A fault record taken out of shared memory.
#[derive(Clone, Debug)]
pub(crate) struct RecordedFault {
    pub(crate) cause: RecordedCause,
    pub(crate) signal: i32,
    pub(crate) context: Option<u32>,
    pub(crate) address: Option<u64>,
    pub(crate) pc: u64,
    pub(crate) id: u64,
    pub(crate) kernel: u64,
    pub(crate) stack: u64,
    pub(crate) sender: i32,
    pub(crate) frames: Vec<u64>,
    /// The engine's remark about it, perhaps nothing.
    pub(crate) detail: String,
}

impl FaultRecord {
    /// Claims the record. Only the first of several dying threads gets it.
    pub(crate) fn claim(&self) -> bool {
        self.state
            .compare_exchange(0, 1, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// Fills the claimed record with a trap and the request that ran into it. Safe to call in
    /// a signal handler.
    pub(crate) fn fill(&self, trap: &EngineTrap, running: Option<RunningRequest>) {
        let RunningRequest {
            context,
            id,
            kernel,
        } = running.unwrap_or(RunningRequest {
            context: NO_CONTEXT,
            id: 0,
            kernel: 0,
        });
        self.cause.store(trap.cause as u32, Ordering::Relaxed);
        self.signal.store(trap.signal as u32, Ordering::Relaxed);
        self.context.store(context, Ordering::Relaxed);
        let address = trap.address;
        self.has_address
            .store(address.is_some().into(), Ordering::Relaxed);
        self.address.store(address.unwrap_or(0), Ordering::Relaxed);
        self.sender.store(trap.sender as u32, Ordering::Relaxed);
        self.stack.store(trap.stack, Ordering::Relaxed);
        self.pc.store(trap.pc, Ordering::Relaxed);
        self.id.store(id, Ordering::Relaxed);
        self.kernel.store(kernel, Ordering::Relaxed);
        self.frames[0].store(trap.pc, Ordering::Relaxed);
        self.count.store(1, Ordering::Relaxed);
        for caller in &trap.callers {
            self.add_frame(*caller);
        }
        text::store(&self.detail, trap.detail.as_bytes());
        self.state.store(2, Ordering::Release);
    }

    /// Adds a return address behind those that are there. `false`: there is no room.
    pub(crate) fn add_frame(&self, address: u64) -> bool {
        let count = self.count.load(Ordering::Relaxed);
        let place = self.frames.get(count as usize);
        if let Some(place) = place {
            place.store(address, Ordering::Relaxed);
            self.count.store(count + 1, Ordering::Release);
        }
        place.is_some()
    }

    /// The record, if it is complete and makes sense.
    pub(crate) fn read(&self) -> Option<RecordedFault> {
        if self.state.load(Ordering::Acquire) != 2 {
            return None;
        }
        let cause = match self.cause.load(Ordering::Relaxed) {
            1 => RecordedCause::Signal,
            2 => RecordedCause::StackOverflow,
            3 => RecordedCause::ThreadExit,
            4 => RecordedCause::Exit,
            6 => RecordedCause::Outside,
            7 => RecordedCause::Overwritten,
            _ => return None,
        };
        let context = self.context.load(Ordering::Relaxed);
        let detail = text::load(&self.detail);
        let count = (self.count.load(Ordering::Acquire) as usize).min(FRAMES);
        Some(RecordedFault {
            cause,
            signal: (self.signal.load(Ordering::Relaxed) & 0x7f) as i32,
            context: (context != NO_CONTEXT).then_some(context),
            address: (self.has_address.load(Ordering::Relaxed) != 0)
                .then(|| self.address.load(Ordering::Relaxed)),
            pc: self.pc.load(Ordering::Relaxed),
            id: self.id.load(Ordering::Relaxed),
            kernel: self.kernel.load(Ordering::Relaxed),
            stack: self.stack.load(Ordering::Relaxed),
            sender: self.sender.load(Ordering::Relaxed) as i32,
            frames: self.frames[..count]
                .iter()
                .map(|frame| frame.load(Ordering::Relaxed))
                .collect(),
            detail: String::from_utf8_lossy(&detail).into_owned(),
        })
    }
}

/// The cause of a kernel's end, as reported by the engine that ran it.
#[derive(Clone, Debug)]
pub(crate) struct EngineTrap {
    pub(crate) cause: RecordedCause,
    /// The signal that it was or counts as; 0: none.
    pub(crate) signal: i32,
    /// The address that was accessed, if it is known.
    pub(crate) address: Option<u64>,
    /// The address of the instruction.
    pub(crate) pc: u64,
    /// Size in bytes of the stack that overflowed; 0: none did.
    pub(crate) stack: u64,
    /// Number of the process that sent the signal; 0: none, or unknown.
    pub(crate) sender: i32,
    /// The return addresses of the callers, innermost first, as far as the engine knows them.
    pub(crate) callers: Vec<u64>,
    /// The engine's remark, in words without a subject, or nothing.
    pub(crate) detail: String,
}

impl EngineTrap {
    /// A trap with nothing but a cause.
    pub(crate) const fn of(cause: RecordedCause) -> EngineTrap {
        EngineTrap {
            cause,
            signal: 0,
            address: None,
            pc: 0,
            stack: 0,
            sender: 0,
            callers: Vec::new(),
            detail: String::new(),
        }
    }
}

/// The request that a thread runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunningRequest {
    pub(crate) context: u32,
    pub(crate) id: u64,
    pub(crate) kernel: u64,
}

/// The fault happened on no context's thread.
const NO_CONTEXT: u32 = u32::MAX;

/// The shared page of a process.
#[repr(C, align(4096))]
pub(crate) struct Control {
    /// Bytes of the heap that the VE side has to make accessible.
    pub(crate) extent: AtomicU64,
    pub(crate) fault: FaultRecord,
    /// Whether the host wants the VE process to end itself.
    end: AtomicU32,
    pub(crate) shown: ShownProcess,
}

impl Control {
    /// Wants the VE process to end itself.
    pub(crate) fn order_end(&self) {
        self.end.store(1, Ordering::Release);
    }

    /// Whether the host wants the VE process to end itself.
    pub(crate) fn is_to_end(&self) -> bool {
        self.end.load(Ordering::Acquire) != 0
    }
}

// SAFETY: atomic integers only, repr(C).
unsafe impl SharedData for Control {}
