//! Calls of machine code, from outside and from functions of the host, and the traps they end in.

use super::gates::Gate;
use super::members::ThreadFault;
use super::{ABOVE_STACK, Failure, Frames, ScalarRegisters, Thread, panics, role};
use crate::check::host;
use crate::interp::{Pause, StopHandle};
use crate::trap::{Trap, TrapKind};

/// Bytes that belong to a called function above its stack pointer, without its parameters.
const SAVE_AREA: u64 = 176;

/// How many parameters are in registers. All have a place on the stack.
const IN_REGISTERS: usize = 8;

/// How deep functions of the host and machine code may call each other: each level takes the host's own stack.
const DEEPEST: usize = 64;

impl Thread {
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
        if self.caller.is_none() {
            self.caller = Some(self.members().caller(self.number, self.stop.clone()));
        }
        if let Some(caller) = &self.caller
            && let Err(fault) = self.members().enter(caller)
        {
            return Err(self.ended_by(*fault));
        }
        let result = self
            .call_back(function, words)
            .map_err(|failure| self.trap_of(failure));
        if let Err(trap) = &result {
            self.interpreter.note_trap(trap);
        }
        match &result {
            // The thread has obeyed the request. Perhaps nobody takes the output.
            Err(trap) if matches!(trap.kind, TrapKind::TimeLimit | TrapKind::Stopped) => {
                self.process().streams.flush_output(&StopHandle::asked());
            }
            _ => self.flush_output(),
        }
        let caller = self.caller.as_deref();
        let result = match caller.and_then(|caller| self.members().leave(caller)) {
            Some(fault) => Err(self.ended_by(*fault)),
            None => result,
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

    pub(super) fn trap_of(&self, failure: Failure) -> Trap {
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
    pub(super) fn kept(&self) -> (ScalarRegisters, u64) {
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
        let mut values = None;
        if let Some((window, check)) = self.interpreter.window_and_check() {
            values = check.undefined_scalars().filter(|_| nested);
            let arguments = sp + SAVE_AREA..sp + needed;
            check.call_begins(window, sp, arguments);
        }
        self.calls_before += 1;
        self.calls.push(self.calls_before);
        let end = self.go_on();
        self.calls.pop();
        if nested && let Some(check) = self.interpreter.check_mut() {
            check.set_undefined_scalars(values.as_deref());
        }
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
            self.interpreter.note_leave();
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
        let outcome = match self.interpreter.check() {
            None => panics::caught(self, function),
            Some(check) => {
                let cpu = self.registers();
                let ic = cpu.scalar(role::LR).wrapping_sub(8);
                let _scope = host::begin(check.call(name.clone(), ic, cpu));
                let outcome = panics::caught(self, function);
                match host::noted() {
                    Some(kind) if outcome.is_ok() => Err(Failure::Trap(kind)),
                    _ => outcome,
                }
            }
        };
        if let Some(check) = self.interpreter.check_mut() {
            check.host_returns();
        }
        let outcome = match outcome {
            // Signals that another thread has sent meanwhile arrive before machine code goes on.
            Ok(()) if self.process().sent_signals.any() => {
                panics::caught(self, self.gates.take_signals)
            }
            outcome => outcome,
        };
        match outcome {
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
                if let Some(check) = self.interpreter.check_mut() {
                    check.set_undefined_scalars(None);
                }
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
        if let Some(check) = self.interpreter.check() {
            trap.kind = check.explain(trap.kind);
        }
        trap
    }

    pub(super) fn trap_here(&self, kind: TrapKind) -> Trap {
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
