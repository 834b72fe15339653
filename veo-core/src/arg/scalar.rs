//! Numbers: exactly the declared type.

use veo_abi::Scalar;

use super::{Arg, ArgWord, Args};
use crate::data::{VeAddr, VePointee};

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
