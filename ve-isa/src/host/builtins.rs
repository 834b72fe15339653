//! The functions that compilers call where they have no instruction or are told not to use it: integers of 32 and 64 bits, floats.

use super::call::{
    Outcome, Table, double, int, load, result, result_double, result_int, result_single, single,
    store, word,
};
use super::integers::{give, wide};
use crate::state::psw::Flags;
use crate::thread::{Failure, Thread};
use crate::trap::TrapKind;

/// Functions of one or two numbers of these kinds.
macro_rules! functions {
    ($($name:literal $read:ident $take:ident ($($argument:ident)*) $leave:ident $value:expr;)*) => {
        pub(super) const PURE: Table = &[$(
            ($name, |thread| {
                let [$($argument),*] = $take(thread, $read);
                $leave(thread, $value)
            }),
        )*];
    };
}

fn one<T>(thread: &Thread, read: impl Fn(&Thread, usize) -> T) -> [T; 1] {
    [read(thread, 0)]
}

fn two<T>(thread: &Thread, read: impl Fn(&Thread, usize) -> T) -> [T; 2] {
    [read(thread, 0), read(thread, 1)]
}

fn long(thread: &Thread, number: usize) -> i64 {
    word(thread, number) as i64
}

fn unsigned(thread: &Thread, number: usize) -> u32 {
    word(thread, number) as u32
}

fn leave(thread: &mut Thread, value: i64) -> Outcome {
    result(thread, value as u64)
}

/// An `unsigned` is extended by zeros.
fn leave_unsigned(thread: &mut Thread, value: u32) -> Outcome {
    result(thread, value.into())
}

/// -1, 0 or 1; a NaN makes it `unordered`.
fn order<T: PartialOrd>(left: T, right: T, unordered: i32) -> i32 {
    left.partial_cmp(&right)
        .map_or(unordered, |order| order as i32)
}

functions! {
    "__ashldi3" long two (a n) leave a.wrapping_shl(n as u32);
    "__ashrdi3" long two (a n) leave a.wrapping_shr(n as u32);
    "__lshrdi3" word two (a n) result a.wrapping_shr(n as u32);
    "__muldi3" long two (a b) leave a.wrapping_mul(b);
    "__negdi2" long one (a) leave a.wrapping_neg();
    "__bswapdi2" word one (a) result a.swap_bytes();
    "__bswapsi2" unsigned one (a) leave_unsigned a.swap_bytes();
    "__clzdi2" word one (a) result_int a.leading_zeros() as i32;
    "__clzsi2" unsigned one (a) result_int a.leading_zeros() as i32;
    "__ctzdi2" word one (a) result_int a.trailing_zeros() as i32;
    "__ctzsi2" unsigned one (a) result_int a.trailing_zeros() as i32;
    "__ffsdi2" long one (a) result_int if a == 0 { 0 } else { a.trailing_zeros() as i32 + 1 };
    "__clrsbdi2" long one (a) result_int (a ^ a >> 63).leading_zeros() as i32 - 1;
    "__clrsbsi2" int one (a) result_int (a ^ a >> 31).leading_zeros() as i32 - 1;
    "__paritydi2" word one (a) result_int a.count_ones() as i32 & 1;
    "__paritysi2" unsigned one (a) result_int a.count_ones() as i32 & 1;
    "__cmpdi2" long two (a b) result_int order(a, b, 0) + 1;
    "__ucmpdi2" word two (a b) result_int order(a, b, 0) + 1;
    "__adddf3" double two (a b) result_double a + b;
    "__subdf3" double two (a b) result_double a - b;
    "__muldf3" double two (a b) result_double a * b;
    "__divdf3" double two (a b) result_double a / b;
    "__negdf2" double one (a) result_double -a;
    "__addsf3" single two (a b) result_single a + b;
    "__subsf3" single two (a b) result_single a - b;
    "__mulsf3" single two (a b) result_single a * b;
    "__divsf3" single two (a b) result_single a / b;
    "__negsf2" single one (a) result_single -a;
    "__cmpdf2" double two (a b) result_int order(a, b, 1);
    "__eqdf2" double two (a b) result_int order(a, b, 1);
    "__nedf2" double two (a b) result_int order(a, b, 1);
    "__ltdf2" double two (a b) result_int order(a, b, 1);
    "__ledf2" double two (a b) result_int order(a, b, 1);
    "__gtdf2" double two (a b) result_int order(a, b, -1);
    "__gedf2" double two (a b) result_int order(a, b, -1);
    "__unorddf2" double two (a b) result_int i32::from(a.is_nan() || b.is_nan());
    "__cmpsf2" single two (a b) result_int order(a, b, 1);
    "__eqsf2" single two (a b) result_int order(a, b, 1);
    "__nesf2" single two (a b) result_int order(a, b, 1);
    "__ltsf2" single two (a b) result_int order(a, b, 1);
    "__lesf2" single two (a b) result_int order(a, b, 1);
    "__gtsf2" single two (a b) result_int order(a, b, -1);
    "__gesf2" single two (a b) result_int order(a, b, -1);
    "__unordsf2" single two (a b) result_int i32::from(a.is_nan() || b.is_nan());
    "__extendsfdf2" single one (a) result_double f64::from(a);
    "__truncdfsf2" double one (a) result_single a as f32;
    "__fixdfsi" double one (a) result_int a as i32;
    "__fixsfsi" single one (a) result_int a as i32;
    "__fixunsdfsi" double one (a) leave_unsigned a as u32;
    "__fixunssfsi" single one (a) leave_unsigned a as u32;
    "__floatsidf" int one (a) result_double f64::from(a);
    "__floatsisf" int one (a) result_single a as f32;
    "__floatunsidf" unsigned one (a) result_double f64::from(a);
    "__floatunsisf" unsigned one (a) result_single a as f32;
}

pub(super) const CHECKED: Table = &[
    ("__divdi3", |thread| {
        let [a, b] = nonzero(thread, long)?;
        leave(thread, a.wrapping_div(b))
    }),
    ("__moddi3", |thread| {
        let [a, b] = nonzero(thread, long)?;
        leave(thread, a.wrapping_rem(b))
    }),
    ("__udivdi3", |thread| {
        let [a, b] = nonzero(thread, word)?;
        result(thread, a / b)
    }),
    ("__umoddi3", |thread| {
        let [a, b] = nonzero(thread, word)?;
        result(thread, a % b)
    }),
    ("__divsi3", |thread| {
        let [a, b] = nonzero(thread, int)?;
        result_int(thread, a.wrapping_div(b))
    }),
    ("__modsi3", |thread| {
        let [a, b] = nonzero(thread, int)?;
        result_int(thread, a.wrapping_rem(b))
    }),
    ("__udivsi3", |thread| {
        let [a, b] = nonzero(thread, unsigned)?;
        leave_unsigned(thread, a / b)
    }),
    ("__umodsi3", |thread| {
        let [a, b] = nonzero(thread, unsigned)?;
        leave_unsigned(thread, a % b)
    }),
    ("__divmoddi4", |thread| {
        let [a, b] = nonzero(thread, long)?;
        store::<8>(thread.window(), word(thread, 2), a.wrapping_rem(b) as u64)?;
        leave(thread, a.wrapping_div(b))
    }),
    ("__udivmoddi4", |thread| {
        let [a, b] = nonzero(thread, word)?;
        store_unless_null(thread, 2, a % b)?;
        result(thread, a / b)
    }),
    ("__divmodsi4", |thread| {
        let [a, b] = nonzero(thread, int)?;
        store::<4>(thread.window(), word(thread, 2), a.wrapping_rem(b) as u64)?;
        result_int(thread, a.wrapping_div(b))
    }),
    ("__udivmodsi4", |thread| {
        let [a, b] = nonzero(thread, unsigned)?;
        let place = word(thread, 2);
        if place != 0 {
            store::<4>(thread.window(), place, (a % b).into())?;
        }
        leave_unsigned(thread, a / b)
    }),
    ("__udivmodti4", |thread| {
        let (a, b, place) = (wide(thread, 0), wide(thread, 2), word(thread, 4));
        if b == 0 {
            return Err(division_by_zero());
        }
        if place != 0 {
            store_wide(thread, place, a % b)?;
        }
        give(thread, a / b)
    }),
    ("__divmodti4", |thread| {
        let (a, b) = (wide(thread, 0) as i128, wide(thread, 2) as i128);
        if b == 0 {
            return Err(division_by_zero());
        }
        store_wide(thread, word(thread, 4), a.wrapping_rem(b) as u128)?;
        give(thread, a.wrapping_div(b) as u128)
    }),
    ("__addvdi3", |thread| checked(thread, i64::checked_add)),
    ("__subvdi3", |thread| checked(thread, i64::checked_sub)),
    ("__mulvdi3", |thread| checked(thread, i64::checked_mul)),
    ("__addvsi3", |thread| checked_int(thread, i32::checked_add)),
    ("__subvsi3", |thread| checked_int(thread, i32::checked_sub)),
    ("__mulvsi3", |thread| checked_int(thread, i32::checked_mul)),
    ("__negvdi2", |thread| {
        checked(thread, |a, _| a.checked_neg())
    }),
    ("__negvsi2", |thread| {
        checked_int(thread, |a, _| a.checked_neg())
    }),
    ("__absvdi2", |thread| {
        checked(thread, |a, _| a.checked_abs())
    }),
    ("__absvsi2", |thread| {
        checked_int(thread, |a, _| a.checked_abs())
    }),
    ("__mulodi4", |thread| {
        let (value, overflow) = long(thread, 0).overflowing_mul(long(thread, 1));
        store::<4>(thread.window(), word(thread, 2), overflow.into())?;
        leave(thread, value)
    }),
    ("__mulosi4", |thread| {
        let (value, overflow) = int(thread, 0).overflowing_mul(int(thread, 1));
        store::<4>(thread.window(), word(thread, 2), overflow.into())?;
        result_int(thread, value)
    }),
];

fn division_by_zero() -> Failure {
    let flags = Flags::DIVISION;
    Failure::Trap(TrapKind::Arithmetic { flags })
}

/// A divisor of 0 is what the instructions trap for.
fn nonzero<T: Default + PartialEq>(
    thread: &Thread,
    read: impl Fn(&Thread, usize) -> T,
) -> Result<[T; 2], Failure> {
    let pair = two(thread, read);
    if pair[1] == T::default() {
        return Err(division_by_zero());
    }
    Ok(pair)
}

fn store_unless_null(thread: &Thread, number: usize, value: u64) -> Outcome {
    match word(thread, number) {
        0 => Ok(()),
        place => store::<8>(thread.window(), place, value),
    }
}

fn store_wide(thread: &Thread, place: u64, value: u128) -> Outcome {
    load::<8>(thread.window(), place.wrapping_add(8))?;
    store::<8>(thread.window(), place, value as u64)?;
    store::<8>(thread.window(), place.wrapping_add(8), (value >> 64) as u64)
}

fn checked(thread: &mut Thread, operation: fn(i64, i64) -> Option<i64>) -> Outcome {
    let [a, b] = two(thread, long);
    match operation(a, b) {
        Some(value) => leave(thread, value),
        None => Err(TrapKind::Abort.into()),
    }
}

fn checked_int(thread: &mut Thread, operation: fn(i32, i32) -> Option<i32>) -> Outcome {
    let [a, b] = two(thread, int);
    match operation(a, b) {
        Some(value) => result_int(thread, value),
        None => Err(TrapKind::Abort.into()),
    }
}
