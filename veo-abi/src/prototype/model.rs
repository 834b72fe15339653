//! What a library says its functions are: owned types, as found in debug
//! information. Plain data; how it is found is the business of `veo-debuginfo`.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Steps through typedefs and qualifiers before a chain counts as endless.
const CHAIN: usize = 256;

/// Index of a type in [`Types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

/// The types that the prototypes of one library refer to.
///
/// Types refer to each other by index, so that structures which contain
/// pointers to themselves need no special care.
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

/// What kind of address a pointer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerKind {
    /// A C pointer.
    Pointer,
    /// A C++ reference.
    Reference,
    /// A Fortran argument that is passed by reference.
    ByReference,
    /// A Fortran argument that is passed by reference as far as one can tell: the debug
    /// information has lost what would prove a value.
    PerhapsByReference,
}

/// A qualifier, which never changes how a value is passed.
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

/// A type as a library's debug information has it.
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
        /// What is there.
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
        /// Whether values below zero exist; `None` if the debug information does not tell, or
        /// the compiler chose an unsigned type for constants that are `int`.
        signed: Option<bool>,
    },
    /// An array; in a parameter list only behind a pointer.
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
    /// Something that no declaration can be compared with.
    Unknown {
        /// What it is, for messages.
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
    /// Whether its place is not a whole number of bytes from the start, or not always the
    /// same: a bit field, a virtual base class.
    pub bits: bool,
}

/// The language a function was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
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
    /// `int f()` in C before C23 have none: callers pass a `double` for a `float`, and an
    /// `int` for what is smaller ([`Types::promoted`]).
    pub prototyped: bool,
    /// Whether it may have parameters that the debug information leaves out, and others of another
    /// type, as versions of flang before 20 write it.
    pub partial: bool,
    /// The calling convention, if it is known to be another than that of C.
    pub convention: Option<String>,
    /// The language of the source.
    pub language: Language,
    /// The source file.
    pub file: Option<String>,
    /// The line of the definition in `file`.
    pub line: Option<u32>,
    /// The types that the above refer to.
    pub types: Arc<Types>,
}

/// The prototypes of a library's exported functions.
#[derive(Clone, Debug, Default)]
pub struct Prototypes {
    /// Those that the debug information describes, by their symbols.
    pub functions: BTreeMap<String, Prototype>,
    /// Exported functions that the debug information says nothing about.
    pub undescribed: Vec<String>,
    /// Exported variables, in alphabetical order. Known of a library's own file only: what
    /// [`to_text`](Self::to_text) writes is about functions.
    pub variables: Vec<String>,
    /// What could not be read, one sentence each.
    pub notes: Vec<String>,
    /// The types that all of them refer to.
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

    /// How many prototypes there are.
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
