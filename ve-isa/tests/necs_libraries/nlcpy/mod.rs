//! The kernels of NLCPy, whose names say what they compute and on which types.
//!
//! `nlcpy_add_i32_f64_c128` adds arrays of `int` and `double` to one of complex numbers. It has 19 arguments: for each of the three
//! arrays and the mask the structure and the address, the first element and the one after the last of the outermost dimension, a counter
//! and a number for each dimension, which dimensions are the innermost and the outermost, the strides in the innermost one, and where the
//! exceptions of PSW go. The structure has address, number of dimensions, number of elements, 27 lengths, 27 strides in bytes, number of
//! the type, bytes of an element, whether it is contiguous in C's order, in Fortran's.

use std::path::PathBuf;

use ve_isa::machine::Machine;
use ve_isa::trap::TrapKind;

use crate::{Caller, load, named};

/// The bits of PSW that stand for a division by zero, an overflow, an underflow, an invalid operation, an inexact result.
const DIVISION: u64 = 0x20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
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

use Type::{Bool, C64, C128, F32, F64, I32, I64, U32, U64};

const TYPES: [Type; 9] = [Bool, I32, I64, U32, U64, F32, F64, C64, C128];

impl Type {
    fn name(self) -> &'static str {
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

    fn number(self) -> u64 {
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

    fn size(self) -> usize {
        match self {
            Bool | I32 | U32 | F32 => 4,
            I64 | U64 | F64 | C64 => 8,
            C128 => 16,
        }
    }

    fn is_complex(self) -> bool {
        matches!(self, C64 | C128)
    }

    fn is_float(self) -> bool {
        matches!(self, F32 | F64)
    }

    /// A number that the type has, as its bytes.
    fn bytes(self, Number { re, im }: Number) -> Vec<u8> {
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
struct Number {
    re: f64,
    im: f64,
}

impl Number {
    fn real(re: f64) -> Self {
        Self { re, im: 0.0 }
    }

    fn truth(value: bool) -> Self {
        Self::real(f64::from(u8::from(value)))
    }

    fn is_true(self) -> bool {
        self != Self::real(0.0)
    }
}

/// How elements lie in memory.
#[derive(Debug, Clone)]
struct Layout {
    shape: Vec<u64>,
    /// In elements.
    strides: Vec<u64>,
}

impl Layout {
    fn line(length: u64) -> Self {
        Self::spread(length, 1)
    }

    fn spread(length: u64, stride: u64) -> Self {
        Self {
            shape: vec![length],
            strides: vec![stride],
        }
    }

    /// Where each element is, in C's order, in elements.
    fn places(&self) -> Vec<u64> {
        let mut places = vec![0];
        for (length, stride) in self.shape.iter().zip(&self.strides) {
            let inner = |place: u64| (0..*length).map(move |index| place + index * stride);
            places = places.into_iter().flat_map(inner).collect();
        }
        places
    }

    fn span(&self) -> u64 {
        self.places().into_iter().max().map_or(0, |last| last + 1)
    }

    fn is_contiguous(&self) -> bool {
        self.places().into_iter().eq(0..self.shape.iter().product())
    }
}

/// An array in the machine's memory.
struct Array {
    /// Where the structure is.
    place: u64,
    content: u64,
    kind: Type,
    layout: Layout,
}

impl Array {
    /// `elements` are bytes of one element each.
    fn new(caller: &mut Caller<'_>, kind: Type, layout: &Layout, elements: &[Vec<u8>]) -> Self {
        let size = kind.size();
        // What lies between elements must stay.
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

    fn zeros(caller: &mut Caller<'_>, kind: Type, layout: &Layout) -> Self {
        let zero = kind.bytes(Number::real(0.0));
        let count = layout.places().len();
        Self::new(caller, kind, layout, &vec![zero; count])
    }

    /// The bytes of each element. What lies between them is as it was.
    fn elements(&self, caller: &Caller<'_>) -> Vec<Vec<u8>> {
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

fn machine(which: &str) -> Machine {
    let machine = Machine::new().unwrap();
    load(&machine, &libraries_of(which)).unwrap();
    machine
}

/// Calls a kernel of arrays, the last of which it writes, where the mask says so; the result is what became of the flags of PSW.
fn call(caller: &mut Caller<'_>, name: &str, arrays: &[&Array], mask: Option<&Array>) -> u64 {
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
    // What is contiguous is taken as a whole.
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

type Operation = fn(Number, Number) -> Number;

/// What works on numbers of all types.
const ON_NUMBERS: [(&str, Operation); 5] = [
    ("add", |x, y| Number {
        re: x.re + y.re,
        im: x.im + y.im,
    }),
    ("subtract", |x, y| Number {
        re: x.re - y.re,
        im: x.im - y.im,
    }),
    ("multiply", |x, y| Number {
        re: x.re * y.re - x.im * y.im,
        im: x.re * y.im + x.im * y.re,
    }),
    ("equal", |x, y| Number::truth(x == y)),
    ("not_equal", |x, y| Number::truth(x != y)),
];

/// What works on numbers that have an order.
const ON_ORDERED: [(&str, Operation); 11] = [
    ("less", |x, y| Number::truth(x.re < y.re)),
    ("greater", |x, y| Number::truth(x.re > y.re)),
    ("less_equal", |x, y| Number::truth(x.re <= y.re)),
    ("greater_equal", |x, y| Number::truth(x.re >= y.re)),
    ("maximum", |x, y| Number::real(x.re.max(y.re))),
    ("minimum", |x, y| Number::real(x.re.min(y.re))),
    ("fmax", |x, y| Number::real(x.re.max(y.re))),
    ("fmin", |x, y| Number::real(x.re.min(y.re))),
    ("logical_and", |x, y| {
        Number::truth(x.is_true() && y.is_true())
    }),
    ("logical_or", |x, y| {
        Number::truth(x.is_true() || y.is_true())
    }),
    ("logical_xor", |x, y| {
        Number::truth(x.is_true() != y.is_true())
    }),
];

/// What works on integers.
const ON_INTEGERS: [(&str, Operation); 5] = [
    ("bitwise_and", |x, y| {
        Number::real((x.re as u64 & y.re as u64) as f64)
    }),
    ("bitwise_or", |x, y| {
        Number::real((x.re as u64 | y.re as u64) as f64)
    }),
    ("bitwise_xor", |x, y| {
        Number::real((x.re as u64 ^ y.re as u64) as f64)
    }),
    ("left_shift", |x, y| {
        Number::real(((x.re as u64) << y.re as u64) as f64)
    }),
    ("right_shift", |x, y| {
        Number::real((x.re as u64 >> y.re as u64) as f64)
    }),
];

/// What gives a truth value, as a number of whatever type.
const TO_TRUTH: [&str; 9] = [
    "equal",
    "not_equal",
    "less",
    "greater",
    "less_equal",
    "greater_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
];

/// Small numbers that a type has, so that all arithmetic is exact whatever types are in between. The second never exceeds the first,
/// so that no difference is negative.
fn small(kind: Type, second: bool) -> Vec<Number> {
    (0..300)
        .map(|index: u64| {
            let (high, low) = (3 + index * 7 % 9, index * 5 % 4);
            // No part is 0, whose sign would depend on the order of operations.
            let im = if second { 1 + index % 2 } else { 1 + index % 3 };
            match kind {
                Bool => Number::truth(!second || index.is_multiple_of(3)),
                C64 | C128 => Number {
                    re: (if second { low } else { high }) as f64,
                    im: im as f64,
                },
                _ => Number::real((if second { low } else { high }) as f64),
            }
        })
        .collect()
}

fn run_small(
    caller: &mut Caller<'_>,
    name: &str,
    [a, b, c]: [Type; 3],
    operation: Operation,
) -> Result<(), String> {
    caller.clear();
    let layout = Layout::line(300);
    let (x, mut y) = (small(a, false), small(b, true));
    if a == Bool {
        y.iter_mut().for_each(|y| y.re = y.re.min(1.0));
    }
    let bytes = |kind: Type, numbers: &[Number]| -> Vec<_> {
        numbers.iter().map(|number| kind.bytes(*number)).collect()
    };
    let arrays = [
        Array::new(caller, a, &layout, &bytes(a, &x)),
        Array::new(caller, b, &layout, &bytes(b, &y)),
        Array::zeros(caller, c, &layout),
    ];
    call(caller, name, &arrays.each_ref(), None);
    let expected = x.iter().zip(&y).map(|(x, y)| c.bytes(operation(*x, *y)));
    for (index, (found, expected)) in arrays[2]
        .elements(caller)
        .into_iter()
        .zip(expected)
        .enumerate()
    {
        if found != expected {
            return Err(format!(
                "{name} of {:?} and {:?}: {found:x?}, expected {expected:x?}",
                x[index], y[index]
            ));
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs NEC's libraries"]
fn arithmetic_of_all_types_is_exact_on_small_numbers() {
    let machine = machine("libnlcpy_ve_kernel_no_fast_math.so");
    let mut caller = Caller::new(&machine).start();
    let (mut kernels, mut wrong) = (0, Vec::new());
    for (operations, fits) in [
        (&ON_NUMBERS[..], (|_| true) as fn(Type) -> bool),
        (&ON_ORDERED[..], |kind| !kind.is_complex()),
        (&ON_INTEGERS[..], |kind| {
            !kind.is_complex() && !kind.is_float()
        }),
    ] {
        for (operation, compute) in operations {
            let of = || TYPES.into_iter().filter(|kind| fits(*kind));
            for (a, b) in of().flat_map(|a| of().map(move |b| (a, b))) {
                for c in TYPES {
                    let types = [a, b, c];
                    // What these mean is NLCPy's own affair.
                    let truth = c == Bool && !TO_TRUTH.contains(operation);
                    let real = a.is_complex() && b.is_complex() && !c.is_complex();
                    if truth || real && *operation == "multiply" {
                        continue;
                    }
                    let name = format!("nlcpy_{operation}_{}", types.map(Type::name).join("_"));
                    if machine.symbol(&name).is_some() {
                        kernels += 1;
                        wrong.extend(run_small(&mut caller, &name, types, *compute).err());
                    }
                }
            }
        }
    }
    println!("{kernels} kernels");
    assert!(
        wrong.is_empty(),
        "{} of {kernels} are wrong: {wrong:#?}",
        wrong.len()
    );
    assert!(kernels > 5_000, "{kernels}");
}

/// Layouts of one and two dimensions, shorter and longer than a vector register, with elements side by side and not.
fn layouts() -> Vec<Layout> {
    let lines = [1, 2, 255, 256, 257, 511, 513, 1000].map(Layout::line);
    let others = [
        Layout::spread(300, 3),
        Layout::spread(1, 5),
        Layout {
            shape: vec![7, 300],
            strides: vec![1000, 2],
        },
        Layout {
            shape: vec![40, 3],
            strides: vec![1, 50],
        },
    ];
    lines.into_iter().chain(others).collect()
}

/// Numbers of all sizes, and those that no arithmetic is usual for.
fn floats(random: &mut fastrand::Rng, count: usize, single: bool) -> Vec<u64> {
    (0..count)
        .map(|_| {
            let special = [0.0, 1.0, f64::INFINITY, f64::NAN, f64::MIN_POSITIVE / 8.0];
            let value = match random.u32(0..8) {
                0 => random.choice(special).unwrap(),
                1 => f64::from_bits(random.u64(..)),
                2 if single => f64::from(f32::from_bits(random.u32(..))),
                _ => (random.f64() - 0.5) * 1e3,
            };
            let value = if random.bool() { value } else { -value };
            if single {
                u64::from((value as f32).to_bits())
            } else {
                value.to_bits()
            }
        })
        .collect()
}

/// Whether two results are the same; the bits of what is no number may be any.
fn same(one: u64, other: u64, single: bool) -> bool {
    if single {
        let (one, other) = (f32::from_bits(one as u32), f32::from_bits(other as u32));
        one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan()
    } else {
        let (one, other) = (f64::from_bits(one), f64::from_bits(other));
        one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan()
    }
}

fn elements_of(kind: Type, words: &[u64]) -> Vec<Vec<u8>> {
    words
        .iter()
        .map(|word| word.to_le_bytes()[..kind.size()].to_vec())
        .collect()
}

fn word_of(element: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..element.len()].copy_from_slice(element);
    u64::from_le_bytes(word)
}

/// Calls a kernel on columns of words, in all layouts, with a mask and without one, and compares its results with those of a function.
fn compare(
    caller: &mut Caller<'_>,
    name: &str,
    (from, to): (Type, Type),
    columns: usize,
    make: &mut dyn FnMut(usize) -> Vec<u64>,
    expected: &dyn Fn(&[u64]) -> u64,
    is_same: &dyn Fn(u64, u64) -> bool,
) {
    for (number, layout) in layouts().into_iter().enumerate() {
        caller.clear();
        let count = layout.places().len();
        let inputs: Vec<_> = (0..columns).map(|_| make(count)).collect();
        let mut arrays = Vec::new();
        for input in &inputs {
            arrays.push(Array::new(caller, from, &layout, &elements_of(from, input)));
        }
        arrays.push(Array::zeros(caller, to, &layout));
        let masked = number % 2 == 1;
        let chosen = |index: usize| !masked || index % 3 != 1;
        let bits: Vec<u64> = (0..count).map(|index| u64::from(chosen(index))).collect();
        let mask = masked.then(|| Array::new(caller, Bool, &layout, &elements_of(Bool, &bits)));
        call(
            caller,
            name,
            &arrays.iter().collect::<Vec<_>>(),
            mask.as_ref(),
        );
        let results = arrays.last().unwrap().elements(caller);
        for (index, element) in results.iter().enumerate() {
            let operands: Vec<u64> = inputs.iter().map(|input| input[index]).collect();
            let expected = if chosen(index) {
                expected(&operands)
            } else {
                0
            };
            let found = word_of(element);
            assert!(
                is_same(found, expected),
                "{name}, {layout:?}, element {index}: of {operands:x?} {found:#x}, expected {expected:#x}"
            );
        }
    }
}

/// A function of two doubles, and of two floats.
type OfTwo = (&'static str, fn(f64, f64) -> f64, fn(f32, f32) -> f32);
/// A function of one double, and of one float.
type OfOne = (&'static str, fn(f64) -> f64, fn(f32) -> f32);

fn of_floats(
    caller: &mut Caller<'_>,
    name: &str,
    double: &dyn Fn(&[f64]) -> f64,
    single: &dyn Fn(&[f32]) -> f32,
    columns: usize,
) {
    let mut random = fastrand::Rng::with_seed(columns as u64);
    for is_single in [false, true] {
        let kind = if is_single { F32 } else { F64 };
        let name = format!(
            "nlcpy_{name}{}",
            format!("_{}", kind.name()).repeat(columns + 1)
        );
        let expected = |words: &[u64]| {
            if is_single {
                let values: Vec<f32> = words
                    .iter()
                    .map(|word| f32::from_bits(*word as u32))
                    .collect();
                u64::from(single(&values).to_bits())
            } else {
                let values: Vec<f64> = words.iter().map(|word| f64::from_bits(*word)).collect();
                double(&values).to_bits()
            }
        };
        let mut make = |count| floats(&mut random, count, is_single);
        let is_same = |one, other| same(one, other, is_single);
        compare(
            caller,
            &name,
            (kind, kind),
            columns,
            &mut make,
            &expected,
            &is_same,
        );
    }
}

#[test]
#[ignore = "needs NEC's libraries"]
fn arithmetic_with_floats_is_that_of_the_host() {
    let machine = machine("libnlcpy_ve_kernel_no_fast_math.so");
    let mut caller = Caller::new(&machine).start();
    let of_two: [OfTwo; 5] = [
        ("add", |x, y| x + y, |x, y| x + y),
        ("subtract", |x, y| x - y, |x, y| x - y),
        ("multiply", |x, y| x * y, |x, y| x * y),
        ("divide", |x, y| x / y, |x, y| x / y),
        ("true_divide", |x, y| x / y, |x, y| x / y),
    ];
    for (name, double, single) in of_two {
        of_floats(
            &mut caller,
            name,
            &|x| double(x[0], x[1]),
            &|x| single(x[0], x[1]),
            2,
        );
    }
    let of_one: [OfOne; 9] = [
        ("negative", |x| -x, |x| -x),
        ("absolute", f64::abs, f32::abs),
        ("fabs", f64::abs, f32::abs),
        ("square", |x| x * x, |x| x * x),
        ("reciprocal", f64::recip, f32::recip),
        ("ceil", f64::ceil, f32::ceil),
        ("floor", f64::floor, f32::floor),
        ("trunc", f64::trunc, f32::trunc),
        // It calls C's `round`.
        ("rint", f64::round, f32::round),
    ];
    for (name, double, single) in of_one {
        of_floats(&mut caller, name, &|x| double(x[0]), &|x| single(x[0]), 1);
    }
}

#[test]
#[ignore = "needs NEC's libraries"]
fn arithmetic_with_integers_is_that_of_the_host() {
    let machine = machine("libnlcpy_ve_kernel_no_fast_math.so");
    let mut caller = Caller::new(&machine).start();
    let mut random = fastrand::Rng::with_seed(5);
    type Wide = fn(i128, i128) -> i128;
    let operations: [(&str, Wide); 9] = [
        ("add", |x, y| x + y),
        ("subtract", |x, y| x - y),
        ("multiply", i128::wrapping_mul),
        ("maximum", |x, y| x.max(y)),
        ("minimum", |x, y| x.min(y)),
        ("bitwise_and", |x, y| x & y),
        ("bitwise_or", |x, y| x | y),
        ("bitwise_xor", |x, y| x ^ y),
        ("fmod", |x, y| x % y),
    ];
    for (operation, compute) in operations {
        for kind in [I32, I64, U32, U64] {
            let value = |word: u64| match kind {
                I32 => i128::from(word as i32),
                U32 => i128::from(word as u32),
                I64 => i128::from(word as i64),
                _ => i128::from(word),
            };
            let mask = if kind.size() == 4 {
                0xffff_ffff
            } else {
                u64::MAX
            };
            let name = format!("nlcpy_{operation}{}", format!("_{}", kind.name()).repeat(3));
            let mut make = |count| -> Vec<u64> {
                let word = |_| match random.u32(0..4) {
                    0 => random.u64(..) & mask,
                    1 => mask,
                    _ => random.u64(1..20),
                };
                (0..count).map(word).map(|word| word.max(1)).collect()
            };
            let expected = |words: &[u64]| compute(value(words[0]), value(words[1])) as u64 & mask;
            compare(
                &mut caller,
                &name,
                (kind, kind),
                2,
                &mut make,
                &expected,
                &|one, other| one == other,
            );
        }
    }
}

#[test]
#[ignore = "needs NEC's libraries"]
fn quick_division_is_nearly_right() {
    let machine = machine("libnlcpy_ve_kernel_fast_math.so");
    let mut caller = Caller::new(&machine).start();
    let mut random = fastrand::Rng::with_seed(6);
    let mut make = |count| -> Vec<u64> {
        (0..count)
            .map(|_| (random.f64() * 1e6 + 1e-3).to_bits())
            .collect()
    };
    let expected = |words: &[u64]| (f64::from_bits(words[0]) / f64::from_bits(words[1])).to_bits();
    compare(
        &mut caller,
        "nlcpy_divide_f64_f64_f64",
        (F64, F64),
        2,
        &mut make,
        &expected,
        &|one, other| one.abs_diff(other) <= 4,
    );
}

#[test]
#[ignore = "needs NEC's libraries"]
fn sums_and_extremes_are_those_of_the_elements() {
    let machine = machine("libnlcpy_ve_kernel_no_fast_math.so");
    let mut caller = Caller::new(&machine).start();
    type Fold = fn(f64, f64) -> f64;
    let operations: [(&str, Fold); 3] = [
        ("add", |x, y| x + y),
        ("maximum", f64::max),
        ("minimum", f64::min),
    ];
    for (operation, fold) in operations {
        for kind in TYPES
            .into_iter()
            .filter(|kind| !kind.is_complex() && *kind != Bool)
        {
            for (number, layout) in layouts()
                .into_iter()
                .filter(|it| it.shape.len() == 1)
                .enumerate()
            {
                caller.clear();
                let values = small(kind, false).into_iter().cycle().map(|value| value.re);
                let values: Vec<f64> = values.take(layout.places().len()).collect();
                let elements = values.iter().map(|value| kind.bytes(Number::real(*value)));
                let elements: Vec<_> = elements.collect();
                let x = Array::new(&mut caller, kind, &layout, &elements);
                let y = Array::zeros(&mut caller, kind, &Layout::line(1));
                let begin = kind.bytes(Number::real(40.0));
                let initial = Array::new(&mut caller, kind, &Layout::line(1), &[begin]);
                let flags = caller.words(&[0]);
                let begins = number % 2 == 0;
                let name = format!("nlcpy_{operation}_reduce_{0}_{0}", kind.name());
                let words = [
                    x.place,
                    y.place,
                    0,
                    u64::from(begins),
                    initial.place,
                    0,
                    0,
                    flags,
                ];
                assert_eq!(caller.call(&name, &words), 0, "{name}");
                let first = begins.then_some(40.0);
                let expected = first.into_iter().chain(values).reduce(fold).unwrap();
                let expected = kind.bytes(Number::real(expected));
                assert_eq!(y.elements(&caller), [expected], "{name} {layout:?}");
            }
        }
    }
}

#[test]
#[ignore = "needs NEC's libraries"]
fn exceptions_are_those_of_the_elements_that_count() {
    let machine = machine("libnlcpy_ve_kernel_no_fast_math.so");
    let mut caller = Caller::new(&machine).start();
    let layout = Layout::line(300);
    let ones = vec![1_f64.to_le_bytes().to_vec(); 300];
    let mut divisors = ones.clone();
    divisors[70] = vec![0; 8];
    let name = "nlcpy_divide_f64_f64_f64";
    for (divisors, hidden, expected) in [
        (&ones, false, 0),
        (&divisors, true, 0),
        (&divisors, false, DIVISION),
    ] {
        caller.clear();
        let mut mask = vec![1_u32.to_le_bytes().to_vec(); 300];
        mask[70] = vec![0; 4];
        let x = Array::new(&mut caller, F64, &layout, &ones);
        let y = Array::new(&mut caller, F64, &layout, divisors);
        let z = Array::zeros(&mut caller, F64, &layout);
        let mask = Array::new(&mut caller, Bool, &layout, &mask);
        let flags = call(&mut caller, name, &[&x, &y, &z], hidden.then_some(&mask));
        assert_eq!(flags & DIVISION, expected, "hidden: {hidden}");
    }
}

#[test]
#[ignore = "needs NEC's libraries"]
fn functions_of_their_runtime_are_named_when_they_are_called() {
    let machine = machine("libnlcpy_ve_kernel_no_fast_math.so");
    let mut caller = Caller::new(&machine).start();
    let layout = Layout::line(300);
    let x = Array::zeros(&mut caller, F64, &layout);
    let y = Array::zeros(&mut caller, F64, &layout);
    let flags = caller.words(&[0]);
    let words = [
        x.place, x.content, y.place, y.content, 0, 0, 0, 300, 0, 0, 0, 0, 1, 1, 0, flags,
    ];
    let trap = caller.try_call("nlcpy_sin_f64_f64", &words).unwrap_err();
    let missing = "__vec_sin_chk".to_owned();
    assert_eq!(trap.kind, TrapKind::MissingSymbol { name: missing });
}
