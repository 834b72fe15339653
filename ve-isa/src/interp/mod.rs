//! The interpreter: machine code to calls of what each operation computes.
//!
//! Code is decoded a page at a time into slots (`code`), each with the function that executes it (`dispatch`). That calls the one of the next
//! slot, until a loop ([`Interpreter::run`]) has control again (`run`). Registers are exact whenever a trap is reported, since an operation writes
//! its results last.

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
use run::{FULL, Leave, Link, Run, Targets};

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
    At(u64, Option<Link>),
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

    /// Something happened that a trace should tell. Nobody is told, unless an observer says otherwise.
    fn note(&mut self, text: &str) {
        let _ = text;
    }

    /// Who sees the instructions of a thread that this one creates; nobody, unless an observer says otherwise.
    fn fork(&self) -> Option<Box<dyn Observer>> {
        None
    }

    /// Whether the thread is to halt before the instruction at `ic`, which is next. It is not, unless an observer says otherwise.
    fn halts(&mut self, ic: u64) -> bool {
        let _ = ic;
        false
    }

    /// The thread halts before the instruction at IC, until this returns. Meanwhile registers, IC and memory may be changed: it goes on with
    /// what it finds. `halts` is asked again then.
    fn halt(&mut self, cpu: &mut Cpu) {
        let _ = cpu;
    }

    /// Control leaves machine code, for a function of the host or since a call has ended. It comes back with the next instruction.
    fn leave(&mut self, cpu: &Cpu) {
        let _ = cpu;
    }

    /// What the thread does is about to end in this trap. Registers are as at the trap; nothing goes on with them.
    fn trapped(&mut self, trap: &Trap, cpu: &mut Cpu) {
        let _ = (trap, cpu);
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

    /// Tells the observer.
    pub(crate) fn note(&mut self, text: &str) {
        if let Some(observer) = &mut self.observer {
            observer.note(text);
        }
    }

    /// Who is to see the instructions of a thread that this one creates.
    pub(crate) fn fork_observer(&self) -> Option<Box<dyn Observer>> {
        self.observer.as_ref()?.fork()
    }

    /// Tells the observer that control leaves machine code.
    pub(crate) fn note_leave(&mut self) {
        if let Some(observer) = &mut self.observer {
            observer.leave(&self.run.cpu);
        }
    }

    /// Tells the observer of a trap that ends what the thread does.
    pub(crate) fn note_trap(&mut self, trap: &Trap) {
        if let Some(observer) = &mut self.observer {
            observer.trapped(trap, &mut self.run.cpu);
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
        'found: loop {
            let (ic, from) = match next {
                Next::At(ic, from) => (ic, from),
                Next::SystemCall => return Ok(Pause::SystemCall),
            };
            // Where a jump to nowhere came from is where it traps.
            let origin = std::mem::replace(&mut self.run.cpu.ic, ic);
            if watched(ic) {
                return Ok(Pause::Watched);
            }
            let mut link = self.find(ic, from, origin)?;
            while let Some(slot) = self.code.slot(link) {
                if OBSERVED
                    && let Some(observer) = &mut self.observer
                    && let Some(word) = self.code.instruction(slot, &self.run.common)
                {
                    if observer.halts(slot.ic) {
                        next = Next::At(self.halt(slot.ic), None);
                        continue 'found;
                    }
                    observer.instruction(slot.ic, word, &slot.insn, &self.run.cpu);
                }
                link = slot.execute(&mut self.run, if OBSERVED { 0 } else { FULL });
            }
            next = self.settle()?;
        }
    }

    /// Lets the observer hold the thread before the instruction at an address. The result is where it goes on.
    #[cold]
    fn halt(&mut self, ic: u64) -> u64 {
        self.run.gather_floats();
        self.run.cpu.ic = ic;
        if let Some(observer) = &mut self.observer {
            observer.halt(&mut self.run.cpu);
        }
        // Code may be another now, and so may PSW.
        self.forget_code();
        self.run.begin_floats();
        self.run.cpu.ic
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
        let link = self.find(self.run.cpu.ic, None, self.run.cpu.ic)?;
        let next = match self.code.slot(link) {
            Some(slot) => slot.execute(&mut self.run, 0),
            None => link,
        };
        if let Some(slot) = self.code.slot(next) {
            self.run.cpu.ic = slot.ic;
            return Ok(Pause::Stepped);
        }
        match self.settle()? {
            Next::At(ic, _) => {
                self.run.cpu.ic = ic;
                Ok(Pause::Stepped)
            }
            Next::SystemCall => Ok(Pause::SystemCall),
        }
    }

    /// What the operation at IC has left the loop for.
    fn settle(&mut self) -> Result<Next, Trap> {
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

    /// The slot at IC, where control came from the slot `from` or by a jump, by the instruction at `origin`.
    fn find(&mut self, ic: u64, from: Option<Link>, origin: u64) -> Result<Link, Trap> {
        if let Some(kind) = self.run.stop.take() {
            return Err(self.trap(kind));
        }
        if from.is_none()
            && let Some(link) = self.run.targets.get(ic)
        {
            return Ok(link);
        }
        let Some(link) = self.code.find(ic, &self.run.common) else {
            self.run.cpu.ic = origin;
            return Err(self.trap(TrapKind::OutsideCode { target: ic }));
        };
        match from.and_then(|from| self.code.slot(from)) {
            Some(from) => from.set_target(link),
            None => self.run.targets.set(ic, link),
        }
        Ok(link)
    }

    /// Drops all decoded code, since code in memory has changed.
    pub fn forget_code(&mut self) {
        // With the slots go all links to them. Nothing else has one while no operation is executed.
        self.run.targets = Targets::default();
        self.code = Code::default();
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
