//! Finds functions of a library that nothing can call: the package declares some kernels of it, but not these. And the declarations
//! that nothing can be compared with.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget};
use veo_abi::prototype::Prototypes;

use crate::context::Context;
use crate::kernels::{Kernels, Kind};

/// The most functions that are named.
const NAMED: usize = 10;

/// A sentence on the functions that no declaration of the package names, if it declares others of the same library, and no other code
/// of the library uses. The flag tells whether that is likely a mistake: most functions are declared.
pub(crate) fn note(
    context: &Context,
    kernels: &Kernels,
    found: &Prototypes,
    parts: &[PathBuf],
) -> Option<(String, bool)> {
    let declared = declared(context, kernels);
    let wanted = declared
        .iter()
        .filter(|symbol| found.exports(symbol))
        .count();
    if wanted == 0 {
        return None;
    }
    let used = used(parts)?;
    let others: Vec<String> = found
        .iter()
        .filter(|(symbol, _)| !declared.contains(*symbol) && !used.contains(*symbol))
        // One that is declared without the underscore of Fortran's names gets an error of its own.
        .filter(|(symbol, _)| !declared.contains(symbol.trim_end_matches('_')))
        // C++ and Fortran modules make names that nobody writes.
        .filter(|(symbol, _)| !symbol.starts_with("_Z") && !symbol.starts_with("__"))
        .map(|(symbol, prototype)| match prototype.location() {
            Some(place) => format!("{symbol} ({place})"),
            None => symbol.to_string(),
        })
        .collect();
    if others.is_empty() {
        return None;
    }
    let more = match others.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let text = format!(
        "{}: no #[ve_kernel] declares {}{more}; what is no kernel can be `static` (Fortran: `private`)",
        kernels.name,
        others[..others.len().min(NAMED)].join(", ")
    );
    Some((text, others.len() <= wanted))
}

/// A sentence on the declared kernels that the library has, but no prototypes of.
pub(crate) fn unchecked(
    context: &Context,
    kernels: &Kernels,
    found: &Prototypes,
) -> Option<String> {
    if found.undescribed().is_empty() {
        return None;
    }
    let mut declared = declared(context, kernels);
    declared.retain(|symbol| found.get(symbol).is_none() && found.exports(symbol));
    if declared.is_empty() {
        return None;
    }
    let names: Vec<_> = declared.iter().take(NAMED).map(String::as_str).collect();
    let more = match declared.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "{}: not checked against their declarations, for lack of debug information: {}{more}",
        kernels.name,
        names.join(", ")
    ))
}

/// The symbols that the package's sources declare for this library.
fn declared(context: &Context, kernels: &Kernels) -> BTreeSet<String> {
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
    declared
}

/// The symbols that code or data of the library refers to; `None` if that cannot be told.
fn used(parts: &[PathBuf]) -> Option<BTreeSet<String>> {
    let mut used = BTreeSet::new();
    for part in parts {
        if part.extension().is_some_and(|extension| extension == "a") {
            return None;
        }
        let bytes = std::fs::read(part).ok()?;
        // LLVM's IR is not ELF; the object made from all of it is the last part.
        let Ok(file) = object::File::parse(&*bytes) else {
            continue;
        };
        let told = |name: &str| {
            [".debug", ".eh_frame", ".rela"]
                .iter()
                .any(|start| name.starts_with(start))
        };
        for section in file
            .sections()
            .filter(|section| !section.name().is_ok_and(told))
        {
            for (_, relocation) in section.relocations() {
                if let RelocationTarget::Symbol(index) = relocation.target()
                    && let Ok(symbol) = file.symbol_by_index(index)
                    && let Ok(name) = symbol.name()
                {
                    used.insert(name.to_string());
                }
            }
        }
    }
    Some(used)
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
