//! IEEE 754 by its definition: exact numbers of any size, rounded once.
//!
//! A result underflows if it is inexact and, rounded as if there were no smallest exponent, below the normal numbers.

use num_bigint::BigUint;
use ve_isa::encoding::Rounding;
use ve_isa::state::psw::{Flags, RoundingMode};

/// A binary format of IEEE 754.
#[derive(Clone, Copy)]
pub struct Format {
    /// Bits of the significand, with the one that is not stored.
    precision: u32,
    exponent_bits: u32,
}

pub const SINGLE: Format = Format {
    precision: 24,
    exponent_bits: 8,
};
pub const DOUBLE: Format = Format {
    precision: 53,
    exponent_bits: 11,
};
pub const QUAD: Format = Format {
    precision: 113,
    exponent_bits: 15,
};

/// The number that a format's bits stand for: `numerator / denominator * 2^exponent`.
#[derive(Clone)]
enum Value {
    Nan { signaling: bool },
    Infinity { negative: bool },
    Finite { negative: bool, number: Number },
}

#[derive(Clone)]
struct Number {
    numerator: BigUint,
    denominator: BigUint,
    exponent: i64,
}

pub type Result = (u128, Flags);

fn one() -> BigUint {
    BigUint::from(1u32)
}

fn is_zero(number: &BigUint) -> bool {
    number.bits() == 0
}

impl Number {
    fn new(numerator: BigUint, exponent: i64) -> Self {
        Self {
            numerator,
            denominator: one(),
            exponent,
        }
    }

    /// The integer below `self * 2^scale`, and how the rest compares with a half: 0 none, 1 less, 2 equal, 3 greater.
    fn floor(&self, scale: i64) -> (BigUint, u8) {
        let shift = self.exponent + scale;
        let (numerator, denominator) = if shift >= 0 {
            (&self.numerator << shift as u64, self.denominator.clone())
        } else {
            (
                self.numerator.clone(),
                &self.denominator << shift.unsigned_abs(),
            )
        };
        let quotient = &numerator / &denominator;
        let rest: BigUint = (&numerator - &quotient * &denominator) * 2u32;
        let class = if is_zero(&rest) {
            0
        } else if rest < denominator {
            1
        } else if rest == denominator {
            2
        } else {
            3
        };
        (quotient, class)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Zero,
    Up,
    Down,
    Nearest,
    NearestAway,
}

impl From<RoundingMode> for Direction {
    fn from(rounding: RoundingMode) -> Self {
        match rounding {
            RoundingMode::Zero => Self::Zero,
            RoundingMode::Up => Self::Up,
            RoundingMode::Down => Self::Down,
            RoundingMode::Nearest => Self::Nearest,
        }
    }
}

impl Direction {
    fn round(self, negative: bool, integer: BigUint, rest: u8) -> BigUint {
        let up = match self {
            Self::Zero => false,
            Self::Up => rest > 0 && !negative,
            Self::Down => rest > 0 && negative,
            Self::Nearest => rest == 3 || rest == 2 && integer.bit(0),
            Self::NearestAway => rest >= 2,
        };
        if up { integer + 1u32 } else { integer }
    }
}

impl Format {
    fn width(self) -> u32 {
        self.precision + self.exponent_bits
    }

    /// The exponent of the smallest normal number.
    fn least(self) -> i64 {
        2 - (1 << (self.exponent_bits - 1))
    }

    /// The exponent of the largest number.
    fn greatest(self) -> i64 {
        1 - self.least()
    }

    fn sign(self, negative: bool) -> u128 {
        u128::from(negative) << (self.width() - 1)
    }

    fn infinity(self, negative: bool) -> u128 {
        self.sign(negative) | ((1 << self.exponent_bits) - 1) << (self.precision - 1)
    }

    pub fn is_nan(self, bits: u128) -> bool {
        matches!(self.decode(bits), Value::Nan { .. })
    }

    pub fn is_least_normal(self, bits: u128) -> bool {
        bits & !self.sign(true) == 1 << (self.precision - 1)
    }

    fn default_nan(self) -> Result {
        (
            self.infinity(true) | 1 << (self.precision - 2),
            Flags::INVALID,
        )
    }

    fn decode(self, bits: u128) -> Value {
        let negative = bits >> (self.width() - 1) & 1 == 1;
        let fraction = bits & ((1 << (self.precision - 1)) - 1);
        let exponent = (bits >> (self.precision - 1)) as i64 & ((1 << self.exponent_bits) - 1);
        if exponent == (1 << self.exponent_bits) - 1 {
            return match fraction {
                0 => Value::Infinity { negative },
                _ => Value::Nan {
                    signaling: fraction >> (self.precision - 2) == 0,
                },
            };
        }
        let (significand, exponent) = if exponent == 0 {
            (fraction, 1)
        } else {
            (fraction | 1 << (self.precision - 1), exponent)
        };
        let exponent = exponent - 1 + self.least() - i64::from(self.precision) + 1;
        Value::Finite {
            negative,
            number: Number::new(BigUint::from(significand), exponent),
        }
    }

    /// The float for a number that is not 0.
    fn round(self, negative: bool, number: &Number, direction: Direction) -> Result {
        let precision = i64::from(self.precision);
        let size =
            number.numerator.bits() as i64 - number.denominator.bits() as i64 + number.exponent;
        // The number is at least 2^(size - 1) and below 2^(size + 1).
        let top = if is_zero(&number.floor(-size).0) {
            size - 1
        } else {
            size
        };

        let (integer, rest) = number.floor(precision - 1 - top);
        assert_eq!(integer.bits(), u64::from(self.precision));
        let unlimited = direction.round(negative, integer, rest);
        let unlimited_top = top + unlimited.bits() as i64 - precision;
        let tiny = unlimited_top < self.least();
        if unlimited_top > self.greatest() {
            let stays = match direction {
                Direction::Zero => true,
                Direction::Up => negative,
                Direction::Down => !negative,
                _ => false,
            };
            return (
                self.infinity(negative) - u128::from(stays),
                Flags::OVERFLOW | Flags::INEXACT,
            );
        }

        let lowest = top.max(self.least()) - precision + 1;
        let (integer, rest) = number.floor(-lowest);
        let significand = direction.round(negative, integer, rest);
        let significand = u128::try_from(significand).unwrap();
        // A significand that has grown by a bit carries into the exponent by itself.
        let biased = (lowest + precision - 1 - self.least()) as u128;
        let bits = self.sign(negative) | ((biased << (self.precision - 1)) + significand);
        let mut flags = Flags::empty();
        if rest != 0 {
            flags |= Flags::INEXACT;
            flags.set(Flags::UNDERFLOW, tiny);
        }
        (bits, flags)
    }

    /// The result if an operand is a NaN: the first one, made quiet.
    fn nan(self, operands: &[u128]) -> Option<Result> {
        let is_signaling =
            |bits: &u128| matches!(self.decode(*bits), Value::Nan { signaling: true });
        let first = operands.iter().find(|bits| self.is_nan(**bits))?;
        let flags = if operands.iter().any(is_signaling) {
            Flags::INVALID
        } else {
            Flags::empty()
        };
        Some((first | 1 << (self.precision - 2), flags))
    }

    pub fn add(self, y: u128, z: u128, rounding: RoundingMode) -> Result {
        if let Some(nan) = self.nan(&[y, z]) {
            return nan;
        }
        self.sum(self.decode(y), self.decode(z), rounding)
    }

    pub fn sub(self, y: u128, z: u128, rounding: RoundingMode) -> Result {
        if let Some(nan) = self.nan(&[y, z]) {
            return nan;
        }
        self.sum(self.decode(y), self.decode(z ^ self.sign(true)), rounding)
    }

    fn sum(self, y: Value, z: Value, rounding: RoundingMode) -> Result {
        match (y, z) {
            (Value::Infinity { negative: y }, Value::Infinity { negative: z }) if y != z => {
                self.default_nan()
            }
            (Value::Infinity { negative }, _) | (_, Value::Infinity { negative }) => {
                (self.infinity(negative), Flags::empty())
            }
            (
                Value::Finite {
                    negative: ny,
                    number: y,
                },
                Value::Finite {
                    negative: nz,
                    number: z,
                },
            ) => {
                let exponent = y.exponent.min(z.exponent);
                let y = y.numerator << (y.exponent - exponent) as u64;
                let z = z.numerator << (z.exponent - exponent) as u64;
                let (negative, sum) = if ny == nz {
                    (ny, y + z)
                } else if y == z {
                    (rounding == RoundingMode::Down, BigUint::default())
                } else if y > z {
                    (ny, y - z)
                } else {
                    (nz, z - y)
                };
                if is_zero(&sum) {
                    return (self.sign(negative), Flags::empty());
                }
                self.round(negative, &Number::new(sum, exponent), rounding.into())
            }
            _ => unreachable!("no operand is a NaN"),
        }
    }

    fn product(y: &Value, z: &Value) -> Option<Value> {
        Some(match (y, z) {
            (
                Value::Finite {
                    negative: ny,
                    number: y,
                },
                Value::Finite {
                    negative: nz,
                    number: z,
                },
            ) => Value::Finite {
                negative: ny != nz,
                number: Number::new(&y.numerator * &z.numerator, y.exponent + z.exponent),
            },
            (Value::Infinity { negative: ny }, Value::Infinity { negative: nz }) => {
                Value::Infinity { negative: ny != nz }
            }
            (
                Value::Infinity { negative: ny },
                Value::Finite {
                    negative: nz,
                    number,
                },
            )
            | (
                Value::Finite {
                    negative: nz,
                    number,
                },
                Value::Infinity { negative: ny },
            ) => {
                if is_zero(&number.numerator) {
                    return None;
                }
                Value::Infinity { negative: ny != nz }
            }
            _ => unreachable!("no operand is a NaN"),
        })
    }

    pub fn mul(self, y: u128, z: u128, rounding: RoundingMode) -> Result {
        if let Some(nan) = self.nan(&[y, z]) {
            return nan;
        }
        match Self::product(&self.decode(y), &self.decode(z)) {
            None => self.default_nan(),
            Some(value) => self.rounded(value, rounding),
        }
    }

    pub fn fused(self, y: u128, z: u128, w: u128, rounding: RoundingMode) -> Result {
        if let Some(nan) = self.nan(&[y, z, w]) {
            return nan;
        }
        match Self::product(&self.decode(y), &self.decode(z)) {
            None => self.default_nan(),
            Some(product) => self.sum(product, self.decode(w), rounding),
        }
    }

    pub fn div(self, y: u128, z: u128, rounding: RoundingMode) -> Result {
        if let Some(nan) = self.nan(&[y, z]) {
            return nan;
        }
        match (self.decode(y), self.decode(z)) {
            (Value::Infinity { .. }, Value::Infinity { .. }) => self.default_nan(),
            (Value::Infinity { negative: ny }, Value::Finite { negative: nz, .. }) => {
                (self.infinity(ny != nz), Flags::empty())
            }
            (Value::Finite { negative: ny, .. }, Value::Infinity { negative: nz }) => {
                (self.sign(ny != nz), Flags::empty())
            }
            (
                Value::Finite {
                    negative: ny,
                    number: y,
                },
                Value::Finite {
                    negative: nz,
                    number: z,
                },
            ) => match (is_zero(&y.numerator), is_zero(&z.numerator)) {
                (true, true) => self.default_nan(),
                (true, false) => (self.sign(ny != nz), Flags::empty()),
                (false, true) => (self.infinity(ny != nz), Flags::DIVISION),
                (false, false) => {
                    let quotient = Number {
                        numerator: y.numerator,
                        denominator: z.numerator,
                        exponent: y.exponent - z.exponent,
                    };
                    self.round(ny != nz, &quotient, rounding.into())
                }
            },
            _ => unreachable!("no operand is a NaN"),
        }
    }

    pub fn sqrt(self, y: u128, rounding: RoundingMode) -> Result {
        if let Some(nan) = self.nan(&[y]) {
            return nan;
        }
        match self.decode(y) {
            Value::Infinity { negative: false } => (y, Flags::empty()),
            Value::Finite { number, .. } if is_zero(&number.numerator) => (y, Flags::empty()),
            Value::Finite {
                negative: false,
                number,
            } => {
                // Many more bits of the root than are kept, and one that says whether there is more.
                let scale = 512 + number.exponent % 2;
                let radicand = number.numerator << scale as u64;
                let root = radicand.sqrt();
                let rest = &root * &root != radicand;
                let twice = (root << 1u32) + u32::from(rest);
                self.round(
                    false,
                    &Number::new(twice, (number.exponent - scale) / 2 - 1),
                    rounding.into(),
                )
            }
            _ => self.default_nan(),
        }
    }

    fn rounded(self, value: Value, rounding: RoundingMode) -> Result {
        match value {
            Value::Infinity { negative } => (self.infinity(negative), Flags::empty()),
            Value::Finite { negative, number } if is_zero(&number.numerator) => {
                (self.sign(negative), Flags::empty())
            }
            Value::Finite { negative, number } => self.round(negative, &number, rounding.into()),
            Value::Nan { .. } => unreachable!("no operand is a NaN"),
        }
    }

    /// A float of this format in another one.
    pub fn convert(self, to: Format, y: u128, rounding: RoundingMode) -> Result {
        if let Some((quiet, flags)) = self.nan(&[y]) {
            // Sign and the upper bits of the fraction stay.
            let fraction = quiet & ((1 << (self.precision - 1)) - 1);
            let fraction = fraction << (128 - self.precision + 1) >> (128 - to.precision + 1);
            let negative = quiet >> (self.width() - 1) & 1 == 1;
            return (to.infinity(negative) | fraction, flags);
        }
        to.rounded(self.decode(y), rounding)
    }

    pub fn of_integer(self, y: i64, rounding: RoundingMode) -> Result {
        let number = Number::new(BigUint::from(y.unsigned_abs()), 0);
        self.rounded(
            Value::Finite {
                negative: y < 0,
                number,
            },
            rounding,
        )
    }

    /// A float as an integer of some width; `rounding` holds where the instruction names none.
    pub fn to_integer(
        self,
        width: u32,
        y: u128,
        suffix: Rounding,
        rounding: RoundingMode,
    ) -> (i64, Flags) {
        let direction = match suffix {
            Rounding::Psw => rounding.into(),
            Rounding::Zero => Direction::Zero,
            Rounding::Up => Direction::Up,
            Rounding::Down => Direction::Down,
            Rounding::NearestEven => Direction::Nearest,
            Rounding::NearestAway => Direction::NearestAway,
        };
        let limit = 1i128 << (width - 1);
        let limited = |negative: bool| {
            (
                if negative { -limit } else { limit - 1 } as i64,
                Flags::INVALID,
            )
        };
        match self.decode(y) {
            Value::Nan { .. } => (0, Flags::INVALID),
            Value::Infinity { negative } => limited(negative),
            Value::Finite { negative, number } => {
                let (integer, rest) = number.floor(0);
                let integer = direction.round(negative, integer, rest);
                let Ok(magnitude) = i128::try_from(integer) else {
                    return limited(negative);
                };
                let value = if negative { -magnitude } else { magnitude };
                if !(-limit..limit).contains(&value) {
                    return limited(negative);
                }
                (
                    value as i64,
                    if rest == 0 {
                        Flags::empty()
                    } else {
                        Flags::INEXACT
                    },
                )
            }
        }
    }

    /// The value of `fcmp`.
    pub fn difference(self, y: u128, z: u128) -> Result {
        if let Some(nan) = self.nan(&[y, z]) {
            return nan;
        }
        if y == z && matches!(self.decode(y), Value::Infinity { .. }) {
            return (0, Flags::empty());
        }
        (self.sub(y, z, RoundingMode::Nearest).0, Flags::empty())
    }

    /// The value of `fmax` or `fmin`.
    pub fn extreme(self, y: u128, z: u128, largest: bool) -> Result {
        let Some((quiet, flags)) = self.nan(&[y, z]) else {
            let difference = self.decode(self.sub(y, z, RoundingMode::Nearest).0);
            let zero = |value: &Value| matches!(value, Value::Finite { number, .. } if is_zero(&number.numerator));
            let negative = |value: &Value| {
                matches!(
                    value,
                    Value::Finite { negative: true, .. } | Value::Infinity { negative: true }
                )
            };
            let first_is_less = match difference {
                // Equal infinities, or equal numbers, of which zeros have an order.
                Value::Nan { .. } => false,
                ref value if zero(value) => negative(&self.decode(y)) && !negative(&self.decode(z)),
                ref value => negative(value),
            };
            return (if first_is_less == largest { z } else { y }, Flags::empty());
        };
        match (self.is_nan(y), self.is_nan(z)) {
            (true, true) => (quiet, flags),
            (true, false) => (z, flags),
            _ => (y, flags),
        }
    }
}
