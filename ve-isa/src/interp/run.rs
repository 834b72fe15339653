//! What operations work on, and how they say what comes next.

use std::sync::Arc;

use super::common::{Common, StopHandle};
use crate::encoding::Insn;
use crate::memory::AccessError;
use crate::semantics::float::{FloatMode, Host};
use crate::state::Cpu;
use crate::state::psw::Flags;
use crate::trap::TrapKind;

/// A decoded word.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) run: Handler,
    pub(super) insn: Insn,
    /// Its address.
    pub(super) ic: u64,
    /// For a branch with a fixed distance: the index of its target, 0 as long as that is not known.
    pub(super) target: u32,
}

/// Why the loop is left, noted by an operation.
#[derive(Debug)]
pub(super) enum Leave {
    /// To go on at an address that has no slot that is known.
    Jump(u64),
    /// As `Jump`, to the fixed target of this slot.
    Branch(u64, u32),
    /// The decoded code is no longer valid; go on here.
    Forget(u64),
    SystemCall,
    Trap(TrapKind),
}

/// What an operation works on.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) cpu: Box<Cpu>,
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
}

/// An index that is none: the loop is left.
pub(super) const LEAVE: u32 = u32::MAX;

/// Executes the instruction in a slot, at an index. The result is the index of the next one, or [`LEAVE`].
pub(super) type Handler = fn(&mut Run, &Slot, u32) -> u32;

impl Run {
    #[cold]
    pub(super) fn trap(&mut self, kind: TrapKind) -> u32 {
        self.leave = Leave::Trap(kind);
        LEAVE
    }

    #[cold]
    pub(super) fn no_access(&mut self, address: u64, write: bool, cause: AccessError) -> u32 {
        self.trap(TrapKind::MemoryAccess {
            address,
            write,
            cause,
        })
    }

    /// Notes exceptions. If one of them traps, the result is `LEAVE`, before the operation writes anything.
    #[cold]
    pub(super) fn raise(&mut self, flags: Flags) -> Result<(), u32> {
        let trapping = self.cpu.psw.raise(flags);
        if trapping.is_empty() {
            return Ok(());
        }
        Err(self.trap(TrapKind::Arithmetic { flags: trapping }))
    }

    /// Goes on at an address, behind a jump that may go backwards.
    #[inline(always)]
    pub(super) fn jump(&mut self, target: u64) -> u32 {
        if !self.stop.is_asked()
            && let Some(index) = self.targets.get(target)
        {
            return index;
        }
        self.leave = Leave::Jump(target);
        LEAVE
    }

    /// Goes on at the fixed target of the slot at `index`.
    #[inline(always)]
    pub(super) fn branch(&mut self, slot: &Slot, index: u32) -> u32 {
        let target = slot.target;
        // A target of 0 is not known yet; so is not less than any index.
        if target > index || target != 0 && !self.stop.is_asked() {
            return target;
        }
        self.leave = Leave::Branch(slot.ic.wrapping_add(slot.insn.imm() as u64), index);
        LEAVE
    }
}

const TARGETS: usize = 256;

/// Where jumps to computed addresses went lately.
#[derive(Debug)]
pub(super) struct Targets([(u64, u32); TARGETS]);

impl Default for Targets {
    fn default() -> Self {
        // No instruction has an odd address.
        Self([(1, 0); TARGETS])
    }
}

impl Targets {
    #[inline(always)]
    pub(super) fn get(&self, address: u64) -> Option<u32> {
        let (known, index) = self.0[(address / 8) as usize % TARGETS];
        (known == address).then_some(index)
    }

    pub(super) fn set(&mut self, address: u64, index: u32) {
        self.0[(address / 8) as usize % TARGETS] = (address, index);
    }
}
