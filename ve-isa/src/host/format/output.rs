//! Where text goes, and how a field is filled up to its width.

use super::specification::FormatFlags;
use crate::host::call::{CHUNK, write};
use crate::memory::Window;
use crate::process::HeldStream;
use crate::thread::Failure;

/// Where text goes.
#[derive(Debug)]
pub(in crate::host) enum Sink<'a> {
    /// To memory, with a 0 behind it, as far as there is room.
    Memory {
        window: &'a Window,
        to: u64,
        room: u64,
    },
    Stream(HeldStream),
    /// To a buffer.
    Buffer(&'a mut Vec<u8>),
    /// To a buffer of UTF-8 that becomes wide text: widths are numbers of characters.
    Wide(&'a mut Vec<u8>),
}

/// Bytes of the longest text in a buffer, which the host keeps.
const LONGEST: usize = 256 << 20;

/// A part of a field: bytes, or many zeros that nobody has to store.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Bytes(Vec<u8>),
    Zeros(u64),
}

/// The text of one argument.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OutputField {
    /// Sign and `0x`: zeros that fill the field come behind it.
    pub(super) prefix: Vec<u8>,
    pub(super) parts: Vec<Part>,
    /// Whether the flag `0` counts.
    pub(super) numeric: bool,
}

impl OutputField {
    pub(super) fn text(text: Vec<u8>) -> Self {
        Self {
            prefix: Vec::new(),
            parts: vec![Part::Bytes(text)],
            numeric: false,
        }
    }

    fn length(&self, wide: bool) -> u64 {
        let parts = self.parts.iter().map(|part| match part {
            Part::Bytes(bytes) if wide => characters(bytes),
            Part::Bytes(bytes) => bytes.len() as u64,
            Part::Zeros(count) => *count,
        });
        self.prefix.len() as u64 + parts.sum::<u64>()
    }
}

/// How many characters of UTF-8 these are.
fn characters(bytes: &[u8]) -> u64 {
    let first = |byte: &&u8| **byte & 0xc0 != 0x80;
    bytes.iter().filter(first).count() as u64
}

/// Text on its way.
#[derive(Debug)]
pub(in crate::host) struct FormattedOutput<'a> {
    sink: Sink<'a>,
    pending: Vec<u8>,
    count: u64,
    /// How much has gone to memory.
    stored: u64,
    failed: bool,
    /// Whether the buffer has become too long. It takes no more then.
    full: bool,
}

impl<'a> FormattedOutput<'a> {
    pub(in crate::host) fn new(sink: Sink<'a>) -> Self {
        Self {
            sink,
            pending: Vec::new(),
            count: 0,
            stored: 0,
            failed: false,
            full: false,
        }
    }

    /// How many bytes there are so far, whether or not there was room.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether it becomes wide text.
    pub(super) fn is_wide(&self) -> bool {
        matches!(self.sink, Sink::Wide(_))
    }

    /// Whether the system refused some of it.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// Whether the text is too long for a buffer.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.count += if self.is_wide() {
            characters(bytes)
        } else {
            bytes.len() as u64
        };
        self.pending.extend_from_slice(bytes);
        if self.pending.len() as u64 >= CHUNK {
            self.hand_over()?;
        }
        Ok(())
    }

    fn repeat(&mut self, byte: u8, mut count: u64) -> Result<(), Failure> {
        // Output that nobody sees need not be made.
        if let Sink::Memory { room, .. } = self.sink {
            let visible = room.saturating_sub(self.count).min(count);
            self.count += count - visible;
            count = visible;
            if count == 0 {
                return Ok(());
            }
            // The rest comes behind what is visible, so the order does not matter.
        }
        let piece = [byte; 256];
        while count > 0 && !self.full {
            let part = count.min(256);
            self.bytes(&piece[..part as usize])?;
            count -= part;
        }
        Ok(())
    }

    /// Prints a field in at least `width` bytes.
    pub(super) fn field(
        &mut self,
        field: &OutputField,
        flags: FormatFlags,
        width: u64,
    ) -> Result<(), Failure> {
        let fill = width.saturating_sub(field.length(self.is_wide()));
        let left = flags.contains(FormatFlags::LEFT);
        let zeros = field.numeric && !left && flags.contains(FormatFlags::ZERO);
        if !left && !zeros {
            self.repeat(b' ', fill)?;
        }
        self.bytes(&field.prefix)?;
        if zeros {
            self.repeat(b'0', fill)?;
        }
        for part in &field.parts {
            match part {
                Part::Bytes(bytes) => self.bytes(bytes)?,
                Part::Zeros(count) => self.repeat(b'0', *count)?,
            }
        }
        if left {
            self.repeat(b' ', fill)?;
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), Failure> {
        match &mut self.sink {
            Sink::Memory { window, to, room } => {
                // One byte of the room is for the 0 at the end.
                let left = room.saturating_sub(1).saturating_sub(self.stored);
                let visible = left.min(self.pending.len() as u64);
                let at = to.wrapping_add(self.stored);
                write(window, at, &self.pending[..visible as usize])?;
                self.stored += visible;
            }
            Sink::Stream(stream) => {
                self.failed |= stream.write(&self.pending) != self.pending.len();
            }
            Sink::Buffer(buffer) | Sink::Wide(buffer) => {
                self.full |= buffer.len() + self.pending.len() > LONGEST;
                if !self.full {
                    buffer.extend_from_slice(&self.pending);
                }
            }
        }
        self.pending.clear();
        Ok(())
    }

    /// Hands over what is left. The result is how many bytes there are.
    pub(super) fn finish(&mut self) -> Result<u64, Failure> {
        self.hand_over()?;
        if let Sink::Memory { window, to, room } = self.sink
            && room > 0
        {
            write(window, to.wrapping_add(self.stored), &[0])?;
        }
        Ok(self.count)
    }
}
