//! The check of one thread: it looks at the memory of each instruction before it is executed.

use std::ops::Range;
use std::sync::Arc;

use super::host::CheckedCall;
use super::undefined::Undefined;
use super::{Checker, access, define};
use crate::defect::{Defect, DefectKind, Near, UndefinedUse};
use crate::encoding::{Insn, Op, operand};
use crate::memory::{Shadow, Window};
use crate::state::Cpu;
use crate::trap::TrapKind;

/// The register of the stack pointer.
const SP: usize = 11;

/// Results are in the first registers. The values of the others up to this number are not known after a call.
const RESULTS: usize = 8;

/// The check of one thread.
#[derive(Debug)]
pub(crate) struct ThreadCheck {
    pub(super) checker: Arc<Checker>,
    stack: Range<u64>,
    /// The end of the first frame.
    base: u64,
    /// The stack pointer as the last instruction found it.
    sp: u64,
    /// The undefined bits of registers, where they are looked for.
    undefined: Option<Box<Undefined>>,
}

/// The undefined bits of all scalar registers.
pub(crate) type UndefinedScalars = [u64; operand::REGISTERS];

/// Whether an access is part of an atomic operation on one or two bytes. There are none for so few; compilers use one on the word around
/// them, and load it first.
fn is_of_atomic(window: &Window, shadow: &Shadow, ic: u64, op: Op, access: PendingAccess) -> bool {
    let bytes = access.address..access.address.wrapping_add(4);
    if access.size != 4
        || !access.address.is_multiple_of(4)
        || bytes.clone().all(|byte| shadow.is_closed(byte, 1))
    {
        return false;
    }
    let is_load = matches!(op, Op::LdlSx | Op::LdlZx);
    access::is_atomic(op) || is_load && access::is_before_atomic(window, ic)
}

/// An access that is about to happen.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingAccess {
    pub(super) address: u64,
    pub(super) size: u64,
    pub(super) write: bool,
    /// The number of the element, in vector operations.
    pub(super) element: Option<usize>,
}

impl ThreadCheck {
    /// The check of a thread with this stack, whose first frame ends at `base`.
    pub(crate) fn new(checker: Arc<Checker>, stack: Range<u64>, base: u64) -> Self {
        let undefined = checker
            .wants_undefined()
            .then(|| Box::new(Undefined::new()));
        Self {
            checker,
            sp: stack.end,
            stack,
            base,
            undefined,
        }
    }

    /// A call from outside or from a function of the host begins: its arguments are known, and lie in these bytes as well.
    pub(crate) fn call_begins(&mut self, window: &Window, sp: u64, arguments: Range<u64>) {
        self.sp = sp;
        if let Some(undefined) = &mut self.undefined {
            undefined.forget_scalars();
            define(window, arguments);
        }
    }

    /// A function of the host has returned: its results are known.
    pub(crate) fn host_returns(&mut self) {
        if let Some(undefined) = &mut self.undefined {
            undefined.s[..RESULTS].fill(0);
        }
    }

    /// The undefined bits of all scalar registers, where they are looked for.
    pub(crate) fn undefined_scalars(&self) -> Option<Box<UndefinedScalars>> {
        let undefined = self.undefined.as_ref()?;
        Some(Box::new(std::array::from_fn(|number| undefined.s[number])))
    }

    /// Says which bits of all scalar registers are undefined; none are, if it is not said.
    pub(crate) fn set_undefined_scalars(&mut self, scalars: Option<&UndefinedScalars>) {
        if let Some(undefined) = &mut self.undefined {
            match scalars {
                None => undefined.forget_scalars(),
                Some(scalars) => undefined.s[..operand::REGISTERS].copy_from_slice(scalars),
            }
        }
    }

    /// The undefined bits of the register with results.
    pub(crate) fn undefined_result(&self) -> u64 {
        self.undefined
            .as_ref()
            .map_or(0, |undefined| undefined.s[0])
    }

    /// A call of a function of the host by the instruction at `ic`.
    pub(crate) fn call(&self, function: Arc<str>, ic: u64, cpu: &Cpu) -> CheckedCall {
        CheckedCall {
            checker: self.checker.clone(),
            function,
            ic,
            stack: self.stack.clone(),
            sp: cpu.scalar(SP),
            trap: None,
        }
    }

    /// Looks at an instruction that is about to be executed.
    ///
    /// # Errors
    /// The mistake that it is, where the program does not go on.
    #[inline]
    pub(crate) fn before(
        &mut self,
        window: &Window,
        ic: u64,
        insn: &Insn,
        cpu: &Cpu,
    ) -> Result<(), TrapKind> {
        let Some(shadow) = window.shadow() else {
            return Ok(());
        };
        self.accesses(window, shadow, ic, insn, cpu)?;
        let Some(undefined) = &mut self.undefined else {
            return Ok(());
        };
        let sp = cpu.scalar(SP);
        if sp != self.sp {
            // A new frame has no values.
            if sp < self.sp && self.stack.contains(&sp) {
                shadow.mark(sp..self.sp.min(self.stack.end), true);
            }
            self.sp = sp;
        }
        match undefined.step(window, shadow, ic, insn, cpu) {
            Ok(()) => Ok(()),
            Err(used) => self.undefined_use(ic, used),
        }
    }

    #[cold]
    fn undefined_use(&self, ic: u64, used: UndefinedUse) -> Result<(), TrapKind> {
        let defect = Defect {
            kind: DefectKind::Undefined(used),
            function: None,
            element: None,
            near: Near::Nothing,
        };
        self.checker.found(ic, defect)
    }

    #[inline(always)]
    fn accesses(
        &self,
        window: &Window,
        shadow: &Shadow,
        ic: u64,
        insn: &Insn,
        cpu: &Cpu,
    ) -> Result<(), TrapKind> {
        match access::of(insn, cpu) {
            access::Accesses::None => Ok(()),
            access::Accesses::One {
                address,
                size,
                write,
            } => {
                let access = PendingAccess {
                    address: window.plain(address),
                    size,
                    write,
                    element: None,
                };
                self.one(window, shadow, ic, insn.op(), cpu, access)
            }
            access::Accesses::Vector => self.vector(window, shadow, ic, insn, cpu),
        }
    }

    /// A single access.
    #[inline(always)]
    fn one(
        &self,
        window: &Window,
        shadow: &Shadow,
        ic: u64,
        op: Op,
        cpu: &Cpu,
        access: PendingAccess,
    ) -> Result<(), TrapKind> {
        let on_stack = access.address.wrapping_sub(self.stack.start) < self.stack_length();
        if on_stack {
            let sp = cpu.scalar(SP);
            let end = access.address.wrapping_add(access.size);
            if access.address >= sp && end <= self.base {
                return Ok(());
            }
            return self.odd_stack(ic, sp, access);
        }
        if shadow.is_closed(access.address, access.size) {
            return self.closed(window, shadow, ic, op, access);
        }
        Ok(())
    }

    #[inline(always)]
    fn stack_length(&self) -> u64 {
        self.stack.end - self.stack.start
    }

    /// An access to the stack that is in none of its frames.
    #[cold]
    #[inline(never)]
    fn odd_stack(&self, ic: u64, sp: u64, access: PendingAccess) -> Result<(), TrapKind> {
        // A program may have a stack of its own; then this one is memory like any other.
        if !self.stack.contains(&sp) && sp != self.stack.end {
            return Ok(());
        }
        if access.address < sp {
            return self.wrong(ic, access, access.address, Near::BelowStack { sp });
        }
        // Code for short vectors loads as many elements as there are, and uses the first.
        if access.element.is_some_and(|element| element > 0) && !access.write {
            return Ok(());
        }
        let first = access.address.max(self.base);
        self.wrong(ic, access, first, Near::AboveStack { base: self.base })
    }

    #[cold]
    #[inline(never)]
    fn closed(
        &self,
        window: &Window,
        shadow: &Shadow,
        ic: u64,
        op: Op,
        access: PendingAccess,
    ) -> Result<(), TrapKind> {
        if is_of_atomic(window, shadow, ic, op, access) {
            return Ok(());
        }
        let end = access.address.saturating_add(access.size);
        let first = shadow.first_closed(&(access.address..end));
        let first = first.unwrap_or(access.address);
        self.wrong(ic, access, first, self.checker.near(first))
    }

    #[cold]
    fn wrong(
        &self,
        ic: u64,
        access: PendingAccess,
        first: u64,
        near: Near,
    ) -> Result<(), TrapKind> {
        let defect = Defect {
            kind: DefectKind::Access {
                address: first,
                size: access.size,
                write: access.write,
            },
            function: None,
            element: access.element,
            near,
        };
        self.checker.found(ic, defect)
    }

    /// The elements of a vector that are accessed.
    #[inline(never)]
    fn vector(
        &self,
        window: &Window,
        shadow: &Shadow,
        ic: u64,
        insn: &Insn,
        cpu: &Cpu,
    ) -> Result<(), TrapKind> {
        let Some(vector) = access::VectorAccess::of(insn, cpu) else {
            return Ok(());
        };
        if let Some(range) = vector.whole() {
            let start = window.plain(range.start);
            let range = start..start.wrapping_add(range.end - range.start);
            let beside = range.end <= self.stack.start || range.start >= self.stack.end;
            if beside && range.start <= range.end && shadow.first_closed(&range).is_none() {
                return Ok(());
            }
        }
        for (index, address) in vector.elements(cpu) {
            let access = PendingAccess {
                address: window.plain(address),
                size: vector.size,
                write: vector.write,
                element: Some(index),
            };
            self.one(window, shadow, ic, insn.op(), cpu, access)?;
        }
        Ok(())
    }

    /// The trap of an access to memory that is not mapped, with what lies nearby.
    pub(crate) fn explain(&self, kind: TrapKind) -> TrapKind {
        let TrapKind::MemoryAccess { address, write, .. } = kind else {
            return kind;
        };
        match self.checker.near(address) {
            Near::Nothing => kind,
            near => TrapKind::Defect(Box::new(Defect {
                kind: DefectKind::Access {
                    address,
                    size: 1,
                    write,
                },
                function: None,
                element: None,
                near,
            })),
        }
    }
}
