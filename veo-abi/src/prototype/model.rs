//! The functions of a library and their types, as found in debug information. This is plain
//! data. `veo-debuginfo` fills it.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The most typedefs and qualifiers in a chain. A longer one counts as endless.
const CHAIN: usize = 256;

/// Index of a type in [`Types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

/// The types that the prototypes of one library refer to.
///
/// Types refer to each other by index, so a structure may contain a pointer to itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Types(pub Vec<FoundType>);

/// How a base type keeps its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Two's complement integer.
    Signed,
    /// Integer without a sign.
    Unsigned,
    /// `_Bool`, `bool`, Fortran's `logical`.
    Bool,
    /// `char`, signed.
    SignedChar,
    /// `char`, unsigned.
    UnsignedChar,
    /// Binary floating point.
    Float,
    /// Two floating-point numbers.
    Complex,
    /// A number whose bytes are in the other order than the machine's.
    Swapped,
}

/// The kind of address that a pointer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerKind {
    /// A C pointer.
    Pointer,
    /// A C++ reference.
    Reference,
    /// A Fortran argument that is passed by reference.
    ByReference,
    /// A Fortran argument that is probably passed by reference. The debug information does not
    /// prove that it is a value.
    PerhapsByReference,
}

/// A qualifier. It never changes how a value is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// `const`
    Const,
    /// `volatile`
    Volatile,
    /// `restrict`
    Restrict,
    /// `_Atomic`
    Atomic,
}

/// The keyword of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// `struct`, and Fortran's derived types.
    Struct,
    /// C++ `class`.
    Class,
    /// `union`
    Union,
}

/// A type in a library's debug information.
#[derive(Clone, Debug, PartialEq)]
pub enum FoundType {
    /// `void`
    Void,
    /// A number or a character.
    Base {
        /// How the bits are read.
        encoding: Encoding,
        /// Size in bytes.
        size: u64,
        /// The name in the source language: `long unsigned int`.
        name: String,
    },
    /// An address.
    Pointer {
        /// Pointer, reference or Fortran's calling convention.
        kind: PointerKind,
        /// The type that it points to.
        pointee: TypeId,
    },
    /// A qualified type.
    Qualified {
        /// The qualifier.
        qualifier: Qualifier,
        /// The type without it.
        inner: TypeId,
    },
    /// Another name for a type.
    Typedef {
        /// The name.
        name: String,
        /// The type.
        inner: TypeId,
    },
    /// A structure, class or union.
    Record {
        /// Which of the three.
        kind: RecordKind,
        /// Its tag; empty if it has none.
        name: String,
        /// Size in bytes; `None` if only a declaration was found.
        size: Option<u64>,
        /// File and line of its definition, `pair.h:3`, where they are known.
        location: Option<String>,
        /// Its fields in order.
        fields: Vec<FoundField>,
    },
    /// An enumeration.
    Enum {
        /// Its tag; empty if it has none.
        name: String,
        /// Size in bytes.
        size: u64,
        /// Whether values below zero exist. `None` if the debug information does not say, or if
        /// the compiler chose an unsigned type for constants that are `int`.
        signed: Option<bool>,
    },
    /// An array. A parameter list has arrays only behind pointers.
    Array {
        /// The type of an element.
        element: TypeId,
        /// The extents from the outermost in, `None` where they are not constant.
        lengths: Vec<Option<u64>>,
        /// Whether this is an array descriptor of Fortran instead of the elements.
        descriptor: bool,
    },
    /// A function, behind a pointer.
    Function {
        /// Its parameters.
        params: Vec<TypeId>,
        /// Its result.
        result: TypeId,
        /// Whether further arguments may follow.
        variadic: bool,
    },
    /// A type that cannot be compared with any declaration.
    Unknown {
        /// The name of the kind of type, for messages.
        what: String,
        /// Size in bytes where known.
        size: Option<u64>,
    },
}

/// A field of a [`FoundType::Record`].
#[derive(Clone, Debug, PartialEq)]
pub struct FoundField {
    /// Its name; empty for anonymous members.
    pub name: String,
    /// Distance from the start of the record in bytes.
    pub offset: u64,
    /// Its type.
    pub ty: TypeId,
    /// Whether it has no fixed byte offset: it is a bit field or a virtual base class.
    pub bits: bool,
}

/// The language a function was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionLanguage {
    /// C of any standard.
    C,
    /// C++ of any standard.
    Cpp,
    /// Fortran of any standard.
    Fortran,
    /// Any other.
    Other,
}

/// A parameter of a [`Prototype`].
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its type.
    pub ty: TypeId,
    /// Whether the compiler added it: the length of a Fortran string, `this` in C++.
    pub hidden: bool,
}

/// The prototype of one function of a library.
#[derive(Clone, Debug)]
pub struct Prototype {
    /// The symbol that the library exports.
    pub symbol: String,
    /// The name in the source, which for Fortran and C++ differs from the symbol.
    pub name: String,
    /// The parameters in order, hidden ones included.
    pub params: Vec<Parameter>,
    /// The type of the result, [`FoundType::Void`] if there is none.
    pub result: TypeId,
    /// Whether further arguments may follow the parameters (`...`).
    pub variadic: bool,
    /// Whether it has a prototype. An old-style definition, `int f(x) float x; {..}`, and
    /// `int f()` in C before C23 have none. Their callers pass a `double` for a `float`, and an
    /// `int` for a smaller integer ([`Types::promoted`]).
    pub prototyped: bool,
    /// Whether the debug information may lack some parameters and have wrong types for others.
    /// Versions of flang before 20 write it so.
    pub partial: bool,
    /// The calling convention, if it is known to differ from that of C.
    pub convention: Option<String>,
    /// The language of the source.
    pub language: FunctionLanguage,
    /// The source file.
    pub file: Option<String>,
    /// The line of the definition in `file`.
    pub line: Option<u32>,
    /// The types that the fields above refer to.
    pub types: Arc<Types>,
}

/// The prototypes of a library's exported functions.
#[derive(Clone, Debug, Default)]
pub struct Prototypes {
    /// The functions that the debug information describes, by their symbols.
    pub functions: BTreeMap<String, Prototype>,
    /// Exported functions that the debug information does not describe.
    pub undescribed: Vec<String>,
    /// Exported variables, in alphabetical order. Empty if the prototypes were read from text:
    /// [`to_text`](Self::to_text) writes only functions.
    pub variables: Vec<String>,
    /// The parts that could not be read, one sentence each.
    pub notes: Vec<String>,
    /// The types that all functions refer to.
    pub types: Arc<Types>,
}

impl Types {
    /// The type of this index.
    #[must_use]
    pub fn get(&self, id: TypeId) -> &FoundType {
        const LOST: &FoundType = &FoundType::Void;
        self.0.get(id.0 as usize).unwrap_or(LOST)
    }

    /// The type behind typedefs and qualifiers.
    #[must_use]
    pub fn resolve(&self, mut id: TypeId) -> TypeId {
        for _ in 0..CHAIN {
            match self.get(id) {
                FoundType::Typedef { inner, .. } | FoundType::Qualified { inner, .. } => {
                    id = *inner
                }
                _ => break,
            }
        }
        id
    }

    /// [`Types::get`] after [`Types::resolve`].
    #[must_use]
    pub fn resolved(&self, id: TypeId) -> &FoundType {
        self.get(self.resolve(id))
    }

    /// Size in bytes, where it is known.
    #[must_use]
    pub fn size(&self, mut id: TypeId) -> Option<u64> {
        let mut factor = 1u64;
        for _ in 0..CHAIN {
            let size = match self.get(id) {
                FoundType::Typedef { inner, .. } | FoundType::Qualified { inner, .. } => {
                    id = *inner;
                    continue;
                }
                FoundType::Array {
                    element,
                    lengths,
                    descriptor: false,
                } => {
                    for length in lengths {
                        factor = factor.checked_mul((*length)?)?;
                    }
                    id = *element;
                    continue;
                }
                FoundType::Base { size, .. } | FoundType::Enum { size, .. } => Some(*size),
                FoundType::Pointer { .. } => Some(8),
                FoundType::Record { size, .. } | FoundType::Unknown { size, .. } => *size,
                FoundType::Void | FoundType::Function { .. } | FoundType::Array { .. } => None,
            };
            return size?.checked_mul(factor);
        }
        None
    }
}

impl Prototypes {
    /// The prototype of this symbol.
    #[must_use]
    pub fn get(&self, symbol: &str) -> Option<&Prototype> {
        self.functions.get(symbol)
    }

    /// All symbols with their prototypes, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Prototype)> {
        self.functions
            .iter()
            .map(|(symbol, prototype)| (symbol.as_str(), prototype))
    }

    /// The number of prototypes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    /// Whether there are none, as in a library without debug information.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// Whether the library exports a function of this name, described or not.
    #[must_use]
    pub fn exports(&self, symbol: &str) -> bool {
        self.functions.contains_key(symbol) || self.undescribed.iter().any(|name| name == symbol)
    }
}

impl Prototype {
    /// Where the function is defined: `add.c:3`, if that is known.
    #[must_use]
    pub fn location(&self) -> Option<String> {
        let file = self.file.as_ref()?;
        Some(match self.line {
            Some(line) => format!("{file}:{line}"),
            None => file.clone(),
        })
    }
}
