//! Copying memory of a process, and setting it.

use std::mem::MaybeUninit;

use super::slice::{VeSlice, VeSliceMut};
use crate::address::VeMemPtr;
use crate::backend::need;
use crate::data::{VeAddr, VeData};
use crate::error::{Error, Result};
use crate::process::VeoProc;
use crate::staging::HostVec;

/// How much is written at once where a pattern is repeated.
const CHUNK: usize = 1 << 20;

impl VeoProc {
    /// Copies memory of the VE to `to`, which has as many elements (`veo_read_mem`). Waits.
    ///
    /// It does not wait for requests of contexts: read through the context that
    /// queued a kernel, or wait for the request first.
    ///
    /// # Errors
    ///
    /// [`Error::SizeMismatch`]; [`Error::WrongProcess`]; [`Error::ProcessEnded`].
    pub fn read<'b, T: VeData>(&self, from: impl Into<VeSlice<'b, T>>, to: &mut [T]) -> Result<()> {
        let from = from.into();
        if from.len() != to.len() {
            return Err(Error::SizeMismatch {
                what: format!("reading a buffer of {}", self.id()),
                have: to.len(),
                wanted: from.len(),
            });
        }
        self.check_owner(from.as_ptr(), "a buffer")?;
        // SAFETY: `to` is borrowed exclusively and takes any bytes as a valid value.
        unsafe { self.copy_in(to.as_mut_ptr().cast(), from.as_ptr().addr(), from.size()) }
    }

    /// Copies `values`, as many as the target has elements, to memory of the VE
    /// (`veo_write_mem`). Waits, but not for requests of contexts.
    ///
    /// # Errors
    ///
    /// [`Error::SizeMismatch`]; [`Error::WrongProcess`]; [`Error::ProcessEnded`].
    pub fn write<'b, T: VeData>(
        &self,
        to: impl Into<VeSliceMut<'b, T>>,
        values: &[T],
    ) -> Result<()> {
        let to = to.into();
        if to.len() != values.len() {
            return Err(Error::SizeMismatch {
                what: format!("writing a buffer of {}", self.id()),
                have: values.len(),
                wanted: to.len(),
            });
        }
        self.check_owner(to.as_ptr(), "a buffer")?;
        // SAFETY: the source is borrowed for the call, which reads `to.size()` bytes.
        unsafe { self.copy_out(to.as_ptr().addr(), values.as_ptr().cast(), to.size()) }
    }

    pub(crate) fn read_vec<T: VeData>(&self, from: VeSlice<'_, T>) -> Result<Vec<T>> {
        self.check_owner(from.as_ptr(), "a buffer")?;
        let values = host_room::<T>(from.len())?;
        // SAFETY: the room is owned here and large enough.
        unsafe { self.copy_in(values.as_ptr().cast(), from.as_ptr().addr(), from.size())? };
        // SAFETY: the read succeeded, so every element was written.
        Ok(unsafe { values.into_filled(from.len()) })
    }

    /// Sets all bits of a buffer to zero.
    pub(super) fn clear<T: VeData>(&self, to: VeSliceMut<'_, T>) -> Result<()> {
        let zeros = vec![0u8; to.size().min(CHUNK)];
        self.repeat(to.as_ptr().addr(), to.size(), &zeros)
    }

    /// Sets every element of a buffer to `value`.
    pub(crate) fn fill<T: VeData>(&self, to: VeSliceMut<'_, T>, value: T) -> Result<()> {
        self.check_owner(to.as_ptr(), "a buffer")?;
        if to.size() == 0 {
            return Ok(());
        }
        let count = (CHUNK / size_of::<T>()).clamp(1, to.len());
        let values = vec![value; count];
        let mut addr = to.as_ptr().addr();
        let mut left = to.len();
        while left > 0 {
            let now = left.min(count);
            let size = now * size_of::<T>();
            // SAFETY: `values` has at least `now` elements.
            unsafe { self.copy_out(addr, values.as_ptr().cast(), size)? };
            addr += size as u64;
            left -= now;
        }
        Ok(())
    }

    fn repeat(&self, mut addr: u64, mut left: usize, pattern: &[u8]) -> Result<()> {
        while left > 0 {
            let now = left.min(pattern.len());
            // SAFETY: `pattern` has at least `now` bytes.
            unsafe { self.copy_out(addr, pattern.as_ptr(), now)? };
            addr += now as u64;
            left -= now;
        }
        Ok(())
    }

    /// Copies memory of the VE to `to` (`veo_read_mem`): as many bytes as `to` has,
    /// from a bare pointer. Waits.
    ///
    /// # Errors
    ///
    /// [`Error::BadPointer`] if the memory is known to end before, or was freed;
    /// [`Error::WrongProcess`]; [`Error::ProcessEnded`].
    pub fn read_mem<T>(&self, to: &mut [u8], ptr: VeMemPtr<T>) -> Result<()> {
        self.check_range(ptr, to.len())?;
        // SAFETY: `to` is borrowed exclusively, bytes take any value.
        unsafe { self.copy_in(to.as_mut_ptr().cast(), ptr.addr(), to.len()) }
    }

    /// Copies `values` to memory of the VE (`veo_write_mem`) at a bare pointer. Waits.
    ///
    /// # Errors
    ///
    /// As [`read_mem`](Self::read_mem).
    pub fn write_mem<T>(&self, ptr: VeMemPtr<T>, values: &[u8]) -> Result<()> {
        self.check_range(ptr, values.len())?;
        // SAFETY: the source is borrowed for the call.
        unsafe { self.copy_out(ptr.addr(), values.as_ptr(), values.len()) }
    }

    /// The address `addr`, as a structure in VE memory holds it, as a pointer into
    /// this process. How much memory follows is looked up.
    #[must_use]
    pub fn pointer<T>(&self, addr: VeAddr<T>) -> VeMemPtr<T> {
        if addr.is_null() {
            return VeMemPtr::null();
        }
        let allocations = self.shared().allocations();
        let around = allocations.range(..=addr.addr()).next_back();
        let (size, usage) = match around {
            Some((start, found)) if addr.addr() < start + found.size => {
                (Some(start + found.size - addr.addr()), Some(found.usage))
            }
            _ => (None, None),
        };
        VeMemPtr::new(addr.addr(), size, self.id(), usage)
    }

    pub(crate) fn check_owner<T>(&self, ptr: VeMemPtr<T>, what: &str) -> Result<()> {
        if ptr.proc_id() == self.id() || ptr.is_null() {
            return Ok(());
        }
        Err(Error::WrongProcess {
            what: what.into(),
            argument: None,
            belongs_to: ptr.proc_id().to_string(),
            used_with: self.id().to_string(),
        })
    }

    /// Whether `size` bytes from `ptr` on may be accessed, as far as that is known.
    fn check_range<T>(&self, ptr: VeMemPtr<T>, size: usize) -> Result<()> {
        self.check_owner(ptr, "the pointer")?;
        let bad = |reason: String| {
            Err(Error::BadPointer {
                addr: ptr.addr(),
                proc: self.id().to_string(),
                reason,
            })
        };
        if size == 0 {
            return Ok(());
        }
        if ptr.is_null() {
            return bad("it is the null pointer".into());
        }
        let allocations = self.shared().allocations();
        let around = allocations.range(..=ptr.addr()).next_back();
        match around {
            Some((start, found)) if ptr.addr() - start < found.size => {
                let left = found.size - (ptr.addr() - start);
                if left < size as u64 {
                    return bad(format!(
                        "{size} bytes were to be accessed, but {left} bytes after it the \
                         allocation ends"
                    ));
                }
                Ok(())
            }
            // A size is known of memory that was allocated here.
            _ if ptr.size().is_some() => {
                let reason = "it does not lie in an allocation: it points past the end of one, or \
                              the memory was freed";
                bad(reason.into())
            }
            // Globals of libraries, what kernels return.
            _ => Ok(()),
        }
    }

    /// # Safety
    ///
    /// `to` is valid for writing `size` bytes, which may be any.
    unsafe fn copy_in(&self, to: *mut MaybeUninit<u8>, from: u64, size: usize) -> Result<()> {
        let shared = self.shared();
        let core = &shared.core;
        let what = format_args!("reading {size} bytes of VE memory");
        let read = need!(core.api, veo_read_mem, "reading memory")?;
        let exclusive = shared.exclusive(&what)?;
        if size == 0 {
            return Ok(());
        }
        // SAFETY: the main context is held exclusively, so the process is there; `to`
        // is valid as the caller promises, for the time of this synchronous call.
        let status = unsafe { read(core.handle(), to.cast(), from, size) };
        drop(exclusive);
        if status == 0 {
            return Ok(());
        }
        Err(core.copy_failed(&what, from))
    }

    /// # Safety
    ///
    /// `from` is valid for reading `size` bytes.
    unsafe fn copy_out(&self, to: u64, from: *const u8, size: usize) -> Result<()> {
        let shared = self.shared();
        let core = &shared.core;
        let what = format_args!("writing {size} bytes of VE memory");
        let write = need!(core.api, veo_write_mem, "writing memory")?;
        let exclusive = shared.exclusive(&what)?;
        if size == 0 {
            return Ok(());
        }
        // SAFETY: as in `copy_in`, with `from` valid for reading.
        let status = unsafe { write(core.handle(), to, from.cast(), size) };
        drop(exclusive);
        if status == 0 {
            return Ok(());
        }
        Err(core.copy_failed(&what, to))
    }
}

/// Room for `len` values on the host.
pub(crate) fn host_room<T: VeData>(len: usize) -> Result<HostVec<T>> {
    HostVec::room(len).ok_or(Error::TooLarge {
        count: len,
        element: size_of::<T>(),
    })
}
