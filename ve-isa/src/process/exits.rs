//! What is to be called at the end of a program.

use std::sync::{Mutex, PoisonError};

/// A function with its argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exit {
    pub(crate) function: u64,
    pub(crate) argument: u64,
    /// What the caller of `__cxa_atexit` names its image by; 0 for `atexit`.
    pub(crate) image: u64,
    /// The thread whose end it is to be called at; 0 if it is that of the program.
    pub(crate) thread: u64,
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

    /// Takes the function for the program's end that was registered last, of one image or of all.
    pub(crate) fn take(&self, image: Option<u64>) -> Option<Exit> {
        self.take_last(|exit| exit.thread == 0 && image.is_none_or(|image| image == exit.image))
    }

    /// Takes the function for the end of a thread that was registered last.
    pub(crate) fn take_of_thread(&self, thread: u64) -> Option<Exit> {
        self.take_last(|exit| exit.thread == thread)
    }

    /// Forgets what was to be called at the end of a thread.
    pub(crate) fn forget(&self, thread: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|exit| exit.thread != thread);
    }

    fn take_last(&self, wanted: impl Fn(&Exit) -> bool) -> Option<Exit> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = all.iter().rposition(wanted)?;
        Some(all.remove(last))
    }
}
