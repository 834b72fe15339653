//! Input and output of wide characters.

use super::super::call::{Outcome, Table, int, place, result, result_int, set_errno, word};
use super::super::format::{self, Sink};
use super::super::scan::{self, ScanSource};
use super::super::stdio::{standard_input, standard_output, stream, write_bytes};
use super::{narrow, put, wide};
use crate::process::{CStream, HeldStream};
use crate::thread::{Failure, Thread};

pub(in crate::host) const TABLE: Table = &[
    ("fputwc", put_one),
    ("putwc", put_one),
    ("putwchar", |thread| {
        let stream = standard_output(thread);
        write_one(thread, stream)
    }),
    ("fputws", |thread| {
        let text = wide(thread.window(), word(thread, 0))?;
        let stream = stream(thread, 1)?;
        let done = write_all(thread, Some(stream), &text);
        result_int(thread, if done { 1 } else { -1 })
    }),
    ("fgetwc", get_one),
    ("getwc", get_one),
    ("getwchar", |thread| {
        let stream = standard_input(thread);
        let character = stream.and_then(|stream| read_one(thread, &stream));
        result_int(thread, character.map_or(-1, i32::from))
    }),
    ("ungetwc", |thread| {
        let stream = stream(thread, 1)?;
        let byte = narrow(word(thread, 0) as u32).filter(|byte| stream.unget(*byte));
        result_int(thread, byte.map_or(-1, i32::from))
    }),
    ("fgetws", |thread| {
        let (to, room) = (word(thread, 0), int(thread, 1));
        let stream = stream(thread, 2)?;
        let mut line = Vec::new();
        while line.len() as i64 + 1 < room.into()
            && let Some(byte) = read_one(thread, &stream)
        {
            line.push(u32::from(byte));
            if byte == b'\n' {
                break;
            }
        }
        if line.is_empty() {
            return result(thread, 0);
        }
        line.push(0);
        put(thread, to, &line)?;
        result(thread, to)
    }),
    // A stream is as wide as it is asked to be.
    ("fwide", |thread| {
        stream(thread, 0)?;
        let mode = int(thread, 1);
        result_int(thread, mode)
    }),
    ("wprintf", |thread| {
        let arguments = place(thread, 1);
        print_out(thread, arguments)
    }),
    ("vwprintf", |thread| {
        let arguments = word(thread, 1);
        print_out(thread, arguments)
    }),
    ("fwprintf", |thread| {
        let arguments = place(thread, 2);
        print_to_stream(thread, arguments)
    }),
    ("vfwprintf", |thread| {
        let arguments = word(thread, 2);
        print_to_stream(thread, arguments)
    }),
    ("swprintf", |thread| {
        let arguments = place(thread, 3);
        print_to_memory(thread, arguments)
    }),
    ("vswprintf", |thread| {
        let arguments = word(thread, 3);
        print_to_memory(thread, arguments)
    }),
    ("wscanf", |thread| {
        let arguments = place(thread, 1);
        scan_input(thread, arguments)
    }),
    ("vwscanf", |thread| {
        let arguments = word(thread, 1);
        scan_input(thread, arguments)
    }),
    ("fwscanf", |thread| {
        let arguments = place(thread, 2);
        scan_stream(thread, arguments)
    }),
    ("vfwscanf", |thread| {
        let arguments = word(thread, 2);
        scan_stream(thread, arguments)
    }),
    ("swscanf", |thread| {
        let arguments = place(thread, 2);
        scan_text(thread, arguments)
    }),
    ("vswscanf", |thread| {
        let arguments = word(thread, 2);
        scan_text(thread, arguments)
    }),
];

/// Writes characters, which have to be those of ASCII.
fn write_all(thread: &Thread, stream: Option<HeldStream>, characters: &[u32]) -> bool {
    let bytes: Option<Vec<u8>> = characters.iter().map(|one| narrow(*one)).collect();
    match bytes {
        Some(bytes) => write_bytes(thread, stream, &bytes),
        None => {
            set_errno(thread, libc::EILSEQ);
            false
        }
    }
}

fn write_one(thread: &mut Thread, stream: Option<HeldStream>) -> Outcome {
    let character = word(thread, 0) as u32;
    let done = write_all(thread, stream, &[character]);
    result_int(thread, if done { character as i32 } else { -1 })
}

fn put_one(thread: &mut Thread) -> Outcome {
    let stream = stream(thread, 1)?;
    write_one(thread, Some(stream))
}

fn read_one(thread: &Thread, stream: &CStream) -> Option<u8> {
    thread.flush_output();
    let byte = stream.get()?;
    if !byte.is_ascii() {
        set_errno(thread, libc::EILSEQ);
        return None;
    }
    Some(byte)
}

fn get_one(thread: &mut Thread) -> Outcome {
    let stream = stream(thread, 0)?;
    let character = read_one(thread, &stream);
    result_int(thread, character.map_or(-1, i32::from))
}

/// A format as UTF-8; nothing if it is no text.
fn format_at(thread: &Thread, number: usize) -> Result<Option<Vec<u8>>, Failure> {
    let format = wide(thread.window(), word(thread, number))?;
    let text: Option<String> = format.into_iter().map(char::from_u32).collect();
    Ok(text.map(String::into_bytes))
}

/// Prints wide text; the error is a number as in `errno`.
fn print(thread: &Thread, format: usize, arguments: u64) -> Result<Result<Vec<u32>, i32>, Failure> {
    let Some(format) = format_at(thread, format)? else {
        return Ok(Err(libc::EILSEQ));
    };
    let mut buffer = Vec::new();
    let printed = format::print_bytes(thread, &format, arguments, Sink::Wide(&mut buffer))?;
    Ok(printed.map(|_| {
        let text = String::from_utf8_lossy(&buffer);
        text.chars().map(u32::from).collect()
    }))
}

fn print_out(thread: &mut Thread, arguments: u64) -> Outcome {
    let printed = print(thread, 0, arguments)?;
    let stream = standard_output(thread);
    written(thread, stream, printed)
}

fn print_to_stream(thread: &mut Thread, arguments: u64) -> Outcome {
    let stream = stream(thread, 0)?;
    let printed = print(thread, 1, arguments)?;
    written(thread, Some(stream), printed)
}

fn written(
    thread: &mut Thread,
    stream: Option<HeldStream>,
    printed: Result<Vec<u32>, i32>,
) -> Outcome {
    match printed {
        Ok(text) => {
            let done = write_all(thread, stream, &text);
            result_int(thread, if done { text.len() as i32 } else { -1 })
        }
        Err(error) => format::result(thread, Err(error)),
    }
}

/// Unlike `snprintf`, text that has no room is an error.
fn print_to_memory(thread: &mut Thread, arguments: u64) -> Outcome {
    let (to, room) = (word(thread, 0), word(thread, 1));
    let mut text = match print(thread, 2, arguments)? {
        Ok(text) => text,
        Err(error) => return format::result(thread, Err(error)),
    };
    let length = text.len();
    if room > 0 {
        text.truncate((room - 1).min(length as u64) as usize);
        text.push(0);
        put(thread, to, &text)?;
    }
    if length as u64 >= room {
        return format::result(thread, Err(libc::EOVERFLOW));
    }
    result_int(thread, length as i32)
}

fn scan(thread: &mut Thread, source: ScanSource<'_>, format: usize, arguments: u64) -> Outcome {
    let format = wide(thread.window(), word(thread, format))?;
    // The input has no other characters.
    let format: Option<Vec<u8>> = format.into_iter().map(narrow).collect();
    let Some(format) = format else {
        set_errno(thread, libc::EILSEQ);
        return result_int(thread, -1);
    };
    let stored = scan::scan_bytes(thread, source, &format, arguments)?;
    result_int(thread, stored)
}

fn scan_input(thread: &mut Thread, arguments: u64) -> Outcome {
    let Some(stream) = standard_input(thread) else {
        set_errno(thread, libc::EBADF);
        return result_int(thread, -1);
    };
    thread.flush_output();
    scan(thread, ScanSource::stream(&stream), 0, arguments)
}

fn scan_stream(thread: &mut Thread, arguments: u64) -> Outcome {
    let stream = stream(thread, 0)?;
    thread.flush_output();
    scan(thread, ScanSource::stream(&stream), 1, arguments)
}

fn scan_text(thread: &mut Thread, arguments: u64) -> Outcome {
    let text = wide(thread.window(), word(thread, 0))?;
    scan(thread, ScanSource::wide(&text), 1, arguments)
}
