//! The interpreter: it turns machine code into calls of the functions that operations stand for.
//!
//! Code is decoded a page at a time into slots (`code`), each with the function that executes it (`dispatch`). That calls the one of the next
//! slot, until a loop ([`Interpreter::run`]) has control again (`run`). Registers are exact whenever a trap is reported, since an operation writes
//! its results last.
//!
//! Where a [`Translator`] is given, the interpreter counts jumps backwards and computed ones. Hot code is translated (`translator`) and entered
//! from then on (`entry`) wherever control comes to its first instruction. Code of the host shares the thread's state ([`layout`]) and calls
//! the interpreter's functions for operations that it does not do itself, so each register is exact whenever it ends. It runs while PSW is
//! plain, that is, while floats are computed by the host's unit; and not where an [`Observer`] sees each instruction.

mod both;
mod code;
mod common;
mod control;
mod dispatch;
mod entry;
mod float;
mod jumps;
pub mod layout;
mod load_store;
mod run;
mod scalar;
mod system;
#[cfg(test)]
mod tests;
mod translator;
mod vector;

use std::collections::HashMap;
use std::sync::Arc;

use crate::check::ThreadCheck;
use crate::encoding::Insn;
use crate::memory::{ArenaPlace, Window};
use crate::semantics::float::{FloatMode, Host};
use crate::state::Cpu;
use crate::trap::{Trap, TrapKind};

use code::Code;
use entry::{CodeWords, Exit};
use jumps::Translated;
use run::{FULL, Fuel, Leave, Link, Run, Targets};
use translator::{CodeEntry, KeptEntry, Translations};

pub use common::{Common, Executable, StopHandle};
pub use translator::{HostCode, InstructionSource, Reach, Translator, exit};

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
    /// At an instruction that code of the host has left to the interpreter.
    Interpreted(u64),
    SystemCall,
}

/// One thread of machine code: its registers and the code that it has decoded.
#[derive(Debug)]
pub struct Interpreter {
    run: Run,
    code: Code,
    observer: Option<Box<dyn Observer>>,
    /// The code of the host that slots lead to. All of it lies in one arena, as does what the table of jumps leads to.
    entries: HashMap<u64, CodeEntry>,
    /// Keeps that arena.
    arena: Option<Arc<ArenaPlace>>,
    check: Option<Box<ThreadCheck>>,
}

/// Sees each instruction before it is executed.
pub trait Observer: std::fmt::Debug + Send {
    /// The instruction at `ic` is next, in both its forms; registers are as it finds them.
    fn instruction(&mut self, ic: u64, word: u64, insn: &Insn, cpu: &Cpu);

    /// Something happened that a trace should tell. Nobody is told, unless an observer says otherwise.
    fn note(&mut self, text: &str) {
        let _ = text;
    }

    /// The observer of a thread that this one creates; none, unless an observer says otherwise.
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

    /// The thread's call is about to end in this trap. Registers are as at the trap; nothing goes on with them.
    fn trapped(&mut self, trap: &Trap, cpu: &mut Cpu) {
        let _ = (trap, cpu);
    }
}

impl Interpreter {
    /// A thread with registers as at the start.
    #[must_use]
    pub fn new(common: Arc<Common>, stop: StopHandle) -> Self {
        let translated = Translated {
            stop: stop.word(),
            ..Translated::default()
        };
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
                translated,
            },
            code: Code::default(),
            observer: None,
            entries: HashMap::new(),
            arena: None,
            check: None,
        }
    }

    /// Checks from now on what each instruction does with memory.
    pub(crate) fn set_check(&mut self, check: ThreadCheck) {
        // Code of the host is not checked.
        self.forget_own_code();
        self.check = Some(Box::new(check));
    }

    /// The check of memory, if there is one.
    #[inline]
    pub(crate) fn check(&self) -> Option<&ThreadCheck> {
        self.check.as_deref()
    }

    /// The check of memory, to be told.
    #[inline]
    pub(crate) fn check_mut(&mut self) -> Option<&mut ThreadCheck> {
        self.check.as_deref_mut()
    }

    /// The check of memory, to be told, and the memory.
    #[inline]
    pub(crate) fn window_and_check(&mut self) -> Option<(&Window, &mut ThreadCheck)> {
        Some((&self.run.common.window, self.check.as_deref_mut()?))
    }

    /// Lets somebody see each instruction from now on; nobody, for `None`. The result is who saw them until now.
    pub fn observe(&mut self, observer: Option<Box<dyn Observer>>) -> Option<Box<dyn Observer>> {
        // Code of the host shows nobody its instructions.
        self.forget_own_code();
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

    /// The observer for a thread that this one creates.
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

    /// The state that all threads share.
    #[must_use]
    pub fn common(&self) -> &Arc<Common> {
        &self.run.common
    }

    /// Executes from IC on, until control goes to an address that is `watched`.
    ///
    /// # Errors
    /// The trap that ended it. Registers are as they were before the instruction, and IC is its address. A call of an address without code has
    /// written its return address.
    pub fn run(&mut self, watched: &dyn Fn(u64) -> bool) -> Result<Pause, Trap> {
        self.run.begin_floats();
        let end = self.run_on(watched);
        self.run.gather_floats();
        end
    }

    fn run_on(&mut self, watched: &dyn Fn(u64) -> bool) -> Result<Pause, Trap> {
        match (self.observer.is_some(), self.check.is_some()) {
            (false, false) if self.compares() => self.loop_on_both(watched),
            (false, false) => self.loop_on::<false, false>(watched),
            (true, false) => self.loop_on::<true, false>(watched),
            (false, true) => self.loop_on::<false, true>(watched),
            (true, true) => self.loop_on::<true, true>(watched),
        }
    }

    /// The loop. Compiled for each, so that being observed and checked costs nothing where it is not wanted.
    fn loop_on<const OBSERVED: bool, const CHECKED: bool>(
        &mut self,
        watched: &dyn Fn(u64) -> bool,
    ) -> Result<Pause, Trap> {
        let mut next = Next::At(self.run.cpu.ic, None);
        'found: loop {
            let mut link = match next {
                Next::At(ic, from) => {
                    // Where a jump to nowhere came from is where it traps.
                    let origin = std::mem::replace(&mut self.run.cpu.ic, ic);
                    if watched(ic) {
                        return Ok(Pause::Watched);
                    }
                    self.find(ic, from, origin)?
                }
                Next::Interpreted(ic) => {
                    self.run.cpu.ic = ic;
                    let link = self.find(ic, None, ic)?;
                    self.execute_itself(link, FULL)
                }
                Next::SystemCall => return Ok(Pause::SystemCall),
            };
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
                if CHECKED
                    && let Some(check) = &mut self.check
                    && let Err(kind) =
                        check.before(&self.run.common.window, slot.ic, &slot.insn, &self.run.cpu)
                {
                    self.run.cpu.ic = slot.ic;
                    return Err(self.trap(kind));
                }
                let fuel = if OBSERVED || CHECKED { 0 } else { FULL };
                link = slot.execute(&mut self.run, fuel);
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

    /// Translates what begins at an address at once, however seldom control comes there. The result says whether code of the host stands for
    /// it now.
    pub fn translate(&mut self, address: u64) -> bool {
        // Exceptions that the host has raised since the last run do not concern the thread.
        self.run.begin_floats();
        while let Some(link) = self.code.find(address, &self.run.common) {
            if self.translate_hot(address, link).is_some() {
                break;
            }
        }
        self.entries.contains_key(&address)
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
        if let (Some(slot), Some(check)) = (self.code.slot(link), &mut self.check)
            && let Err(kind) =
                check.before(&self.run.common.window, slot.ic, &slot.insn, &self.run.cpu)
        {
            return Err(self.trap(kind));
        }
        let next = self.execute_itself(link, 0);
        if let Some(slot) = self.code.slot(next) {
            self.run.cpu.ic = slot.ic;
            return Ok(Pause::Stepped);
        }
        match self.settle()? {
            Next::At(ic, _) | Next::Interpreted(ic) => {
                self.run.cpu.ic = ic;
                Ok(Pause::Stepped)
            }
            Next::SystemCall => Ok(Pause::SystemCall),
        }
    }

    /// Executes the instruction in a slot, and what follows it, even if code of the host stands for it.
    fn execute_itself(&mut self, link: Link, fuel: Fuel) -> Link {
        let Some(slot) = self.code.slot(link) else {
            return link;
        };
        if self.entries.contains_key(&slot.ic) {
            return dispatch::handler(&slot.insn)(&mut self.run, slot, fuel);
        }
        slot.execute(&mut self.run, fuel)
    }

    /// Finds out why the operation at IC has left the loop.
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
            Leave::Translated => self.run_translated(),
            Leave::Trap(kind) => Err(self.trap(kind)),
        }
    }

    /// The slot at IC, where control came from the slot `from` or by a jump, by the instruction at `origin`.
    fn find(&mut self, ic: u64, from: Option<Link>, origin: u64) -> Result<Link, Trap> {
        let mut from = from;
        loop {
            if let Some(link) = self.look_for(ic, from.take(), origin)? {
                return Ok(link);
            }
        }
    }

    /// As [`find`](Self::find); nothing, if all slots have gone meanwhile.
    fn look_for(&mut self, ic: u64, from: Option<Link>, origin: u64) -> Result<Option<Link>, Trap> {
        let mut from = from;
        if self.run.stop.is_asked() {
            if self.run.stop.take_forget() {
                self.forget_own_code();
                // The slot is gone.
                from = None;
            }
            if let Some(kind) = self.run.stop.take() {
                return Err(self.trap(kind));
            }
        }
        if from.is_none()
            && let Some(link) = self.run.targets.get(ic)
        {
            if self.run.targets.take_heat(ic) {
                return Ok(self.translate_hot(ic, link));
            }
            return Ok(Some(link));
        }
        let Some(link) = self.code.find(ic, &self.run.common) else {
            self.run.cpu.ic = origin;
            return Err(self.trap(TrapKind::OutsideCode { target: ic }));
        };
        match from.and_then(|from| self.code.slot(from)) {
            Some(from) => {
                from.set_target(link);
                if from.take_heat() {
                    return Ok(self.translate_hot(ic, link));
                }
            }
            None => {
                self.run.targets.set(ic, link);
                if let Some(made) = self.translations().and_then(|made| made.get(ic)) {
                    return Ok(self.lead_to(ic, link, made));
                }
            }
        }
        Ok(Some(link))
    }

    /// Whether each row of instructions is executed in both engines.
    fn compares(&self) -> bool {
        let translations = self.translations();
        translations.is_some_and(|translations| translations.reach == Reach::Row)
    }

    /// The code of the host for an address, made now if it is not there.
    fn entry_of(&mut self, ic: u64, link: Link) -> Option<CodeEntry> {
        self.translate_hot(ic, link)?;
        self.entries.get(&ic).copied()
    }

    /// Code of the host, where the thread may run it.
    fn translations(&self) -> Option<&Translations> {
        match (&self.observer, &self.check) {
            (None, None) => self.run.common.translations.get(),
            _ => None,
        }
    }

    /// Lets code of the host stand for the instruction in a slot, which control comes to often. The result is the slot; nothing, if all have gone
    /// to make room for code that is newer than what they lead to.
    fn translate_hot(&mut self, ic: u64, link: Link) -> Option<Link> {
        if self.translations().is_none() || self.entries.contains_key(&ic) {
            return Some(link);
        }
        // The exceptions that the translator's own arithmetic notes must not count as the thread's.
        self.run.gather_floats();
        let common = self.run.common.clone();
        let made = self
            .translations()
            .and_then(|made| made.make(ic, || CodeWords::new(common), CodeWords::into_kept));
        self.run.begin_floats();
        match made {
            Some(made) => self.lead_to(ic, link, made),
            None => Some(link),
        }
    }

    /// As [`translate_hot`](Self::translate_hot), with code that was made.
    fn lead_to(&mut self, ic: u64, link: Link, made: KeptEntry) -> Option<Link> {
        let KeptEntry { entry, place } = made;
        let held = self.arena.get_or_insert_with(|| place.clone());
        if !Arc::ptr_eq(held, &place) {
            // No thread holds two, so that the older one goes.
            self.forget_own_code();
            return None;
        }
        if let Some(slot) = self.code.slot(link) {
            slot.set_handler(entry::translated);
            self.entries.insert(ic, entry);
            self.run.translated.jumps.set(ic, entry.code);
        }
        Some(link)
    }

    /// Runs code of the host for the instruction at IC.
    fn run_translated(&mut self) -> Result<Next, Trap> {
        let ic = self.run.cpu.ic;
        let Some(entry) = self.entries.get(&ic) else {
            return Ok(Next::Interpreted(ic));
        };
        // Another one may have taken the place.
        self.run.translated.jumps.set(ic, entry.code);
        // SAFETY: `lead_to` takes entries of the machine's translations alone, and all of them lie in the arena that `self.arena` holds. Code of
        // the host gets `self.run` and no more, so the place stays until it returns.
        let exit = unsafe { entry::enter(&mut self.run, entry.code) };
        let next = match exit {
            Exit::GoOn(ic) | Exit::Jump(ic) => ic,
            Exit::Interpret(ic) => return Ok(Next::Interpreted(ic)),
            Exit::Left => return self.settle(),
        };
        self.run.targets.warm(next);
        Ok(Next::At(next, None))
    }

    /// Drops all decoded code, since code in memory has changed.
    pub fn forget_code(&mut self) {
        self.run.common.forget_translations();
        self.forget_own_code();
    }

    /// Drops what this thread has decoded and noted of code of the host, and leaves to others what they have.
    pub(crate) fn forget_own_code(&mut self) {
        self.entries = HashMap::new();
        self.run.translated.jumps = Default::default();
        // No code of the host is on the stack while the interpreter has control.
        self.arena = None;
        // All links to the slots go with them. Nothing else has one while no operation is executed.
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
