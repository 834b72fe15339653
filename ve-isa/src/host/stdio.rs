//! `stdio.h`: streams, but for formats and messages about errors.

use std::ffi::CString;

use super::call::{
    CHUNK, Outcome, Table, c_text, copy_errno, int, load, nothing, read, result, result_int,
    set_errno, store, text, word, write,
};
use super::{heap, memory_streams};
use crate::process::{CStream, HeldStream, OpenFile};
use crate::thread::{Failure, Thread};
use crate::trap::TrapKind;

pub(super) const TABLE: Table = &[
    ("puts", |thread| {
        let mut bytes = text(thread.window(), word(thread, 0))?;
        bytes.push(b'\n');
        let stream = standard_output(thread);
        write_text(thread, stream, &bytes)
    }),
    ("fputs", |thread| {
        let bytes = text(thread.window(), word(thread, 0))?;
        let stream = stream(thread, 1)?;
        write_text(thread, Some(stream), &bytes)
    }),
    ("putchar", |thread| {
        let stream = standard_output(thread);
        write_byte(thread, stream)
    }),
    ("putchar_unlocked", |thread| {
        let stream = standard_output(thread);
        write_byte(thread, stream)
    }),
    ("fputc", put),
    ("putc", put),
    ("_IO_putc", put),
    ("putc_unlocked", put),
    ("fputc_unlocked", put),
    ("fwrite", write_items),
    ("fwrite_unlocked", write_items),
    ("fread", read_items),
    ("fread_unlocked", read_items),
    ("getchar", |thread| {
        let stream = standard_input(thread);
        read_byte(thread, stream)
    }),
    ("getchar_unlocked", |thread| {
        let stream = standard_input(thread);
        read_byte(thread, stream)
    }),
    ("fgetc", get),
    ("getc", get),
    ("_IO_getc", get),
    ("getc_unlocked", get),
    ("ungetc", |thread| {
        let (byte, stream) = (int(thread, 0), stream(thread, 1)?);
        let done = byte >= 0 && stream.unget(byte as u8);
        result_int(thread, if done { i32::from(byte as u8) } else { -1 })
    }),
    ("__fgets_chk", |thread| {
        let (to, room) = (word(thread, 0), int(thread, 2));
        let stream = stream(thread, 3)?;
        read_line(thread, &stream, to, room)
    }),
    ("fgets_unlocked", |thread| {
        let (to, room) = (word(thread, 0), int(thread, 1));
        let stream = stream(thread, 2)?;
        read_line(thread, &stream, to, room)
    }),
    ("fputs_unlocked", |thread| {
        let bytes = text(thread.window(), word(thread, 0))?;
        let stream = stream(thread, 1)?;
        write_text(thread, Some(stream), &bytes)
    }),
    ("getw", |thread| {
        thread.flush_output();
        let mut bytes = [0; 4];
        let whole = stream(thread, 0)?.read(&mut bytes) == bytes.len();
        result_int(thread, if whole { i32::from_le_bytes(bytes) } else { -1 })
    }),
    ("putw", |thread| {
        let bytes = int(thread, 0).to_le_bytes();
        let stream = stream(thread, 1)?;
        let done = write_bytes(thread, Some(stream), &bytes);
        result_int(thread, if done { 0 } else { -1 })
    }),
    ("fgets", |thread| {
        let (to, room) = (word(thread, 0), int(thread, 1));
        let stream = stream(thread, 2)?;
        read_line(thread, &stream, to, room)
    }),
    ("getline", |thread| {
        let stream = stream(thread, 2)?;
        read_long_line(thread, &stream, b'\n')
    }),
    ("getdelim", |thread| {
        let stream = stream(thread, 3)?;
        let end = int(thread, 2) as u8;
        read_long_line(thread, &stream, end)
    }),
    ("fopen", open),
    ("fopen64", open),
    ("freopen", reopen),
    ("freopen64", reopen),
    ("fdopen", open_descriptor),
    ("tmpfile", |thread| {
        let stream = CStream::temporary();
        new_stream(thread, stream)
    }),
    ("fclose", close),
    ("fflush", flush),
    ("fflush_unlocked", flush),
    ("feof", at_end),
    ("feof_unlocked", at_end),
    ("ferror", has_failed),
    ("ferror_unlocked", has_failed),
    ("clearerr", forget_state),
    ("clearerr_unlocked", forget_state),
    ("fileno", descriptor),
    ("fileno_unlocked", descriptor),
    ("fseek", seek),
    ("fseeko", seek),
    ("fseeko64", seek),
    ("ftell", tell),
    ("ftello", tell),
    ("ftello64", tell),
    ("rewind", |thread| {
        let stream = stream(thread, 0)?;
        stream.seek(0, libc::SEEK_SET);
        stream.clear();
        Ok(())
    }),
    ("fgetpos", |thread| {
        let place = word(thread, 1);
        let position = stream(thread, 0)?.tell();
        store::<8>(thread.window(), place, position as u64)?;
        result_int(thread, if position < 0 { -1 } else { 0 })
    }),
    ("fsetpos", |thread| {
        let position = load::<8>(thread.window(), word(thread, 1))?;
        let done = stream(thread, 0)?.seek(position as i64, libc::SEEK_SET);
        result_int(thread, if done { 0 } else { -1 })
    }),
    ("setvbuf", |thread| {
        let (mode, size) = (int(thread, 2), word(thread, 3));
        set_buffer(thread, mode, size)
    }),
    ("setbuf", |thread| {
        set_own_buffer(thread, libc::BUFSIZ.into())
    }),
    ("setbuffer", |thread| {
        let size = word(thread, 2);
        set_own_buffer(thread, size)
    }),
    ("setlinebuf", |thread| set_buffer(thread, libc::_IOLBF, 0)),
    ("fmemopen", |thread| {
        let mode = mode(thread, 2)?;
        let stream = memory_streams::on_buffer(thread, &mode)?;
        new_stream_in_memory(thread, stream)
    }),
    ("open_memstream", |thread| {
        let stream = memory_streams::on_block(thread)?;
        new_stream_in_memory(thread, stream)
    }),
    ("flockfile", nothing),
    ("funlockfile", nothing),
    ("ftrylockfile", |thread| result_int(thread, 0)),
    ("remove", |thread| {
        with_path(thread, |path| {
            // SAFETY: the path is a string.
            unsafe { libc::remove(path.as_ptr()) }
        })
    }),
    ("unlink", |thread| {
        with_path(thread, |path| {
            // SAFETY: the path is a string.
            unsafe { libc::unlink(path.as_ptr()) }
        })
    }),
    ("rename", |thread| {
        let new = c_text(thread.window(), word(thread, 1))?;
        with_path(thread, |path| {
            // SAFETY: both paths are strings.
            unsafe { libc::rename(path.as_ptr(), new.as_ptr()) }
        })
    }),
];

fn at_end(thread: &mut Thread) -> Outcome {
    let (end, _) = stream(thread, 0)?.state();
    result_int(thread, end.into())
}

fn has_failed(thread: &mut Thread) -> Outcome {
    let (_, error) = stream(thread, 0)?.state();
    result_int(thread, error.into())
}

fn forget_state(thread: &mut Thread) -> Outcome {
    stream(thread, 0)?.clear();
    Ok(())
}

fn descriptor(thread: &mut Thread) -> Outcome {
    let number = stream(thread, 0)?.number();
    result_int(thread, number)
}

/// The open stream that an argument names.
pub(super) fn stream(thread: &Thread, number: usize) -> Result<HeldStream, Failure> {
    let address = word(thread, number);
    let stream = thread.process().streams.get(address);
    let stream = stream
        .ok_or_else(|| Failure::Why(format!("was given {address:#x}, which is no open stream")))?;
    match stream.hold(&thread.stop_handle()) {
        Some(held) => Ok(held),
        None => {
            thread.poll()?;
            Err(TrapKind::Stopped.into())
        }
    }
}

/// A standard stream, unless it has been closed, or the thread is asked to stop before others have done with it.
pub(super) fn standard(thread: &Thread, number: usize) -> Option<HeldStream> {
    let streams = &thread.process().streams;
    let stream = streams.get(streams.standard()[number])?;
    stream.hold(&thread.stop_handle())
}

/// Standard input, unless it has been closed.
pub(super) fn standard_input(thread: &Thread) -> Option<HeldStream> {
    standard(thread, 0)
}

/// Standard output, unless it has been closed.
pub(super) fn standard_output(thread: &Thread) -> Option<HeldStream> {
    standard(thread, 1)
}

pub(super) fn write_bytes(thread: &Thread, stream: Option<HeldStream>, bytes: &[u8]) -> bool {
    let Some(stream) = stream else {
        set_errno(thread, libc::EBADF);
        return false;
    };
    thread.process().streams.note_output();
    let done = stream.write(bytes) == bytes.len();
    if !done {
        copy_errno(thread);
    }
    done
}

fn write_text(thread: &mut Thread, stream: Option<HeldStream>, bytes: &[u8]) -> Outcome {
    let done = write_bytes(thread, stream, bytes);
    result_int(thread, if done { 1 } else { -1 })
}

fn write_byte(thread: &mut Thread, stream: Option<HeldStream>) -> Outcome {
    let byte = int(thread, 0) as u8;
    let done = write_bytes(thread, stream, &[byte]);
    result_int(thread, if done { byte.into() } else { -1 })
}

fn put(thread: &mut Thread) -> Outcome {
    let stream = stream(thread, 1)?;
    write_byte(thread, Some(stream))
}

/// The bytes of all items together, and those of one.
fn items(thread: &Thread) -> Result<(u64, u64), Failure> {
    let (size, count) = (word(thread, 1), word(thread, 2));
    let total = size.checked_mul(count).ok_or_else(|| {
        Failure::Why(format!(
            "was given {count} items of {size} bytes, more than all of memory"
        ))
    })?;
    Ok((size, total))
}

fn write_items(thread: &mut Thread) -> Outcome {
    let (size, total) = items(thread)?;
    let (from, stream) = (word(thread, 0), stream(thread, 3)?);
    let mut buffer = vec![0; total.min(CHUNK) as usize];
    let mut done = 0;
    while done < total {
        let bytes = &mut buffer[..(total - done).min(CHUNK) as usize];
        read(thread.window(), from.wrapping_add(done), bytes)?;
        thread.process().streams.note_output();
        let written = stream.write(bytes);
        done += written as u64;
        if written < bytes.len() {
            copy_errno(thread);
            break;
        }
        thread.poll()?;
    }
    result(thread, done.checked_div(size).unwrap_or(0))
}

fn read_items(thread: &mut Thread) -> Outcome {
    let (size, total) = items(thread)?;
    let (to, stream) = (word(thread, 0), stream(thread, 3)?);
    thread.flush_output();
    let mut buffer = vec![0; total.min(CHUNK) as usize];
    let mut done = 0;
    while done < total {
        let bytes = &mut buffer[..(total - done).min(CHUNK) as usize];
        let count = stream.read(bytes);
        write(thread.window(), to.wrapping_add(done), &bytes[..count])?;
        done += count as u64;
        if count < bytes.len() {
            break;
        }
        thread.poll()?;
    }
    result(thread, done.checked_div(size).unwrap_or(0))
}

fn read_byte(thread: &mut Thread, stream: Option<HeldStream>) -> Outcome {
    thread.flush_output();
    let byte = stream.and_then(|stream| stream.get());
    result_int(thread, byte.map_or(-1, i32::from))
}

fn get(thread: &mut Thread) -> Outcome {
    let stream = stream(thread, 0)?;
    read_byte(thread, Some(stream))
}

fn read_line(thread: &mut Thread, stream: &CStream, to: u64, room: i32) -> Outcome {
    thread.flush_output();
    if room <= 0 {
        return result(thread, 0);
    }
    let mut line = Vec::new();
    while line.len() + 1 < room as usize
        && let Some(byte) = stream.get()
    {
        line.push(byte);
        if byte == b'\n' {
            break;
        }
    }
    if line.is_empty() && room > 1 {
        return result(thread, 0);
    }
    line.push(0);
    write(thread.window(), to, &line)?;
    result(thread, to)
}

/// Bytes of the longest line that is read whole. The host keeps it meanwhile.
const LONGEST_LINE: u64 = 1 << 28;

/// Reads a line into a block that grows, of which two places tell address and size.
fn read_long_line(thread: &mut Thread, stream: &CStream, end: u8) -> Outcome {
    thread.flush_output();
    let (place, size_place) = (word(thread, 0), word(thread, 1));
    let window = thread.window();
    let (mut block, size) = (load::<8>(window, place)?, load::<8>(window, size_place)?);
    let mut line = Vec::new();
    while let Some(byte) = stream.get() {
        line.push(byte);
        if byte == end {
            break;
        }
        let length = line.len() as u64;
        if length.is_multiple_of(CHUNK) {
            thread.poll()?;
        }
        if length > LONGEST_LINE {
            set_errno(thread, libc::ENOMEM);
            return result(thread, u64::MAX);
        }
    }
    if line.is_empty() {
        return result(thread, u64::MAX);
    }
    let length = line.len() as u64;
    line.push(0);
    if block == 0 || size <= length {
        let new = heap::allocate(thread, (length + 1).max(120));
        if new == 0 {
            return result(thread, u64::MAX);
        }
        heap::free(thread, block)?;
        block = new;
        store::<8>(thread.window(), place, block)?;
        store::<8>(thread.window(), size_place, (length + 1).max(120))?;
    }
    write(thread.window(), block, &line)?;
    result(thread, length)
}

/// The mode of a stream. A character set would follow a comma.
fn mode(thread: &Thread, number: usize) -> Result<CString, Failure> {
    let mode = text(thread.window(), word(thread, number))?;
    let mode = mode.split(|byte| *byte == b',').next().unwrap_or_default();
    Ok(CString::new(mode).unwrap_or_default())
}

/// Gives a stream an address: that of a small block. Its file gets a number, if it has none.
fn new_stream(thread: &mut Thread, stream: Option<CStream>) -> Outcome {
    let Some(stream) = stream else {
        copy_errno(thread);
        return result(thread, 0);
    };
    let address = heap::allocate(thread, 16);
    if address != 0 {
        if stream.number() < 0
            && let Some(file) = stream.file_behind()
        {
            stream.set_number(thread.add_file(file, 0));
        }
        thread.process().streams.set(address, stream);
    }
    result(thread, address)
}

/// The same, and lets the program see what the file has at first.
fn new_stream_in_memory(thread: &mut Thread, stream: Option<CStream>) -> Outcome {
    new_stream(thread, stream)?;
    let address = word(thread, 0);
    match thread.process().streams.get(address) {
        Some(stream) => memory_streams::publish(thread, &stream),
        None => Ok(()),
    }
}

/// Closes the stream behind an address, and its file. The result is the number that this had, or -1.
fn take_away(thread: &Thread, address: u64) -> i32 {
    let Some(stream) = thread.process().streams.remove(address) else {
        return -1;
    };
    let number = stream.number();
    if let Some(file) = stream.file_behind() {
        thread.process().files.forget(number, &file);
    }
    number
}

fn open(thread: &mut Thread) -> Outcome {
    let path = c_text(thread.window(), word(thread, 0))?;
    let mode = mode(thread, 1)?;
    let stream = CStream::open(&path, &mode, &thread.stop_handle());
    new_stream(thread, stream)
}

fn reopen(thread: &mut Thread) -> Outcome {
    stream(thread, 2)?.flush();
    let address = word(thread, 2);
    let path = word(thread, 0);
    if path == 0 {
        return Err(Failure::Why(
            "cannot change the mode of an open file".into(),
        ));
    }
    let path = c_text(thread.window(), path)?;
    let mode = mode(thread, 1)?;
    match CStream::open(&path, &mode, &thread.stop_handle()) {
        Some(stream) => {
            let number = take_away(thread, address);
            if let Some(file) = stream.file_behind() {
                let stop = thread.stop_handle();
                let process = thread.process();
                if number < 0 {
                    stream.set_number(process.add_file(file, 0, &stop));
                } else {
                    process.set_file(number, &file, &stop);
                    stream.set_number(number);
                }
            }
            thread.process().streams.set(address, stream);
            result(thread, address)
        }
        None => {
            copy_errno(thread);
            take_away(thread, address);
            result(thread, 0)
        }
    }
}

fn open_descriptor(thread: &mut Thread) -> Outcome {
    let mode = mode(thread, 1)?;
    let number = int(thread, 0);
    let stream = match thread.process().files.get(number) {
        Some(OpenFile::Opened(file)) => CStream::on_file(&file, &mode),
        // It stays open for the host.
        Some(OpenFile::Standard(number)) => CStream::on_copy(number, &mode),
        None => {
            set_errno(thread, libc::EBADF);
            return result(thread, 0);
        }
    };
    if let Some(stream) = &stream {
        stream.set_number(number);
    }
    new_stream(thread, stream)
}

fn close(thread: &mut Thread) -> Outcome {
    let stream = stream(thread, 0)?;
    let flushed = stream.flush();
    if !flushed {
        copy_errno(thread);
    }
    memory_streams::publish(thread, &stream)?;
    drop(stream);
    let address = word(thread, 0);
    let standard = thread.process().streams.standard().contains(&address);
    take_away(thread, address);
    if !standard {
        heap::free(thread, address)?;
    }
    result_int(thread, if flushed { 0 } else { -1 })
}

fn flush(thread: &mut Thread) -> Outcome {
    if word(thread, 0) == 0 {
        thread.flush_output();
        return result_int(thread, 0);
    }
    let stream = stream(thread, 0)?;
    let done = stream.flush();
    if !done {
        copy_errno(thread);
    }
    memory_streams::publish(thread, &stream)?;
    result_int(thread, if done { 0 } else { -1 })
}

fn seek(thread: &mut Thread) -> Outcome {
    let stream = stream(thread, 0)?;
    let done = stream.seek(word(thread, 1) as i64, int(thread, 2));
    if !done {
        copy_errno(thread);
    }
    memory_streams::publish(thread, &stream)?;
    result_int(thread, if done { 0 } else { -1 })
}

fn tell(thread: &mut Thread) -> Outcome {
    let position = stream(thread, 0)?.tell();
    if position < 0 {
        copy_errno(thread);
    }
    result(thread, position as u64)
}

/// A buffer of the program's, or none.
fn set_own_buffer(thread: &mut Thread, size: u64) -> Outcome {
    let mode = if word(thread, 1) == 0 {
        libc::_IONBF
    } else {
        libc::_IOFBF
    };
    set_buffer(thread, mode, size)
}

fn set_buffer(thread: &mut Thread, mode: i32, size: u64) -> Outcome {
    let done = stream(thread, 0)?.buffer(mode, size.min(CHUNK) as usize);
    result_int(thread, if done { 0 } else { -1 })
}

fn with_path(thread: &mut Thread, act: impl FnOnce(&CString) -> i32) -> Outcome {
    let path = c_text(thread.window(), word(thread, 0))?;
    let done = act(&path);
    if done != 0 {
        copy_errno(thread);
    }
    result_int(thread, done)
}
