//! Declarations as the macro knows them. It knows some types by name only.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::check::UNDECLARED;
use crate::{Field, ScalarType, StructLayout, Type};

/// A declared type. Parts of it may be known by name only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Declared {
    /// No result, or `c_void` behind a pointer.
    Void,
    /// A primitive type of Rust.
    Scalar(ScalarType),
    /// A pointer or a reference.
    Pointer {
        /// Whether the kernel may write through it.
        mutable: bool,
        /// The type that it points to.
        pointee: Box<Declared>,
    },
    /// An address in memory: a `VeAddr`.
    Address {
        /// The type that it points to.
        pointee: Box<Declared>,
    },
    /// An array whose length is a literal.
    Array {
        /// The type of one element.
        element: Box<Declared>,
        /// How many there are.
        len: usize,
    },
    /// A function, behind a pointer.
    Function {
        /// Its parameters in order.
        params: Vec<Declared>,
        /// Its result, [`Declared::Void`] if there is none.
        result: Box<Declared>,
    },
    /// A structure whose layout is known, where no compiler is needed to tell it.
    Struct {
        /// Its name.
        name: String,
        /// Size in bytes.
        size: usize,
        /// Alignment in bytes.
        align: usize,
        /// Name, offset in bytes and type of each field. None if they are not recorded, as in
        /// [`StructLayout::fields`].
        fields: Vec<(String, usize, Declared)>,
    },
    /// A type known by its name only, where that is certain: an opaque handle.
    Opaque(String),
    /// A path in the user's spelling, which only the compiler can resolve.
    Unknown(String),
    /// A type with the user's spelling of it.
    Written {
        /// The type.
        ty: Box<Declared>,
        /// The spelling.
        text: String,
    },
}

/// The parameters and the result of a declaration, as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredSignature {
    /// The name of the function in Rust. Its symbol may differ.
    pub name: String,
    /// The parameters in order.
    pub params: Vec<Declared>,
    /// The result, [`Declared::Void`] if there is none.
    pub result: Declared,
}

impl Declared {
    /// The type in the form for comparison, with a mark for each unknown type.
    pub(super) fn to_type(&self) -> Type {
        match self {
            Declared::Void => Type::Void,
            Declared::Scalar(scalar) => Type::Scalar(*scalar),
            Declared::Unknown(_) => Type::Opaque(UNDECLARED),
            Declared::Pointer { mutable, pointee } => Type::Pointer {
                mutable: *mutable,
                pointee: intern(pointee),
            },
            Declared::Address { pointee } => Type::Pointer {
                mutable: true,
                pointee: intern(pointee),
            },
            Declared::Array { element, len } => Type::Array {
                element: intern(element),
                len: *len,
            },
            Declared::Function { params, result } => Type::Function {
                params: intern_list(params),
                result: intern(result),
            },
            Declared::Struct {
                name,
                size,
                align,
                fields,
            } => {
                let field = |(name, offset, ty): &(String, usize, Declared)| Field {
                    name: leak(name),
                    offset: *offset,
                    ty: ty.to_type(),
                };
                let fields: Vec<Field> = fields.iter().map(field).collect();
                Type::Struct(Box::leak(Box::new(StructLayout {
                    name: leak(name),
                    size: *size,
                    align: *align,
                    location: "",
                    fields: fields.leak(),
                })))
            }
            Declared::Opaque(name) => Type::Opaque(leak(name)),
            Declared::Written { ty, .. } => ty.to_type(),
        }
    }
}

/// For types that live until the process ends, which is one command.
fn leak(text: &str) -> &'static str {
    text.to_owned().leak()
}

impl Declared {
    /// The Rust source of a constant of type [`Type`] with this value. `path` is the path of
    /// this crate. A type that is known by name only remains unknown.
    #[must_use]
    pub fn source(&self, path: &str) -> String {
        let inside = |ty: &Declared| ty.source(path);
        match self {
            Declared::Void => format!("{path}::Type::Void"),
            Declared::Scalar(scalar) => {
                format!("{path}::Type::Scalar({path}::ScalarType::{scalar:?})")
            }
            Declared::Pointer { mutable, pointee } => format!(
                "{path}::Type::Pointer {{ mutable: {mutable}, pointee: &{} }}",
                inside(pointee)
            ),
            Declared::Address { pointee } => format!(
                "{path}::Type::Pointer {{ mutable: true, pointee: &{} }}",
                inside(pointee)
            ),
            Declared::Array { element, len } => format!(
                "{path}::Type::Array {{ element: &{}, len: {len} }}",
                inside(element)
            ),
            Declared::Function { params, result } => {
                let params: Vec<_> = params.iter().map(inside).collect();
                format!(
                    "{path}::Type::Function {{ params: &[{}], result: &{} }}",
                    params.join(", "),
                    inside(result)
                )
            }
            // The compiler knows a structure better than its layout here does.
            Declared::Unknown(_) | Declared::Struct { .. } | Declared::Opaque(_) => {
                format!("{path}::Type::Opaque({UNDECLARED:?})")
            }
            Declared::Written { ty, .. } => inside(ty),
        }
    }
}

/// [`Type`] needs static references, but a macro has only values. Each distinct type is kept
/// once until the process ends, which is one compilation.
fn intern(declared: &Declared) -> &'static Type {
    static KNOWN: OnceLock<Mutex<HashMap<Declared, &'static Type>>> = OnceLock::new();
    // The names of unknown types do not matter here.
    let key = declared.without_names();
    let ty = key.to_type();
    let known = KNOWN.get_or_init(Mutex::default);
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(key).or_insert_with(|| Box::leak(Box::new(ty)))
}

/// Like [`intern`], for the parameters of a function.
fn intern_list(declared: &[Declared]) -> &'static [Type] {
    static KNOWN: OnceLock<Mutex<HashMap<Vec<Declared>, &'static [Type]>>> = OnceLock::new();
    let key: Vec<_> = declared.iter().map(Declared::without_names).collect();
    let types: Vec<_> = key.iter().map(Declared::to_type).collect();
    let known = KNOWN.get_or_init(Mutex::default);
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(key).or_insert_with(|| types.leak())
}

impl Declared {
    fn without_names(&self) -> Declared {
        match self {
            Declared::Unknown(_) => Declared::Unknown(String::new()),
            Declared::Pointer { mutable, pointee } => Declared::Pointer {
                mutable: *mutable,
                pointee: Box::new(pointee.without_names()),
            },
            Declared::Address { pointee } => Declared::Address {
                pointee: Box::new(pointee.without_names()),
            },
            Declared::Array { element, len } => Declared::Array {
                element: Box::new(element.without_names()),
                len: *len,
            },
            Declared::Function { params, result } => Declared::Function {
                params: params.iter().map(Declared::without_names).collect(),
                result: Box::new(result.without_names()),
            },
            Declared::Written { ty, .. } => ty.without_names(),
            known => known.clone(),
        }
    }
}

/// Writes the type in Rust's notation.
impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Declared::Void => f.write_str("c_void"),
            Declared::Scalar(scalar) => scalar.fmt(f),
            Declared::Pointer { mutable, pointee } => {
                let kind = if *mutable { "mut" } else { "const" };
                write!(f, "*{kind} {pointee}")
            }
            Declared::Address { pointee } => write!(f, "VeAddr<{pointee}>"),
            Declared::Array { element, len } => write!(f, "[{element}; {len}]"),
            Declared::Function { params, result } => {
                let params: Vec<_> = params.iter().map(ToString::to_string).collect();
                write!(f, "extern \"C\" fn({})", params.join(", "))?;
                match **result {
                    Declared::Void => Ok(()),
                    ref result => write!(f, " -> {result}"),
                }
            }
            Declared::Unknown(name)
            | Declared::Opaque(name)
            | Declared::Struct { name, .. }
            | Declared::Written { text: name, .. } => f.write_str(name),
        }
    }
}
