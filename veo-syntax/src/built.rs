//! The results of the declaring crate's build below `OUT_DIR/veo`: its libraries and their
//! prototypes. Only this module reads files.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use veo_abi::Verify;
use veo_abi::build_dir::{self, PROTOTYPES, library_of_prototypes, prototypes_file};
use veo_abi::prototype::Prototypes;

/// The build of the crate that is being compiled, if there is one.
#[derive(Debug, Default)]
pub struct CrateBuild {
    /// `OUT_DIR/veo`
    dir: Option<PathBuf>,
    /// The value of `VEO_VERIFY`.
    policy: Option<String>,
}

/// The build's knowledge of a library.
pub(crate) enum BuiltLibrary {
    /// There is no build, it makes no libraries, or it wrote no prototypes.
    Unknown,
    /// The build makes these libraries, but not the wanted one.
    NotAmong(Vec<String>),
    /// Its functions.
    Known(Arc<Prototypes>),
    /// The file exists, but cannot be used.
    Unreadable(String),
}

impl CrateBuild {
    /// No build: declarations are checked without a library.
    #[must_use]
    pub fn nothing() -> Self {
        CrateBuild::default()
    }

    /// The build of the crate that is being compiled. Cargo passes `OUT_DIR` to the
    /// compiler. An editor that runs no build scripts has no build.
    #[must_use]
    pub fn of_this_crate() -> Self {
        let out_dir = std::env::var_os("OUT_DIR").map(PathBuf::from);
        CrateBuild::new(out_dir.as_deref(), std::env::var("VEO_VERIFY").ok())
    }

    /// The build with its results in `out_dir`, and the policy with this name.
    #[must_use]
    pub fn new(out_dir: Option<&Path>, policy: Option<String>) -> Self {
        CrateBuild {
            dir: out_dir.map(build_dir::of),
            policy: policy.filter(|word| !word.is_empty()),
        }
    }

    /// The policy, or the word that is not the name of a policy.
    pub(crate) fn verify(&self) -> Result<Verify, &str> {
        match &self.policy {
            None => Ok(Verify::Default),
            Some(word) => Verify::parse(word).ok_or(word),
        }
    }

    /// Whether the build makes libraries at all.
    pub(crate) fn has_libraries(&self) -> bool {
        self.dir
            .as_ref()
            .is_some_and(|dir| dir.join(PROTOTYPES).is_dir())
    }

    /// The file with the prototypes of a library, below `OUT_DIR`, if it exists and its path
    /// can be written in an expansion.
    pub(crate) fn prototypes(&self, name: &str) -> Option<String> {
        let dir = self.dir.as_ref().filter(|dir| dir.to_str().is_some())?;
        let file = format!("{PROTOTYPES}/{}", prototypes_file(name));
        dir.join(&file)
            .is_file()
            .then(|| format!("{}/{file}", build_dir::DIR))
    }

    /// The build's knowledge of a library with this file name.
    pub(crate) fn library(&self, name: &str) -> BuiltLibrary {
        let Some(dir) = &self.dir else {
            return BuiltLibrary::Unknown;
        };
        let path = dir.join(PROTOTYPES).join(prototypes_file(name));
        match fs::metadata(&path) {
            Ok(metadata) => {
                let stamp = ReadStamp {
                    modified: metadata.modified().ok(),
                    size: metadata.len(),
                };
                match cached(&path, stamp) {
                    Ok(prototypes) => BuiltLibrary::Known(prototypes),
                    Err(why) => BuiltLibrary::Unreadable(why),
                }
            }
            Err(_) => {
                let libraries = libraries(dir);
                if libraries.is_empty() || libraries.iter().any(|library| library == name) {
                    BuiltLibrary::Unknown
                } else {
                    BuiltLibrary::NotAmong(libraries)
                }
            }
        }
    }

    /// The file names and prototypes of all static veoruns.
    pub(crate) fn linked(&self) -> Vec<(String, Arc<Prototypes>)> {
        let Some(dir) = &self.dir else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for entry in fs::read_dir(dir.join(PROTOTYPES))
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(image) = library_of_prototypes(&name).filter(|n| !n.contains(".so")) else {
                continue;
            };
            if let BuiltLibrary::Known(prototypes) = self.library(image) {
                found.push((image.to_owned(), prototypes));
            }
        }
        found
    }
}

/// The shared libraries that the build made, for any target.
fn libraries(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|target| target.file_name() != PROTOTYPES)
        .flat_map(|target| fs::read_dir(target.path()).into_iter().flatten().flatten())
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains(".so") && !name.ends_with(".debug"))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Differs if a file has changed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ReadStamp {
    modified: Option<SystemTime>,
    size: u64,
}

type ParsedPrototypes = Result<Arc<Prototypes>, String>;

/// Parses each file only once for all declarations. An editor keeps this process for a long
/// time, so a changed file is read again.
fn cached(path: &Path, stamp: ReadStamp) -> ParsedPrototypes {
    static KNOWN: OnceLock<Mutex<HashMap<PathBuf, (ReadStamp, ParsedPrototypes)>>> =
        OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((before, parsed)) = known.get(path)
        && *before == stamp
    {
        return parsed.clone();
    }
    let parsed = read(path);
    known.insert(path.to_owned(), (stamp, parsed.clone()));
    parsed
}

fn read(path: &Path) -> ParsedPrototypes {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let prototypes =
        Prototypes::from_text(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(Arc::new(prototypes))
}
