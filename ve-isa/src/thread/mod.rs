//! One thread of machine code: registers, stack, thread-local memory, calls.
//!
//! Control that comes to a gate ([`Gates`]) leaves machine code.

mod calls;
mod frames;
mod gates;
mod members;
mod panics;
mod spawn;
mod templates;

use std::borrow::Cow;
use std::collections::HashSet;
use std::mem;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::check::ThreadCheck;
use crate::image::{ImageId, TCB_SIZE};
use crate::interp::{Common, Interpreter, Observer, StopHandle};
use crate::memory::{MemoryError, Protection, Window};
use crate::process::Process;
use crate::semantics::float::FloatMode;
use crate::state::Cpu;
use crate::state::psw::{Flags, Psw};
use crate::trap::{Trap, TrapKind};
use members::{Caller, Members};
use templates::Template;

pub use frames::Frames;
pub use gates::Gates;
pub(crate) use spawn::Start;

/// A function of the host: it finds its arguments in the registers of the thread, and leaves its result there.
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

/// Bytes of thread-local memory for images that are loaded after a thread has begun.
const TLS_RESERVE: u64 = 64 << 10;

/// Bytes before the thread's control block, which the system keeps for a thread.
const BEFORE_TCB: u64 = 4096;

/// Bytes above the first frame of a stack. LLVM's code for short vectors loads 256 elements from where the vector begins, and
/// uses the first; other systems have the arguments of the program there.
const ABOVE_STACK: u64 = 4096;

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
    /// A number that no other thread of the machine has.
    number: u64,
    /// Whether machine code has created it.
    created: bool,
    /// The part that other threads see of the calls from outside that run on it, once there was one.
    caller: Option<Arc<Caller>>,
    /// Where another thread was whose trap has ended the last call from outside.
    elsewhere: Option<Frames>,
    /// PSW at the begin of a call from outside.
    first_psw: Psw,
    /// Which images it knows, by the number of their templates' state.
    generation: u64,
    /// The images that have given their thread-local variables.
    initialised: HashSet<ImageId>,
}

/// The values of all scalar registers.
pub(crate) type ScalarRegisters = [u64; 64];

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
        let mut interpreter = Interpreter::new(common.clone(), stop.clone());
        if let Some(checker) = gates.process().heap.checker() {
            let base = stack.end - ABOVE_STACK;
            interpreter.set_check(ThreadCheck::new(checker.clone(), stack.clone(), base));
        }
        Ok(Self {
            interpreter,
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
            caller: None,
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

    /// The state that functions of the host keep for the whole machine.
    pub(crate) fn process(&self) -> &Process {
        self.gates.process()
    }

    /// Lets the program use a file that was just opened; the result is its number, the least one from `least` that is free.
    pub(crate) fn add_file(&self, file: Arc<OwnedFd>, least: i32) -> i32 {
        self.process().add_file(file, least, &self.stop_handle())
    }

    /// Memory of the machine with this name, which is made the first time; nothing if there is no memory.
    pub(crate) fn lasting(
        &self,
        name: impl Into<Cow<'static, str>>,
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
        self.stop.is_to_stop()
    }

    /// Hands all buffered output to the system, if there may be any. The rest waits if this thread is asked to stop before the system takes it.
    pub(crate) fn flush_output(&self) {
        self.process().streams.flush_output(&self.stop);
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

    /// The undefined bits of the last call's result, where they are looked for.
    pub(crate) fn undefined_result(&self) -> u64 {
        let check = self.interpreter.check();
        check.map_or(0, ThreadCheck::undefined_result)
    }

    /// The part of its stack that is in use.
    #[must_use]
    pub fn frames_in_use(&self) -> Range<u64> {
        let sp = self.registers().scalar(role::SP);
        if self.stack.contains(&sp) {
            sp..self.stack.end
        } else {
            self.stack.end..self.stack.end
        }
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
            self.interpreter.forget_own_code();
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
}

impl Thread {
    /// Forgets what belongs to this thread elsewhere.
    fn forget_values(&self) {
        self.process().keys.lock().forget(self.number);
        self.process().exits.forget(self.number);
        self.process().sent_signals.take(self.number, u64::MAX);
    }

    /// Gives its stack and its block back. It executes nothing any more.
    fn give_memory_back(&mut self) {
        if self.stack.is_empty() {
            return;
        }
        let (stack, block) = (mem::take(&mut self.stack), mem::take(&mut self.block));
        if let Some(checker) = self.process().heap.checker() {
            checker.forget_stack(stack.start);
        }
        let window = &self.interpreter.common().window;
        let _ = window.unmap(stack.start);
        let _ = window.unmap(block.start);
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // Nobody sends it a signal from now on.
        if let Some(caller) = &self.caller {
            self.members().forget(caller);
        }
        self.forget_values();
        self.give_memory_back();
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
        let gates = Gates::new(&window, |_| Ok(()), |_| Ok(())).unwrap();
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
