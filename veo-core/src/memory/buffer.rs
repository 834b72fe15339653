//! Owned memory on the VE.

use std::ffi::c_void;
use std::fmt;
use std::ops::RangeBounds;

use super::slice::{VeSlice, VeSliceMut, part, resolve};
use crate::address::Usage;
use crate::address::VeMemPtr;
use crate::arg::accept;
use crate::data::{VeAddr, VeData, VePointee};
use crate::error::Result;
use crate::known::{Known, KnownRegion};
use crate::process::VeoProc;

/// Memory on the VE that holds `len` values of `T`, made by
/// [`VeoProc::alloc`], [`zeros`](VeoProc::zeros) or [`upload`](VeoProc::upload).
///
/// ```
/// # fn main() -> veo_core::Result<()> {
/// # let proc = veo_core::VeoProc::new(0)?;
/// let mut x = proc.upload(&[1, 2, 3, 4])?; // VeBuffer<i32>
/// proc.write(x.slice_mut(..2)?, &[10, 20])?;
/// assert_eq!(x.slice(1..)?.to_vec()?, [20, 3, 4]);
/// x.fill(7)?;
/// assert_eq!(x.to_vec()?, [7; 4]);
/// # Ok(())
/// # }
/// ```
///
/// Requests do not borrow buffers: many kernels can be queued on one, and those of
/// one context run in order. Dropping a buffer never waits; the memory is freed
/// after the last request that was given it has finished.
// No bound, so that what is said about a wrong `T` is said once, where one was to be made.
pub struct VeBuffer<T> {
    proc: VeoProc,
    addr: u64,
    len: usize,
    usage: &'static Usage,
    /// Whether dropping it is to free the memory.
    owned: bool,
    of: std::marker::PhantomData<T>,
}

impl<T> VeBuffer<T> {
    /// Takes over `addr`, an allocation of `proc` that is registered there.
    pub(crate) fn adopt(proc: VeoProc, addr: u64, len: usize, usage: &'static Usage) -> Self {
        VeBuffer {
            proc,
            addr,
            len,
            usage,
            owned: true,
            of: std::marker::PhantomData,
        }
    }

    /// How many values it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.len * size_of::<T>()
    }

    /// The address of the first value.
    #[must_use]
    pub fn as_ptr(&self) -> VeMemPtr<T> {
        VeMemPtr::new(
            self.addr,
            Some(self.size() as u64),
            self.proc.id(),
            Some(self.usage),
        )
    }

    /// The process in whose memory it is.
    #[must_use]
    pub fn proc(&self) -> &VeoProc {
        &self.proc
    }

    /// All of it, to be read.
    #[must_use]
    pub fn as_slice(&self) -> VeSlice<'_, T> {
        VeSlice::new(&self.proc, self.as_ptr(), self.len)
    }

    /// All of it, to be written.
    #[must_use]
    pub fn as_mut_slice(&mut self) -> VeSliceMut<'_, T> {
        VeSliceMut::new(&self.proc, self.as_ptr(), self.len)
    }

    /// A part of it, to be read.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) if the range does not lie inside.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<VeSlice<'_, T>> {
        let (start, len) = resolve(&range, self.len, self.proc.id())?;
        Ok(VeSlice::new(
            &self.proc,
            part(self.as_ptr(), start, len),
            len,
        ))
    }

    /// A part of it, to be written.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) if the range does not lie inside.
    pub fn slice_mut(&mut self, range: impl RangeBounds<usize>) -> Result<VeSliceMut<'_, T>> {
        let (start, len) = resolve(&range, self.len, self.proc.id())?;
        Ok(VeSliceMut::new(
            &self.proc,
            part(self.as_ptr(), start, len),
            len,
        ))
    }

    /// The values before `middle` and those from it on.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) if `middle` is greater than the length.
    pub fn split_at_mut(
        &mut self,
        middle: usize,
    ) -> Result<(VeSliceMut<'_, T>, VeSliceMut<'_, T>)> {
        self.as_mut_slice().split_at_mut(middle)
    }

    /// Frees the memory (`veo_free_mem`), after waiting for the requests that use it.
    /// Dropping the buffer does the same later and without waiting. Memory that is
    /// [pinned](VeSlice::pin) is freed when it is not any more; nobody waits for that.
    ///
    /// # Errors
    ///
    /// [`Error::ProcessEnded`](crate::Error::ProcessEnded) if the process is gone, and the memory with it.
    pub fn free(mut self) -> Result<()> {
        self.owned = false;
        self.proc.free_waiting(self.addr, self.usage)
    }
}

impl<T: VeData> VeBuffer<T> {
    /// Copies the values to the host (`veo_read_mem`). Waits.
    ///
    /// # Errors
    ///
    /// As [`VeoProc::read`].
    #[track_caller]
    pub fn to_vec(&self) -> Result<Vec<T>> {
        self.as_slice().to_vec()
    }

    /// Copies `values`, as many as the buffer holds, to the VE (`veo_write_mem`). Waits.
    ///
    /// # Errors
    ///
    /// As [`VeoProc::write`].
    #[track_caller]
    pub fn write(&mut self, values: &[T]) -> Result<()> {
        self.as_mut_slice().write(values)
    }

    /// Sets every value to `value`. Waits.
    ///
    /// # Errors
    ///
    /// As [`VeoProc::write`].
    #[track_caller]
    pub fn fill(&mut self, value: T) -> Result<()> {
        self.as_mut_slice().fill(value)
    }

    /// Copies the values of `from`, as many as the buffer holds, within the VE
    /// (`veo_hmemcpy`). Waits.
    ///
    /// # Errors
    ///
    /// As [`VeoProc::copy`].
    #[track_caller]
    pub fn copy_from<'s>(&mut self, from: impl Into<VeSlice<'s, T>>) -> Result<()> {
        self.as_mut_slice().copy_from(from)
    }
}

impl<T> Drop for VeBuffer<T> {
    fn drop(&mut self) {
        if self.owned {
            self.proc.free_later(self.addr, self.usage);
        }
    }
}

impl<T> fmt::Debug for VeBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VeBuffer({} elements at {:#x})", self.len, self.addr)
    }
}

impl<'b, T> From<&'b VeBuffer<T>> for VeSlice<'b, T> {
    fn from(buffer: &'b VeBuffer<T>) -> Self {
        buffer.as_slice()
    }
}

impl<'b, T> From<&'b mut VeBuffer<T>> for VeSlice<'b, T> {
    fn from(buffer: &'b mut VeBuffer<T>) -> Self {
        buffer.as_slice()
    }
}

impl<'b, T> From<&'b mut VeBuffer<T>> for VeSliceMut<'b, T> {
    fn from(buffer: &'b mut VeBuffer<T>) -> Self {
        buffer.as_mut_slice()
    }
}

macro_rules! regions {
    ($($ty:ty),*) => {$(
        impl<T> KnownRegion for $ty {
            #[inline]
            fn region(&self) -> Known {
                Known::memory(self.as_ptr(), self.size())
            }
        }
    )*};
}

regions!(VeBuffer<T>, VeSlice<'_, T>, VeSliceMut<'_, T>);

/// A parameter that is read: shared and exclusive access, `T` for `$const`.
/// One that is written: exclusive access only, `T` for `$mut`.
macro_rules! memory {
    ($generics:tt $of:ty => $const:ty, $mut:ty) => {
        accept!($generics &VeBuffer<$of> => $const, |memory: &VeBuffer<$of>| memory.as_ptr());
        accept!($generics &&VeBuffer<$of> => $const, |memory: &&VeBuffer<$of>| memory.as_ptr());
        accept!($generics &&mut VeBuffer<$of> => $const, |memory: &&mut VeBuffer<$of>| memory.as_ptr());
        accept!($generics VeSlice<'_, $of> => $const, |memory: VeSlice<'_, $of>| memory.as_ptr());
        accept!($generics &VeSlice<'_, $of> => $const, |memory: &VeSlice<'_, $of>| memory.as_ptr());
        accept!($generics &VeSliceMut<'_, $of> => $const, |memory: &VeSliceMut<'_, $of>| memory.as_ptr());
        accept!($generics &mut VeBuffer<$of> => $const, |memory: &mut VeBuffer<$of>| memory.as_ptr());
        accept!($generics &mut VeBuffer<$of> => $mut, |memory: &mut VeBuffer<$of>| memory.as_ptr());
        accept!($generics &mut &mut VeBuffer<$of> => $const, |memory: &mut &mut VeBuffer<$of>| memory.as_ptr());
        accept!($generics &mut &mut VeBuffer<$of> => $mut, |memory: &mut &mut VeBuffer<$of>| memory.as_ptr());
        accept!($generics VeSliceMut<'_, $of> => $const, |memory: VeSliceMut<'_, $of>| memory.as_ptr());
        accept!($generics VeSliceMut<'_, $of> => $mut, |memory: VeSliceMut<'_, $of>| memory.as_ptr());
        accept!($generics &mut VeSliceMut<'_, $of> => $const, |memory: &mut VeSliceMut<'_, $of>| memory.as_ptr());
        accept!($generics &mut VeSliceMut<'_, $of> => $mut, |memory: &mut VeSliceMut<'_, $of>| memory.as_ptr());
    };
}

memory!([T: VeData] T => *const T, *mut T);
memory!([T] T => *const c_void, *mut c_void);
// Nested arrays lie in memory as their elements.
memory!([T: VeData, const A: usize] [T; A] => *const T, *mut T);
memory!([T: VeData, const A: usize, const B: usize] [[T; A]; B] => *const T, *mut T);
memory!([T: VeData, const A: usize, const B: usize, const C: usize]
    [[[T; A]; B]; C] => *const T, *mut T);

// The memory of a `T**` holds addresses.
memory!([T: VePointee] VeAddr<T> => *const *const T, *mut *const T);
memory!([T: VePointee] VeAddr<T> => *const *mut T, *mut *mut T);
