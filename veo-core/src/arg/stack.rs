//! Host data that travels with the call: `OnStack`, references.

use std::ffi::{CStr, c_void};
use std::slice;

use super::{Arg, Args};
use crate::data::{Bytes, BytesMut, VeAddr, VeData, VePointee};
use crate::known::Known;
use crate::stack::{InOut, Input, OnStack, Output};

/// `OnStack::input` of `$of` is accepted for `$to`. The borrow `'b` ends with the call.
macro_rules! input {
    ([$($generics:tt)*] $of:ty => $to:ty) => {
        #[diagnostic::do_not_recommend]
        impl<'a, 'b, $($generics)*> Arg<'a, $to> for OnStack<Input<'b, $of>> {
            fn put<'c>(self, args: &mut Args<'c, 'a>)
            where
                Self: 'c,
            {
                let (data, align) = self.into_data();
                args.stack(data, align);
            }

            #[inline]
            fn known(&self) -> Known {
                self.known()
            }
        }
    };
}

/// `OnStack::output` or `inout` of `$of` is accepted for `$to`. The request borrows it.
macro_rules! written {
    ([$($generics:tt)*] $direction:ident $of:ty => $to:ty) => {
        #[diagnostic::do_not_recommend]
        impl<'a, $($generics)*> Arg<'a, $to> for OnStack<$direction<'a, $of>> {
            fn put<'c>(self, args: &mut Args<'c, 'a>)
            where
                Self: 'c,
            {
                let (data, align) = self.into_data();
                args.stack(data, align);
            }

            #[inline]
            fn known(&self) -> Known {
                self.known()
            }
        }
    };
}

macro_rules! on_stack {
    ($generics:tt $of:ty => $const:ty, $mut:ty) => {
        input!($generics $of => $const);
        written!($generics Output $of => $mut);
        written!($generics InOut $of => $mut);
    };
    ($generics:tt $of:ty => $const:ty, $mut:ty, $declared:ty) => {
        on_stack!($generics $of => $const, $mut);
        input!($generics $of => $declared);
        written!($generics Output $of => $declared);
        written!($generics InOut $of => $declared);
    };
}

on_stack!([T: VeData] T => *const T, *mut T, OnStack<T>);
on_stack!([T: VeData] [T] => *const T, *mut T, OnStack<T>);
on_stack!([T: VeData] Vec<T> => *const T, *mut T, OnStack<T>);
on_stack!([T: VeData] T => *const c_void, *mut c_void);
on_stack!([T: VeData] Vec<T> => *const c_void, *mut c_void);
on_stack!([T: VeData] [T] => *const c_void, *mut c_void);
// Nested arrays pass as their elements.
on_stack!([T: VeData, const A: usize] [T; A] => *const T, *mut T, OnStack<T>);
on_stack!([T: VeData, const A: usize] [[T; A]] => *const T, *mut T);
on_stack!([T: VeData, const A: usize, const B: usize] [[T; A]; B] => *const T, *mut T);
on_stack!([T: VeData, const A: usize, const B: usize] [[[T; A]; B]] => *const T, *mut T);
on_stack!([T: VeData, const A: usize, const B: usize, const C: usize]
    [[[T; A]; B]; C] => *const T, *mut T);

// The elements of a `T**` are addresses.
on_stack!([T: VePointee] VeAddr<T> => *const *const T, *mut *const T);
on_stack!([T: VePointee] VeAddr<T> => *const *mut T, *mut *mut T);
on_stack!([T: VePointee] [VeAddr<T>] => *const *const T, *mut *const T);
on_stack!([T: VePointee] [VeAddr<T>] => *const *mut T, *mut *mut T);
on_stack!([T: VePointee, const A: usize] [VeAddr<T>; A] => *const *const T, *mut *const T);
on_stack!([T: VePointee, const A: usize] [VeAddr<T>; A] => *const *mut T, *mut *mut T);

macro_rules! text {
    ($($to:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl<'a, 'b> Arg<'a, $to> for OnStack<Input<'b, CStr>> {
            fn put<'c>(self, args: &mut Args<'c, 'a>) where Self: 'c {
                let (data, align) = self.into_text();
                args.stack(data, align);
            }

            fn known(&self) -> Known {
                self.known_text()
            }
        }
    )+};
}

text!(*const i8, *const u8, *const c_void);

// References: the same without the wrapper.

#[diagnostic::do_not_recommend]
impl<'a, T: VeData> Arg<'a, &'_ T> for &T {
    fn put<'c>(self, args: &mut Args<'c, 'a>)
    where
        Self: 'c,
    {
        args.input(Bytes::of(slice::from_ref(self)));
    }

    #[inline]
    fn known(&self) -> Known {
        Known::read(slice::from_ref(&**self))
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: VeData> Arg<'a, &'_ mut T> for &'a mut T {
    fn put<'c>(self, args: &mut Args<'c, 'a>)
    where
        Self: 'c,
    {
        args.inout(BytesMut::of(slice::from_mut(self)));
    }

    #[inline]
    fn known(&self) -> Known {
        Known::read(slice::from_ref(&**self))
    }
}

/// Types that become slices by themselves where `&[T]` is written, even through aliases.
macro_rules! slices {
    ($([$($generics:tt)*] $of:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<'a, T: VeData, $($generics)*> Arg<'a, &'_ [T]> for &$of {
            fn put<'c>(self, args: &mut Args<'c, 'a>)
            where
                Self: 'c,
            {
                args.input(Bytes::of(self));
            }

            #[inline]
            fn known(&self) -> Known {
                let values: &[T] = &**self;
                Known::read(values)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'a, T: VeData, $($generics)*> Arg<'a, &'_ mut [T]> for &'a mut $of {
            fn put<'c>(self, args: &mut Args<'c, 'a>)
            where
                Self: 'c,
            {
                args.inout(BytesMut::of(self));
            }

            #[inline]
            fn known(&self) -> Known {
                let values: &[T] = &**self;
                Known::read(values)
            }
        }
    )*};
}

slices! {
    [] [T];
    [] Vec<T>;
    [const N: usize] [T; N];
}
