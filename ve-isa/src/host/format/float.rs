//! `%a %e %f %g`, for `double` and `long double`.

use super::decimal::{Decimal, DecimalNumber, DecimalValue};
use super::output::{OutputField, Part};
use super::specification::FormatFlags;

/// Digits behind the point, if nobody says how many.
const PRECISION: u64 = 6;

pub(super) fn format(
    number: &DecimalNumber,
    conversion: u8,
    flags: FormatFlags,
    precision: Option<u64>,
) -> OutputField {
    let upper = conversion.is_ascii_uppercase();
    let sign = flags.sign(number.negative);
    let prefix = sign.as_bytes().to_vec();
    let alternate = flags.contains(FormatFlags::ALTERNATE);
    let (mantissa, exponent) = match number.value {
        DecimalValue::Finite { mantissa, exponent } => (mantissa, exponent),
        DecimalValue::Infinite | DecimalValue::NotANumber => {
            let text = match (&number.value, upper) {
                (DecimalValue::Infinite, false) => "inf",
                (DecimalValue::Infinite, true) => "INF",
                (_, false) => "nan",
                (_, true) => "NAN",
            };
            return OutputField {
                prefix,
                parts: vec![Part::Bytes(text.into())],
                numeric: false,
            };
        }
    };
    let (prefix, parts) = match conversion.to_ascii_lowercase() {
        b'a' => {
            let mut prefix = prefix;
            prefix.extend_from_slice(if upper { b"0X" } else { b"0x" });
            let parts = hexadecimal(number, mantissa, exponent, precision, alternate, upper);
            (prefix, parts)
        }
        kind => {
            let mut decimal = Decimal::new(mantissa, exponent);
            let precision = precision.unwrap_or(PRECISION);
            let parts = match kind {
                b'e' => {
                    decimal.round(precision as i64 + 1);
                    scientific(&decimal, precision, alternate, upper)
                }
                b'f' => {
                    decimal.round(decimal.point.saturating_add(precision as i64));
                    fixed(&decimal, precision, alternate)
                }
                _ => general(decimal, precision.max(1), alternate, upper),
            };
            (prefix, parts)
        }
    };
    OutputField {
        prefix,
        parts,
        numeric: true,
    }
}

/// `d.ddde+dd`, of a number that has at most `precision + 1` digits.
fn scientific(decimal: &Decimal, precision: u64, point: bool, upper: bool) -> Vec<Part> {
    let (first, rest) = decimal.digits.split_first().unwrap_or((&b'0', &[]));
    let mut head = vec![*first];
    if precision > 0 || point {
        head.push(b'.');
    }
    head.extend_from_slice(rest);
    let exponent = exponent_of(decimal);
    let sign = if exponent < 0 { '-' } else { '+' };
    let mark = if upper { 'E' } else { 'e' };
    let tail = format!("{mark}{sign}{:02}", exponent.abs());
    vec![
        Part::Bytes(head),
        Part::Zeros(precision - rest.len() as u64),
        Part::Bytes(tail.into_bytes()),
    ]
}

/// The exponent of the first digit.
fn exponent_of(decimal: &Decimal) -> i64 {
    if decimal.digits.is_empty() {
        0
    } else {
        decimal.point - 1
    }
}

/// `ddd.ddd`, of a number that has at most `precision` digits behind the point.
fn fixed(decimal: &Decimal, precision: u64, point: bool) -> Vec<Part> {
    let digits = &decimal.digits;
    // Digits before the point, with zeros where they are not stored.
    let before = if digits.is_empty() { 0 } else { decimal.point };
    let mut parts = Vec::new();
    let shown = usize::try_from(before).unwrap_or(0).min(digits.len());
    if before <= 0 {
        parts.push(Part::Bytes(vec![b'0']));
    } else {
        parts.push(Part::Bytes(digits[..shown].to_vec()));
        parts.push(Part::Zeros(before as u64 - shown as u64));
    }
    if precision > 0 || point {
        parts.push(Part::Bytes(vec![b'.']));
    }
    let leading = if digits.is_empty() {
        precision
    } else {
        before.min(0).unsigned_abs().min(precision)
    };
    let behind = &digits[shown..];
    parts.push(Part::Zeros(leading));
    parts.push(Part::Bytes(behind.to_vec()));
    parts.push(Part::Zeros(precision - leading - behind.len() as u64));
    parts
}

/// Either of both, in so many digits; zeros at the end go unless asked for.
fn general(mut decimal: Decimal, precision: u64, alternate: bool, upper: bool) -> Vec<Part> {
    decimal.round(precision as i64);
    let exponent = exponent_of(&decimal);
    if (-4..precision as i64).contains(&exponent) {
        let behind = if alternate {
            precision as i64 - 1 - exponent
        } else {
            // Digits have no zeros at the end.
            decimal.digits.len() as i64 - 1 - exponent
        };
        fixed(&decimal, behind.max(0) as u64, alternate)
    } else {
        let behind = if alternate {
            precision - 1
        } else {
            decimal.digits.len() as u64 - 1
        };
        scientific(&decimal, behind, alternate, upper)
    }
}

/// `1.hhhp+d`, behind `0x`.
fn hexadecimal(
    number: &DecimalNumber,
    mantissa: u128,
    exponent: i32,
    precision: Option<u64>,
    point: bool,
    upper: bool,
) -> Vec<Part> {
    let bits = number.fraction_bits;
    let places = u64::from(bits / 4);
    // A number that rounds to 0 keeps its exponent.
    let exponent = if mantissa == 0 {
        0
    } else {
        exponent + bits as i32
    };
    let mut mantissa = mantissa;
    if let Some(precision) = precision.filter(|precision| *precision < places) {
        let cut = bits - 4 * precision as u32;
        let (rest, half) = (mantissa & ((1 << cut) - 1), 1 << (cut - 1));
        mantissa >>= cut;
        if rest > half || rest == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= cut;
    }
    let first = mantissa >> bits;
    let fraction = mantissa & ((1 << bits) - 1);
    let mut digits = format!("{fraction:0width$x}", width = places as usize).into_bytes();
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    let zeros = precision.unwrap_or(0).saturating_sub(digits.len() as u64);
    let mut head = format!("{first:x}").into_bytes();
    if !digits.is_empty() || zeros > 0 || point {
        head.push(b'.');
    }
    head.extend(digits);
    let mut tail = format!("p{exponent:+}").into_bytes();
    if upper {
        head.make_ascii_uppercase();
        tail.make_ascii_uppercase();
    }
    vec![Part::Bytes(head), Part::Zeros(zeros), Part::Bytes(tail)]
}
