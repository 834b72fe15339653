//! `locale.h`, and the tables that `ctype.h` of the C library of Linux looks into. There is the locale "C" alone.

use std::ffi::CStr;
use std::ptr::null_mut;
use std::sync::LazyLock;

use super::call::{Outcome, Table, int, nothing, result, set_errno, store, text, word};
use super::ctype::is_space;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("setlocale", |thread| {
        let (category, name) = (int(thread, 0), word(thread, 1));
        let known = match name {
            0 => true,
            name => [&b""[..], b"C", b"POSIX"].contains(&&*text(thread.window(), name)?),
        };
        if !known || !(0..=12).contains(&category) {
            return result(thread, 0);
        }
        give(thread, "C", || b"C\0".to_vec())
    }),
    ("localeconv", |thread| {
        let texts = thread.lasting("localeconv texts", || b"\0.\0".to_vec());
        let Some(none) = texts else {
            return result(thread, 0);
        };
        let mut lconv = Vec::new();
        for index in 0..10 {
            // The first is the decimal point.
            let text = if index == 0 { none + 1 } else { none };
            lconv.extend(text.to_le_bytes());
        }
        // No number of money has a form.
        lconv.extend([0x7f; 14]);
        give(thread, "localeconv", || lconv)
    }),
    ("nl_langinfo", |thread| {
        let number = int(thread, 0);
        let text = item(number);
        // Most numbers are those of no text.
        let name = match *text {
            [0] => "langinfo".to_owned(),
            _ => format!("langinfo {number}"),
        };
        let place = thread.lasting(name, || text);
        result(thread, place.unwrap_or(0))
    }),
    ("newlocale", |thread| {
        let (mask, name) = (int(thread, 0), word(thread, 1));
        let name = text(thread.window(), name)?;
        let error = if mask as u32 >> 13 != 0 {
            libc::EINVAL
        } else if ![&b""[..], b"C", b"POSIX"].contains(&&*name) {
            libc::ENOENT
        } else {
            return give(thread, "a locale", || vec![0; 8]);
        };
        set_errno(thread, error);
        result(thread, 0)
    }),
    // There is one locale, so one stands for all of them.
    ("duplocale", |thread| {
        give(thread, "a locale", || vec![0; 8])
    }),
    ("freelocale", nothing),
    ("uselocale", |thread| result(thread, GLOBAL)),
    ("__ctype_b_loc", |thread| {
        let table = (-128..256).flat_map(|c| classes(c).to_le_bytes());
        give_table(thread, "__ctype_b_loc", table.collect(), 2)
    }),
    ("__ctype_tolower_loc", |thread| {
        let table = (-128..256).flat_map(|c| changed(c, |c| c.to_ascii_lowercase()).to_le_bytes());
        give_table(thread, "__ctype_tolower_loc", table.collect(), 4)
    }),
    ("__ctype_toupper_loc", |thread| {
        let table = (-128..256).flat_map(|c| changed(c, |c| c.to_ascii_uppercase()).to_le_bytes());
        give_table(thread, "__ctype_toupper_loc", table.collect(), 4)
    }),
];

/// The locale that all threads use.
const GLOBAL: u64 = u64::MAX;

/// Bytes of the longest text that `nl_langinfo` gives, with its end.
const LONGEST_ITEM: usize = 256;

/// A text of the locale "C" by its number, with its end: empty, if there is none.
fn item(number: i32) -> Vec<u8> {
    static PLAIN: LazyLock<usize> = LazyLock::new(|| {
        // SAFETY: the name is a string, and there is no locale to change.
        let plain = unsafe { libc::newlocale(libc::LC_ALL_MASK, c"C".as_ptr(), null_mut()) };
        plain.expose_provenance()
    });
    let plain = std::ptr::with_exposed_provenance_mut(*PLAIN);
    let mut bytes = Vec::new();
    if *PLAIN != 0 {
        // SAFETY: the locale is one, which is never freed. The C library checks the number, and its texts of "C" are constants.
        let text = unsafe { libc::nl_langinfo_l(number, plain) };
        if !text.is_null() {
            // SAFETY: as above.
            bytes = unsafe { CStr::from_ptr(text) }.to_bytes().to_vec();
        }
    }
    bytes.truncate(LONGEST_ITEM - 1);
    bytes.push(0);
    bytes
}

/// Leaves the address of memory that stays as it is made the first time.
fn give(thread: &mut Thread, name: &'static str, make: impl FnOnce() -> Vec<u8>) -> Outcome {
    let address = thread.lasting(name, make);
    result(thread, address.unwrap_or(0))
}

/// Leaves the address of a pointer to the entry for 0 of a table that begins at -128.
fn give_table(
    thread: &mut Thread,
    name: &'static str,
    table: Vec<u8>,
    entry: u64,
) -> Result<(), Failure> {
    let mut bytes = vec![0; 8];
    bytes.extend(table);
    let address = thread.lasting(name, || bytes);
    if let Some(address) = address {
        store::<8>(thread.window(), address, address + 8 + 128 * entry)?;
    }
    result(thread, address.unwrap_or(0))
}

/// The classes of a character, as bits.
fn classes(character: i32) -> u16 {
    let Some(c) = u8::try_from(character).ok().filter(u8::is_ascii) else {
        return 0;
    };
    let classes = [
        c.is_ascii_uppercase(),
        c.is_ascii_lowercase(),
        c.is_ascii_alphabetic(),
        c.is_ascii_digit(),
        c.is_ascii_hexdigit(),
        is_space(c),
        matches!(c, b' '..=b'~'),
        c.is_ascii_graphic(),
        matches!(c, b' ' | b'\t'),
        c.is_ascii_control(),
        c.is_ascii_punctuation(),
        c.is_ascii_alphanumeric(),
    ];
    // The bits are those of a big-endian number.
    let bits = classes.into_iter().enumerate();
    bits.fold(0, |bits, (bit, set)| bits | u16::from(set) << bit)
        .swap_bytes()
}

/// The changed character. Negative numbers stand for bytes, except the one for the end.
fn changed(character: i32, fold: fn(u8) -> u8) -> i32 {
    match u8::try_from(character) {
        Ok(c) if c.is_ascii() => fold(c).into(),
        Err(_) if character < -1 => character & 0xff,
        _ => character,
    }
}
