//! The registers that a client sees: numbers, sizes, the description that tells it of them.
//!
//! | number | |
//! |---|---|
//! | 0 to 63 | `s0` to `s63`, 64 bits |
//! | 64, 65, 66 | `ic`, `psw`, `vl`, 64 bits |
//! | 67 to 130 | `v0` to `v63`, 256 elements of 64 bits |
//! | 131 to 146 | `vm0` to `vm15`, 256 bits, element 0 first |
//!
//! The first 67 are read and written together, the others one by one.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::sync::OnceLock;

use gdbstub::arch::{Arch, RegId, Registers};
use ve_isa::state::psw::Psw;
use ve_isa::state::{Cpu, ELEMENTS};

const SCALARS: usize = 64;
const IC: usize = 64;
const PSW: usize = 65;
const VL: usize = 66;
const VECTORS: usize = 67;
const MASKS: usize = VECTORS + 64;
const END: usize = MASKS + 16;

/// Bytes of a vector register, the largest of all.
pub(crate) const LARGEST: usize = ELEMENTS * 8;

/// The first registers, which are read and written together.
pub(crate) type RegisterWords = [u64; VECTORS];

/// The machine, as `gdbstub` wants to know it.
pub(crate) enum VectorEngine {}

impl Arch for VectorEngine {
    type Usize = u64;
    type Registers = PlainRegisters;
    type BreakpointKind = usize;
    type RegId = Register;

    fn target_description_xml() -> Option<&'static str> {
        static TEXT: OnceLock<String> = OnceLock::new();
        Some(TEXT.get_or_init(description))
    }
}

fn description() -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n\
         <architecture>ve</architecture>\n<feature name=\"ve.scalar\">\n",
    );
    // Writing to a string cannot fail.
    let mut line = |name: &str, bits: usize, kind: &str, number: usize| {
        let _ = writeln!(
            text,
            "<reg name=\"{name}\" bitsize=\"{bits}\" type=\"{kind}\" regnum=\"{number}\"/>"
        );
        if number == VL {
            text += "</feature>\n<feature name=\"ve.vector\">\n\
                     <vector id=\"doubles\" type=\"ieee_double\" count=\"256\"/>\n\
                     <vector id=\"floats\" type=\"ieee_single\" count=\"512\"/>\n\
                     <vector id=\"words\" type=\"uint64\" count=\"256\"/>\n\
                     <vector id=\"mask\" type=\"uint64\" count=\"4\"/>\n\
                     <union id=\"elements\"><field name=\"d\" type=\"doubles\"/><field name=\"f\" type=\"floats\"/>\
                     <field name=\"l\" type=\"words\"/></union>\n";
        }
    };
    for number in 0..SCALARS {
        // The purpose of these in the conventions for calls.
        let kind = match number {
            8 | 9 | 11 | 14..=16 => "data_ptr",
            10 | 12 => "code_ptr",
            _ => "int64",
        };
        line(&format!("s{number}"), 64, kind, number);
    }
    line("ic", 64, "code_ptr", IC);
    line("psw", 64, "uint64", PSW);
    line("vl", 64, "uint64", VL);
    for number in 0..64 {
        line(
            &format!("v{number}"),
            LARGEST * 8,
            "elements",
            VECTORS + number,
        );
    }
    for number in 0..16 {
        line(&format!("vm{number}"), 256, "mask", MASKS + number);
    }
    text + "</feature>\n</target>\n"
}

/// One register, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Register(usize);

impl RegId for Register {
    fn from_raw_id(id: usize) -> Option<(Self, Option<NonZeroUsize>)> {
        if id >= END {
            return None;
        }
        let register = Self(id);
        Some((register, NonZeroUsize::new(register.size())))
    }
}

impl Register {
    /// Its bytes.
    fn size(self) -> usize {
        match self.0 {
            ..VECTORS => 8,
            VECTORS..MASKS => LARGEST,
            MASKS.. => 32,
        }
    }

    /// Its place among the first registers, if it is one.
    pub(crate) fn plain(self) -> Option<usize> {
        (self.0 < VECTORS).then_some(self.0)
    }

    /// Reads it, as little-endian bytes. The result is how many.
    pub(crate) fn read(self, cpu: &Cpu, into: &mut [u8]) -> usize {
        let fill = |words: &[u64], into: &mut [u8]| {
            let bytes = words.iter().flat_map(|word| word.to_le_bytes());
            into.iter_mut()
                .zip(bytes)
                .map(|(to, byte)| *to = byte)
                .count()
        };
        match self.0 {
            number @ ..VECTORS => fill(&[plain(cpu)[number]], into),
            number @ VECTORS..MASKS => fill(cpu.vector(number - VECTORS), into),
            number => fill(cpu.mask(number - MASKS), into),
        }
    }

    /// Writes it. The result says whether it can have this value.
    pub(crate) fn write(self, cpu: &mut Cpu, from: &[u8]) -> bool {
        if from.len() != self.size() {
            return false;
        }
        let mut words = from
            .as_chunks::<8>()
            .0
            .iter()
            .map(|word| u64::from_le_bytes(*word));
        match self.0 {
            number @ ..VECTORS => {
                let value = words.next().unwrap_or_default();
                set_plain(cpu, number, value)
            }
            number @ VECTORS..MASKS => {
                let elements = cpu.vector_mut(number - VECTORS);
                elements
                    .iter_mut()
                    .zip(words)
                    .for_each(|(to, word)| *to = word);
                true
            }
            MASKS => false,
            number => {
                let mut mask = *cpu.mask(number - MASKS);
                mask.iter_mut().zip(words).for_each(|(to, word)| *to = word);
                cpu.set_mask(number - MASKS, mask);
                true
            }
        }
    }
}

/// The first registers of a thread.
pub(crate) fn plain(cpu: &Cpu) -> RegisterWords {
    std::array::from_fn(|number| match number {
        IC => cpu.ic,
        PSW => cpu.psw.bits(),
        VL => cpu.vl() as u64,
        number => cpu.scalar(number),
    })
}

/// Sets one of the first registers. The result says whether it can have this value.
fn set_plain(cpu: &mut Cpu, number: usize, value: u64) -> bool {
    match number {
        IC => cpu.ic = value,
        PSW => cpu.psw = Psw::from_bits(value),
        VL if value > ELEMENTS as u64 => return false,
        VL => cpu.set_vl(value as usize),
        number => cpu.set_scalar(number, value),
    }
    true
}

/// Sets all of them, or none where one cannot have its value.
pub(crate) fn set_all_plain(cpu: &mut Cpu, words: &RegisterWords) -> bool {
    if words[VL] > ELEMENTS as u64 {
        return false;
    }
    words
        .iter()
        .enumerate()
        .all(|(number, word)| set_plain(cpu, number, *word))
}

/// The first registers, where they are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PlainRegisters(pub(crate) Option<RegisterWords>);

impl Registers for PlainRegisters {
    type ProgramCounter = u64;

    fn pc(&self) -> u64 {
        self.0.map_or(0, |words| words[IC])
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        match &self.0 {
            Some(words) => words
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .for_each(|byte| write_byte(Some(byte))),
            None => (0..VECTORS * 8).for_each(|_| write_byte(None)),
        }
    }

    fn gdb_deserialize(&mut self, bytes: &[u8]) -> Result<(), ()> {
        // A write with too few bytes is refused. That is no reason to end a session.
        let (words, rest) = bytes.as_chunks::<8>();
        let words: Option<&[[u8; 8]; VECTORS]> = words.try_into().ok();
        self.0 = words
            .filter(|_| rest.is_empty())
            .map(|words| words.map(u64::from_le_bytes));
        Ok(())
    }
}
