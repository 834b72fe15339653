//! The output of a build: lines for Cargo, notes, and the output of compilers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::kernels::Kernels;
use crate::source::SourceList;
use crate::stamp::StampedFile;
use crate::target::Target;

/// The lines for Cargo, collected until the end of the build.
#[derive(Debug, Default)]
pub(crate) struct Directives {
    watched: BTreeSet<PathBuf>,
    warnings: Vec<String>,
    /// Output of compilers, without repeats: the compilers of several targets often say the same.
    said: BTreeSet<String>,
    notes: Vec<(String, bool)>,
}

impl Directives {
    /// Lets Cargo watch a file, or a directory with all its files.
    pub(crate) fn watch(&mut self, file: &Path) {
        self.watched.insert(file.to_owned());
    }

    pub(crate) fn watch_sources(&mut self, sources: &SourceList) {
        self.watched.extend(sources.watched.iter().cloned());
        self.watched
            .extend(sources.list.iter().map(|source| source.path.clone()));
    }

    pub(crate) fn inputs(&mut self, inputs: &[StampedFile]) {
        self.watched
            .extend(inputs.iter().map(|input| input.path.clone()));
    }

    /// Adds a note. It is a warning of the build if the user should see it.
    pub(crate) fn note(&mut self, text: String, visible: bool) {
        self.notes.push((text, visible));
    }

    /// The notes so far.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(|(text, _)| text.as_str())
    }

    /// Adds the output of a compiler that succeeded.
    pub(crate) fn said(&mut self, context: &Context, kernels: &Kernels, target: Target, log: &str) {
        if !self.said.insert(log.to_string()) {
            return;
        }
        for line in log.lines().filter(|line| !line.trim().is_empty()) {
            // NEC's compilers print vectorisation messages and warnings to the same stream.
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
            // Cargo would take the script's own output for a change, so it must not watch the build directory or a parent of it.
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
