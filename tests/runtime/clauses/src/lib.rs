//! Random clauses over random arguments: a call is made if, and only if, an evaluator of its own,
//! which reads the text of the clause and computes in integers without limits, does not find it broken.
//!
//! The build script writes the clauses. `VEO_TEST_SEED` gives other ones, and other arguments.

#![cfg(test)]

mod evaluate;

use std::collections::HashMap;

use evaluate::{Environment, Range, Value, evaluate};
use fastrand::Rng;
use veo_core::{
    Arg, Error, OnStack, Result, VeBuffer, VeMemPtr, VeSlice, VeoProc, kernels, ve_kernel,
};
use veo_test_support as _;

include!(concat!(env!("OUT_DIR"), "/clauses.rs"));

/// How many arguments each clause is tried with.
const ROUNDS: usize = 120;

/// The numbers among the arguments.
#[derive(Debug)]
struct Numbers {
    a: i64,
    b: u64,
    c: i8,
    d: u32,
    f: f64,
    g: f32,
    r: i32,
    s: u16,
}

impl Numbers {
    /// Often small, so that comparisons go either way, and often extreme.
    fn random(random: &mut Rng) -> Numbers {
        let mut number = |limit: u64| match random.u32(..4) {
            0 => random.u64(..),
            1 => limit,
            _ => random.u64(..12),
        };
        Numbers {
            a: number(i64::MIN as u64) as i64,
            b: number(u64::MAX),
            c: number(0x80) as i8,
            d: number(u64::from(u32::MAX)) as u32,
            r: (number(0) as i32).wrapping_sub(4),
            s: number(0) as u16,
            f: [0.0, -0.0, 1.5, -3.0, 1e300, f64::NAN, f64::INFINITY][random.usize(..7)],
            g: [0.0, 0.1, -2.5, f32::MAX, f32::NAN][random.usize(..5)],
        }
    }

    fn values(&self) -> HashMap<String, Value> {
        let integers: [(&str, i128); 6] = [
            ("a", self.a.into()),
            ("b", self.b.into()),
            ("c", self.c.into()),
            ("d", self.d.into()),
            ("r", self.r.into()),
            ("s", self.s.into()),
        ];
        let floats = [("f", self.f), ("g", self.g.into())];
        let integers =
            integers.map(|(name, value)| (name.to_owned(), Value::Integer(value.into())));
        let floats = floats.map(|(name, value)| (name.to_owned(), Value::Float(value)));
        integers.into_iter().chain(floats).collect()
    }
}

/// A slice of a buffer.
fn part<'b, T>(random: &mut Rng, of: &'b VeBuffer<T>) -> VeSlice<'b, T> {
    let start = random.usize(..=of.len());
    let end = random.usize(start..=of.len());
    of.slice(start..end).unwrap()
}

fn range<T>(slice: &VeSlice<'_, T>) -> Range {
    Range {
        place: Some(slice.as_ptr().addr()),
        bytes: Some(slice.size()),
    }
}

#[test]
fn calls_are_made_as_their_clauses_say() {
    let proc = VeoProc::new(0).unwrap();
    let texts: HashMap<&str, &str> = kernels()
        .filter(|kernel| kernel.name.starts_with("clause_"))
        .map(|kernel| (kernel.name, kernel.contract[0]))
        .collect();
    let mut random = Rng::with_seed(SEED);
    let numbers = proc.alloc::<f64>(9).unwrap();
    let words = proc.alloc::<i32>(9).unwrap();
    let one = proc.upload(&[3_u16]).unwrap();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for round in 0..CLAUSES * ROUNDS {
        let index = round % CLAUSES;
        let text = texts[format!("clause_{index}").as_str()];
        let n = Numbers::random(&mut random);
        let mut values = n.values();
        let (x, z) = (part(&mut random, &numbers), part(&mut random, &numbers));
        let y = part(&mut random, &words);
        let on_stack = vec![5; random.usize(..4)];
        let mut memory = HashMap::from([("x".to_owned(), range(&x)), ("z".to_owned(), range(&z))]);
        memory.insert("y".to_owned(), range(&y));
        let stack = Range {
            place: None,
            bytes: Some(size_of_val(on_stack.as_slice())),
        };
        let made = match random.u32(..3) {
            0 => call(index, &proc, &n, OnStack::input(&n.s), x, y, z),
            1 => {
                let pointer = match random.bool() {
                    true => x.as_ptr(),
                    false => VeMemPtr::null(),
                };
                let bytes = pointer.is_null().then_some(0);
                let unknown = Range {
                    place: Some(pointer.addr()),
                    bytes,
                };
                memory.insert("x".to_owned(), unknown);
                memory.insert("y".to_owned(), stack);
                let on_stack = OnStack::input(&on_stack);
                call(index, &proc, &n, OnStack::input(&n.s), pointer, on_stack, z)
            }
            _ => {
                values.insert("s".to_owned(), Value::Unknown);
                memory.insert("y".to_owned(), stack);
                call(index, &proc, &n, &one, x, OnStack::input(&on_stack), z)
            }
        };
        let environment = Environment {
            values,
            memory,
            text: text.to_owned(),
        };
        let expected = evaluate(&environment);
        let what = || {
            format!(
                "`{text}` with {n:?}, {:?} is {expected:?}, seed {SEED}",
                environment.memory
            )
        };
        match (made, &expected) {
            (Ok(7), Value::Truth(true) | Value::Unknown) => {}
            (Err(Error::Contract { broken }), Value::Truth(false) | Value::Failed(_)) => {
                assert_eq!(broken.clause, text);
                match (&broken.failure, &expected) {
                    (None, Value::Truth(false)) => {}
                    (Some(failure), Value::Failed(why)) if failure.contains(why) => {}
                    (failure, _) => panic!("{}: {failure:?}", what()),
                }
            }
            (made, _) => panic!("{}, but the call gave {made:?}", what()),
        }
        let kind = match expected {
            Value::Failed(why) => why.to_owned(),
            other => format!("{other:?}"),
        };
        *seen.entry(kind).or_default() += 1;
    }
    for kind in [
        "Truth(true)",
        "Truth(false)",
        "Unknown",
        "overflows",
        "divides",
        "NaN",
        "alignment",
    ] {
        let count = seen.get(kind).copied().unwrap_or_default();
        assert!(count > 50, "{kind} came up {count} times: {seen:?}");
    }
}
