//! The build note: what was built, with what, what was left out and why.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::build::{Built, BuiltTarget};
use crate::context::Context;
use crate::kernels::Kernels;
use crate::output::Directives;
use crate::target::Target;
use crate::{Error, Result};

/// What a build came to.
#[derive(Debug, Default)]
pub(crate) struct Note {
    /// Each target with a description of its tools.
    pub(crate) built: Vec<(BuiltTarget, String)>,
    /// Each target left out, why, and what would help.
    pub(crate) left_out: Vec<(Target, String, String)>,
    pub(crate) prototypes: Option<PathBuf>,
}

impl Note {
    /// Tells the note to the user, keeps it in `OUT_DIR/veo/note.txt`, and gives the result of the build.
    pub(crate) fn finish(
        self,
        context: &Context,
        kernels: &Kernels,
        directives: &mut Directives,
    ) -> Result<Built> {
        let text = self.text(kernels);
        directives.note(text.clone(), self.is_news(context));
        if kernels.verbose || context.verbose {
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
        let file = context.out.join("note.txt");
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
                .map(|(target, why, _)| (target, why))
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
        // Targets with the same reason share it.
        let mut reasons: Vec<(Vec<&str>, &str)> = Vec::new();
        for (target, why, _) in &self.left_out {
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
        let without: Vec<_> = self
            .left_out
            .iter()
            .map(|(target, ..)| format!("-{target}"))
            .collect();
        format!(
            "{}: built for {built}; left out: {}. VEO_TARGETS={} silences this note",
            kernels.name,
            reasons.join(", "),
            without.join(",")
        )
    }

    /// Whether this says something that the user did not ask for and that no earlier note of this build script said.
    fn is_news(&self, context: &Context) -> bool {
        static TOLD: Mutex<Vec<(PathBuf, Target, String)>> = Mutex::new(Vec::new());
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        let mut news = false;
        for (target, why, _) in self.left_out.iter().filter(|(_, _, help)| !help.is_empty()) {
            let entry = (context.out.clone(), *target, why.clone());
            if !told.contains(&entry) {
                told.push(entry);
                news = true;
            }
        }
        news
    }
}
