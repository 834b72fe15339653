//! The prototypes of libraries, read once for the whole program.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use veo_abi::prototype::{Prototypes, read_file};

/// The prototypes of a library, read once for the life of the program unless the file
/// changes. `None` if there are none.
pub(super) fn prototypes(path: &Path) -> Option<Arc<Prototypes>> {
    type Read = (Option<SystemTime>, Option<Arc<Prototypes>>);
    static CACHE: Mutex<Option<HashMap<PathBuf, Read>>> = Mutex::new(None);
    let changed = path.metadata().and_then(|file| file.modified()).ok();
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let known = cache.get_or_insert_with(HashMap::new);
    if let Some((then, prototypes)) = known.get(path)
        && *then == changed
    {
        return prototypes.clone();
    }
    // Under the lock, so that who reads is one, who also tells about it.
    let read = read_file(path).map(Arc::new);
    let prototypes = read.as_ref().ok().cloned();
    known.insert(path.to_owned(), (changed, prototypes.clone()));
    // Whoever listens may load a library.
    drop(cache);
    tell(path, &read);
    prototypes
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
