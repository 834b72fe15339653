//! Compares declarations with the prototypes in a library's debug information.
//!
//! Libraries that the declaring crate's build made were compared while the
//! declaration was compiled.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use veo_abi::Signature;
use veo_abi::prototype::{Prototypes, compare, read_file};

use super::builder::Prototypes as Policy;
use super::libraries::LoadedLibrary;
use super::shared::ProcShared;
use crate::error::{Error, PrototypeMismatch, Result};
use crate::kernel::{KernelInfo, Verify};

/// What a declaration says, and where it stands.
pub(crate) struct Declaration<'a> {
    pub(crate) symbol: &'a str,
    pub(crate) signature: &'a Signature,
    pub(crate) at: String,
    /// What it says about being compared.
    pub(crate) verify: Verify,
    /// Whether it was compared with this library while it was compiled.
    pub(crate) checked: bool,
}

impl<'a> Declaration<'a> {
    /// Of a kernel whose library was found, perhaps where its own build put it.
    pub(crate) fn of(info: &'a KernelInfo, checked: bool) -> Declaration<'a> {
        Declaration {
            symbol: info.symbol,
            signature: &info.signature,
            at: format!("{}:{}", info.file, info.line),
            verify: info.verify,
            checked,
        }
    }
}

impl ProcShared {
    /// Checks a declaration against the library it was resolved in.
    pub(crate) fn verify(
        &self,
        declaration: &Declaration<'_>,
        library: &LoadedLibrary,
    ) -> Result<()> {
        let policy = match declaration.verify {
            Verify::Default => self.settings.prototypes,
            Verify::Deny => Policy::Deny,
            Verify::Warn => Policy::Warn,
            Verify::Off => Policy::Off,
        };
        let Some(path) = library.path.as_deref() else {
            return Ok(());
        };
        if policy == Policy::Off || declaration.checked {
            return Ok(());
        }
        let Some(prototypes) = prototypes(path) else {
            return Ok(());
        };
        let Some(mismatch) = mismatch(declaration, &prototypes, path) else {
            return Ok(());
        };
        let mismatch = Box::new(mismatch);
        if policy == Policy::Warn {
            tracing::warn!("{mismatch}");
            return Ok(());
        }
        Err(Error::Prototype { mismatch })
    }
}

fn mismatch(
    declaration: &Declaration<'_>,
    prototypes: &Prototypes,
    path: &Path,
) -> Option<PrototypeMismatch> {
    let symbol = declaration.symbol;
    let Some(found) = prototypes.get(symbol) else {
        if !prototypes.is_empty() {
            tracing::debug!(
                "{} has no debug information for {symbol}: its declaration is not checked",
                path.display()
            );
        }
        return None;
    };
    let comparison = compare(declaration.signature, found);
    for note in &comparison.notes {
        tracing::debug!("{symbol} ({}): {note}", declaration.at);
    }
    if comparison.is_match() {
        return None;
    }
    Some(PrototypeMismatch {
        symbol: symbol.to_owned(),
        library: path.display().to_string(),
        declared: format!("fn {symbol}{}", declaration.signature),
        declared_at: declaration.at.clone(),
        found: found.to_string(),
        found_at: found
            .location()
            .unwrap_or_else(|| format!("{}, without line numbers", path.display())),
        differences: comparison
            .mismatches
            .iter()
            .map(ToString::to_string)
            .collect(),
    })
}

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
