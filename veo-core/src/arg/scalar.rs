//! Arguments of one word: numbers of exactly the declared type, pointers and `NULL`.

use std::ffi::c_void;

use veo_abi::Scalar;

use super::{Arg, ArgWord, Args};
use crate::address::{Null, VeMemPtr};
use crate::data::{VeAddr, VeData, VePointee};
use crate::known::{ArgPlace, Known, KnownRegion};
use crate::param::CFunction;
use crate::races::{Access, Touches, Use};

/// A type that nobody declares. With a second implementation beside the one that counts, the
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

/// A kernel's use of the memory that a parameter of this type points to.
pub(crate) trait Touched {
    /// `None`: that is not known.
    const HOW: Option<Use>;
    /// How much there is at least.
    const LEAST: usize;

    /// Notes that a call uses this memory.
    #[cold]
    fn note(touches: &mut Touches, memory: Known) {
        let in_parts = std::mem::take(&mut touches.in_parts);
        let (Some(how), ArgPlace::Ve(addr, _)) = (Self::HOW, memory.place) else {
            return;
        };
        let how = if in_parts { Use::Part } else { how };
        // A bare pointer does not say how much memory is meant.
        let size = memory.bytes.unwrap_or(Self::LEAST);
        touches.accesses.push(Access::new(addr, size, how));
    }
}

impl<T> Touched for *const T {
    const HOW: Option<Use> = Some(Use::Read);
    const LEAST: usize = size_of::<T>();
}

impl<T> Touched for *mut T {
    const HOW: Option<Use> = Some(Use::Write);
    const LEAST: usize = size_of::<T>();
}

impl<T> Touched for VeMemPtr<T> {
    const HOW: Option<Use> = None;
    const LEAST: usize = 0;
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
                if let Some(touches) = args.touches() {
                    let region = $crate::known::KnownRegion::region(&self);
                    <$to as $crate::arg::Touched>::note(touches, region);
                }
                args.pointer($ptr(self));
            }

            #[inline]
            fn known(&self) -> $crate::known::Known {
                $crate::known::KnownRegion::region(self)
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

#[diagnostic::do_not_recommend]
impl<F: CFunction> Arg<'_, F> for VeMemPtr<c_void> {
    #[inline]
    fn put<'c>(self, args: &mut Args<'c, '_>)
    where
        Self: 'c,
    {
        args.pointer(self);
    }

    #[inline]
    fn known(&self) -> Known {
        self.region()
    }
}

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
