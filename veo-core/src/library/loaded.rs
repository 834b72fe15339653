//! `VeoLibrary`: a library that a process has loaded, and its functions and variables.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use veo_debuginfo::elf;

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

impl VeoLibrary {
    pub(super) fn loaded(&self) -> &LoadedLibrary {
        &self.library
    }

    /// See [`VeoProc::load_library`].
    pub(crate) fn load(proc: &VeoProc, path: &Path) -> Result<VeoLibrary> {
        let found = proc.shared().find_file(path)?;
        Ok(VeoLibrary::new(proc, proc.shared().load(&found)?))
    }

    /// See [`VeoProc::static_library`].
    pub(crate) fn of_veorun(proc: &VeoProc) -> VeoLibrary {
        VeoLibrary::new(proc, proc.shared().static_library())
    }

    /// The libraries that a process has loaded, in the order of loading.
    pub(crate) fn all(proc: &VeoProc) -> Vec<VeoLibrary> {
        let libraries = proc.shared().libraries.list().into_iter();
        libraries
            .map(|library| VeoLibrary::new(proc, library))
            .collect()
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

    /// Whether its file holds machine code of the Vector Engine, as on a card. The emulated node runs such code, too, beside
    /// that of the host. `false` if there is no file.
    #[must_use]
    pub fn is_ve_code(&self) -> bool {
        self.library.machine() == Some(elf::VE)
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

    /// Does the same as [`unload`](Self::unload), but waits as long as `limit` for the calls that use the library, not 20
    /// seconds.
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

/// A symbol that a library offers; from [`VeoLibrary::symbols`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Symbol {
    /// Its name, as [`VeoLibrary::get_symbol`] takes it.
    pub name: String,
    /// Whether it is a function.
    pub kind: SymbolKind,
    /// The prototype of a function as C writes it, `double half(double x)`, if the library
    /// has debug information for it.
    pub prototype: Option<String>,
    /// Its address, if it was looked up before.
    pub addr: Option<VeMemPtr<c_void>>,
}

/// The kind of a [`Symbol`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SymbolKind {
    /// A function.
    Function,
    /// A global variable.
    Variable,
    /// Something that was looked up and found, though not in the library's own file: in a
    /// library that it needs, or in a veorun whose file is not known.
    Elsewhere,
}

/// Writes the prototype, or the name if there is none.
impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prototype.as_ref().unwrap_or(&self.name))
    }
}

impl VeoLibrary {
    /// The functions and variables that the library offers, in alphabetical order, read
    /// from its file on the host; and symbols that were looked up besides. Empty if the file cannot
    /// be read.
    ///
    /// ```no_run
    /// # fn main() -> veo_core::Result<()> {
    /// # let proc = veo_core::VeoProc::new(0)?;
    /// for symbol in proc.load_library("libfit.so")?.symbols() {
    ///     println!("{:?} {symbol}", symbol.kind);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn symbols(&self) -> Vec<Symbol> {
        let symbol = |name: &str, kind, prototype| Symbol {
            name: name.to_owned(),
            kind,
            prototype,
            addr: None,
        };
        let mut symbols = Vec::new();
        if let Some(found) = self.loaded().prototypes() {
            symbols.extend(found.iter().map(|(name, prototype)| {
                symbol(name, SymbolKind::Function, Some(prototype.to_string()))
            }));
            let undescribed = found.undescribed.iter();
            symbols.extend(undescribed.map(|name| symbol(name, SymbolKind::Function, None)));
            let variables = found.variables.iter();
            symbols.extend(variables.map(|name| symbol(name, SymbolKind::Variable, None)));
        }
        let mut symbols: BTreeMap<_, _> = symbols
            .into_iter()
            .map(|symbol| (symbol.name.clone(), symbol))
            .collect();
        let looked_up = self.loaded().symbols.lock();
        for (name, addr) in looked_up.unwrap_or_else(PoisonError::into_inner).iter() {
            let symbol = symbols
                .entry(name.clone())
                .or_insert_with(|| symbol(name, SymbolKind::Elsewhere, None));
            symbol.addr = Some(VeMemPtr::new(*addr, None, self.proc().id(), None));
        }
        symbols.into_values().collect()
    }
}
