//! From a declared kernel to its address in a process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::builder::Kernels;
use super::libraries::LoadedLibrary;
use super::search;
use super::shared::ProcShared;
use super::verify::Declaration;
use crate::error::{Error, Result, UnresolvedKernel};
use crate::kernel::{self, Kernel, KernelInfo, Library, Resolution};
use crate::session::What;

/// The addresses of kernels, by the index that each has in every process.
///
/// A read is two loads. Tables of doubling size are added as indices grow; none ever
/// moves.
#[derive(Default)]
pub(crate) struct Addresses {
    tables: [OnceLock<Box<[AtomicU64]>>; TABLES],
    /// Which library an address came from.
    origins: Mutex<Vec<(usize, Arc<LoadedLibrary>)>>,
}

const FIRST: usize = 64;
/// Enough for every index of 32 bits.
const TABLES: usize = 27;

/// The table and the place in it for an index.
fn place(index: usize) -> (usize, usize) {
    let from_first = index + FIRST;
    let table = (from_first.ilog2() - FIRST.ilog2()) as usize;
    (table, from_first - (FIRST << table))
}

impl Addresses {
    #[inline]
    fn get(&self, index: usize) -> u64 {
        let (table, place) = place(index);
        self.tables[table]
            .get()
            .map_or(0, |table| table[place].load(Ordering::Acquire))
    }

    fn set(&self, index: usize, addr: u64, library: Arc<LoadedLibrary>) {
        let (table, place) = place(index);
        let mut origins = self.origins();
        origins.push((index, library));
        let table = self.tables[table]
            .get_or_init(|| (0..FIRST << table).map(|_| AtomicU64::new(0)).collect());
        table[place].store(addr, Ordering::Release);
    }

    /// Forgets the addresses that came from `library`.
    pub(crate) fn forget(&self, library: &Arc<LoadedLibrary>) {
        self.origins().retain(|(index, origin)| {
            let stays = !Arc::ptr_eq(origin, library);
            if !stays {
                let (table, place) = place(*index);
                if let Some(table) = self.tables[table].get() {
                    table[place].store(0, Ordering::Release);
                }
            }
            stays
        });
    }

    fn origins(&self) -> std::sync::MutexGuard<'_, Vec<(usize, Arc<LoadedLibrary>)>> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProcShared {
    /// The address of a kernel, which is looked up on first use.
    #[inline]
    pub(crate) fn address(&self, kernel: &'static Kernel) -> Result<u64> {
        match self.addresses.get(kernel.index()) {
            0 => self.resolve(kernel),
            addr => Ok(addr),
        }
    }

    /// The address of a kernel if it was looked up before, else 0.
    #[inline]
    pub(crate) fn known_address(&self, kernel: &'static Kernel) -> u64 {
        self.addresses.get(kernel.index())
    }

    /// Looks a kernel up: its library, its symbol, its prototype.
    #[cold]
    pub(crate) fn resolve(&self, kernel: &'static Kernel) -> Result<u64> {
        let info = kernel.info();
        self.core.check(What::Kernel(kernel))?;
        if self.settings.kernels == Kernels::None {
            return Err(Error::Command {
                what: format!("kernel {}", info.symbol),
                reason: Some("the process was created with Kernels::None".into()),
            });
        }
        let (library, built_here) = self.library_of(info)?;
        let addr = self.symbol(&library, info.symbol)?;
        self.verify(&Declaration::of(info, built_here), &library)?;
        self.addresses.set(kernel.index(), addr, library);
        Ok(addr)
    }

    /// The library that a declaration names, loaded, and whether the declaring crate's
    /// own build made it.
    pub(crate) fn library_of(&self, info: &KernelInfo) -> Result<(Arc<LoadedLibrary>, bool)> {
        match info.library {
            Library::Static => Ok((self.static_library(), false)),
            Library::Shared(name) => {
                let targets = search::targets(self.core.api, self.core.node);
                let found = search::find(name, info.build_dir, targets)?;
                Ok((self.load(&found)?, found.built_here))
            }
        }
    }

    /// Resolves every kernel that is to be resolved when the process is created.
    pub(crate) fn resolve_eagerly(&self) -> Result<()> {
        let mut failed = Vec::new();
        for kernel in kernel::registered() {
            let info = kernel.info();
            if info.resolution != Resolution::Eager || !self.is_ours(kernel) {
                continue;
            }
            match self.resolve(kernel) {
                Ok(_) => {}
                Err(error) if error.is_process_gone() => return Err(error),
                Err(error) => failed.push(UnresolvedKernel {
                    symbol: info.symbol.to_owned(),
                    crate_name: info.crate_name.to_owned(),
                    declared: format!("{}:{}", info.file, info.line),
                    error: Box::new(error),
                }),
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        failed.sort_by(|a, b| (&a.declared, &a.symbol).cmp(&(&b.declared, &b.symbol)));
        Err(Error::Kernels { failed })
    }

    /// Whether the program's own build made the kernel's library: only those are
    /// looked for when a process is created.
    fn is_ours(&self, kernel: &'static Kernel) -> bool {
        let info = kernel.info();
        let (Library::Shared(name), Some(build_dir)) = (info.library, info.build_dir) else {
            return false;
        };
        let built = std::path::Path::new(build_dir).join("veo");
        search::targets(self.core.api, self.core.node)
            .iter()
            .any(|target| built.join(target).join(name).is_file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_a_place_of_its_own() {
        assert_eq!(place(0), (0, 0));
        assert_eq!(place(63), (0, 63));
        assert_eq!(place(64), (1, 0));
        assert_eq!(place(191), (1, 127));
        assert_eq!(place(192), (2, 0));
        assert_eq!(place(u32::MAX as usize).0, TABLES - 1);
    }
}
