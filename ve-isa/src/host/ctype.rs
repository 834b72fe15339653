//! `ctype.h`, and the rest of `wctype.h`, in the locale "C".

use super::call::{Outcome, Table, int, result_int};
use crate::thread::Thread;

pub(super) const TABLE: Table = &[
    ("isalnum", |thread| {
        is(thread, |c| c.is_ascii_alphanumeric())
    }),
    ("isalpha", |thread| is(thread, |c| c.is_ascii_alphabetic())),
    ("isascii", |thread| {
        let value = int(thread, 0);
        result_int(thread, (0..128).contains(&value).into())
    }),
    ("isblank", |thread| {
        is(thread, |c| matches!(c, b' ' | b'\t'))
    }),
    ("iscntrl", |thread| is(thread, |c| c.is_ascii_control())),
    ("isdigit", |thread| is(thread, |c| c.is_ascii_digit())),
    ("isgraph", |thread| is(thread, |c| c.is_ascii_graphic())),
    ("islower", |thread| is(thread, |c| c.is_ascii_lowercase())),
    ("isprint", |thread| is(thread, |c| matches!(c, b' '..=b'~'))),
    ("ispunct", |thread| is(thread, |c| c.is_ascii_punctuation())),
    ("isspace", |thread| is(thread, is_space)),
    ("isupper", |thread| is(thread, |c| c.is_ascii_uppercase())),
    ("isxdigit", |thread| is(thread, |c| c.is_ascii_hexdigit())),
    ("toascii", |thread| {
        let value = int(thread, 0);
        result_int(thread, value & 127)
    }),
    ("tolower", |thread| {
        change(thread, |c| c.to_ascii_lowercase())
    }),
    ("toupper", |thread| {
        change(thread, |c| c.to_ascii_uppercase())
    }),
    ("iswalnum", |thread| {
        is(thread, |c| c.is_ascii_alphanumeric())
    }),
    ("iswalpha", |thread| is(thread, |c| c.is_ascii_alphabetic())),
    ("iswdigit", |thread| is(thread, |c| c.is_ascii_digit())),
    ("iswlower", |thread| is(thread, |c| c.is_ascii_lowercase())),
    ("iswprint", |thread| {
        is(thread, |c| matches!(c, b' '..=b'~'))
    }),
    ("iswpunct", |thread| {
        is(thread, |c| c.is_ascii_punctuation())
    }),
    ("iswspace", |thread| is(thread, is_space)),
    ("iswupper", |thread| is(thread, |c| c.is_ascii_uppercase())),
    ("iswxdigit", |thread| is(thread, |c| c.is_ascii_hexdigit())),
    ("towlower", |thread| {
        change(thread, |c| c.to_ascii_lowercase())
    }),
    ("towupper", |thread| {
        change(thread, |c| c.to_ascii_uppercase())
    }),
];

/// Whether a character separates words: blanks, `\t` to `\r`.
pub(super) fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t'..=b'\r')
}

fn is(thread: &mut Thread, class: fn(u8) -> bool) -> Outcome {
    let character = u8::try_from(int(thread, 0));
    result_int(thread, character.is_ok_and(class).into())
}

fn change(thread: &mut Thread, fold: fn(&u8) -> u8) -> Outcome {
    let value = int(thread, 0);
    let changed = u8::try_from(value).map_or(value, |c| fold(&c).into());
    result_int(thread, changed)
}
