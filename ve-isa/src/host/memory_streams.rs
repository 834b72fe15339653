//! `fmemopen`, `open_memstream`: streams whose file is in memory.

use std::ffi::CStr;

use super::call::{Outcome, load, read, store, word, write};
use super::heap;
use crate::process::{CStream, MemoryFile, MemoryPlace};
use crate::thread::{Failure, Thread};

/// The largest buffer of a program's that is copied.
const MOST: u64 = 1 << 30;

/// A stream on a buffer. Nothing, with the reason in `errno` of the host, where there is none.
pub(super) fn on_buffer(thread: &Thread, mode: &CStr) -> Result<Option<CStream>, Failure> {
    let (buffer, size) = (word(thread, 0), word(thread, 1));
    if size > MOST {
        // SAFETY: the variable of this thread.
        unsafe { *libc::__errno_location() = libc::ENOMEM };
        return Ok(None);
    }
    let mut bytes = vec![0; size as usize];
    // A buffer that is written over need not be readable.
    if buffer != 0 && mode.to_bytes().first() != Some(&b'w') {
        read(thread.window(), buffer, &mut bytes)?;
    }
    let place = (buffer != 0).then_some(buffer);
    let file = MemoryFile::fixed(place, bytes, mode.to_bytes());
    Ok(CStream::on_memory(file, mode))
}

/// A stream on a block that grows.
pub(super) fn on_block(thread: &Thread) -> Result<Option<CStream>, Failure> {
    let (address, length) = (word(thread, 0), word(thread, 1));
    store::<8>(thread.window(), address, 0)?;
    store::<8>(thread.window(), length, 0)?;
    let file = MemoryFile::growing(address, length);
    Ok(CStream::on_memory(file, c"w"))
}

/// Puts what was written to a file in memory where the program looks for it.
pub(super) fn publish(thread: &Thread, stream: &CStream) -> Outcome {
    let Some(file) = stream.memory() else {
        return Ok(());
    };
    match file.place() {
        MemoryPlace::Fixed(None) => Ok(()),
        MemoryPlace::Fixed(Some(buffer)) => {
            let (start, bytes) = file.take_changed();
            write(thread.window(), buffer.wrapping_add(start as u64), &bytes)
        }
        MemoryPlace::Growing { address, length } => {
            let mut bytes = file.bytes();
            let count = bytes.len() as u64;
            bytes.push(0);
            let mut block = load::<8>(thread.window(), address)?;
            let room = if block == 0 {
                0
            } else {
                let size = thread.process().heap.size(block);
                size.map_err(|_| Failure::Why(no_block(block)))?
            };
            if room < bytes.len() as u64 {
                let new = heap::allocate(thread, bytes.len() as u64 * 2);
                if new == 0 {
                    return Err(Failure::Why(format!(
                        "has no memory for the {count} bytes of a stream"
                    )));
                }
                heap::free(thread, block)?;
                block = new;
            }
            write(thread.window(), block, &bytes)?;
            store::<8>(thread.window(), address, block)?;
            let position = u64::try_from(stream.tell()).unwrap_or(count);
            store::<8>(thread.window(), length, position.min(count))
        }
    }
}

fn no_block(address: u64) -> String {
    format!("finds {address:#x} in place of the stream's block, where no allocated block begins")
}
