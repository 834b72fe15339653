//! Which machine code a VE process runs. This is the one place that says so: whoever looks
//! for a library, refuses one or prepares a call asks here.

use veo_debuginfo::elf;

/// A kind of machine code that a VE process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// That of the host's own processor.
    Native = 1,
}

impl Code {
    /// All kinds, the preferred one first.
    pub(crate) const ALL: [Code; 1] = [Code::Native];

    /// The machine number of its ELF files.
    pub(crate) const fn machine(self) -> u16 {
        match self {
            Code::Native => elf::HOST,
        }
    }

    /// The kind that files with this machine number have.
    pub(crate) fn of_machine(machine: u16) -> Option<Code> {
        Code::ALL.into_iter().find(|code| code.machine() == machine)
    }

    /// The kind of this number, which came from elsewhere.
    pub(crate) fn from_byte(byte: u8) -> Option<Code> {
        Code::ALL.into_iter().find(|code| *code as u8 == byte)
    }

    /// Whether the type of an argument decides where its word goes, and that of the result
    /// where it is found. Where not, each word is passed as it comes.
    pub(crate) fn has_classes(self) -> bool {
        match self {
            Code::Native => true,
        }
    }
}
