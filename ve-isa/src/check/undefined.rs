//! Which bits of registers nobody has written.
//!
//! A result has an undefined bit where another value of the undefined bits of the operands could change it; where that is not easy to say, it
//! has more. So it reports no bits that are masked away, compared with what differs anyway, or stored and never used.

use crate::encoding::{ConditionCode, operand};
use crate::semantics::vector::Registers;
use crate::state::{ELEMENTS, Mask};

pub(super) const ALL: u64 = u64::MAX;
/// The half with an `f32`.
pub(super) const UPPER: u64 = 0xffff_ffff_0000_0000;
pub(super) const LOWER: u64 = 0xffff_ffff;

/// The undefined bits of all registers.
#[derive(Debug)]
pub(super) struct Undefined {
    /// The undefined bits of scalar operands. Constants have none.
    pub(super) s: [u64; operand::COUNT],
    pub(super) v: Box<Registers>,
    /// Which of these have undefined bits, a bit for each; some more may be set.
    pub(super) dirty: u64,
    pub(super) vm: [Mask; 16],
}

/// All bits, if one of them is undefined: for results of which every bit depends on every bit.
#[inline(always)]
pub(super) const fn spread(undefined: u64) -> u64 {
    if undefined == 0 { 0 } else { ALL }
}

/// The bits that a carry can reach: from the lowest undefined one up.
#[inline(always)]
pub(super) const fn carried(undefined: u64) -> u64 {
    undefined | undefined.wrapping_neg()
}

/// The undefined bits of a sum: those of the operands, and those that the least and the greatest sum do not share.
pub(super) const fn sum(y: TrackedValue, z: TrackedValue) -> u64 {
    let ((y_least, y_most), (z_least, z_most)) = (y.range(), z.range());
    let differing = y_least.wrapping_add(z_least) ^ y_most.wrapping_add(z_most);
    y.undefined | z.undefined | differing
}

/// As [`sum`], of a difference.
pub(super) const fn difference(y: TrackedValue, z: TrackedValue) -> u64 {
    let ((y_least, y_most), (z_least, z_most)) = (y.range(), z.range());
    let differing = y_least.wrapping_sub(z_most) ^ y_most.wrapping_sub(z_least);
    y.undefined | z.undefined | differing
}

/// As [`carried`], of the lower half.
#[inline(always)]
pub(super) const fn carried_w(undefined: u64) -> u32 {
    let undefined = undefined as u32;
    undefined | undefined.wrapping_neg()
}

/// 32 bits, extended by the sign, which is as undefined as itself.
#[inline(always)]
pub(super) const fn sx(undefined: u32) -> u64 {
    undefined as i32 as i64 as u64
}

/// A value and its undefined bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct TrackedValue {
    pub(super) value: u64,
    pub(super) undefined: u64,
}

impl TrackedValue {
    /// The least and the greatest number that it can be, where order is that of unsigned numbers.
    const fn range(self) -> (u64, u64) {
        (self.value & !self.undefined, self.value | self.undefined)
    }

    /// The same, with the order of signed numbers turned into that of unsigned ones.
    const fn signed(self) -> Self {
        Self {
            value: self.value ^ 1 << 63,
            undefined: self.undefined,
        }
    }

    /// The lower half in the place of the upper one.
    const fn word(self) -> Self {
        Self {
            value: self.value << 32,
            undefined: self.undefined << 32,
        }
    }
}

/// Which relations are possible between two numbers, as bits of a [`ConditionCode`].
const fn possible(y: TrackedValue, z: TrackedValue) -> u8 {
    let ((y_least, y_most), (z_least, z_most)) = (y.range(), z.range());
    let mut possible = 0;
    if y_most > z_least {
        possible |= ConditionCode::Greater as u8;
    }
    if y_least < z_most {
        possible |= ConditionCode::Less as u8;
    }
    if (y.value ^ z.value) & !(y.undefined | z.undefined) == 0 {
        possible |= ConditionCode::Equal as u8;
    }
    possible
}

/// How numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CompareKind {
    Long,
    Word,
    /// Any undefined bit of a float may decide.
    Double,
    Single,
}

/// Whether a condition holds or does not, whatever the undefined bits are.
#[inline(always)]
pub(super) fn is_decided(
    condition: ConditionCode,
    compared: CompareKind,
    y: TrackedValue,
    z: TrackedValue,
) -> bool {
    match compared {
        _ if y.undefined | z.undefined == 0 => true,
        CompareKind::Double => false,
        CompareKind::Single => (y.undefined | z.undefined) & UPPER == 0,
        CompareKind::Long => holds(condition, possible(y.signed(), z.signed())),
        CompareKind::Word => holds(condition, possible(y.word().signed(), z.word().signed())),
    }
}

const fn holds(condition: ConditionCode, possible: u8) -> bool {
    let met = condition as u8 & possible;
    met == 0 || met == possible
}

/// The undefined bits of the result of a comparison of unsigned numbers: their difference, or the nearest number where it does not fit.
const fn compared(y: TrackedValue, z: TrackedValue) -> u64 {
    if y.undefined | z.undefined == 0 {
        return 0;
    }
    let ((y_least, y_most), (z_least, z_most)) = (y.range(), z.range());
    let least = y_least as i128 - z_most as i128;
    let most = y_most as i128 - z_least as i128;
    if least < i64::MIN as i128 || most > i64::MAX as i128 {
        return ALL;
    }
    difference(y, z)
}

pub(super) const fn cmps_l(y: TrackedValue, z: TrackedValue) -> u64 {
    compared(y.signed(), z.signed())
}

pub(super) const fn cmpu_l(y: TrackedValue, z: TrackedValue) -> u64 {
    compared(y, z)
}

pub(super) const fn cmps_w(y: TrackedValue, z: TrackedValue) -> u64 {
    sx((cmps_l(y.word(), z.word()) >> 32) as u32)
}

pub(super) const fn cmpu_w(y: TrackedValue, z: TrackedValue) -> u64 {
    sx((cmpu_l(y.word(), z.word()) >> 32) as u32)
}

/// The undefined bits of `y & z`.
pub(super) const fn and(y: TrackedValue, z: TrackedValue) -> u64 {
    (y.undefined & z.undefined) | (y.undefined & z.value) | (z.undefined & y.value)
}

/// The undefined bits of `y | z`.
pub(super) const fn or(y: TrackedValue, z: TrackedValue) -> u64 {
    (y.undefined & z.undefined) | (y.undefined & !z.value) | (z.undefined & !y.value)
}

/// The undefined bits of one of two values, if nobody knows which.
pub(super) const fn either(y: TrackedValue, z: TrackedValue) -> u64 {
    y.undefined | z.undefined | (y.value ^ z.value)
}

/// A zero for each element, never on the stack.
fn zeros() -> Box<Registers> {
    let zeros: Box<[[u64; ELEMENTS]]> = vec![[0; ELEMENTS]; 64].into();
    zeros.try_into().expect("64 registers")
}

impl Undefined {
    /// Everything is defined.
    pub(super) fn new() -> Self {
        Self {
            s: [0; operand::COUNT],
            v: zeros(),
            dirty: 0,
            vm: [[0; 4]; 16],
        }
    }

    /// Forgets all undefined bits of scalar registers.
    pub(super) fn forget_scalars(&mut self) {
        self.s[..operand::REGISTERS].fill(0);
    }

    /// Whether a mask has an undefined bit below VL.
    pub(super) fn is_undecided(&self, mask: u8, vl: usize) -> bool {
        let mask = &self.vm[usize::from(mask & 15)];
        (0..vl).any(|index| mask[index / 64] >> (index % 64) & 1 != 0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::encoding::{assemble, decode};
    use crate::interp::{Common, Interpreter, StopHandle};
    use crate::memory::{Protection, Window};
    use crate::state::Cpu;

    /// All numbers of four bits that a value can be.
    fn choices(value: TrackedValue) -> impl Iterator<Item = u64> + Clone {
        (0..16).filter(move |number| (number ^ value.value) & !value.undefined == 0)
    }

    /// Every pair of numbers of four bits with undefined bits.
    fn pairs() -> impl Iterator<Item = (TrackedValue, TrackedValue)> {
        let values = (0..16)
            .flat_map(|value| (0..16).map(move |undefined| TrackedValue { value, undefined }));
        values
            .clone()
            .flat_map(move |y| values.clone().map(move |z| (y, z)))
    }

    /// Bits that differ for some choice of the undefined bits have to be undefined; the result has those that need not be.
    fn too_many(
        result: fn(TrackedValue, TrackedValue) -> u64,
        compute: fn(u64, u64) -> u64,
    ) -> u32 {
        pairs()
            .map(|(y, z)| {
                let known = compute(y.value, z.value);
                let all = choices(y).flat_map(|y| choices(z).map(move |z| (y, z)));
                let differing = all.fold(0, |bits, (y, z)| bits | (compute(y, z) ^ known));
                let undefined = result(y, z);
                assert_eq!(differing & !undefined, 0, "{y:?} {z:?}");
                (undefined & !differing).count_ones()
            })
            .sum()
    }

    #[test]
    fn bits_that_can_differ_are_undefined_and_few_others() {
        assert_eq!(too_many(and, |y, z| y & z), 0);
        assert_eq!(too_many(or, |y, z| y | z), 0);
        too_many(sum, u64::wrapping_add);
        too_many(difference, u64::wrapping_sub);
        too_many(|y, z| carried(y.undefined | z.undefined), u64::wrapping_mul);
        let known = TrackedValue {
            value: 3,
            undefined: 0,
        };
        // A sum with zeros carries nothing.
        assert_eq!(
            sum(
                TrackedValue {
                    value: 0,
                    undefined: 0xff
                },
                TrackedValue {
                    value: 0x300,
                    ..known
                }
            ),
            0xff
        );
    }

    /// A machine with this instruction alone.
    fn machine(insn: &str) -> (Arc<Common>, u64) {
        let common = Arc::new(Common::new(Window::reserve().unwrap()));
        let code = common.window.map(8, Protection::ReadWrite).unwrap();
        let word = assemble(insn).expect(insn);
        common.window.store::<8>(code.start, word).unwrap();
        common.executable.add(code.clone());
        (common, code.start)
    }

    /// The undefined bits of `%s0` behind an instruction, where `%s1` and `%s2` have these.
    fn noted(common: &Common, ic: u64, cpu: &Cpu, bits: [u64; 2]) -> u64 {
        let insn = decode(common.window.load::<8>(ic).unwrap()).unwrap();
        let mut undefined = Undefined::new();
        [undefined.s[1], undefined.s[2]] = bits;
        let shadow = common.window.keep_shadow(true).unwrap();
        let step = undefined.step(&common.window, shadow, ic, &insn, cpu);
        assert!(step.is_ok());
        undefined.s[0]
    }

    #[test]
    fn bits_that_an_instruction_does_not_read_decide_nothing() {
        const WORD: u64 = LOWER;
        for (insn, read) in [
            ("divs.w.sx %s0, %s1, %s2", [WORD, WORD]),
            ("divs.w.zx %s0, %s1, %s2", [WORD, WORD]),
            ("divu.w %s0, %s1, %s2", [WORD, WORD]),
            ("divs.l %s0, %s1, %s2", [ALL, ALL]),
            ("muls.w.sx %s0, %s1, %s2", [WORD, WORD]),
            ("muls.l.w %s0, %s1, %s2", [WORD, WORD]),
            ("muls.l %s0, %s1, %s2", [ALL, ALL]),
            ("sll %s0, %s1, %s2", [ALL, 63]),
            ("srl %s0, %s1, %s2", [ALL, 63]),
            ("sla.l %s0, %s1, %s2", [ALL, 63]),
            ("sra.l %s0, %s1, %s2", [ALL, 63]),
            ("sla.w.sx %s0, %s1, %s2", [WORD, 31]),
            ("sla.w.zx %s0, %s1, %s2", [WORD, 31]),
            ("sra.w.sx %s0, %s1, %s2", [WORD, 31]),
            ("sra.w.zx %s0, %s1, %s2", [WORD, 31]),
            ("sld %s0, %s1, %s2", [ALL, 127]),
            ("srd %s0, %s1, %s2", [ALL, 127]),
        ] {
            let (common, ic) = machine(insn);
            let mut thread = Interpreter::new(common.clone(), StopHandle::default());
            let mut computed = |values: [u64; 2]| {
                let cpu = thread.cpu_mut();
                cpu.set_scalar(1, values[0]);
                cpu.set_scalar(0, 0);
                cpu.set_scalar(2, values[1]);
                cpu.ic = ic;
                thread.step().unwrap();
                thread.cpu().scalar(0)
            };
            let values = [0x8765_4321_fedc_ba98, 0x0123_4567_8000_0005];
            let mut cpu = Cpu::default();
            cpu.set_scalar(1, values[0]);
            cpu.set_scalar(2, values[1]);
            let known = computed(values);
            let unread = read.map(|read| !read);
            assert_eq!(noted(&common, ic, &cpu, unread), 0, "{insn}");
            for bit in 0..64 {
                for bits in [[1 << bit, 0], [0, 1 << bit]] {
                    let others = [values[0] ^ bits[0], values[1] ^ bits[1]];
                    let differing = computed(others) ^ known;
                    let noted = noted(&common, ic, &cpu, bits);
                    assert_eq!(differing & !noted, 0, "{insn} {bits:x?}");
                }
            }
        }
    }

    #[test]
    fn bits_that_an_element_does_not_need_decide_nothing() {
        for (insn, needed) in [
            ("vmuls.l.w %v0, %v1, %v2", LOWER),
            ("vsll %v0, %v2, %v1", 63),
            ("vsrl %v0, %v2, %v1", 63),
            ("vsra.l %v0, %v2, %v1", 63),
            ("vsla.l %v0, %v2, %v1", 63),
            ("vsla.w.sx %v0, %v2, %v1", 31),
            ("vsra.w.sx %v0, %v2, %v1", 31),
        ] {
            let (common, ic) = machine(insn);
            let decoded = decode(common.window.load::<8>(ic).unwrap()).unwrap();
            let shadow = common.window.keep_shadow(true).unwrap();
            let mut cpu = Cpu::default();
            cpu.set_vl(1);
            for (bits, expected) in [(!needed, false), (needed, true)] {
                let mut undefined = Undefined::new();
                undefined.v[1][0] = bits;
                undefined.dirty = 2;
                let step = undefined.step(&common.window, shadow, ic, &decoded, &cpu);
                assert!(step.is_ok());
                assert_eq!(undefined.v[0][0] != 0, expected, "{insn} {bits:x}");
            }
        }
    }

    #[test]
    fn comparisons_are_decided_where_no_choice_changes_them() {
        // Four bits at the top, so that the sign is among them.
        let at_top = |value: TrackedValue| TrackedValue {
            value: value.value << 60,
            undefined: value.undefined << 60,
        };
        for (y, z) in pairs() {
            for condition in (0..16).map(ConditionCode::from_number) {
                let holds = |y: u64, z: u64| {
                    condition.holds(crate::semantics::control::relation_l(y << 60, z << 60))
                };
                let all = choices(y).flat_map(|y| choices(z).map(move |z| (y, z)));
                let known = holds(y.value, z.value);
                let differs = all.clone().any(|(y, z)| holds(y, z) != known);
                let decided = is_decided(condition, CompareKind::Long, at_top(y), at_top(z));
                assert!(!(decided && differs), "{condition:?} {y:?} {z:?}");
            }
            let differing = choices(y)
                .flat_map(|y| choices(z).map(move |z| (y, z)))
                .map(|(y, z)| crate::semantics::compare::cmps_l(y << 60, z << 60))
                .fold(0, |bits, result| {
                    bits | result ^ crate::semantics::compare::cmps_l(y.value << 60, z.value << 60)
                });
            assert_eq!(differing & !cmps_l(at_top(y), at_top(z)), 0, "{y:?} {z:?}");
        }
    }
}
