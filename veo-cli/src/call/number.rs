//! Numbers as users write them and as kernels take them.

use std::fmt;

use serde::{Serialize, Serializer};
use veo_abi::ScalarType;
use veo_core::Value;

/// A number of one of C's types.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TypedNumber {
    Integer(i128),
    Single(f32),
    Double(f64),
}

impl TypedNumber {
    /// Reads a number of this type, which C spells `spelled`. The error is a predicate whose subject is the text.
    pub(crate) fn parse(text: &str, ty: ScalarType, spelled: &str) -> Result<Self, String> {
        if ty.is_float() {
            return float(text, ty, spelled);
        }
        let Some(value) = integer(text) else {
            let why = if text.parse::<f64>().is_ok() {
                "no integer"
            } else {
                "no number"
            };
            return Err(format!("is {why}, and `{spelled}` takes one"));
        };
        let value = value.filter(|value| range(ty).contains(value));
        value.map(TypedNumber::Integer).ok_or_else(|| {
            let (low, high) = range(ty).into_inner();
            format!("does not fit `{spelled}`, which goes from {low} to {high}")
        })
    }

    /// Reads an argument of unknown type: an integer of 64 bits or a `double`.
    pub(crate) fn guess(text: &str) -> Option<Self> {
        match integer(text) {
            Some(value) => {
                let either = i128::from(i64::MIN)..=i128::from(u64::MAX);
                value
                    .filter(|value| either.contains(value))
                    .map(TypedNumber::Integer)
            }
            None => text.parse().ok().map(TypedNumber::Double),
        }
    }

    /// The bytes of the number in memory, as many as the type has.
    pub(crate) fn bytes(self, ty: ScalarType) -> Vec<u8> {
        match self {
            // A number that fits is its low bytes.
            TypedNumber::Integer(value) => value.to_le_bytes()[..ty.size()].to_vec(),
            TypedNumber::Single(value) => value.to_le_bytes().to_vec(),
            TypedNumber::Double(value) => value.to_le_bytes().to_vec(),
        }
    }

    fn of(bytes: &[u8], ty: ScalarType) -> Self {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        let word = u64::from_le_bytes(word);
        let unused = 64 - 8 * ty.size() as u32;
        match ty {
            ScalarType::F32 => TypedNumber::Single(f32::from_bits(word as u32)),
            ScalarType::F64 => TypedNumber::Double(f64::from_bits(word)),
            _ if ty.is_signed() => {
                TypedNumber::Integer((word.cast_signed() << unused >> unused).into())
            }
            _ => TypedNumber::Integer(word.into()),
        }
    }

    /// The argument of a call.
    pub(crate) fn value(self) -> Value<'static> {
        match self {
            TypedNumber::Integer(value) => match i64::try_from(value) {
                Ok(value) => value.into(),
                Err(_) => (value as u64).into(),
            },
            TypedNumber::Single(value) => value.into(),
            TypedNumber::Double(value) => value.into(),
        }
    }
}

/// Numbers in memory. There may be many, so each is read when it is needed.
pub(crate) struct NumberArray {
    pub(crate) bytes: Vec<u8>,
    pub(crate) ty: ScalarType,
}

impl NumberArray {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() / self.ty.size()
    }

    /// The numbers in order. Bytes at the end that make no whole number are left out.
    pub(crate) fn iter(&self) -> impl Iterator<Item = TypedNumber> {
        let elements = self.bytes.chunks_exact(self.ty.size());
        elements.map(|bytes| TypedNumber::of(bytes, self.ty))
    }
}

impl Serialize for NumberArray {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// The values of an integer type.
fn range(ty: ScalarType) -> std::ops::RangeInclusive<i128> {
    let bits = ty.size() * 8;
    if ty.is_signed() {
        -(1 << (bits - 1))..=(1 << (bits - 1)) - 1
    } else {
        0..=(1 << bits) - 1
    }
}

/// An integer in the base of its prefix, perhaps with `_` between digits. `None` if the text is no integer, `Some(None)` if it
/// needs more than 127 bits.
fn integer(text: &str) -> Option<Option<i128>> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let base = |prefix: &str, base: u32| Some((digits.strip_prefix(prefix)?, base));
    let prefixed = base("0x", 16)
        .or(base("0X", 16))
        .or(base("0o", 8))
        .or(base("0b", 2));
    let (digits, base) = prefixed.unwrap_or((digits, 10));
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return None;
    }
    Some(
        i128::from_str_radix(&digits, base)
            .ok()
            .map(|value| sign * value),
    )
}

fn float(text: &str, ty: ScalarType, spelled: &str) -> Result<TypedNumber, String> {
    if let Some(value) = integer(text).filter(|_| text.parse::<f64>().is_err()) {
        // Floating-point numbers have no prefixes.
        let value = value.ok_or_else(|| format!("does not fit `{spelled}`"))?;
        return Ok(match ty {
            ScalarType::F32 => TypedNumber::Single(value as f32),
            _ => TypedNumber::Double(value as f64),
        });
    }
    let (number, is_infinite) = match ty {
        ScalarType::F32 => {
            let value: f32 = text.parse().map_err(|_| no_number(spelled))?;
            (TypedNumber::Single(value), value.is_infinite())
        }
        _ => {
            let value: f64 = text.parse().map_err(|_| no_number(spelled))?;
            (TypedNumber::Double(value), value.is_infinite())
        }
    };
    if is_infinite && !text.to_lowercase().contains("inf") {
        return Err(format!("does not fit `{spelled}`"));
    }
    Ok(number)
}

fn no_number(spelled: &str) -> String {
    format!("is no number, and `{spelled}` takes one")
}

impl fmt::Display for TypedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypedNumber::Integer(value) => write!(f, "{value}"),
            TypedNumber::Single(value) => write!(f, "{value:?}"),
            TypedNumber::Double(value) => write!(f, "{value:?}"),
        }
    }
}

/// JSON has no numbers for infinities and NaN, so these are texts.
impl Serialize for TypedNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            TypedNumber::Integer(value) => match i64::try_from(value) {
                Ok(value) => serializer.serialize_i64(value),
                Err(_) => serializer.serialize_u64(value as u64),
            },
            TypedNumber::Single(value) if value.is_finite() => serializer.serialize_f32(value),
            TypedNumber::Double(value) if value.is_finite() => serializer.serialize_f64(value),
            _ => serializer.serialize_str(&self.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integer_of(text: &str, ty: ScalarType) -> Option<i128> {
        match TypedNumber::parse(text, ty, "T") {
            Ok(TypedNumber::Integer(value)) => Some(value),
            _ => None,
        }
    }

    #[test]
    fn integers_have_any_base_and_fit_their_type() {
        for (text, ty, value) in [
            ("0x10", ScalarType::I32, Some(16)),
            ("-0b101", ScalarType::I8, Some(-5)),
            ("0o17", ScalarType::U8, Some(15)),
            ("1_000", ScalarType::I16, Some(1000)),
            ("010", ScalarType::I32, Some(10)),
            ("127", ScalarType::I8, Some(127)),
            ("128", ScalarType::I8, None),
            ("-1", ScalarType::U64, None),
            (
                "0xffff_ffff_ffff_ffff",
                ScalarType::U64,
                Some(u64::MAX.into()),
            ),
            ("0xffff_ffff_ffff_ffff", ScalarType::I64, None),
            (
                "-9223372036854775808",
                ScalarType::I64,
                Some(i64::MIN.into()),
            ),
            (
                "999999999999999999999999999999999999999999",
                ScalarType::I64,
                None,
            ),
            ("", ScalarType::I32, None),
            ("-", ScalarType::I32, None),
            ("0x", ScalarType::I32, None),
            ("--1", ScalarType::I32, None),
            ("1.5", ScalarType::I32, None),
        ] {
            assert_eq!(integer_of(text, ty), value, "{text} as {ty:?}");
        }
    }

    #[test]
    fn floats_are_rounded_once_and_never_become_infinite() {
        assert_eq!(
            TypedNumber::parse("0.1", ScalarType::F32, "T"),
            Ok(TypedNumber::Single(0.1))
        );
        assert_eq!(
            TypedNumber::parse("0x10", ScalarType::F64, "T"),
            Ok(TypedNumber::Double(16.0))
        );
        assert_eq!(
            TypedNumber::parse("-inf", ScalarType::F64, "T"),
            Ok(TypedNumber::Double(f64::NEG_INFINITY))
        );
        assert!(TypedNumber::parse("1e39", ScalarType::F32, "T").is_err());
        assert!(TypedNumber::parse("1e999", ScalarType::F64, "T").is_err());
        assert!(TypedNumber::parse("x", ScalarType::F64, "T").is_err());
    }

    fn all(bytes: &[u8], ty: ScalarType) -> Vec<TypedNumber> {
        let bytes = bytes.to_vec();
        let array = NumberArray { bytes, ty };
        assert_eq!(array.len(), array.iter().count());
        array.iter().collect()
    }

    #[test]
    fn bytes_are_those_of_the_type_and_back() {
        for ty in ScalarType::ALL {
            let number = TypedNumber::parse("100", ty, "T").unwrap();
            assert_eq!(number.bytes(ty).len(), ty.size());
            assert_eq!(all(&number.bytes(ty), ty), [number]);
        }
        assert_eq!(
            all(&[0xff, 0x80], ScalarType::I8),
            [-1, -128].map(TypedNumber::Integer)
        );
        assert_eq!(
            all(&[0xff; 9], ScalarType::U64),
            [TypedNumber::Integer(u64::MAX.into())]
        );
    }

    #[test]
    fn numbers_that_json_lacks_are_text() {
        let json = |number| serde_json::to_string(&number).unwrap();
        assert_eq!(json(TypedNumber::Double(f64::NAN)), "\"NaN\"");
        assert_eq!(json(TypedNumber::Single(0.1)), "0.1");
        assert_eq!(
            json(TypedNumber::Integer(u64::MAX.into())),
            "18446744073709551615"
        );
    }
}
