//! What the files of loaded libraries say, read once for the whole program.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use veo_abi::prototype::Prototypes;
use veo_debuginfo::prototypes::read_original;
use veo_debuginfo::{Original, Stamp, data_symbols};

/// What a file says of its symbols. Each part is read when it is first asked for.
#[derive(Debug, Default)]
struct Facts {
    prototypes: OnceLock<Option<Arc<Prototypes>>>,
    data: OnceLock<BTreeSet<String>>,
}

/// The file that a library was loaded from: that file itself, also when its path names
/// another one by now.
#[derive(Debug)]
pub(crate) struct LibraryFile {
    file: Original,
    facts: Arc<Facts>,
}

impl LibraryFile {
    /// The file at `path`. `None` if it cannot be read.
    pub(super) fn open(path: &Path) -> Option<LibraryFile> {
        let file = Original::open(path).ok()?;
        let facts = facts(&file);
        Some(LibraryFile { file, facts })
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
        // Whoever listens may load a library.
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

/// What was read of this file before: the last one of its path is remembered.
fn facts(file: &Original) -> Arc<Facts> {
    type Known = HashMap<PathBuf, (Stamp, Arc<Facts>)>;
    static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_with(HashMap::new);
    if let Some((stamp, facts)) = known.get(file.path())
        && *stamp == file.stamp()
    {
        return Arc::clone(facts);
    }
    let facts = Arc::new(Facts::default());
    known.insert(file.path().to_owned(), (file.stamp(), Arc::clone(&facts)));
    facts
}

/// Notes what is to be known of a library's debug information.
fn tell<E: std::fmt::Display>(path: &Path, read: &std::result::Result<Arc<Prototypes>, E>) {
    let path = path.display();
    match read {
        Ok(prototypes) => {
            for note in prototypes.notes() {
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
