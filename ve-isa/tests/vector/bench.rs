//! One instruction at a time, from a state that is known, and what its registers have to be afterwards.

use std::sync::Arc;

use fastrand::Rng;
use ve_isa::encoding::assemble;
use ve_isa::interp::{Common, Interpreter, Pause, StopHandle};
use ve_isa::memory::{Protection, Window};
use ve_isa::state::psw::{Flags, Psw, RoundingMode};
use ve_isa::state::{Cpu, Mask};
use ve_isa::trap::TrapKind;

pub struct Bench {
    thread: Interpreter,
    code: u64,
    pub common: Arc<Common>,
    pub rng: Rng,
}

/// Vector lengths around the ends of the register, of the words of a mask, and of 16 elements.
pub const LENGTHS: [usize; 12] = [0, 1, 2, 15, 16, 17, 63, 64, 65, 200, 255, 256];

impl Bench {
    pub fn new() -> Self {
        let common = Arc::new(Common::new(Window::reserve().unwrap()));
        let code = common.window.map(8, Protection::ReadWrite).unwrap();
        common.executable.add(code.clone());
        Self {
            thread: Interpreter::new(common.clone(), StopHandle::default()),
            code: code.start,
            common,
            rng: Rng::with_seed(11),
        }
    }

    pub fn cpu(&mut self) -> &mut Cpu {
        self.thread.cpu_mut()
    }

    pub fn word(&mut self, word: u64) -> Result<(), TrapKind> {
        self.common.window.store::<8>(self.code, word).unwrap();
        self.thread.forget_code();
        self.thread.cpu_mut().ic = self.code;
        match self.thread.step() {
            Ok(pause) => {
                assert_eq!(pause, Pause::Stepped);
                Ok(())
            }
            Err(trap) => Err(trap.kind),
        }
    }

    pub fn run(&mut self, text: &str) -> Result<(), TrapKind> {
        self.word(assemble(text).unwrap_or_else(|error| panic!("{text}: {error}")))
    }

    /// Fills the vector registers 1 to 4, s1 and the masks 2 to 5.
    pub fn fill(&mut self, values: &[u64]) {
        let mut rng = self.rng.clone();
        let cpu = self.thread.cpu_mut();
        for number in 1..5 {
            for element in cpu.vector_mut(number) {
                *element = pick(&mut rng, values);
            }
        }
        cpu.set_scalar(1, pick(&mut rng, values));
        for number in 2..6 {
            cpu.set_mask(number, random_mask(&mut rng));
        }
        self.rng = rng;
    }

    pub fn set_length(&mut self, length: usize) {
        self.cpu().set_vl(length);
    }

    /// Sets PSW: no flags, nothing traps.
    pub fn set_rounding(&mut self, rounding: RoundingMode) {
        self.cpu().psw = Psw::from_bits((rounding as u64) << 12);
    }
}

pub fn pick(rng: &mut Rng, values: &[u64]) -> u64 {
    match rng.u8(0..8) {
        0 => rng.u64(..),
        1 => rng.u64(..) >> rng.u8(0..64),
        _ => values[rng.usize(..values.len())],
    }
}

fn random_mask(rng: &mut Rng) -> Mask {
    std::array::from_fn(|_| match rng.u8(0..6) {
        0 => 0,
        1 => u64::MAX,
        _ => rng.u64(..),
    })
}

pub fn bit(mask: &Mask, index: usize) -> bool {
    mask[index / 64] >> (index % 64) & 1 != 0
}

/// Which part of an element an instruction computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Whole,
    Lower,
    Upper,
    Packed,
}

/// The order in which an instruction's text names its sources.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    Yz,
    Zy,
    Yzw,
    Y,
    Z,
}

/// Which sources a scalar may take the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalars {
    None,
    Y,
    YOrZ,
}

/// The new value of an element or lane, from y, z and w.
pub type Reference<'a> = &'a dyn Fn([u64; 3]) -> (u64, Flags);

/// How results are compared.
#[derive(Clone, Copy)]
pub enum Compare {
    Bits,
    Doubles,
    Singles,
}

impl Compare {
    pub fn same(self, a: u64, b: u64) -> bool {
        let single = |value: u64| f32::from_bits(value as u32);
        match self {
            _ if a == b => true,
            Self::Bits => false,
            Self::Doubles => f64::from_bits(a).is_nan() && f64::from_bits(b).is_nan(),
            Self::Singles => [0, 32].into_iter().all(|shift| {
                let (a, b) = (a >> shift, b >> shift);
                a as u32 == b as u32 || single(a).is_nan() && single(b).is_nan()
            }),
        }
    }
}

pub struct Case<'a> {
    pub mnemonic: &'a str,
    pub order: Order,
    pub scalars: Scalars,
    pub form: Form,
    pub compare: Compare,
    /// The reference for whole elements, or for one lane in the lower half.
    pub reference: Reference<'a>,
}

/// The operands of an instruction.
pub struct OperandChoice {
    pub x: usize,
    pub sources: [usize; 3],
    /// Whether y (1) or z (2) is s1.
    pub scalar: u8,
    pub masked: bool,
    /// The vector register that is named by VIXR.
    pub indirect: Option<usize>,
}

impl Case<'_> {
    fn element(&self, sources: [u64; 3], before: u64, active: (bool, bool)) -> (u64, Flags) {
        const LOWER: u64 = 0xffff_ffff;
        let lane = |shift: u32| (self.reference)(sources.map(|source| source >> shift & LOWER));
        match (self.form, active) {
            (Form::Whole, (true, _)) => (self.reference)(sources),
            (Form::Lower, (true, _)) => lane(0),
            (Form::Upper, (true, _)) => {
                let (value, flags) = lane(32);
                (value << 32, flags)
            }
            (Form::Packed, (upper, lower)) => {
                let (mut value, mut flags) = (before, Flags::empty());
                if upper {
                    let (lane, happened) = lane(32);
                    value = value & LOWER | lane << 32;
                    flags |= happened;
                }
                if lower {
                    let (lane, happened) = lane(0);
                    value = value & !LOWER | lane;
                    flags |= happened;
                }
                (value, flags)
            }
            _ => (before, Flags::empty()),
        }
    }

    /// Runs the instruction with one choice of registers, mask and length, and compares registers and flags.
    pub fn check(&self, bench: &mut Bench, length: usize, rounding: RoundingMode) {
        let rng = &mut bench.rng;
        let scalar = match self.scalars {
            Scalars::None => 0,
            Scalars::Y => rng.u8(0..2),
            Scalars::YOrZ => rng.u8(0..3),
        };
        let x = rng.usize(1..5);
        let sources = [rng.usize(1..5), rng.usize(1..5), rng.usize(1..5)];
        let choice = OperandChoice {
            x,
            sources,
            scalar,
            masked: rng.u8(0..3) != 0,
            indirect: None,
        };
        self.check_choice(bench, &choice, length, rounding);
    }

    /// As [`check`](Self::check), with what it would choose.
    pub fn check_choice(
        &self,
        bench: &mut Bench,
        choice: &OperandChoice,
        length: usize,
        rounding: RoundingMode,
    ) {
        let &OperandChoice {
            x,
            sources: [y, z, w],
            scalar,
            masked,
            indirect,
        } = choice;
        if let Some(number) = indirect {
            bench.run(&format!("lvix {number}")).unwrap();
        }
        let vector = |number: usize| {
            if indirect == Some(number) {
                "%vix".to_owned()
            } else {
                format!("%v{number}")
            }
        };
        let name = |place: u8, number: usize| {
            if scalar == place {
                "%s1".to_owned()
            } else {
                vector(number)
            }
        };
        let (ny, nz, nw) = (name(1, y), name(2, z), vector(w));
        let sources = match self.order {
            Order::Yz => format!("{ny}, {nz}"),
            Order::Zy => format!("{nz}, {ny}"),
            Order::Yzw => format!("{ny}, {nz}, {nw}"),
            Order::Y => ny,
            Order::Z => nz,
        };
        let mask = if masked { ", %vm2" } else { "" };
        let text = format!("{} {}, {sources}{mask}", self.mnemonic, vector(x));

        bench.set_length(length);
        bench.set_rounding(rounding);
        let before = bench.cpu().clone();
        let mut flags = Flags::empty();
        let expected: Vec<u64> = (0..256)
            .map(|index| {
                let get = |place: u8, number: usize| {
                    if scalar == place {
                        before.scalar(1)
                    } else {
                        before.vector(number)[index]
                    }
                };
                let sources = [get(1, y), get(2, z), before.vector(w)[index]];
                let on = |mask: usize| index < length && (!masked || bit(before.mask(mask), index));
                let (value, happened) =
                    self.element(sources, before.vector(x)[index], (on(2), on(3)));
                flags |= happened;
                value
            })
            .collect();
        bench.run(&text).unwrap();
        let cpu = bench.cpu();
        for (index, expected) in expected.iter().enumerate() {
            let found = cpu.vector(x)[index];
            assert!(
                self.compare.same(found, *expected),
                "{text}, VL {length}, {rounding:?}, element {index}: {found:#x} instead of {expected:#x}, of {:#x}, {:#x}, {:#x}, s1 {:#x}",
                before.vector(y)[index],
                before.vector(z)[index],
                before.vector(w)[index],
                before.scalar(1),
            );
        }
        assert_eq!(
            cpu.psw.flags(),
            flags,
            "{text}, VL {length}, {rounding:?}, masks {:x?} {:x?}",
            before.mask(2),
            before.mask(3)
        );
        for number in (0..64).filter(|number| *number != x) {
            assert_eq!(cpu.vector(number), before.vector(number), "{text}");
        }
        assert_eq!(cpu.scalar(1), before.scalar(1));
    }
}
