//! Parts of a buffer: `VeSlice` and `VeSliceMut`.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use super::pinned::PinnedMemory;
use crate::address::VeMemPtr;
use crate::data::VeData;
use crate::error::{Error, Result};
use crate::process::VeoProc;
use crate::session::ProcId;

/// A part of a [`VeBuffer`](crate::VeBuffer), to be read.
pub struct VeSlice<'b, T> {
    proc: &'b VeoProc,
    ptr: VeMemPtr<T>,
    len: usize,
    of: PhantomData<&'b [T]>,
}

/// A part of a [`VeBuffer`](crate::VeBuffer), to be written. Parts that exist at
/// the same time do not overlap.
pub struct VeSliceMut<'b, T> {
    proc: &'b VeoProc,
    ptr: VeMemPtr<T>,
    len: usize,
    of: PhantomData<&'b mut [T]>,
}

/// Resolves a range within `len` elements of a process to its start and length.
pub(crate) fn resolve(
    range: &impl RangeBounds<usize>,
    len: usize,
    proc: ProcId,
) -> Result<(usize, usize)> {
    let out_of_range = |start: usize, end: Option<usize>| Error::OutOfRange {
        start,
        end,
        len,
        proc: proc.to_string(),
    };
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(start) => start
            .checked_add(1)
            .ok_or_else(|| out_of_range(*start, None))?,
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(end) => end
            .checked_add(1)
            .ok_or_else(|| out_of_range(start, Some(*end)))?,
        Bound::Excluded(end) => *end,
        Bound::Unbounded => len,
    };
    if start > end || end > len {
        let open = matches!(range.end_bound(), Bound::Unbounded);
        return Err(out_of_range(start, (!open).then_some(end)));
    }
    Ok((start, end - start))
}

macro_rules! common {
    ($name:ident) => {
        impl<'b, T> $name<'b, T> {
            pub(crate) fn new(proc: &'b VeoProc, ptr: VeMemPtr<T>, len: usize) -> Self {
                $name {
                    proc,
                    ptr,
                    len,
                    of: PhantomData,
                }
            }

            /// How many elements there are.
            #[must_use]
            pub fn len(&self) -> usize {
                self.len
            }

            /// Whether there are no elements.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len == 0
            }

            /// Size in bytes.
            #[must_use]
            pub fn size(&self) -> usize {
                self.len * size_of::<T>()
            }

            /// The address of the first element.
            #[must_use]
            pub fn as_ptr(&self) -> VeMemPtr<T> {
                self.ptr
            }

            /// The process in whose memory this is.
            #[must_use]
            pub fn proc(&self) -> &'b VeoProc {
                self.proc
            }

            /// Keeps this memory allocated, whatever becomes of its buffer, and says where the host
            /// finds it: for libraries that use it on their own time, such as an MPI.
            ///
            /// # Errors
            ///
            /// [`Error::ProcessEnded`].
            pub fn pin(&self) -> Result<PinnedMemory> {
                PinnedMemory::new(self.proc, self.ptr.cast(), self.size())
            }

            /// A part of this part.
            ///
            /// # Errors
            ///
            /// [`Error::OutOfRange`] if the range does not lie inside.
            pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<VeSlice<'_, T>> {
                let (start, len) = resolve(&range, self.len, self.proc.id())?;
                Ok(VeSlice::new(self.proc, part(self.ptr, start, len), len))
            }
        }

        impl<T: VeData> $name<'_, T> {
            /// Copies the elements to the host (`veo_read_mem`). Waits.
            ///
            /// # Errors
            ///
            /// As [`VeoProc::read`].
            #[track_caller]
            pub fn to_vec(&self) -> Result<Vec<T>> {
                self.proc
                    .read_vec(VeSlice::new(self.proc, self.ptr, self.len))
            }
        }

        impl<T> fmt::Debug for $name<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(
                    f,
                    concat!(stringify!($name), "({} elements at {:#x})"),
                    self.len,
                    self.ptr.addr()
                )
            }
        }
    };
}

common!(VeSlice);
common!(VeSliceMut);

/// The pointer to `len` elements from `start` on, which knows their size.
pub(crate) fn part<T>(ptr: VeMemPtr<T>, start: usize, len: usize) -> VeMemPtr<T> {
    let first = ptr.add(start);
    let size = len * size_of::<T>();
    VeMemPtr::new(
        first.addr(),
        Some(size as u64),
        first.proc_id(),
        first.usage(),
    )
}

impl<T> Clone for VeSlice<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for VeSlice<'_, T> {}

impl<'b, T> VeSlice<'b, T> {
    /// The elements before `middle` and those from it on.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if `middle` is greater than the length.
    pub fn split_at(self, middle: usize) -> Result<(VeSlice<'b, T>, VeSlice<'b, T>)> {
        let (_, rest) = resolve(&(middle..), self.len, self.proc.id())?;
        Ok((
            VeSlice::new(self.proc, part(self.ptr, 0, middle), middle),
            VeSlice::new(self.proc, part(self.ptr, middle, rest), rest),
        ))
    }
}

impl<'b, T> VeSliceMut<'b, T> {
    /// The same part for a shorter time, so that this one can be used again.
    pub fn reborrow(&mut self) -> VeSliceMut<'_, T> {
        VeSliceMut::new(self.proc, self.ptr, self.len)
    }

    /// The same part, to be read.
    #[must_use]
    pub fn as_slice(&self) -> VeSlice<'_, T> {
        VeSlice::new(self.proc, self.ptr, self.len)
    }

    /// A part of this part, to be written.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if the range does not lie inside.
    pub fn slice_mut(&mut self, range: impl RangeBounds<usize>) -> Result<VeSliceMut<'_, T>> {
        let (start, len) = resolve(&range, self.len, self.proc.id())?;
        Ok(VeSliceMut::new(self.proc, part(self.ptr, start, len), len))
    }

    /// The elements before `middle` and those from it on.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if `middle` is greater than the length.
    pub fn split_at_mut(self, middle: usize) -> Result<(VeSliceMut<'b, T>, VeSliceMut<'b, T>)> {
        let (_, rest) = resolve(&(middle..), self.len, self.proc.id())?;
        Ok((
            VeSliceMut::new(self.proc, part(self.ptr, 0, middle), middle),
            VeSliceMut::new(self.proc, part(self.ptr, middle, rest), rest),
        ))
    }
}

impl<T: VeData> VeSliceMut<'_, T> {
    /// Sets every element to `value`. Waits.
    ///
    /// # Errors
    ///
    /// As [`VeoProc::write`].
    #[track_caller]
    pub fn fill(&mut self, value: T) -> Result<()> {
        self.proc.fill(self.reborrow(), value)
    }

    /// Copies the elements of `from`, as many as there are here, within the VE
    /// (`veo_hmemcpy`). Waits.
    ///
    /// # Errors
    ///
    /// As [`VeoProc::copy`].
    #[track_caller]
    pub fn copy_from<'s>(&mut self, from: impl Into<VeSlice<'s, T>>) -> Result<()> {
        self.proc.copy(self.reborrow(), from)
    }

    /// Copies `values` to the VE (`veo_write_mem`). Waits.
    ///
    /// # Errors
    ///
    /// As [`VeoProc::write`].
    #[track_caller]
    pub fn write(&mut self, values: &[T]) -> Result<()> {
        self.proc.write(self.reborrow(), values)
    }
}

impl<'b, T> From<VeSliceMut<'b, T>> for VeSlice<'b, T> {
    fn from(slice: VeSliceMut<'b, T>) -> Self {
        VeSlice::new(slice.proc, slice.ptr, slice.len)
    }
}

impl<'b, T> From<&'b VeSliceMut<'_, T>> for VeSlice<'b, T> {
    fn from(slice: &'b VeSliceMut<'_, T>) -> Self {
        slice.as_slice()
    }
}

impl<'b, T> From<&VeSlice<'b, T>> for VeSlice<'b, T> {
    fn from(slice: &VeSlice<'b, T>) -> Self {
        *slice
    }
}

impl<'b, T> From<&'b mut VeSliceMut<'_, T>> for VeSliceMut<'b, T> {
    fn from(slice: &'b mut VeSliceMut<'_, T>) -> Self {
        slice.reborrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_resolve_like_those_of_slices() {
        assert_eq!(resolve(&(..), 5, ProcId::NONE).unwrap(), (0, 5));
        assert_eq!(resolve(&(2..4), 5, ProcId::NONE).unwrap(), (2, 2));
        assert_eq!(resolve(&(2..=4), 5, ProcId::NONE).unwrap(), (2, 3));
        assert_eq!(resolve(&(5..), 5, ProcId::NONE).unwrap(), (5, 0));
        assert!(resolve(&(6..), 5, ProcId::NONE).is_err());
        assert!(resolve(&(..6), 5, ProcId::NONE).is_err());
        assert!(resolve(&(0..=usize::MAX), 5, ProcId::NONE).is_err());
        #[allow(clippy::reversed_empty_ranges)]
        let reversed = 3..2;
        assert!(resolve(&reversed, 5, ProcId::NONE).is_err());
    }
}
