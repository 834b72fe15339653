//! The functions that compilers call for integers of 128 bits. LLVM passes the low half first.

use super::call::{
    Outcome, Table, double, int, result, result_double, result_int, result_pair, result_single,
    single, word,
};
use crate::thread::{Failure, Thread};
use crate::trap::TrapKind;

pub(super) const TABLE: Table = &[
    ("__multi3", |thread| {
        let value = wide(thread, 0).wrapping_mul(wide(thread, 2));
        give(thread, value)
    }),
    ("__divti3", |thread| {
        divide(thread, |a, b| (a as i128).wrapping_div(b as i128) as u128)
    }),
    ("__modti3", |thread| {
        divide(thread, |a, b| (a as i128).wrapping_rem(b as i128) as u128)
    }),
    ("__udivti3", |thread| divide(thread, |a, b| a / b)),
    ("__umodti3", |thread| divide(thread, |a, b| a % b)),
    ("__ashlti3", |thread| {
        shift(thread, |a, n| a.wrapping_shl(n))
    }),
    ("__lshrti3", |thread| {
        shift(thread, |a, n| a.wrapping_shr(n))
    }),
    ("__ashrti3", |thread| {
        shift(thread, |a, n| (a as i128).wrapping_shr(n) as u128)
    }),
    ("__negti2", |thread| {
        let value = wide(thread, 0).wrapping_neg();
        give(thread, value)
    }),
    ("__clzti2", |thread| {
        let count = wide(thread, 0).leading_zeros();
        result_int(thread, count as i32)
    }),
    ("__ctzti2", |thread| {
        let count = wide(thread, 0).trailing_zeros();
        result_int(thread, count as i32)
    }),
    ("__absvti2", |thread| {
        checked(thread, |a, _| a.checked_abs())
    }),
    ("__negvti2", |thread| {
        checked(thread, |a, _| a.checked_neg())
    }),
    ("__parityti2", |thread| {
        let odd = wide(thread, 0).count_ones() & 1;
        result_int(thread, odd as i32)
    }),
    ("__ffsti2", |thread| {
        let value = wide(thread, 0);
        let first = value.trailing_zeros() + 1;
        result_int(thread, if value == 0 { 0 } else { first as i32 })
    }),
    ("__clrsbti2", |thread| {
        let value = wide(thread, 0) as i128;
        let same = (value ^ value >> 127).leading_zeros();
        result_int(thread, same as i32 - 1)
    }),
    ("__popcountti2", |thread| {
        let count = wide(thread, 0).count_ones();
        result_int(thread, count as i32)
    }),
    // 0, 1 or 2 for less, equal, greater.
    ("__cmpti2", |thread| {
        let order = (wide(thread, 0) as i128).cmp(&(wide(thread, 2) as i128));
        result_int(thread, order as i32 + 1)
    }),
    ("__ucmpti2", |thread| {
        let order = wide(thread, 0).cmp(&wide(thread, 2));
        result_int(thread, order as i32 + 1)
    }),
    ("__addvti3", |thread| checked(thread, i128::checked_add)),
    ("__subvti3", |thread| checked(thread, i128::checked_sub)),
    ("__mulvti3", |thread| checked(thread, i128::checked_mul)),
    ("__muloti4", |thread| {
        let (a, b) = (wide(thread, 0) as i128, wide(thread, 2) as i128);
        let (value, overflow) = a.overflowing_mul(b);
        let place = word(thread, 4);
        super::call::store::<4>(thread.window(), place, overflow.into())?;
        give(thread, value as u128)
    }),
    ("__floattidf", |thread| {
        let value = wide(thread, 0) as i128 as f64;
        result_double(thread, value)
    }),
    ("__floatuntidf", |thread| {
        let value = wide(thread, 0) as f64;
        result_double(thread, value)
    }),
    ("__floattisf", |thread| {
        let value = wide(thread, 0) as i128 as f32;
        result_single(thread, value)
    }),
    ("__floatuntisf", |thread| {
        let value = wide(thread, 0) as f32;
        result_single(thread, value)
    }),
    ("__fixdfti", |thread| {
        let value = double(thread, 0) as i128 as u128;
        give(thread, value)
    }),
    ("__fixunsdfti", |thread| {
        let value = double(thread, 0) as u128;
        give(thread, value)
    }),
    ("__fixsfti", |thread| {
        let value = single(thread, 0) as i128 as u128;
        give(thread, value)
    }),
    ("__fixunssfti", |thread| {
        let value = single(thread, 0) as u128;
        give(thread, value)
    }),
    // Compilers do those of 64 bits themselves but may call these.
    ("__fixdfdi", |thread| {
        let value = double(thread, 0) as i64;
        result(thread, value as u64)
    }),
    ("__fixunsdfdi", |thread| {
        let value = double(thread, 0) as u64;
        result(thread, value)
    }),
    ("__fixsfdi", |thread| {
        let value = single(thread, 0) as i64;
        result(thread, value as u64)
    }),
    ("__fixunssfdi", |thread| {
        let value = single(thread, 0) as u64;
        result(thread, value)
    }),
    ("__floatdidf", |thread| {
        let value = word(thread, 0) as i64 as f64;
        result_double(thread, value)
    }),
    ("__floatundidf", |thread| {
        let value = word(thread, 0) as f64;
        result_double(thread, value)
    }),
    ("__floatdisf", |thread| {
        let value = word(thread, 0) as i64 as f32;
        result_single(thread, value)
    }),
    ("__floatundisf", |thread| {
        let value = word(thread, 0) as f32;
        result_single(thread, value)
    }),
    ("__popcountdi2", |thread| {
        let count = word(thread, 0).count_ones();
        result_int(thread, count as i32)
    }),
    ("__popcountsi2", |thread| {
        let count = int(thread, 0).count_ones();
        result_int(thread, count as i32)
    }),
    ("ffs", |thread| {
        let value = int(thread, 0);
        let first = if value == 0 {
            0
        } else {
            value.trailing_zeros() + 1
        };
        result_int(thread, first as i32)
    }),
    ("ffsl", find_first),
    ("ffsll", find_first),
];

/// The number in two registers.
pub(super) fn wide(thread: &Thread, first: usize) -> u128 {
    u128::from(word(thread, first + 1)) << 64 | u128::from(word(thread, first))
}

/// Leaves a result of 128 bits.
pub(super) fn give(thread: &mut Thread, value: u128) -> Outcome {
    result_pair(thread, value as u64, (value >> 64) as u64)
}

/// A divisor of 0 is what the instructions for shorter integers trap for.
fn divide(thread: &mut Thread, operation: fn(u128, u128) -> u128) -> Outcome {
    let (a, b) = (wide(thread, 0), wide(thread, 2));
    if b == 0 {
        let flags = crate::state::psw::Flags::DIVISION;
        return Err(Failure::Trap(TrapKind::Arithmetic { flags }));
    }
    give(thread, operation(a, b))
}

fn shift(thread: &mut Thread, operation: fn(u128, u32) -> u128) -> Outcome {
    let value = operation(wide(thread, 0), word(thread, 2) as u32);
    give(thread, value)
}

fn checked(thread: &mut Thread, operation: fn(i128, i128) -> Option<i128>) -> Outcome {
    let (a, b) = (wide(thread, 0) as i128, wide(thread, 2) as i128);
    match operation(a, b) {
        Some(value) => give(thread, value as u128),
        None => Err(Failure::Trap(TrapKind::Abort)),
    }
}

fn find_first(thread: &mut Thread) -> Outcome {
    let value = word(thread, 0);
    let first = if value == 0 {
        0
    } else {
        value.trailing_zeros() + 1
    };
    result_int(thread, first as i32)
}
