//! The loaded code of a process: its libraries, the content of their files, and the addresses of
//! the declared kernels in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use veo_abi::prototype::Prototypes;
use veo_debuginfo::elf::{self, Headers};
use veo_debuginfo::executable::no_descriptor;
use veo_debuginfo::prototypes::read_original;
use veo_debuginfo::{FileStamp, Original, data_symbols};

use crate::backend::Shortened;
use crate::error::{Error, Result};
use crate::session::LibraryCode;

/// A loaded library, or the static symbols of veorun.
#[derive(Debug)]
pub(crate) struct LoadedLibrary {
    /// The file name.
    pub(crate) name: String,
    /// The file, as far as it is known.
    pub(crate) path: Option<PathBuf>,
    /// The file that was loaded, even if its path names another one by now.
    pub(super) file: Option<LibraryFile>,
    /// The backend's number, 0 for the static symbols.
    pub(super) handle: u64,
    pub(crate) code: Arc<LibraryCode>,
    /// The symbols that were looked up so far: names and addresses.
    pub(crate) symbols: Mutex<BTreeMap<String, u64>>,
    /// The backend's path of the file, kept as long as it may look for neighbours of the file.
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

    /// The loaded libraries, in the order of loading.
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
    /// The debug information about its functions. `None` if it has none, or if its file is not
    /// known.
    pub(crate) fn prototypes(&self) -> Option<Arc<Prototypes>> {
        self.file.as_ref()?.prototypes()
    }

    /// The machine number of its file, as far as that can be read.
    pub(crate) fn machine(&self) -> Option<u16> {
        let (mut file, _) = elf::open(self.path.as_deref()?).ok()?;
        Headers::read(&mut file).map(|headers| headers.machine)
    }

    /// Fails for a symbol of the library that is known to be no function.
    pub(super) fn check_is_code(&self, symbol: &str) -> Result<()> {
        if self.file.as_ref().is_some_and(|file| file.is_data(symbol)) {
            return Err(self.is_data(symbol));
        }
        Ok(())
    }

    /// The error for a symbol that is no function.
    pub(super) fn is_data(&self, symbol: &str) -> Error {
        Error::NotAFunction {
            symbol: symbol.to_owned(),
            library: self.name.clone(),
        }
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

/// The symbols of a file. Each part is read when it is first asked for.
#[derive(Debug, Default)]
struct LibraryFacts {
    prototypes: OnceLock<Option<Arc<Prototypes>>>,
    data: OnceLock<BTreeSet<String>>,
}

/// The file that a library was loaded from: that file itself, also when its path names
/// another one by now.
#[derive(Debug)]
pub(crate) struct LibraryFile {
    file: Original,
    facts: Arc<LibraryFacts>,
}

impl LibraryFile {
    /// The file at `path`. `None` if it cannot be read.
    ///
    /// # Errors
    ///
    /// No descriptor is left.
    pub(super) fn open(path: &Path) -> io::Result<Option<LibraryFile>> {
        let file = match Original::open(path) {
            Ok(file) => file,
            Err(error) if no_descriptor(&error) => return Err(error),
            Err(_) => return Ok(None),
        };
        let facts = facts(&file);
        Ok(Some(LibraryFile { file, facts }))
    }

    /// Whether the path still names it as it was.
    pub(super) fn is_in_place(&self) -> bool {
        self.file.is_in_place()
    }

    /// Whether it was written to since.
    pub(super) fn is_overwritten(&self) -> bool {
        self.file.is_overwritten()
    }

    /// Its prototypes. `None` if it cannot be read.
    pub(super) fn prototypes(&self) -> Option<Arc<Prototypes>> {
        let mut read = None;
        let prototypes = self.facts.prototypes.get_or_init(|| {
            let result = read_original(&self.file).map(Arc::new);
            let prototypes = result.as_ref().ok().cloned();
            read = Some(result);
            prototypes
        });
        // A subscriber of `tracing` may load a library.
        if let Some(read) = read {
            tell(self.file.path(), &read);
        }
        prototypes.clone()
    }

    /// Whether it defines a symbol of this name that cannot be called.
    pub(super) fn is_data(&self, symbol: &str) -> bool {
        let data = self.facts.data.get_or_init(|| {
            let bytes = self.file.bytes().unwrap_or_default();
            data_symbols(&bytes).unwrap_or_default()
        });
        data.contains(symbol)
    }
}

/// The symbols that were read from this file before: the last file of each path is remembered.
fn facts(file: &Original) -> Arc<LibraryFacts> {
    type Known = HashMap<PathBuf, (FileStamp, Arc<LibraryFacts>)>;
    static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_with(HashMap::new);
    if let Some((stamp, facts)) = known.get(file.path())
        && *stamp == file.stamp()
    {
        return Arc::clone(facts);
    }
    let facts = Arc::new(LibraryFacts::default());
    known.insert(file.path().to_owned(), (file.stamp(), Arc::clone(&facts)));
    facts
}

/// Notes what is to be known of a library's debug information.
fn tell<E: std::fmt::Display>(path: &Path, read: &std::result::Result<Arc<Prototypes>, E>) {
    let path = path.display();
    match read {
        Ok(prototypes) => {
            for note in &prototypes.notes {
                tracing::debug!("{path}: {note}");
            }
            if prototypes.is_empty() {
                tracing::info!(
                    "{path} has no debug information, so declarations of its kernels cannot be \
                     checked; compile it with -g"
                );
            }
        }
        Err(error) => tracing::info!("the prototypes of {path} cannot be read: {error}"),
    }
}

/// The addresses of kernels, by the index that each has in every process.
///
/// A read is two loads. Tables of doubling size are added as indices grow; none ever
/// moves.
#[derive(Default)]
pub(crate) struct Addresses {
    tables: [OnceLock<Box<[AtomicU64]>>; TABLES],
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
    /// The address for an index, 0 while there is none.
    #[inline]
    pub(super) fn slot(&self, index: usize) -> Option<&AtomicU64> {
        let (table, place) = place(index);
        Some(&self.tables[table].get()?[place])
    }

    /// Enters the address of a kernel that was found in the library `code`.
    pub(super) fn set(&self, index: usize, addr: u64, code: &LibraryCode) {
        let mut kernels = code.kernels();
        kernels.insert(index);
        // Checked with the lock that `forget` takes after the change: a thread that unloads the
        // library meanwhile finds the address, or it is not entered.
        if code.is_loaded() {
            let (table, place) = place(index);
            let table = self.tables[table]
                .get_or_init(|| (0..FIRST << table).map(|_| AtomicU64::new(0)).collect());
            table[place].store(addr, Ordering::Release);
        }
    }

    /// Forgets the addresses of a library that is being unloaded.
    pub(super) fn forget(&self, code: &LibraryCode) {
        for index in code.kernels().iter() {
            if let Some(slot) = self.slot(*index) {
                slot.store(0, Ordering::Release);
            }
        }
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
