//! Floats computed with integers, by `rustc_apfloat`: every rounding mode, every exception.
//!
//! Two things are not taken from it. It does not tell an overflow that ends at the largest number, and it looks for an underflow after
//! the result has lost its bits. Here the same operation in a format with more exponents decides both, as in IEEE 754 ("after
//! rounding") and on x86.

use std::cmp::Ordering;

use rustc_apfloat::ieee::{DoubleS, IeeeFloat, QuadS, Semantics, SingleS};
use rustc_apfloat::{Float, FloatConvert, Round, Status, StatusAnd};

use super::unit::FloatUnit;
use crate::encoding::Rounding;
use crate::state::psw::{Flags, RoundingMode};

/// A unit that computes with integers.
///
/// It rounds as it is told when it is made, and gathers what happens. Besides the operations of every unit it has those that are not
/// scalar instructions on the Vector Engine, but are vector ones, and those of quad precision.
#[derive(Clone, Debug)]
pub struct Exact {
    round: Round,
    flags: Flags,
}

/// A format of floats, and one with the same precision and more exponents.
trait Format {
    type Narrow: Semantics;
    type Wide: Semantics;
}

struct Wide<S>(S);

impl<S: Semantics> Semantics for Wide<S> {
    const BITS: usize = S::BITS - S::EXP_BITS + Self::EXP_BITS;
    /// Enough bits that no product, quotient or conversion of any format leaves the range.
    const EXP_BITS: usize = 20;
}

impl<S: Semantics> Format for S {
    type Narrow = S;
    type Wide = Wide<S>;
}

#[derive(Clone, Copy)]
enum ExactOperation {
    Add,
    Sub,
    Mul,
    Div,
    Fused,
}

impl ExactOperation {
    fn apply<S: Semantics>(
        self,
        [a, b, c]: [IeeeFloat<S>; 3],
        round: Round,
    ) -> StatusAnd<IeeeFloat<S>> {
        match self {
            Self::Add => a.add_r(b, round),
            Self::Sub => a.sub_r(b, round),
            Self::Mul => a.mul_r(b, round),
            Self::Div => a.div_r(b, round),
            Self::Fused => a.mul_add_r(b, c, round),
        }
    }
}

impl Exact {
    /// A unit that rounds so; nothing has happened on it.
    pub const fn new(rounding: RoundingMode) -> Self {
        let round = match rounding {
            RoundingMode::Zero => Round::TowardZero,
            RoundingMode::Up => Round::TowardPositive,
            RoundingMode::Down => Round::TowardNegative,
            RoundingMode::Nearest => Round::NearestTiesToEven,
        };
        Self {
            round,
            flags: Flags::empty(),
        }
    }

    /// The exceptions that happened on it.
    pub const fn flags(&self) -> Flags {
        self.flags
    }

    /// `y * z + w`, rounded once.
    pub fn fused64(&mut self, y: u64, z: u64, w: u64) -> u64 {
        self.arithmetic::<DoubleS>(ExactOperation::Fused, [y.into(), z.into(), w.into()]) as u64
    }

    /// `y * z + w`, rounded once.
    pub fn fused32(&mut self, y: u32, z: u32, w: u32) -> u32 {
        self.arithmetic::<SingleS>(ExactOperation::Fused, [y.into(), z.into(), w.into()]) as u32
    }

    /// The square root.
    pub fn sqrt64(&mut self, y: u64) -> u64 {
        self.square_root::<DoubleS>(y.into()) as u64
    }

    /// The square root.
    pub fn sqrt32(&mut self, y: u32) -> u32 {
        self.square_root::<SingleS>(y.into()) as u32
    }

    /// `y + z` in quad precision.
    pub fn add128(&mut self, y: u128, z: u128) -> u128 {
        self.arithmetic::<QuadS>(ExactOperation::Add, [y, z, 0])
    }

    /// `y - z` in quad precision.
    pub fn sub128(&mut self, y: u128, z: u128) -> u128 {
        self.arithmetic::<QuadS>(ExactOperation::Sub, [y, z, 0])
    }

    /// `y * z` in quad precision.
    pub fn mul128(&mut self, y: u128, z: u128) -> u128 {
        self.arithmetic::<QuadS>(ExactOperation::Mul, [y, z, 0])
    }

    /// How two quad numbers are to each other, `None` if one is no number. Raises nothing.
    pub fn order128(&self, y: u128, z: u128) -> Option<Ordering> {
        IeeeFloat::<QuadS>::from_bits(y).partial_cmp(&IeeeFloat::from_bits(z))
    }

    /// A quad number as an `f64`.
    pub fn narrow128_to_64(&mut self, y: u128) -> u64 {
        self.convert::<QuadS, DoubleS>(y) as u64
    }

    /// A quad number as an `f32`.
    pub fn narrow128_to_32(&mut self, y: u128) -> u32 {
        self.convert::<QuadS, SingleS>(y) as u32
    }

    /// An `f64` in quad precision, exact.
    pub fn widen64_to_128(&mut self, y: u64) -> u128 {
        self.convert::<DoubleS, QuadS>(y.into())
    }

    /// An `f32` in quad precision, exact.
    pub fn widen32_to_128(&mut self, y: u32) -> u128 {
        self.convert::<SingleS, QuadS>(y.into())
    }

    fn arithmetic<F: Format>(&mut self, operation: ExactOperation, operands: [u128; 3]) -> u128 {
        let operands = operands.map(IeeeFloat::<F::Narrow>::from_bits);
        if let Some(nan) = self.first_nan(&operands) {
            return nan;
        }
        let result = operation.apply(operands, self.round);
        let round = self.round;
        self.finish::<F>(result, || {
            operation.apply(operands.map(widen::<F>), round).value
        })
    }

    fn difference<F: Format>(&mut self, y: u128, z: u128) -> u128 {
        let (y, z) = (
            IeeeFloat::<F::Narrow>::from_bits(y),
            IeeeFloat::<F::Narrow>::from_bits(z),
        );
        if let Some(nan) = self.first_nan(&[y, z]) {
            return nan;
        }
        let difference = if y.is_infinite() && y.bitwise_eq(z) {
            IeeeFloat::<F::Narrow>::ZERO
        } else {
            y.sub_r(z, Round::NearestTiesToEven).value
        };
        difference.to_bits()
    }

    fn square_root<F: Format>(&mut self, y: u128) -> u128 {
        let value = IeeeFloat::<F::Narrow>::from_bits(y);
        if let Some(nan) = self.first_nan(&[value]) {
            return nan;
        }
        if value.is_zero() || value.is_pos_infinity() {
            return y;
        }
        if value.is_negative() {
            self.raise(Flags::INVALID);
            return default_nan::<F>();
        }
        // The value is significand * 2^exponent. A radicand of more than twice the precision gives all bits of the root and one
        // more, and whether anything is left below them.
        let precision = <F::Narrow as Semantics>::PRECISION as i32;
        let exponent = value.ilogb() - (precision - 1);
        let significand = value.scalbn(-exponent).to_u128(128).value;
        let shift = (precision + 4) + ((precision + 4) ^ exponent) % 2;
        let radicand = significand << shift;
        let root = radicand.isqrt();
        let rest = root * root != radicand;
        let rounded = IeeeFloat::<F::Narrow>::from_u128_r(root << 1 | u128::from(rest), self.round);
        if rounded.status.contains(Status::INEXACT) {
            self.raise(Flags::INEXACT);
        }
        rounded.value.scalbn((exponent - shift) / 2 - 1).to_bits()
    }

    fn convert<From: Semantics, To: Format>(&mut self, y: u128) -> u128 {
        let value = IeeeFloat::<From>::from_bits(y);
        let mut loses = false;
        let result: StatusAnd<IeeeFloat<To::Narrow>> = value.convert_r(self.round, &mut loses);
        if value.is_nan() {
            if value.is_signaling() {
                self.raise(Flags::INVALID);
            }
            return result.value.to_bits();
        }
        let round = self.round;
        self.finish::<To>(result, || {
            let wide: StatusAnd<IeeeFloat<To::Wide>> = value.convert_r(round, &mut false);
            wide.value
        })
    }

    fn integer<F: Semantics>(&mut self, y: u128, width: usize, rounding: Rounding) -> i64 {
        let round = match rounding {
            Rounding::Psw => self.round,
            Rounding::Zero => Round::TowardZero,
            Rounding::Up => Round::TowardPositive,
            Rounding::Down => Round::TowardNegative,
            Rounding::NearestEven => Round::NearestTiesToEven,
            Rounding::NearestAway => Round::NearestTiesToAway,
        };
        let result = IeeeFloat::<F>::from_bits(y).to_i128_r(width, round, &mut false);
        self.raise(basic_flags(result.status));
        result.value as i64
    }

    /// The first of these that is no number, made quiet.
    fn first_nan<S: Semantics>(&mut self, operands: &[IeeeFloat<S>]) -> Option<u128> {
        let nan = operands.iter().find(|operand| operand.is_nan())?;
        if operands.iter().any(|operand| operand.is_signaling()) {
            self.raise(Flags::INVALID);
        }
        Some(nan.to_bits() | S::QNAN_SIGNIFICAND)
    }

    /// Notes what happened, given the result and a way to compute it with more exponents.
    fn finish<F: Format>(
        &mut self,
        result: StatusAnd<IeeeFloat<F::Narrow>>,
        wide: impl FnOnce() -> IeeeFloat<F::Wide>,
    ) -> u128 {
        let StatusAnd { status, value } = result;
        if value.is_nan() {
            self.raise(Flags::INVALID);
            return default_nan::<F>();
        }
        let mut flags = basic_flags(status);
        let is_border = !value.is_normal() || value.is_smallest_normalized() || value.is_largest();
        if flags.contains(Flags::INEXACT) && is_border {
            let wide = wide();
            if wide.cmp_abs_normal(widen::<F>(IeeeFloat::largest())) == Ordering::Greater {
                flags |= Flags::OVERFLOW;
            }
            if wide.cmp_abs_normal(widen::<F>(IeeeFloat::smallest_normalized())) == Ordering::Less {
                flags |= Flags::UNDERFLOW;
            }
        }
        self.raise(flags);
        value.to_bits()
    }
}

fn widen<F: Format>(value: IeeeFloat<F::Narrow>) -> IeeeFloat<F::Wide> {
    value.convert(&mut false).value
}

fn default_nan<F: Format>() -> u128 {
    (-IeeeFloat::<F::Narrow>::NAN).to_bits()
}

/// The exceptions that `rustc_apfloat` reports correctly.
fn basic_flags(status: Status) -> Flags {
    let mut flags = Flags::empty();
    flags.set(Flags::INVALID, status.contains(Status::INVALID_OP));
    flags.set(Flags::DIVISION, status.contains(Status::DIV_BY_ZERO));
    flags.set(Flags::INEXACT, status.contains(Status::INEXACT));
    flags
}

impl FloatUnit for Exact {
    fn raise(&mut self, flags: Flags) {
        self.flags |= flags;
    }

    fn add64(&mut self, y: u64, z: u64) -> u64 {
        self.arithmetic::<DoubleS>(ExactOperation::Add, [y.into(), z.into(), 0]) as u64
    }

    fn sub64(&mut self, y: u64, z: u64) -> u64 {
        self.arithmetic::<DoubleS>(ExactOperation::Sub, [y.into(), z.into(), 0]) as u64
    }

    fn mul64(&mut self, y: u64, z: u64) -> u64 {
        self.arithmetic::<DoubleS>(ExactOperation::Mul, [y.into(), z.into(), 0]) as u64
    }

    fn div64(&mut self, y: u64, z: u64) -> u64 {
        self.arithmetic::<DoubleS>(ExactOperation::Div, [y.into(), z.into(), 0]) as u64
    }

    fn add32(&mut self, y: u32, z: u32) -> u32 {
        self.arithmetic::<SingleS>(ExactOperation::Add, [y.into(), z.into(), 0]) as u32
    }

    fn sub32(&mut self, y: u32, z: u32) -> u32 {
        self.arithmetic::<SingleS>(ExactOperation::Sub, [y.into(), z.into(), 0]) as u32
    }

    fn mul32(&mut self, y: u32, z: u32) -> u32 {
        self.arithmetic::<SingleS>(ExactOperation::Mul, [y.into(), z.into(), 0]) as u32
    }

    fn div32(&mut self, y: u32, z: u32) -> u32 {
        self.arithmetic::<SingleS>(ExactOperation::Div, [y.into(), z.into(), 0]) as u32
    }

    fn difference64(&mut self, y: u64, z: u64) -> u64 {
        self.difference::<DoubleS>(y.into(), z.into()) as u64
    }

    fn difference32(&mut self, y: u32, z: u32) -> u32 {
        self.difference::<SingleS>(y.into(), z.into()) as u32
    }

    fn narrow(&mut self, y: u64) -> u32 {
        self.convert::<DoubleS, SingleS>(y.into()) as u32
    }

    fn widen(&mut self, y: u32) -> u64 {
        self.convert::<SingleS, DoubleS>(y.into()) as u64
    }

    fn float64(&mut self, y: i64) -> u64 {
        let result = IeeeFloat::<DoubleS>::from_i128_r(y.into(), self.round);
        self.raise(basic_flags(result.status));
        result.value.to_bits() as u64
    }

    fn float32(&mut self, y: i32) -> u32 {
        let result = IeeeFloat::<SingleS>::from_i128_r(y.into(), self.round);
        self.raise(basic_flags(result.status));
        result.value.to_bits() as u32
    }

    fn int64(&mut self, y: u64, rounding: Rounding) -> i64 {
        self.integer::<DoubleS>(y.into(), 64, rounding)
    }

    fn int32(&mut self, y: u64, rounding: Rounding) -> i32 {
        self.integer::<DoubleS>(y.into(), 32, rounding) as i32
    }

    fn int32_of_single(&mut self, y: u32, rounding: Rounding) -> i32 {
        self.integer::<SingleS>(y.into(), 32, rounding) as i32
    }
}
