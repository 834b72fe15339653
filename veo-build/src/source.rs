//! Source files and their languages.

use std::path::Path;

/// The language of a kernel source, told by its file name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// `.c`
    C,
    /// `.f .for .f77 .f90 .f95 .f03 .f08`, also in capitals
    Fortran,
    /// `.cc .cpp .cxx .c++ .C`
    Cxx,
}

impl Language {
    /// The language a file name stands for, `None` if it is not a source.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        match extension {
            "C" => return Some(Self::Cxx),
            "c" => return Some(Self::C),
            _ => {}
        }
        match extension.to_ascii_lowercase().as_str() {
            "cc" | "cpp" | "cxx" | "c++" => Some(Self::Cxx),
            "f" | "for" | "ftn" | "f77" | "f90" | "f95" | "f03" | "f08" => Some(Self::Fortran),
            _ => None,
        }
    }
}
