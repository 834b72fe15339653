//! The check of each thread before an instruction: whether it may go on.

use std::sync::Arc;

use ve_isa::encoding::Insn;
use ve_isa::interp::Observer;
use ve_isa::state::Cpu;
use ve_isa::trap::{Trap, TrapKind};

use crate::threads::{KnownState, Membership, StopReason};

/// Halts a thread where the client of a debugger wants it, and passes on what it sees.
#[derive(Debug)]
pub(crate) struct Observed {
    own: Arc<Membership>,
    inner: Option<Box<dyn Observer>>,
    known: KnownState,
    /// Whether the thread executes machine code.
    inside: bool,
    step: bool,
    /// The address of an instruction that it executes whatever stands against that.
    passes: Option<u64>,
    reason: Option<StopReason>,
}

impl Observed {
    pub(crate) fn new(own: Arc<Membership>, inner: Option<Box<dyn Observer>>) -> Self {
        Self {
            own,
            inner,
            known: KnownState::default(),
            inside: false,
            step: false,
            passes: None,
            reason: None,
        }
    }

    /// Why the thread halts before this instruction by its own.
    fn reason(&self, ic: u64) -> Option<StopReason> {
        if self.known.watches()
            && let Some(address) = self.own.changed_watch()
        {
            return Some(StopReason::Watch(address));
        }
        if self.known.breaks_at(ic) {
            return Some(StopReason::Breakpoint);
        }
        self.step.then_some(StopReason::Step)
    }
}

impl Observer for Observed {
    fn instruction(&mut self, ic: u64, word: u64, insn: &Insn, cpu: &Cpu) {
        if let Some(inner) = &mut self.inner {
            inner.instruction(ic, word, insn, cpu);
        }
    }

    fn note(&mut self, text: &str) {
        if let Some(inner) = &mut self.inner {
            inner.note(text);
        }
    }

    fn fork(&self) -> Option<Box<dyn Observer>> {
        let inner = self.inner.as_ref().and_then(|inner| inner.fork());
        let own = self.own.threads().add("created by VE machine code".into());
        Some(Box::new(Self::new(Arc::new(own), inner)))
    }

    fn halts(&mut self, ic: u64) -> bool {
        if !self.inside || !self.own.is_current(&self.known) {
            self.own.enter(&mut self.known);
            self.inside = true;
        }
        let passes = self.passes.take() == Some(ic);
        self.reason = if passes { None } else { self.reason(ic) };
        self.reason.is_some() || self.known.is_held()
    }

    fn halt(&mut self, cpu: &mut Cpu) {
        let release = self.own.halt(self.reason.take(), cpu, &mut self.known);
        self.step = release.step;
        self.passes = release.passes.then_some(cpu.ic);
    }

    fn leave(&mut self, cpu: &Cpu) {
        self.inside = false;
        self.own.leave(cpu);
        if let Some(inner) = &mut self.inner {
            inner.leave(cpu);
        }
    }

    fn trapped(&mut self, trap: &Trap, cpu: &mut Cpu) {
        let signal = trap.kind.signal().or(match trap.kind {
            TrapKind::MissingSymbol { .. } => Some(libc::SIGABRT),
            _ => None,
        });
        if let Some(signal) = signal {
            cpu.ic = trap.ic;
            self.own.halt_for_fault(signal, cpu);
        }
        self.inside = false;
        self.own.leave(cpu);
        if let Some(inner) = &mut self.inner {
            inner.trapped(trap, cpu);
        }
    }
}
