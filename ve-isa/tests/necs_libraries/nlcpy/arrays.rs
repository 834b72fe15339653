//! Arrays of NLCPy in the memory of a machine, and calls of kernels on them.

use std::path::PathBuf;

use ve_isa::machine::Machine;

use crate::{Caller, load, named};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Bool,
    I32,
    I64,
    U32,
    U64,
    F32,
    F64,
    C64,
    C128,
}

pub use Type::{Bool, C64, C128, F32, F64, I32, I64, U32, U64};

pub const TYPES: [Type; 9] = [Bool, I32, I64, U32, U64, F32, F64, C64, C128];

impl Type {
    pub fn name(self) -> &'static str {
        match self {
            Bool => "bool",
            I32 => "i32",
            I64 => "i64",
            U32 => "u32",
            U64 => "u64",
            F32 => "f32",
            F64 => "f64",
            C64 => "c64",
            C128 => "c128",
        }
    }

    pub fn number(self) -> u64 {
        match self {
            Bool => 0,
            I32 => 5,
            U32 => 6,
            I64 => 7,
            U64 => 8,
            F32 => 11,
            F64 => 12,
            C64 => 14,
            C128 => 15,
        }
    }

    pub fn size(self) -> usize {
        match self {
            Bool | I32 | U32 | F32 => 4,
            I64 | U64 | F64 | C64 => 8,
            C128 => 16,
        }
    }

    pub fn is_complex(self) -> bool {
        matches!(self, C64 | C128)
    }

    pub fn is_float(self) -> bool {
        matches!(self, F32 | F64)
    }

    /// A number that the type has, as its bytes.
    pub fn bytes(self, Number { re, im }: Number) -> Vec<u8> {
        match self {
            Bool | I32 => (re as i32).to_le_bytes().to_vec(),
            I64 => (re as i64).to_le_bytes().to_vec(),
            U32 => (re as u32).to_le_bytes().to_vec(),
            U64 => (re as u64).to_le_bytes().to_vec(),
            F32 => (re as f32).to_le_bytes().to_vec(),
            F64 => re.to_le_bytes().to_vec(),
            C64 => [(re as f32).to_le_bytes(), (im as f32).to_le_bytes()].concat(),
            C128 => [re.to_le_bytes(), im.to_le_bytes()].concat(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    pub re: f64,
    pub im: f64,
}

impl Number {
    pub fn real(re: f64) -> Self {
        Self { re, im: 0.0 }
    }

    pub fn truth(value: bool) -> Self {
        Self::real(f64::from(u8::from(value)))
    }

    pub fn is_true(self) -> bool {
        self != Self::real(0.0)
    }
}

/// How elements lie in memory.
#[derive(Debug, Clone)]
pub struct Layout {
    pub shape: Vec<u64>,
    /// In elements.
    pub strides: Vec<u64>,
}

impl Layout {
    pub fn line(length: u64) -> Self {
        Self::spread(length, 1)
    }

    pub fn spread(length: u64, stride: u64) -> Self {
        Self {
            shape: vec![length],
            strides: vec![stride],
        }
    }

    /// Where each element is, in C's order, in elements.
    pub fn places(&self) -> Vec<u64> {
        let mut places = vec![0];
        for (length, stride) in self.shape.iter().zip(&self.strides) {
            let inner = |place: u64| (0..*length).map(move |index| place + index * stride);
            places = places.into_iter().flat_map(inner).collect();
        }
        places
    }

    pub fn span(&self) -> u64 {
        self.places().into_iter().max().map_or(0, |last| last + 1)
    }

    pub fn is_contiguous(&self) -> bool {
        self.places().into_iter().eq(0..self.shape.iter().product())
    }
}

/// An array in the machine's memory.
pub struct Array {
    /// Where the structure is.
    pub place: u64,
    pub content: u64,
    pub kind: Type,
    pub layout: Layout,
}

impl Array {
    /// `elements` are bytes of one element each.
    pub fn new(caller: &mut Caller<'_>, kind: Type, layout: &Layout, elements: &[Vec<u8>]) -> Self {
        let size = kind.size();
        // The bytes between elements must stay.
        let mut bytes = vec![0xa5; (layout.span() as usize + 1) * size];
        for (place, element) in layout.places().into_iter().zip(elements) {
            bytes[place as usize * size..][..size].copy_from_slice(element);
        }
        let content = caller.bytes(&bytes);
        let padded = |words: Vec<u64>| words.into_iter().chain(std::iter::repeat(0)).take(27);
        let strides = layout.strides.iter().map(|stride| stride * size as u64);
        let contiguous = u64::from(layout.is_contiguous());
        let mut words = vec![
            content,
            layout.shape.len() as u64,
            layout.shape.iter().product(),
        ];
        words.extend(padded(layout.shape.clone()));
        words.extend(padded(strides.collect()));
        let in_both = layout.shape.len() < 2;
        let fortran = if in_both { contiguous } else { 0 };
        words.extend([kind.number(), size as u64, contiguous, fortran, 0, 0]);
        Self {
            place: caller.words(&words),
            content,
            kind,
            layout: layout.clone(),
        }
    }

    pub fn zeros(caller: &mut Caller<'_>, kind: Type, layout: &Layout) -> Self {
        let zero = kind.bytes(Number::real(0.0));
        let count = layout.places().len();
        Self::new(caller, kind, layout, &vec![zero; count])
    }

    /// The bytes of each element. The bytes between them are as they were.
    pub fn elements(&self, caller: &Caller<'_>) -> Vec<Vec<u8>> {
        let size = self.kind.size();
        let mut bytes = caller.read(self.content, (self.layout.span() as usize + 1) * size);
        let mut elements = Vec::new();
        for place in self.layout.places() {
            let element = &mut bytes[place as usize * size..][..size];
            elements.push(element.to_vec());
            element.fill(0xa5);
        }
        assert!(
            bytes.iter().all(|byte| *byte == 0xa5),
            "bytes between elements were written"
        );
        elements
    }
}

fn libraries_of(which: &str) -> Vec<PathBuf> {
    let mut paths = named("libnlcpy_ve_kernel_common.so");
    paths.extend(named(which));
    paths
}

pub fn machine(which: &str) -> Machine {
    let machine = Machine::new().unwrap();
    load(&machine, &libraries_of(which)).unwrap();
    machine
}

/// Calls a kernel of arrays, the last of which it writes, where the mask says so; the result is what became of the flags of PSW.
pub fn call(caller: &mut Caller<'_>, name: &str, arrays: &[&Array], mask: Option<&Array>) -> u64 {
    let result = arrays.last().unwrap();
    let dimensions = result.layout.shape.len();
    let counters = caller.words(&[0; 27]);
    let order: Vec<u64> = (0..27).collect();
    let order = caller.words(&order);
    let flags = caller.words(&[0]);
    let mut words = Vec::new();
    for array in arrays.iter().copied().map(Some).chain([mask]) {
        words.extend(array.map_or([0, 0], |array| [array.place, array.content]));
    }
    // Contiguous arrays are taken as a whole.
    let whole = mask.is_none() && arrays.iter().all(|array| array.layout.is_contiguous());
    let end = if whole {
        result.layout.shape.iter().product()
    } else {
        result.layout.shape[0]
    };
    words.extend([0, end, counters, order, dimensions as u64 - 1, 0]);
    for array in arrays.iter().copied().map(Some).chain([mask]) {
        words.push(array.map_or(0, |array| *array.layout.strides.last().unwrap()));
    }
    words.push(flags);
    assert_eq!(caller.call(name, &words), 0, "{name}");
    caller.word(flags)
}
