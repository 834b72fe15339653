//! The vocabulary of the VEO crates.
//!
//! - C scalar types as the Vector Engine has them: [`ScalarType`];
//! - the 64-bit words that carry arguments and results: [`Word`];
//! - C type strings: [`CType`];
//! - the types of a kernel declaration: [`Type`], [`Signature`];
//! - what a library says of its functions, and whether a declaration agrees: [`prototype`];
//! - the libveo interface: its types, constants and the table of its functions, [`ffi`], and its C
//!   headers, [`headers`];
//! - what kind of file a library is, [`elf`], and what it is linked with, `linkage` (feature `dwarf`);
//! - the program that all this runs in: the variables it obeys, [`environment`], and, on Linux, the
//!   file it is, `executable`.
//!
//! Nothing here touches a VE, and only [`elf`], `prototype::read_file` and `prototype::Original`
//! (feature `dwarf`) a file of kernels.

mod ctype;
pub mod elf;
pub mod environment;
#[cfg(target_os = "linux")]
pub mod executable;
pub mod ffi;
pub mod headers;
#[cfg(feature = "dwarf")]
pub mod linkage;
pub mod prototype;
mod scalar;
mod types;
mod word;

pub use ctype::{CType, CTypeError};
pub use scalar::ScalarType;
pub use types::{Field, Signature, StructLayout, Type};
pub use word::{Scalar, Word};
