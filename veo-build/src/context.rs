//! What one build works with: the directories, the profile and the environment.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::env::Env;
use crate::{Error, Result};

/// The surroundings of one build.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) env: Env,
    /// `OUT_DIR/veo`
    pub(crate) out: PathBuf,
    /// The directory of the package, which relative paths of the builder start from.
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
    /// The names in directories that were looked at, alone or with what is below; see `places`.
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
        Ok(Self {
            out: package.join(env.cargo("OUT_DIR")?).join("veo"),
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

    /// Whether the build script makes this file, or may: it is written anew each time the script runs, so its time stamp tells nothing.
    pub(crate) fn makes(&self, file: &Path) -> bool {
        file.starts_with(&self.out)
            || self
                .out
                .parent()
                // A directory that holds the package too says nothing about what is in it.
                .is_some_and(|dir| file.starts_with(dir) && !self.package.starts_with(dir))
    }

    /// Where the intermediate files of a library for one target are.
    pub(crate) fn work_dir(&self, target: &str, library: &str) -> PathBuf {
        self.out.join("work").join(target).join(library)
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

/// Writes a file unless it has this content already, so that its time stamp tells of changes.
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
