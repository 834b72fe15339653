//! Reads the files of kernels, and finds out which files they are.
//!
//! - the prototypes of a library's functions, from its debug information: [`prototypes`];
//! - the function and the source line of an address in a library: [`SourceLines`];
//! - the machine of a file, and whether the file is complete: [`elf`];
//! - the machine code of a file for the VE: [`ve_code_sections`];
//! - what a library is linked with: [`Linkage`], [`dynamic_symbols`];
//! - the sanitizers' runtime libraries that it needs: [`runtimes`];
//! - the variables of a library, [`data_symbols`], and its separate debug file, [`debug_link`];
//! - the file that a library was loaded from: [`Original`];
//! - on Linux, the files that a process has mapped, that of the running program: `executable`.
//!
//! The input is not trusted. For any bytes, the functions here return a result or an error, in
//! time and memory proportional to the size of the input. No code here executes or loads a
//! library.

mod budget;
mod code_sections;
pub mod elf;
mod error;
#[cfg(target_os = "linux")]
pub mod executable;
mod files;
mod image;
mod original;
pub mod prototypes;
mod runtime;
mod sections;
mod source_lines;

pub use code_sections::ve_code_sections;
pub use error::ReadError;
pub use files::debug_link;
pub use image::{DynamicSymbol, Linkage, data_symbols, dynamic_symbols};
pub use original::{FileStamp, Original};
pub use runtime::{ARCHER, is_of_exceptions, runtimes};
pub use source_lines::{SourceLines, SourceLocation};
