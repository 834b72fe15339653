//! Names that nothing defines, each once for each file that needs it.

use std::collections::HashSet;

use super::ImageError;

#[derive(Debug, Default)]
pub(super) struct UndefinedNames {
    names: Vec<(String, String)>,
    known: HashSet<(String, String)>,
}

impl UndefinedNames {
    pub(super) fn add(&mut self, name: &str, file: &str) {
        let new = (name.to_owned(), file.to_owned());
        if self.known.insert(new.clone()) {
            self.names.push(new);
        }
    }

    /// An error if there are any.
    pub(super) fn check(self) -> Result<(), ImageError> {
        if self.names.is_empty() {
            Ok(())
        } else {
            Err(ImageError::Undefined { names: self.names })
        }
    }
}
