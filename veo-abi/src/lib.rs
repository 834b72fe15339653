//! The vocabulary of the VEO crates.
//!
//! - C scalar types as the Vector Engine has them: [`ScalarType`];
//! - the 64-bit words that carry arguments and results, [`Word`], and their classes, [`word_class`];
//! - C type strings: [`CType`];
//! - the types of a kernel declaration: [`Type`], [`Signature`];
//! - the prototypes of a library's functions, and their comparison with declarations: [`prototype`];
//! - the libveo interface: its types, constants and the table of its functions, [`ffi`], and its C
//!   headers, [`headers`];
//! - the environment variables that programs read: [`environment`];
//! - the sanitizers that kernels can be built with: [`sanitizer`];
//! - the numbers of Perfetto's traces: [`perfetto`];
//! - the layout of a build script's output: [`build_dir`];
//! - the time, read often: [`ticks`].
//!
//! No code here touches a VE, nor a file but for the one that names the system's clock.

pub mod build_dir;
mod ctype;
pub mod environment;
pub mod ffi;
pub mod headers;
pub mod hmem;
pub mod limits;
mod near;
pub mod perfetto;
pub mod prototype;
pub mod sanitizer;
mod scalar;
pub mod signal;
pub mod ticks;
mod types;
mod word;
pub mod word_class;

pub use ctype::{CType, CTypeError};
pub use near::near_names;
pub use prototype::Verify;
pub use scalar::ScalarType;
pub use types::{DECLARATION_NAMES, Field, Signature, StructLayout, Type};
pub use word::{Scalar, Word};
