//! Host memory that the VE side writes or reads on its own time.
//!
//! Held by address, not by reference: another thread of the backend accesses it
//! until the request it belongs to is collected.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;

/// Bytes for the output of stack arguments.
pub(crate) struct Staging {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: it owns its memory, as a boxed slice does; access is through `&self`
// reads after the other side has finished, or raw pointers.
unsafe impl Send for Staging {}
// SAFETY: as above; `&self` gives no way to write but raw pointers.
unsafe impl Sync for Staging {}

impl Staging {
    /// `size` bytes, zeroed, aligned for any scalar.
    pub(crate) fn new(size: usize) -> Staging {
        // At least one byte, since an empty layout cannot be allocated. Sizes are
        // those of stack data, far below the limit of a layout.
        let layout = Layout::from_size_align(size.max(1), 16).expect("stack data are small");
        // SAFETY: the layout is not empty.
        let start = unsafe { alloc_zeroed(layout) };
        match NonNull::new(start) {
            Some(start) => Staging { start, layout },
            None => handle_alloc_error(layout),
        }
    }

    /// The address `offset` bytes in; at most the size.
    pub(crate) fn at(&self, offset: usize) -> *mut u8 {
        debug_assert!(offset <= self.layout.size());
        self.start.as_ptr().wrapping_add(offset)
    }

    /// Copies `bytes` in at `offset`.
    pub(crate) fn fill(&mut self, offset: usize, bytes: &[MaybeUninit<u8>]) {
        assert!(offset + bytes.len() <= self.layout.size());
        // SAFETY: the target lies inside the allocation, as asserted, and is owned
        // exclusively; the two do not overlap. Padding is copied as it is.
        unsafe {
            self.at(offset)
                .cast::<MaybeUninit<u8>>()
                .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
        }
    }

    /// Copies the bytes from `offset` on to `to`. The other side must have finished before this is
    /// called.
    pub(crate) fn copy_to(&self, offset: usize, to: &mut [MaybeUninit<u8>]) {
        assert!(offset + to.len() <= self.layout.size());
        // SAFETY: the source lies inside the allocation, as asserted, and was
        // allocated zeroed, so its bytes are initialised (padding aside, which stays
        // padding of the same type); `to` is borrowed exclusively.
        unsafe {
            self.at(offset)
                .cast::<MaybeUninit<u8>>()
                .copy_to_nonoverlapping(to.as_mut_ptr(), to.len());
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout in `new`, deallocated once.
        unsafe { dealloc(self.start.as_ptr(), self.layout) }
    }
}

/// The memory of a `Vec<T>` while the VE side reads or fills it.
pub(crate) struct HostVec<T> {
    start: NonNull<T>,
    len: usize,
    capacity: usize,
    of: PhantomData<T>,
}

// SAFETY: it owns its elements as `Vec<T>` does and gives no shared access.
unsafe impl<T: Send> Send for HostVec<T> {}

impl<T: Copy> HostVec<T> {
    /// Takes over a vector with its elements.
    pub(crate) fn new(values: Vec<T>) -> HostVec<T> {
        let mut values = ManuallyDrop::new(values);
        HostVec {
            // A vector's pointer is never null.
            start: NonNull::new(values.as_mut_ptr()).unwrap_or(NonNull::dangling()),
            len: values.len(),
            capacity: values.capacity(),
            of: PhantomData,
        }
    }

    /// Room for `len` elements, not yet there. `None` if the host has no memory.
    pub(crate) fn room(len: usize) -> Option<HostVec<T>> {
        let mut values = Vec::new();
        values.try_reserve_exact(len).ok()?;
        Some(HostVec::new(values))
    }

    pub(crate) fn as_ptr(&self) -> *mut T {
        self.start.as_ptr()
    }

    /// The vector again.
    pub(crate) fn into_vec(self) -> Vec<T> {
        let this = ManuallyDrop::new(self);
        // SAFETY: the parts of a vector that was taken apart in `new`; `this` is not
        // dropped, so they are put together once.
        unsafe { Vec::from_raw_parts(this.start.as_ptr(), this.len, this.capacity) }
    }

    /// The vector, with `len` elements that were filled in from outside.
    ///
    /// # Safety
    ///
    /// `len` is at most what `room` was asked for, and that many elements were
    /// written.
    pub(crate) unsafe fn into_filled(mut self, len: usize) -> Vec<T> {
        self.len = len;
        self.into_vec()
    }
}

impl<T> Drop for HostVec<T> {
    fn drop(&mut self) {
        // SAFETY: the parts of a vector that was taken apart in `new`; `into_vec`
        // does not drop `self`, so they are put together once.
        drop(unsafe { Vec::from_raw_parts(self.start.as_ptr(), self.len, self.capacity) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staging_gives_back_what_was_written_by_address() {
        let mut staging = Staging::new(24);
        staging.fill(8, &[MaybeUninit::new(7); 8]);
        // SAFETY: three bytes inside the allocation.
        unsafe { staging.at(10).write_bytes(9, 3) };
        let mut out = [MaybeUninit::new(1u8); 10];
        staging.copy_to(7, &mut out);
        // SAFETY: initialised above.
        let out = out.map(|b| unsafe { b.assume_init() });
        assert_eq!(out, [0, 7, 7, 9, 9, 9, 7, 7, 7, 0]);
    }

    #[test]
    fn vectors_come_back_as_they_were() {
        let values = HostVec::new(vec![1u32, 2, 3]);
        assert_eq!(values.into_vec(), [1, 2, 3]);
        let room = HostVec::<u64>::room(2).unwrap();
        // SAFETY: room for two elements.
        unsafe { room.as_ptr().write_bytes(0, 2) };
        // SAFETY: both were written.
        assert_eq!(unsafe { room.into_filled(2) }, [0, 0]);
        drop(HostVec::new(vec![1u8]));
        assert!(HostVec::<u64>::room(usize::MAX).is_none());
    }
}
