//! What a build leaves outside of its intermediate files: lines for Cargo, headers, installed copies.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::context::{self, Context};
use crate::kernels::Kernels;
use crate::source::Sources;
use crate::stamp::Input;
use crate::target::Target;
use crate::{Error, Result};

/// The lines for Cargo, gathered until the end.
#[derive(Debug, Default)]
pub(crate) struct Directives {
    watched: BTreeSet<PathBuf>,
    warnings: Vec<String>,
    /// What compilers said, each once: those of several targets say the same.
    said: BTreeSet<String>,
    notes: Vec<(String, bool)>,
}

impl Directives {
    /// A file, or a directory with all that is in it.
    pub(crate) fn watch(&mut self, file: &Path) {
        self.watched.insert(file.to_owned());
    }

    pub(crate) fn watch_sources(&mut self, sources: &Sources) {
        self.watched.extend(sources.watched.iter().cloned());
        self.watched
            .extend(sources.list.iter().map(|source| source.path.clone()));
    }

    pub(crate) fn inputs(&mut self, inputs: &[Input]) {
        self.watched
            .extend(inputs.iter().map(|input| input.path.clone()));
    }

    /// Something to tell, as a warning of the build if the user should see it.
    pub(crate) fn note(&mut self, text: String, visible: bool) {
        self.notes.push((text, visible));
    }

    /// The notes so far.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(|(text, _)| text.as_str())
    }

    /// What a compiler that succeeded said.
    pub(crate) fn said(&mut self, context: &Context, kernels: &Kernels, target: Target, log: &str) {
        if !self.said.insert(log.to_string()) {
            return;
        }
        for line in log.lines().filter(|line| !line.trim().is_empty()) {
            // NEC's compilers tell of vectorisation in the same place as of mistakes.
            let report = target.is_nec() && is_report(line);
            if kernels.cargo_warnings && (kernels.verbose || context.verbose || !report) {
                self.warnings.push(line.to_string());
            }
        }
    }

    pub(crate) fn command(&mut self, line: String) {
        self.warnings.push(line);
    }

    pub(crate) fn lines(self, context: &Context, kernels: &Kernels) -> Vec<String> {
        let mut lines = Vec::new();
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let out = real(&context.out);
        for path in &self.watched {
            // Cargo takes what the script itself writes for a change: neither the build directory nor what contains it.
            if !out.starts_with(real(path)) && !context.makes(path) {
                lines.push(format!("cargo::rerun-if-changed={}", path.display()));
            }
        }
        for name in context.env.asked() {
            if !kernels.env.contains_key(std::ffi::OsStr::new(&name)) {
                lines.push(format!("cargo::rerun-if-env-changed={name}"));
            }
        }
        for (text, visible) in self.notes {
            for line in text.lines() {
                lines.push(if visible {
                    format!("cargo::warning={line}")
                } else {
                    format!("veo-build: {line}")
                });
            }
        }
        lines.extend(
            self.warnings
                .into_iter()
                .map(|line| format!("cargo::warning={line}")),
        );
        lines
    }
}

/// `ncc: vec( 101): add.c, line 5: Vectorized loop.`
fn is_report(line: &str) -> bool {
    let Some((_, rest)) = line.split_once(": ") else {
        return false;
    };
    ["vec(", "opt(", "inl(", "par("]
        .iter()
        .any(|class| rest.trim_start().starts_with(class))
}

/// The line of an error's message that says most in one line.
pub(crate) fn gist(message: &str) -> String {
    let line = message
        .lines()
        .find(|line| line.contains("error:"))
        .or_else(|| message.lines().next());
    line.unwrap_or_default().trim().to_string()
}

/// How many jobs Cargo allows at most.
pub(crate) fn parallel(context: &Context) -> usize {
    let jobs = context
        .env
        .quiet("NUM_JOBS")
        .and_then(|text| text.to_str()?.parse().ok());
    jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// Makes the directories ready: what an earlier run of the build script left there and this one does not make again must not be found.
pub(crate) fn prepare(context: &Context, kernels: &Kernels, caller: &Location<'_>) -> Result<()> {
    type Made = BTreeMap<PathBuf, BTreeMap<String, String>>;
    static MADE: Mutex<Made> = Mutex::new(Made::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let first = !made.contains_key(&context.out);
    let here = made.entry(context.out.clone()).or_default();
    let place = caller.to_string();
    if let Some(other) = here.insert(kernels.name.clone(), place.clone())
        && other != place
    {
        return Err(Error::invalid(format!(
            "{} is built twice, at {other} and at {place}; give one of them another name, or all sources to one",
            kernels.name
        )));
    }
    if first {
        let dirs = Target::ALL
            .iter()
            .map(|target| target.name())
            .chain(["prototypes", "import"]);
        for dir in dirs
            .map(|dir| context.out.join(dir))
            .filter(|dir| dir.exists())
        {
            fs::remove_dir_all(&dir)
                .map_err(|e| Error::io(format_args!("cannot clear {}", dir.display()), &e))?;
        }
        let note = context.out.join("note.txt");
        if note.exists() {
            fs::remove_file(&note)
                .map_err(|e| Error::io(format_args!("cannot remove {}", note.display()), &e))?;
        }
    }
    Ok(())
}

/// The directories that libraries are also copied to.
pub(crate) fn install_dirs(context: &Context, kernels: &Kernels) -> Result<Vec<PathBuf>> {
    let mut dirs: Vec<PathBuf> = kernels
        .install_dir
        .iter()
        .map(|dir| context.package.join(dir))
        .collect();
    if let Some(dir) = context.env.get("VEO_INSTALL_DIR") {
        let dir = PathBuf::from(dir);
        if !dir.is_absolute() {
            return Err(Error::invalid(format!(
                "VEO_INSTALL_DIR is `{}`; it must be an absolute path, since build scripts run in the directories of their packages",
                dir.display()
            )));
        }
        dirs.push(dir);
    }
    Ok(dirs)
}

/// Copies a file into `dir`, whole at every moment. Gives the path for Cargo to watch, in case it is removed: its time stamp is that
/// of the build script, since one from now would make Cargo run the script again.
pub(crate) fn install(file: &Path, dir: &Path) -> Result<PathBuf> {
    context::make_dir(dir)?;
    let name = file.file_name().unwrap_or_default();
    let to = dir.join(name);
    let mut temporary = name.to_owned();
    temporary.push(format!(".{}", std::process::id()));
    let temporary = dir.join(temporary);
    let copy = || {
        fs::copy(file, &temporary)?;
        let script = std::env::current_exe()?.metadata()?.modified()?;
        let copied = fs::File::options().write(true).open(&temporary)?;
        copied.set_modified(script)?;
        fs::rename(&temporary, &to)
    };
    copy().map_err(|e| {
        let doing = format!("cannot install {} at {}", file.display(), to.display());
        Error::io(doing, &e)
    })?;
    Ok(to)
}
