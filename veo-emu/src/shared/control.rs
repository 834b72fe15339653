//! The page of a process that both sides see: how much memory is in use, and
//! the last words of a VE process that dies.

use crate::sync::{AtomicU32, AtomicU64, Ordering};
use crate::sys::memfd::Shared;

/// Return addresses kept in a fault report.
const FRAMES: usize = 64;

/// What kind of end the VE side recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Cause {
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
}

#[repr(C)]
pub(crate) struct FaultRecord {
    /// 0: none, 1: being written, 2: complete.
    state: AtomicU32,
    cause: AtomicU32,
    signal: AtomicU32,
    context: AtomicU32,
    /// Whether `address` is one.
    has_address: AtomicU32,
    sender: AtomicU32,
    address: AtomicU64,
    pc: AtomicU64,
    id: AtomicU64,
    kernel: AtomicU64,
    stack: AtomicU64,
    count: AtomicU64,
    frames: [AtomicU64; FRAMES],
}

/// A fault record taken out of shared memory.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) cause: Cause,
    pub(crate) signal: i32,
    pub(crate) context: Option<u32>,
    pub(crate) address: Option<u64>,
    pub(crate) pc: u64,
    pub(crate) id: u64,
    pub(crate) kernel: u64,
    pub(crate) stack: u64,
    pub(crate) sender: i32,
    pub(crate) frames: Vec<u64>,
}

impl FaultRecord {
    /// Claims the record; only the first of several dying threads gets it.
    pub(crate) fn claim(&self) -> bool {
        self.state
            .compare_exchange(0, 1, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// Fills the claimed record. Safe to call in a signal handler.
    pub(crate) fn fill(&self, fault: &FaultWords) {
        self.cause.store(fault.cause as u32, Ordering::Relaxed);
        self.signal.store(fault.signal as u32, Ordering::Relaxed);
        self.context.store(fault.context, Ordering::Relaxed);
        let address = fault.address;
        self.has_address
            .store(address.is_some().into(), Ordering::Relaxed);
        self.address.store(address.unwrap_or(0), Ordering::Relaxed);
        self.sender.store(fault.sender as u32, Ordering::Relaxed);
        self.stack.store(fault.stack, Ordering::Relaxed);
        self.pc.store(fault.pc, Ordering::Relaxed);
        self.id.store(fault.id, Ordering::Relaxed);
        self.kernel.store(fault.kernel, Ordering::Relaxed);
        self.frames[0].store(fault.pc, Ordering::Relaxed);
        self.count.store(1, Ordering::Relaxed);
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
    pub(crate) fn read(&self) -> Option<Fault> {
        if self.state.load(Ordering::Acquire) != 2 {
            return None;
        }
        let cause = match self.cause.load(Ordering::Relaxed) {
            1 => Cause::Signal,
            2 => Cause::StackOverflow,
            3 => Cause::ThreadExit,
            4 => Cause::Exit,
            6 => Cause::Outside,
            _ => return None,
        };
        let context = self.context.load(Ordering::Relaxed);
        let count = (self.count.load(Ordering::Acquire) as usize).min(FRAMES);
        Some(Fault {
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
        })
    }
}

/// The words of a fault record.
#[derive(Clone, Copy)]
pub(crate) struct FaultWords {
    pub(crate) cause: Cause,
    pub(crate) signal: i32,
    pub(crate) context: u32,
    /// The address that was accessed, where the processor tells.
    pub(crate) address: Option<u64>,
    pub(crate) pc: u64,
    pub(crate) id: u64,
    pub(crate) kernel: u64,
    /// Bytes of the stack that overflowed, else 0.
    pub(crate) stack: u64,
    /// Number of the process that sent the signal, 0: none, or it is not known.
    pub(crate) sender: i32,
}

/// The fault happened on no context's thread.
pub(crate) const NO_CONTEXT: u32 = u32::MAX;

/// The shared page of a process.
#[repr(C, align(4096))]
pub(crate) struct Control {
    /// Bytes of the heap that the VE side has to make accessible.
    pub(crate) extent: AtomicU64,
    pub(crate) fault: FaultRecord,
    /// Whether the host wants the VE process to end itself.
    end: AtomicU32,
}

impl Control {
    /// Wants the VE process to end itself.
    pub(crate) fn order_end(&self) {
        self.end.store(1, Ordering::Release);
    }

    /// Whether the host wants that.
    pub(crate) fn is_to_end(&self) -> bool {
        self.end.load(Ordering::Acquire) != 0
    }
}

// SAFETY: atomic integers only, repr(C).
unsafe impl Shared for Control {}
