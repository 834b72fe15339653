//! Names and what they lead to.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::ImageError;

/// A name that an image gives to a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// The name.
    pub name: String,
    /// Its address.
    pub address: u64,
    /// How many bytes it is; 0 if the image does not say.
    pub size: u64,
    /// Whether it is a function.
    pub function: bool,
}

/// What a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its address; of a thread-local variable, where it begins in its image's thread-local memory.
    pub address: u64,
    /// How many bytes it is.
    pub size: u64,
    /// Whether another definition may take its place.
    pub weak: bool,
    /// Where the image's thread-local memory begins behind the thread's control block, for a thread-local variable.
    pub tls: Option<u64>,
    /// The file that defines it.
    pub file: String,
}

/// The names that images define for each other.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    names: HashMap<String, Definition>,
    /// How much thread-local memory there is, of all images.
    pub(super) tls_size: u64,
}

impl Scope {
    /// What a name leads to.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Definition> {
        self.names.get(name)
    }

    /// How many bytes of thread-local memory a thread needs behind its control block.
    #[must_use]
    pub fn tls_size(&self) -> u64 {
        self.tls_size
    }

    /// Enters a name. A weak definition gives way to a strong one, and to whatever was there before.
    pub(super) fn define(&mut self, name: &str, new: Definition) -> Result<(), ImageError> {
        match self.names.entry(name.to_owned()) {
            Entry::Vacant(entry) => {
                entry.insert(new);
            }
            Entry::Occupied(mut entry) => {
                let old = entry.get();
                if !old.weak && !new.weak {
                    return Err(ImageError::Duplicate {
                        name: name.to_owned(),
                        first: old.file.clone(),
                        second: new.file,
                    });
                }
                if old.weak && !new.weak {
                    entry.insert(new);
                }
            }
        }
        Ok(())
    }

    /// Forgets what a file has defined.
    pub fn forget(&mut self, file: &str) {
        self.names.retain(|_, definition| definition.file != file);
    }
}
