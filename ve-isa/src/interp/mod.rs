//! The interpreter: machine code to calls of what each operation computes.
//!
//! Code is decoded a page at a time into slots ([`code`]), each with the function that executes it ([`dispatch`]); a
//! loop goes from slot to slot ([`Interpreter::run`]). Registers are exact whenever a trap is reported, since an operation writes its
//! results last.

mod code;
mod control;
mod dispatch;
mod load_store;
mod scalar;
mod system;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::memory::{AccessError, Window};
use crate::state::Cpu;
use crate::state::psw::Flags;
use crate::trap::{Trap, TrapKind};

use code::{Code, Slot};

pub use code::Executable;

/// How many communication registers there are.
const COMMUNICATION_REGISTERS: usize = 32;

/// What all threads of a machine share.
#[derive(Debug)]
pub struct Common {
    /// The addresses that machine code may use.
    pub window: Window,
    /// Where code is.
    pub executable: Executable,
    communication: [AtomicU64; COMMUNICATION_REGISTERS],
}

impl Common {
    /// Nothing is executable at first.
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self {
            window,
            executable: Executable::default(),
            communication: [const { AtomicU64::new(0) }; COMMUNICATION_REGISTERS],
        }
    }
}

/// Asks a running thread to stop, from any thread.
#[derive(Debug, Clone, Default)]
pub struct StopHandle(Arc<AtomicU32>);

impl StopHandle {
    const GO: u32 = 0;
    const STOP: u32 = 1;
    const TIME_LIMIT: u32 = 2;

    /// The thread traps with [`TrapKind::Stopped`] at its next jump backwards, call or return. If it is not running, it does when it runs next.
    pub fn stop(&self) {
        self.0.store(Self::STOP, Ordering::Relaxed);
    }

    /// As [`stop`](Self::stop), with [`TrapKind::TimeLimit`].
    pub fn time_is_up(&self) {
        self.0.store(Self::TIME_LIMIT, Ordering::Relaxed);
    }

    /// Takes back what was asked and not yet seen.
    pub fn reset(&self) {
        self.0.store(Self::GO, Ordering::Relaxed);
    }

    #[inline(always)]
    fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) != Self::GO
    }

    /// What was asked; it is done with.
    fn take(&self) -> Option<TrapKind> {
        match self.0.swap(Self::GO, Ordering::Relaxed) {
            Self::GO => None,
            Self::TIME_LIMIT => Some(TrapKind::TimeLimit),
            _ => Some(TrapKind::Stopped),
        }
    }
}

/// Why the interpreter gives control back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pause {
    /// Control came to a watched address: IC is there.
    Watched,
    /// `monc`: a system call. IC is behind it.
    SystemCall,
    /// One instruction was executed, as asked.
    Stepped,
}

/// Where the thread goes on.
enum Next {
    /// At an address; by the fixed branch in this slot, if it was one.
    At(u64, Option<u32>),
    SystemCall,
}

/// Why the loop is left, noted by an operation.
#[derive(Debug)]
enum Leave {
    /// To go on at an address that has no slot that is known.
    Jump(u64),
    /// As `Jump`, to the fixed target of this slot.
    Branch(u64, u32),
    /// The decoded code is no longer valid; go on here.
    Forget(u64),
    SystemCall,
    Trap(TrapKind),
}

/// What an operation works on.
#[derive(Debug)]
struct Run {
    cpu: Box<Cpu>,
    common: Arc<Common>,
    stop: StopHandle,
    leave: Leave,
    targets: code::Targets,
}

/// An index that is none: the loop is left.
const LEAVE: u32 = u32::MAX;

/// Executes the instruction in a slot, at an index. The result is the index of the next one, or [`LEAVE`].
type Handler = fn(&mut Run, &Slot, u32) -> u32;

impl Run {
    #[cold]
    fn trap(&mut self, kind: TrapKind) -> u32 {
        self.leave = Leave::Trap(kind);
        LEAVE
    }

    #[cold]
    fn no_access(&mut self, address: u64, write: bool, cause: AccessError) -> u32 {
        self.trap(TrapKind::MemoryAccess {
            address,
            write,
            cause,
        })
    }

    /// Notes exceptions. If one of them traps, the result is `LEAVE`, before the operation writes anything.
    #[cold]
    fn raise(&mut self, flags: Flags) -> Result<(), u32> {
        let trapping = self.cpu.psw.raise(flags);
        if trapping.is_empty() {
            return Ok(());
        }
        Err(self.trap(TrapKind::Arithmetic { flags: trapping }))
    }

    /// Goes on at an address, behind a jump that may go backwards.
    #[inline(always)]
    fn jump(&mut self, target: u64) -> u32 {
        if !self.stop.is_asked()
            && let Some(index) = self.targets.get(target)
        {
            return index;
        }
        self.leave = Leave::Jump(target);
        LEAVE
    }

    /// Goes on at the fixed target of the slot at `index`.
    #[inline(always)]
    fn branch(&mut self, slot: &Slot, index: u32) -> u32 {
        let target = slot.target;
        // A target of 0 is not known yet; so is not less than any index.
        if target > index || target != 0 && !self.stop.is_asked() {
            return target;
        }
        self.leave = Leave::Branch(slot.ic.wrapping_add(slot.insn.imm() as u64), index);
        LEAVE
    }
}

/// One thread of machine code: its registers and the code that it has decoded.
#[derive(Debug)]
pub struct Interpreter {
    run: Run,
    code: Code,
}

impl Interpreter {
    /// A thread with registers as at the start.
    #[must_use]
    pub fn new(common: Arc<Common>, stop: StopHandle) -> Self {
        Self {
            run: Run {
                cpu: Cpu::new(),
                common,
                stop,
                leave: Leave::Jump(0),
                targets: code::Targets::default(),
            },
            code: Code::default(),
        }
    }

    /// The registers.
    #[must_use]
    pub fn cpu(&self) -> &Cpu {
        &self.run.cpu
    }

    /// The registers, to be changed.
    pub fn cpu_mut(&mut self) -> &mut Cpu {
        &mut self.run.cpu
    }

    /// What all threads share.
    #[must_use]
    pub fn common(&self) -> &Arc<Common> {
        &self.run.common
    }

    /// Executes from IC on, until control goes to an address that is `watched`.
    ///
    /// # Errors
    /// The trap that ended it. Registers are as they were before the instruction, and IC is its address.
    pub fn run(&mut self, watched: &dyn Fn(u64) -> bool) -> Result<Pause, Trap> {
        let mut next = Next::At(self.run.cpu.ic, None);
        loop {
            let (ic, from) = match next {
                Next::At(ic, from) => (ic, from),
                Next::SystemCall => return Ok(Pause::SystemCall),
            };
            self.run.cpu.ic = ic;
            if watched(ic) {
                return Ok(Pause::Watched);
            }
            let mut index = self.find(ic, from)?;
            let slots = self.code.slots();
            let mut last = index;
            while let Some(slot) = slots.get(index as usize) {
                last = index;
                index = (slot.run)(&mut self.run, slot, index);
            }
            next = self.settle(last)?;
        }
    }

    /// Executes the instruction at IC.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn step(&mut self) -> Result<Pause, Trap> {
        let index = self.find(self.run.cpu.ic, None)?;
        let slot = &self.code.slots()[index as usize];
        let next = (slot.run)(&mut self.run, slot, index);
        if let Some(slot) = self.code.slots().get(next as usize) {
            self.run.cpu.ic = slot.ic;
            return Ok(Pause::Stepped);
        }
        match self.settle(index)? {
            Next::At(ic, _) => {
                self.run.cpu.ic = ic;
                Ok(Pause::Stepped)
            }
            Next::SystemCall => Ok(Pause::SystemCall),
        }
    }

    /// What the operation in the slot at `index` has left the loop for.
    fn settle(&mut self, index: u32) -> Result<Next, Trap> {
        self.run.cpu.ic = self.code.slots()[index as usize].ic;
        match std::mem::replace(&mut self.run.leave, Leave::Jump(0)) {
            Leave::Jump(ic) => Ok(Next::At(ic, None)),
            Leave::Branch(ic, from) => Ok(Next::At(ic, Some(from))),
            Leave::Forget(ic) => {
                self.forget_code();
                Ok(Next::At(ic, None))
            }
            Leave::SystemCall => {
                self.run.cpu.ic += 8;
                Ok(Next::SystemCall)
            }
            Leave::Trap(kind) => Err(self.trap(kind)),
        }
    }

    /// The index of the slot at IC, where control came from the slot at `from` or by a jump.
    fn find(&mut self, ic: u64, from: Option<u32>) -> Result<u32, Trap> {
        if let Some(kind) = self.run.stop.take() {
            return Err(self.trap(kind));
        }
        let Some(index) = self.code.find(ic, &self.run.common) else {
            return Err(self.trap(TrapKind::OutsideCode { target: ic }));
        };
        match from {
            Some(from) => self.code.link(from, index),
            None => self.run.targets.set(ic, index),
        }
        Ok(index)
    }

    /// Drops all decoded code, since code in memory has changed.
    pub fn forget_code(&mut self) {
        self.code = Code::default();
        self.run.targets = code::Targets::default();
    }

    /// A trap at IC.
    fn trap(&self, kind: TrapKind) -> Trap {
        let ic = self.run.cpu.ic;
        let common = &self.run.common;
        let word = if common.executable.contains(ic, 8) {
            common.window.load::<8>(ic).ok()
        } else {
            None
        };
        Trap { kind, ic, word }
    }
}
