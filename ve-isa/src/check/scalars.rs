//! The effect of instructions on undefined bits, except for vectors in registers, and the bits that must not be undefined.

use super::access::{self, Layout, VectorAccess};
use super::undefined::{
    ALL, CompareKind, LOWER, TrackedValue, UPPER, Undefined, and, carried, carried_w, cmps_l,
    cmps_w, cmpu_l, cmpu_w, difference, either, is_decided, or, spread, sum, sx,
};
use super::vectors;
use crate::defect::UndefinedUse;
use crate::encoding::{Insn, Op, operand};
use crate::memory::{Shadow, Window};
use crate::semantics::{address, bits};
use crate::state::Cpu;

/// The undefined bits of a shift by a number of bits that may be undefined itself, of which those in `counting` count.
fn shifted(count: TrackedValue, counting: u64, value: u64, shift: impl Fn(u64, u64) -> u64) -> u64 {
    if count.undefined & counting != 0 {
        return ALL;
    }
    shift(value, count.value)
}

impl Undefined {
    #[inline(always)]
    fn operand(&self, cpu: &Cpu, index: usize) -> TrackedValue {
        TrackedValue {
            value: cpu.operand(index),
            undefined: self.s[index],
        }
    }

    /// The undefined bits of both halves of an operand of 128 bits.
    fn pair(&self, index: usize) -> u64 {
        if index < operand::REGISTERS {
            self.s[index] | self.s[(index + 1) % operand::REGISTERS]
        } else {
            0
        }
    }

    /// Takes note of what an instruction does that is about to be executed.
    ///
    /// # Errors
    /// Undefined bits decide something.
    #[inline]
    pub(super) fn step(
        &mut self,
        window: &Window,
        shadow: &Shadow,
        ic: u64,
        insn: &Insn,
        cpu: &Cpu,
    ) -> Result<(), UndefinedUse> {
        let op = insn.op();
        let (uy, uz) = (self.s[insn.y()], self.s[insn.z()]);
        let both = uy | uz;
        let at = |y: usize| {
            let base = address::lea(cpu.operand(y), cpu.operand(insn.z()), insn.imm() as i32);
            window.plain(base)
        };
        macro_rules! load {
            ($size:literal, |$memory:ident| $value:expr) => {{
                let $memory = shadow.undefined::<$size>(at(insn.y()));
                self.s[insn.x()] = $value;
                return is_address(both);
            }};
        }
        macro_rules! store {
            ($size:literal, |$x:ident| $value:expr) => {{
                let $x = self.s[insn.x()];
                shadow.set_undefined::<$size>(at(insn.y()), $value);
                return is_address(both);
            }};
        }
        macro_rules! value {
            ($undefined:expr) => {
                self.s[insn.x()] = $undefined
            };
        }
        // The common cases come first.
        match op {
            Op::Ld => load!(8, |m| m),
            Op::LdlSx => load!(4, |m| match m {
                0 | LOWER => address::ldl_sx(m as u32),
                _ => sx(beside_atomic(window, ic, m) as u32),
            }),
            Op::LdlZx => load!(4, |m| match m {
                0 | LOWER => m,
                _ => beside_atomic(window, ic, m),
            }),
            Op::Ldu => load!(4, |m| m << 32),
            Op::Ld2bSx => load!(2, |m| address::ld2b_sx(m as u16)),
            Op::Ld2bZx => load!(2, |m| m),
            Op::Ld1bSx => load!(1, |m| address::ld1b_sx(m as u8)),
            Op::Ld1bZx => load!(1, |m| m),
            Op::St => store!(8, |x| x),
            Op::Stl => store!(4, |x| x & LOWER),
            Op::Stu => store!(4, |x| x >> 32),
            Op::St2b => store!(2, |x| x & 0xffff),
            Op::St1b => store!(1, |x| x & 0xff),
            Op::Lea
            | Op::LeaSl
            | Op::AdduL
            | Op::AddsL
            | Op::SubuL
            | Op::SubsL
            | Op::AddsWSx
            | Op::SubsWSx
            | Op::AdduW
            | Op::SubuW
            | Op::AddsWZx
            | Op::SubsWZx => value!(match both {
                0 => 0,
                _ => self.added(insn, cpu),
            }),
            Op::MuluL | Op::MulsL => value!(carried(both)),
            Op::MulsLW => value!(carried(both & LOWER)),
            Op::MulsWSx => value!(sx(carried_w(both))),
            Op::MuluW | Op::MulsWZx => value!(carried_w(both).into()),
            Op::BrL | Op::BrW | Op::BrD | Op::BrS => {
                return if both == 0 {
                    Ok(())
                } else {
                    self.branch(insn, cpu)
                };
            }
            _ if both == 0 && is_simple(op) && self.s[insn.x()] == 0 => value!(0),
            _ => return self.rare_value(window, shadow, insn, cpu),
        }
        Ok(())
    }

    /// Sums and differences.
    #[cold]
    fn added(&self, insn: &Insn, cpu: &Cpu) -> u64 {
        let (y, z) = (self.operand(cpu, insn.y()), self.operand(cpu, insn.z()));
        // The lower half, where nothing comes from below.
        let word = |value: TrackedValue| TrackedValue {
            value: value.value & LOWER,
            undefined: value.undefined & LOWER,
        };
        match insn.op() {
            Op::Lea | Op::LeaSl => {
                let distance = match insn.op() {
                    Op::Lea => insn.imm() as u64,
                    _ => (insn.imm() as u64) << 32,
                };
                let both = TrackedValue {
                    value: y.value.wrapping_add(z.value),
                    undefined: sum(y, z),
                };
                sum(
                    both,
                    TrackedValue {
                        value: distance,
                        undefined: 0,
                    },
                )
            }
            Op::AdduL | Op::AddsL => sum(y, z),
            Op::SubuL | Op::SubsL => difference(y, z),
            Op::AddsWSx => sx(sum(word(y), word(z)) as u32),
            Op::SubsWSx => sx(difference(word(y), word(z)) as u32),
            Op::AdduW | Op::AddsWZx => sum(word(y), word(z)) & LOWER,
            _ => difference(word(y), word(z)) & LOWER,
        }
    }

    fn branch(&self, insn: &Insn, cpu: &Cpu) -> Result<(), UndefinedUse> {
        let compared = match insn.op() {
            Op::BrL | Op::BL => CompareKind::Long,
            Op::BrW | Op::BW => CompareKind::Word,
            Op::BrD | Op::BD => CompareKind::Double,
            _ => CompareKind::Single,
        };
        let is_relative = matches!(insn.op(), Op::BrL | Op::BrW | Op::BrD | Op::BrS);
        let z = if is_relative { insn.z() } else { operand::ZERO };
        let condition = insn.condition();
        let always = matches!(condition as u8, 0 | 15);
        let (y, z) = (self.operand(cpu, insn.y()), self.operand(cpu, z));
        if always || is_decided(condition, compared, y, z) {
            Ok(())
        } else {
            Err(UndefinedUse::Branch)
        }
    }

    /// The values of instructions that programs execute less often.
    fn rare_value(
        &mut self,
        window: &Window,
        shadow: &Shadow,
        insn: &Insn,
        cpu: &Cpu,
    ) -> Result<(), UndefinedUse> {
        let (y, z) = (self.operand(cpu, insn.y()), self.operand(cpu, insn.z()));
        let x = self.operand(cpu, insn.x());
        let both = y.undefined | z.undefined;
        let undefined = match insn.op() {
            Op::And => and(y, z),
            Op::Or => or(y, z),
            Op::Xor | Op::Eqv => both,
            Op::Nnd => and(
                TrackedValue {
                    value: !y.value,
                    ..y
                },
                z,
            ),
            Op::Mrg => {
                (y.undefined & z.value) | (x.undefined & !z.value) | (z.undefined & either(x, y))
            }
            Op::DivuL | Op::DivsL => spread(both),
            Op::DivsWSx => spread(both & LOWER),
            Op::DivuW | Op::DivsWZx => spread(both & LOWER) & LOWER,
            Op::Ldz | Op::Pcnt => spread(z.undefined) & 127,
            Op::Brv => bits::brv(z.undefined),
            Op::Bswp => bits::bswp(z.undefined, y.value),
            Op::Sll => shifted(y, 63, z.undefined, bits::sll),
            Op::Srl => shifted(y, 63, z.undefined, bits::srl),
            Op::SlaL => shifted(y, 63, z.undefined, |z, y| bits::sla_l(z, y).value),
            Op::SraL => shifted(y, 63, z.undefined, bits::sra_l),
            Op::SlaWSx => shifted(y, 31, z.undefined, |z, y| bits::sla_w_sx(z, y).value),
            Op::SlaWZx => shifted(y, 31, z.undefined, |z, y| bits::sla_w_zx(z, y).value) & LOWER,
            Op::SraWSx => shifted(y, 31, z.undefined, bits::sra_w_sx),
            Op::SraWZx => shifted(y, 31, z.undefined, bits::sra_w_zx) & LOWER,
            Op::Sld => shifted(y, 127, z.undefined, |z, y| bits::sld(x.undefined, z, y)),
            Op::Srd => shifted(y, 127, z.undefined, |z, y| bits::srd(x.undefined, z, y)),
            Op::CmpuL => cmpu_l(y, z),
            Op::CmpuW => cmpu_w(y, z),
            Op::CmpsL => cmps_l(y, z),
            Op::CmpsWSx => cmps_w(y, z),
            Op::CmpsWZx => cmps_w(y, z) & LOWER,
            Op::MaxsL | Op::MinsL => {
                if both == 0 {
                    0
                } else {
                    either(y, z)
                }
            }
            Op::MaxsWSx | Op::MinsWSx => match both & LOWER {
                0 => 0,
                _ => sx(either(y, z) as u32),
            },
            Op::MaxsWZx | Op::MinsWZx => match both & LOWER {
                0 => 0,
                _ => either(y, z) & LOWER,
            },
            Op::CmovL => self.moved(insn, CompareKind::Long, [x, y, z]),
            Op::CmovW => self.moved(insn, CompareKind::Word, [x, y, z]),
            Op::CmovD => self.moved(insn, CompareKind::Double, [x, y, z]),
            Op::CmovS => self.moved(insn, CompareKind::Single, [x, y, z]),
            Op::FaddD | Op::FsubD | Op::FmulD | Op::FdivD | Op::FcmpD | Op::FmaxD | Op::FminD => {
                spread(both)
            }
            Op::FaddS | Op::FsubS | Op::FmulS | Op::FdivS | Op::FcmpS | Op::FmaxS | Op::FminS => {
                spread(both & UPPER) & UPPER
            }
            Op::CvtWDSx | Op::CvtLD | Op::CvtDL => spread(y.undefined),
            Op::CvtWDZx => spread(y.undefined) & LOWER,
            Op::CvtWSSx | Op::CvtDS => spread(y.undefined & UPPER),
            Op::CvtWSZx => spread(y.undefined & UPPER) & LOWER,
            Op::CvtDW => spread(y.undefined & LOWER),
            Op::CvtSW => spread(y.undefined & LOWER) & UPPER,
            Op::CvtSD => spread(y.undefined) & UPPER,
            Op::FaddQ | Op::FsubQ | Op::FmulQ => {
                let undefined = spread(self.pair(insn.y()) | self.pair(insn.z()));
                self.s[(insn.x() + 1) % operand::REGISTERS] = undefined;
                undefined
            }
            Op::FcmpQ => spread(self.pair(insn.y()) | self.pair(insn.z())),
            Op::CvtQD | Op::CvtQS => {
                let part = if insn.op() == Op::CvtQD { ALL } else { UPPER };
                let undefined = spread(y.undefined & part);
                self.s[(insn.x() + 1) % operand::REGISTERS] = undefined;
                undefined
            }
            Op::CvtDQ => spread(self.pair(insn.y())),
            Op::CvtSQ => spread(self.pair(insn.y())) & UPPER,
            Op::Sic
            | Op::Smir
            | Op::Sfr
            | Op::Spm
            | Op::Smvl
            | Op::Svl
            | Op::Lcr
            | Op::Tscr
            | Op::Fidcr => 0,
            _ => return self.jump_access_or_vector(window, shadow, insn, cpu),
        };
        self.s[insn.x()] = undefined;
        Ok(())
    }

    /// A conditional move of `z`, where `y` decides.
    fn moved(&self, insn: &Insn, compared: CompareKind, [x, y, z]: [TrackedValue; 3]) -> u64 {
        let zero = TrackedValue {
            value: 0,
            undefined: 0,
        };
        let condition = insn.condition();
        if !is_decided(condition, compared, y, zero) {
            return either(x, z);
        }
        use crate::semantics::control::{cmov_d, cmov_l, cmov_s, cmov_w};
        let moved = match compared {
            CompareKind::Long => cmov_l,
            CompareKind::Word => cmov_w,
            CompareKind::Double => cmov_d,
            CompareKind::Single => cmov_s,
        };
        // An undefined bit that decides the condition decides it for all values.
        moved(condition, x.undefined, z.undefined, y.value)
    }

    /// Jumps, atomic operations, `dld`, `lhm`, `shm`, and everything about vectors.
    fn jump_access_or_vector(
        &mut self,
        window: &Window,
        shadow: &Shadow,
        insn: &Insn,
        cpu: &Cpu,
    ) -> Result<(), UndefinedUse> {
        let (y, z) = (self.operand(cpu, insn.y()), self.operand(cpu, insn.z()));
        let x = self.operand(cpu, insn.x());
        let both = y.undefined | z.undefined;
        let far = address::lea(y.value, z.value, insn.imm() as i32);
        let near = window.plain(address::lea(0, z.value, insn.imm() as i32));
        match insn.op() {
            Op::BL | Op::BW | Op::BD | Op::BS => {
                if z.undefined != 0 {
                    return Err(UndefinedUse::Target);
                }
                self.branch(insn, cpu)
            }
            Op::Bsic => {
                self.s[insn.x()] = 0;
                if both == 0 {
                    Ok(())
                } else {
                    Err(UndefinedUse::Target)
                }
            }
            Op::Dld | Op::Dldu | Op::DldlSx | Op::DldlZx => {
                let far = window.plain(far);
                self.s[insn.x()] = match insn.op() {
                    Op::Dld => shadow.undefined::<8>(far),
                    Op::Dldu => shadow.undefined::<4>(far) << 32,
                    Op::DldlSx => address::ldl_sx(shadow.undefined::<4>(far) as u32),
                    _ => shadow.undefined::<4>(far),
                };
                Ok(())
            }
            Op::CasL | Op::Ts1amL | Op::Atmam => {
                let before = shadow.undefined::<8>(near);
                let after = match insn.op() {
                    Op::Atmam => carried(before | x.undefined),
                    _ => before | x.undefined,
                };
                shadow.set_undefined::<8>(near, after);
                self.s[insn.x()] = before;
                is_address(z.undefined)
            }
            Op::CasW | Op::Ts1amW => {
                let before = shadow.undefined::<4>(near);
                shadow.set_undefined::<4>(near, (before | x.undefined) & LOWER);
                self.s[insn.x()] = before;
                // Atomic operations on fewer bytes compare the word around them as a whole: the bytes beside them decide only whether they
                // are tried again.
                if before != LOWER {
                    self.s[insn.x()] = 0;
                    if insn.y() < operand::REGISTERS {
                        self.s[insn.y()] = 0;
                    }
                }
                is_address(z.undefined)
            }
            Op::ShmL => self.near_store::<8>(shadow, near, insn),
            Op::ShmW => self.near_store::<4>(shadow, near, insn),
            Op::ShmH => self.near_store::<2>(shadow, near, insn),
            Op::ShmB => self.near_store::<1>(shadow, near, insn),
            Op::LhmL => self.near_load::<8>(shadow, near, insn),
            Op::LhmW => self.near_load::<4>(shadow, near, insn),
            Op::LhmH => self.near_load::<2>(shadow, near, insn),
            Op::LhmB => self.near_load::<1>(shadow, near, insn),
            Op::Lvl | Op::Lvix => {
                if y.undefined != 0 {
                    return Err(UndefinedUse::Vector);
                }
                Ok(())
            }
            op if access::vector(op).is_some() => self.elements(window, shadow, insn, cpu),
            _ => {
                vectors::step(self, insn, cpu);
                Ok(())
            }
        }
    }

    fn near_load<const SIZE: u64>(
        &mut self,
        shadow: &Shadow,
        near: u64,
        insn: &Insn,
    ) -> Result<(), UndefinedUse> {
        self.s[insn.x()] = shadow.undefined::<SIZE>(near);
        is_address(self.s[insn.z()])
    }

    fn near_store<const SIZE: u64>(
        &mut self,
        shadow: &Shadow,
        near: u64,
        insn: &Insn,
    ) -> Result<(), UndefinedUse> {
        let kept = if SIZE == 8 {
            ALL
        } else {
            (1 << (8 * SIZE)) - 1
        };
        shadow.set_undefined::<SIZE>(near, self.s[insn.x()] & kept);
        is_address(self.s[insn.z()])
    }

    /// Vectors from and to memory.
    fn elements(
        &mut self,
        window: &Window,
        shadow: &Shadow,
        insn: &Insn,
        cpu: &Cpu,
    ) -> Result<(), UndefinedUse> {
        let Some(vector) = VectorAccess::of(insn, cpu) else {
            return Ok(());
        };
        let is_indexed = vector.layout == Layout::Indexed;
        let scalars = match (is_indexed, vector.addresses) {
            (true, None) => self.s[insn.x()],
            (true, Some(_)) => 0,
            (false, _) => self.s[insn.y()] | self.s[insn.z()],
        };
        if scalars != 0 {
            return Err(UndefinedUse::Address);
        }
        if !vector.active.is_all() && self.is_undecided(insn.mask(), cpu.vl()) {
            return Err(UndefinedUse::Vector);
        }
        let x = access::register(insn.vx(), cpu);
        let part = match insn.op() {
            Op::Vldu | Op::Vldu2d | Op::Vgtu => ElementPart::Upper,
            Op::VldlSx | Op::Vldl2dSx | Op::VgtlSx => ElementPart::Signed,
            Op::VldlZx | Op::Vldl2dZx | Op::VgtlZx => ElementPart::Lower,
            Op::Vstu | Op::Vstu2d | Op::Vscu => ElementPart::Upper,
            Op::Vstl | Op::Vstl2d | Op::Vscl => ElementPart::Lower,
            _ => ElementPart::All,
        };
        let is_dirty = self.dirty >> x & 1 != 0;
        if let Some(range) = vector.whole() {
            let start = window.plain(range.start);
            let range = start..start.wrapping_add(range.end - range.start);
            // Most memory is defined, as are most registers.
            if shadow.first_undefined(&range).is_none() && (!vector.write || !is_dirty) {
                if !vector.write && is_dirty {
                    self.v[x][..cpu.vl()].fill(0);
                }
                return Ok(());
            }
        }
        let mut unknown = false;
        let mut loaded = 0;
        for index in 0..vector.active.vl() {
            if !vector.active.upper(index) {
                continue;
            }
            if is_indexed && let Some(addresses) = vector.addresses {
                unknown |= self.v[addresses][index] != 0;
            }
            let at = window.plain(vector.address(index, cpu));
            let element = &mut self.v[x][index];
            match (vector.write, part) {
                (false, ElementPart::All) => *element = shadow.undefined::<8>(at),
                (false, ElementPart::Upper) => *element = shadow.undefined::<4>(at) << 32,
                (false, ElementPart::Signed) => *element = sx(shadow.undefined::<4>(at) as u32),
                (false, ElementPart::Lower) => *element = shadow.undefined::<4>(at),
                (true, ElementPart::All) => shadow.set_undefined::<8>(at, *element),
                (true, ElementPart::Upper) => shadow.set_undefined::<4>(at, *element >> 32),
                (true, _) => shadow.set_undefined::<4>(at, *element & LOWER),
            }
            loaded |= *element;
        }
        if loaded != 0 {
            self.dirty |= 1 << x;
        }
        is_address(u64::from(unknown))
    }
}

/// The undefined bits of a word that some bytes of are known. If it is loaded for an atomic operation on these, which compares the whole
/// word, the bytes beside them decide only whether the operation is tried again.
#[cold]
fn beside_atomic(window: &Window, ic: u64, undefined: u64) -> u64 {
    if access::is_before_atomic(window, ic) {
        0
    } else {
        undefined
    }
}

/// The part of an element that is in memory.
#[derive(Debug, Clone, Copy)]
enum ElementPart {
    All,
    Upper,
    Lower,
    Signed,
}

#[inline(always)]
const fn is_address(undefined: u64) -> Result<(), UndefinedUse> {
    if undefined == 0 {
        Ok(())
    } else {
        Err(UndefinedUse::Address)
    }
}

/// Whether an operation only makes a scalar of its operands `x`, `y` and `z`.
#[inline(always)]
const fn is_simple(op: Op) -> bool {
    matches!(
        op,
        Op::And
            | Op::Or
            | Op::Xor
            | Op::Sll
            | Op::Srl
            | Op::SlaWSx
            | Op::SraWSx
            | Op::SraL
            | Op::SlaL
            | Op::CmpsL
            | Op::CmpsWSx
            | Op::CmpuL
            | Op::CmpuW
            | Op::CmovL
            | Op::CmovW
            | Op::FaddD
            | Op::FsubD
            | Op::FmulD
            | Op::FdivD
            | Op::FcmpD
            | Op::FaddS
            | Op::FmulS
            | Op::CvtDL
            | Op::CvtDW
            | Op::CvtWDSx
            | Op::CvtLD
            | Op::DivsL
            | Op::DivuL
            | Op::DivsWSx
            | Op::MaxsL
            | Op::MinsL
            | Op::MaxsWSx
            | Op::MinsWSx
    )
}
