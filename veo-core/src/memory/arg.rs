//! What calls accept memory for: each kind of buffer and slice, by the declared pointer.

use std::ffi::c_void;

use super::buffer::VeBuffer;
use super::slice::{VeSlice, VeSliceMut};
use crate::arg::accept;
use crate::data::{VeAddr, VeData, VePointee};

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
