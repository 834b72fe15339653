//! The environment, the directories and the profile of one build.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use veo_abi::build_dir;

use crate::{Error, ErrorKind, Result};

/// The environment: variables of Cargo and the user, and those that the build script overrides. It remembers which variables
/// were read.
#[derive(Debug, Default)]
pub(crate) struct Env {
    overrides: BTreeMap<OsString, OsString>,
    asked: Mutex<BTreeSet<String>>,
}

impl Env {
    pub(crate) fn new(overrides: BTreeMap<OsString, OsString>) -> Self {
        Self {
            overrides,
            asked: Mutex::default(),
        }
    }

    /// Reads a variable. If it changes, Cargo runs the build script again. Empty counts as unset.
    pub(crate) fn get(&self, name: &str) -> Option<OsString> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert(name.to_string());
        self.quiet(name)
    }

    /// Reads a variable as text. If it is not UTF-8, the error names the variable.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value.into_string().map(Some).map_err(|value| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("{name} is {value:?}, which is not UTF-8; set it to text in UTF-8"),
            )
        })
    }

    /// Reads a variable that is not watched, because Cargo sets it or because it changes too often (`PATH`).
    pub(crate) fn quiet(&self, name: &str) -> Option<OsString> {
        let value = match self.overrides.get(OsStr::new(name)) {
            Some(value) => Some(value.clone()),
            None => std::env::var_os(name),
        };
        value.filter(|value| !value.is_empty())
    }

    /// A variable that Cargo sets for build scripts.
    pub(crate) fn cargo(&self, name: &str) -> Result<OsString> {
        self.quiet(name).ok_or_else(|| {
            Error::new(
                ErrorKind::MissingVariable,
                format!(
                    "{name} is not set. Cargo sets it for build scripts, so call this from build.rs"
                ),
            )
        })
    }

    /// Reads a flag: unset, empty, `0`, `no`, `off` and `false` mean no.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| {
            !matches!(
                value.to_string_lossy().to_lowercase().as_str(),
                "0" | "no" | "off" | "false"
            )
        })
    }

    /// The variables that the build script sets for its tools.
    pub(crate) fn overrides(&self) -> &BTreeMap<OsString, OsString> {
        &self.overrides
    }

    /// The names of all variables that [`Env::get`] has read.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().cloned().collect()
    }

    /// Finds a program as a shell would.
    pub(crate) fn which(&self, program: &OsStr) -> Option<PathBuf> {
        let direct = PathBuf::from(program);
        if direct.components().count() > 1 {
            return is_program(&direct).then_some(direct);
        }
        let path = self.quiet("PATH")?;
        std::env::split_paths(&path)
            .map(|dir| dir.join(program))
            .find(|file| is_program(file))
    }
}

fn is_program(file: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.metadata()
            .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    {
        file.is_file()
    }
}

/// The surroundings of one build.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) env: Env,
    /// `OUT_DIR/veo`
    pub(crate) out: PathBuf,
    /// The directory of the package. Relative paths of the builder start there.
    pub(crate) package: PathBuf,
    /// Cargo's target and host triples.
    pub(crate) target: String,
    pub(crate) host: String,
    /// Whether the program will run on Linux.
    pub(crate) linux: bool,
    /// `0 1 2 3 s z`
    pub(crate) opt_level: String,
    /// Whether the profile wants debug information in its files.
    pub(crate) keep_debug: bool,
    pub(crate) verbose: bool,
    /// Hashes of directory listings, of a directory alone or with all below it; see `stamp`.
    pub(crate) listed: Mutex<BTreeMap<(PathBuf, bool), String>>,
}

impl Context {
    pub(crate) fn new(env: Env) -> Result<Self> {
        let text = |name: &str| {
            let value = env.cargo(name)?;
            value
                .into_string()
                .map_err(|v| Error::invalid(format!("{name} is {v:?}, which is not UTF-8")))
        };
        let target = text("TARGET")?;
        let package = PathBuf::from(env.cargo("CARGO_MANIFEST_DIR")?);
        let debug = env.quiet("DEBUG").unwrap_or_else(|| "false".into());
        let os = env.quiet("CARGO_CFG_TARGET_OS");
        let out = build_dir::of(&package.join(env.cargo("OUT_DIR")?));
        if out.starts_with(&package) {
            // The tools begin there, and outside of Cargo it may not be there yet.
            make_dir(&package)?;
        }
        Ok(Self {
            out,
            package,
            host: env
                .quiet("HOST")
                .map_or(Ok(target.clone()), |_| text("HOST"))?,
            linux: os.map_or_else(|| target.contains("linux"), |os| os == "linux"),
            target,
            opt_level: env
                .quiet("OPT_LEVEL")
                .map_or_else(|| "0".into(), |v| v.to_string_lossy().into_owned()),
            keep_debug: !matches!(debug.to_string_lossy().as_ref(), "0" | "false" | "none"),
            verbose: env.flag("VEO_VERBOSE"),
            listed: Mutex::default(),
            env,
        })
    }

    /// Whether the build script may have made this file. The script writes such a file on each run, so its time stamp means nothing.
    pub(crate) fn makes(&self, file: &Path) -> bool {
        file.starts_with(&self.out)
            || self
                .out
                .parent()
                // A directory that also holds the package proves nothing about the file.
                .is_some_and(|dir| file.starts_with(dir) && !self.package.starts_with(dir))
    }

    /// How many jobs Cargo allows at most.
    pub(crate) fn jobs(&self) -> usize {
        let jobs = self
            .env
            .quiet("NUM_JOBS")
            .and_then(|text| text.to_str()?.parse().ok());
        jobs.unwrap_or_else(|| {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        })
    }

    /// Where the intermediate files of a library for one target are.
    pub(crate) fn work_dir(&self, target: &str, library: &str) -> PathBuf {
        self.out.join(build_dir::WORK).join(target).join(library)
    }
}

/// Makes a directory and those above it.
pub(crate) fn make_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|e| {
        Error::io(
            format_args!("cannot make the directory {}", dir.display()),
            &e,
        )
    })
}

/// Reads a file.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).map_err(|e| Error::io(format_args!("cannot read {}", file.display()), &e))
}

/// Writes a file unless it already has this content, so that a new time stamp means new content.
pub(crate) fn write_if_changed(file: &Path, content: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(dir) = file.parent() {
        make_dir(dir)?;
    }
    fs::write(file, content)
        .map_err(|e| Error::io(format_args!("cannot write {}", file.display()), &e))
}
