//! Prototypes from the debug information of ELF files, for the host and the VE.
//!
//! The input is not trusted. For any bytes, the functions here return a result or an error,
//! in time and memory proportional to the size of the input (`budget`). Only [`read_file`] and [`read_original`] touch files.

mod entries;
mod functions;
mod language;
mod lines;
mod location;
mod producer;
mod raw;
mod scalars;
mod types;
mod units;

use std::collections::BTreeMap;
use std::path::Path;

use veo_abi::prototype::Prototypes;

use crate::budget::Budget;
use crate::error::ReadError;
use crate::files::{debug_files, load, same_build};
use crate::image::ElfImage;
use crate::original::Original;
use functions::FunctionSearch;
use units::Units;

/// Reads the prototypes of the functions that a library or object file exports.
///
/// `elf` is a shared object, an executable or a relocatable object. `debug` is its separate
/// debug file, if there is one. A file without debug information gives no prototypes, which is
/// not an error.
///
/// # Errors
/// `elf` is not an ELF file or an unsupported or damaged one, or `debug` is of another build.
pub fn read(elf: &[u8], debug: Option<&[u8]>) -> Result<Prototypes, ReadError> {
    read_with(elf, debug, None)
}

/// Like [`read`], with the file to which `dwz -m` moved what several libraries share.
fn read_with(
    elf: &[u8],
    debug: Option<&[u8]>,
    shared: Option<&[u8]>,
) -> Result<Prototypes, ReadError> {
    let image = ElfImage::parse(elf)?;
    let companion = debug.map(ElfImage::parse).transpose()?;
    if let (Some(companion), Some(debug)) = (&companion, debug) {
        same_build(&image, companion, debug)?;
    }
    let source = match &companion {
        Some(companion) if companion.has_debug_info() => companion,
        _ => &image,
    };
    let shared_image = shared.map(ElfImage::parse).transpose()?;
    let length = [Some(elf), debug, shared]
        .into_iter()
        .flatten()
        .map(<[u8]>::len)
        .sum();
    let mut budget = Budget::new(length);
    let exports = image.exports(&mut budget)?;
    let mut notes = Vec::new();
    let data = source.debug_sections(length, &mut budget, &mut notes)?;
    let shared_data = match &shared_image {
        Some(image) => Some(image.debug_sections(length, &mut budget, &mut notes)?),
        None => None,
    };
    let units = Units::load(&data, shared_data.as_ref(), &mut budget, &mut notes)?;
    let mut functions = FunctionSearch::new(&units, source.machine(), &mut budget);
    functions.find(&exports, &mut notes)?;
    let (described, types) = functions.finish();
    let mut prototypes = Prototypes {
        functions: BTreeMap::new(),
        undescribed: Vec::new(),
        variables: image.variables(&mut budget)?.into_iter().collect(),
        notes,
        types,
    };
    for (export, prototype) in exports.into_iter().zip(described) {
        match prototype {
            Some(mut prototype) => {
                prototype.types = prototypes.types.clone();
                prototype.symbol.clone_from(&export.name);
                prototypes.functions.insert(export.name, prototype);
            }
            None => prototypes.undescribed.push(export.name),
        }
    }
    prototypes.undescribed.sort();
    prototypes.undescribed.dedup();
    Ok(prototypes)
}

/// Reads the prototypes of a library, with its separate debug file if it has one:
/// `<path>.debug` beside it, the file that its `.gnu_debuglink` names, or the system's file
/// for its build identifier.
///
/// # Errors
/// The file cannot be read, or as for [`read`]. A debug file that is missing or belongs to
/// another build is not an error. A note reports it.
pub fn read_file(path: &Path) -> Result<Prototypes, ReadError> {
    read_bytes(path, &load(path)?)
}

/// Like [`read_file`], for a file whose path may name another file now.
///
/// # Errors
/// As for [`read_file`], and if the file was written to.
pub fn read_original(file: &Original) -> Result<Prototypes, ReadError> {
    let bytes = file.bytes().map_err(|error| ReadError::Io {
        path: file.path().to_owned(),
        reason: error.to_string(),
    })?;
    read_bytes(file.path(), &bytes)
}

/// Reads the prototypes of the library `bytes`, whose path is or was `path`.
fn read_bytes(path: &Path, bytes: &[u8]) -> Result<Prototypes, ReadError> {
    let image = ElfImage::parse(bytes)?;
    if image.has_debug_info() {
        return with_shared(path, bytes, None);
    }
    let mut notes = Vec::new();
    for candidate in debug_files(path, &image) {
        let read = load(&candidate).and_then(|debug| with_shared(&candidate, bytes, Some(&debug)));
        match read {
            Ok(mut prototypes) => {
                prototypes.notes.splice(0..0, notes);
                return Ok(prototypes);
            }
            Err(error) => notes.push(format!("{} was not used: {error}", candidate.display())),
        }
    }
    let mut prototypes = read(bytes, None)?;
    prototypes.notes.splice(0..0, notes);
    Ok(prototypes)
}

/// Reads prototypes. If the debug information refers to a file to which `dwz -m` moved what
/// several libraries share, reads that too. `path` is the file with the debug information.
fn with_shared(path: &Path, library: &[u8], debug: Option<&[u8]>) -> Result<Prototypes, ReadError> {
    let Some((name, id)) = ElfImage::parse(debug.unwrap_or(library))?.shared_link() else {
        return read_with(library, debug, None);
    };
    let name = String::from_utf8_lossy(name).into_owned();
    // A relative name is relative to the file itself, not to a link to it.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let shared = real.parent().unwrap_or(Path::new(".")).join(name);
    let read = load(&shared).and_then(|bytes| {
        if ElfImage::parse(&bytes)?
            .build_id()
            .is_some_and(|other| other != id)
        {
            return Err(ReadError::OtherBuild("the build identifiers differ"));
        }
        read_with(library, debug, Some(&bytes))
    });
    match read {
        Ok(prototypes) => Ok(prototypes),
        Err(error) => {
            let mut prototypes = read_with(library, debug, None)?;
            prototypes.notes.insert(
                0,
                format!(
                    "the types that dwz moved to {} are unknown: {error}",
                    shared.display()
                ),
            );
            Ok(prototypes)
        }
    }
}
