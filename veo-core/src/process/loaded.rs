//! The libraries that a process has loaded, as it lists them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use veo_abi::prototype::Prototypes;

use super::prototypes::prototypes;

/// A loaded library, or the static symbols of veorun.
#[derive(Debug)]
pub(crate) struct LoadedLibrary {
    /// The file name.
    pub(crate) name: String,
    /// The file, as far as it is known.
    pub(crate) path: Option<PathBuf>,
    /// The backend's number, 0 for the static symbols.
    pub(super) handle: u64,
    pub(super) loaded: AtomicBool,
    /// What was looked up so far: names and addresses.
    pub(crate) symbols: Mutex<BTreeMap<String, u64>>,
}

#[derive(Default)]
pub(crate) struct Libraries(Mutex<Vec<Arc<LoadedLibrary>>>);

impl Libraries {
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Arc<LoadedLibrary>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that are loaded, in the order of loading.
    pub(crate) fn list(&self) -> Vec<Arc<LoadedLibrary>> {
        self.lock().clone()
    }

    pub(super) fn find(&self, path: &Path) -> Option<Arc<LoadedLibrary>> {
        self.lock()
            .iter()
            .find(|library| library.path.as_deref() == Some(path))
            .cloned()
    }
}

impl LoadedLibrary {
    /// What its debug information says of its functions. `None` if it has none, or its file
    /// is not known.
    pub(crate) fn prototypes(&self) -> Option<Arc<Prototypes>> {
        prototypes(self.path.as_deref()?)
    }

    pub(crate) fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Acquire)
    }
}
