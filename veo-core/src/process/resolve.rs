//! Resolves declared kernels: finds their addresses in a process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::loaded::LoadedLibrary;
use super::search::{self, Search};
use super::settings::KernelLookup;
use super::shared::ProcShared;
use super::verify::DeclaredKernel;
use crate::backend::NodeCode;
use crate::error::{Error, Result, UnresolvedKernel};
use crate::kernel::{self, Kernel, KernelInfo, Library, Resolution};
use crate::session::{LibraryCode, RequestKind};

impl ProcShared {
    /// The address of a kernel if it was looked up before, else 0.
    #[inline]
    pub(crate) fn known_address(&self, kernel: &'static Kernel) -> u64 {
        self.address_slot(kernel)
            .map_or(0, |slot| slot.load(Ordering::Acquire))
    }

    /// The place of the kernel's address, which holds 0 while it is not known.
    #[inline]
    pub(crate) fn address_slot(&self, kernel: &'static Kernel) -> Option<&AtomicU64> {
        self.addresses.slot(kernel.index())
    }

    /// Looks a kernel up: its library, its symbol, its prototype. Gives its address and the
    /// library that has to be there when it is called.
    #[cold]
    pub(crate) fn resolve(&self, kernel: &'static Kernel) -> Result<(u64, Arc<LibraryCode>)> {
        self.resolve_by(&mut Search::new(self.runs()), kernel)
    }

    fn resolve_by(
        &self,
        search: &mut Search,
        kernel: &'static Kernel,
    ) -> Result<(u64, Arc<LibraryCode>)> {
        let info = kernel.info();
        self.core.check(RequestKind::Kernel(kernel))?;
        if self.settings.options.kernels == KernelLookup::None {
            return Err(Error::Command {
                what: format!("kernel {}", info.symbol),
                reason: Some("the process was created with KernelLookup::None".into()),
            });
        }
        let (addr, library) = self.look_up_by(search, info)?;
        self.addresses.set(kernel.index(), addr, &library.code);
        Ok((addr, Arc::clone(&library.code)))
    }

    /// The address of a declared kernel, its prototype compared, and its library.
    pub(crate) fn look_up(&self, info: &KernelInfo) -> Result<(u64, Arc<LoadedLibrary>)> {
        self.look_up_by(&mut Search::new(self.runs()), info)
    }

    fn look_up_by(
        &self,
        search: &mut Search,
        info: &KernelInfo,
    ) -> Result<(u64, Arc<LoadedLibrary>)> {
        loop {
            let (library, built_here) = self.library_of(search, info)?;
            match self.function(&library, info.symbol) {
                // Another thread unloads the library, so it is loaded anew.
                Err(Error::LibraryUnloaded { .. }) => continue,
                Err(error) => return Err(error),
                Ok(addr) => {
                    self.settings
                        .verify(&DeclaredKernel::of(info, built_here), &library)?;
                    return Ok((addr, library));
                }
            }
        }
    }

    /// The library that a declaration names, loaded, and whether the declaring crate's
    /// own build made it.
    fn library_of(
        &self,
        search: &mut Search,
        info: &KernelInfo,
    ) -> Result<(Arc<LoadedLibrary>, bool)> {
        match info.library {
            Library::Static => Ok((self.static_library(), false)),
            Library::Shared(name) => {
                let found = search.find((name, info.build_dir))?;
                Ok((self.load(&found)?, found.built_here))
            }
        }
    }

    /// Resolves every kernel that is to be resolved when the process is created.
    pub(crate) fn resolve_eagerly(&self) -> Result<()> {
        let code = self.runs();
        let mut kernels: Vec<_> = kernel::registered()
            .filter(|kernel| kernel.info().resolution == Resolution::Eager)
            .filter(|kernel| is_ours(kernel, &code))
            .collect();
        let mut failed = Vec::new();
        loop {
            let loaded = self.libraries.list().len();
            let mut refused = Vec::new();
            failed.retain(|one: &UnresolvedKernel| !is_of_loading(&one.error));
            let mut search = Search::new(self.runs());
            for kernel in kernels {
                let info = kernel.info();
                match self.resolve_by(&mut search, kernel) {
                    Ok(_) => {}
                    Err(error) if error.is_process_gone() => return Err(error),
                    Err(error) => {
                        if is_of_loading(&error) {
                            refused.push(kernel);
                        }
                        failed.push(UnresolvedKernel {
                            symbol: info.symbol.to_owned(),
                            crate_name: info.crate_name.to_owned(),
                            declared: format!("{}:{}", info.file, info.line),
                            error: Box::new(error),
                        });
                    }
                }
            }
            // A library may need another one that was loaded after it was tried.
            if refused.is_empty() || self.libraries.list().len() == loaded {
                break;
            }
            kernels = refused;
        }
        if failed.is_empty() {
            return Ok(());
        }
        failed.sort_by(|a, b| (&a.declared, &a.symbol).cmp(&(&b.declared, &b.symbol)));
        Err(Error::Kernels { failed })
    }
}

/// Whether the program's own build made the kernel's library: only those are looked for when a
/// process is created.
fn is_ours(kernel: &'static Kernel, code: &NodeCode) -> bool {
    let info = kernel.info();
    let (Library::Shared(name), Some(build_dir)) = (info.library, info.build_dir) else {
        return false;
    };
    search::is_built(name, build_dir, code)
}

/// Whether an error may be another library's that is not loaded yet.
fn is_of_loading(error: &Error) -> bool {
    matches!(error, Error::LibraryLoad { .. })
}
