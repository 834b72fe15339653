//! The code of a loaded library, as calls see it: whether it may be called.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};

const LOADED: u8 = 0;
/// Somebody unloads the library and waits for the calls that use it.
const LEAVING: u8 = 1;
const GONE: u8 = 2;

/// The code of one library in one process, from its loading to its unloading.
///
/// A call looks here, or for its kernel in the table of addresses, while it holds the lock
/// of the context that it enters. The thread that unloads takes those locks after the change.
/// Therefore it finds each call in the table of its context, or the call finds the change.
#[derive(Debug)]
pub(crate) struct LibraryCode {
    /// The library's name.
    library: String,
    stage: AtomicU8,
    /// The indices of the declared kernels that were found in it.
    kernels: Mutex<BTreeSet<usize>>,
}

impl LibraryCode {
    pub(crate) fn new(library: &str) -> Arc<LibraryCode> {
        Arc::new(LibraryCode {
            library: library.to_owned(),
            stage: AtomicU8::new(LOADED),
            kernels: Mutex::default(),
        })
    }

    /// Whether it is loaded and stays for now.
    pub(crate) fn is_loaded(&self) -> bool {
        self.stage.load(Ordering::Acquire) == LOADED
    }

    /// Whether it is there and can be called. A thread that may hold up its unloading calls it
    /// while it is `leaving`, too: otherwise the two would wait for each other.
    pub(crate) fn is_there(&self, may_hold_up: bool) -> bool {
        match self.stage.load(Ordering::Acquire) {
            LOADED => true,
            LEAVING => may_hold_up,
            _ => false,
        }
    }

    /// The error of an operation that needs the library when it is not there.
    pub(crate) fn check(&self, may_hold_up: bool) -> Result<()> {
        if self.is_there(may_hold_up) {
            return Ok(());
        }
        Err(self.unloaded())
    }

    /// The same for a caller that holds nothing up.
    pub(crate) fn check_loaded(&self) -> Result<()> {
        self.check(false)
    }

    pub(crate) fn unloaded(&self) -> Error {
        Error::LibraryUnloaded {
            name: self.library.clone(),
        }
    }

    /// Begins the unloading; `false` if somebody has begun it before.
    pub(crate) fn leave(&self) -> bool {
        let (done, seen) = (Ordering::AcqRel, Ordering::Acquire);
        self.stage
            .compare_exchange(LOADED, LEAVING, done, seen)
            .is_ok()
    }

    /// From now on nobody calls it.
    pub(crate) fn set_gone(&self) {
        self.stage.store(GONE, Ordering::Release);
    }

    /// Somebody called it just before it was gone.
    pub(crate) fn set_leaving(&self) {
        self.stage.store(LEAVING, Ordering::Release);
    }

    /// The unloading was given up.
    pub(crate) fn stay(&self) {
        self.stage.store(LOADED, Ordering::Release);
    }

    /// The declared kernels that were found in it.
    pub(crate) fn kernels(&self) -> MutexGuard<'_, BTreeSet<usize>> {
        self.kernels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
