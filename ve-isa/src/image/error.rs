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
        /// The mistake.
        damage: String,
    },
    /// Names that nothing defines.
    #[error("not defined: {}{}", listed(.names), advice(.names))]
    Undefined {
        /// Each name with the file that needs it.
        names: Vec<(String, String)>,
    },
    /// Libraries that files need and nobody has loaded.
    #[error("needed libraries are not loaded: {}; load them first or together", listed(.names))]
    Libraries {
        /// Each library with the file that needs it.
        names: Vec<(String, String)>,
    },
    /// An image cannot be unloaded.
    #[error("{name} cannot be unloaded, since {user} uses it; unload that first or together")]
    InUse {
        /// The image.
        name: String,
        /// An image that uses it.
        user: String,
    },
    /// An image that is not loaded, or no longer.
    #[error("no such image is loaded; it may have been unloaded already")]
    Unknown,
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

impl ImageError {
    pub(super) fn damaged(name: &str, damage: impl Into<String>) -> Self {
        Self::Damaged {
            name: name.to_owned(),
            damage: damage.into(),
        }
    }
}

fn listed(names: &[(String, String)]) -> String {
    names
        .iter()
        .map(|(name, file)| format!("{name} (needed by {file})"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The beginnings of names that C++ needs at run time: exceptions, classes of type descriptions, the standard library.
const OF_CPP: [&str; 9] = [
    "__cxa_",
    "__dynamic_cast",
    "__gxx_personality_",
    "_Unwind_",
    "_ZNKSt",
    "_ZNSt",
    "_ZSt",
    "_ZTISt",
    "_ZTVSt",
];

/// Advice about names of a library that nobody provides.
fn advice(names: &[(String, String)]) -> &'static str {
    let is_of_cpp = |name: &str| OF_CPP.iter().any(|start| name.starts_with(start));
    if names.iter().any(|(name, _)| is_of_cpp(name)) {
        "; exceptions, dynamic_cast and the library of C++ are not provided: compile with -fno-exceptions -fno-rtti, or load a library that has them"
    } else {
        ""
    }
}
