//! Which machine code a VE process runs, and how files tell it. The search for a library, the
//! check of a file and the preparation of a call ask here. Which kind is taken where there are
//! libraries of both is the host's choice: `host::library_file`.

use std::path::Path;

use veo_debuginfo::elf::{self, Headers};

/// A kind of machine code that a VE process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum MachineCode {
    /// Code of the host's own processor.
    Native = 1,
    /// Code of the Vector Engine.
    Ve = 2,
}

impl MachineCode {
    /// All kinds, the preferred one first.
    pub(crate) const ALL: [MachineCode; 2] = [MachineCode::Native, MachineCode::Ve];

    /// The machine number of its ELF files.
    pub(crate) const fn machine(self) -> u16 {
        match self {
            MachineCode::Native => elf::HOST,
            MachineCode::Ve => elf::VE,
        }
    }

    /// The kind of code in files with this machine number.
    pub(crate) fn of_machine(machine: u16) -> Option<MachineCode> {
        MachineCode::ALL
            .into_iter()
            .find(|code| code.machine() == machine)
    }

    /// The kind of code in a file, if it has one that runs here.
    pub(crate) fn of_file(path: &Path) -> Option<MachineCode> {
        let (mut file, _) = elf::open(path).ok()?;
        MachineCode::of_machine(Headers::read(&mut file)?.machine)
    }

    /// The kind with this number, which comes from another process.
    pub(crate) fn from_byte(byte: u8) -> Option<MachineCode> {
        MachineCode::ALL
            .into_iter()
            .find(|code| *code as u8 == byte)
    }

    /// Whether the types of arguments and result decide which registers hold their words. If
    /// not, each word is passed as it is.
    pub(crate) fn has_classes(self) -> bool {
        match self {
            MachineCode::Native => true,
            MachineCode::Ve => false,
        }
    }

    /// Whether a file with these headers can be loaded, as far as they tell: a shared object, or for
    /// the Vector Engine also a relocatable one.
    pub(crate) fn is_loadable(self, headers: &Headers) -> bool {
        headers.shared || self == MachineCode::Ve && headers.relocatable
    }
}
