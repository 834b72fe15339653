//! Prototypes from the debug information of ELF files, for the host and the VE.
//!
//! The input is not trusted: whatever the bytes are, the functions here come
//! back with a result or an error, in time and memory proportional to the
//! size of the input ([`budget`]). Only [`read_file`] and [`Original`] touch files.

mod abbreviations;
mod budget;
mod convention;
mod elf;
mod entries;
mod files;
mod functions;
mod language;
mod lines;
mod location;
mod original;
mod producer;
mod scalars;
mod types;
mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::model::Prototypes;
use budget::{Budget, Stop};
use elf::Elf;
use functions::Functions;
use units::Units;

pub use files::{debug_file_belongs, debug_link, read_file, read_original};
pub use original::{Original, Stamp};

/// Why the prototypes of a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: String,
    },
    /// The bytes are no ELF file.
    #[error("not an ELF file: a kernel library starts with the bytes 7f 45 4c 46")]
    NotElf,
    /// An ELF file of a kind that no VE or VE host uses.
    #[error("{0}; kernel libraries are 64-bit little-endian ELF files")]
    Unsupported(&'static str),
    /// The file contradicts itself.
    #[error("the ELF file is damaged: {0}; build it again")]
    Damaged(String),
    /// The debug file belongs to another build of the library.
    #[error("the debug file does not belong to this library ({0}); build both again")]
    OtherBuild(&'static str),
    /// Reading would take more time or memory than any file of this size deserves.
    #[error("the debug information is too entangled to be read; it is probably damaged")]
    TooComplex,
}

impl From<Stop> for ReadError {
    fn from(stop: Stop) -> ReadError {
        match stop {
            Stop::Exhausted => ReadError::TooComplex,
            Stop::Damaged(error) => ReadError::Damaged(error.to_string()),
        }
    }
}

/// Reads the prototypes of the functions that a library or object file exports.
///
/// `elf` is a shared object, an executable or a relocatable object; `debug` the
/// file with its debug information, where that is kept apart. A file without
/// debug information gives no prototypes and is no error.
///
/// # Errors
/// No ELF file, an unsupported or damaged one, or a debug file of another build.
pub fn read(elf: &[u8], debug: Option<&[u8]>) -> Result<Prototypes, ReadError> {
    read_with(elf, debug, None)
}

/// [`read`], with the file that `dwz -m` has moved what several libraries share to.
fn read_with(
    elf: &[u8],
    debug: Option<&[u8]>,
    shared: Option<&[u8]>,
) -> Result<Prototypes, ReadError> {
    let image = Elf::parse(elf)?;
    let companion = debug.map(Elf::parse).transpose()?;
    if let (Some(companion), Some(debug)) = (&companion, debug) {
        files::same_build(&image, companion, debug)?;
    }
    let source = match &companion {
        Some(companion) if companion.has_debug_info() => companion,
        _ => &image,
    };
    let shared_image = shared.map(Elf::parse).transpose()?;
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
    let mut functions = Functions::new(&units, source.machine(), &mut budget);
    functions.find(&exports, &mut notes)?;
    let (described, types) = functions.finish();
    let mut prototypes = Prototypes {
        functions: BTreeMap::new(),
        undescribed: Vec::new(),
        variables: image.variables(&mut budget)?,
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

/// The symbols of a library that are defined and cannot be called: variables, also those of
/// threads, and whatever else lies outside its code.
///
/// # Errors
/// As for [`read`].
pub fn data_symbols(elf: &[u8]) -> Result<BTreeSet<String>, ReadError> {
    Elf::parse(elf)?.data_symbols(&mut Budget::new(elf.len()))
}
