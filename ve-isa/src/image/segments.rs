//! The segments of a shared object: checked, and placed in memory.

use std::ops::Range;

use object::LittleEndian;
use object::elf::{PF_W, PF_X, PT_DYNAMIC, PT_LOAD, PT_TLS, ProgramHeader64};
use object::read::elf::FileHeader as _;
use object::read::elf::ProgramHeader as _;

use super::file::{ImageHeader, LARGEST_ALIGNMENT};
use super::{ImageError, Source};
use crate::memory::{FileMapping, MemoryError, Protection, Window, host_page};

/// From this size on, the part of a file is mapped and not read.
const MAPPED: u64 = 1 << 20;

/// How much is copied at once.
const CHUNK: u64 = 1 << 20;

/// A part of the file that is in memory.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    /// Its beginning, before the image has its place.
    pub(super) start: u64,
    offset: u64,
    /// How many bytes the file has of it; the rest is 0.
    filled: u64,
    pub(super) size: u64,
    pub(super) write: bool,
    pub(super) execute: bool,
}

impl Segment {
    /// Whether all these bytes are in it.
    pub(super) fn contains(&self, address: u64, length: u64) -> bool {
        within(self.start, self.size, address, length)
    }

    /// Whether the file has all these bytes.
    fn has(&self, address: u64, length: u64) -> bool {
        within(self.start, self.filled, address, length)
    }

    /// Its addresses where the image has been moved by `base`.
    pub(super) fn range(&self, base: u64) -> Range<u64> {
        let start = base.wrapping_add(self.start);
        start..start.wrapping_add(self.size)
    }
}

fn within(start: u64, size: u64, address: u64, length: u64) -> bool {
    let offset = address.wrapping_sub(start);
    offset <= size && length <= size - offset
}

/// First values of thread-local variables.
#[derive(Debug, Clone)]
pub(super) struct TlsSegment {
    pub(super) start: u64,
    pub(super) filled: u64,
    pub(super) size: u64,
    pub(super) alignment: u64,
}

/// The segments of a file.
#[derive(Debug)]
pub(super) struct Segments {
    pub(super) loads: Vec<Segment>,
    /// The address of the dynamic section, and its length.
    pub(super) dynamic: (u64, u64),
    pub(super) tls: Option<TlsSegment>,
    alignment: u64,
}

impl Segments {
    /// Reads and checks program headers.
    pub(super) fn parse(header: &ImageHeader, source: Source<'_>) -> Result<Self, String> {
        let endian = LittleEndian;
        let size = header.e_phentsize(endian);
        if usize::from(size) != size_of::<ProgramHeader64<LittleEndian>>() {
            return Err(format!("its program headers are {size} bytes each, not 56"));
        }
        let count = u64::from(header.e_phnum(endian));
        let bytes = source
            .read(header.e_phoff(endian), 56 * count)
            .map_err(|why| format!("program headers: {why}"))?;
        let (headers, _) =
            object::slice_from_bytes::<ProgramHeader64<LittleEndian>>(&bytes, count as usize)
                .map_err(|()| "its program headers are cut off".to_owned())?;
        let length = source.length()?;
        let (mut loads, mut dynamic, mut tls) = (Vec::<Segment>::new(), None, None);
        let mut largest = 1;
        for header in headers {
            let (start, offset) = (header.p_vaddr(endian), header.p_offset(endian));
            let (filled, size) = (header.p_filesz(endian), header.p_memsz(endian));
            let alignment = header.p_align(endian).max(1);
            let kind = header.p_type(endian);
            if kind == PT_DYNAMIC {
                dynamic = Some((start, filled));
            } else if kind == PT_TLS && size > 0 {
                if filled > size {
                    return Err("its thread-local memory has more first values than bytes".into());
                }
                tls = Some(TlsSegment {
                    start,
                    filled,
                    size,
                    alignment,
                });
            } else if kind == PT_LOAD && size > 0 {
                let what = || format!("its segment at {start:#x}");
                if filled > size {
                    return Err(format!(
                        "{} has more bytes in the file than in memory",
                        what()
                    ));
                }
                if offset.checked_add(filled).is_none_or(|end| end > length) {
                    return Err(format!(
                        "it is cut off: {} needs {filled} bytes at {offset:#x} of the file, which has {length}",
                        what()
                    ));
                }
                if !alignment.is_power_of_two() || alignment > LARGEST_ALIGNMENT {
                    return Err(format!("{} has an alignment of {alignment}", what()));
                }
                if start.wrapping_sub(offset) % alignment != 0 {
                    return Err(format!(
                        "{} and its place in the file, {offset:#x}, differ by no multiple of its alignment",
                        what()
                    ));
                }
                if start.checked_add(size).is_none() {
                    return Err(format!("{} is larger than memory", what()));
                }
                let before = loads.last().map_or(0, |last| last.start + last.size);
                if start < before {
                    return Err(format!(
                        "{} begins before the end of another, {before:#x}",
                        what()
                    ));
                }
                largest = largest.max(alignment);
                let flags = header.p_flags(endian);
                loads.push(Segment {
                    start,
                    offset,
                    filled,
                    size,
                    write: flags.0 & PF_W.0 != 0,
                    execute: flags.0 & PF_X.0 != 0,
                });
            }
        }
        if loads.is_empty() {
            return Err("it has no segment to load".into());
        }
        let segments = Self {
            loads,
            dynamic: dynamic.ok_or("it has no dynamic section")?,
            tls,
            alignment: largest,
        };
        if let Some(tls) = &segments.tls
            && !segments
                .loads
                .iter()
                .any(|load| load.has(tls.start, tls.filled))
        {
            return Err("the first values of its thread-local variables lie outside".into());
        }
        Ok(segments)
    }

    /// Places them; all can be written then. The result is the range that was mapped, and how far addresses have moved.
    pub(super) fn place(
        &self,
        source: Source<'_>,
        window: &Window,
    ) -> Result<(Range<u64>, u64), ImageError> {
        let (Some(first), Some(last)) = (self.loads.first(), self.loads.last()) else {
            return Err(ImageError::damaged(
                source.name(),
                "it has no segment to load",
            ));
        };
        let alignment = self.alignment.max(host_page());
        let start = first.start / alignment * alignment;
        let span = last.start + last.size - start;
        let range = window.map_aligned(span, alignment, Protection::None)?;
        let base = range.start.wrapping_sub(start);
        let filled = self.fill(source, window, base);
        if let Err(error) = filled {
            // The range was mapped above. If the system refuses, it stays mapped.
            let _ = window.unmap(range.start);
            return Err(error);
        }
        Ok((range, base))
    }

    fn fill(&self, source: Source<'_>, window: &Window, base: u64) -> Result<(), ImageError> {
        let damaged = |why: String| ImageError::damaged(source.name(), why);
        let page = host_page();
        let mut used = 0;
        for (index, load) in self.loads.iter().enumerate() {
            let range = load.range(base);
            window.protect(range.clone(), Protection::ReadWrite)?;
            let mut done = 0;
            // Whole pages that belong to this segment alone.
            let head = range.start % page;
            let next = self.loads.get(index + 1);
            let alone = range.start - head >= used
                && next.is_none_or(|next| {
                    next.range(base).start / page * page >= range.end.next_multiple_of(page)
                });
            if let Some(file) = source.as_file()
                && load.filled >= MAPPED
                && load.offset % page == head
                && alone
            {
                let pages = (head + load.filled) / page * page;
                let start = range.start - head;
                let (how, protection) = (FileMapping::Private, Protection::ReadWrite);
                let from = load.offset - head;
                window.map_file(start..start + pages, file, from, how, protection)?;
                done = pages - head;
            }
            while done < load.filled {
                let length = CHUNK.min(load.filled - done);
                let bytes = source.read(load.offset + done, length).map_err(damaged)?;
                window
                    .write(range.start + done, &bytes)
                    .map_err(|_| damaged("its memory cannot be written".into()))?;
                done += length;
            }
            used = range.end.next_multiple_of(page);
        }
        Ok(())
    }

    /// Makes what is not to be written so, where no other segment has part of a page.
    pub(super) fn protect(&self, window: &Window, base: u64) -> Result<(), MemoryError> {
        for (write, protection) in [(false, Protection::Read), (true, Protection::ReadWrite)] {
            for load in self.loads.iter().filter(|load| load.write == write) {
                window.protect(load.range(base), protection)?;
            }
        }
        Ok(())
    }

    /// Bytes of the file as they are in memory.
    pub(super) fn read(
        &self,
        window: &Window,
        base: u64,
        address: u64,
        length: u64,
    ) -> Option<Vec<u8>> {
        if !self.loads.iter().any(|load| load.has(address, length)) {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        window.read(base.wrapping_add(address), &mut bytes).ok()?;
        Some(bytes)
    }
}
