//! The interpreter: machine code to calls of what each operation computes.
//!
//! Code is decoded a page at a time into slots (`code`), each with the function that executes it (`dispatch`); a
//! loop goes from slot to slot ([`Interpreter::run`]). Registers are exact whenever a trap is reported, since an operation writes its
//! results last.

mod code;
mod common;
mod control;
mod dispatch;
mod float;
mod load_store;
mod run;
mod scalar;
mod system;
mod vector;

use std::sync::Arc;

use crate::encoding::Insn;
use crate::semantics::float::{FloatMode, Host};
use crate::state::Cpu;
use crate::trap::{Trap, TrapKind};

use code::Code;
use run::{Leave, Run, Targets};

pub use common::{Common, Executable, StopHandle};

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

/// One thread of machine code: its registers and the code that it has decoded.
#[derive(Debug)]
pub struct Interpreter {
    run: Run,
    code: Code,
    observer: Option<Box<dyn Observer>>,
}

/// Sees each instruction before it is executed.
pub trait Observer: std::fmt::Debug + Send {
    /// The instruction at `ic` is next, in both its forms; registers are as it finds them.
    fn instruction(&mut self, ic: u64, word: u64, insn: &Insn, cpu: &Cpu);

    /// Who sees the instructions of a thread that this one creates; nobody, unless an observer says otherwise.
    fn fork(&self) -> Option<Box<dyn Observer>> {
        None
    }
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
                targets: Targets::default(),
                floats: FloatMode::Host,
                unit: Host::default(),
                host_floats: false,
            },
            code: Code::default(),
            observer: None,
        }
    }

    /// Lets somebody see each instruction from now on; nobody, for `None`. The result is who saw them until now.
    pub fn observe(&mut self, observer: Option<Box<dyn Observer>>) -> Option<Box<dyn Observer>> {
        std::mem::replace(&mut self.observer, observer)
    }

    /// Chooses which unit computes floats while PSW rounds to nearest and nothing traps.
    pub fn set_floats(&mut self, mode: FloatMode) {
        self.run.floats = mode;
    }

    /// Which unit was chosen.
    pub(crate) fn floats(&self) -> FloatMode {
        self.run.floats
    }

    /// Who is to see the instructions of a thread that this one creates.
    pub(crate) fn fork_observer(&self) -> Option<Box<dyn Observer>> {
        self.observer.as_ref()?.fork()
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
    /// The trap that ended it. Registers are as they were before the instruction, and IC is its address. A call of what is no code has
    /// written its return address.
    pub fn run(&mut self, watched: &dyn Fn(u64) -> bool) -> Result<Pause, Trap> {
        self.run.begin_floats();
        let end = self.run_on(watched);
        self.run.gather_floats();
        end
    }

    fn run_on(&mut self, watched: &dyn Fn(u64) -> bool) -> Result<Pause, Trap> {
        if self.observer.is_some() {
            self.loop_on::<true>(watched)
        } else {
            self.loop_on::<false>(watched)
        }
    }

    /// The loop. Compiled twice, so that being observed costs nothing where nobody observes.
    fn loop_on<const OBSERVED: bool>(
        &mut self,
        watched: &dyn Fn(u64) -> bool,
    ) -> Result<Pause, Trap> {
        let mut next = Next::At(self.run.cpu.ic, None);
        loop {
            let (ic, from) = match next {
                Next::At(ic, from) => (ic, from),
                Next::SystemCall => return Ok(Pause::SystemCall),
            };
            // Where a jump to nowhere came from is where it traps.
            let origin = std::mem::replace(&mut self.run.cpu.ic, ic);
            if watched(ic) {
                return Ok(Pause::Watched);
            }
            let mut index = self.find(ic, from, origin)?;
            let slots = self.code.slots();
            let mut last = index;
            while let Some(slot) = slots.get(index as usize) {
                last = index;
                if OBSERVED && let Some(observer) = &mut self.observer {
                    let word = self.run.common.window.load::<8>(slot.ic).unwrap_or(0);
                    observer.instruction(slot.ic, word, &slot.insn, &self.run.cpu);
                }
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
        self.run.begin_floats();
        let end = self.one_step();
        self.run.gather_floats();
        end
    }

    fn one_step(&mut self) -> Result<Pause, Trap> {
        let index = self.find(self.run.cpu.ic, None, self.run.cpu.ic)?;
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

    /// The index of the slot at IC, where control came from the slot at `from` or by a jump, by the instruction at `origin`.
    fn find(&mut self, ic: u64, from: Option<u32>, origin: u64) -> Result<u32, Trap> {
        if let Some(kind) = self.run.stop.take() {
            return Err(self.trap(kind));
        }
        let Some(index) = self.code.find(ic, &self.run.common) else {
            self.run.cpu.ic = origin;
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
        self.run.targets = Targets::default();
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
