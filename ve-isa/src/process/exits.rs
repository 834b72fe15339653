//! What is to be called at the end of a program.

use std::sync::{Mutex, PoisonError};

/// A function with its argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exit {
    pub(crate) function: u64,
    pub(crate) argument: u64,
    /// What the caller of `__cxa_atexit` names its image by; 0 for `atexit`.
    pub(crate) image: u64,
}

/// The functions that programs have registered.
#[derive(Debug, Default)]
pub(crate) struct Exits(Mutex<Vec<Exit>>);

impl Exits {
    pub(crate) fn add(&self, exit: Exit) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(exit);
    }

    /// Takes the function that was registered last, of one image or of all.
    pub(crate) fn take(&self, image: Option<u64>) -> Option<Exit> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = all
            .iter()
            .rposition(|exit| image.is_none_or(|image| image == exit.image))?;
        Some(all.remove(last))
    }
}
