//! One thread of machine code: registers, stack, thread-local memory, calls.
//!
//! Control that comes to a *gate* leaves machine code. Gates are addresses in a range that is never mapped: the first is where
//! calls from outside return to, each of the others stands for a function of the host.

use std::ops::Range;
use std::sync::{Arc, RwLock};

use crate::image::TCB_SIZE;
use crate::interp::{Common, Interpreter, Observer, Pause, StopHandle};
use crate::memory::{MemoryError, Protection, Window};
use crate::state::Cpu;
use crate::state::psw::Psw;
use crate::trap::{Trap, TrapKind};

/// What a function of the host does: it finds its arguments in the registers of the thread, and leaves its result there.
pub type HostFunction = fn(&mut Thread) -> Result<(), TrapKind>;

/// Bytes of address space for gates, 8 for each.
const GATES: u64 = 8 << 20;

/// What the system call `grow` has for a number: more stack.
const GROW: u64 = 315;

/// Bytes that belong to a called function above its stack pointer, without its parameters.
const SAVE_AREA: u64 = 176;

/// How many parameters are in registers. All have a place on the stack.
const IN_REGISTERS: usize = 8;

/// Bytes of thread-local memory for images that are loaded after a thread has begun.
const TLS_RESERVE: u64 = 64 << 10;

/// Bytes before the thread's control block, for what the system keeps of a thread.
const BEFORE_TCB: u64 = 4096;

/// Bytes of the block that system calls are made through.
const CALL_BLOCK: u64 = 64;

/// Registers by their roles.
mod role {
    pub(super) const SL: usize = 8;
    pub(super) const FP: usize = 9;
    pub(super) const LR: usize = 10;
    pub(super) const SP: usize = 11;
    pub(super) const FUNCTION: usize = 12;
    pub(super) const TP: usize = 14;
}

#[derive(Debug, Clone)]
enum Gate {
    Home,
    Function(String, HostFunction),
    /// Nobody has a function of this name.
    Missing(String),
}

/// The ways out of machine code.
#[derive(Debug)]
pub struct Gates {
    range: Range<u64>,
    gates: RwLock<Vec<Gate>>,
}

impl Gates {
    /// Takes addresses for them.
    ///
    /// # Errors
    /// The window is full.
    pub fn new(window: &Window) -> Result<Self, MemoryError> {
        Ok(Self {
            range: window.map(GATES, Protection::None)?,
            gates: RwLock::new(vec![Gate::Home]),
        })
    }

    /// The address of a function of the host.
    pub fn function(&self, name: &str, function: HostFunction) -> Option<u64> {
        self.add(name, |name| Gate::Function(name, function))
    }

    /// An address that traps by this name when it is called.
    pub fn missing(&self, name: &str) -> Option<u64> {
        self.add(name, Gate::Missing)
    }

    fn add(&self, name: &str, gate: impl FnOnce(String) -> Gate) -> Option<u64> {
        let mut gates = self.gates.write().unwrap_or_else(|lock| lock.into_inner());
        let known = gates.iter().position(|gate| match gate {
            Gate::Home => false,
            Gate::Function(known, _) | Gate::Missing(known) => known == name,
        });
        let index = known.unwrap_or(gates.len());
        let address = self.range.start + 8 * index as u64;
        if !self.range.contains(&address) {
            return None;
        }
        if known.is_none() {
            gates.push(gate(name.to_owned()));
        }
        Some(address)
    }

    /// The name of the function of the host that has this address.
    #[must_use]
    pub fn name(&self, address: u64) -> Option<String> {
        match self.get(address)? {
            Gate::Home => None,
            Gate::Function(name, _) | Gate::Missing(name) => Some(name),
        }
    }

    fn get(&self, address: u64) -> Option<Gate> {
        if !self.range.contains(&address) || !address.is_multiple_of(8) {
            return None;
        }
        let index = ((address - self.range.start) / 8) as usize;
        self.gates
            .read()
            .unwrap_or_else(|lock| lock.into_inner())
            .get(index)
            .cloned()
    }
}

/// First values of thread-local variables.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    /// Where they are in the window.
    pub(crate) address: u64,
    /// How many bytes have first values; the rest is 0.
    pub(crate) initialised: u64,
    pub(crate) size: u64,
    /// Where they belong, behind the thread's control block.
    pub(crate) offset: u64,
}

/// A thread of machine code.
#[derive(Debug)]
pub struct Thread {
    interpreter: Interpreter,
    gates: Arc<Gates>,
    stop: StopHandle,
    stack: Range<u64>,
    /// Holds the control block and thread-local memory.
    block: Range<u64>,
    tp: u64,
    tls: u64,
    /// How many calls from outside are on the stack.
    depth: usize,
}

/// How deep functions of the host and machine code may call each other: each level takes the host's own stack.
const DEEPEST: usize = 64;

impl Thread {
    /// A thread with a stack of this many bytes.
    ///
    /// # Errors
    /// The window is full, or the system has no memory.
    pub(crate) fn new(
        common: Arc<Common>,
        gates: Arc<Gates>,
        stack: u64,
        tls: u64,
    ) -> Result<Self, MemoryError> {
        let window = &common.window;
        let tls = tls.saturating_add(TLS_RESERVE);
        let stack = window.map(stack.max(64 << 10), Protection::ReadWrite)?;
        let length = BEFORE_TCB + TCB_SIZE + CALL_BLOCK;
        let block = match window.map(length.saturating_add(tls), Protection::ReadWrite) {
            Ok(block) => block,
            Err(error) => {
                let _ = window.unmap(stack.start);
                return Err(error);
            }
        };
        let tp = block.start + BEFORE_TCB;
        // The call block lies before the control block.
        let _ = window.store::<8>(tp + 0x18, block.start);
        let stop = StopHandle::default();
        Ok(Self {
            interpreter: Interpreter::new(common.clone(), stop.clone()),
            gates,
            stop,
            stack,
            block,
            tp,
            tls,
            depth: 0,
        })
    }

    /// The registers.
    #[must_use]
    pub fn registers(&self) -> &Cpu {
        self.interpreter.cpu()
    }

    /// The registers, to be changed.
    pub fn registers_mut(&mut self) -> &mut Cpu {
        self.interpreter.cpu_mut()
    }

    /// The memory that it works on.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.interpreter.common().window
    }

    /// Asks this thread to stop, from other threads.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Lets somebody see each instruction from now on; nobody, for `None`. The result is who saw them until now.
    pub fn observe(&mut self, observer: Option<Box<dyn Observer>>) -> Option<Box<dyn Observer>> {
        self.interpreter.observe(observer)
    }

    /// The addresses of its stack.
    #[must_use]
    pub fn stack(&self) -> Range<u64> {
        self.stack.clone()
    }

    /// Forgets decoded code, since images have come or gone.
    pub(crate) fn forget_code(&mut self) {
        self.interpreter.forget_code();
    }

    /// Gives thread-local variables their first values.
    pub(crate) fn initialise(&mut self, template: &Template) -> Result<(), TrapKind> {
        let full = || TrapKind::HostFunction {
            name: "thread-local memory".into(),
            why: format!(
                "an image that was loaded after the thread began has more than {TLS_RESERVE} bytes of it"
            ),
        };
        let end = template.offset.checked_add(template.size);
        if end.is_none_or(|end| end > self.tls) {
            return Err(full());
        }
        let mut bytes = vec![0; template.size as usize];
        let window = self.window();
        let to = self.tp + TCB_SIZE + template.offset;
        let filled = template.initialised.min(template.size) as usize;
        window
            .read(template.address, &mut bytes[..filled])
            .and_then(|()| window.write(to, &bytes))
            .map_err(|_| full())
    }

    /// Where thread-local variables begin.
    #[must_use]
    pub fn thread_local(&self) -> u64 {
        self.tp + TCB_SIZE
    }

    /// Calls a function with argument words, and returns its result word.
    ///
    /// A float is in the upper half of its word. Inside a function of the host, this calls back into machine code.
    ///
    /// # Errors
    /// The trap that ended it. The thread can be called again.
    pub fn call(&mut self, function: u64, words: &[u64]) -> Result<u64, Trap> {
        let nested = self.depth > 0;
        let at_call = self.trap_here(TrapKind::StackOverflow {
            sp: self.registers().scalar(role::SP),
        });
        let top = if nested {
            self.registers().scalar(role::SP)
        } else {
            self.stack.end
        };
        let needed = SAVE_AREA + 8 * words.len().max(IN_REGISTERS) as u64;
        let Some(sp) = top.checked_sub(needed).map(|sp| sp & !15) else {
            return Err(at_call);
        };
        if !self.stack.contains(&sp) || self.depth >= DEEPEST {
            return Err(at_call);
        }
        // A callback leaves the registers of its caller as a call would; the simplest is to leave all of them.
        let kept = nested.then(|| {
            let cpu = self.registers();
            let mut scalars = [0; 64];
            for (number, register) in scalars.iter_mut().enumerate() {
                *register = cpu.scalar(number);
            }
            (scalars, cpu.ic)
        });
        for (index, word) in words.iter().enumerate() {
            let place = sp + SAVE_AREA + 8 * index as u64;
            if self.window().store::<8>(place, *word).is_err() {
                return Err(at_call);
            }
        }
        let (limit, tp, home) = (self.stack.start, self.tp, self.gates.range.start);
        let cpu = self.interpreter.cpu_mut();
        for (number, word) in words.iter().take(IN_REGISTERS).enumerate() {
            cpu.set_scalar(number, *word);
        }
        if !nested {
            cpu.psw = Psw::default();
            cpu.set_scalar(role::FP, 0);
        }
        cpu.set_scalar(role::SL, limit);
        cpu.set_scalar(role::SP, sp);
        cpu.set_scalar(role::LR, home);
        cpu.set_scalar(role::FUNCTION, function);
        cpu.set_scalar(role::TP, tp);
        cpu.ic = function;
        self.depth += 1;
        let end = self.go_on();
        self.depth -= 1;
        end?;
        let result = self.registers().scalar(0);
        if let Some((scalars, ic)) = kept {
            let cpu = self.interpreter.cpu_mut();
            for (number, register) in scalars.into_iter().enumerate() {
                cpu.set_scalar(number, register);
            }
            cpu.ic = ic;
        }
        Ok(result)
    }

    /// Executes the instruction at IC.
    ///
    /// # Errors
    /// The trap that it ends in.
    pub fn step(&mut self) -> Result<(), Trap> {
        if let Some(gate) = self.gates.get(self.registers().ic) {
            self.through(gate)?;
            return Ok(());
        }
        match self.interpreter.step().map_err(|trap| self.explain(trap))? {
            Pause::SystemCall => self.system_call(),
            Pause::Watched | Pause::Stepped => Ok(()),
        }
    }

    /// Runs until the gate home.
    fn go_on(&mut self) -> Result<(), Trap> {
        let range = self.gates.range.clone();
        loop {
            let pause = self
                .interpreter
                .run(&|ic| range.contains(&ic))
                .map_err(|trap| self.explain(trap))?;
            match pause {
                Pause::Watched => {
                    let ic = self.registers().ic;
                    let Some(gate) = self.gates.get(ic) else {
                        return Err(self.trap_here(TrapKind::OutsideCode { target: ic }));
                    };
                    if self.through(gate)? {
                        return Ok(());
                    }
                }
                Pause::SystemCall => self.system_call()?,
                Pause::Stepped => {}
            }
        }
    }

    /// Goes through a gate. The result says whether it was the one home.
    fn through(&mut self, gate: Gate) -> Result<bool, Trap> {
        match gate {
            Gate::Home => Ok(true),
            Gate::Function(_, function) => {
                function(self).map_err(|kind| self.trap_at_call(kind))?;
                // Back to the caller, unless the function has gone elsewhere itself, as longjmp does.
                if self.gates.range.contains(&self.registers().ic) {
                    let lr = self.registers().scalar(role::LR);
                    self.registers_mut().ic = lr;
                }
                Ok(false)
            }
            Gate::Missing(name) => Err(self.trap_at_call(TrapKind::MissingSymbol { name })),
        }
    }

    fn system_call(&mut self) -> Result<(), Trap> {
        let block = self.block.start;
        let number = self.window().load::<8>(block).unwrap_or(0);
        // ncc's code writes the low half only.
        if number as u32 == GROW as u32 {
            let sp = self.registers().scalar(role::SP);
            return Err(self.trap_here(TrapKind::StackOverflow { sp }));
        }
        let unknown = -i64::from(libc::ENOSYS);
        self.registers_mut().set_scalar(0, unknown as u64);
        Ok(())
    }

    /// An access just below the stack is an overflow of the stack.
    fn explain(&self, mut trap: Trap) -> Trap {
        let guard = self.stack.start.saturating_sub(64 << 10)..self.stack.start;
        if let TrapKind::MemoryAccess { address, .. } = trap.kind
            && guard.contains(&address)
        {
            let sp = self.registers().scalar(role::SP);
            trap.kind = TrapKind::StackOverflow { sp };
        }
        trap
    }

    fn trap_here(&self, kind: TrapKind) -> Trap {
        self.trap_at(kind, self.registers().ic)
    }

    /// A trap in a function of the host, at the instruction that called it.
    fn trap_at_call(&self, kind: TrapKind) -> Trap {
        let call = self.registers().scalar(role::LR).wrapping_sub(8);
        self.trap_at(kind, call)
    }

    fn trap_at(&self, kind: TrapKind, ic: u64) -> Trap {
        let common = self.interpreter.common();
        let word = if common.executable.contains(ic, 8) {
            common.window.load::<8>(ic).ok()
        } else {
            None
        };
        Trap { kind, ic, word }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        let window = &self.interpreter.common().window;
        let _ = window.unmap(self.stack.start);
        let _ = window.unmap(self.block.start);
    }
}
