//! Declarations that contradict prototypes.

use std::fmt;
use std::path::Path;

use veo_abi::prototype::Prototype;

use super::text::Lines;

/// A declaration and the prototype it contradicts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PrototypeMismatch {
    /// The symbol.
    pub symbol: String,
    /// The library.
    pub library: String,
    /// The declaration, as Rust writes it. Empty if there is none: no declaration of this
    /// function would be right.
    pub declared: String,
    /// File and line of the declaration.
    pub declared_at: String,
    /// The prototype, as C writes it.
    pub found: String,
    /// File and line of the definition, as far as known.
    pub found_at: String,
    /// What differs, one sentence each.
    pub differences: Vec<String>,
}

impl PrototypeMismatch {
    /// Of the function `symbol` of a library; what was declared is still to be said.
    pub(crate) fn new(
        symbol: &str,
        library: &Path,
        found: &Prototype,
        differences: Vec<String>,
    ) -> PrototypeMismatch {
        let library = library.display().to_string();
        let without_lines = || format!("{library}, without line numbers");
        PrototypeMismatch {
            symbol: symbol.to_owned(),
            found: found.to_string(),
            found_at: found.location().unwrap_or_else(without_lines),
            declared: String::new(),
            declared_at: String::new(),
            differences,
            library,
        }
    }
}

impl fmt::Display for PrototypeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.declared.is_empty() {
            return write!(
                f,
                "{} of {} cannot be called:{}\n  found: {} ({})",
                self.symbol,
                self.library,
                Lines(&self.differences),
                self.found,
                self.found_at
            );
        }
        write!(
            f,
            "the declaration of {} does not match {}:{}\n  declared: {} ({})\n  found:    {} ({})",
            self.symbol,
            self.library,
            Lines(&self.differences),
            self.declared,
            self.declared_at,
            self.found,
            self.found_at
        )
    }
}
