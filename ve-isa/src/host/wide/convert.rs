//! Classes of wide characters, conversions between wide characters and bytes, numbers from wide strings.

use std::ffi::CString;

use super::super::call::{
    ByteReader, Outcome, Table, int, load, result, result_double, result_int, result_quad,
    result_single, set_errno, store, text, word, write,
};
use super::super::number::{parse_float, parse_integer, parse_quad};
use super::{Characters, at, narrow, put, wide_up_to};
use crate::thread::{Failure, Thread};

pub(in crate::host) const TABLE: Table = &[
    ("iswblank", |thread| {
        is(thread, |c| matches!(c, b' ' | b'\t'))
    }),
    ("iswcntrl", |thread| is(thread, |c| c.is_ascii_control())),
    ("iswgraph", |thread| is(thread, |c| c.is_ascii_graphic())),
    ("wctype", |thread| {
        let name = text(thread.window(), word(thread, 0))?;
        let class = CLASSES
            .iter()
            .position(|(class, _)| class.as_bytes() == name);
        result(thread, class.map_or(0, |class| class as u64 + 1))
    }),
    ("iswctype", |thread| {
        let class = word(thread, 1).checked_sub(1);
        let class = class.and_then(|class| CLASSES.get(class as usize));
        let character = narrow(word(thread, 0) as u32);
        let inside = class.zip(character).is_some_and(|((_, is), c)| is(&c));
        result_int(thread, inside.into())
    }),
    ("wctrans", |thread| {
        let name = text(thread.window(), word(thread, 0))?;
        let known = ["tolower", "toupper"];
        let change = known.iter().position(|known| known.as_bytes() == name);
        result(thread, change.map_or(0, |change| change as u64 + 1))
    }),
    ("towctrans", |thread| {
        let character = word(thread, 0) as u32;
        let changed = match (narrow(character), word(thread, 1)) {
            (Some(c), 1) => c.to_ascii_lowercase().into(),
            (Some(c), 2) => c.to_ascii_uppercase().into(),
            _ => character,
        };
        result(thread, changed.into())
    }),
    ("wcwidth", |thread| {
        let width = columns(word(thread, 0) as u32);
        result_int(thread, width)
    }),
    ("wcswidth", |thread| {
        let text = wide_up_to(thread.window(), word(thread, 0), word(thread, 1))?;
        let widths = text.iter().map(|c| columns(*c));
        let width = if widths.clone().any(|width| width < 0) {
            -1
        } else {
            widths.sum()
        };
        result_int(thread, width)
    }),
    ("__ctype_get_mb_cur_max", |thread| result(thread, 1)),
    ("btowc", |thread| {
        let byte = int(thread, 0);
        let character = if (0..128).contains(&byte) { byte } else { -1 };
        result_int(thread, character)
    }),
    ("wctob", |thread| {
        let byte = narrow(word(thread, 0) as u32);
        result_int(thread, byte.map_or(-1, i32::from))
    }),
    ("mbsinit", |thread| result_int(thread, 1)),
    ("mblen", |thread| {
        let (from, room) = (word(thread, 0), word(thread, 1));
        let length = plain_length(thread, from, room, 0)?;
        result_int(thread, length)
    }),
    ("mbtowc", |thread| {
        let (to, from, room) = (word(thread, 0), word(thread, 1), word(thread, 2));
        let length = plain_length(thread, from, room, to)?;
        result_int(thread, length)
    }),
    ("wctomb", |thread| {
        let to = word(thread, 0);
        if to == 0 {
            return result_int(thread, 0);
        }
        let length = to_bytes(thread, to, word(thread, 1) as u32)?;
        result_int(thread, length as i32)
    }),
    ("mbrlen", |thread| {
        let (from, room) = (word(thread, 0), word(thread, 1));
        let length = from_bytes(thread, 0, from, room)?;
        result(thread, length)
    }),
    ("mbrtowc", restartable),
    ("mbrtoc32", restartable),
    ("mbrtoc16", |thread| {
        let (to, from, room) = (word(thread, 0), word(thread, 1), word(thread, 2));
        let length = from_bytes(thread, 0, from, room)?;
        if to != 0 && from != 0 && length <= 1 {
            let byte = load::<1>(thread.window(), from)?;
            store::<2>(thread.window(), to, byte & 0xff)?;
        }
        result(thread, length)
    }),
    ("wcrtomb", to_bytes_or_one),
    ("c32rtomb", to_bytes_or_one),
    ("c16rtomb", to_bytes_or_one),
    ("mbstowcs", |thread| {
        let (to, from, room) = (word(thread, 0), word(thread, 1), word(thread, 2));
        let (count, _) = widen(thread, to, from, u64::MAX, room)?;
        result(thread, count)
    }),
    ("wcstombs", |thread| {
        let (to, from, room) = (word(thread, 0), word(thread, 1), word(thread, 2));
        let (count, _) = narrow_all(thread, to, from, u64::MAX, room)?;
        result(thread, count)
    }),
    ("mbsrtowcs", |thread| {
        let (to, place, room) = (word(thread, 0), word(thread, 1), word(thread, 2));
        from_place(thread, to, place, |thread, from| {
            widen(thread, to, from, u64::MAX, room)
        })
    }),
    ("mbsnrtowcs", |thread| {
        let (to, place) = (word(thread, 0), word(thread, 1));
        let (bytes, room) = (word(thread, 2), word(thread, 3));
        from_place(thread, to, place, |thread, from| {
            widen(thread, to, from, bytes, room)
        })
    }),
    ("wcsrtombs", |thread| {
        let (to, place, room) = (word(thread, 0), word(thread, 1), word(thread, 2));
        from_place(thread, to, place, |thread, from| {
            narrow_all(thread, to, from, u64::MAX, room)
        })
    }),
    ("wcsnrtombs", |thread| {
        let (to, place) = (word(thread, 0), word(thread, 1));
        let (characters, room) = (word(thread, 2), word(thread, 3));
        from_place(thread, to, place, |thread, from| {
            narrow_all(thread, to, from, characters, room)
        })
    }),
    ("wcstol", |thread| to_integer(thread, libc::strtol)),
    ("wcstoll", |thread| to_integer(thread, libc::strtol)),
    ("wcstoimax", |thread| to_integer(thread, libc::strtol)),
    ("wcstoul", |thread| to_integer(thread, libc::strtoul)),
    ("wcstoull", |thread| to_integer(thread, libc::strtoul)),
    ("wcstoumax", |thread| to_integer(thread, libc::strtoul)),
    ("wcstod", |thread| {
        let number = to_float(thread, |text| parse_float(text, libc::strtod))?;
        result_double(thread, number)
    }),
    ("wcstof", |thread| {
        let number = to_float(thread, |text| parse_float(text, libc::strtof))?;
        result_single(thread, number)
    }),
    ("wcstold", |thread| {
        let number = to_float(thread, parse_quad)?;
        result_quad(thread, number)
    }),
];

type Class = fn(&u8) -> bool;

/// The classes of characters; `wctype` gives the number of each.
const CLASSES: [(&str, Class); 12] = [
    ("alnum", u8::is_ascii_alphanumeric),
    ("alpha", u8::is_ascii_alphabetic),
    ("blank", |c| matches!(c, b' ' | b'\t')),
    ("cntrl", u8::is_ascii_control),
    ("digit", u8::is_ascii_digit),
    ("graph", u8::is_ascii_graphic),
    ("lower", u8::is_ascii_lowercase),
    ("print", |c| matches!(c, b' '..=b'~')),
    ("punct", u8::is_ascii_punctuation),
    ("space", |c| super::super::ctype::is_space(*c)),
    ("upper", u8::is_ascii_uppercase),
    ("xdigit", u8::is_ascii_hexdigit),
];

fn is(thread: &mut Thread, class: fn(u8) -> bool) -> Outcome {
    let character = narrow(word(thread, 0) as u32);
    result_int(thread, character.is_some_and(class).into())
}

/// How many columns a character takes on a screen, or -1.
fn columns(character: u32) -> i32 {
    match narrow(character) {
        Some(0) => 0,
        Some(b' '..=b'~') => 1,
        _ => -1,
    }
}

/// Results for a text that is no character, and for one that ends too early.
const WRONG: u64 = u64::MAX;
const INCOMPLETE: u64 = u64::MAX - 1;

fn wrong(thread: &Thread) -> u64 {
    set_errno(thread, libc::EILSEQ);
    WRONG
}

/// One character from bytes; the result is how many bytes it took, 0 for the end.
fn from_bytes(thread: &Thread, to: u64, from: u64, room: u64) -> Result<u64, Failure> {
    if from == 0 {
        return Ok(0);
    }
    if room == 0 {
        return Ok(INCOMPLETE);
    }
    let byte = load::<1>(thread.window(), from)? as u8;
    if !byte.is_ascii() {
        return Ok(wrong(thread));
    }
    if to != 0 {
        store::<4>(thread.window(), to, byte.into())?;
    }
    Ok((byte != 0).into())
}

/// As `from_bytes`, where all that is no character gives -1.
fn plain_length(thread: &Thread, from: u64, room: u64, to: u64) -> Result<i32, Failure> {
    let length = from_bytes(thread, to, from, room)?;
    Ok(if length <= 1 { length as i32 } else { -1 })
}

fn restartable(thread: &mut Thread) -> Outcome {
    let (to, from, room) = (word(thread, 0), word(thread, 1), word(thread, 2));
    let length = from_bytes(thread, to, from, room)?;
    result(thread, length)
}

/// One character to bytes; the result is how many.
fn to_bytes(thread: &Thread, to: u64, character: u32) -> Result<u64, Failure> {
    let Some(byte) = narrow(character) else {
        return Ok(wrong(thread));
    };
    store::<1>(thread.window(), to, byte.into())?;
    Ok(1)
}

fn to_bytes_or_one(thread: &mut Thread) -> Outcome {
    let to = word(thread, 0);
    let length = if to == 0 {
        1
    } else {
        to_bytes(thread, to, word(thread, 1) as u32)?
    };
    result(thread, length)
}

/// Converts a string of which a place has the address, and stores there how far it came: 0 at the end.
fn from_place(
    thread: &mut Thread,
    to: u64,
    place: u64,
    convert: impl Fn(&Thread, u64) -> Result<(u64, u64), Failure>,
) -> Outcome {
    let from = load::<8>(thread.window(), place)?;
    let (count, rest) = convert(thread, from)?;
    if to != 0 {
        store::<8>(thread.window(), place, rest)?;
    }
    result(thread, count)
}

/// Converts up to `limit` bytes to up to `room` characters, which are only counted if there is no place for them. The result is how many
/// there are, and where the text went on: 0 if it ended.
fn widen(
    thread: &Thread,
    to: u64,
    from: u64,
    limit: u64,
    room: u64,
) -> Result<(u64, u64), Failure> {
    let mut reader = ByteReader::new(thread.window(), from);
    let next = || {
        let byte = reader.byte()?;
        Ok((byte.is_ascii().then(|| byte.into()), reader.address()))
    };
    let put = |characters: &[u32]| put(thread, to, characters);
    convert(thread, to, from, limit, room, next, put)
}

/// As `widen`, the other way.
fn narrow_all(
    thread: &Thread,
    to: u64,
    from: u64,
    limit: u64,
    room: u64,
) -> Result<(u64, u64), Failure> {
    let mut reader = Characters::new(thread.window(), from);
    let next = || Ok((narrow(reader.next()?), reader.address()));
    let put = |bytes: &[u8]| write(thread.window(), to, bytes);
    convert(thread, to, from, limit, room, next, put)
}

/// Converts what `next` gives: a unit, none if it has no form, and the address behind it. `put` stores the result.
fn convert<T: Default + PartialEq>(
    thread: &Thread,
    to: u64,
    from: u64,
    limit: u64,
    room: u64,
    mut next: impl FnMut() -> Result<(Option<T>, u64), Failure>,
    put: impl Fn(&[T]) -> Outcome,
) -> Result<(u64, u64), Failure> {
    let (mut units, mut address) = (Vec::new(), from);
    let result = loop {
        let count = units.len() as u64;
        if count == limit || to != 0 && count == room {
            break (count, address);
        }
        let (unit, behind) = next()?;
        let Some(unit) = unit else {
            break (wrong(thread), address);
        };
        let is_end = unit == T::default();
        units.push(unit);
        if is_end {
            break (count, 0);
        }
        address = behind;
    };
    if to != 0 {
        put(&units)?;
    }
    Ok(result)
}

/// The text of a wide string that a number may be part of.
fn candidate(thread: &Thread) -> Result<CString, Failure> {
    let mut reader = Characters::new(thread.window(), word(thread, 0));
    let mut bytes = Vec::new();
    while let Some(byte @ 1..) = narrow(reader.next()?) {
        bytes.push(byte);
    }
    Ok(CString::new(bytes).unwrap_or_default())
}

/// Stores where a number ends, if that is wanted, and sets `errno` if it is out of range.
fn finish(thread: &Thread, length: usize, error: i32) -> Outcome {
    let end = word(thread, 1);
    if end != 0 {
        store::<8>(thread.window(), end, at(word(thread, 0), length as u64))?;
    }
    if error != 0 {
        set_errno(thread, error);
    }
    Ok(())
}

fn to_float<T>(thread: &Thread, parse: impl Fn(&CString) -> (T, usize, i32)) -> Result<T, Failure> {
    let (number, length, error) = parse(&candidate(thread)?);
    finish(thread, length, error)?;
    Ok(number)
}

type ParseInteger<T> =
    unsafe extern "C" fn(*const libc::c_char, *mut *mut libc::c_char, libc::c_int) -> T;

fn to_integer<T: TryInto<i128>>(thread: &mut Thread, parse: ParseInteger<T>) -> Outcome {
    let base = int(thread, 2);
    let (number, length, error) = parse_integer(&candidate(thread)?, base, parse);
    finish(thread, length, error)?;
    let number: i128 = number.try_into().unwrap_or_default();
    result(thread, number as u64)
}
