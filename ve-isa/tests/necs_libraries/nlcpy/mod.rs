//! The kernels of NLCPy, whose names say what they compute and on which types.
//!
//! `nlcpy_add_i32_f64_c128` adds arrays of `int` and `double` to one of complex numbers. It has 19 arguments: for each of the three
//! arrays and the mask the structure and the address, the first element and the one after the last of the outermost dimension, a counter
//! and a number for each dimension, which dimensions are the innermost and the outermost, the strides in the innermost one, and where the
//! exceptions of PSW go. The structure has address, number of dimensions, number of elements, 27 lengths, 27 strides in bytes, number of
//! the type, bytes of an element, whether it is contiguous in C's order, in Fortran's.

mod arrays;
mod small;

use ve_isa::trap::TrapKind;

use self::arrays::*;
use self::small::small;
use crate::Caller;

/// The bits of PSW that stand for a division by zero, an overflow, an underflow, an invalid operation, an inexact result.
const DIVISION: u64 = 0x20;

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
