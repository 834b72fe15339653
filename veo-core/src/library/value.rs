//! Values whose type is known at run time.

use std::ffi::c_void;
use std::fmt;
use std::sync::Arc;

use veo_abi::{CType, Scalar, ScalarType, Word};

use crate::address::{Null, VeMemPtr};
use crate::arg::{ArgWord, Args};
use crate::error::{Error, Result};
use crate::memory::{VeBuffer, VeSlice, VeSliceMut};
use crate::param::Origin;
use crate::session::LibraryCode;
use crate::stack::{InOut, Input, OnStack, Output, StackData, StackValue};

/// An argument or a result of a [`VeoFunction`](crate::VeoFunction).
///
/// Made with `From` of numbers, buffers, pointers, [`NULL`](crate::NULL) and
/// [`OnStack`](crate::OnStack); taken apart with `TryFrom`. Numbers are converted to the type of the
/// parameter if that keeps their value; otherwise the call is an error.
#[derive(Debug)]
pub struct Value<'a>(pub(super) ValueContent<'a>);

#[derive(Debug)]
pub(super) enum ValueContent<'a> {
    Void,
    Integer(i128),
    Float(f32),
    Double(f64),
    Pointer(VeMemPtr<c_void>),
    /// A function of this library.
    Function(VeMemPtr<c_void>, Arc<LibraryCode>),
    Stack(Box<Stack<'a>>),
}

pub(super) struct Stack<'a> {
    pub(super) data: StackData<'a, 'a>,
    pub(super) align: usize,
}

impl fmt::Debug for Stack<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes on the stack", self.data.len())
    }
}

/// The kind of a [`Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueKind {
    /// No value: the result of a function without one.
    Void,
    /// An integer of any type.
    Integer,
    /// A `float`.
    Float,
    /// A `double`.
    Double,
    /// An address on the VE.
    Pointer,
    /// Data that travel with the call.
    Stack,
}

impl Value<'_> {
    /// The result of a function that has none.
    pub const VOID: Value<'static> = Value(ValueContent::Void);

    /// The kind of the value.
    #[must_use]
    pub fn kind(&self) -> ValueKind {
        match self.0 {
            ValueContent::Void => ValueKind::Void,
            ValueContent::Integer(_) => ValueKind::Integer,
            ValueContent::Float(_) => ValueKind::Float,
            ValueContent::Double(_) => ValueKind::Double,
            ValueContent::Pointer(_) | ValueContent::Function(..) => ValueKind::Pointer,
            ValueContent::Stack(_) => ValueKind::Stack,
        }
    }

    pub(super) fn does_not_fit(&self, ty: impl fmt::Display, reason: impl Into<String>) -> Error {
        Error::Value {
            value: self.to_string(),
            ty: ty.to_string(),
            reason: reason.into(),
        }
    }

    /// The same value, if it borrows nothing that a call could write to.
    pub(super) fn copied(&self) -> Option<Value<'_>> {
        Some(Value(match &self.0 {
            ValueContent::Void => ValueContent::Void,
            ValueContent::Integer(value) => ValueContent::Integer(*value),
            ValueContent::Float(value) => ValueContent::Float(*value),
            ValueContent::Double(value) => ValueContent::Double(*value),
            ValueContent::Pointer(ptr) => ValueContent::Pointer(*ptr),
            ValueContent::Function(ptr, code) => ValueContent::Function(*ptr, Arc::clone(code)),
            ValueContent::Stack(stack) => match &stack.data {
                StackData::In(bytes) => ValueContent::Stack(Box::new(Stack {
                    data: StackData::In(bytes),
                    align: stack.align,
                })),
                StackData::Out(_) | StackData::InOut(_) | StackData::Spent => return None,
            },
        }))
    }
}

impl<'a> Value<'a> {
    /// Adds the value to the arguments of a call, for a parameter of type `ty` if that
    /// is known.
    pub(super) fn put(self, ty: Option<CType>, args: &mut Args<'a, 'a>) -> Result<()> {
        match ty {
            None => self.put_as_it_is(args),
            Some(CType::Pointer) => self.put_pointer(args),
            Some(CType::Scalar(scalar)) => self.put_scalar(scalar, args),
            Some(CType::Void) => Err(self.does_not_fit("void", "a parameter has a type")),
        }
    }

    fn put_as_it_is(self, args: &mut Args<'a, 'a>) -> Result<()> {
        match self.0 {
            ValueContent::Integer(value) => {
                let word = i64::try_from(value)
                    .or_else(|_| u64::try_from(value).map(u64::cast_signed))
                    .map_err(|_| self.does_not_fit("long", "it needs more than 64 bits"))?;
                args.word(ArgWord::Integer(word));
            }
            ValueContent::Float(value) => args.word(ArgWord::Float(value)),
            ValueContent::Double(value) => args.word(ArgWord::Double(value)),
            ValueContent::Void => return Err(self.does_not_fit("an argument", "it is no value")),
            ValueContent::Pointer(_) | ValueContent::Function(..) | ValueContent::Stack(_) => {
                return self.put_pointer(args);
            }
        }
        Ok(())
    }

    fn put_pointer(self, args: &mut Args<'a, 'a>) -> Result<()> {
        match self.0 {
            ValueContent::Pointer(ptr) => args.pointer(ptr),
            ValueContent::Function(ptr, code) => args.function(ptr, code),
            ValueContent::Stack(stack) => args.stack(stack.data, stack.align),
            _ => {
                let hint = "pass a buffer, a VeMemPtr, NULL or OnStack data";
                return Err(self.does_not_fit("a pointer", hint));
            }
        }
        Ok(())
    }

    fn put_scalar(self, ty: ScalarType, args: &mut Args<'a, 'a>) -> Result<()> {
        let word = match (ty, &self.0) {
            (ScalarType::F32, ValueContent::Float(value)) => ArgWord::Float(*value),
            (ScalarType::F64, ValueContent::Double(value)) => ArgWord::Double(*value),
            (ScalarType::F64, ValueContent::Float(value)) => ArgWord::Double(f64::from(*value)),
            (ScalarType::F32, ValueContent::Double(value)) => {
                let narrow = *value as f32;
                if f64::from(narrow) != *value && !value.is_nan() {
                    return Err(self
                        .does_not_fit(ty.c_name(), "a float cannot hold it exactly; pass an f32"));
                }
                ArgWord::Float(narrow)
            }
            (ScalarType::F32, ValueContent::Integer(value)) => {
                let float = *value as f32;
                if float as i128 != *value {
                    return Err(self.does_not_fit(ty.c_name(), "a float cannot hold it exactly"));
                }
                ArgWord::Float(float)
            }
            (ScalarType::F64, ValueContent::Integer(value)) => {
                let double = *value as f64;
                if double as i128 != *value {
                    return Err(self.does_not_fit(ty.c_name(), "a double cannot hold it exactly"));
                }
                ArgWord::Double(double)
            }
            (_, ValueContent::Integer(value)) => {
                let (low, high) = range(ty);
                if *value < low || *value > high {
                    return Err(
                        self.does_not_fit(ty.c_name(), format!("its range is {low} to {high}"))
                    );
                }
                // Within the range of a 64-bit type, the low half holds the value, extended by its
                // sign.
                ArgWord::Integer(*value as i64)
            }
            _ => return Err(self.does_not_fit(ty.c_name(), "pass a number of that type")),
        };
        args.word(word);
        Ok(())
    }
}

/// The least and the greatest value of an integer type.
fn range(ty: ScalarType) -> (i128, i128) {
    let bits = ty.size() * 8;
    if ty.is_signed() {
        (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    } else {
        (0, (1 << bits) - 1)
    }
}

/// The function that makes a value of a result word, for a result of this type.
pub(super) fn decoder(ty: CType) -> fn(Word, Origin) -> Result<Value<'static>> {
    fn integer<T: Scalar + Into<i128>>(word: Word, _: Origin) -> Result<Value<'static>> {
        Ok(Value(ValueContent::Integer(T::from_word(word).into())))
    }
    match ty {
        CType::Void => |_, _| Ok(Value::VOID),
        CType::Pointer => |word, origin| {
            let ptr = VeMemPtr::from_kernel(word.0, origin.0);
            Ok(Value(ValueContent::Pointer(ptr)))
        },
        CType::Scalar(scalar) => match scalar {
            ScalarType::I8 => integer::<i8>,
            ScalarType::I16 => integer::<i16>,
            ScalarType::I32 => integer::<i32>,
            ScalarType::I64 => integer::<i64>,
            ScalarType::U8 => integer::<u8>,
            ScalarType::U16 => integer::<u16>,
            ScalarType::U32 => integer::<u32>,
            ScalarType::U64 => integer::<u64>,
            ScalarType::F32 => |word, _| Ok(Value(ValueContent::Float(f32::from_word(word)))),
            ScalarType::F64 => |word, _| Ok(Value(ValueContent::Double(f64::from_word(word)))),
        },
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ValueContent::Void => f.write_str("void"),
            ValueContent::Integer(value) => write!(f, "{value}"),
            ValueContent::Float(value) => write!(f, "{value}f32"),
            ValueContent::Double(value) => write!(f, "{value:?}"),
            ValueContent::Pointer(ptr) | ValueContent::Function(ptr, _) => write!(f, "{ptr:?}"),
            ValueContent::Stack(stack) => write!(f, "{stack:?}"),
        }
    }
}

macro_rules! integers {
    ($($ty:ty),*) => {$(
        impl From<$ty> for Value<'_> {
            fn from(value: $ty) -> Self {
                Value(ValueContent::Integer(value as i128))
            }
        }

        /// Fails if the value is no integer or out of range.
        impl TryFrom<Value<'_>> for $ty {
            type Error = Error;

            fn try_from(value: Value<'_>) -> Result<$ty> {
                match value.0 {
                    ValueContent::Integer(number) => <$ty>::try_from(number)
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
        Value(ValueContent::Float(value))
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Value(ValueContent::Double(value))
    }
}

/// Fails if the value is no `float`.
impl TryFrom<Value<'_>> for f32 {
    type Error = Error;

    fn try_from(value: Value<'_>) -> Result<f32> {
        match value.0 {
            ValueContent::Float(number) => Ok(number),
            _ => Err(value.does_not_fit("f32", "it is no float")),
        }
    }
}

/// Fails if the value is neither a `double` nor a `float`.
impl TryFrom<Value<'_>> for f64 {
    type Error = Error;

    fn try_from(value: Value<'_>) -> Result<f64> {
        match value.0 {
            ValueContent::Double(number) => Ok(number),
            ValueContent::Float(number) => Ok(f64::from(number)),
            _ => Err(value.does_not_fit("f64", "it is no floating-point number")),
        }
    }
}

/// Fails if the value is no pointer.
impl<T> TryFrom<Value<'_>> for VeMemPtr<T> {
    type Error = Error;

    fn try_from(value: Value<'_>) -> Result<VeMemPtr<T>> {
        match value.0 {
            ValueContent::Pointer(ptr) | ValueContent::Function(ptr, _) => Ok(ptr.cast()),
            _ => Err(value.does_not_fit("VeMemPtr", "it is no pointer")),
        }
    }
}

impl<T> From<VeMemPtr<T>> for Value<'_> {
    fn from(ptr: VeMemPtr<T>) -> Self {
        Value(ValueContent::Pointer(ptr.cast()))
    }
}

impl From<Null> for Value<'_> {
    fn from(_: Null) -> Self {
        Value(ValueContent::Pointer(VeMemPtr::null()))
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
                Value(ValueContent::Stack(Box::new(Stack { data, align })))
            }
        }
    )*};
}

stack!(Input, Output, InOut);

impl<'a> From<OnStack<Input<'a, std::ffi::CStr>>> for Value<'a> {
    fn from(text: OnStack<Input<'a, std::ffi::CStr>>) -> Self {
        let (data, align) = text.into_text();
        Value(ValueContent::Stack(Box::new(Stack { data, align })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(value: impl Into<Value<'static>>, ty: &str) -> Result<ArgWord> {
        let mut args = Args::default();
        value
            .into()
            .put(Some(CType::parse(ty).unwrap()), &mut args)?;
        Ok(args.words.iter().next().unwrap())
    }

    fn integer(value: impl Into<Value<'static>>, ty: &str) -> Option<i64> {
        match put(value, ty) {
            Ok(ArgWord::Integer(word)) => Some(word),
            _ => None,
        }
    }

    #[test]
    fn integers_keep_their_value_or_are_refused() {
        assert_eq!(integer(-1, "int"), Some(-1));
        assert_eq!(integer(255, "unsigned char"), Some(255));
        assert_eq!(integer(256, "unsigned char"), None);
        assert_eq!(integer(-1, "unsigned long"), None);
        assert_eq!(integer(u64::MAX, "unsigned long"), Some(-1));
        assert_eq!(integer(u64::MAX, "long"), None);
        assert_eq!(integer(i64::MIN, "long"), Some(i64::MIN));
        assert_eq!(integer(-32769, "short"), None);
        assert_eq!(integer(1.0, "int"), None);
    }

    #[test]
    fn floats_keep_their_value_or_are_refused() {
        assert!(matches!(put(0.5, "float"), Ok(ArgWord::Float(0.5))));
        assert!(put(0.1, "float").is_err());
        assert!(matches!(put(0.1f32, "float"), Ok(ArgWord::Float(_))));
        assert!(matches!(put(0.5f32, "double"), Ok(ArgWord::Double(0.5))));
        assert!(matches!(put(3, "double"), Ok(ArgWord::Double(3.0))));
        assert!(put((1i64 << 53) + 1, "double").is_err());
        assert!(put((1i64 << 24) + 1, "float").is_err());
        assert!(matches!(put(f64::NAN, "float"), Ok(ArgWord::Float(_))));
    }

    #[test]
    fn a_pointer_is_no_number_and_no_number_a_pointer() {
        assert_eq!(integer(crate::NULL, "double *"), Some(0));
        assert!(put(crate::NULL, "long").is_err());
        let error = put(4096, "double *").unwrap_err().to_string();
        assert!(
            error.contains("4096") && error.contains("VeMemPtr"),
            "{error}"
        );
    }

    #[test]
    fn results_are_extended_from_their_own_type() {
        let origin = Origin(crate::session::ProcId::NONE);
        let decode =
            |ty: &str, word: u64| decoder(CType::parse(ty).unwrap())(Word(word), origin).unwrap();
        assert_eq!(i64::try_from(decode("int", 0xdead_ffff_ffff)).unwrap(), -1);
        assert_eq!(u8::try_from(decode("unsigned char", 0x1ff)).unwrap(), 255);
        assert!(u8::try_from(decode("int", 256)).is_err());
        let float = u64::from(1.5f32.to_bits()) << 32;
        assert_eq!(f64::try_from(decode("float", float)).unwrap(), 1.5);
        assert_eq!(decode("void", 7).kind(), ValueKind::Void);
        assert!(i32::try_from(decode("double", 0)).is_err());
    }
}
