//! What is one word: numbers of exactly the declared type, pointers and `NULL`.

use std::ffi::c_void;

use veo_abi::Scalar;

use super::{Arg, ArgWord, Args};
use crate::address::{Null, VeMemPtr};
use crate::data::{VeAddr, VeData, VePointee};
use crate::known::{Known, Region};
use crate::param::CFunction;

/// Never a declared type. With a second implementation beside the one that counts, the
/// compiler does not propose `f64` where `*mut f64` or `&mut f64` was passed.
#[derive(Debug)]
pub enum Nothing {}

macro_rules! second {
    ($($ty:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Arg<'_, Nothing> for $ty {
            fn put<'c>(self, _: &mut Args<'c, '_>) where Self: 'c {}
        }
    )*};
}

second!(i8, i16, i32, i64, u8, u16, u32, u64, isize, usize, f32, f64);

macro_rules! integers {
    ($($ty:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Arg<'_, $ty> for $ty {
            #[inline]
            fn put<'c>(self, args: &mut Args<'c, '_>) where Self: 'c {
                args.word(ArgWord::Integer(self.to_word().0 as i64));
            }

            #[inline]
            fn known(&self) -> Known {
                Known::value(self)
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64);
#[cfg(target_pointer_width = "64")]
integers!(isize, usize);

#[diagnostic::do_not_recommend]
impl Arg<'_, f32> for f32 {
    #[inline]
    fn put<'c>(self, args: &mut Args<'c, '_>)
    where
        Self: 'c,
    {
        args.word(ArgWord::Float(self));
    }

    #[inline]
    fn known(&self) -> Known {
        Known::value(self)
    }
}

#[diagnostic::do_not_recommend]
impl Arg<'_, f64> for f64 {
    #[inline]
    fn put<'c>(self, args: &mut Args<'c, '_>)
    where
        Self: 'c,
    {
        args.word(ArgWord::Double(self));
    }

    #[inline]
    fn known(&self) -> Known {
        Known::value(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: VePointee> Arg<'_, VeAddr<T>> for VeAddr<T> {
    fn put<'c>(self, args: &mut Args<'c, '_>)
    where
        Self: 'c,
    {
        args.word(ArgWord::Integer(self.addr() as i64));
    }
}

/// Implements that `$ty` is accepted for `$to`: the pointer that `$ptr` makes of it.
macro_rules! accept {
    ([$($generics:tt)*] $ty:ty => $to:ty, $ptr:expr) => {
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> $crate::arg::Arg<'_, $to> for $ty {
            #[inline]
            fn put<'c>(self, args: &mut $crate::arg::Args<'c, '_>)
            where
                Self: 'c,
            {
                args.pointer($ptr(self));
            }

            #[inline]
            fn known(&self) -> $crate::known::Known {
                $crate::known::Region::region(self)
            }
        }
    };
}
pub(crate) use accept;

// Whether `T` can be pointed to is asked where the parameter is declared.
accept!([T] VeMemPtr<T> => *const T, |ptr| ptr);
accept!([T] VeMemPtr<T> => *mut T, |ptr| ptr);
accept!([T] VeMemPtr<T> => VeMemPtr<T>, |ptr| ptr);
// Untyped parameters take the address of anything; `VeMemPtr<c_void>` is covered above.
accept!([T: VeData] VeMemPtr<T> => *const c_void, |ptr| ptr);
accept!([T: VeData] VeMemPtr<T> => *mut c_void, |ptr| ptr);
accept!([F: CFunction] VeMemPtr<c_void> => F, |ptr| ptr);

#[diagnostic::do_not_recommend]
impl<F: CFunction> Arg<'_, F> for Null {
    fn put<'c>(self, args: &mut Args<'c, '_>)
    where
        Self: 'c,
    {
        args.word(ArgWord::Integer(0));
    }

    fn known(&self) -> Known {
        self.region()
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

            #[inline]
            fn known(&self) -> Known {
                self.region()
            }
        }
    )+};
}

null!(*const T, *mut T, VeMemPtr<T>, VeAddr<T>);
