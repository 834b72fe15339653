//! The types of a declared kernel, as constants that a macro expansion can hold.

use std::fmt;

use crate::ScalarType;

/// Names of types that mean something of their own in kernel declarations. A type of a library gets another name in generated ones.
pub const DECLARATION_NAMES: [&str; 18] = [
    "CStr",
    "CString",
    "FnAddr",
    "OnStack",
    "OsString",
    "PathBuf",
    "String",
    "VEMemPtr",
    "VeAddr",
    "VeBuffer",
    "VeMemPtr",
    "VeSlice",
    "VeSliceMut",
    "VeoContext",
    "VeoFunction",
    "VeoLibrary",
    "VeoProc",
    "VeoRequest",
];

/// A type in a kernel declaration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Type {
    /// `void`: no result, or the pointee of an untyped pointer.
    Void,
    /// An integer or floating-point number.
    Scalar(ScalarType),
    /// An address on the VE.
    Pointer {
        /// Whether the kernel may write through it.
        mutable: bool,
        /// The type that it points to.
        pointee: &'static Type,
    },
    /// A plain-data structure.
    Struct(&'static StructLayout),
    /// A C array, only behind a pointer or inside a structure.
    Array {
        /// The type of one element.
        element: &'static Type,
        /// How many there are.
        len: usize,
    },
    /// A type known by name only, behind a pointer (an opaque handle).
    Opaque(&'static str),
    /// A function, behind a pointer. Unknown types in it are opaque.
    Function {
        /// Its parameters in order.
        params: &'static [Type],
        /// Its result, [`Type::Void`] if there is none.
        result: &'static Type,
    },
}

/// A structure: what `#[derive(VeData)]` records of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StructLayout {
    /// The Rust name, without its path.
    pub name: &'static str,
    /// Size in bytes.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// File and line of its definition, `src/lib.rs:5`; empty if unknown.
    pub location: &'static str,
    /// The fields in order of their offsets. Empty if the structure is not recorded: it is
    /// reached through [`POINTERS_IN_MEMORY`](crate::prototype::POINTERS_IN_MEMORY) pointers in
    /// structures, one after the other.
    pub fields: &'static [Field],
}

/// A field of a structure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// Its name. Fields of tuple structures are numbered from `0`.
    pub name: &'static str,
    /// Distance from the start of the structure in bytes.
    pub offset: usize,
    /// Its type.
    pub ty: Type,
}

/// The parameters and the result of a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signature {
    /// The parameters in order.
    pub params: &'static [Type],
    /// The result, [`Type::Void`] if there is none.
    pub result: Type,
}

impl Type {
    /// Size in bytes, where the type has one.
    #[must_use]
    pub const fn size(&self) -> Option<usize> {
        match self {
            Type::Void | Type::Opaque(_) | Type::Function { .. } => None,
            Type::Scalar(scalar) => Some(scalar.size()),
            Type::Pointer { .. } => Some(8),
            Type::Struct(layout) => Some(layout.size),
            Type::Array { element, len } => match element.size() {
                Some(size) => size.checked_mul(*len),
                None => None,
            },
        }
    }
}

/// Writes the type in Rust's notation: `*mut [f64; 3]`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Void => f.write_str("c_void"),
            Type::Scalar(scalar) => scalar.fmt(f),
            Type::Pointer {
                pointee: function @ Type::Function { .. },
                ..
            } => function.fmt(f),
            Type::Pointer { mutable, pointee } => {
                let kind = if *mutable { "mut" } else { "const" };
                write!(f, "*{kind} {pointee}")
            }
            Type::Struct(layout) => f.write_str(layout.name),
            Type::Array { element, len } => write!(f, "[{element}; {len}]"),
            Type::Opaque(name) => f.write_str(name),
            Type::Function { params, result } => {
                let signature = Signature {
                    params,
                    result: **result,
                };
                write!(f, "extern \"C\" fn{signature}")
            }
        }
    }
}

/// Writes the signature in Rust's notation: `(i32, *mut f64) -> i64`.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (index, param) in self.params.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            param.fmt(f)?;
        }
        f.write_str(")")?;
        match self.result {
            Type::Void => Ok(()),
            result => write!(f, " -> {result}"),
        }
    }
}
