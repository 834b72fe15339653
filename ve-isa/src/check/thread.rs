//! The check of one thread: what each instruction touches, seen before it is executed.

use std::ops::Range;
use std::sync::Arc;

use super::host::HostCall;
use super::{Checker, access};
use crate::defect::{Defect, DefectKind, Near};
use crate::encoding::{Insn, Op, decode};
use crate::memory::{Shadow, Window};
use crate::state::Cpu;
use crate::trap::TrapKind;

/// The register of the stack pointer.
const SP: usize = 11;

/// The check of one thread.
#[derive(Debug)]
pub(crate) struct ThreadCheck {
    pub(super) checker: Arc<Checker>,
    stack: Range<u64>,
    /// Where the first frame ends.
    base: u64,
}

/// How far a load may be from the atomic operation that it is for, in instructions.
const ATOMIC: u64 = 16;

/// Whether an access is part of an atomic operation on one or two bytes. There are none for so few; compilers use one on the word around
/// them, and load it first.
fn is_of_atomic(window: &Window, shadow: &Shadow, ic: u64, op: Op, access: Access) -> bool {
    let is_atomic = |op| matches!(op, Op::CasW | Op::Ts1amW);
    let bytes = access.address..access.address.wrapping_add(4);
    if access.size != 4
        || !access.address.is_multiple_of(4)
        || bytes.clone().all(|byte| shadow.is_closed(byte, 1))
    {
        return false;
    }
    let atomic_follows = || {
        (1..=ATOMIC)
            .map_while(|number| window.load::<8>(ic.wrapping_add(8 * number)).ok())
            .filter_map(decode)
            .any(|insn| is_atomic(insn.op()))
    };
    is_atomic(op) || matches!(op, Op::LdlSx | Op::LdlZx) && atomic_follows()
}

/// An access that is about to happen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Access {
    pub(super) address: u64,
    pub(super) size: u64,
    pub(super) write: bool,
    /// The number of the element, in vector operations.
    pub(super) element: Option<usize>,
}

impl ThreadCheck {
    /// That of a thread with this stack, whose first frame ends at `base`.
    pub(crate) fn new(checker: Arc<Checker>, stack: Range<u64>, base: u64) -> Self {
        Self {
            checker,
            stack,
            base,
        }
    }

    /// A call of a function of the host by the instruction at `ic`.
    pub(crate) fn call(&self, function: Arc<str>, ic: u64, cpu: &Cpu) -> HostCall {
        HostCall {
            checker: self.checker.clone(),
            function,
            ic,
            stack: self.stack.clone(),
            sp: cpu.scalar(SP),
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
        self.scalar_access(window, shadow, ic, insn, cpu)
    }

    #[inline(always)]
    fn scalar_access(
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
                let access = Access {
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
        access: Access,
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
    fn odd_stack(&self, ic: u64, sp: u64, access: Access) -> Result<(), TrapKind> {
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
        access: Access,
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
    fn wrong(&self, ic: u64, access: Access, first: u64, near: Near) -> Result<(), TrapKind> {
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
        let Some(vector) = access::Vector::of(insn, cpu) else {
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
            let access = Access {
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
