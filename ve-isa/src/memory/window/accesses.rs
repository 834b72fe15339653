//! Every access to memory in a window: single numbers, bytes, words, and waiting for a change.
//!
//! Each is tested against the window first; the access itself finds out whether memory is mapped there.

use std::time::Duration;

use super::Window;
use crate::memory::access::{self, AccessError};

impl Window {
    /// Where up to 16 bytes are that all are in the window; the last page has none that can be accessed.
    #[inline(always)]
    fn begin(&self, address: u64) -> Result<u64, AccessError> {
        if address.wrapping_sub(self.base) < self.usual {
            Ok(address)
        } else {
            self.without_ignored(address, 16)
        }
    }

    #[cold]
    fn without_ignored(&self, address: u64, length: u64) -> Result<u64, AccessError> {
        let address = address & !self.ignored;
        if self.contains(address, length) {
            Ok(address)
        } else {
            Err(AccessError::Outside)
        }
    }

    /// Where these bytes are in the window.
    #[inline(always)]
    fn span(&self, address: u64, length: u64) -> Result<u64, AccessError> {
        if self.contains(address, length) {
            Ok(address)
        } else {
            self.without_ignored(address, length)
        }
    }

    /// As [`load`](Self::load), for an address that is in the window as it is. A caller that gets nothing asks `load` for the reason: so the
    /// usual case has one way out.
    #[inline(always)]
    pub(crate) fn load_usual<const SIZE: u64>(&self, address: u64) -> Option<u64> {
        if address.wrapping_sub(self.base) >= self.usual {
            return None;
        }
        // SAFETY: the bytes are in the window, which holds no Rust value.
        unsafe { access::load::<SIZE>(address) }.ok()
    }

    /// As [`store`](Self::store), for an address that is in the window as it is. If it returns nothing, it has stored nothing, and the caller
    /// asks `store` for the reason.
    #[inline(always)]
    pub(crate) fn store_usual<const SIZE: u64>(&self, address: u64, value: u64) -> Option<()> {
        if address.wrapping_sub(self.base) >= self.usual {
            return None;
        }
        // SAFETY: as in `load_usual`; what is in the window may change at any time.
        unsafe { access::store::<SIZE>(address, value) }.ok()
    }

    /// Reads 1, 2, 4 or 8 bytes as a little-endian number, wherever they are aligned.
    ///
    /// # Errors
    /// Not all of them are in the window and readable.
    #[inline(always)]
    pub fn load<const SIZE: u64>(&self, address: u64) -> Result<u64, AccessError> {
        const { assert!(matches!(SIZE, 1 | 2 | 4 | 8)) }
        let address = self.begin(address)?;
        // SAFETY: the bytes are in the window, which holds no Rust value.
        unsafe { access::load::<SIZE>(address) }
    }

    /// Writes the low 1, 2, 4 or 8 bytes of a number, little-endian, wherever they are aligned.
    ///
    /// # Errors
    /// Not all of them are in the window and writable. Bytes before the end of a mapped range may be written all the same.
    #[inline(always)]
    pub fn store<const SIZE: u64>(&self, address: u64, value: u64) -> Result<(), AccessError> {
        const { assert!(matches!(SIZE, 1 | 2 | 4 | 8)) }
        let address = self.begin(address)?;
        // SAFETY: as in `load`; what is in the window may change at any time.
        unsafe { access::store::<SIZE>(address, value) }
    }

    /// Writes `new` to 4 or 8 bytes if they are as expected, and returns what they were. Nobody sees a state in between, and all such
    /// operations of all threads have one order.
    ///
    /// # Errors
    /// Not all of the bytes are in the window and writable.
    ///
    /// # Panics
    /// The address is not a multiple of the size.
    #[inline(always)]
    pub fn compare_exchange<const SIZE: u64>(
        &self,
        address: u64,
        expected: u64,
        new: u64,
    ) -> Result<u64, AccessError> {
        const { assert!(matches!(SIZE, 4 | 8)) }
        assert!(
            address.is_multiple_of(SIZE),
            "{address:#x} is not a multiple of {SIZE}"
        );
        let address = self.begin(address)?;
        // SAFETY: as in `store`; the address is aligned.
        unsafe { access::swap::<SIZE>(address, expected, new) }
    }

    /// Sleeps until somebody calls [`wake`](Self::wake) with this address, unless the 4 bytes there are not as expected. It may return at any
    /// time, and does after `longest`.
    pub(crate) fn wait(&self, address: u64, expected: u32, longest: Duration) {
        let Ok(address) = self.begin(address) else {
            return;
        };
        let time = libc::timespec {
            tv_sec: longest.as_secs() as libc::time_t,
            tv_nsec: longest.subsec_nanos().into(),
        };
        // SAFETY: the system reads 4 bytes of the window, and refuses if they are not there. The time is there for the call.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                address,
                libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
                expected,
                &raw const time,
            )
        };
    }

    /// Wakes up to so many threads that wait at an address.
    pub(crate) fn wake(&self, address: u64, threads: i32) {
        if let Ok(address) = self.begin(address) {
            // SAFETY: the system only looks for threads that wait at this address.
            unsafe {
                libc::syscall(
                    libc::SYS_futex,
                    address,
                    libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
                    threads,
                )
            };
        }
    }

    /// Copies bytes out of the window.
    ///
    /// # Errors
    /// Not all of them are in the window and readable. The buffer may have been written in part.
    pub fn read(&self, address: u64, into: &mut [u8]) -> Result<(), AccessError> {
        let length = into.len() as u64;
        if length == 0 {
            return Ok(());
        }
        let address = self.span(address, length)?;
        // SAFETY: the source is in the window; the destination is borrowed for writing, and any bytes are valid in it.
        unsafe { access::copy(into.as_mut_ptr() as u64, address, length) }
    }

    /// Reads numbers of 8 bytes, little-endian.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    #[inline]
    pub fn read_words(&self, address: u64, into: &mut [u64]) -> Result<(), AccessError> {
        let length = std::mem::size_of_val(into) as u64;
        let address = self.span(address, length)?;
        // SAFETY: as in `read`.
        unsafe { access::copy_words(into.as_mut_ptr() as u64, address, length / 8) }
    }

    /// Writes numbers of 8 bytes, little-endian.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    #[inline]
    pub fn write_words(&self, address: u64, from: &[u64]) -> Result<(), AccessError> {
        const {
            assert!(
                cfg!(target_endian = "little"),
                "the window is little-endian"
            )
        }
        let length = std::mem::size_of_val(from) as u64;
        let address = self.span(address, length)?;
        // SAFETY: as in `write`.
        unsafe { access::copy_words(address, from.as_ptr() as u64, length / 8) }
    }

    /// Copies bytes into the window.
    ///
    /// # Errors
    /// Not all of the place is in the window and writable. It may have been written in part.
    pub fn write(&self, address: u64, from: &[u8]) -> Result<(), AccessError> {
        let length = from.len() as u64;
        if length == 0 {
            return Ok(());
        }
        let address = self.span(address, length)?;
        // SAFETY: the destination is in the window; the source is borrowed for reading.
        unsafe { access::copy(address, from.as_ptr() as u64, length) }
    }
}
