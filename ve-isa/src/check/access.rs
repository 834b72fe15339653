//! The memory that an instruction accesses, by its registers.

use std::ops::Range;

use crate::encoding::{Insn, Op, ScalarOperand, VIX, decode};
use crate::memory::Window;
use crate::semantics::address::lea;
use crate::semantics::vector::Active;
use crate::semantics::vector::address::{strided, strides_2d, two_dimensional};
use crate::state::Cpu;

/// The accesses of an instruction.
#[derive(Debug, Clone, Copy)]
pub(super) enum Accesses {
    None,
    One {
        address: u64,
        size: u64,
        write: bool,
    },
    /// Elements: see [`VectorAccess`].
    Vector,
}

/// The accesses of an instruction. Loads that may fail (`dld`) and hints access nothing.
#[inline(always)]
pub(super) fn of(insn: &Insn, cpu: &Cpu) -> Accesses {
    let (size, write) = match insn.op() {
        Op::Ld => (8, false),
        Op::Ldu | Op::LdlSx | Op::LdlZx => (4, false),
        Op::Ld2bSx | Op::Ld2bZx => (2, false),
        Op::Ld1bSx | Op::Ld1bZx => (1, false),
        Op::St => (8, true),
        Op::Stu | Op::Stl => (4, true),
        Op::St2b => (2, true),
        Op::St1b => (1, true),
        Op::CasL | Op::Ts1amL | Op::Atmam => return short(insn, cpu, 8, true),
        Op::CasW | Op::Ts1amW => return short(insn, cpu, 4, true),
        Op::ShmL => return short(insn, cpu, 8, true),
        Op::ShmW => return short(insn, cpu, 4, true),
        Op::ShmH => return short(insn, cpu, 2, true),
        Op::ShmB => return short(insn, cpu, 1, true),
        Op::LhmL => return short(insn, cpu, 8, false),
        Op::LhmW => return short(insn, cpu, 4, false),
        Op::LhmH => return short(insn, cpu, 2, false),
        Op::LhmB => return short(insn, cpu, 1, false),
        op if vector(op).is_some() => return Accesses::Vector,
        _ => return Accesses::None,
    };
    Accesses::One {
        address: lea(
            cpu.operand(insn.y()),
            cpu.operand(insn.z()),
            insn.imm() as i32,
        ),
        size,
        write,
    }
}

#[inline(always)]
fn short(insn: &Insn, cpu: &Cpu, size: u64, write: bool) -> Accesses {
    Accesses::One {
        address: lea(0, cpu.operand(insn.z()), insn.imm() as i32),
        size,
        write,
    }
}

/// How far a load may be from the atomic operation that it is for, in instructions.
const NEAR_ATOMIC: u64 = 24;

/// Whether an operation is atomic on a word of 32 bits.
pub(super) const fn is_atomic(op: Op) -> bool {
    matches!(op, Op::CasW | Op::Ts1amW)
}

/// Whether such an operation follows soon: then a load before it may be for it, of the word around one or two bytes.
#[cold]
pub(super) fn is_before_atomic(window: &Window, ic: u64) -> bool {
    (1..=NEAR_ATOMIC)
        .map_while(|number| window.load::<8>(ic.wrapping_add(8 * number)).ok())
        .filter_map(decode)
        .any(|insn| is_atomic(insn.op()))
}

/// How elements lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Strided,
    TwoDimensional,
    Indexed,
}

/// Layout, size of the elements, whether they are written.
#[inline(always)]
pub(super) fn vector(op: Op) -> Option<(Layout, u64, bool)> {
    use Layout::{Indexed, Strided, TwoDimensional};
    Some(match op {
        Op::Vld => (Strided, 8, false),
        Op::Vldu | Op::VldlSx | Op::VldlZx => (Strided, 4, false),
        Op::Vld2d => (TwoDimensional, 8, false),
        Op::Vldu2d | Op::Vldl2dSx | Op::Vldl2dZx => (TwoDimensional, 4, false),
        Op::Vst => (Strided, 8, true),
        Op::Vstu | Op::Vstl => (Strided, 4, true),
        Op::Vst2d => (TwoDimensional, 8, true),
        Op::Vstu2d | Op::Vstl2d => (TwoDimensional, 4, true),
        Op::Vgt => (Indexed, 8, false),
        Op::Vgtu | Op::VgtlSx | Op::VgtlZx => (Indexed, 4, false),
        Op::Vsc => (Indexed, 8, true),
        Op::Vscu | Op::Vscl => (Indexed, 4, true),
        _ => return None,
    })
}

/// The number of the vector register that a field names.
#[inline(always)]
pub(super) fn register(field: u8, cpu: &Cpu) -> usize {
    let number = if field == VIX { cpu.vixr } else { field.into() };
    number as usize & 63
}

/// The elements that take part. Loads that are not gathers have no mask.
#[inline(always)]
pub(super) fn active(insn: &Insn, cpu: &Cpu) -> Active {
    match insn.mask() {
        0 => Active::all(cpu.vl()),
        mask => Active::masked(cpu.vl(), cpu.mask(usize::from(mask & 15))),
    }
}

/// The elements that a vector instruction accesses.
#[derive(Debug)]
pub(super) struct VectorAccess {
    pub(super) layout: Layout,
    pub(super) size: u64,
    pub(super) write: bool,
    pub(super) active: Active,
    base: u64,
    stride: u64,
    strides: (u64, u64),
    /// The register with the addresses of gather and scatter.
    pub(super) addresses: Option<usize>,
    single: u64,
}

impl VectorAccess {
    /// Its accesses; none if it is no such instruction, or traps anyway.
    pub(super) fn of(insn: &Insn, cpu: &Cpu) -> Option<Self> {
        let (layout, size, write) = vector(insn.op())?;
        let (base, stride) = (cpu.operand(insn.z()), cpu.operand(insn.y()));
        let strides = match layout {
            Layout::TwoDimensional => strides_2d(stride)?,
            _ => (0, 0),
        };
        let addresses = match insn.scalar() {
            ScalarOperand::Y => None,
            ScalarOperand::None | ScalarOperand::Z => Some(register(insn.vy(), cpu)),
        };
        Some(Self {
            layout,
            size,
            write,
            active: match write || layout == Layout::Indexed {
                true => active(insn, cpu),
                false => Active::all(cpu.vl()),
            },
            base,
            stride,
            strides,
            addresses,
            single: cpu.operand(insn.x()),
        })
    }

    /// All of it as one range, where elements lie side by side and all take part.
    pub(super) fn whole(&self) -> Option<Range<u64>> {
        let beside = self.layout == Layout::Strided && self.stride == self.size;
        let length = self.size * self.active.vl() as u64;
        (beside && self.active.is_all()).then(|| Some(self.base..self.base.checked_add(length)?))?
    }

    /// The address of an element.
    pub(super) fn address(&self, index: usize, cpu: &Cpu) -> u64 {
        match (self.layout, self.addresses) {
            (Layout::Strided, _) => strided(self.base, self.stride, index),
            (Layout::TwoDimensional, _) => two_dimensional(self.base, self.strides, index),
            (Layout::Indexed, Some(register)) => cpu.vector(register)[index],
            (Layout::Indexed, None) => self.single,
        }
    }

    /// The elements that take part, with their addresses.
    pub(super) fn elements(&self, cpu: &Cpu) -> impl Iterator<Item = (usize, u64)> {
        (0..self.active.vl())
            .filter(|index| self.active.upper(*index))
            .map(|index| (index, self.address(index, cpu)))
    }
}
