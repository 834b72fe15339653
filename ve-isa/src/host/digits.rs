//! Numbers as digits: `ecvt` and its relatives, `strfromd`.

use super::call::{
    Outcome, Table, c_text, double, int, result, result_int, single, store, word, write,
};
use crate::thread::{Failure, Thread};

unsafe extern "C" {
    fn ecvt_r(
        value: f64,
        digits: libc::c_int,
        point: *mut libc::c_int,
        sign: *mut libc::c_int,
        text: *mut libc::c_char,
        room: usize,
    ) -> libc::c_int;
    fn fcvt_r(
        value: f64,
        digits: libc::c_int,
        point: *mut libc::c_int,
        sign: *mut libc::c_int,
        text: *mut libc::c_char,
        room: usize,
    ) -> libc::c_int;
    fn gcvt(value: f64, digits: libc::c_int, text: *mut libc::c_char) -> *mut libc::c_char;
    fn strfromd(
        text: *mut libc::c_char,
        room: usize,
        format: *const libc::c_char,
        value: f64,
    ) -> libc::c_int;
    fn strfromf(
        text: *mut libc::c_char,
        room: usize,
        format: *const libc::c_char,
        value: f32,
    ) -> libc::c_int;
}

pub(super) const TABLE: Table = &[
    ("ecvt", |thread| lasting_digits(thread, ecvt_r)),
    ("fcvt", |thread| lasting_digits(thread, fcvt_r)),
    ("ecvt_r", |thread| given_digits(thread, ecvt_r)),
    ("fcvt_r", |thread| given_digits(thread, fcvt_r)),
    ("gcvt", |thread| {
        let (value, digits, place) = (double(thread, 0), int(thread, 1), word(thread, 2));
        let mut text = [0_u8; ROOM];
        // SAFETY: the C library writes at most 17 digits, a sign, a point and an exponent.
        unsafe { gcvt(value, digits, text.as_mut_ptr().cast()) };
        write(thread.window(), place, until_end(&text))?;
        result(thread, place)
    }),
    ("strfromd", |thread| {
        let value = double(thread, 3);
        // SAFETY: as for the caller, which has a format and as much room as it says.
        by_format(thread, |text, room, format| unsafe {
            strfromd(text, room, format, value)
        })
    }),
    ("strfromf", |thread| {
        let value = single(thread, 3);
        // SAFETY: as above.
        by_format(thread, |text, room, format| unsafe {
            strfromf(text, room, format, value)
        })
    }),
];

/// Bytes of the longest text that the C library makes of a number, and more: it has at most 17 digits, and for `fcvt` up to 310 before the
/// point.
const ROOM: usize = 512;

type ToDigits = unsafe extern "C" fn(
    f64,
    libc::c_int,
    *mut libc::c_int,
    *mut libc::c_int,
    *mut libc::c_char,
    usize,
) -> libc::c_int;

/// A text with the 0 at its end.
fn until_end(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| *byte == 0);
    &text[..end.map_or(text.len(), |end| end + 1)]
}

/// The digits of the first argument, as many as the second one says, and whether there was room; stores where the point is, and the sign.
fn digits(thread: &Thread, room: usize, how: ToDigits) -> Result<(i32, Vec<u8>), Failure> {
    let (value, count) = (double(thread, 0), int(thread, 1));
    let (point_place, sign_place) = (word(thread, 2), word(thread, 3));
    let (mut point, mut sign) = (0, 0);
    let mut text = vec![0_u8; room.min(ROOM)];
    // SAFETY: the places are there for the call, and the text has as much room as is passed.
    let done = unsafe {
        how(
            value,
            count,
            &mut point,
            &mut sign,
            text.as_mut_ptr().cast(),
            text.len(),
        )
    };
    store::<4>(thread.window(), point_place, point as u64)?;
    store::<4>(thread.window(), sign_place, sign as u64)?;
    Ok((done, until_end(&text).to_vec()))
}

fn lasting_digits(thread: &mut Thread, how: ToDigits) -> Outcome {
    let (_, text) = digits(thread, ROOM, how)?;
    let place = thread.lasting("ecvt", || vec![0; ROOM]).unwrap_or(0);
    if place != 0 {
        write(thread.window(), place, &text)?;
    }
    result(thread, place)
}

fn given_digits(thread: &mut Thread, how: ToDigits) -> Outcome {
    let (place, room) = (word(thread, 4), word(thread, 5));
    let room = usize::try_from(room).unwrap_or(ROOM);
    let (done, text) = digits(thread, room, how)?;
    if done == 0 {
        write(thread.window(), place, &text)?;
    }
    result_int(thread, done)
}

/// The most bytes of a text by a format.
const LONGEST: u64 = 64 << 10;

fn by_format(
    thread: &mut Thread,
    how: impl Fn(*mut libc::c_char, usize, *const libc::c_char) -> libc::c_int,
) -> Outcome {
    let (place, room) = (word(thread, 0), word(thread, 1));
    let format = c_text(thread.window(), word(thread, 2))?;
    if !is_format(format.to_bytes()) {
        return Err(Failure::Why(
            "was given a format that is no % with a precision and a letter of floats".into(),
        ));
    }
    let mut text = vec![0_u8; room.min(LONGEST) as usize];
    let length = how(text.as_mut_ptr().cast(), text.len(), format.as_ptr());
    if !text.is_empty() {
        write(thread.window(), place, until_end(&text))?;
    }
    result_int(thread, length)
}

/// Whether it is `%`, perhaps a precision, and a letter: the C library ends the process at any other one.
fn is_format(format: &[u8]) -> bool {
    let Some(([b'%', rest @ ..], letter)) = format.split_last().map(|(last, rest)| (rest, last))
    else {
        return false;
    };
    let is_precision = match rest {
        [] => true,
        // More digits would be more than anybody has room for.
        [b'.', digits @ ..] => digits.len() < 5 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    is_precision && b"aAeEfFgG".contains(letter)
}
