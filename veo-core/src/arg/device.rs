//! Memory on the VE: buffers, slices, pointers, `NULL`.

use std::ffi::c_void;

use super::{Arg, ArgWord, Args};
use crate::data::{VeAddr, VeData, VePointee};
use crate::memory::{Null, VeBuffer, VeMemPtr, VeSlice, VeSliceMut};
use crate::param::FnAddr;

/// Implements that `$ty` is accepted for `$to`: the pointer that `$ptr` makes of it.
macro_rules! accept {
    ([$($generics:tt)*] $ty:ty => $to:ty, $ptr:expr) => {
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Arg<'_, $to> for $ty {
            #[inline]
            fn put<'c>(self, args: &mut Args<'c, '_>)
            where
                Self: 'c,
            {
                args.pointer($ptr(self));
            }
        }
    };
}

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
memory!([T: VeData] T => *const c_void, *mut c_void);
// Nested arrays lie in memory as their elements.
memory!([T: VeData, const A: usize] [T; A] => *const T, *mut T);
memory!([T: VeData, const A: usize, const B: usize] [[T; A]; B] => *const T, *mut T);
memory!([T: VeData, const A: usize, const B: usize, const C: usize]
    [[[T; A]; B]; C] => *const T, *mut T);

// The memory of a `T**` holds addresses.
memory!([T: VePointee] VeAddr<T> => *const *const T, *mut *const T);
memory!([T: VePointee] VeAddr<T> => *const *mut T, *mut *mut T);

accept!([T: VePointee] VeMemPtr<T> => *const T, |ptr| ptr);
accept!([T: VePointee] VeMemPtr<T> => *mut T, |ptr| ptr);
accept!([T: VePointee] VeMemPtr<T> => VeMemPtr<T>, |ptr| ptr);
// Untyped parameters take the address of anything; `VeMemPtr<c_void>` is covered above.
accept!([T: VeData] VeMemPtr<T> => *const c_void, |ptr| ptr);
accept!([T: VeData] VeMemPtr<T> => *mut c_void, |ptr| ptr);
accept!([] VeMemPtr<c_void> => FnAddr, |ptr| ptr);

#[diagnostic::do_not_recommend]
impl Arg<'_, FnAddr> for Null {
    fn put<'c>(self, args: &mut Args<'c, '_>)
    where
        Self: 'c,
    {
        args.word(ArgWord::Integer(0));
    }
}

macro_rules! null {
    ($($to:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: 'static> Arg<'_, $to> for Null {
            #[inline]
            fn put<'c>(self, args: &mut Args<'c, '_>) where Self: 'c {
                args.word(ArgWord::Integer(0));
            }
        }
    )+};
}

null!(*const T, *mut T, VeMemPtr<T>, VeAddr<T>);
