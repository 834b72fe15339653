//! The libraries that a process has loaded, as it lists them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::session::Code;

use veo_abi::prototype::Prototypes;

use super::file::LibraryFile;
use crate::backend::Shortened;
use crate::error::{Error, Result};

/// A loaded library, or the static symbols of veorun.
#[derive(Debug)]
pub(crate) struct LoadedLibrary {
    /// The file name.
    pub(crate) name: String,
    /// The file, as far as it is known.
    pub(crate) path: Option<PathBuf>,
    /// What is there of it on the host: what was loaded, whatever has its path now.
    pub(super) file: Option<LibraryFile>,
    /// The backend's number, 0 for the static symbols.
    pub(super) handle: u64,
    pub(crate) code: Arc<Code>,
    /// What was looked up so far: names and addresses.
    pub(crate) symbols: Mutex<BTreeMap<String, u64>>,
    /// What the backend knows the file by, as long as it may look for its neighbours.
    pub(super) _short: Option<Shortened>,
}

#[derive(Default)]
pub(crate) struct Libraries {
    list: Mutex<Vec<Arc<LoadedLibrary>>>,
    /// An unloading has ended.
    settled: Condvar,
}

impl Libraries {
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Arc<LoadedLibrary>>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Waits for the end of an unloading.
    pub(super) fn wait_for_end(&self, library: &Arc<LoadedLibrary>) {
        let is_leaving = |list: &mut Vec<Arc<LoadedLibrary>>| {
            !library.is_loaded() && list.iter().any(|other| Arc::ptr_eq(other, library))
        };
        let end = self.settled.wait_while(self.lock(), is_leaving);
        drop(end.unwrap_or_else(PoisonError::into_inner));
    }

    /// Takes a library that was unloaded out of the list.
    pub(super) fn remove(&self, library: &Arc<LoadedLibrary>) {
        self.lock().retain(|other| !Arc::ptr_eq(other, library));
        self.settled.notify_all();
    }

    /// Keeps a library whose unloading was given up.
    pub(super) fn keep(&self, library: &LoadedLibrary) {
        let list = self.lock();
        library.code.stay();
        drop(list);
        self.settled.notify_all();
    }
}

impl LoadedLibrary {
    /// What its debug information says of its functions. `None` if it has none, or its file
    /// is not known.
    pub(crate) fn prototypes(&self) -> Option<Arc<Prototypes>> {
        self.file.as_ref()?.prototypes()
    }

    /// Fails for a symbol of the library that is known to be no function.
    pub(super) fn check_is_code(&self, symbol: &str) -> Result<()> {
        if self.file.as_ref().is_some_and(|file| file.is_data(symbol)) {
            return Err(Error::NotAFunction {
                symbol: symbol.to_owned(),
                library: self.name.clone(),
            });
        }
        Ok(())
    }

    /// Fails if the file was written to, so that it tells nothing of what was loaded from it.
    pub(super) fn check_is_whole(&self) -> Result<()> {
        match &self.path {
            Some(path) if self.file.as_ref().is_some_and(LibraryFile::is_overwritten) => {
                Err(Error::LibraryOverwritten { path: path.clone() })
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn is_loaded(&self) -> bool {
        self.code.is_loaded()
    }
}
