//! Anonymous memory files and their mappings.
//!
//! A file has no name, is closed on `exec`, and cannot be resized, so neither side can take
//! pages from the other.

use std::ffi::CStr;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;

use super::check;

/// Size of a page, the unit of mappings and reservations.
pub(crate) const PAGE: u64 = 4096;

/// The size of a page of this system.
pub(crate) fn page_size() -> u64 {
    // SAFETY: sysconf only looks a number up.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).unwrap_or(PAGE).max(PAGE)
}

/// Rounds up to whole pages of 64 KiB, the largest page size of our platforms.
pub(crate) const fn round_up(size: u64) -> u64 {
    size.saturating_add(0xffff) & !0xffff
}

/// A new memory file of `size` bytes, all holes.
pub(crate) fn create(name: &CStr, size: u64) -> io::Result<OwnedFd> {
    const NOEXEC_SEAL: libc::c_uint = 8;
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: the name is a NUL-terminated string.
    let mut fd = unsafe { libc::memfd_create(name.as_ptr(), flags | NOEXEC_SEAL) };
    if fd < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EINVAL) {
        // Kernels before 6.3 do not know the flag.
        // SAFETY: as above.
        fd = unsafe { libc::memfd_create(name.as_ptr(), flags) };
    }
    check(fd.into())?;
    // SAFETY: memfd_create has just returned this descriptor to us.
    let fd = super::above_standard(unsafe { OwnedFd::from_raw_fd(fd) })?;
    if size > file_size_limit() {
        // ftruncate would send SIGXFSZ.
        return Err(io::Error::from_raw_os_error(libc::EFBIG));
    }
    // SAFETY: an open descriptor and plain numbers.
    check(unsafe { libc::ftruncate(fd.as_raw_fd(), size as libc::off_t) }.into())?;
    let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
    // SAFETY: an open descriptor and plain numbers.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_ADD_SEALS, seals) }.into())?;
    Ok(fd)
}

/// A new memory file that grows as it is written to.
pub(crate) fn growing(name: &CStr) -> io::Result<OwnedFd> {
    // SAFETY: the name is a NUL-terminated string.
    let fd = unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) };
    check(fd.into())?;
    // SAFETY: memfd_create has just returned this descriptor to us.
    super::above_standard(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The largest file this process may make (`ulimit -f`).
pub(crate) fn file_size_limit() -> u64 {
    limit(libc::RLIMIT_FSIZE)
}

/// The address space this process may use (`ulimit -v`).
pub(crate) fn address_space_limit() -> u64 {
    limit(libc::RLIMIT_AS)
}

fn limit(resource: libc::__rlimit_resource_t) -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure is valid for writing.
    match unsafe { libc::getrlimit(resource, &mut limit) } {
        0 if limit.rlim_cur != libc::RLIM_INFINITY => limit.rlim_cur,
        _ => u64::MAX,
    }
}

/// Whether the file has exactly `size` bytes and can never have fewer.
pub(crate) fn is_sealed(fd: impl AsFd, size: u64) -> bool {
    let fd = fd.as_fd().as_raw_fd();
    // SAFETY: an open descriptor and a plain number.
    let seals = unsafe { libc::fcntl(fd, libc::F_GET_SEALS) };
    if seals < 0 || seals & libc::F_SEAL_SHRINK == 0 {
        return false;
    }
    // SAFETY: an all-zero stat is a valid value of that structure.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the structure is valid for writing.
    unsafe { libc::fstat(fd, &mut stat) == 0 && stat.st_size as u64 == size }
}

/// Reserves pages of the file, so that touching them cannot fail later.
pub(crate) fn reserve(fd: impl AsFd, offset: u64, len: u64) -> io::Result<()> {
    // SAFETY: an open descriptor and plain numbers.
    check(
        unsafe {
            libc::fallocate(
                fd.as_fd().as_raw_fd(),
                0,
                offset as libc::off_t,
                len as libc::off_t,
            )
        }
        .into(),
    )
    .map(|_| ())
}

/// Gives pages of the file back; they read as zero afterwards.
pub(crate) fn release(fd: impl AsFd, offset: u64, len: u64) {
    // SAFETY: an open descriptor and plain numbers; the file keeps its size.
    unsafe {
        libc::fallocate(
            fd.as_fd().as_raw_fd(),
            libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE,
            offset as libc::off_t,
            len as libc::off_t,
        );
    }
}

/// A shared mapping of a memory file, unmapped on drop.
pub(crate) struct Mapping {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: a mapping is an address range; all access to its contents is
// done through atomics or raw copies that justify themselves.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `len` bytes for reading and writing, anywhere.
    pub(crate) fn new(fd: impl AsFd, len: u64) -> io::Result<Mapping> {
        Self::map(fd, len, 0, libc::PROT_READ | libc::PROT_WRITE, 0)
    }

    /// Maps the first `len` bytes at exactly `address`, not accessible yet.
    pub(crate) fn at(fd: impl AsFd, len: u64, address: u64) -> io::Result<Mapping> {
        Self::map(fd, len, address, libc::PROT_NONE, libc::MAP_FIXED_NOREPLACE)
    }

    fn map(fd: impl AsFd, len: u64, address: u64, prot: i32, flags: i32) -> io::Result<Mapping> {
        let len = usize::try_from(len).map_err(|_| io::ErrorKind::OutOfMemory)?;
        // SAFETY: the kernel chooses a free place, or refuses: MAP_FIXED_NOREPLACE
        // never replaces a mapping, and a kernel that ignores it is caught below.
        let base = unsafe {
            libc::mmap(
                address as *mut libc::c_void,
                len,
                prot,
                libc::MAP_SHARED | libc::MAP_NORESERVE | flags,
                fd.as_fd().as_raw_fd(),
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let mapping = Mapping {
            base: NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?,
            len,
        };
        if address != 0 && base as u64 != address {
            return Err(io::Error::from_raw_os_error(libc::EEXIST));
        }
        // VE memory would make the core dumps of a host program huge.
        // SAFETY: the range is the mapping just made.
        unsafe { libc::madvise(base, len, libc::MADV_DONTDUMP) };
        Ok(mapping)
    }

    /// Makes a part of the mapping readable and writable.
    pub(crate) fn open(&self, offset: usize, len: usize) -> io::Result<()> {
        self.protect(offset, len, libc::PROT_READ | libc::PROT_WRITE)
    }

    /// Makes a part of the mapping not accessible.
    pub(crate) fn close(&self, offset: usize, len: usize) -> io::Result<()> {
        self.protect(offset, len, libc::PROT_NONE)
    }

    fn protect(&self, offset: usize, len: usize, prot: i32) -> io::Result<()> {
        assert!(offset <= self.len && len <= self.len - offset);
        // SAFETY: the range lies in the mapping. Less access makes users of it fault, which
        // is safe; `view` is for mappings of which nothing is closed.
        let result = unsafe { libc::mprotect(self.base.as_ptr().add(offset).cast(), len, prot) };
        check(result.into()).map(|_| ())
    }

    /// Where the mapping begins.
    pub(crate) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The data at the beginning of the mapping.
    pub(crate) fn view<T: SharedData>(&self) -> &T {
        assert!(size_of::<T>() <= self.len && align_of::<T>() <= PAGE as usize);
        // SAFETY: the mapping is page-aligned, long enough, lives as long as the
        // reference, and `SharedData` allows any contents that change at any time.
        unsafe { self.base.cast::<T>().as_ref() }
    }

    /// Keeps the mapping for the rest of the process's life.
    pub(crate) fn leak(self) -> &'static Mapping {
        Box::leak(Box::new(self))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is ours; views borrow the mapping, so none is left.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}

/// Takes exactly these addresses, closed and without memory, for the rest of the process's life.
pub(crate) fn reserve_addresses(range: Range<u64>) -> io::Result<()> {
    let len = usize::try_from(range.end.saturating_sub(range.start))
        .map_err(|_| io::ErrorKind::OutOfMemory)?;
    // SAFETY: the kernel takes addresses that nothing is mapped at, or refuses: MAP_FIXED_NOREPLACE
    // never replaces a mapping, and a kernel that ignores it is caught below.
    let base = unsafe {
        libc::mmap(
            range.start as *mut libc::c_void,
            len,
            libc::PROT_NONE,
            libc::MAP_PRIVATE
                | libc::MAP_ANONYMOUS
                | libc::MAP_NORESERVE
                | libc::MAP_FIXED_NOREPLACE,
            -1,
            0,
        )
    };
    if base == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    if base as u64 != range.start {
        // SAFETY: the mapping that was just made, which nobody uses.
        unsafe { libc::munmap(base, len) };
        return Err(io::Error::from_raw_os_error(libc::EEXIST));
    }
    Ok(())
}

/// Types that may lie in memory another process writes to.
///
/// # Safety
///
/// Made of atomic integers only, `repr(C)`, valid for any bits.
pub(crate) unsafe trait SharedData {}

/// A value whose first `len` bytes `fill` writes, and whose others are zeros.
pub(crate) fn filled<T: SharedData>(
    len: usize,
    fill: impl FnOnce(&mut [u8]) -> io::Result<()>,
) -> io::Result<Box<T>> {
    assert!(len <= size_of::<T>());
    let mut value = Box::<T>::new_zeroed();
    // SAFETY: the box has as many bytes, all of them zeros, and nobody else uses them meanwhile.
    fill(unsafe { std::slice::from_raw_parts_mut(value.as_mut_ptr().cast(), len) })?;
    // SAFETY: `Shared` is valid for any bits.
    Ok(unsafe { value.assume_init() })
}

/// Copies bytes through an opaque call: what either end points to may be written
/// by another process at the same time, so no Rust reference is made to it.
///
/// # Safety
///
/// `len` bytes are mapped and readable at `src` and writable at `dst`.
#[inline]
pub(crate) unsafe fn copy(dst: *mut u8, src: *const u8, len: usize) {
    // SAFETY: the caller vouches for both ranges. memmove, since they may overlap.
    unsafe { libc::memmove(dst.cast(), src.cast(), len) };
}
