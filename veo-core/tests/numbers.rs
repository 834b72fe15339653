//! Numbers of other crates as plain data: `Complex` of num-complex, `f16` and `bf16` of
//! half. Values go through kernels and come back bit for bit; declarations with another
//! size or sign are refused.
#![cfg(all(feature = "num-complex", feature = "half"))]

mod common;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use half::{bf16, f16};
use num_complex::{Complex, Complex32, Complex64};
use veo_core::{Error, OnStack, Result, VeData, VeoProc, ve_kernel};

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, VeData)]
struct Wave {
    at: Complex64,
    gain: f16,
    tail: [Complex32; 2],
}

#[ve_kernel(lib = "libnumbers.so")]
unsafe extern "C" {
    safe fn rotate(x: *mut Complex<f64>, n: i64, by: &Complex<f64>) -> f64;
    safe fn conjugate(x: &mut [Complex32], n: i64);
    safe fn farthest(x: *mut Complex64, n: i64) -> *mut Complex64;
    safe fn negate_halves(x: *mut f16, n: i64);
    safe fn double_brains(x: &mut [bf16], n: i64);
    safe fn swing(wave: &mut Wave, times: i64);
}

/// This is there only if the C compiler has the type.
#[ve_kernel(lib = "libnumbers.so", optional)]
fn scale_halves(x: *mut f16, n: i64, by: f32);

/// Wrong declarations.
mod wrong {
    use super::*;

    #[ve_kernel(lib = "libnumbers.so", name = "rotate")]
    fn narrow(x: *mut Complex<f32>, n: i64, by: &Complex<f64>) -> f64;

    #[ve_kernel(lib = "libnumbers.so", name = "conjugate")]
    fn integers(x: *mut Complex<i32>, n: i64);

    #[ve_kernel(lib = "libnumbers.so", name = "count_up")]
    fn half_of_it(x: *mut f16);

    #[repr(C)]
    #[derive(Clone, Copy, VeData)]
    pub struct Wave {
        at: Complex64,
        gain: f16,
        tail: [Complex64; 2],
    }

    #[ve_kernel(lib = "libnumbers.so", name = "swing")]
    fn another_layout(wave: *mut Wave, times: i64);

    pub fn errors(proc: &VeoProc) -> [(&'static str, Error); 4] {
        let null = veo_core::NULL;
        let one = Complex::new(1.0, 0.0);
        [
            ("Complex<f32>", narrow(proc, null, 0, &one).unwrap_err()),
            ("Complex<i32>", integers(proc, null, 0).unwrap_err()),
            ("f16", half_of_it(proc, null).unwrap_err()),
            ("layout", another_layout(proc, null, 0).unwrap_err()),
        ]
    }
}

fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let options = ["-O1", "-g", "-std=gnu11"];
    LIBRARY.get_or_init(|| common::compile("numbers.c", "libnumbers.so", &options))
}

fn process() -> VeoProc {
    library();
    VeoProc::new(0).expect("the emulated node is there")
}

#[test]
fn complex_numbers_go_and_come() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let values: Vec<_> = (0..100)
        .map(|i| Complex::new(f64::from(i) * 0.5, -f64::from(i) - 0.25))
        .collect();
    let by = Complex::new(0.5, -2.0);
    let mut buffer = proc.upload(&values)?;
    let sum = rotate(&ctx, &mut buffer, 100, &by)?.wait()?;
    let expected: Vec<_> = values.iter().map(|value| value * by).collect();
    assert_eq!(buffer.to_vec()?, expected);
    // The order is the kernel's, so that the result is the same to the bit.
    let squares = expected.iter().map(|z| z.re * z.re + z.im * z.im);
    assert_eq!(sum, squares.sum::<f64>());
    // Single numbers and arrays are passed by reference on the stack.
    let mut on_stack = [values[3], values[4]];
    rotate(&proc, OnStack::inout(&mut on_stack), 2, &by)?;
    assert_eq!(on_stack, [expected[3], expected[4]]);
    let mut singles = [
        Complex32::new(1.5, f32::MIN_POSITIVE),
        Complex32::new(-0.0, f32::INFINITY),
    ];
    conjugate(&ctx, &mut singles, 2)?.wait()?;
    assert_eq!(singles[0], Complex32::new(1.5, -f32::MIN_POSITIVE));
    assert_eq!(singles[1].re.to_bits(), (-0.0f32).to_bits());
    assert_eq!(singles[1].im, f32::NEG_INFINITY);
    // A pointer to one as the result.
    let last = farthest(&proc, &mut buffer, 100)?;
    assert_eq!(last.addr(), buffer.as_ptr().add(99).addr());
    Ok(())
}

#[test]
fn halves_go_and_come() -> Result<()> {
    let proc = process();
    // Every one there is, as bits.
    let all: Vec<_> = (0..=u16::MAX).map(f16::from_bits).collect();
    let mut buffer = proc.upload(&all)?;
    negate_halves(&proc, &mut buffer, 1 << 16)?;
    let negated = buffer.to_vec()?;
    for (before, after) in all.iter().zip(&negated) {
        assert_eq!(after.to_bits(), (-*before).to_bits(), "of {before:?}");
    }
    let mut brains = [1.0, -3.5, 1e30, 0.0078125].map(bf16::from_f32);
    double_brains(&proc, &mut brains, 4)?;
    assert_eq!(brains, [2.0, -7.0, 2e30, 0.015625].map(bf16::from_f32));
    Ok(())
}

#[test]
fn halves_are_what_the_compiler_calls_a_float16() -> Result<()> {
    let proc = process();
    if proc
        .load_library(library())?
        .find_function("scale_halves")
        .is_err()
    {
        eprintln!("skipped: the C compiler has no _Float16");
        return Ok(());
    }
    let values = [1.0, -0.3333, 65504.0, 6e-8, 0.1].map(f16::from_f32);
    let mut buffer = proc.upload(&values)?;
    scale_halves(&proc, &mut buffer, 5, 0.75)?;
    let expected = values.map(|value| f16::from_f32(value.to_f32() * 0.75));
    assert_eq!(buffer.to_vec()?, expected);
    Ok(())
}

#[test]
fn they_may_be_fields() -> Result<()> {
    let proc = process();
    let mut wave = Wave {
        at: Complex::new(3.0, 4.0),
        gain: f16::from_f32(0.5),
        tail: [Complex::new(1.0, -1.0), Complex::new(0.0, 10.0)],
    };
    swing(&proc, &mut wave, 3)?;
    let expected = Wave {
        at: Complex::new(4.0, -3.0),
        gain: f16::from_f32(-0.5),
        tail: [Complex::new(1.0, -1.0), Complex::new(3.0, 7.0)],
    };
    assert_eq!(wave, expected);
    Ok(())
}

#[test]
fn wrong_declarations_are_refused() {
    for (case, error) in wrong::errors(&process()) {
        assert!(matches!(error, Error::Prototype { .. }), "{case}: {error}");
    }
}
