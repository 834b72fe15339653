//! The state that operations work on, and how they say what comes next.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use super::common::{Common, StopHandle};
use super::jumps::Translated;
use crate::encoding::Insn;
use crate::memory::AccessError;
use crate::semantics::float::{Exact, FloatMode, Host};
use crate::semantics::{IntegerOutcome, address};
use crate::state::Cpu;
use crate::state::psw::Flags;
use crate::trap::TrapKind;

/// A decoded word, linked to those that may come next.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Slot {
    run: Cell<Handler>,
    pub(super) insn: Insn,
    /// Its address.
    pub(super) ic: u64,
    target: Cell<Link>,
    /// How many more jumps backwards it makes before the loop looks at it.
    heat: Cell<u32>,
}

/// Executes the instruction in a slot, and then as many more as there is fuel. The result leads to the one that is next then, or is
/// [`LEAVE`].
pub(super) type Handler = fn(&mut Run, &Slot, Fuel) -> Link;

/// How many instructions may be executed after this one before the loop has control again.
///
/// A handler ends with a call of the next one. Where the compiler optimises, that is a jump, so that most instructions cost no way
/// through the loop; where it does not, each takes some of the host's stack.
pub(super) type Fuel = u32;

/// As much as costs little of the stack, and makes the way through the loop rare.
pub(super) const FULL: Fuel = 32;

/// How often control goes backwards over a branch before its target is hot: worth being translated.
const BRANCHES_UNTIL_HOT: u32 = 1000;

/// How often control comes to an address by a computed jump before it is hot.
const JUMPS_UNTIL_HOT: u32 = 200;

/// The way to a slot, or out of the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link(*const Slot);

// SAFETY: it is an address, of a slot that belongs to the same thread of machine code and goes with it.
unsafe impl Send for Link {}

/// The loop is left.
pub(super) const LEAVE: Link = Link(ptr::null());

impl Link {
    /// The way to a slot.
    pub(super) fn to(slot: &Slot) -> Self {
        Self(slot)
    }

    /// The slot.
    ///
    /// # Safety
    /// It is still there, for as long as the result is used.
    #[inline(always)]
    pub(super) unsafe fn slot<'a>(self) -> Option<&'a Slot> {
        // SAFETY: a link is null or was made of a slot.
        unsafe { self.0.as_ref() }
    }
}

impl Slot {
    /// A decoded word.
    ///
    /// # Safety
    /// Whenever it is executed, it is in an array whose address is exposed, and another one follows, unless `run` never asks for the next.
    pub(super) unsafe fn new(run: Handler, insn: Insn, ic: u64) -> Self {
        Self {
            run: Cell::new(run),
            insn,
            ic,
            target: Cell::new(LEAVE),
            heat: Cell::new(BRANCHES_UNTIL_HOT),
        }
    }

    /// Lets another function stand for the instruction.
    pub(super) fn set_handler(&self, handler: Handler) {
        self.run.set(handler);
    }

    /// Whether this is the branch that makes its target hot. It counts anew from here on.
    pub(super) fn take_heat(&self) -> bool {
        let hot = self.heat.get() == 0;
        if hot {
            self.heat.set(BRANCHES_UNTIL_HOT);
        }
        hot
    }

    /// Counts a jump backwards. The result says whether the loop need not look at it.
    #[inline(always)]
    fn is_cool(&self) -> bool {
        let left = self.heat.get().wrapping_sub(1);
        self.heat.set(left);
        left != 0
    }

    /// The way to the next slot. It is computed, not loaded, because an instruction would wait for a load.
    #[inline(always)]
    fn next(&self) -> Link {
        let place = ptr::from_ref(self).addr() + size_of::<Self>();
        Link(ptr::with_exposed_provenance(place))
    }

    /// Executes the instruction.
    #[inline(always)]
    pub(super) fn execute(&self, run: &mut Run, fuel: Fuel) -> Link {
        (self.run.get())(run, self, fuel)
    }

    /// For a branch with a fixed distance: notes where it goes.
    pub(super) fn set_target(&self, target: Link) {
        self.target.set(target);
    }

    /// Whether a link leads to a slot that lies behind this one in memory. A loop has at least one link that does not.
    #[inline(always)]
    fn is_before(&self, link: Link) -> bool {
        link.0 > ptr::from_ref(self)
    }
}

/// Why the loop is left, noted by an operation, as is IC.
#[derive(Debug)]
pub(super) enum Leave {
    /// To go on at an address that has no slot that is known.
    Jump(u64),
    /// As `Jump`, to the fixed target of this slot.
    Branch(u64, Link),
    /// The decoded code is no longer valid; go on here.
    Forget(u64),
    SystemCall,
    /// Code of the host stands for the instruction.
    Translated,
    Trap(TrapKind),
}

/// The state that an operation works on. Code of the host knows some of its fields: [`super::layout`].
#[derive(Debug)]
#[repr(C)]
pub(super) struct Run {
    pub(super) cpu: Cpu,
    pub(super) common: Arc<Common>,
    pub(super) stop: StopHandle,
    pub(super) leave: Leave,
    pub(super) targets: Targets,
    /// Which unit computes floats where the host's can.
    pub(super) floats: FloatMode,
    /// The host's unit.
    pub(super) unit: Host,
    /// Whether it computes, as PSW is now.
    pub(super) host_floats: bool,
    /// The part that code of the host reads and writes.
    pub(super) translated: Translated,
}

impl Run {
    /// Goes on at the next instruction.
    #[inline(always)]
    pub(super) fn next(&mut self, slot: &Slot, fuel: Fuel) -> Link {
        // SAFETY: whoever made the slot answers for the next one.
        unsafe { self.go_on(slot.next(), fuel) }
    }

    /// Goes on at a slot.
    ///
    /// # Safety
    /// The link is not [`LEAVE`].
    #[inline(always)]
    unsafe fn go_on(&mut self, link: Link, fuel: Fuel) -> Link {
        let Some(fuel) = fuel.checked_sub(1) else {
            return link;
        };
        // SAFETY: links lead to decoded code, which is there while an operation is executed, and this one is not null.
        let slot = unsafe { link.slot().unwrap_unchecked() };
        slot.execute(self, fuel)
    }

    /// Goes on at an address, behind a jump that may go backwards.
    #[inline(always)]
    pub(super) fn jump(&mut self, slot: &Slot, fuel: Fuel, target: u64) -> Link {
        if !self.stop.is_asked()
            && let Some(link) = self.targets.get_cool(target)
        {
            // SAFETY: what `set` has noted was found.
            return unsafe { self.go_on(link, fuel) };
        }
        self.leave_by_jump(slot, target)
    }

    /// Goes on at the fixed target of a branch.
    #[inline(always)]
    pub(super) fn branch(&mut self, slot: &Slot, fuel: Fuel) -> Link {
        let target = slot.target.get();
        // As long as it is not known, it is behind no slot.
        if slot.is_before(target) || target != LEAVE && !self.stop.is_asked() && slot.is_cool() {
            // SAFETY: null lies behind no slot.
            return unsafe { self.go_on(target, fuel) };
        }
        self.leave_by_branch(slot, slot.ic.wrapping_add(slot.insn.imm() as u64))
    }

    // Cold functions are never inline: a handler must not reserve the stack that they need.

    #[cold]
    #[inline(never)]
    fn leave_by_jump(&mut self, slot: &Slot, target: u64) -> Link {
        self.leave_for(slot, Leave::Jump(target))
    }

    /// To the fixed target of a slot, which is this address.
    #[cold]
    #[inline(never)]
    fn leave_by_branch(&mut self, slot: &Slot, target: u64) -> Link {
        self.leave_for(slot, Leave::Branch(target, Link::to(slot)))
    }

    #[cold]
    #[inline(never)]
    pub(super) fn leave_for(&mut self, slot: &Slot, leave: Leave) -> Link {
        self.cpu.ic = slot.ic;
        self.leave = leave;
        LEAVE
    }

    #[cold]
    #[inline(never)]
    pub(super) fn trap(&mut self, slot: &Slot, kind: TrapKind) -> Link {
        self.leave_for(slot, Leave::Trap(kind))
    }

    #[cold]
    #[inline(never)]
    pub(super) fn no_access(
        &mut self,
        slot: &Slot,
        address: u64,
        write: bool,
        cause: AccessError,
    ) -> Link {
        let kind = TrapKind::MemoryAccess {
            address,
            write,
            cause,
        };
        self.trap(slot, kind)
    }

    /// Notes exceptions. If one of them traps, that is an error, before the operation writes anything.
    #[cold]
    pub(super) fn raise(&mut self, slot: &Slot, flags: Flags) -> Result<(), Link> {
        let trapping = self.cpu.psw.raise(flags);
        if trapping.is_empty() {
            return Ok(());
        }
        Err(self.trap(slot, TrapKind::Arithmetic { flags: trapping }))
    }

    // ---- operands and results ----

    #[inline(always)]
    pub(super) fn x(&self, slot: &Slot) -> u64 {
        self.cpu.s[slot.insn.x()]
    }

    #[inline(always)]
    pub(super) fn y(&self, slot: &Slot) -> u64 {
        self.cpu.s[slot.insn.y()]
    }

    #[inline(always)]
    pub(super) fn z(&self, slot: &Slot) -> u64 {
        self.cpu.s[slot.insn.z()]
    }

    /// Writes the destination, which is a register: `decode` sees to it.
    #[inline(always)]
    pub(super) fn set_x(&mut self, slot: &Slot, value: u64) {
        self.cpu.s[slot.insn.x()] = value;
    }

    /// The address of a load, a store or a jump: `disp(y, z)`.
    #[inline(always)]
    pub(super) fn address(&self, slot: &Slot) -> u64 {
        address::lea(self.y(slot), self.z(slot), slot.insn.imm() as i32)
    }

    /// Writes a result unless what happened on the way traps.
    #[inline(always)]
    pub(super) fn finish(&mut self, slot: &Slot, fuel: Fuel, outcome: IntegerOutcome) -> Link {
        if !outcome.flags.is_empty() {
            return self.finish_raising(slot, fuel, outcome);
        }
        self.set_x(slot, outcome.value);
        self.next(slot, fuel)
    }

    // This is not inlined: a handler must not reserve the stack that this needs.
    #[cold]
    #[inline(never)]
    fn finish_raising(&mut self, slot: &Slot, fuel: Fuel, outcome: IntegerOutcome) -> Link {
        if let Err(leave) = self.raise(slot, outcome.flags) {
            return leave;
        }
        self.set_x(slot, outcome.value);
        self.next(slot, fuel)
    }

    // ---- exceptions of floats and integers ----

    /// Before the first operation of a run, and whenever PSW has changed.
    pub(super) fn begin_floats(&mut self) {
        self.host_floats = self.floats == FloatMode::Host && self.cpu.psw.is_plain();
        self.unit.begin(self.cpu.psw);
    }

    /// Before somebody looks at PSW, and after the last operation of a run.
    pub(super) fn gather_floats(&mut self) {
        if self.host_floats {
            self.unit.gather(&mut self.cpu.psw);
        }
    }

    /// Notes what happened on an exact unit, beside what has gathered on the host's. If it traps, that is an error.
    pub(super) fn note(&mut self, slot: &Slot, unit: &Exact) -> Result<(), Link> {
        self.gather_floats();
        self.raise(slot, unit.flags())?;
        self.begin_floats();
        Ok(())
    }

    /// Tells PSW of results that did not fit.
    #[inline]
    pub(super) fn settle_overflow(&mut self) {
        if self.translated.overflow != 0 {
            // Nothing traps where code of the host runs.
            let _ = self.cpu.psw.raise(Flags::FIXED_OVERFLOW);
        }
        self.translated.overflow = 0;
    }
}

const TARGETS: usize = 256;

/// Where jumps to computed addresses went lately.
#[derive(Debug)]
pub(super) struct Targets([JumpTarget; TARGETS]);

#[derive(Debug, Clone, Copy)]
struct JumpTarget {
    address: u64,
    link: Link,
    /// How many more jumps there are before the loop looks at it.
    heat: u32,
}

impl Default for Targets {
    fn default() -> Self {
        // No entry has an address that is looked for in it.
        Self(std::array::from_fn(|index| JumpTarget {
            address: if index == 0 { 8 } else { 0 },
            link: LEAVE,
            heat: 0,
        }))
    }
}

impl Targets {
    /// As [`get`](Self::get), for a jump, which is counted. Nothing, too, where the loop is to look at it.
    #[inline(always)]
    fn get_cool(&mut self, address: u64) -> Option<Link> {
        let target = &mut self.0[(address / 8) as usize % TARGETS];
        if target.address != address {
            return None;
        }
        target.heat = target.heat.wrapping_sub(1);
        (target.heat != 0).then_some(target.link)
    }

    pub(super) fn get(&self, address: u64) -> Option<Link> {
        let target = self.0[(address / 8) as usize % TARGETS];
        (target.address == address).then_some(target.link)
    }

    pub(super) fn set(&mut self, address: u64, link: Link) {
        self.0[(address / 8) as usize % TARGETS] = JumpTarget {
            address,
            link,
            heat: JUMPS_UNTIL_HOT,
        };
    }

    /// Whether jumps have made this address hot. They are counted anew from here on.
    pub(super) fn take_heat(&mut self, address: u64) -> bool {
        let target = &mut self.0[(address / 8) as usize % TARGETS];
        let hot = target.address == address && target.heat == 0;
        if hot {
            target.heat = JUMPS_UNTIL_HOT;
        }
        hot
    }

    /// Counts a jump that code of the host has left for.
    pub(super) fn warm(&mut self, address: u64) {
        let _ = self.get_cool(address);
    }
}
