//! `VeoLibrary`: a library that a process has loaded.

use std::ffi::c_void;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use super::function::VeoFunction;
use super::typed::{FnType, TypedFunction};
use crate::address::VeMemPtr;
use crate::error::{Error, Result};
use crate::kernel::Verify;
use crate::process::{Declaration, LoadedLibrary, VeoProc};

/// A library that a process has loaded, or the static symbols of its veorun. A handle
/// that can be cloned; dropping it does not unload the library.
#[derive(Clone)]
pub struct VeoLibrary {
    proc: VeoProc,
    library: Arc<LoadedLibrary>,
}

impl VeoProc {
    /// Loads a library (`veo_load_library`). A path with a slash is taken as it is; a
    /// file name is looked for in `VEO_LIBRARY_PATH`, beside the executable and in its
    /// `../lib`. Loading a library again gives the same one.
    ///
    /// # Errors
    ///
    /// [`Error::LibraryNotFound`]; [`Error::LibraryLoad`]; [`Error::ProcessEnded`].
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

    /// Finds a function by name: among the static symbols first, then in the loaded
    /// libraries in the order in which they were loaded.
    ///
    /// # Errors
    ///
    /// [`Error::SymbolNotFound`] with similar names; [`Error::ProcessEnded`].
    pub fn get_function(&self, name: &str) -> Result<VeoFunction> {
        let mut near = Vec::new();
        for library in [self.static_library()].into_iter().chain(self.libs()) {
            match library.find_function(name) {
                Err(Error::SymbolNotFound { near: similar, .. }) => near.extend(similar),
                found => return found,
            }
        }
        near.truncate(3);
        Err(Error::SymbolNotFound {
            symbol: name.to_owned(),
            library: format!("none of the libraries of {}", self.shared().core),
            near,
        })
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
    /// [`Error::SymbolNotFound`] with similar names; [`Error::LibraryUnloaded`];
    /// [`Error::ProcessEnded`].
    pub fn get_symbol(&self, name: &str) -> Result<VeMemPtr<c_void>> {
        let addr = self.proc.shared().symbol(&self.library, name)?;
        Ok(VeMemPtr::new(addr, None, self.proc.id(), None))
    }

    /// Looks a function up (`veo_get_sym`). How it is called is said by
    /// [`VeoFunction::args_type`] and [`VeoFunction::ret_type`].
    ///
    /// # Errors
    ///
    /// As [`get_symbol`](Self::get_symbol).
    pub fn find_function(&self, name: &str) -> Result<VeoFunction> {
        let symbol = self.get_symbol(name)?;
        Ok(VeoFunction::new(self.clone(), name, symbol))
    }

    /// Looks a function up and gives it a type, which is compared with the library's
    /// debug information:
    ///
    /// ```no_run
    /// # fn main() -> veo_core::Result<()> {
    /// # let proc = veo_core::VeoProc::new(0)?;
    /// # let ctx = proc.open_context()?;
    /// let lib = proc.load_library("./libvetest.so")?;
    /// let add = lib.function::<fn(i32, *mut f64) -> i64>("add")?;
    /// let mut x = proc.upload(&[1.0])?;
    /// let r: i64 = add.call(&ctx, (3, &mut x))?.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get_symbol`](Self::get_symbol); [`Error::Prototype`].
    #[track_caller]
    pub fn function<F: FnType>(&self, name: &str) -> Result<TypedFunction<F>> {
        let caller = std::panic::Location::caller();
        let declaration = Declaration {
            symbol: name,
            signature: &F::SIGNATURE,
            at: format!("{}:{}", caller.file(), caller.line()),
            verify: Verify::Default,
            checked: false,
        };
        let function = self.find_function(name)?;
        self.proc.shared().verify(&declaration, &self.library)?;
        Ok(TypedFunction::new(function))
    }

    /// The symbols that were looked up so far.
    #[must_use]
    pub fn symbols(&self) -> Vec<(String, VeMemPtr<c_void>)> {
        let symbols = &self.library.symbols;
        let symbols = symbols.lock().unwrap_or_else(PoisonError::into_inner);
        symbols
            .iter()
            .map(|(name, addr)| {
                let ptr = VeMemPtr::new(*addr, None, self.proc.id(), None);
                (name.clone(), ptr)
            })
            .collect()
    }

    /// Unloads the library (`veo_unload_library`), for all its handles. Declared kernels
    /// of it are looked up, and it is loaded, anew when they are called.
    ///
    /// # Errors
    ///
    /// [`Error::LibraryUnloaded`] if it was unloaded before; [`Error::Command`] if the
    /// VE refuses; [`Error::ProcessEnded`].
    pub fn unload(self) -> Result<()> {
        self.proc.shared().unload(&self.library)
    }

    /// Whether it is still loaded.
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
