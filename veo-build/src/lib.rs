//! Compiles VE kernels from a build script.
//!
//! ```no_run
//! // build.rs
//! veo_build::Kernels::new("libvetest.so").file("kernels/add.c").compile();
//! ```

mod args;
mod build;
mod command;
mod context;
mod debug;
mod depfile;
mod env;
mod error;
mod headers;
mod kernels;
mod link;
mod note;
mod object;
mod options;
mod output;
mod probe;
mod prototypes;
mod scan;
mod schedule;
mod source;
mod stamp;
mod target;
mod tool;
mod toolchain;

pub use build::{Built, BuiltTarget};
pub use error::{Error, ErrorKind, Result};
pub use kernels::Kernels;
pub use options::Options;
pub use source::Language;
pub use target::Target;
