//! Arguments and results arrive bit for bit, in order, whatever their types, number
//! and values. The kernels record what reached them; they come from a generator
//! (`tests/generated`) or from `ve-kernels/kernels/echo.c`.

use generated::{Generated, KERNELS, get_seen, set_result};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use veo_core::{OnStack, Result, VeoContext, VeoProc};

/// The bits of a word that belong to a value of a type.
fn mask(ty: &str) -> u64 {
    match ty {
        "" => 0,
        "i8" | "u8" => 0xff,
        "i16" | "u16" => 0xffff,
        "i32" | "u32" | "f32" => 0xffff_ffff,
        _ => u64::MAX,
    }
}

/// Words that are often extreme for some type: small, all ones, a lone sign, NaNs.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        prop::sample::select(vec![
            0,
            1,
            u64::MAX,
            0x80,
            0x8000,
            0x8000_0000,
            1 << 63,
            i64::MAX as u64,
            0x7fc0_0001,           // f32: a quiet NaN with a payload
            0xffa0_0001,           // f32: a signalling one, negative
            0x7f80_0000,           // f32: infinity
            0x7ff8_0000_0000_0001, // f64: the same three
            0xfff4_0000_dead_beef,
            0xfff0_0000_0000_0000,
        ]),
    ]
}

#[test]
fn every_argument_arrives_bit_for_bit() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let ctx = proc.open_context()?;
    let counts = KERNELS.iter().map(|kernel| kernel.parameters.len());
    for count in [1, 8, 9, 32, 256] {
        assert!(
            counts.clone().any(|c| c == count),
            "{count} words are tried"
        );
    }
    for kernel in KERNELS {
        let config = Config {
            cases: 24,
            failure_persistence: None,
            ..Config::default()
        };
        TestRunner::new(config)
            .run(
                &(vec(word(), kernel.parameters.len()), word()),
                |(bits, wanted)| {
                    try_one(&ctx, kernel, &bits, wanted);
                    Ok(())
                },
            )
            .unwrap_or_else(|e| panic!("{}({:?}): {e}", kernel.name, kernel.parameters));
    }
    Ok(())
}

fn try_one(ctx: &VeoContext, kernel: &Generated, bits: &[u64], wanted: u64) {
    set_result(ctx, wanted).unwrap().wait().unwrap();
    let (result, back) = (kernel.call)(ctx, bits).unwrap();
    assert_eq!(result, wanted & mask(kernel.result), "the result");
    for (place, word) in back {
        assert_eq!(word, !bits[place], "argument {place}, passed in and out");
    }
    let mut seen = [0; 256];
    get_seen(ctx, OnStack::output(&mut seen))
        .unwrap()
        .wait()
        .unwrap();
    for (place, ty) in kernel.parameters.iter().enumerate() {
        assert_eq!(
            seen[place],
            bits[place] & mask(ty),
            "argument {place}, {ty}"
        );
    }
}

/// Extremes of a type at the places that matter: in the first register, and past the
/// registers on the stack. Compared as bits, so that NaNs count.
macro_rules! first_and_tenth {
    ($($test:ident: $scalar:ident, $first_and_tenth:ident, $same:ident, $values:expr;)*) => {$(
        #[test]
        fn $test() -> Result<()> {
            let proc = VeoProc::new(0)?;
            let ctx = proc.open_context()?;
            let values: &[$scalar] = &$values;
            for &first in values {
                for &tenth in values {
                    let mut out: [$scalar; 2] = Default::default();
                    let out_ = OnStack::output(&mut out);
                    ve_kernels::echo::$first_and_tenth(
                        &ctx, first, -1, -2, -3, -4, -5, -6, -7, -8, tenth, out_,
                    )?
                    .wait()?;
                    assert_eq!(out.map($scalar::to_ne_bytes), [first, tenth].map($scalar::to_ne_bytes));
                }
                let same = ve_kernels::echo::$same(&ctx, first)?.wait()?;
                assert_eq!(same.to_ne_bytes(), first.to_ne_bytes());
                let same = ve_kernels::echo::$same(&proc, first)?;
                assert_eq!(same.to_ne_bytes(), first.to_ne_bytes());
            }
            Ok(())
        }
    )*};
}

first_and_tenth! {
    extremes_of_i8: i8, first_and_tenth_i8, same_i8, [i8::MIN, -1, 0, i8::MAX];
    extremes_of_u8: u8, first_and_tenth_u8, same_u8, [0, 128, u8::MAX];
    extremes_of_i16: i16, first_and_tenth_i16, same_i16, [i16::MIN, -1, 0, i16::MAX];
    extremes_of_u16: u16, first_and_tenth_u16, same_u16, [0, 1 << 15, u16::MAX];
    extremes_of_i32: i32, first_and_tenth_i32, same_i32, [i32::MIN, -1, 0, i32::MAX];
    extremes_of_u32: u32, first_and_tenth_u32, same_u32, [0, 1 << 31, u32::MAX];
    extremes_of_i64: i64, first_and_tenth_i64, same_i64, [i64::MIN, -1, 0, i64::MAX];
    extremes_of_u64: u64, first_and_tenth_u64, same_u64, [0, 1 << 63, u64::MAX];
    extremes_of_f32: f32, first_and_tenth_f32, same_f32, [
        0.0, -0.0, 0.1, f32::MIN, f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1),
        f32::INFINITY, f32::NEG_INFINITY, f32::NAN,
        f32::from_bits(0x7fc1_2345), f32::from_bits(0xffa5_4321),
    ];
    extremes_of_f64: f64, first_and_tenth_f64, same_f64, [
        0.0, -0.0, 0.1, f64::MIN, f64::MAX, f64::MIN_POSITIVE, f64::from_bits(1),
        f64::INFINITY, f64::NEG_INFINITY, f64::NAN,
        f64::from_bits(0x7ff8_0000_1234_5678), f64::from_bits(0xfff4_dead_beef_0001),
    ];
}
