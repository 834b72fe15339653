//! Declared types and signatures, made at run time.

use veo_abi::{ScalarType, Signature, Type};

pub const I8: Type = Type::Scalar(ScalarType::I8);
pub const U8: Type = Type::Scalar(ScalarType::U8);
pub const I16: Type = Type::Scalar(ScalarType::I16);
pub const I32: Type = Type::Scalar(ScalarType::I32);
pub const U32: Type = Type::Scalar(ScalarType::U32);
pub const I64: Type = Type::Scalar(ScalarType::I64);
pub const U16: Type = Type::Scalar(ScalarType::U16);
pub const U64: Type = Type::Scalar(ScalarType::U64);
pub const F32: Type = Type::Scalar(ScalarType::F32);
pub const F64: Type = Type::Scalar(ScalarType::F64);

/// A signature of these types.
pub fn signature(params: &[Type], result: Type) -> Signature {
    Signature {
        params: Box::leak(params.to_vec().into_boxed_slice()),
        result,
    }
}

/// A pointer to this type.
pub fn to(pointee: Type) -> Type {
    Type::Pointer {
        mutable: true,
        pointee: Box::leak(Box::new(pointee)),
    }
}

/// Declares structures as users do.
macro_rules! structures {
    ($($(#[$attribute:meta])* $name:ident { $($field:ident: $ty:ty),* $(,)? })*) => {$(
        #[derive(Clone, Copy, veo_core::VeData)]
        #[repr(C)]
        $(#[$attribute])*
        #[allow(dead_code)]
        struct $name { $($field: $ty),* }
    )*};
}
pub(crate) use structures;
