//! A check's knowledge of the bytes of a window: those that nobody may touch, and the bits that nobody has written.
//!
//! A closed byte has a bit of its own, an undefined bit has one, too. Both lie in memory of the host, of which only those pages are
//! of memory that was closed or is undefined. All other memory is open and defined.

use std::ops::Range;
use std::{io, ptr};

use super::access;
use super::page::host_page;

/// Bytes behind an area, so that a word that begins in it can be read.
const SLACK: u64 = 64;

/// From this many bytes on, pages of the host are given back instead of filled with zeros.
const WHOLE_PAGES: u64 = 64 << 10;

/// Memory of the host that is zeros at first.
#[derive(Debug)]
struct Area {
    base: u64,
    length: u64,
}

impl Area {
    fn reserve(length: u64) -> io::Result<Self> {
        let length = length + SLACK;
        // SAFETY: the system chooses the place, so no other mapping is replaced.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                length as usize,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // Small pages: little of it is ever used. If the system refuses, more memory is.
        // SAFETY: the range was mapped just now.
        unsafe { libc::madvise(base, length as usize, libc::MADV_NOHUGEPAGE) };
        Ok(Self {
            base: base as u64,
            length,
        })
    }

    /// Reads at an offset, of which the caller has seen that it is in the area.
    #[inline(always)]
    fn load<const SIZE: u64>(&self, offset: u64) -> u64 {
        debug_assert!(offset + SIZE <= self.length);
        let offset = offset.min(self.length - 8);
        // SAFETY: the bytes are in the area, which is mapped, holds no Rust value and is touched by such accesses only.
        unsafe { access::load::<SIZE>(self.base + offset) }.unwrap_or(0)
    }

    /// Writes at an offset; as [`load`](Self::load).
    #[inline(always)]
    fn store<const SIZE: u64>(&self, offset: u64, value: u64) {
        debug_assert!(offset + SIZE <= self.length);
        let offset = offset.min(self.length - 8);
        // SAFETY: as in `load`.
        let _ = unsafe { access::store::<SIZE>(self.base + offset, value) };
    }

    /// Sets all these bytes.
    fn fill(&self, range: Range<u64>, byte: u8) {
        let Range { mut start, end } = range;
        let end = end.min(self.length - SLACK);
        if byte == 0 && end.saturating_sub(start) >= WHOLE_PAGES {
            let page = host_page();
            let (first, last) = (start.next_multiple_of(page), end / page * page);
            // SAFETY: the pages are in the area, which begins at a page and holds no Rust value. They are zeros afterwards.
            let given = unsafe {
                libc::madvise(
                    (self.base + first) as *mut libc::c_void,
                    (last - first) as usize,
                    libc::MADV_DONTNEED,
                )
            };
            if given == 0 {
                self.fill_each(start..first, byte);
                start = last;
            }
        }
        self.fill_each(start..end, byte);
    }

    fn fill_each(&self, range: Range<u64>, byte: u8) {
        let Range { mut start, end } = range;
        let word = u64::from(byte) * 0x0101_0101_0101_0101;
        while start + 8 <= end {
            self.store::<8>(start, word);
            start += 8;
        }
        while start < end {
            self.store::<1>(start, word);
            start += 1;
        }
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        // SAFETY: the range was mapped for this area, and no address in it is used but through it.
        unsafe { libc::munmap(self.base as *mut libc::c_void, self.length as usize) };
    }
}

/// The knowledge of a window's bytes.
#[derive(Debug)]
pub(crate) struct Shadow {
    base: u64,
    length: u64,
    /// A bit for each byte: it is closed.
    closed: Area,
    /// A byte for each byte, with a bit for each bit: it is undefined.
    undefined: Option<Area>,
}

impl Shadow {
    /// The knowledge of the addresses of a window, with or without undefined bits.
    pub(crate) fn reserve(window: Range<u64>, undefined: bool) -> io::Result<Self> {
        let length = window.end - window.start;
        Ok(Self {
            base: window.start,
            length,
            closed: Area::reserve(length / 8 + 1)?,
            undefined: undefined.then(|| Area::reserve(length)).transpose()?,
        })
    }

    /// Whether undefined bits are known.
    pub(crate) fn has_undefined(&self) -> bool {
        self.undefined.is_some()
    }

    /// The part of a range that is in the window, as offsets.
    fn offsets(&self, range: &Range<u64>) -> Range<u64> {
        let end = range.end.saturating_sub(self.base).min(self.length);
        range.start.saturating_sub(self.base).min(end)..end
    }

    /// The index of up to eight bytes, if they are in the window.
    #[inline(always)]
    fn offset(&self, address: u64) -> Option<u64> {
        let offset = address.wrapping_sub(self.base);
        (offset < self.length).then_some(offset)
    }

    /// Lets nobody touch these bytes.
    pub(crate) fn close(&self, range: Range<u64>) {
        self.set(&range, true);
    }

    /// Lets everybody touch these bytes.
    pub(crate) fn open(&self, range: Range<u64>) {
        self.set(&range, false);
    }

    /// Forgets what was known: the memory is new, zeros that everybody may touch.
    pub(crate) fn renew(&self, range: Range<u64>) {
        self.set(&range, false);
        if let Some(undefined) = &self.undefined {
            undefined.fill(self.offsets(&range), 0);
        }
    }

    fn set(&self, range: &Range<u64>, closed: bool) {
        let Range { start, end } = self.offsets(range);
        let change = |byte: u64, bits: u64| {
            let before = self.closed.load::<1>(byte);
            let after = if closed {
                before | bits
            } else {
                before & !bits
            };
            self.closed.store::<1>(byte, after);
        };
        let (first, last) = (start / 8, end / 8);
        let (head, tail) = (0xff << (start % 8) & 0xff, (1 << (end % 8)) - 1);
        if first == last {
            return change(first, head & tail);
        }
        change(first, head);
        self.closed
            .fill(first + 1..last, if closed { 0xff } else { 0 });
        if tail != 0 {
            change(last, tail);
        }
    }

    /// Whether one of up to eight bytes is closed.
    #[inline(always)]
    pub(crate) fn is_closed(&self, address: u64, size: u64) -> bool {
        let Some(offset) = self.offset(address) else {
            return false;
        };
        let bits = self.closed.load::<2>(offset / 8) >> (offset % 8);
        bits & ((1 << size) - 1) != 0
    }

    /// The first closed byte of a range.
    pub(crate) fn first_closed(&self, range: &Range<u64>) -> Option<u64> {
        let Range { mut start, end } = self.offsets(range);
        while start < end {
            // 56 bits at least, wherever it begins.
            let length = (end - start).min(56);
            let bits = self.closed.load::<8>(start / 8) >> (start % 8);
            let bits = bits & ((1 << length) - 1);
            if bits != 0 {
                return Some(self.base + start + u64::from(bits.trailing_zeros()));
            }
            start += length;
        }
        None
    }
}

impl Shadow {
    /// Says that all bits of a range are undefined, or that none is.
    pub(crate) fn mark(&self, range: Range<u64>, undefined: bool) {
        if let Some(area) = &self.undefined {
            area.fill(self.offsets(&range), if undefined { 0xff } else { 0 });
        }
    }

    /// The undefined bits of 1, 2, 4 or 8 bytes.
    #[inline(always)]
    pub(crate) fn undefined<const SIZE: u64>(&self, address: u64) -> u64 {
        match (&self.undefined, self.offset(address)) {
            (Some(area), Some(offset)) => area.load::<SIZE>(offset),
            _ => 0,
        }
    }

    /// Says which bits of 1, 2, 4 or 8 bytes are undefined.
    #[inline(always)]
    pub(crate) fn set_undefined<const SIZE: u64>(&self, address: u64, bits: u64) {
        if let (Some(area), Some(offset)) = (&self.undefined, self.offset(address))
            // Most of it is defined and stays so; pages that nothing is said of stay away.
            && (bits != 0 || area.load::<SIZE>(offset) != 0)
        {
            area.store::<SIZE>(offset, bits);
        }
    }

    /// The first byte of a range with an undefined bit.
    pub(crate) fn first_undefined(&self, range: &Range<u64>) -> Option<u64> {
        let area = self.undefined.as_ref()?;
        let Range { mut start, end } = self.offsets(range);
        while start < end {
            let bits = area.load::<8>(start);
            let first = u64::from(bits.trailing_zeros() / 8);
            if first < 8 && start + first < end {
                return Some(self.base + start + first);
            }
            start += 8;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u64 = 0x7000_0000_0000;
    const LENGTH: u64 = 1 << 20;

    #[test]
    fn bytes_are_closed_one_by_one() {
        let shadow = Shadow::reserve(BASE..BASE + LENGTH, false).unwrap();
        let mut closed = vec![false; 4096];
        let mut random = fastrand::Rng::with_seed(16);
        for _ in 0..2000 {
            let start = random.usize(..closed.len());
            let end = (start + random.usize(..200)).min(closed.len());
            let close = random.bool();
            let range = BASE + start as u64..BASE + end as u64;
            if close {
                shadow.close(range);
            } else {
                shadow.open(range);
            }
            closed[start..end].fill(close);
            let at = random.usize(..closed.len() - 300);
            let size = 1 << random.u32(..4);
            let expected = closed[at..at + size].contains(&true);
            let address = BASE + at as u64;
            assert_eq!(shadow.is_closed(address, size as u64), expected);
            let length = random.usize(..300);
            let first = closed[at..at + length].iter().position(|closed| *closed);
            assert_eq!(
                shadow.first_closed(&(address..address + length as u64)),
                first.map(|first| address + first as u64)
            );
        }
        // Whole pages are given back.
        shadow.close(BASE..BASE + LENGTH);
        shadow.open(BASE..BASE + LENGTH);
        assert_eq!(shadow.first_closed(&(BASE..BASE + LENGTH)), None);
        // Nothing is known of bytes outside.
        shadow.close(0..u64::MAX);
        assert!(!shadow.is_closed(BASE - 1, 1) && !shadow.is_closed(BASE + LENGTH, 8));
        assert!(shadow.is_closed(BASE, 1) && shadow.is_closed(BASE + LENGTH - 1, 1));
    }
}
