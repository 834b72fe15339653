//! Files in memory, behind the streams of `fmemopen` and `open_memstream`.
//!
//! The host has the bytes. The thread that flushes or closes the stream copies written bytes to the memory of machine code.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where machine code has what such a file holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum MemoryPlace {
    /// A buffer, if it is the program's own.
    Fixed(Option<u64>),
    /// A block that grows: where the program wants its address, and where its length.
    Growing { address: u64, length: u64 },
}

/// A file in memory.
#[derive(Debug)]
pub(crate) struct MemoryFile {
    place: MemoryPlace,
    contents: Mutex<FileContents>,
}

#[derive(Debug)]
struct FileContents {
    bytes: Vec<u8>,
    /// How many bytes count. Those behind them are zeros.
    end: usize,
    position: usize,
    /// How many bytes there may be.
    most: usize,
    appends: bool,
    /// The bytes that were written since the program has seen them.
    changed: Range<usize>,
}

/// The most bytes of a file that grows.
const MOST: usize = 1 << 30;

impl MemoryFile {
    /// A file that grows.
    pub(crate) fn growing(address: u64, length: u64) -> Self {
        Self::new(
            MemoryPlace::Growing { address, length },
            Vec::new(),
            MOST,
            b"w",
        )
    }

    /// A buffer that holds these bytes, opened as `fmemopen` does.
    pub(crate) fn fixed(place: Option<u64>, bytes: Vec<u8>, mode: &[u8]) -> Self {
        let most = bytes.len();
        Self::new(MemoryPlace::Fixed(place), bytes, most, mode)
    }

    fn new(place: MemoryPlace, mut bytes: Vec<u8>, most: usize, mode: &[u8]) -> Self {
        // As the host's C library: only a buffer that is opened for both is emptied at once.
        let mut changed = 0..0;
        if mode.starts_with(b"w")
            && mode.contains(&b'+')
            && let Some(first) = bytes.first_mut()
        {
            *first = 0;
            changed = 0..1;
        }
        let text = || bytes.iter().position(|byte| *byte == 0);
        let end = match mode.first() {
            Some(b'w') => 0,
            Some(b'a') => text().unwrap_or(bytes.len()),
            _ => bytes.len(),
        };
        let appends = mode.first() == Some(&b'a');
        Self {
            place,
            contents: Mutex::new(FileContents {
                end,
                position: if appends { end } else { 0 },
                most,
                appends,
                changed,
                bytes,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, FileContents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where machine code has it.
    pub(crate) fn place(&self) -> MemoryPlace {
        self.place
    }

    /// All bytes that count.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let contents = self.lock();
        contents.bytes[..contents.end].to_vec()
    }

    /// The bytes that were written since the last call of this, and their place.
    pub(crate) fn take_changed(&self) -> (usize, Vec<u8>) {
        let mut contents = self.lock();
        let changed = std::mem::take(&mut contents.changed);
        (changed.start, contents.bytes[changed].to_vec())
    }

    /// Reads bytes; the result is how many there were.
    pub(super) fn read(&self, to: &mut [u8]) -> usize {
        let mut contents = self.lock();
        let rest = contents.bytes.get(contents.position..contents.end);
        let rest = rest.unwrap_or_default();
        let count = rest.len().min(to.len());
        to[..count].copy_from_slice(&rest[..count]);
        contents.position += count;
        count
    }

    /// Writes bytes; the result is how many found room. A 0 comes behind the last one, where there is room for that.
    pub(super) fn write(&self, from: &[u8]) -> usize {
        let mut contents = self.lock();
        if contents.appends {
            contents.position = contents.end;
        }
        let start = contents.position;
        // A 0 comes behind them, unless they end with one.
        let ending = usize::from(from.last() != Some(&0));
        let mut count = from.len();
        if start.saturating_add(count) > contents.most {
            count = contents.most.saturating_sub(start);
            if start.saturating_add(ending) >= contents.most {
                return 0;
            }
        }
        if count == 0 {
            return 0;
        }
        let end = start + count;
        let room = (end + 1).min(contents.most);
        if contents.bytes.len() < room {
            contents.bytes.resize(room, 0);
        }
        contents.bytes[start..end].copy_from_slice(&from[..count]);
        contents.position = end;
        let mut changed = start..end;
        if end > contents.end {
            contents.end = end;
            changed.end = room;
            // In a full buffer it takes the place of the last one.
            if end < room || ending > 0 && !contents.appends {
                contents.bytes[room - 1] = 0;
            }
        }
        if contents.changed.is_empty() {
            contents.changed = changed;
        } else {
            contents.changed.start = contents.changed.start.min(changed.start);
            contents.changed.end = contents.changed.end.max(changed.end);
        }
        count
    }

    /// Moves to a place, as `lseek` does; nothing where it would be outside.
    pub(super) fn seek(&self, offset: i64, from: i32) -> Option<i64> {
        let mut contents = self.lock();
        let base = match from {
            libc::SEEK_SET => 0,
            libc::SEEK_CUR => contents.position as i64,
            libc::SEEK_END => contents.end as i64,
            _ => return None,
        };
        let place = base.checked_add(offset)?;
        let position = usize::try_from(place).ok()?;
        (position <= contents.most).then(|| {
            contents.position = position;
            place
        })
    }
}
