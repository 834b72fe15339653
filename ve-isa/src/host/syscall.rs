//! System calls that a C library for the Vector Engine makes through `monc`.

use std::sync::Arc;

use super::call::{CHUNK, Outcome, c_text, load, result, store};
use super::{arrived, maps};
use crate::check::{self, host};
use crate::process::{self, is_pipe};
use crate::thread::{Failure, Thread};
use crate::trap::TrapKind;

/// Numbers of system calls: those of Linux on x86-64.
mod number {
    pub(super) const READ: u32 = 0;
    pub(super) const WRITE: u32 = 1;
    pub(super) const OPEN: u32 = 2;
    pub(super) const CLOSE: u32 = 3;
    pub(super) const MMAP: u32 = 9;
    pub(super) const LSEEK: u32 = 8;
    pub(super) const MPROTECT: u32 = 10;
    pub(super) const MUNMAP: u32 = 11;
    pub(super) const IOCTL: u32 = 16;
    pub(super) const READV: u32 = 19;
    pub(super) const WRITEV: u32 = 20;
    pub(super) const SCHED_YIELD: u32 = 24;
    pub(super) const GETTID: u32 = 186;
    pub(super) const SET_TID_ADDRESS: u32 = 218;
    pub(super) const BRK: u32 = 12;
    pub(super) const GETPID: u32 = 39;
    pub(super) const EXIT: u32 = 60;
    pub(super) const CLOCK_GETTIME: u32 = 228;
    pub(super) const EXIT_GROUP: u32 = 231;
    pub(super) const GROW: u32 = 315;
}

const SL: usize = 8;
const SP: usize = 11;

/// Does what the thread's call block says.
pub(crate) fn system_call(thread: &mut Thread) -> Outcome {
    let block = thread.call_block();
    // ncc's code writes the low half of the number only.
    let number = load::<4>(thread.window(), block)? as u32;
    let mut arguments = [0; 6];
    for (index, argument) in arguments.iter_mut().enumerate() {
        *argument = load::<8>(thread.window(), block + 8 + 8 * index as u64)?;
    }
    if number == number::GROW {
        return grow(thread);
    }
    let done = serve(thread, number, arguments)?;
    let value = done.unwrap_or_else(|error| -i64::from(error) as u64);
    result(thread, value)
}

/// Does the system call with this number; the error is a number as in `errno`.
pub(super) fn serve(
    thread: &mut Thread,
    number: u32,
    arguments: [u64; 6],
) -> Result<Result<u64, i32>, Failure> {
    Ok(match number {
        number::READ => read(thread, arguments),
        number::WRITE => write(thread, arguments),
        number::OPEN => open(thread, arguments),
        number::CLOSE => {
            if thread.process().files.close(arguments[0] as i32) {
                Ok(0)
            } else {
                Err(libc::EBADF)
            }
        }
        number::MMAP => maps::map(thread, arguments),
        number::MUNMAP => maps::unmap(thread, arguments),
        // There is no such memory: libraries go on with mmap.
        number::BRK => Ok(0),
        number::GETPID => Ok(std::process::id().into()),
        number::EXIT | number::EXIT_GROUP => {
            let code = arguments[0] as i32;
            // A C library calls what is registered with it before.
            thread.process().exits.end_at_once();
            return Err(TrapKind::Exit { code }.into());
        }
        number::CLOCK_GETTIME => super::time::clock(arguments[0] as i32).and_then(|time| {
            let place = arguments[1];
            let stored = store::<8>(thread.window(), place, time.0)
                .and_then(|()| store::<8>(thread.window(), place.wrapping_add(8), time.1));
            stored.map(|()| 0).map_err(|_| libc::EFAULT)
        }),
        number::LSEEK => seek(thread, arguments),
        number::MPROTECT => maps::protect(thread, arguments),
        number::SCHED_YIELD => {
            std::thread::yield_now();
            Ok(0)
        }
        number::GETTID | number::SET_TID_ADDRESS => Ok(thread.number()),
        number::READV => each(thread, arguments, read),
        number::WRITEV => each(thread, arguments, write),
        // No file here is a terminal that could be asked.
        number::IOCTL => Err(libc::ENOTTY),
        _ => {
            thread.note(&format!("system call {number} is not served: ENOSYS"));
            Err(libc::ENOSYS)
        }
    })
}

/// All of the stack is mapped from the beginning: code that asks for more has come to its end.
fn grow(thread: &mut Thread) -> Outcome {
    let sp = thread.registers().scalar(SP);
    if sp < thread.stack().start {
        return Err(Failure::Trap(TrapKind::StackOverflow { sp }));
    }
    let limit = thread.stack().start;
    thread.registers_mut().set_scalar(SL, limit);
    result(thread, limit)
}

fn last_error() -> i32 {
    let error = std::io::Error::last_os_error();
    error.raw_os_error().unwrap_or(libc::EIO)
}

/// Waits until a file can be read or written without waiting. Where somebody asks the thread to stop, the error is that of a call that
/// was interrupted: the thread traps once it goes on.
fn wait_for(thread: &Thread, file: i32, events: i16) -> Result<(), i32> {
    let ready = process::wait_for(file, events, || {
        thread.is_asked_to_stop() || arrived::has_come(thread).unwrap_or(false)
    });
    ready.then_some(()).ok_or(libc::EINTR)
}

pub(super) fn read(thread: &Thread, [file, to, length, ..]: [u64; 6]) -> Result<u64, i32> {
    let file = thread.process().files.get(file as i32).ok_or(libc::EBADF)?;
    host::note(host::access(thread.window(), to, length, true));
    if length > 0 {
        wait_for(thread, file.number(), libc::POLLIN)?;
    }
    let mut buffer = vec![0; length.min(CHUNK) as usize];
    // SAFETY: the buffer has the length that is passed, and the file stays open during the call.
    let done = unsafe { libc::read(file.number(), buffer.as_mut_ptr().cast(), buffer.len()) };
    let bytes = usize::try_from(done).map_err(|_| last_error())?;
    let written = thread.window().write(to, &buffer[..bytes]);
    written.map_err(|_| libc::EFAULT)?;
    check::define(thread.window(), to..to.saturating_add(bytes as u64));
    Ok(bytes as u64)
}

pub(super) fn write(thread: &Thread, [file, from, length, ..]: [u64; 6]) -> Result<u64, i32> {
    let file = thread.process().files.get(file as i32).ok_or(libc::EBADF)?;
    // A pipe that has room for something has room for so many bytes.
    let most = if is_pipe(file.number()) {
        libc::PIPE_BUF as u64
    } else {
        CHUNK
    };
    let mut buffer = vec![0; length.min(most) as usize];
    let window = thread.window();
    host::note(host::access(window, from, length, false));
    host::note(host::used(window, from, buffer.len() as u64));
    let read = thread.window().read(from, &mut buffer);
    read.map_err(|_| libc::EFAULT)?;
    // Output that streams still hold comes first.
    thread.flush_output();
    wait_for(thread, file.number(), libc::POLLOUT)?;
    // SAFETY: the buffer has the length that is passed, and the file stays open during the call.
    let done = unsafe { libc::write(file.number(), buffer.as_ptr().cast(), buffer.len()) };
    u64::try_from(done).map_err(|_| last_error())
}

/// Moves to a place in an open file.
pub(super) fn seek(thread: &Thread, [file, offset, from, ..]: [u64; 6]) -> Result<u64, i32> {
    let file = thread.process().files.get(file as i32).ok_or(libc::EBADF)?;
    // SAFETY: the file stays open during the call, which checks the numbers.
    let place = unsafe { libc::lseek(file.number(), offset as i64, from as i32) };
    u64::try_from(place).map_err(|_| last_error())
}

/// The most pieces of memory in one call.
const PIECES: u64 = 1024;

/// Reads or writes pieces of memory one after another, of which a list has addresses and lengths.
pub(super) fn each(
    thread: &Thread,
    [file, list, count, ..]: [u64; 6],
    act: fn(&Thread, [u64; 6]) -> Result<u64, i32>,
) -> Result<u64, i32> {
    if count > PIECES {
        return Err(libc::EINVAL);
    }
    let mut total = 0;
    for index in 0..count {
        let place = list.wrapping_add(16 * index);
        let word = |place| load::<8>(thread.window(), place).map_err(|_| libc::EFAULT);
        let (start, length) = (word(place)?, word(place.wrapping_add(8))?);
        let mut done = 0;
        while done < length {
            let piece = [file, start.wrapping_add(done), length - done, 0, 0, 0];
            let part = match act(thread, piece) {
                Ok(part) => part,
                Err(_) if total > 0 => return Ok(total),
                Err(error) => return Err(error),
            };
            (done, total) = (done + part, total + part);
            if part < piece[2] {
                return Ok(total);
            }
        }
    }
    Ok(total)
}

/// Writes all of these bytes to the file with this number.
pub(super) fn write_bytes(thread: &Thread, number: i32, mut bytes: &[u8]) -> Result<(), i32> {
    let file = thread.process().files.get(number).ok_or(libc::EBADF)?;
    thread.flush_output();
    // As in `write`.
    let most = if is_pipe(file.number()) {
        libc::PIPE_BUF
    } else {
        bytes.len()
    };
    while !bytes.is_empty() {
        wait_for(thread, file.number(), libc::POLLOUT)?;
        let part = bytes.len().min(most);
        // SAFETY: the bytes are borrowed, and the file stays open during the call.
        let done = unsafe { libc::write(file.number(), bytes.as_ptr().cast(), part) };
        let done = usize::try_from(done).map_err(|_| last_error())?;
        bytes = &bytes[done..];
    }
    Ok(())
}

pub(super) fn open(thread: &Thread, [path, flags, mode, ..]: [u64; 6]) -> Result<u64, i32> {
    let path = c_text(thread.window(), path).map_err(|_| libc::EFAULT)?;
    let flags = flags as i32 | libc::O_CLOEXEC;
    let file = process::open(&path, flags, mode as libc::mode_t, || {
        thread.is_asked_to_stop()
    });
    let file = file.map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))?;
    Ok(thread.add_file(Arc::new(file), 0) as u64)
}
