//! Why an image cannot be loaded.

use crate::memory::MemoryError;

/// Why an image cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file is not one that can be loaded.
    #[error("{name}: {damage}")]
    Damaged {
        /// The file.
        name: String,
        /// What is wrong with it.
        damage: String,
    },
    /// Names that nothing defines.
    #[error("not defined: {}", listed(.names))]
    Undefined {
        /// Each name with the file that needs it.
        names: Vec<(String, String)>,
    },
    /// Two files define a name.
    #[error("{name} is defined in {first}, and again in {second}")]
    Duplicate {
        /// The name.
        name: String,
        /// The file that was loaded first.
        first: String,
        /// The other.
        second: String,
    },
    /// There is no memory for it.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

fn listed(names: &[(String, String)]) -> String {
    names
        .iter()
        .map(|(name, file)| format!("{name} (needed by {file})"))
        .collect::<Vec<_>>()
        .join(", ")
}
