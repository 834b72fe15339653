//! One thread of machine code: registers, stack, thread-local memory, calls.
//!
//! Control that comes to a gate ([`Gates`]) leaves machine code.

mod frames;
mod gates;
mod members;
mod panics;
mod spawn;
mod templates;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::image::{ImageId, TCB_SIZE};
use crate::interp::{Common, Interpreter, Observer, Pause, StopHandle};
use crate::memory::{MemoryError, Protection, Window};
use crate::process::Process;
use crate::semantics::float::FloatMode;
use crate::state::Cpu;
use crate::state::psw::{Flags, Psw};
use crate::trap::{Trap, TrapKind};
use gates::Gate;
use members::{Members, ThreadFault};
use templates::Template;

pub use frames::Frames;
pub use gates::Gates;
pub(crate) use spawn::Start;

/// What a function of the host does: it finds its arguments in the registers of the thread, and leaves its result there.
pub type HostFunction = fn(&mut Thread) -> Result<(), Failure>;

/// Why a function of the host does not return to its caller.
#[derive(Debug)]
pub enum Failure {
    /// It was called in a way that it cannot do, for this reason.
    Why(String),
    /// It traps.
    Trap(TrapKind),
    /// Machine code that it called has trapped.
    Nested(Trap),
    /// Control goes to where an outer call is: see `Thread::jump`.
    Jump,
    /// A thread that machine code has created ends with this value.
    End(u64),
}

impl From<TrapKind> for Failure {
    fn from(kind: TrapKind) -> Self {
        Self::Trap(kind)
    }
}

/// Bytes that belong to a called function above its stack pointer, without its parameters.
const SAVE_AREA: u64 = 176;

/// Bytes above the first frame of a stack. LLVM's code for short vectors loads 256 elements from where the vector begins, and
/// uses the first; other systems have the arguments of the program there.
const ABOVE_STACK: u64 = 4096;

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
    /// The calls from outside that are on the stack: a number for each that no other call has had.
    calls: Vec<u64>,
    calls_before: u64,
    /// Where control is to go, and in which of the calls.
    jump: Option<(u64, Box<ScalarRegisters>)>,
    /// What no other thread of the machine has.
    number: u64,
    /// Whether machine code has created it.
    created: bool,
    /// Where another thread was whose trap has ended the last call from outside.
    elsewhere: Option<Frames>,
    /// What PSW is when a call from outside begins.
    first_psw: Psw,
    /// Which images it knows, by the number of their templates' state.
    generation: u64,
    /// The images that have given their thread-local variables.
    initialised: HashSet<ImageId>,
}

/// What all scalar registers hold.
pub(crate) type ScalarRegisters = [u64; 64];

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
    ) -> Result<Self, MemoryError> {
        let window = &common.window;
        let tls = gates.templates.size().saturating_add(TLS_RESERVE);
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
            number: gates.members.number(),
            gates,
            stop,
            stack,
            block,
            tp,
            tls,
            calls: Vec::new(),
            calls_before: 0,
            jump: None,
            created: false,
            elsewhere: None,
            first_psw: Psw::default(),
            generation: 0,
            initialised: HashSet::new(),
        })
    }

    /// Chooses which unit computes floats while PSW rounds to nearest and nothing traps.
    pub fn set_floats(&mut self, mode: FloatMode) {
        self.interpreter.set_floats(mode);
    }

    /// Makes these arithmetic exceptions trap in calls from outside that begin from now on, as long as machine code does not
    /// change that. At first none does.
    pub fn trap_on(&mut self, exceptions: Flags) {
        self.first_psw = Psw::default().trapping(exceptions);
    }

    /// What functions of the host keep for the whole machine.
    pub(crate) fn process(&self) -> &Process {
        self.gates.process()
    }

    /// Memory of the machine with this name, which is made the first time; nothing if there is no memory.
    pub(crate) fn lasting(
        &self,
        name: &'static str,
        make: impl FnOnce() -> Vec<u8>,
    ) -> Option<u64> {
        self.process().lasting(self.window(), name, make)
    }

    /// Tells whoever observes the thread.
    pub(crate) fn note(&mut self, text: &str) {
        self.interpreter.note(text);
    }

    /// The threads of the machine.
    pub(crate) fn members(&self) -> &Members {
        &self.gates.members
    }

    /// A number that no other thread of the machine has or has had, not 0.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The name that nobody provides and that this address stands for.
    pub(crate) fn missing(&self, address: u64) -> Option<String> {
        self.gates.missing_name(address)
    }

    /// Memory that functions of the host use for this thread, zeros at first.
    pub(crate) fn private(&self) -> Range<u64> {
        self.block.start + CALL_BLOCK..self.tp
    }

    /// Ends a function of the host that takes long, if somebody asked this thread to stop.
    pub(crate) fn poll(&self) -> Result<(), Failure> {
        self.stop.take().map_or(Ok(()), |kind| Err(kind.into()))
    }

    /// Whether somebody asks this thread to stop. [`poll`](Self::poll) or the next jump of machine code sees it, too.
    pub(crate) fn is_asked_to_stop(&self) -> bool {
        self.stop.is_asked()
    }

    /// The block that system calls are made through.
    pub(crate) fn call_block(&self) -> u64 {
        self.block.start
    }

    /// The number of the call from outside that runs.
    pub(crate) fn running_call(&self) -> u64 {
        self.calls.last().copied().unwrap_or(0)
    }

    /// Makes control go to the address in lr, with these registers, in the call from outside with this number. The function of
    /// the host that asks for it passes the result on. If that call has ended, there is none.
    pub(crate) fn jump(&mut self, call: u64, registers: Box<ScalarRegisters>) -> Option<Failure> {
        if !self.calls.contains(&call) {
            return None;
        }
        self.jump = Some((call, registers));
        Some(Failure::Jump)
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

    /// Takes note of images that have come or gone.
    fn follow(&mut self) -> Result<(), TrapKind> {
        let mut generation = self.gates.templates.generation();
        while generation != self.generation {
            self.interpreter.forget_code();
            let templates = self.gates.templates.list();
            let known = &self.initialised;
            let mut new = templates.iter().filter(|new| !known.contains(&new.image));
            let done = new.try_for_each(|template| self.initialise(template));
            let now = self.gates.templates.generation();
            if now == generation {
                done?;
                self.initialised = templates.iter().map(|template| template.image).collect();
                self.generation = generation;
            }
            // An image that has gone meanwhile has no first values.
            generation = now;
        }
        Ok(())
    }

    /// Gives thread-local variables their first values.
    fn initialise(&self, template: &Template) -> Result<(), TrapKind> {
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
        if !self.calls.is_empty() {
            let kept = self.kept();
            let result = self.call_back(function, words);
            return result.map_err(|failure| {
                self.restore(&kept);
                self.trap_of(failure)
            });
        }
        self.elsewhere = None;
        let entered = self.members().enter(self.number, self.stop.clone());
        entered.map_err(|fault| self.ended_by(fault))?;
        let result = self.call_back(function, words);
        self.process().streams.flush_output();
        let fault = self.members().leave(self.number);
        let result = match (fault, result) {
            (Some(fault), _) => Err(self.ended_by(fault)),
            (None, result) => result.map_err(|failure| self.trap_of(failure)),
        };
        if result.is_err() {
            // The program is over, and its threads are.
            self.members().end_all();
        }
        result
    }

    /// The trap of another thread, which ends a call of this one.
    fn ended_by(&mut self, fault: ThreadFault) -> Trap {
        self.elsewhere = Some(fault.frames);
        fault.trap
    }

    /// Where the last call from outside was when it ended: where this thread was, or the one that machine code has created and whose trap
    /// has ended the call.
    #[must_use]
    pub fn frames(&self) -> Frames {
        let elsewhere = self.elsewhere.clone();
        elsewhere.unwrap_or_else(|| Frames::of(self))
    }

    fn trap_of(&self, failure: Failure) -> Trap {
        match failure {
            Failure::Nested(trap) => trap,
            Failure::Trap(kind) => self.trap_here(kind),
            Failure::Why(why) => {
                let name = "a call".into();
                self.trap_here(TrapKind::HostFunction { name, why })
            }
            // `call_back` ends a jump where it goes to.
            Failure::Jump | Failure::End(_) => self.trap_here(TrapKind::Stopped),
        }
    }

    /// All scalar registers, and IC.
    fn kept(&self) -> (ScalarRegisters, u64) {
        let cpu = self.registers();
        (std::array::from_fn(|number| cpu.scalar(number)), cpu.ic)
    }

    fn restore(&mut self, (scalars, ic): &(ScalarRegisters, u64)) {
        let cpu = self.interpreter.cpu_mut();
        for (number, register) in scalars.iter().enumerate() {
            cpu.set_scalar(number, *register);
        }
        cpu.ic = *ic;
    }

    /// As [`call`](Self::call), for functions of the host, which pass failures on.
    pub(crate) fn call_back(&mut self, function: u64, words: &[u64]) -> Result<u64, Failure> {
        let nested = !self.calls.is_empty();
        self.follow()?;
        let no_room = |thread: &Self| {
            let sp = thread.registers().scalar(role::SP);
            let trap = thread.trap_here(TrapKind::StackOverflow { sp });
            Err(Failure::Nested(trap))
        };
        let top = if nested {
            self.registers().scalar(role::SP)
        } else {
            self.stack.end - ABOVE_STACK
        };
        let needed = SAVE_AREA + 8 * words.len().max(IN_REGISTERS) as u64;
        let Some(sp) = top.checked_sub(needed).map(|sp| sp & !15) else {
            return no_room(self);
        };
        if !self.stack.contains(&sp) {
            return no_room(self);
        }
        if self.calls.len() >= DEEPEST {
            return Err(Failure::Why(format!(
                "calls a function of the program inside {DEEPEST} such calls, more than the host has room for"
            )));
        }
        // A callback leaves the registers of its caller as a call would; the simplest is to leave all of them.
        let kept = nested.then(|| self.kept());
        for (index, word) in words.iter().enumerate() {
            let place = sp + SAVE_AREA + 8 * index as u64;
            if self.window().store::<8>(place, *word).is_err() {
                return no_room(self);
            }
        }
        let (limit, tp, home) = (self.stack.start, self.tp, self.gates.range.start);
        let psw = self.first_psw;
        let cpu = self.interpreter.cpu_mut();
        for (number, word) in words.iter().take(IN_REGISTERS).enumerate() {
            cpu.set_scalar(number, *word);
        }
        if !nested {
            cpu.psw = psw;
            cpu.set_scalar(role::FP, 0);
        }
        cpu.set_scalar(role::SL, limit);
        cpu.set_scalar(role::SP, sp);
        cpu.set_scalar(role::LR, home);
        cpu.set_scalar(role::FUNCTION, function);
        cpu.set_scalar(role::TP, tp);
        cpu.ic = function;
        self.calls_before += 1;
        self.calls.push(self.calls_before);
        let end = self.go_on();
        self.calls.pop();
        end?;
        let result = self.registers().scalar(0);
        if let Some(kept) = kept {
            self.restore(&kept);
        }
        Ok(result)
    }

    /// Executes the instruction at IC.
    ///
    /// # Errors
    /// The trap that it ends in.
    pub fn step(&mut self) -> Result<(), Trap> {
        if let Some(gate) = self.gates.get(self.registers().ic) {
            return match self.through(gate) {
                Ok(_) => Ok(()),
                Err(failure) => Err(self.trap_of(failure)),
            };
        }
        match self.interpreter.step().map_err(|trap| self.explain(trap))? {
            Pause::SystemCall => self.system_call(),
            Pause::Watched | Pause::Stepped => Ok(()),
        }
    }

    /// Runs until the gate home.
    fn go_on(&mut self) -> Result<(), Failure> {
        let range = self.gates.range.clone();
        loop {
            let pause = self
                .interpreter
                .run(&|ic| range.contains(&ic))
                .map_err(|trap| Failure::Nested(self.explain(trap)))?;
            match pause {
                Pause::Watched => {
                    let ic = self.registers().ic;
                    let Some(gate) = self.gates.get(ic) else {
                        let kind = TrapKind::OutsideCode { target: ic };
                        return Err(Failure::Nested(self.trap_here(kind)));
                    };
                    if self.through(gate)? {
                        return Ok(());
                    }
                    // Others may have loaded what this thread was told of.
                    self.follow()?;
                }
                Pause::SystemCall => self.system_call().map_err(Failure::Nested)?,
                Pause::Stepped => {}
            }
        }
    }

    /// Goes through a gate. The result says whether it was the one home.
    fn through(&mut self, gate: Gate) -> Result<bool, Failure> {
        let (name, function) = match gate {
            Gate::Home => return Ok(true),
            Gate::Function(name, function) => (name, function),
            Gate::Missing(name) => {
                let name = name.to_string();
                let kind = TrapKind::MissingSymbol { name };
                return Err(Failure::Nested(self.trap_at_call(kind)));
            }
        };
        match panics::caught(self, function) {
            Ok(()) => {
                let lr = self.registers().scalar(role::LR);
                self.registers_mut().ic = lr;
                Ok(false)
            }
            Err(Failure::Jump) => {
                let call = self.running_call();
                let Some((_, registers)) = self.jump.take_if(|(to, _)| *to == call) else {
                    return Err(Failure::Jump);
                };
                let cpu = self.registers_mut();
                for (number, register) in registers.iter().enumerate() {
                    cpu.set_scalar(number, *register);
                }
                cpu.ic = registers[role::LR];
                Ok(false)
            }
            Err(Failure::Why(why)) => {
                let name = name.to_string();
                let kind = TrapKind::HostFunction { name, why };
                Err(Failure::Nested(self.trap_at_call(kind)))
            }
            Err(Failure::Trap(kind)) => Err(Failure::Nested(self.trap_at_call(kind))),
            Err(failure @ (Failure::Nested(_) | Failure::End(_))) => Err(failure),
        }
    }

    /// IC is behind the instruction.
    fn system_call(&mut self) -> Result<(), Trap> {
        let call = self.gates.system_call;
        let kind = match panics::caught(self, call) {
            Ok(()) => return Ok(()),
            Err(Failure::Nested(trap)) => return Err(trap),
            Err(Failure::Trap(kind)) => kind,
            Err(Failure::Why(why)) => TrapKind::HostFunction {
                name: "monc".into(),
                why,
            },
            Err(Failure::Jump | Failure::End(_)) => TrapKind::Stopped,
        };
        let ic = self.registers().ic.wrapping_sub(8);
        self.registers_mut().ic = ic;
        Err(self.trap_at(kind, ic))
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

impl Thread {
    /// Forgets what belongs to this thread elsewhere.
    fn forget_values(&self) {
        self.process().keys.lock().forget(self.number);
        self.process().exits.forget(self.number);
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.forget_values();
        let window = &self.interpreter.common().window;
        let _ = window.unmap(self.stack.start);
        let _ = window.unmap(self.block.start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::AccessError;

    /// Calls code that is not there, and checks what the failure has left of the registers.
    fn careless(thread: &mut Thread) -> Result<(), Failure> {
        let before = thread.kept();
        let trap = thread.call(0x10, &[1, 2, 3]).unwrap_err();
        assert_eq!(trap.kind, TrapKind::OutsideCode { target: 0x10 });
        assert_eq!(thread.kept(), before);
        thread.registers_mut().set_scalar(0, 7);
        Ok(())
    }

    #[test]
    fn a_callback_that_traps_gives_its_caller_the_registers_back() {
        let window = Window::reserve().unwrap();
        let gates = Gates::new(&window, |_| Ok(())).unwrap();
        let function = gates.function("careless", careless).unwrap();
        let common = Arc::new(Common::new(window));
        let mut thread = Thread::new(common, Arc::new(gates), 1 << 20).unwrap();
        assert_eq!(thread.call(function, &[4]), Ok(7));
        assert_eq!(
            thread.window().load::<8>(function),
            Err(AccessError::Protected)
        );
    }
}
