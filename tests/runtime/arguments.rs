//! Arguments and results arrive bit for bit, in order, whatever their types, number
//! and values: 1 to 256 words, and the extremes of every scalar type. Random signatures
//! are the matter of `random/`.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use veo_core::{OnStack, Result, VeoProc};
use veo_test_support as _;
use words::{KERNELS, get_seen};

/// Words that are often extreme: small, all ones, a lone sign of some width.
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
        ]),
    ]
}

#[test]
fn words_of_any_number_arrive_in_order() -> Result<()> {
    let proc = VeoProc::new(0)?;
    let ctx = proc.open_context()?;
    for &(count, call) in KERNELS {
        let config = Config {
            cases: 64,
            failure_persistence: None,
            ..Config::default()
        };
        TestRunner::new(config)
            .run(&vec(word(), count), |words| {
                let last = call(&ctx, &words).unwrap();
                let mut seen = [0; 256];
                get_seen(&ctx, OnStack::output(&mut seen))
                    .unwrap()
                    .wait()
                    .unwrap();
                assert_eq!(seen[..count], words);
                assert!(seen[count..].iter().all(|&word| word == 0));
                assert_eq!(last, words[count - 1]);
                Ok(())
            })
            .unwrap_or_else(|e| panic!("{count} words: {e}"));
    }
    Ok(())
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
