//! `wchar.h`, `wctype.h`, `uchar.h`: wide characters, of 4 bytes each.
//!
//! There is the locale "C" alone: a character has the same number as a byte and as a wide character, and only those of ASCII have both
//! forms.

pub(super) mod convert;
pub(super) mod stdio;
pub(super) mod strings;

use super::call::{ByteReader, write};
use crate::memory::Window;
use crate::thread::{Failure, Thread};

/// Bytes of a wide character.
const SIZE: u64 = 4;

/// Reads wide characters one by one, never further than asked for.
struct Characters<'w>(ByteReader<'w>);

impl<'w> Characters<'w> {
    fn new(window: &'w Window, address: u64) -> Self {
        Self(ByteReader::new(window, address))
    }

    fn address(&self) -> u64 {
        self.0.address()
    }

    fn next(&mut self) -> Result<u32, Failure> {
        let mut bytes = [0; SIZE as usize];
        for byte in &mut bytes {
            *byte = self.0.byte()?;
        }
        Ok(u32::from_le_bytes(bytes))
    }
}

/// The characters of a string before its end, or the first `limit` ones.
fn wide_up_to(window: &Window, address: u64, limit: u64) -> Result<Vec<u32>, Failure> {
    let mut reader = Characters::new(window, address);
    let mut text = Vec::new();
    while (text.len() as u64) < limit {
        match reader.next()? {
            0 => break,
            character => text.push(character),
        }
    }
    Ok(text)
}

/// The characters of a string before its end.
pub(super) fn wide(window: &Window, address: u64) -> Result<Vec<u32>, Failure> {
    wide_up_to(window, address, u64::MAX)
}

/// Writes characters.
pub(super) fn put(thread: &Thread, to: u64, characters: &[u32]) -> Result<(), Failure> {
    let bytes: Vec<u8> = characters
        .iter()
        .flat_map(|character| character.to_le_bytes())
        .collect();
    write(thread.window(), to, &bytes)
}

/// Where the character with this number is.
fn at(start: u64, number: u64) -> u64 {
    start.wrapping_add(number.wrapping_mul(SIZE))
}

/// The byte for a wide character, if there is one.
pub(super) fn narrow(character: u32) -> Option<u8> {
    u8::try_from(character).ok().filter(u8::is_ascii)
}
