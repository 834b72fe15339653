//! `%d %u %o %x %b`.

use super::output::{OutputField, Part};
use super::specification::FormatFlags;

/// The digits, with zeros before them up to the precision.
fn field(prefix: Vec<u8>, digits: String, precision: Option<u64>) -> OutputField {
    // A zero with the precision 0 has no digits.
    let digits = if precision == Some(0) && digits == "0" {
        String::new()
    } else {
        digits
    };
    let zeros = precision.unwrap_or(0).saturating_sub(digits.len() as u64);
    OutputField {
        prefix,
        parts: vec![Part::Zeros(zeros), Part::Bytes(digits.into_bytes())],
        // With a precision, the flag 0 does not count.
        numeric: precision.is_none(),
    }
}

pub(super) fn signed(value: i64, flags: FormatFlags, precision: Option<u64>) -> OutputField {
    let sign = flags.sign(value < 0);
    field(
        sign.as_bytes().to_vec(),
        value.unsigned_abs().to_string(),
        precision,
    )
}

pub(super) fn unsigned(
    value: u64,
    conversion: u8,
    flags: FormatFlags,
    precision: Option<u64>,
) -> OutputField {
    let digits = match conversion {
        b'o' => format!("{value:o}"),
        b'x' => format!("{value:x}"),
        b'X' => format!("{value:X}"),
        b'b' | b'B' => format!("{value:b}"),
        _ => value.to_string(),
    };
    if !flags.contains(FormatFlags::ALTERNATE) {
        return field(Vec::new(), digits, precision);
    }
    match conversion {
        // An octal number begins with a 0, which may be one of the precision.
        b'o' => {
            let length = digits.len() as u64 + u64::from(value != 0);
            let mut field = field(Vec::new(), digits, Some(precision.unwrap_or(0).max(length)));
            field.numeric = precision.is_none();
            field
        }
        b'x' | b'X' | b'b' | b'B' if value != 0 => field(vec![b'0', conversion], digits, precision),
        _ => field(Vec::new(), digits, precision),
    }
}
