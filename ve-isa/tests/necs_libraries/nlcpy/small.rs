//! Arithmetic of all types on numbers so small that it is exact.

use super::arrays::*;
use crate::Caller;

type Operation = fn(Number, Number) -> Number;

/// The operations on numbers of all types.
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

/// The operations on numbers that have an order.
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

/// The operations on integers.
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

/// The operations that give a truth value, as a number of any type.
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
pub fn small(kind: Type, second: bool) -> Vec<Number> {
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
                    // NLCPy alone decides what these mean.
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
