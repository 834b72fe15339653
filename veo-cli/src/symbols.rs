//! `veo symbols`: the functions of a library, with their prototypes and source lines.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use serde::Serialize;

use crate::failure::CommandFailure;
use crate::library::InspectedLibrary;
use crate::output::{Answer, Console, Page, lossy};
use crate::sources;

/// List the functions and variables that a library offers
#[derive(clap::Args)]
#[command(override_usage = "veo symbols LIBRARY [--undeclared SOURCES...]")]
pub(crate) struct Symbols {
    /// The library, for the host or the VE
    library: PathBuf,
    /// Only functions that these Rust sources do not declare
    #[arg(long, value_name = "SOURCES", num_args = 1..)]
    undeclared: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Listing {
    library: String,
    /// The machine of its code.
    machine: String,
    functions: Vec<ListedFunction>,
    /// None if only undeclared functions were asked for.
    variables: Vec<String>,
    /// Sentences about debug information that could not be read.
    notes: Vec<String>,
}

#[derive(Serialize)]
struct ListedFunction {
    name: String,
    /// The prototype in C; null without debug information.
    prototype: Option<String>,
    file: Option<String>,
    line: Option<u32>,
}

pub(crate) fn run(command: &Symbols, console: &Console) -> Result<(), CommandFailure> {
    let library = InspectedLibrary::read(&command.library)?;
    let found = &library.prototypes;
    let described = found.iter().map(|(name, prototype)| ListedFunction {
        name: name.to_owned(),
        prototype: Some(prototype.to_string()),
        file: prototype.file.clone(),
        line: prototype.line,
    });
    let undescribed = found.undescribed.iter().map(|name| ListedFunction {
        name: name.clone(),
        prototype: None,
        file: None,
        line: None,
    });
    let mut functions: Vec<ListedFunction> = described.chain(undescribed).collect();
    functions.sort_by(|a, b| a.name.cmp(&b.name));
    let mut variables = found.variables.clone();
    if !command.undeclared.is_empty() {
        let name = sources::library_name(&command.library);
        let declared = sources::read(&command.undeclared)?;
        let declared: BTreeSet<String> = declared.symbols(&name).collect();
        functions.retain(|function| !declared.contains(&function.name));
        variables.clear();
    }
    console.give(&Listing {
        library: lossy(&command.library),
        machine: library.machine,
        functions,
        variables,
        notes: found.notes.clone(),
    })
}

impl Answer for Listing {
    fn print(&self, page: &mut Page) -> io::Result<()> {
        page.line(format_args!("{} ({})", self.library, self.machine))?;
        for function in &self.functions {
            let place = match (&function.file, function.line) {
                (Some(file), Some(line)) => format!("  // {file}:{line}"),
                (Some(file), None) => format!("  // {file}"),
                _ => String::new(),
            };
            match &function.prototype {
                Some(prototype) => page.line(format_args!("{prototype};{place}"))?,
                None => page.line(format_args!("{}  // no debug information", function.name))?,
            }
        }
        for variable in &self.variables {
            page.line(format_args!("{variable}  // variable"))?;
        }
        for note in &self.notes {
            page.line(format_args!("// {note}"))?;
        }
        Ok(())
    }
}
