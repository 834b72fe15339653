//! `stdio.h`: the functions of the printf family, by their target and the place of their arguments.

use super::call::{Outcome, Table, int, load, result_int, set_errno, store, word, write};
use super::format::{self, Sink, Variadic};
use super::heap;
use super::stdio::{standard_output, stream};
use crate::process::HeldStream;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("printf", |thread| {
        to_output(thread, 0, Variadic::Arguments(1))
    }),
    ("vprintf", |thread| to_output(thread, 0, Variadic::List(1))),
    ("__printf_chk", |thread| {
        to_output(thread, 1, Variadic::Arguments(2))
    }),
    ("__vprintf_chk", |thread| {
        to_output(thread, 1, Variadic::List(2))
    }),
    ("fprintf", |thread| {
        to_stream(thread, 1, Variadic::Arguments(2))
    }),
    ("vfprintf", |thread| to_stream(thread, 1, Variadic::List(2))),
    ("__fprintf_chk", |thread| {
        to_stream(thread, 2, Variadic::Arguments(3))
    }),
    ("__vfprintf_chk", |thread| {
        to_stream(thread, 2, Variadic::List(3))
    }),
    ("dprintf", |thread| {
        to_descriptor(thread, Variadic::Arguments(2))
    }),
    ("vdprintf", |thread| {
        to_descriptor(thread, Variadic::List(2))
    }),
    ("sprintf", |thread| {
        to_memory(thread, u64::MAX, 1, Variadic::Arguments(2))
    }),
    ("vsprintf", |thread| {
        to_memory(thread, u64::MAX, 1, Variadic::List(2))
    }),
    ("__sprintf_chk", |thread| {
        to_memory(thread, u64::MAX, 3, Variadic::Arguments(4))
    }),
    ("__vsprintf_chk", |thread| {
        to_memory(thread, u64::MAX, 3, Variadic::List(4))
    }),
    ("snprintf", |thread| {
        let room = word(thread, 1);
        to_memory(thread, room, 2, Variadic::Arguments(3))
    }),
    ("vsnprintf", |thread| {
        let room = word(thread, 1);
        to_memory(thread, room, 2, Variadic::List(3))
    }),
    ("__snprintf_chk", |thread| {
        let room = word(thread, 1);
        to_memory(thread, room, 4, Variadic::Arguments(5))
    }),
    ("__vsnprintf_chk", |thread| {
        let room = word(thread, 1);
        to_memory(thread, room, 4, Variadic::List(5))
    }),
    ("asprintf", |thread| {
        to_block(thread, 1, Variadic::Arguments(2))
    }),
    ("vasprintf", |thread| to_block(thread, 1, Variadic::List(2))),
    ("__asprintf_chk", |thread| {
        to_block(thread, 2, Variadic::Arguments(3))
    }),
    ("__vasprintf_chk", |thread| {
        to_block(thread, 2, Variadic::List(3))
    }),
];

fn print(thread: &mut Thread, format: usize, arguments: Variadic, stream: HeldStream) -> Outcome {
    let (format, arguments) = (word(thread, format), arguments.address(thread));
    thread.process().streams.note_output();
    let printed = format::print(thread, format, arguments, Sink::Stream(stream))?;
    format::result(thread, printed)
}

fn to_output(thread: &mut Thread, format: usize, arguments: Variadic) -> Outcome {
    let Some(stream) = standard_output(thread) else {
        set_errno(thread, libc::EBADF);
        return result_int(thread, -1);
    };
    print(thread, format, arguments, stream)
}

fn to_stream(thread: &mut Thread, format: usize, arguments: Variadic) -> Outcome {
    let stream = stream(thread, 0)?;
    print(thread, format, arguments, stream)
}

fn to_memory(thread: &mut Thread, room: u64, format: usize, arguments: Variadic) -> Outcome {
    let (format, arguments) = (word(thread, format), arguments.address(thread));
    let sink = Sink::Memory {
        window: thread.window(),
        to: word(thread, 0),
        room,
    };
    let printed = format::print(thread, format, arguments, sink)?;
    format::result(thread, printed)
}

/// Prints to a buffer of the host.
fn to_buffer(
    thread: &Thread,
    format: usize,
    arguments: Variadic,
) -> Result<Result<Vec<u8>, i32>, Failure> {
    let (format, arguments) = (word(thread, format), arguments.address(thread));
    let mut buffer = Vec::new();
    let printed = format::print(thread, format, arguments, Sink::Buffer(&mut buffer))?;
    Ok(printed.map(|_| buffer))
}

fn to_descriptor(thread: &mut Thread, arguments: Variadic) -> Outcome {
    let buffer = match to_buffer(thread, 1, arguments)? {
        Ok(buffer) => buffer,
        Err(error) => return format::result(thread, Err(error)),
    };
    let number = int(thread, 0);
    let written = super::syscall::write_bytes(thread, number, &buffer);
    format::result(thread, written.map(|()| buffer.len() as i32))
}

fn to_block(thread: &mut Thread, format: usize, arguments: Variadic) -> Outcome {
    let mut buffer = match to_buffer(thread, format, arguments)? {
        Ok(buffer) => buffer,
        Err(error) => return format::result(thread, Err(error)),
    };
    let length = buffer.len() as i32;
    buffer.push(0);
    // A place that cannot be written is found before there is a block to be lost.
    let place = word(thread, 0);
    load::<8>(thread.window(), place)?;
    let block = heap::allocate(thread, buffer.len() as u64);
    if block == 0 {
        return result_int(thread, -1);
    }
    write(thread.window(), block, &buffer)?;
    store::<8>(thread.window(), place, block)?;
    result_int(thread, length)
}
