//! `veo declare`: the functions of a library or of a header as `#[ve_kernel]` declarations that compile as they stand.
//!
//! For a library it reads the debug information ([`library`]). A header is imported as a build script would do it ([`header`]).

mod header;
mod library;
mod names;
mod records;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::failure::CommandFailure;
use crate::library::{InspectedLibrary, is_elf};
use crate::output::{Answer, Console, Page, lossy};

/// Write declarations of kernels for a library or a C header
///
/// A function that cannot be declared is a comment at the end, with the reason. A header needs libclang.
#[derive(clap::Args)]
pub(crate) struct Declare {
    /// The library, with debug information, or the header
    #[arg(value_name = "LIB|HEADER")]
    source: PathBuf,
    /// The library that the declarations name [default: the file name of LIB, libNAME.so for NAME.h]
    #[arg(long, value_name = "LIB", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    lib: Option<String>,
    /// For a header: a directory to search for others
    #[arg(short = 'I', value_name = "DIR")]
    include: Vec<PathBuf>,
    /// For a header: headers that it includes, to be declared too, as a regular expression for their whole paths: '.*/bits/.*'
    #[arg(long, value_name = "PATTERN")]
    also_from: Vec<String>,
    /// For a header: an argument for clang, as in --clang-arg=-DNAME=1; may be repeated
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    clang_arg: Vec<String>,
}

#[derive(Serialize)]
struct Declarations {
    source: String,
    /// The library that the declarations name.
    library: String,
    /// Rust.
    text: String,
}

pub(crate) fn run(command: &Declare, console: &Console) -> Result<(), CommandFailure> {
    let path = &command.source;
    let data = fs::metadata(path).map_err(|why| CommandFailure::file("read", path, &why))?;
    if data.is_dir() {
        return Err(CommandFailure::failed(format_args!(
            "{} is a directory; name a library or a header in it",
            path.display()
        )));
    }
    if !data.is_file() {
        return Err(CommandFailure::failed(format_args!(
            "{} is no regular file",
            path.display()
        )));
    }
    let library = match &command.lib {
        Some(name) => name.clone(),
        None => default_library(path)?,
    };
    let text = if is_elf(path) {
        let file = InspectedLibrary::read(path)?;
        file.need_debug_information(path)?;
        library::declarations(&library, &file.prototypes)
    } else {
        header::declarations(command, &library)?
    };
    console.give(&Declarations {
        source: lossy(path),
        library,
        text,
    })
}

fn default_library(path: &Path) -> Result<String, CommandFailure> {
    let unnamed = || {
        CommandFailure::usage(format_args!(
            "{} has no name for a library in UTF-8; give one with --lib",
            path.display()
        ))
    };
    if is_elf(path) {
        let name = path.file_name().and_then(|name| name.to_str());
        return name.map(str::to_owned).ok_or_else(unnamed);
    }
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    stem.map(|stem| format!("lib{stem}.so")).ok_or_else(unnamed)
}

impl Answer for Declarations {
    fn print(&self, page: &mut Page) -> io::Result<()> {
        page.raw().write_all(self.text.as_bytes())
    }
}
