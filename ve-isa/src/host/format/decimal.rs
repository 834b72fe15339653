//! Floats as exact decimal numbers.

use num_bigint::BigUint;

/// A float, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DecimalNumber {
    pub(super) negative: bool,
    pub(super) value: DecimalValue,
    /// How many bits of a mantissa stand behind the point.
    pub(super) fraction_bits: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DecimalValue {
    Infinite,
    NotANumber,
    /// `mantissa * 2^exponent`; the mantissa has the bit before the point at `fraction_bits`, but for the smallest numbers.
    Finite {
        mantissa: u128,
        exponent: i32,
    },
}

fn parts(bits: u128, exponent_bits: u32, fraction_bits: u32) -> DecimalNumber {
    let fraction = bits & ((1 << fraction_bits) - 1);
    let largest = (1_u32 << exponent_bits) - 1;
    let exponent = (bits >> fraction_bits) as u32 & largest;
    let bias = (largest >> 1) as i32;
    let value = if exponent == largest {
        if fraction == 0 {
            DecimalValue::Infinite
        } else {
            DecimalValue::NotANumber
        }
    } else if exponent == 0 {
        DecimalValue::Finite {
            mantissa: fraction,
            exponent: 1 - bias - fraction_bits as i32,
        }
    } else {
        DecimalValue::Finite {
            mantissa: fraction | 1 << fraction_bits,
            exponent: exponent as i32 - bias - fraction_bits as i32,
        }
    };
    DecimalNumber {
        negative: bits >> (exponent_bits + fraction_bits) & 1 == 1,
        value,
        fraction_bits,
    }
}

/// A `double`.
pub(super) fn double_parts(bits: u64) -> DecimalNumber {
    parts(bits.into(), 11, 52)
}

/// A `long double`.
pub(super) fn quad_parts(bits: u128) -> DecimalNumber {
    parts(bits, 15, 112)
}

/// A decimal number `0.DIGITS * 10^point`, without zeros at either end of the digits; 0 has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) digits: Vec<u8>,
    pub(super) point: i64,
}

impl Decimal {
    /// Exactly `mantissa * 2^exponent`.
    pub(super) fn new(mantissa: u128, exponent: i32) -> Self {
        if mantissa == 0 {
            return Self {
                digits: Vec::new(),
                point: 0,
            };
        }
        // Fewer bits behind the point make shorter numbers.
        let shift = mantissa
            .trailing_zeros()
            .min(exponent.min(0).unsigned_abs());
        let (mantissa, exponent) = (mantissa >> shift, exponent + shift as i32);
        let mantissa = BigUint::from(mantissa);
        // 2^-n is 5^n / 10^n.
        let (number, behind) = if exponent >= 0 {
            (mantissa << exponent as u32, 0)
        } else {
            let n = exponent.unsigned_abs();
            (mantissa * BigUint::from(5_u8).pow(n), i64::from(n))
        };
        let mut digits = number.to_string().into_bytes();
        let point = digits.len() as i64 - behind;
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        Self { digits, point }
    }

    /// Rounds to so many digits, which may be none or less; a tie goes to the even digit.
    pub(super) fn round(&mut self, length: i64) {
        if length < 0 {
            self.digits.clear();
            return;
        }
        let length = length as usize;
        if length >= self.digits.len() {
            return;
        }
        let rest = &self.digits[length..];
        let up = match rest[0] {
            b'5' if rest.len() == 1 => length > 0 && self.digits[length - 1] % 2 == 1,
            digit => digit >= b'5',
        };
        self.digits.truncate(length);
        if up {
            while self.digits.last() == Some(&b'9') {
                self.digits.pop();
            }
            match self.digits.last_mut() {
                Some(digit) => *digit += 1,
                None => {
                    self.digits.push(b'1');
                    self.point += 1;
                }
            }
        }
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
    }
}
