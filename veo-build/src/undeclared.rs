//! Finds functions of a library that the package declares some kernels of, but not these.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use veo_abi::prototype::Prototypes;

use crate::context::Context;
use crate::kernels::{Kernels, Kind};

/// A sentence on the functions that no declaration of the package names, if it declares others of the same library.
pub(crate) fn note(context: &Context, kernels: &Kernels, found: &Prototypes) -> Option<String> {
    let mut sources = Vec::new();
    for dir in ["src", "examples", "tests", "benches"] {
        rust_sources(&context.package.join(dir), &mut sources);
    }
    let mut declared = BTreeSet::new();
    for source in sources {
        // What cannot be read here, the compiler will speak about.
        let Ok(text) = std::fs::read_to_string(&source) else {
            continue;
        };
        if !text.contains("ve_kernel") {
            continue;
        }
        for kernel in veo_syntax::declared(&text) {
            let of_this = match &kernel.library {
                Some(library) => *library == kernels.name,
                None => kernels.kind == Kind::StaticVeorun,
            };
            if of_this {
                declared.insert(kernel.symbol);
            }
        }
    }
    let others: Vec<String> = found
        .iter()
        .filter(|(symbol, _)| !declared.contains(*symbol))
        .map(|(symbol, prototype)| match prototype.location() {
            Some(place) => format!("{symbol} ({place})"),
            None => symbol.to_string(),
        })
        .collect();
    if others.is_empty() || !declared.iter().any(|symbol| found.exports(symbol)) {
        return None;
    }
    Some(format!(
        "{}: no #[ve_kernel] declares {}",
        kernels.name,
        others.join(", ")
    ))
}

fn rust_sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        // Links are not followed: they may lead in a circle.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            rust_sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
