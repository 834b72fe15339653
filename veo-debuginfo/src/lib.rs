//! What the files of kernels say of themselves, and which files they are.
//!
//! - the prototypes of a library's functions, from its debug information: [`prototypes`];
//! - the function and the source line of an address in a library: [`SourceLines`];
//! - for which machine a file is, and whether all of it is there: [`elf`];
//! - what a library is linked with: [`Linkage`], [`dynamic_symbols`];
//! - its variables, [`data_symbols`], and its separate debug file, [`debug_link`];
//! - a library's file as it was when it was loaded: [`Original`];
//! - on Linux, the file of the running program: `executable`.
//!
//! The input is not trusted: whatever the bytes are, the functions here come back with a result
//! or an error, in time and memory proportional to the size of the input. Nothing here executes
//! or loads a library.

mod budget;
pub mod elf;
mod error;
#[cfg(target_os = "linux")]
pub mod executable;
mod files;
mod image;
mod original;
pub mod prototypes;
mod sections;
mod source_lines;

pub use error::ReadError;
pub use files::debug_link;
pub use image::{DynamicSymbol, Linkage, data_symbols, dynamic_symbols};
pub use original::{FileStamp, Original};
pub use source_lines::{SourceLines, SourceLocation};
