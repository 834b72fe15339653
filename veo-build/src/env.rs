//! The environment of a build: what Cargo and the user set, and what the build script overrides.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::{Error, ErrorKind, Result};

/// Looks variables up and remembers which ones mattered.
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

    /// A variable that a change of must run the build script again. Empty counts as unset.
    pub(crate) fn get(&self, name: &str) -> Option<OsString> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert(name.to_string());
        self.quiet(name)
    }

    /// The same as text; what is not UTF-8 is an error that names the variable.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value.into_string().map(Some).map_err(|value| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("{name} is {value:?}, which is not UTF-8"),
            )
        })
    }

    /// A variable that is not watched: set by Cargo, or too changeable (`PATH`).
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
                    "{name} is not set. Kernels are built from a build script (build.rs), for which Cargo sets it"
                ),
            )
        })
    }

    /// A flag variable: unset, empty, `0`, `no`, `off` and `false` are no.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| {
            !matches!(
                value.to_string_lossy().to_lowercase().as_str(),
                "0" | "no" | "off" | "false"
            )
        })
    }

    /// The variables for the tools that are started.
    pub(crate) fn overrides(&self) -> &BTreeMap<OsString, OsString> {
        &self.overrides
    }

    /// The names that [`Env::get`] was asked for.
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

fn is_program(file: &std::path::Path) -> bool {
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
