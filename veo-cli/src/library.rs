//! The file of a library, as commands read it.

use std::io::{BufReader, Read as _};
use std::path::Path;

use veo_abi::near_names;
use veo_abi::prototype::{Prototype, Prototypes};
use veo_debuginfo::elf::{self, Headers};
use veo_debuginfo::prototypes;

use crate::failure::CommandFailure;

/// A library and what its debug information says.
pub(crate) struct InspectedLibrary {
    /// The machine of its code: `x86_64`, `ve`.
    pub(crate) machine: String,
    pub(crate) prototypes: Prototypes,
}

/// Whether a file begins like an ELF file.
pub(crate) fn is_elf(path: &Path) -> bool {
    let mut magic = [0; 4];
    let read = elf::open(path).and_then(|(mut file, _)| file.read_exact(&mut magic));
    read.is_ok() && magic == *b"\x7fELF"
}

impl InspectedLibrary {
    /// Reads a shared library or an object file.
    pub(crate) fn read(path: &Path) -> Result<Self, CommandFailure> {
        let told = path.display();
        let (file, data) =
            elf::open(path).map_err(|why| CommandFailure::file("read", path, &why))?;
        if data.is_dir() {
            return Err(CommandFailure::failed(format_args!(
                "{told} is a directory; name the library in it"
            )));
        }
        if data.is_file() && !is_elf(path) {
            return Err(CommandFailure::failed(format_args!(
                "{told} is no library: it does not begin as an ELF file does{}",
                linker_script(path)
            )));
        }
        let headers = Headers::read(&mut BufReader::new(&file));
        if let Some(headers) = &headers
            && headers.end > data.len()
        {
            return Err(CommandFailure::failed(format_args!(
                "{told} is cut off: its headers speak of {} bytes, it has {}; build or copy it again",
                headers.end,
                data.len()
            )));
        }
        let prototypes = prototypes::read_file(path).map_err(|why| {
            let why = why.to_string();
            // Some of these sentences begin with the path.
            let why = why
                .strip_prefix(&format!("{told}: "))
                .unwrap_or(&why)
                .to_owned();
            CommandFailure::failed(format_args!("{told}: {why}"))
        })?;
        let machine = headers.map_or_else(|| "unknown".to_owned(), |it| machine_name(it.machine));
        Ok(Self {
            machine,
            prototypes,
        })
    }

    /// Whether any function has debug information.
    pub(crate) fn need_debug_information(&self, path: &Path) -> Result<(), CommandFailure> {
        if !self.prototypes.is_empty() {
            return Ok(());
        }
        let told = path.display();
        Err(CommandFailure::failed(
            match self.prototypes.undescribed.is_empty() {
                true => format!("{told} offers no functions"),
                false => format!(
                    "{told} has no debug information, so what its functions take is not known; compile it with -g, or use its header"
                ),
            },
        ))
    }

    /// The prototype of a function.
    pub(crate) fn function(&self, path: &Path, name: &str) -> Result<&Prototype, CommandFailure> {
        if let Some(found) = self.prototypes.get(name) {
            return Ok(found);
        }
        let told = path.display();
        if self.prototypes.exports(name) {
            let advice = match self.prototypes.is_empty() {
                true => "compile the library with -g",
                // `cos` and `strlen` of glibc are such functions.
                false => {
                    "others have some, so it may be written in assembly language, or its code is chosen when the library is loaded; \
                     declare it in Rust to call it"
                }
            };
            return Err(CommandFailure::failed(format_args!(
                "{told} has no debug information for `{name}`, so what it takes is not known; {advice}"
            )));
        }
        if self.prototypes.variables.iter().any(|it| it == name) {
            return Err(CommandFailure::failed(format_args!(
                "`{name}` of {told} is a variable, no function"
            )));
        }
        let described = self.prototypes.iter().map(|(name, _)| name);
        let names = described.chain(self.prototypes.undescribed.iter().map(String::as_str));
        let near = near_names(name, names);
        let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
        let hint = match near.is_empty() {
            true => "`veo symbols` lists those it has".to_owned(),
            false => format!("did you mean {}?", near.join(" or ")),
        };
        Err(CommandFailure::failed(format_args!(
            "{told} has no function `{name}`; {hint}"
        )))
    }
}

/// Whether the file is a linker script, as `libm.so` and other libraries of the system are: a
/// text that names the library.
fn linker_script(path: &Path) -> &'static str {
    let mut start = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(64).read_to_string(&mut start));
    if read.is_ok() && start.starts_with("/* GNU ld script") {
        "; it is a script for the linker, which names the library"
    } else {
        ""
    }
}

/// The name of a machine in ELF files.
fn machine_name(machine: u16) -> String {
    match machine {
        elf::X86_64 => "x86_64".to_owned(),
        elf::AARCH64 => "aarch64".to_owned(),
        elf::VE => "ve".to_owned(),
        other => format!("machine {other}"),
    }
}
