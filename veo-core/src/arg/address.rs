//! Addresses on the VE: pointers and `NULL`.

use std::ffi::c_void;

use super::{Arg, ArgWord, Args};
use crate::address::{Null, VeMemPtr};
use crate::data::{VeAddr, VeData};
use crate::param::CFunction;

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
