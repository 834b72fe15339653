//! The effect of vector instructions that do not touch memory on undefined bits.
//!
//! Moves, logic and shifts are followed bit by bit, other operations lane by lane.

use super::access::{active, register};
use super::undefined::{
    ALL, CompareKind, LOWER, TrackedValue, UPPER, Undefined, and, carried, carried_w, either,
    is_decided, or, spread, sx,
};
use crate::encoding::{Insn, Op, ScalarOperand, VectorOperands};
use crate::semantics::bits;
use crate::semantics::vector::{Active, Operand, integer as lane, mask, moves};
use crate::state::{Cpu, ELEMENTS, Mask};

/// The registers of an instruction.
struct VectorFields {
    x: usize,
    y: usize,
    z: usize,
    w: usize,
    operands: VectorOperands,
}

impl VectorFields {
    fn of(insn: &Insn, cpu: &Cpu) -> Self {
        Self {
            x: register(insn.vx(), cpu),
            y: register(insn.vy(), cpu),
            z: register(insn.vz(), cpu),
            w: register(insn.vw(), cpu),
            operands: insn.op().vector_operands(),
        }
    }
}

/// The elements and lanes that take part.
fn taking_part(insn: &Insn, cpu: &Cpu) -> Active {
    if !insn.op().name().starts_with("pv") {
        return active(insn, cpu);
    }
    match usize::from(insn.mask() & 14) {
        0 if insn.mask() == 0 => Active::all(cpu.vl()),
        mask if has_pair(insn.op()) => Active::packed(cpu.vl(), cpu.mask(mask), cpu.mask(mask + 1)),
        _ => active(insn, cpu),
    }
}

/// Whether both lanes of each element take part, each with a mask of its own.
fn has_pair(op: Op) -> bool {
    let name = op.name();
    name.starts_with("pv") && !name.contains(".lo") && !name.contains(".up")
}

/// Takes note of an instruction on vectors or masks.
pub(super) fn step(undefined: &mut Undefined, insn: &Insn, cpu: &Cpu) {
    if masks(undefined, insn, cpu) {
        return;
    }
    let fields = VectorFields::of(insn, cpu);
    if scalars(undefined, insn, cpu, &fields) || !fields.operands.x {
        return;
    }
    // Most registers are defined as a whole.
    let sources = sources(insn, &fields);
    let is_dirty = |register: usize| undefined.dirty >> register & 1 != 0;
    let words = undefined.s[insn.y()] | undefined.s[insn.z()];
    let mask_is_undecided = insn.mask() != 0
        && (undefined.is_undecided(insn.mask(), cpu.vl())
            || has_pair(insn.op()) && undefined.is_undecided(insn.mask() + 1, cpu.vl()));
    if words == 0 && !mask_is_undecided && !is_dirty(fields.x) && !sources.any(is_dirty) {
        return;
    }
    undefined.dirty |= 1 << fields.x;
    if mask_is_undecided {
        undefined.v[fields.x][..cpu.vl()].fill(ALL);
        return;
    }
    if !moved(undefined, insn, cpu, &fields) && !reduced(undefined, insn, cpu, &fields, &sources) {
        elements(undefined, insn, cpu, &fields, &sources);
    }
    if undefined.v[fields.x].iter().all(|element| *element == 0) {
        undefined.dirty &= !(1 << fields.x);
    }
}

/// The vector registers that an instruction reads.
#[derive(Debug, Clone, Copy)]
struct ReadRegisters([Option<usize>; 3]);

impl ReadRegisters {
    fn any(&self, mut holds: impl FnMut(usize) -> bool) -> bool {
        self.0.iter().flatten().any(|register| holds(*register))
    }
}

fn sources(insn: &Insn, fields: &VectorFields) -> ReadRegisters {
    let operands = &fields.operands;
    // Instructions on pairs take y and z as vectors both, whichever operand is scalar.
    let scalar = match insn.op() {
        Op::Vsld | Op::Vsrd | Op::Vshf => ScalarOperand::None,
        _ => insn.scalar(),
    };
    ReadRegisters([
        (operands.y && scalar != ScalarOperand::Y).then_some(fields.y),
        (operands.z && scalar != ScalarOperand::Z).then_some(fields.z),
        operands.w.then_some(fields.w),
    ])
}

/// Operations on masks. The result says whether it was one.
fn masks(undefined: &mut Undefined, insn: &Insn, cpu: &Cpu) -> bool {
    let number = |field: u8| usize::from(field & 15);
    let (x, y, z) = (number(insn.vx()), number(insn.vy()), number(insn.vz()));
    let logic = |undefined: &Undefined, f: fn(TrackedValue, TrackedValue) -> u64| -> Mask {
        std::array::from_fn(|word| {
            let of = |number: usize| TrackedValue {
                value: cpu.mask(number)[word],
                undefined: undefined.vm[number][word],
            };
            f(of(y), of(z))
        })
    };
    let result = match insn.op() {
        Op::Andm => logic(undefined, and),
        Op::Orm => logic(undefined, or),
        Op::Xorm | Op::Eqvm => logic(undefined, |y, z| y.undefined | z.undefined),
        Op::Nndm => logic(undefined, |y, z| {
            let value = !y.value;
            and(TrackedValue { value, ..y }, z)
        }),
        Op::Negm => undefined.vm[y],
        Op::Lvm => {
            let word = TrackedValue {
                value: cpu.operand(insn.y()),
                undefined: undefined.s[insn.y()],
            };
            match word.undefined {
                0 => mask::with_word(undefined.vm[x], word.value, undefined.s[insn.z()]),
                _ => [ALL; 4],
            }
        }
        Op::Pcvm | Op::Lzvm | Op::Tovm => {
            let is_undecided = undefined.is_undecided(insn.vy(), cpu.vl());
            undefined.s[insn.x()] = if is_undecided { ALL } else { 0 };
            return true;
        }
        Op::Svm => {
            undefined.s[insn.x()] = match undefined.s[insn.y()] {
                0 => mask::word(&undefined.vm[z], cpu.operand(insn.y())),
                _ => ALL,
            };
            return true;
        }
        Op::VfmkL => made(undefined, insn, cpu, CompareKind::Long, |value| value),
        Op::VfmkW => made(undefined, insn, cpu, CompareKind::Word, |value| value),
        Op::PvfmkWUp => made(undefined, insn, cpu, CompareKind::Word, |value| value >> 32),
        Op::VfmkD => made(undefined, insn, cpu, CompareKind::Double, |value| value),
        Op::PvfmkSUp => made(undefined, insn, cpu, CompareKind::Single, |value| value),
        Op::PvfmkSLo => made(undefined, insn, cpu, CompareKind::Single, |value| {
            value << 32
        }),
        _ => return false,
    };
    if x != 0 {
        undefined.vm[x] = result;
    }
    true
}

/// A mask that is made of the elements of a vector.
fn made(
    undefined: &Undefined,
    insn: &Insn,
    cpu: &Cpu,
    compared: CompareKind,
    part: fn(u64) -> u64,
) -> Mask {
    let mut mask = undefined.vm[usize::from(insn.vx() & 15)];
    let z = register(insn.vz(), cpu);
    let limit = &undefined.vm[usize::from(insn.mask() & 15)];
    let (active, condition) = (active(insn, cpu), insn.condition());
    let zero = TrackedValue {
        value: 0,
        undefined: 0,
    };
    for index in 0..cpu.vl() {
        let value = TrackedValue {
            value: part(cpu.vector(z)[index]),
            undefined: part(undefined.v[z][index]),
        };
        let always = matches!(condition as u8, 0 | 15);
        let by_value =
            active.upper(index) && !always && !is_decided(condition, compared, value, zero);
        let (word, bit) = (index / 64, 1 << (index % 64));
        let is_undefined = by_value || limit[word] & bit != 0;
        mask[word] = mask[word] & !bit | if is_undefined { bit } else { 0 };
    }
    mask
}

/// Single elements to and from scalars. The result says whether it was that.
fn scalars(undefined: &mut Undefined, insn: &Insn, cpu: &Cpu, fields: &VectorFields) -> bool {
    let element = cpu.operand(insn.y()) as usize % ELEMENTS;
    let known = undefined.s[insn.y()] == 0;
    match insn.op() {
        Op::Lsv => {
            let value = undefined.s[insn.z()];
            if !known {
                undefined.v[fields.x].fill(ALL);
            } else {
                undefined.v[fields.x][element] = value;
            }
            if !known || value != 0 {
                undefined.dirty |= 1 << fields.x;
            }
        }
        Op::Lvs => {
            undefined.s[insn.x()] = match known {
                true => undefined.v[fields.x][element],
                false => ALL,
            };
        }
        _ => return false,
    }
    true
}

/// Elements that move as a whole. The result says whether it was that.
fn moved(undefined: &mut Undefined, insn: &Insn, cpu: &Cpu, fields: &VectorFields) -> bool {
    let taking_part = taking_part(insn, cpu);
    let scalar = undefined.s[insn.y()];
    let broadcast = |undefined: &mut Undefined, value: u64| {
        for index in 0..taking_part.vl() {
            let (lanes, element) = (
                lanes(&taking_part, index),
                &mut undefined.v[fields.x][index],
            );
            *element = *element & !lanes | value & lanes;
        }
    };
    match insn.op() {
        Op::Vbrd | Op::Pvbrd => broadcast(undefined, scalar),
        Op::Vbrdl => broadcast(undefined, scalar & LOWER),
        Op::Vbrdu => broadcast(undefined, scalar & UPPER),
        Op::Vseq | Op::PvseqLo | Op::PvseqUp | Op::Pvseq => broadcast(undefined, 0),
        Op::Vmv => {
            let (distance, mask) = (
                cpu.operand(insn.y()),
                *cpu.mask(usize::from(insn.mask() & 15)),
            );
            moves::rotate(
                &mut undefined.v,
                fields.x,
                fields.z,
                distance,
                cpu.vl(),
                &mask,
            );
            if scalar != 0 {
                broadcast(undefined, ALL);
            }
        }
        Op::Vcp => moves::compress(&mut undefined.v, fields.x, fields.z, &taking_part),
        Op::Vex => moves::expand(&mut undefined.v, fields.x, fields.z, &taking_part),
        Op::Vmrg | Op::VmrgW => {
            let y = match insn.scalar() {
                ScalarOperand::Y => Operand::Scalar(scalar),
                ScalarOperand::None | ScalarOperand::Z => Operand::Vector(fields.y),
            };
            let chosen = match insn.op() {
                Op::VmrgW if insn.mask() & 14 != 0 => {
                    let mask = usize::from(insn.mask() & 14);
                    Active::packed(cpu.vl(), cpu.mask(mask), cpu.mask(mask + 1))
                }
                _ => active(insn, cpu),
            };
            moves::merge(&mut undefined.v, fields.x, y, fields.z, cpu.vl(), &chosen);
        }
        _ => return false,
    }
    true
}

/// The lanes of an element that take part, as bits.
fn lanes(active: &Active, index: usize) -> u64 {
    let upper = if active.upper(index) { UPPER } else { 0 };
    let lower = if active.lower(index) { LOWER } else { 0 };
    upper | lower
}

/// Results that depend on all elements, or on all before. The result says whether it was one.
fn reduced(
    undefined: &mut Undefined,
    insn: &Insn,
    cpu: &Cpu,
    fields: &VectorFields,
    sources: &ReadRegisters,
) -> bool {
    let name = insn.op().name();
    let is = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let scalar = undefined.s[insn.y()];
    if is(&[
        "vsum", "vfsum", "vrmax", "vrmin", "vfrm", "vrand", "vror", "vrxor",
    ]) {
        let part = part_of(name);
        let active = active(insn, cpu);
        let elements = (0..cpu.vl()).filter(|index| active.upper(*index));
        let all = elements.fold(0, |all, index| all | undefined.v[fields.y][index]);
        if cpu.vl() != 0 {
            undefined.v[fields.x][0] = match name {
                "vrand" | "vror" | "vrxor" => all,
                _ => part.spread(all),
            };
        }
        return true;
    }
    if !is(&["vfia", "vfim", "vfis"]) {
        return false;
    }
    let mut before = scalar;
    for index in 0..cpu.vl() {
        sources.any(|register| {
            before |= undefined.v[register][index];
            false
        });
        undefined.v[fields.x][index] = spread(before);
    }
    true
}

/// The part of each element that an operation works on, and what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ElementLane {
    Whole,
    /// The lower half, extended by the sign or by zeros.
    Signed,
    Lower,
    Upper,
    /// Both halves, each by itself.
    Both,
    /// From one half to the other or to the whole.
    Convert {
        from: u64,
        to: u64,
    },
}

impl ElementLane {
    /// The undefined bits of a result if each bit of the operands may decide each of its bits.
    fn spread(self, undefined: u64) -> u64 {
        match self {
            Self::Whole => spread(undefined),
            Self::Signed => spread(undefined & LOWER),
            Self::Lower => spread(undefined & LOWER) & LOWER,
            Self::Upper => spread(undefined & UPPER) & UPPER,
            Self::Both => spread(undefined & LOWER) & LOWER | spread(undefined & UPPER) & UPPER,
            Self::Convert { from, to } => spread(undefined & from) & to,
        }
    }

    /// As [`spread`](Self::spread), where bits decide those above them only.
    fn carried(self, undefined: u64) -> u64 {
        let upper = u64::from(carried_w(undefined >> 32)) << 32;
        match self {
            Self::Whole => carried(undefined),
            Self::Signed => sx(carried_w(undefined)),
            Self::Lower => carried_w(undefined).into(),
            Self::Upper => upper,
            Self::Both => upper | u64::from(carried_w(undefined)),
            Self::Convert { .. } => self.spread(undefined),
        }
    }
}

/// The part that an operation of this name works on.
fn part_of(name: &str) -> ElementLane {
    let convert = |from, to| ElementLane::Convert { from, to };
    match name {
        _ if name.starts_with("vcvt.d.w") => return convert(LOWER, ALL),
        _ if name.starts_with("vcvt.s.w") => return convert(LOWER, UPPER),
        _ if name.starts_with("vcvt.w.s") => return convert(UPPER, ALL),
        "vcvt.d.s" => return convert(UPPER, ALL),
        "vcvt.s.d" => return convert(ALL, UPPER),
        _ => {}
    }
    if name.starts_with("pv") {
        return match name {
            _ if name.contains(".lo") => ElementLane::Lower,
            _ if name.contains(".up") => ElementLane::Upper,
            _ => ElementLane::Both,
        };
    }
    match name {
        _ if name.starts_with("vcvt.w.d") || name == "vmuls.l.w" => ElementLane::Whole,
        _ if name.contains(".w") && name.ends_with(".zx") => ElementLane::Lower,
        _ if name.contains(".w") => ElementLane::Signed,
        _ if name.ends_with(".s") || name.contains(".s.") => ElementLane::Upper,
        _ => ElementLane::Whole,
    }
}

/// Element by element.
fn elements(
    undefined: &mut Undefined,
    insn: &Insn,
    cpu: &Cpu,
    fields: &VectorFields,
    sources: &ReadRegisters,
) {
    let (op, name) = (insn.op(), insn.op().name());
    let active = taking_part(insn, cpu);
    let part = part_of(name);
    // A scalar operand that takes the place of a vector, or says how far or which.
    let scalar = TrackedValue {
        value: cpu.operand(insn.y()),
        undefined: undefined.s[insn.y()],
    };
    let base = undefined.s[insn.z()];
    let is = |prefixes: &[&str]| {
        let plain = name.strip_prefix('p').unwrap_or(name);
        prefixes.iter().any(|prefix| plain.starts_with(prefix))
    };
    let is_sum = is(&["vadd", "vsub", "vmul"]);
    for index in 0..active.vl() {
        let of = |source: Option<usize>| match source {
            Some(register) => TrackedValue {
                value: cpu.vector(register)[index],
                undefined: undefined.v[register][index],
            },
            None => scalar,
        };
        let (y, z) = (of(sources.0[0]), of(sources.0[1]));
        let all = {
            let mut all = scalar.undefined | base;
            sources.any(|register| {
                all |= undefined.v[register][index];
                false
            });
            all
        };
        let result = match op {
            _ if all == 0 => 0,
            Op::Vand | Op::Pvand => and(y, z),
            Op::Vor | Op::Pvor => or(y, z),
            Op::Vxor | Op::Pvxor | Op::Veqv | Op::Pveqv => all,
            Op::Vshf if scalar.undefined == 0 => lane::shf(y.undefined, z.undefined, scalar.value),
            Op::Vsfa => carried(all),
            Op::Vsll if y.undefined & 63 == 0 => bits::sll(z.undefined, y.value),
            Op::Vsrl if y.undefined & 63 == 0 => bits::srl(z.undefined, y.value),
            Op::VsraL if y.undefined & 63 == 0 => bits::sra_l(z.undefined, y.value),
            Op::VslaL if y.undefined & 63 == 0 => bits::sla_l(z.undefined, y.value).value,
            Op::VslaWSx if y.undefined & 31 == 0 => bits::sla_w_sx(z.undefined, y.value).value,
            Op::VsraWSx if y.undefined & 31 == 0 => bits::sra_w_sx(z.undefined, y.value),
            Op::VmulsLW => carried(all & LOWER),
            Op::VmaxsL | Op::VminsL => either(y, z),
            _ if is_sum => part.carried(all),
            _ => part.spread(all),
        };
        let lanes = lanes(&active, index);
        let element = &mut undefined.v[fields.x][index];
        *element = *element & !lanes | result & lanes;
    }
}
