//! A unit for hosts whose own we do not drive: the exact one, and a status for each thread.

use std::cell::Cell;

use super::super::exact::Exact;
use super::super::unit::FloatUnit;
use crate::encoding::Rounding;
use crate::state::psw::{Flags, RoundingMode};

thread_local! {
    static STATUS: Cell<Flags> = const { Cell::new(Flags::empty()) };
}

/// The exceptions that have happened.
pub fn status() -> Flags {
    STATUS.get()
}

/// Sets the exceptions that have happened.
pub fn reset(flags: Flags) {
    STATUS.set(flags & !Flags::FIXED_OVERFLOW);
}

fn exactly<T>(operation: impl FnOnce(&mut Exact) -> T) -> T {
    let mut exact = Exact::new(RoundingMode::Nearest);
    let result = operation(&mut exact);
    reset(status() | exact.flags());
    result
}

macro_rules! operations {
    ($($name:ident($($operand:ident: $type:ty),*) -> $result:ty = $method:ident($($argument:expr),*);)*) => {
        $(
            #[doc = concat!("[`FloatUnit::", stringify!($method), "`]")]
            pub fn $name($($operand: $type),*) -> $result {
                exactly(|exact| exact.$method($($argument),*))
            }
        )*
    };
}

operations! {
    add64(y: u64, z: u64) -> u64 = add64(y, z);
    sub64(y: u64, z: u64) -> u64 = sub64(y, z);
    mul64(y: u64, z: u64) -> u64 = mul64(y, z);
    div64(y: u64, z: u64) -> u64 = div64(y, z);
    add32(y: u32, z: u32) -> u32 = add32(y, z);
    sub32(y: u32, z: u32) -> u32 = sub32(y, z);
    mul32(y: u32, z: u32) -> u32 = mul32(y, z);
    div32(y: u32, z: u32) -> u32 = div32(y, z);
    narrow(y: u64) -> u32 = narrow(y);
    widen(y: u32) -> u64 = widen(y);
    float64(y: i64) -> u64 = float64(y);
    float32(y: i32) -> u32 = float32(y);
    int64_toward_zero(y: u64) -> i64 = int64(y, Rounding::Zero);
    int64_nearest(y: u64) -> i64 = int64(y, Rounding::NearestEven);
    int32_toward_zero(y: u64) -> i32 = int32(y, Rounding::Zero);
    int32_nearest(y: u64) -> i32 = int32(y, Rounding::NearestEven);
    int32_of_single_toward_zero(y: u32) -> i32 = int32_of_single(y, Rounding::Zero);
    int32_of_single_nearest(y: u32) -> i32 = int32_of_single(y, Rounding::NearestEven);
}
