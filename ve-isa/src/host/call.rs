//! Arguments and results, as machine code passes them, and memory that they point to.

use std::ffi::CString;
use std::time::Duration;

use crate::check::{self, host};
use crate::memory::{AccessError, Window};
use crate::thread::{Failure, HostFunction, Thread};

/// Functions by name.
pub(super) type Table = &'static [(&'static str, HostFunction)];

/// The outcome of a function of the host.
pub(super) type Outcome = Result<(), Failure>;

/// The register with the first argument, and with the result.
const FIRST: usize = 0;
/// How many arguments are in registers.
const IN_REGISTERS: usize = 8;
const SP: usize = 11;
/// How far above the stack pointer the places of arguments begin.
const ARGUMENTS: u64 = 176;

/// Bytes that are copied at once where there may be many.
pub(super) const CHUNK: u64 = 64 << 10;

/// The argument word with this number, of the first eight.
pub(super) fn word(thread: &Thread, number: usize) -> u64 {
    debug_assert!(number < IN_REGISTERS);
    thread.registers().scalar(FIRST + number)
}

/// The first six argument words.
pub(super) fn words(thread: &Thread) -> [u64; 6] {
    std::array::from_fn(|number| word(thread, number))
}

/// An argument of type `int`.
pub(super) fn int(thread: &Thread, number: usize) -> i32 {
    word(thread, number) as i32
}

/// An argument of type `double`.
pub(super) fn double(thread: &Thread, number: usize) -> f64 {
    f64::from_bits(word(thread, number))
}

/// An argument of type `float`.
pub(super) fn single(thread: &Thread, number: usize) -> f32 {
    f32::from_bits((word(thread, number) >> 32) as u32)
}

/// An argument of type `long double`, or the low and high half of another pair: of the two registers from `first`, which is even.
pub(super) fn quad(thread: &Thread, first: usize) -> u128 {
    u128::from(word(thread, first)) << 64 | u128::from(word(thread, first + 1))
}

/// Where the argument with this number is in memory, as variadic functions have all of them.
pub(super) fn place(thread: &Thread, number: u64) -> u64 {
    let sp = thread.registers().scalar(SP);
    sp.wrapping_add(ARGUMENTS + 8 * number)
}

/// Leaves a result word.
pub(super) fn result(thread: &mut Thread, value: u64) -> Outcome {
    thread.registers_mut().set_scalar(FIRST, value);
    Ok(())
}

/// Leaves a result of type `int`.
pub(super) fn result_int(thread: &mut Thread, value: i32) -> Outcome {
    result(thread, i64::from(value) as u64)
}

/// Leaves a result of type `double`.
pub(super) fn result_double(thread: &mut Thread, value: f64) -> Outcome {
    result(thread, value.to_bits())
}

/// Leaves a result of type `float`.
pub(super) fn result_single(thread: &mut Thread, value: f32) -> Outcome {
    result(thread, u64::from(value.to_bits()) << 32)
}

/// Leaves a result in two registers.
pub(super) fn result_pair(thread: &mut Thread, first: u64, second: u64) -> Outcome {
    let registers = thread.registers_mut();
    registers.set_scalar(FIRST, first);
    registers.set_scalar(FIRST + 1, second);
    Ok(())
}

/// Leaves a result of type `long double`.
pub(super) fn result_quad(thread: &mut Thread, value: u128) -> Outcome {
    result_pair(thread, (value >> 64) as u64, value as u64)
}

/// Leaves the result of a function that returns nothing.
pub(super) fn nothing(_: &mut Thread) -> Outcome {
    Ok(())
}

/// The time in a `struct timespec`; nothing if it is none.
pub(super) fn timespec(thread: &Thread, place: u64) -> Result<Option<Duration>, Failure> {
    let seconds = load::<8>(thread.window(), place)?;
    let nanos = load::<8>(thread.window(), place.wrapping_add(8))?;
    let right = seconds <= i64::MAX as u64 && nanos <= 999_999_999;
    Ok(right.then(|| Duration::new(seconds, nanos as u32)))
}

/// Leaves what a system call gave. Memory that is not there is the caller's mistake.
pub(super) fn give(thread: &mut Thread, done: Result<u64, i32>) -> Outcome {
    match done {
        Ok(value) => result(thread, value),
        Err(libc::EFAULT) => Err(Failure::Why("was given memory that is not there".into())),
        Err(error) => fail(thread, error),
    }
}

/// Leaves the result of a call that failed, and why in `errno`.
pub(super) fn fail(thread: &mut Thread, error: i32) -> Outcome {
    set_errno(thread, error);
    result(thread, u64::MAX)
}

/// The failure of a pointer that leads nowhere.
pub(super) fn bad_pointer(address: u64, cause: AccessError) -> Failure {
    let why = match cause {
        AccessError::Outside => "is not memory of the Vector Engine",
        AccessError::Unmapped => "is not mapped",
        AccessError::Protected => "is protected",
    };
    Failure::Why(format!("was given {address:#x}, which {why}"))
}

/// Reads a number.
pub(super) fn load<const SIZE: u64>(window: &Window, address: u64) -> Result<u64, Failure> {
    host::access(window, address, SIZE, false)?;
    host::used(window, address, SIZE)?;
    load_bits::<SIZE>(window, address)
}

/// As [`load`], of a number that may have undefined bits: they decide nothing yet.
pub(super) fn load_bits<const SIZE: u64>(window: &Window, address: u64) -> Result<u64, Failure> {
    window
        .load::<SIZE>(address)
        .map_err(|cause| bad_pointer(address, cause))
}

/// Writes a number.
pub(super) fn store<const SIZE: u64>(window: &Window, address: u64, value: u64) -> Outcome {
    host::access(window, address, SIZE, true)?;
    check::define(window, address..address.saturating_add(SIZE));
    window
        .store::<SIZE>(address, value)
        .map_err(|cause| bad_pointer(address, cause))
}

/// Writes numbers of 64 bits, one after the other.
pub(super) fn store_words(window: &Window, address: u64, values: &[u64]) -> Outcome {
    for (index, value) in values.iter().enumerate() {
        store::<8>(window, address.wrapping_add(8 * index as u64), *value)?;
    }
    Ok(())
}

/// Reads bytes. No bytes can be read everywhere, as a null pointer with a length of 0 is good for most functions.
pub(super) fn read(window: &Window, address: u64, bytes: &mut [u8]) -> Outcome {
    host::used(window, address, bytes.len() as u64)?;
    read_bits(window, address, bytes)
}

/// As [`read`], of bytes that may have undefined bits: they are only copied.
pub(super) fn read_bits(window: &Window, address: u64, bytes: &mut [u8]) -> Outcome {
    host::access(window, address, bytes.len() as u64, false)?;
    read_ahead(window, address, bytes)
}

/// Reads bytes of which the caller uses some only, and has those checked.
pub(super) fn read_ahead(window: &Window, address: u64, bytes: &mut [u8]) -> Outcome {
    if bytes.is_empty() {
        return Ok(());
    }
    window
        .read(address, bytes)
        .map_err(|cause| bad_pointer(address, cause))
}

/// Writes bytes; none can be written everywhere.
pub(super) fn write(window: &Window, address: u64, bytes: &[u8]) -> Outcome {
    if bytes.is_empty() {
        return Ok(());
    }
    let length = bytes.len() as u64;
    host::access(window, address, length, true)?;
    check::define(window, address..address.saturating_add(length));
    window
        .write(address, bytes)
        .map_err(|cause| bad_pointer(address, cause))
}

/// Sets the variable `errno` of the thread.
pub(super) fn set_errno(thread: &Thread, number: i32) {
    // The thread's own memory is mapped for as long as it lives.
    let _ = thread
        .window()
        .store::<4>(thread.private().start, number as u64);
}

/// Sets `errno` to what the C library of the host has left there.
pub(super) fn copy_errno(thread: &Thread) {
    let number = std::io::Error::last_os_error().raw_os_error();
    set_errno(thread, number.unwrap_or(0));
}

/// Reads memory byte by byte, never further than asked for.
#[derive(Debug)]
pub(super) struct ByteReader<'w> {
    window: &'w Window,
    /// Where the byte behind the buffer is.
    next: u64,
    buffer: [u8; 64],
    position: usize,
    filled: usize,
}

/// Within pages of this size memory is either there or not, on every host.
const PAGE: u64 = 4096;

impl<'w> ByteReader<'w> {
    pub(super) fn new(window: &'w Window, address: u64) -> Self {
        Self {
            window,
            next: address,
            buffer: [0; 64],
            position: 0,
            filled: 0,
        }
    }

    /// Where the next byte is.
    pub(super) fn address(&self) -> u64 {
        let left = self.filled - self.position;
        self.next.wrapping_sub(left as u64)
    }

    /// The next byte, which stays the next one.
    pub(super) fn peek(&mut self) -> Result<u8, Failure> {
        if self.position == self.filled {
            let length = (PAGE - self.next % PAGE).min(self.buffer.len() as u64) as usize;
            read_ahead(self.window, self.next, &mut self.buffer[..length])?;
            self.next = self.next.wrapping_add(length as u64);
            (self.position, self.filled) = (0, length);
        }
        host::access(self.window, self.address(), 1, false)?;
        host::used(self.window, self.address(), 1)?;
        Ok(self.buffer[self.position])
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, Failure> {
        let byte = self.peek()?;
        self.position += 1;
        Ok(byte)
    }
}

/// The bytes of a string before its end, or the first `limit` ones.
pub(super) fn text_up_to(window: &Window, address: u64, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let mut at = address;
    let mut buffer = [0; PAGE as usize];
    while (text.len() as u64) < limit {
        // Short strings are the usual ones.
        let step = if text.is_empty() { 64 } else { PAGE };
        let left = limit - text.len() as u64;
        let part = &mut buffer[..(PAGE - at % PAGE).min(step).min(left) as usize];
        read_ahead(window, at, part)?;
        let end = part.iter().position(|byte| *byte == 0);
        let used = end.map_or(part.len(), |end| end + 1);
        host::access(window, at, used as u64, false)?;
        host::used(window, at, used as u64)?;
        if let Some(end) = end {
            text.extend_from_slice(&part[..end]);
            return Ok(text);
        }
        text.extend_from_slice(part);
        at = at.wrapping_add(part.len() as u64);
    }
    Ok(text)
}

/// The bytes of a string before its end.
pub(super) fn text(window: &Window, address: u64) -> Result<Vec<u8>, Failure> {
    text_up_to(window, address, u64::MAX)
}

/// A string for the host's C library.
pub(super) fn c_text(window: &Window, address: u64) -> Result<CString, Failure> {
    // There is no 0 before the end.
    Ok(CString::new(text(window, address)?).unwrap_or_default())
}
