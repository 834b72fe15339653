//! `veo check`: compares declarations in Rust sources with a library, as a build does.

use std::io;
use std::path::PathBuf;

use serde::Serialize;
use veo_syntax::SourceMistake;

use crate::failure::CommandFailure;
use crate::library::InspectedLibrary;
use crate::output::{Answer, Console, Page, lossy};
use crate::sources;

/// Compare declarations in Rust sources with a library
///
/// The messages are those of a build. The status is 1 if a declaration is wrong.
#[derive(clap::Args)]
pub(crate) struct CheckCommand {
    /// The library, for the host or the VE, with debug information
    library: PathBuf,
    /// Rust files with declarations
    #[arg(required = true)]
    sources: Vec<PathBuf>,
}

#[derive(Serialize)]
struct CheckedDeclarations {
    library: String,
    /// Declarations of this library that were compared.
    compared: usize,
    mistakes: Vec<FoundMistake>,
    /// Sentences about declarations that could not be compared.
    notes: Vec<String>,
}

#[derive(Serialize)]
struct FoundMistake {
    file: String,
    /// From 1, as the column.
    line: usize,
    column: usize,
    message: String,
}

pub(crate) fn run(command: &CheckCommand, console: &Console) -> Result<(), CommandFailure> {
    let library = InspectedLibrary::read(&command.library)?;
    let sources = sources::read(&command.sources)?;
    let name = sources::library_name(&command.library);
    let found = sources.compare(&name, &library.prototypes);
    let mut notes = found.notes;
    if library.prototypes.is_empty() {
        notes.push(format!(
            "{name} has no debug information: only the names of functions are compared"
        ));
    } else if !found.names_only.is_empty() {
        let functions = found.names_only.join(", ");
        notes.push(format!(
            "no debug information, so only the names are compared: {functions}"
        ));
    }
    if found.compared == 0 && found.mistakes.is_empty() {
        let named = sources.libraries();
        return Err(CommandFailure::failed(match named.is_empty() {
            true => "the sources declare no kernels of a library".to_owned(),
            false => format!(
                "the sources declare no kernels of {name}; they name {}",
                named.join(", ")
            ),
        }));
    }
    let mistakes: Vec<FoundMistake> = found.mistakes.into_iter().map(FoundMistake::from).collect();
    let is_right = mistakes.is_empty();
    console.give(&CheckedDeclarations {
        library: lossy(&command.library),
        compared: found.compared,
        mistakes,
        notes,
    })?;
    if is_right {
        Ok(())
    } else {
        Err(CommandFailure::Answered)
    }
}

impl From<SourceMistake> for FoundMistake {
    fn from(mistake: SourceMistake) -> Self {
        Self {
            file: mistake.file,
            line: mistake.line,
            column: mistake.column,
            message: mistake.message,
        }
    }
}

impl Answer for CheckedDeclarations {
    fn print(&self, page: &mut Page) -> io::Result<()> {
        for mistake in &self.mistakes {
            let FoundMistake {
                file,
                line,
                column,
                message,
            } = mistake;
            page.line(format_args!(
                "error: {message}\n  --> {file}:{line}:{column}\n"
            ))?;
        }
        for note in &self.notes {
            page.line(format_args!("note: {note}"))?;
        }
        let declarations = match self.compared {
            1 => "1 declaration".to_owned(),
            count => format!("{count} declarations"),
        };
        let verdict = match self.mistakes.len() {
            0 => "no mistakes".to_owned(),
            1 => "1 mistake".to_owned(),
            count => format!("{count} mistakes"),
        };
        page.line(format_args!(
            "{declarations} of {} compared: {verdict}",
            self.library
        ))
    }
}
