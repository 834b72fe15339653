//! `VeoLibrary`: a library that a process has loaded.

use std::ffi::c_void;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::address::VeMemPtr;
use crate::error::Result;
use crate::process::{LoadedLibrary, VeoProc};

/// How long a library that is unloaded waits for the calls that use it.
const GRACE: Duration = Duration::from_secs(20);

/// A library that a process has loaded, or the static symbols of its veorun. A handle
/// that can be cloned; dropping it does not unload the library.
#[derive(Clone)]
pub struct VeoLibrary {
    proc: VeoProc,
    library: Arc<LoadedLibrary>,
}

impl VeoProc {
    /// Loads a library (`veo_load_library`). A path with a slash is taken as it is; a
    /// file name is looked for in `VEO_LIBRARY_PATH`, beside the executable, in its
    /// `../lib`, and where the builds of crates with kernels put theirs (first of all
    /// while the program lies where Cargo built it). Loading a library again gives the
    /// same one until it is unloaded, also if another file has its path by then; what was
    /// loaded is what its declarations are compared with.
    ///
    /// # Errors
    ///
    /// [`Error::LibraryNotFound`](crate::Error::LibraryNotFound);
    /// [`Error::LibraryLoad`](crate::Error::LibraryLoad);
    /// [`Error::ProcessEnded`](crate::Error::ProcessEnded).
    pub fn load_library(&self, path: impl AsRef<Path>) -> Result<VeoLibrary> {
        let found = self.shared().find_file(path.as_ref())?;
        Ok(VeoLibrary::new(self, self.shared().load(&found)?))
    }

    /// The symbols that are linked into the program that runs on the VE: those of a
    /// veorun given to [`VeoProcBuilder::veorun`](crate::VeoProcBuilder::veorun).
    #[must_use]
    pub fn static_library(&self) -> VeoLibrary {
        VeoLibrary::new(self, self.shared().static_library())
    }

    /// The libraries that are loaded, in the order in which they were.
    #[must_use]
    pub fn libs(&self) -> Vec<VeoLibrary> {
        let libraries = self.shared().libraries.list().into_iter();
        libraries
            .map(|library| VeoLibrary::new(self, library))
            .collect()
    }
}

impl VeoLibrary {
    pub(super) fn loaded(&self) -> &LoadedLibrary {
        &self.library
    }

    pub(super) fn new(proc: &VeoProc, library: Arc<LoadedLibrary>) -> VeoLibrary {
        VeoLibrary {
            proc: proc.clone(),
            library,
        }
    }

    /// Its file name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.library.name
    }

    /// Its file; none for the static symbols of a veorun that the backend chose.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.library.path.as_deref()
    }

    /// The process that has loaded it.
    #[must_use]
    pub fn proc(&self) -> &VeoProc {
        &self.proc
    }

    /// Looks a symbol up (`veo_get_sym`): a function or a global variable.
    ///
    /// # Errors
    ///
    /// [`Error::SymbolNotFound`](crate::Error::SymbolNotFound) with similar names;
    /// [`Error::LibraryUnloaded`](crate::Error::LibraryUnloaded);
    /// [`Error::ProcessEnded`](crate::Error::ProcessEnded).
    pub fn get_symbol(&self, name: &str) -> Result<VeMemPtr<c_void>> {
        let addr = self.proc.shared().symbol(&self.library, name)?;
        Ok(VeMemPtr::new(addr, None, self.proc.id(), None))
    }

    /// Unloads the library (`veo_unload_library`), for all its handles. The calls that use it,
    /// in any context, are waited for: those of its kernels, and those that a function of it
    /// was passed to as a [`VeoFunction`](crate::VeoFunction). Other calls go on.
    ///
    /// Declared kernels of it can still be called, by any thread at any time: the library is
    /// loaded anew for them, after the unloading. Functions of it that were looked up are errors
    /// from now on. Bare addresses in it (of [`get_symbol`](Self::get_symbol), in the memory of
    /// the VE) point to nothing any more.
    ///
    /// # Errors
    ///
    /// [`Error::LibraryInUse`](crate::Error::LibraryInUse) if a call of it has not finished
    /// after 20 seconds; then the library stays loaded.
    /// [`Error::WouldDeadlock`](crate::Error::WouldDeadlock) inside a host function that such
    /// a call is queued behind;
    /// [`Error::LibraryUnloaded`](crate::Error::LibraryUnloaded) if it was unloaded before, or
    /// is being unloaded;
    /// [`Error::Command`](crate::Error::Command) if the VE refuses;
    /// [`Error::ProcessEnded`](crate::Error::ProcessEnded).
    pub fn unload(self) -> Result<()> {
        self.unload_timeout(GRACE)
    }

    /// As [`unload`](Self::unload), but waits as long as `limit` for the calls that use the
    /// library, not 20 seconds.
    ///
    /// # Errors
    ///
    /// As [`unload`](Self::unload).
    pub fn unload_timeout(self, limit: Duration) -> Result<()> {
        self.proc.shared().unload(&self.library, limit)
    }

    /// Whether it is loaded, and nobody unloads it.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.library.is_loaded()
    }
}

impl PartialEq for VeoLibrary {
    fn eq(&self, other: &Self) -> bool {
        self.proc == other.proc && self.library.path == other.library.path
    }
}

impl Eq for VeoLibrary {}

impl fmt::Debug for VeoLibrary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VeoLibrary({} in {:?})", self.library.name, self.proc)
    }
}
