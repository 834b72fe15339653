//! `stdlib.h`: numbers from text.

use std::ffi::CString;

use rustc_apfloat::ieee::Quad;
use rustc_apfloat::{Float, Round};

use super::call::{
    ByteReader, Outcome, Table, int, result, result_double, result_int, result_quad, result_single,
    set_errno, store, word,
};
use super::ctype::is_space;
use crate::memory::Window;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("atoi", |thread| {
        let number = signed(thread, word(thread, 0), 0, 10)?;
        result_int(thread, number as i32)
    }),
    ("atol", |thread| {
        let number = signed(thread, word(thread, 0), 0, 10)?;
        result(thread, number as u64)
    }),
    ("atoll", |thread| {
        let number = signed(thread, word(thread, 0), 0, 10)?;
        result(thread, number as u64)
    }),
    ("strtol", to_signed),
    ("strtoll", to_signed),
    ("strtoimax", to_signed),
    ("strtoq", to_signed),
    ("__isoc23_strtol", to_signed),
    ("__isoc23_strtoll", to_signed),
    ("strtoul", to_unsigned),
    ("strtoull", to_unsigned),
    ("strtoumax", to_unsigned),
    ("strtouq", to_unsigned),
    ("__isoc23_strtoul", to_unsigned),
    ("__isoc23_strtoull", to_unsigned),
    ("atof", |thread| {
        let (number, _, _) = float(thread.window(), word(thread, 0), libc::strtod)?;
        result_double(thread, number)
    }),
    ("strtod", |thread| {
        let (number, length, error) = float(thread.window(), word(thread, 0), libc::strtod)?;
        finish(thread, length, error)?;
        result_double(thread, number)
    }),
    ("strtof", |thread| {
        let (number, length, error) = float(thread.window(), word(thread, 0), libc::strtof)?;
        finish(thread, length, error)?;
        result_single(thread, number)
    }),
    ("strtold", |thread| {
        let (number, length, error) = quad(thread.window(), word(thread, 0))?;
        finish(thread, length, error)?;
        result_quad(thread, number)
    }),
];

/// An integer from text: magnitude, held at the largest one, sign, whether it was larger, and where it ends; nothing if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ParsedInteger {
    pub(super) magnitude: u64,
    pub(super) negative: bool,
    pub(super) overflow: bool,
    pub(super) end: u64,
}

/// Reads an integer, to any base; nothing if there is none.
fn integer(window: &Window, start: u64, base: u32) -> Result<Option<ParsedInteger>, Failure> {
    let mut reader = ByteReader::new(window, start);
    while is_space(reader.peek()?) {
        reader.byte()?;
    }
    let mut negative = false;
    if let sign @ (b'+' | b'-') = reader.peek()? {
        reader.byte()?;
        negative = sign == b'-';
    }
    let mut base = base;
    let mut found = None;
    if reader.peek()? == b'0' {
        reader.byte()?;
        found = Some(reader.address());
        let letter = reader.peek()?;
        if matches!(base, 0 | 16) && matches!(letter, b'x' | b'X') {
            // Without a digit behind it, the letter does not belong to the number.
            let mut ahead = ByteReader::new(window, reader.address().wrapping_add(1));
            if ahead.peek()?.is_ascii_hexdigit() {
                reader.byte()?;
                base = 16;
            }
        }
        if base == 0 {
            base = 8;
        }
    } else if base == 0 {
        base = 10;
    }
    let (mut magnitude, mut overflow) = (0_u64, false);
    while let Some(digit) = char::from(reader.peek()?).to_digit(base) {
        reader.byte()?;
        let next = magnitude
            .checked_mul(base.into())
            .and_then(|number| number.checked_add(digit.into()));
        overflow |= next.is_none();
        magnitude = next.unwrap_or(u64::MAX);
        found = Some(reader.address());
    }
    Ok(found.map(|end| ParsedInteger {
        magnitude: if overflow { u64::MAX } else { magnitude },
        negative,
        overflow,
        end,
    }))
}

/// Reads an integer, stores where it ends if `end` is not 0, sets `errno`.
fn read_integer(
    thread: &Thread,
    start: u64,
    end: u64,
    base: i32,
) -> Result<Option<ParsedInteger>, Failure> {
    let base = match u32::try_from(base) {
        Ok(base @ (0 | 2..=36)) => base,
        _ => {
            set_errno(thread, libc::EINVAL);
            return Ok(None);
        }
    };
    let number = integer(thread.window(), start, base)?;
    if end != 0 {
        let at = number.map_or(start, |number| number.end);
        store::<8>(thread.window(), end, at)?;
    }
    Ok(number)
}

fn signed(thread: &Thread, start: u64, end: u64, base: i32) -> Result<i64, Failure> {
    let Some(number) = read_integer(thread, start, end, base)? else {
        return Ok(0);
    };
    let limit = i64::MAX as u64 + u64::from(number.negative);
    if number.magnitude > limit {
        set_errno(thread, libc::ERANGE);
    }
    let magnitude = number.magnitude.min(limit);
    Ok(if number.negative {
        magnitude.wrapping_neg() as i64
    } else {
        magnitude as i64
    })
}

fn to_signed(thread: &mut Thread) -> Outcome {
    let (start, end, base) = (word(thread, 0), word(thread, 1), int(thread, 2));
    let number = signed(thread, start, end, base)?;
    result(thread, number as u64)
}

fn to_unsigned(thread: &mut Thread) -> Outcome {
    let (start, end, base) = (word(thread, 0), word(thread, 1), int(thread, 2));
    let Some(number) = read_integer(thread, start, end, base)? else {
        return result(thread, 0);
    };
    if number.overflow {
        set_errno(thread, libc::ERANGE);
        return result(thread, u64::MAX);
    }
    let value = number.magnitude;
    result(
        thread,
        if number.negative {
            value.wrapping_neg()
        } else {
            value
        },
    )
}

/// The longest text that can be a number, but for digits that do not change it.
const LONGEST: usize = 64 << 10;

/// The text that a number at an address is part of.
fn candidate(window: &Window, start: u64) -> Result<CString, Failure> {
    let mut reader = ByteReader::new(window, start);
    let mut bytes = Vec::new();
    while is_space(reader.peek()?) {
        bytes.push(reader.byte()?);
    }
    while bytes.len() < LONGEST
        && let byte @ (b'0'..=b'9'
        | b'a'..=b'z'
        | b'A'..=b'Z'
        | b'.'
        | b'+'
        | b'-'
        | b'('
        | b')'
        | b'_') = reader.peek()?
    {
        bytes.push(byte);
        reader.byte()?;
    }
    Ok(CString::new(bytes).unwrap_or_default())
}

/// Reads a text by the host's C library: number, length, error number or 0.
pub(super) fn parse_float<T>(
    text: &CString,
    parse: unsafe extern "C" fn(*const libc::c_char, *mut *mut libc::c_char) -> T,
) -> (T, usize, i32) {
    // SAFETY: the text ends with a 0, and the place for its end is there.
    parsed(text, |start, end| unsafe { parse(start, end) })
}

/// The same for an integer to a base.
pub(super) fn parse_integer<T>(
    text: &CString,
    base: i32,
    parse: unsafe extern "C" fn(*const libc::c_char, *mut *mut libc::c_char, libc::c_int) -> T,
) -> (T, usize, i32) {
    // SAFETY: as above; the function checks the base.
    parsed(text, |start, end| unsafe { parse(start, end, base) })
}

/// Calls a function with where a text begins and a place for where the number in it ends.
fn parsed<T>(
    text: &CString,
    parse: impl FnOnce(*const libc::c_char, *mut *mut libc::c_char) -> T,
) -> (T, usize, i32) {
    let start = text.as_ptr();
    let mut end = start.cast_mut();
    // SAFETY: errno belongs to this thread.
    unsafe { *errno() = 0 };
    let number = parse(start, &mut end);
    let length = end as usize - start as usize;
    // SAFETY: as above.
    (number, length, unsafe { *errno() })
}

/// Where the host's C library has the number of its last error.
pub(super) fn errno() -> *mut i32 {
    // SAFETY: there are no conditions.
    unsafe { libc::__errno_location() }
}

fn float<T>(
    window: &Window,
    start: u64,
    parse: unsafe extern "C" fn(*const libc::c_char, *mut *mut libc::c_char) -> T,
) -> Result<(T, usize, i32), Failure> {
    Ok(parse_float(&candidate(window, start)?, parse))
}

/// A `long double` from a text whose length the host's C library finds.
pub(super) fn parse_quad(text: &CString) -> (u128, usize, i32) {
    let (rough, length, _) = parse_float(text, libc::strtod);
    let number = String::from_utf8_lossy(&text.to_bytes()[..length]);
    let number = number.trim_start().to_ascii_lowercase();
    let negative = number.starts_with('-');
    let digits = number.trim_start_matches(['+', '-']);
    let mut error = 0;
    let value = if digits.starts_with("inf") {
        Quad::INFINITY
    } else if digits.starts_with("nan") || rough.is_nan() {
        Quad::NAN
    } else if length == 0 {
        Quad::ZERO
    } else {
        // The parser wants an exponent behind hexadecimal digits.
        let mut digits = digits.to_owned();
        if digits.starts_with("0x") && !digits.contains('p') {
            digits.push_str("p0");
        }
        match Quad::from_str_r(&digits, Round::NearestTiesToEven) {
            Ok(parsed) => {
                let status = parsed.status;
                if status
                    .intersects(rustc_apfloat::Status::OVERFLOW | rustc_apfloat::Status::UNDERFLOW)
                {
                    error = libc::ERANGE;
                }
                parsed.value
            }
            Err(_) => Quad::ZERO,
        }
    };
    let value = if negative { -value } else { value };
    (value.to_bits(), length, error)
}

fn quad(window: &Window, start: u64) -> Result<(u128, usize, i32), Failure> {
    Ok(parse_quad(&candidate(window, start)?))
}

/// Stores where a number ends, and sets `errno` if it is out of range.
fn finish(thread: &Thread, length: usize, error: i32) -> Outcome {
    let end = word(thread, 1);
    if end != 0 {
        let at = word(thread, 0).wrapping_add(length as u64);
        store::<8>(thread.window(), end, at)?;
    }
    if error != 0 {
        set_errno(thread, error);
    }
    Ok(())
}
