//! The window: which addresses machine code may use, and what is mapped there. All access to it is in `accesses`.

mod accesses;

use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::sync::{Mutex, OnceLock};

use super::handler;
use super::page::host_page;
use super::shadow::Shadow;

/// The size of the pages that the window is divided into. The host's may be smaller, never larger.
const PAGE: u64 = 64 << 10;

/// How large a window of one's own is, if the system lets us reserve as much address space: 1 TiB, else less.
const LENGTHS: [u64; 4] = [1 << 40, 1 << 37, 1 << 34, 1 << 31];

/// The accesses that a range of addresses allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protection {
    /// Nothing.
    None,
    /// Reading. Machine code may be fetched from it.
    Read,
    /// Reading and writing.
    ReadWrite,
}

impl Protection {
    fn flags(self) -> i32 {
        match self {
            Self::None => libc::PROT_NONE,
            Self::Read => libc::PROT_READ,
            Self::ReadWrite => libc::PROT_READ | libc::PROT_WRITE,
        }
    }
}

/// How a file is mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileMapping {
    /// Writes stay in the window.
    Private,
    /// Writes go to the file, and others that map it see them.
    Shared,
}

impl FileMapping {
    fn flag(self) -> i32 {
        match self {
            Self::Private => libc::MAP_PRIVATE,
            Self::Shared => libc::MAP_SHARED,
        }
    }
}

/// Why there is no memory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// The system refuses.
    #[error("{what}: {source}")]
    System {
        /// The attempted operation.
        what: String,
        /// The system's error.
        source: io::Error,
    },
    /// The window has no such range that is free.
    #[error(
        "the window has no {length} free bytes in one piece; unload images or use a larger window"
    )]
    Full {
        /// How much was asked for.
        length: u64,
    },
    /// The range is not in the window.
    #[error("{length} bytes at {address:#x} are not in the window")]
    Outside {
        /// Where the range begins.
        address: u64,
        /// Its length in bytes.
        length: u64,
    },
}

/// The range of addresses that machine code may use.
///
/// ```
/// use ve_isa::memory::{AccessError, Protection, Window};
///
/// let window = Window::reserve()?;
/// let range = window.map(64 << 10, Protection::ReadWrite)?;
/// window.store::<8>(range.start, 7).unwrap();
/// assert_eq!(window.load::<8>(range.start), Ok(7));
/// assert_eq!(window.load::<8>(range.end), Err(AccessError::Protected));
/// assert_eq!(window.load::<8>(0), Err(AccessError::Outside));
/// # Ok::<(), ve_isa::memory::MemoryError>(())
/// ```
#[derive(Debug)]
pub struct Window {
    base: u64,
    length: u64,
    /// How many addresses there are of 16 bytes in the window.
    usual: u64,
    /// The part of it where [`Window::map`] finds place.
    place: Range<u64>,
    owned: bool,
    /// Bits of an address that do not count, if it is not in the window with them.
    ignored: u64,
    /// Ranges in `place` that are in use, in order.
    used: Mutex<Vec<Range<u64>>>,
    /// The check's record of its bytes.
    shadow: OnceLock<Shadow>,
}

impl Window {
    /// Reserves addresses for a window of its own, and installs the handler for faults in it.
    ///
    /// No memory is used before it is mapped. The window is 1 TiB if the system lets this process have so many addresses, else
    /// less. They are given back when the window is dropped.
    ///
    /// # Errors
    /// The system refuses addresses or the handler.
    pub fn reserve() -> Result<Self, MemoryError> {
        handler::install_handler().map_err(|source| MemoryError::System {
            what: "installing the handler for faults".into(),
            source,
        })?;
        // The aligned half of a mapping of twice the length leaves at least a page. That page stays behind the window.
        let behind = host_page();
        for length in LENGTHS {
            // This maps twice as much, and keeps the part that begins at a multiple of its length. So one shift tells whether an address
            // is in the window.
            // SAFETY: the system chooses the place, so no other mapping is replaced.
            let base = unsafe {
                libc::mmap(
                    std::ptr::null_mut(),
                    2 * length as usize,
                    libc::PROT_NONE,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                    -1,
                    0,
                )
            };
            if base != libc::MAP_FAILED {
                let all = base as u64;
                let base = all.next_multiple_of(length);
                for (start, end) in [(all, base), (base + length + behind, all + 2 * length)] {
                    if start < end {
                        // SAFETY: these addresses were mapped just now, and nobody knows of them.
                        unsafe { libc::munmap(start as *mut libc::c_void, (end - start) as usize) };
                    }
                }
                return Ok(Self {
                    base,
                    length,
                    usual: length - 15,
                    place: base.next_multiple_of(PAGE)..(base + length) / PAGE * PAGE - PAGE,
                    owned: true,
                    ignored: 0,
                    used: Mutex::default(),
                    shadow: OnceLock::new(),
                });
            }
        }
        Err(MemoryError::System {
            what: "reserving 2 GiB of addresses for the window".into(),
            source: io::Error::last_os_error(),
        })
    }

    /// Uses a window that somebody else has reserved. `place` is the part of it where [`map`](Self::map) puts what it maps. Addresses that
    /// are not in the window are tried again without the bits in `ignored`.
    ///
    /// # Safety
    /// For as long as the window lives:
    /// - The range holds no Rust value and nothing that safe code relies on; machine code may read and change all of it that is
    ///   mapped. The addresses in `place` belong to this window alone. It is mapped, closed, and may be mapped anew.
    /// - Its last 4 KiB are never mapped.
    /// - A handler for `SIGSEGV` and `SIGBUS` calls [`recover`](super::recover).
    pub unsafe fn adopt(range: Range<u64>, place: Range<u64>, ignored: u64) -> Self {
        Self {
            base: range.start,
            length: range.end - range.start,
            usual: (range.end - range.start).saturating_sub(15),
            place: place.start.next_multiple_of(PAGE)..place.end / PAGE * PAGE,
            owned: false,
            ignored,
            used: Mutex::default(),
            shadow: OnceLock::new(),
        }
    }

    /// Keeps from now on what a check knows of each byte; with or without undefined bits, as the first call says.
    ///
    /// # Errors
    /// The system refuses addresses.
    pub(crate) fn keep_shadow(&self, undefined: bool) -> Result<&Shadow, MemoryError> {
        if self.shadow.get().is_none() {
            let shadow = Shadow::reserve(self.range(), undefined);
            let _ = self
                .shadow
                .set(shadow.map_err(|source| MemoryError::System {
                    what: "reserving addresses for the check of memory".into(),
                    source,
                })?);
        }
        self.shadow.get().ok_or(MemoryError::Full { length: 0 })
    }

    /// The check's record of the bytes, if there is a check.
    #[inline]
    pub(crate) fn shadow(&self) -> Option<&Shadow> {
        self.shadow.get()
    }

    /// The ranges that [`map`](Self::map) has made, in order.
    pub(crate) fn mapped(&self) -> Vec<Range<u64>> {
        let used = self.used.lock().unwrap_or_else(|lock| lock.into_inner());
        used.clone()
    }

    /// The addresses of the window.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.base..self.base + self.length
    }

    /// Whether a page behind the window is reserved and closed, so that an access that begins in the window touches nothing else.
    #[must_use]
    pub fn is_closed_behind(&self) -> bool {
        self.owned
    }

    /// Whether all of these bytes are in the window.
    #[inline(always)]
    #[must_use]
    pub fn contains(&self, address: u64, length: u64) -> bool {
        let offset = address.wrapping_sub(self.base);
        offset < self.length && length <= self.length - offset
    }

    /// An address without the bits that do not count, if it is not in the window with them.
    #[inline(always)]
    pub(crate) fn plain(&self, address: u64) -> u64 {
        if address.wrapping_sub(self.base) < self.length {
            address
        } else {
            address & !self.ignored
        }
    }

    /// Maps zeros somewhere in the window, whole pages of 64 KiB, with at least one page between this range and others that stays
    /// closed. The result has the length that was asked for, at least one byte.
    ///
    /// # Errors
    /// No place is free, or the system has no memory.
    pub fn map(&self, length: u64, protection: Protection) -> Result<Range<u64>, MemoryError> {
        self.map_aligned(length, PAGE, protection)
    }

    /// As [`map`](Self::map), at a multiple of `alignment`, a power of two.
    ///
    /// # Errors
    /// No place is free, or the system has no memory.
    pub fn map_aligned(
        &self,
        length: u64,
        alignment: u64,
        protection: Protection,
    ) -> Result<Range<u64>, MemoryError> {
        let length = length.max(1);
        let full = MemoryError::Full { length };
        let alignment = alignment.max(PAGE);
        if !alignment.is_power_of_two() || alignment > self.length {
            return Err(full);
        }
        let Some(pages) = length.checked_next_multiple_of(PAGE) else {
            return Err(full);
        };
        let mut used = self.used.lock().unwrap_or_else(|lock| lock.into_inner());
        let Some((index, start)) = self.gap(&used, pages, alignment) else {
            return Err(full);
        };
        // Kept closed until here: only this call opens it, and it is in `used` before the lock is given up.
        self.protect_pages(start..start + pages, protection)?;
        used.insert(index, start..start + pages);
        if let Some(shadow) = self.shadow() {
            shadow.renew(start..start + pages);
        }
        Ok(start..start + length)
    }

    /// The first place that has room, and where it comes among the ranges in use.
    fn gap(&self, used: &[Range<u64>], pages: u64, alignment: u64) -> Option<(usize, u64)> {
        let mut free = self.place.start;
        for index in 0..=used.len() {
            let start = free
                .checked_add(PAGE)?
                .checked_next_multiple_of(alignment)?;
            let end = start.checked_add(pages)?.checked_add(PAGE)?;
            let limit = used.get(index).map_or(self.place.end, |next| next.start);
            if end <= limit {
                return Some((index, start));
            }
            free = used.get(index)?.end;
        }
        None
    }

    /// Closes a range that [`map`](Self::map) has made, named by its first address, and gives its memory back.
    ///
    /// # Errors
    /// No such range is mapped, or the system refuses.
    pub fn unmap(&self, start: u64) -> Result<(), MemoryError> {
        let mut used = self.used.lock().unwrap_or_else(|lock| lock.into_inner());
        let Ok(index) = used.binary_search_by_key(&start, |range| range.start) else {
            return Err(MemoryError::Outside {
                address: start,
                length: 1,
            });
        };
        self.close(used[index].clone())?;
        used.remove(index);
        Ok(())
    }

    /// Changes what may be done with whole pages of the host in a range that [`map`](Self::map) has made. Pages of which the range covers a
    /// part change as a whole.
    ///
    /// # Errors
    /// The range is not one that is mapped, or the system refuses.
    pub fn protect(&self, range: Range<u64>, protection: Protection) -> Result<(), MemoryError> {
        let used = self.used.lock().unwrap_or_else(|lock| lock.into_inner());
        if !is_inside(&used, &range) {
            return Err(MemoryError::Outside {
                address: range.start,
                length: range.end.saturating_sub(range.start),
            });
        }
        let page = host_page();
        let start = range.start / page * page;
        self.protect_pages(start..range.end.next_multiple_of(page), protection)
    }

    /// Maps part of a file onto whole pages of the host in a range that [`map`](Self::map) has made. Pages that the file does not have, or
    /// loses, cannot be accessed.
    ///
    /// # Errors
    /// The range is not one that is mapped, it or the offset is not at a page, or the system refuses.
    pub fn map_file(
        &self,
        range: Range<u64>,
        file: &impl AsRawFd,
        offset: u64,
        how: FileMapping,
        protection: Protection,
    ) -> Result<(), MemoryError> {
        let length = range.end.saturating_sub(range.start);
        if length == 0 {
            return Ok(());
        }
        let used = self.used.lock().unwrap_or_else(|lock| lock.into_inner());
        let page = host_page();
        let whole = range.start.is_multiple_of(page) && length.is_multiple_of(page);
        if !whole || !is_inside(&used, &range) {
            return Err(MemoryError::Outside {
                address: range.start,
                length,
            });
        }
        // The pages can only be read at first: the system promises memory for pages that may be written, and refuses that after it has taken
        // away what was mapped before.
        // SAFETY: the range is part of `place`, which belongs to this window and holds no Rust value, and the lock keeps it mapped. Others
        // may change the file, and see what is written if it is shared: what is in the window may change at any time, and pages that go away make accesses fail, which is recovered.
        let mapped = unsafe {
            libc::mmap(
                range.start as *mut libc::c_void,
                length as usize,
                Protection::Read.flags(),
                how.flag() | libc::MAP_NORESERVE | libc::MAP_FIXED,
                file.as_raw_fd(),
                offset as libc::off_t,
            )
        };
        if mapped != libc::MAP_FAILED {
            return self.protect_pages(range, protection);
        }
        let error = MemoryError::System {
            what: format!("mapping {length} bytes of a file at {:#x}", range.start),
            source: io::Error::last_os_error(),
        };
        // Nobody else may come to have memory there.
        self.close(range)?;
        Err(error)
    }

    /// Maps onto whole pages of the host in one range what the range that begins at `from` has of a file that it shares.
    ///
    /// # Errors
    /// One of the ranges is not one that is mapped, the first is not at a page, or the system refuses.
    pub(crate) fn map_twin(
        &self,
        from: u64,
        range: Range<u64>,
        protection: Protection,
    ) -> Result<(), MemoryError> {
        let length = range.end.saturating_sub(range.start);
        let used = self.used.lock().unwrap_or_else(|lock| lock.into_inner());
        let page = host_page();
        let whole = range.start.is_multiple_of(page) && length.is_multiple_of(page) && length > 0;
        let is_known = used
            .binary_search_by_key(&from, |range| range.start)
            .is_ok();
        if !whole || !is_known || !is_inside(&used, &range) {
            return Err(MemoryError::Outside {
                address: range.start,
                length,
            });
        }
        // SAFETY: both ranges are parts of `place`, which belongs to this window and holds no Rust value, and the lock keeps them mapped.
        // A length of 0 leaves the first one as it is: a shared one is mapped once more, and any other is an error.
        let mapped = unsafe {
            libc::mremap(
                from as *mut libc::c_void,
                0,
                length as usize,
                libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED,
                range.start as *mut libc::c_void,
            )
        };
        if mapped != libc::MAP_FAILED {
            return self.protect_pages(range, protection);
        }
        let error = MemoryError::System {
            what: format!(
                "mapping {length} bytes of a file once more at {:#x}",
                range.start
            ),
            source: io::Error::last_os_error(),
        };
        // As in `map_file`.
        self.close(range)?;
        Err(error)
    }

    /// Writes what has changed of a range's shared files to them, as `msync` does with these flags.
    ///
    /// # Errors
    /// The range is not one that is mapped, or the system refuses.
    pub fn synchronize(&self, range: Range<u64>, flags: i32) -> Result<(), MemoryError> {
        let used = self.used.lock().unwrap_or_else(|lock| lock.into_inner());
        let length = range.end.saturating_sub(range.start);
        if !is_inside(&used, &range) {
            return Err(MemoryError::Outside {
                address: range.start,
                length,
            });
        }
        // SAFETY: the call changes no memory, and checks its arguments.
        if unsafe { libc::msync(range.start as *mut libc::c_void, length as usize, flags) } == 0 {
            return Ok(());
        }
        Err(MemoryError::System {
            what: format!("writing {length} bytes at {:#x} to their file", range.start),
            source: io::Error::last_os_error(),
        })
    }

    /// Sets the protection of pages that are mapped. The range is one of `place`, and the lock is held.
    fn protect_pages(&self, range: Range<u64>, protection: Protection) -> Result<(), MemoryError> {
        let length = (range.end - range.start) as usize;
        let at = range.start as *mut libc::c_void;
        // SAFETY: the range is part of `place`, which belongs to this window and holds no Rust value. A page that becomes
        // inaccessible makes accesses fail, which is recovered. If the system refuses, the pages stay mapped.
        if unsafe { libc::mprotect(at, length, protection.flags()) } == 0 {
            return Ok(());
        }
        Err(MemoryError::System {
            what: format!("opening {length} bytes at {:#x}", range.start),
            source: io::Error::last_os_error(),
        })
    }

    /// Closes pages and gives their memory back: opened again, they are zeros. The range is one of `place`, and the lock is held.
    fn close(&self, range: Range<u64>) -> Result<(), MemoryError> {
        let length = (range.end - range.start) as usize;
        // SAFETY: the range is part of `place`, which belongs to this window and holds no Rust value. The system promises no memory
        // for pages that cannot be accessed, so it does not refuse after it has taken away what was there.
        let mapped = unsafe {
            libc::mmap(
                range.start as *mut libc::c_void,
                length,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED,
                -1,
                0,
            )
        };
        if mapped != libc::MAP_FAILED {
            return Ok(());
        }
        Err(MemoryError::System {
            what: format!("closing {length} bytes at {:#x}", range.start),
            source: io::Error::last_os_error(),
        })
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        if self.owned {
            let length = self.length + host_page();
            // SAFETY: this window reserved the range and a page behind it, and no address in it is used but through the window.
            unsafe { libc::munmap(self.base as *mut libc::c_void, length as usize) };
        }
    }
}

/// Whether a range lies in one of those in use, which are in order.
fn is_inside(used: &[Range<u64>], range: &Range<u64>) -> bool {
    let after = used.partition_point(|mapped| mapped.start <= range.start);
    used[..after]
        .last()
        .is_some_and(|mapped| range.start <= range.end && range.end <= mapped.end)
}
