//! The scalar types: their widths, signs and names.

use std::fmt;

/// A scalar type of the Vector Engine (LP64, little-endian).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarType {
    /// `int8_t`, `signed char`
    I8,
    /// `int16_t`, `short`
    I16,
    /// `int32_t`, `int`
    I32,
    /// `int64_t`, `long`
    I64,
    /// `uint8_t`, `unsigned char`, `_Bool`
    U8,
    /// `uint16_t`, `unsigned short`
    U16,
    /// `uint32_t`, `unsigned int`
    U32,
    /// `uint64_t`, `unsigned long`
    U64,
    /// `float`
    F32,
    /// `double`
    F64,
}

impl ScalarType {
    /// Every scalar type, in the order of declaration.
    pub const ALL: [ScalarType; 10] = [
        ScalarType::I8,
        ScalarType::I16,
        ScalarType::I32,
        ScalarType::I64,
        ScalarType::U8,
        ScalarType::U16,
        ScalarType::U32,
        ScalarType::U64,
        ScalarType::F32,
        ScalarType::F64,
    ];

    /// Width in bytes, which is also the alignment.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            ScalarType::I8 | ScalarType::U8 => 1,
            ScalarType::I16 | ScalarType::U16 => 2,
            ScalarType::I32 | ScalarType::U32 | ScalarType::F32 => 4,
            ScalarType::I64 | ScalarType::U64 | ScalarType::F64 => 8,
        }
    }

    /// Whether values below zero exist. Floating-point types count as signed.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        !matches!(
            self,
            ScalarType::U8 | ScalarType::U16 | ScalarType::U32 | ScalarType::U64
        )
    }

    /// Whether this is `float` or `double`.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, ScalarType::F32 | ScalarType::F64)
    }

    /// The integer type of this width and sign, if there is one.
    #[must_use]
    pub const fn integer(size: usize, signed: bool) -> Option<ScalarType> {
        Some(match (size, signed) {
            (1, true) => ScalarType::I8,
            (2, true) => ScalarType::I16,
            (4, true) => ScalarType::I32,
            (8, true) => ScalarType::I64,
            (1, false) => ScalarType::U8,
            (2, false) => ScalarType::U16,
            (4, false) => ScalarType::U32,
            (8, false) => ScalarType::U64,
            _ => return None,
        })
    }

    /// The Rust name: `i32`.
    #[must_use]
    pub const fn rust_name(self) -> &'static str {
        match self {
            ScalarType::I8 => "i8",
            ScalarType::I16 => "i16",
            ScalarType::I32 => "i32",
            ScalarType::I64 => "i64",
            ScalarType::U8 => "u8",
            ScalarType::U16 => "u16",
            ScalarType::U32 => "u32",
            ScalarType::U64 => "u64",
            ScalarType::F32 => "f32",
            ScalarType::F64 => "f64",
        }
    }

    /// The C name: `int32_t`.
    #[must_use]
    pub const fn c_name(self) -> &'static str {
        match self {
            ScalarType::I8 => "int8_t",
            ScalarType::I16 => "int16_t",
            ScalarType::I32 => "int32_t",
            ScalarType::I64 => "int64_t",
            ScalarType::U8 => "uint8_t",
            ScalarType::U16 => "uint16_t",
            ScalarType::U32 => "uint32_t",
            ScalarType::U64 => "uint64_t",
            ScalarType::F32 => "float",
            ScalarType::F64 => "double",
        }
    }

    /// The type of this Rust name; `isize` and `usize` are 64 bits wide on the VE.
    #[must_use]
    pub fn from_rust_name(name: &str) -> Option<ScalarType> {
        match name {
            "isize" => Some(ScalarType::I64),
            "usize" => Some(ScalarType::U64),
            _ => Self::ALL.into_iter().find(|t| t.rust_name() == name),
        }
    }
}

impl fmt::Display for ScalarType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rust_name())
    }
}
