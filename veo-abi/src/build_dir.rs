//! The layout of a build script's output. `veo-build` writes it, the macro and the runtime read it.
//!
//! | below `OUT_DIR` | |
//! |---|---|
//! | `veo/<target>/<library>` | a library of kernels for one target |
//! | `veo/prototypes/<library>.txt` | the prototypes of its functions |
//! | `veo/import/<header>.rs` | declarations imported from a C header |
//! | `veo/note.txt` | what the build script said of all its libraries |
//! | `veo/work` | where the build makes all of it; nobody else looks there |

use std::path::{Path, PathBuf};

/// The directory of the whole output, below `OUT_DIR`.
pub const DIR: &str = "veo";
/// The directory of prototypes, below [`DIR`].
pub const PROTOTYPES: &str = "prototypes";
/// The directory of imported declarations, below [`DIR`].
pub const IMPORTS: &str = "import";

/// The file below [`DIR`] with what the build script said of all its libraries.
pub const NOTE: &str = "note.txt";

/// The directory below [`DIR`] where the build makes all of it.
pub const WORK: &str = "work";

/// The target of the machine that the program runs on.
pub const HOST: &str = "host";
/// The target of VE1 and VE2 cards.
pub const VE1: &str = "ve1";
/// The target of VE3 cards.
pub const VE3: &str = "ve3";
/// The target of VE1 machine code by LLVM.
pub const VE1_LLVM: &str = "ve1-llvm";

/// The directory of the whole output.
#[must_use]
pub fn of(out_dir: &Path) -> PathBuf {
    out_dir.join(DIR)
}

/// The path of a library for one target.
#[must_use]
pub fn library(out_dir: &Path, target: &str, name: &str) -> PathBuf {
    of(out_dir).join(target).join(name)
}

/// The name of the file with a library's prototypes, below [`PROTOTYPES`].
#[must_use]
pub fn prototypes_file(library: &str) -> String {
    format!("{library}.txt")
}

/// The library whose prototypes are in a file of this name.
#[must_use]
pub fn library_of_prototypes(file: &str) -> Option<&str> {
    file.strip_suffix(".txt")
}

/// [`IMPORTS`] as text between `OUT_DIR` and a file's name, for `concat!`, which takes no constants.
#[doc(hidden)]
#[macro_export]
macro_rules! imports_in_out_dir {
    () => {
        "/veo/import/"
    };
}

#[cfg(test)]
mod tests {
    use super::{DIR, IMPORTS};

    #[test]
    fn the_text_for_concat_is_that_of_the_constants() {
        assert_eq!(imports_in_out_dir!(), format!("/{DIR}/{IMPORTS}/"));
    }
}
