//! The real prototypes of kernels, and whether a declaration agrees with them.
//!
//! Compilers write the types of every function into debug information. The crate
//! `veo-debuginfo` reads them from a library or an object file, for the host
//! and for the VE. [`Prototypes::to_text`] writes them to a text, so that a macro
//! does not need the library. [`compare`] compares a declaration with them.
//! No code here touches the library.

mod assertion;
mod check;
mod compare;
mod const_message;
mod declared;
mod explain;
mod finding;
mod layout;
mod lower;
mod mismatch;
mod model;
mod print;
mod shape;
mod text;

pub use assertion::Assertion;
pub use check::{check, verdict};
pub use compare::{Comparison, compare, compare_declared, compare_written};
pub use const_message::ConstMessage;
pub use declared::{Declared, DeclaredSignature};
pub use finding::{Difference, Finding};
pub use mismatch::{Mismatch, MismatchKind, Verify};
pub use model::{
    Encoding, FoundField, FoundType, FunctionLanguage, Parameter, PointerKind, Prototype,
    Prototypes, Qualifier, RecordKind, TypeId, Types,
};
pub use shape::{Shape, ShapeField, Shapes, Sign};
pub use text::TextError;

/// How many pointers in structures are followed, one after the other. A declared structure
/// records as many, since it cannot contain itself.
pub const POINTERS_IN_MEMORY: u8 = 2;

#[cfg(test)]
mod tests;
