//! What becomes a [`Value`], and what a value becomes.

use super::value::{Kind, Stack, Value};
use crate::address::{Null, VeMemPtr};
use crate::error::{Error, Result};
use crate::memory::{VeBuffer, VeSlice, VeSliceMut};
use crate::stack::{InOut, Input, OnStack, Output, StackValue};

macro_rules! integers {
    ($($ty:ty),*) => {$(
        impl From<$ty> for Value<'_> {
            fn from(value: $ty) -> Self {
                Value(Kind::Integer(value as i128))
            }
        }

        /// Fails if the value is no integer or out of range.
        impl TryFrom<Value<'_>> for $ty {
            type Error = Error;

            fn try_from(value: Value<'_>) -> Result<$ty> {
                match value.0 {
                    Kind::Integer(number) => <$ty>::try_from(number)
                        .map_err(|_| value.does_not_fit(stringify!($ty), "it is out of range")),
                    _ => Err(value.does_not_fit(stringify!($ty), "it is no integer")),
                }
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl From<f32> for Value<'_> {
    fn from(value: f32) -> Self {
        Value(Kind::Float(value))
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Value(Kind::Double(value))
    }
}

/// Fails if the value is no `float`.
impl TryFrom<Value<'_>> for f32 {
    type Error = Error;

    fn try_from(value: Value<'_>) -> Result<f32> {
        match value.0 {
            Kind::Float(number) => Ok(number),
            _ => Err(value.does_not_fit("f32", "it is no float")),
        }
    }
}

/// Fails if the value is neither a `double` nor a `float`.
impl TryFrom<Value<'_>> for f64 {
    type Error = Error;

    fn try_from(value: Value<'_>) -> Result<f64> {
        match value.0 {
            Kind::Double(number) => Ok(number),
            Kind::Float(number) => Ok(f64::from(number)),
            _ => Err(value.does_not_fit("f64", "it is no floating-point number")),
        }
    }
}

/// Fails if the value is no pointer.
impl<T> TryFrom<Value<'_>> for VeMemPtr<T> {
    type Error = Error;

    fn try_from(value: Value<'_>) -> Result<VeMemPtr<T>> {
        match value.0 {
            Kind::Pointer(ptr) | Kind::Function(ptr, _) => Ok(ptr.cast()),
            _ => Err(value.does_not_fit("VeMemPtr", "it is no pointer")),
        }
    }
}

impl<T> From<VeMemPtr<T>> for Value<'_> {
    fn from(ptr: VeMemPtr<T>) -> Self {
        Value(Kind::Pointer(ptr.cast()))
    }
}

impl From<Null> for Value<'_> {
    fn from(_: Null) -> Self {
        Value(Kind::Pointer(VeMemPtr::null()))
    }
}

macro_rules! memory {
    ($($ty:ty),*) => {$(
        impl<T> From<$ty> for Value<'_> {
            fn from(memory: $ty) -> Self {
                memory.as_ptr().into()
            }
        }
    )*};
}

memory!(
    &VeBuffer<T>,
    &mut VeBuffer<T>,
    VeSlice<'_, T>,
    VeSliceMut<'_, T>
);

macro_rules! stack {
    ($($ty:ident),*) => {$(
        impl<'a, T: StackValue + ?Sized> From<OnStack<$ty<'a, T>>> for Value<'a> {
            fn from(data: OnStack<$ty<'a, T>>) -> Self {
                let (data, align) = data.into_data();
                Value(Kind::Stack(Box::new(Stack { data, align })))
            }
        }
    )*};
}

stack!(Input, Output, InOut);

impl<'a> From<OnStack<Input<'a, std::ffi::CStr>>> for Value<'a> {
    fn from(text: OnStack<Input<'a, std::ffi::CStr>>) -> Self {
        let (data, align) = text.into_text();
        Value(Kind::Stack(Box::new(Stack { data, align })))
    }
}
