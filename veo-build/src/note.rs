//! The result of a build, and the build note. The note says which compilers built what, and what was left out and why.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use veo_abi::build_dir;

use crate::context::Context;
use crate::directives::Directives;
use crate::kernels::Kernels;
use crate::target::Target;
use crate::{Error, Result};

/// The result of a build.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Built {
    /// The file name of the library.
    pub name: String,
    /// The targets that were built, in the order of [`Target::ALL`].
    pub targets: Vec<BuiltTarget>,
    /// The targets that were not built, and why.
    pub left_out: Vec<(Target, String)>,
    /// The file with the C prototypes of its functions, if the library has debug information.
    pub prototypes: Option<PathBuf>,
    /// The declarations imported from C headers.
    pub imports: Vec<PathBuf>,
    /// The build note: all this in a few words.
    pub note: String,
}

impl Built {
    /// The library for a target, if it was built.
    #[must_use]
    pub fn library(&self, target: Target) -> Option<&Path> {
        self.targets
            .iter()
            .find(|built| built.target == target)
            .map(|built| built.library.as_path())
    }
}

/// The files of a build for one target.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BuiltTarget {
    /// The target.
    pub target: Target,
    /// The library, in `OUT_DIR/veo/<target>`.
    pub library: PathBuf,
    /// Its debug information, if it is in a separate file.
    pub debug: Option<PathBuf>,
    /// The listings of NEC's compilers, if [`Kernels::report`] is set.
    pub listings: Vec<PathBuf>,
    /// The command lines that ran, in the order of their results. Empty if everything was up to date.
    pub commands: Vec<String>,
}

/// A target that is not built.
#[derive(Clone, Debug)]
pub(crate) struct LeftOut {
    pub(crate) target: Target,
    pub(crate) why: String,
    /// Whether this machine looks as if the target should be built. The user then gets a warning.
    pub(crate) missed: bool,
}

/// The outcome of a build, for the note.
#[derive(Debug, Default)]
pub(crate) struct Note {
    /// Each target with a description of its tools.
    pub(crate) built: Vec<(BuiltTarget, String)>,
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) prototypes: Option<PathBuf>,
}

impl Note {
    /// Shows the note to the user, appends it to `OUT_DIR/veo/note.txt`, and returns the result of the build.
    pub(crate) fn finish(
        self,
        context: &Context,
        kernels: &Kernels,
        directives: &mut Directives,
    ) -> Result<Built> {
        let text = self.text(kernels);
        let verbose = kernels.verbose || context.verbose;
        match self.warning(context) {
            Some(help) => directives.note(format!("{text}. {help}"), true),
            None => directives.note(text.clone(), verbose),
        }
        if verbose {
            for line in self.built.iter().flat_map(|(built, _)| &built.commands) {
                directives.command(line.clone());
            }
        }
        for listing in self.built.iter().flat_map(|(built, _)| &built.listings) {
            directives.note(
                format!("{}: listing {}", kernels.name, listing.display()),
                true,
            );
        }
        let file = context.out.join(build_dir::NOTE);
        let log = OpenOptions::new().create(true).append(true).open(&file);
        log.and_then(|mut log| {
            directives
                .notes()
                .try_for_each(|note| writeln!(log, "{note}"))
        })
        .map_err(|e| Error::io(format_args!("cannot write {}", file.display()), &e))?;
        Ok(Built {
            name: kernels.name.clone(),
            left_out: self
                .left_out
                .into_iter()
                .map(|left| (left.target, left.why))
                .collect(),
            targets: self.built.into_iter().map(|(built, _)| built).collect(),
            prototypes: self.prototypes,
            imports: Vec::new(),
            note: text,
        })
    }

    fn text(&self, kernels: &Kernels) -> String {
        let built: Vec<_> = self
            .built
            .iter()
            .map(|(built, tools)| format!("{} ({tools})", built.target))
            .collect();
        let built = if built.is_empty() {
            "no target".to_string()
        } else {
            built.join(", ")
        };
        // Targets with the same reason share one entry.
        let mut reasons: Vec<(Vec<&str>, &str)> = Vec::new();
        for LeftOut { target, why, .. } in &self.left_out {
            match reasons.iter_mut().find(|(_, same)| same == why) {
                Some((targets, _)) => targets.push(target.name()),
                None => reasons.push((vec![target.name()], why)),
            }
        }
        let reasons: Vec<_> = reasons
            .iter()
            .map(|(targets, why)| format!("{} ({why})", targets.join(", ")))
            .collect();
        if reasons.is_empty() {
            return format!("{}: built for {built}", kernels.name);
        }
        format!(
            "{}: built for {built}; left out: {}",
            kernels.name,
            reasons.join(", ")
        )
    }

    /// Advice about the targets left out. It is given once per build script, and only for a warning: this machine should have a
    /// target that is left out, or nothing was built at all.
    fn warning(&self, context: &Context) -> Option<String> {
        static TOLD: Mutex<Vec<(PathBuf, Target, String)>> = Mutex::new(Vec::new());
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        let mut news = Vec::new();
        for left in &self.left_out {
            let entry = (context.out.clone(), left.target, left.why.clone());
            if (left.missed || self.built.is_empty()) && !told.contains(&entry) {
                told.push(entry);
                news.push(format!("-{}", left.target));
            }
        }
        if news.is_empty() {
            return None;
        }
        let targets = if self.built.is_empty() {
            "none".to_string()
        } else {
            news.join(",")
        };
        Some(format!("VEO_TARGETS={targets} silences this note"))
    }
}
