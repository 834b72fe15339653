//! Declarations of kernels from a C header.
//!
//! ```text
//! header --clang--> bindings --catalogue, values, cursors--> items by name --translate--> what #[ve_kernel] can say --emit--> import/k.rs
//! ```

mod bounds;
mod catalogue;
mod clang;
mod comment;
mod contract;
mod cursors;
mod emit;
mod string;
mod translate;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use regex::Regex;
use veo_abi::build_dir;

use self::catalogue::Catalogue;
use self::clang::HeaderReader;
use self::contract::Contracts;
use crate::context::{self, Context};
use crate::directives::Directives;
use crate::headers;
use crate::import_options::Import;
use crate::kernels::Kernels;
use crate::{Error, Result};

/// The result of an import.
pub(crate) struct Imported {
    /// The file of declarations.
    pub(crate) file: PathBuf,
    /// Its line in the build note.
    pub(crate) note: String,
}

/// Writes the declarations of all headers that the builder names.
pub(crate) fn write(
    context: &Context,
    kernels: &Kernels,
    directives: &mut Directives,
) -> Result<Vec<Imported>> {
    if kernels.imports.is_empty() {
        return Ok(Vec::new());
    }
    headers::write(context)?;
    let mut imported: Vec<Imported> = Vec::new();
    for import in &kernels.imports {
        let file = file(context, &import.stem()?);
        let twice = imported.iter().any(|other| other.file == file);
        if twice || taken(&file, kernels, import) {
            return Err(Error::invalid(format!(
                "{}: the declarations of two headers have the name `{}`; give one of them another with .name(..)",
                kernels.name,
                import.stem()?
            )));
        }
        imported.push(one(context, kernels, import, directives)?);
    }
    Ok(imported)
}

/// Whether another library of this build script, or another header, already has this file. The same header may try again.
fn taken(file: &Path, kernels: &Kernels, import: &Import) -> bool {
    type Made = BTreeMap<PathBuf, (String, PathBuf)>;
    static MADE: Mutex<Made> = Mutex::new(Made::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let this = (kernels.name.clone(), import.header.clone());
    *made.entry(file.to_owned()).or_insert_with(|| this.clone()) != this
}

/// Writes files without declarations. Sources include these files, and an editor can then analyse them without a build.
pub(crate) fn write_empty(context: &Context, kernels: &Kernels) -> Result<()> {
    for import in &kernels.imports {
        let file = file(context, &import.stem()?);
        if !file.exists() {
            context::write_if_changed(&file, b"// Nothing was imported: the build was skipped.\n")?;
        }
    }
    Ok(())
}

/// The file for the declarations.
fn file(context: &Context, stem: &str) -> PathBuf {
    context
        .out
        .join(build_dir::IMPORTS)
        .join(format!("{stem}.rs"))
}

/// Writes the declarations of one header.
fn one(
    context: &Context,
    kernels: &Kernels,
    import: &Import,
    directives: &mut Directives,
) -> Result<Imported> {
    let stem = import.stem()?;
    let header = import.header.display().to_string();
    let lib = import.lib.as_deref().unwrap_or(&kernels.name);
    // bindgen silently ignores an invalid pattern.
    patterns(&import.also_from)?;
    let reader = HeaderReader::new(context, kernels, import, directives)?;
    let bindings = reader.read();
    for file in reader.files() {
        directives.watch(&file);
    }
    // A new header in one of these directories may hide a header that was read.
    let near = import.header.parent().filter(|_| reader.is_in_package());
    for dir in kernels
        .all
        .includes
        .iter()
        .map(PathBuf::as_path)
        .chain(near)
    {
        let dir = context.package.join(dir);
        if dir.is_dir() {
            directives.watch(&dir);
        }
    }
    let mut catalogue = Catalogue::new(bindings?);
    values::complete(&mut catalogue, &reader);
    catalogue.view = reader.view();
    if import.without_bounds {
        catalogue.view.bounds.clear();
    }
    choose(&mut catalogue, import)?;
    let contracts = Contracts::new(&import.requires)?;
    let names = catalogue.functions.iter();
    let names: Vec<String> = names.map(|it| it.sig.ident.to_string()).collect();
    contracts.check(&header, names.iter().map(String::as_str))?;
    let module = emit::module(&catalogue, &header, lib, import, &contracts)?;
    if module.functions == 0 {
        return Err(nothing(&header, import, &module, &reader));
    }
    let path = file(context, &stem);
    context::write_if_changed(&path, module.text.as_bytes())?;
    let note = note(&header, lib, &module);
    let visible = kernels.cargo_warnings && !module.left_out.is_empty();
    directives.note(note.clone(), visible);
    Ok(Imported { file: path, note })
}

/// Keeps only the declarations that the settings ask for.
fn choose(catalogue: &mut Catalogue, import: &Import) -> Result<()> {
    let (only, without) = (patterns(&import.functions)?, patterns(&import.without)?);
    let wanted = |name: &str| {
        let named = |patterns: &[Regex]| patterns.iter().any(|pattern| pattern.is_match(name));
        (only.is_empty() || named(&only)) && !named(&without)
    };
    let name = |function: &syn::ForeignItemFn| function.sig.ident.to_string();
    catalogue.functions.retain(|it| wanted(&name(it)));
    catalogue.foreign.retain(|(it, _)| wanted(&name(it)));
    catalogue.defined.retain(|name| wanted(name));
    catalogue.variables.retain(|(name, _)| wanted(name));
    let macro_name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let silenced = |line: &str| without.iter().any(|it| it.is_match(&macro_name(line)));
    catalogue.valueless.retain(|line| !silenced(line));
    Ok(())
}

/// The error for a header without a function that can be declared.
fn nothing(
    header: &str,
    import: &Import,
    module: &emit::Module,
    reader: &HeaderReader<'_>,
) -> Error {
    const SHOWN: usize = 5;
    let left_out = &module.left_out;
    let mut text = if !left_out.is_empty() {
        let mut lines = left_out[..left_out.len().min(SHOWN)].join("\n  ");
        if let Some(more @ 1..) = left_out.len().checked_sub(SHOWN) {
            lines.push_str(&format!("\n  and {more} more"));
        }
        format!("no function of {header} can be declared as a kernel:\n  {lines}")
    } else if import.functions.is_empty() && import.without.is_empty() {
        format!("{header} declares no function")
    } else {
        format!("{header} declares no function of the names asked for")
    };
    let imported = reader.imported_files();
    let others: Vec<String> = reader
        .functions_of_all_files()
        .into_iter()
        .filter(|(file, _)| !imported.iter().any(|it| it == Path::new(file)))
        .take(SHOWN)
        .map(|(file, count)| format!("\n  {file} ({count})"))
        .collect();
    if !others.is_empty() {
        text.push_str(&format!(
            "\n\nhelp: .also_from(\"pattern\") imports headers that {header} includes, too; the pattern is a regular expression \
             for their whole paths. These files declare functions:{}",
            others.concat()
        ));
    }
    Error::invalid(text)
}

/// Regular expressions for whole names.
fn patterns(texts: &[String]) -> Result<Vec<Regex>> {
    texts.iter().map(|text| whole(text)).collect()
}

/// A pattern for the whole of a name.
fn whole(text: &str) -> Result<Regex> {
    Regex::new(&format!("^(?:{text})$"))
        .map_err(|error| Error::invalid(format!("`{text}` is not a regular expression: {error}")))
}

/// `k.h: 12 functions imported for libk.so; left out: give (it returns a structure)`
fn note(header: &str, lib: &str, module: &emit::Module) -> String {
    const SHOWN: usize = 8;
    let count = module.functions;
    let plural = if count == 1 { "" } else { "s" };
    let mut note = format!("{header}: {count} function{plural} imported for {lib}");
    if !module.left_out.is_empty() {
        let shown: Vec<&str> = module
            .left_out
            .iter()
            .take(SHOWN)
            .map(String::as_str)
            .collect();
        note.push_str(&format!("; left out: {}", shown.join(", ")));
        let more = module.left_out.len().saturating_sub(SHOWN);
        if more > 0 {
            note.push_str(&format!(
                ", and {more} more, listed at the end of the declarations"
            ));
        }
    }
    note
}
