//! Messages about errors on standard error: `perror`, `psignal`, `err.h`, `error.h`.

use super::call::{Outcome, Table, int, load, set_errno, text, word};
use super::format::{self, Sink, Variadic};
use super::stdio::{standard, write_bytes};
use super::string;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("psignal", |thread| {
        let reason = string::signal_text(int(thread, 0));
        describe(thread, word(thread, 1), &reason)
    }),
    ("perror", |thread| {
        let reason = last_error(thread)?;
        describe(thread, word(thread, 0), &reason)
    }),
    ("err", |thread| {
        complain(thread, 1, Variadic::Arguments(2), Some(0), true)
    }),
    ("errx", |thread| {
        complain(thread, 1, Variadic::Arguments(2), Some(0), false)
    }),
    ("warn", |thread| {
        complain(thread, 0, Variadic::Arguments(1), None, true)
    }),
    ("warnx", |thread| {
        complain(thread, 0, Variadic::Arguments(1), None, false)
    }),
    ("verr", |thread| {
        complain(thread, 1, Variadic::List(2), Some(0), true)
    }),
    ("verrx", |thread| {
        complain(thread, 1, Variadic::List(2), Some(0), false)
    }),
    ("vwarn", |thread| {
        complain(thread, 0, Variadic::List(1), None, true)
    }),
    ("vwarnx", |thread| {
        complain(thread, 0, Variadic::List(1), None, false)
    }),
    ("error", |thread| {
        set_errno(thread, int(thread, 1));
        let with_error = int(thread, 1) != 0;
        let code = (int(thread, 0) != 0).then_some(0);
        complain(thread, 2, Variadic::Arguments(3), code, with_error)
    }),
];

/// Prints a line of the host's to standard error.
pub(super) fn to_standard_error(thread: &Thread, line: &[u8]) {
    thread.flush_output();
    let error = standard(thread, 2);
    write_bytes(thread, error, line);
}

/// The text for the thread's `errno`.
fn last_error(thread: &Thread) -> Result<Vec<u8>, Failure> {
    let number = load::<4>(thread.window(), thread.private().start)? as i32;
    Ok(string::error_text(number))
}

/// Prints a reason behind the text at an address, if there is one.
fn describe(thread: &Thread, prefix: u64, reason: &[u8]) -> Outcome {
    let mut line = Vec::new();
    if prefix != 0 {
        line = text(thread.window(), prefix)?;
        if !line.is_empty() {
            line.extend_from_slice(b": ");
        }
    }
    line.extend(reason);
    line.push(b'\n');
    to_standard_error(thread, &line);
    Ok(())
}

/// Prints a text by the format in the argument with this number, behind the name of the program, and the text for `errno`, if that is
/// wanted; then ends the program with the code in another argument, if there is one.
fn complain(
    thread: &mut Thread,
    number: usize,
    variable: Variadic,
    code: Option<usize>,
    error: bool,
) -> Outcome {
    let mut line = b"ve: ".to_vec();
    let (format, arguments) = (word(thread, number), variable.address(thread));
    let reason = last_error(thread)?;
    if format != 0 {
        let mut buffer = Vec::new();
        let printed = format::print(thread, format, arguments, Sink::Buffer(&mut buffer))?;
        if printed.is_ok() {
            line.extend(buffer);
        }
        if error {
            line.extend(b": ");
        }
    }
    if error {
        line.extend(reason);
    }
    line.push(b'\n');
    to_standard_error(thread, &line);
    match code {
        Some(code) => {
            let code = int(thread, code);
            super::control::leave_program(thread, code)
        }
        None => Ok(()),
    }
}
