//! Rust files with declarations, as commands read them.

use std::path::{Path, PathBuf};

use veo_syntax::{SourceMistake, Sources};

use crate::failure::CommandFailure;
use crate::files;
use crate::output::lossy;

/// Runs a function that reads and compares sources on a thread with enough stack.
pub(crate) fn with_stack(
    work: impl FnOnce() -> Result<(), CommandFailure> + Send,
) -> Result<(), CommandFailure> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(Sources::STACK);
        let thread = thread.spawn_scoped(scope, work).map_err(|why| {
            CommandFailure::failed(format_args!("cannot start a thread to read sources: {why}"))
        })?;
        match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Reads Rust files with declarations.
pub(crate) fn read(files: &[PathBuf]) -> Result<Sources, CommandFailure> {
    let mut sources = Sources::default();
    for path in files {
        let bytes = files::read(path).map_err(|why| CommandFailure::file("read", path, &why))?;
        let told = path.display();
        let text = String::from_utf8(bytes).map_err(|_| {
            CommandFailure::failed(format_args!("{told} is no Rust source: it is not UTF-8"))
        })?;
        sources.add(&lossy(path), &text).map_err(|wrong| {
            let SourceMistake {
                line,
                column,
                message,
                ..
            } = wrong;
            CommandFailure::failed(format_args!(
                "{told}:{line}:{column}: this cannot be read as Rust: {message}"
            ))
        })?;
    }
    Ok(sources)
}

/// The name of a library in declarations.
pub(crate) fn library_name(library: &Path) -> String {
    library.file_name().map(lossy).unwrap_or_default()
}
