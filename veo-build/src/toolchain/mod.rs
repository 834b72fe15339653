//! Which compilers make a target, and where they are.

mod host;
mod llvm;
mod nec;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::context::Context;
use crate::kernels::Kernels;
use crate::source::Language;
use crate::target::Target;
use crate::tool::Tool;
use crate::{Error, ErrorKind, Result};

pub(crate) use host::variables as cc_variables;
pub(crate) use llvm::{LLVM_TARGET, retarget};
pub(crate) use nec::runtime_dirs as nec_fortran_runtime;

/// The tools for one target.
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    pub(crate) target: Target,
    compilers: BTreeMap<Language, Tool>,
    /// `mk_veorun_static`, for a static veorun of NEC's.
    pub(crate) mk_veorun: Option<Tool>,
    /// Joins LLVM IR.
    pub(crate) llvm_link: Option<Tool>,
    /// Takes debug information out.
    pub(crate) objcopy: Option<Tool>,
}

impl Toolchain {
    /// The compiler of a language.
    pub(crate) fn compiler(&self, language: Language) -> Result<&Tool> {
        self.compilers.get(&language).ok_or_else(|| {
            Error::new(
                ErrorKind::ToolNotFound,
                format!("no {} compiler for {}", language.name(), self.target),
            )
        })
    }

    /// The name and version of each compiler.
    pub(crate) fn described(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for compiler in self.compilers.values() {
            let name = compiler.described();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(", ")
    }

    /// The directories that tell of another compiler behind the same name, as far as its own file does not.
    pub(crate) fn watched(&self, context: &Context) -> Vec<PathBuf> {
        match self.target {
            Target::Host => host::watched(context, self),
            _ => Vec::new(),
        }
    }

    pub(crate) fn tools(&self) -> impl Iterator<Item = &Tool> {
        let others = [&self.mk_veorun, &self.llvm_link, &self.objcopy];
        self.compilers.values().chain(others.into_iter().flatten())
    }
}

/// What a library needs of its tools.
#[derive(Debug)]
pub(crate) struct Needs<'a> {
    pub(crate) kernels: &'a Kernels,
    pub(crate) languages: BTreeSet<Language>,
    /// How many files are linked together.
    pub(crate) objects: usize,
}

/// The outcome of a search that did not go wrong.
#[derive(Debug)]
pub(crate) enum Found {
    Tools(Box<Toolchain>),
    /// Why the target cannot be built here, and what would help.
    Missing {
        why: String,
        help: String,
        /// Whether this machine looks as if the target should be built.
        missed: bool,
    },
}

impl From<Toolchain> for Found {
    fn from(tools: Toolchain) -> Self {
        Self::Tools(Box::new(tools))
    }
}

impl Found {
    fn missing(why: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Missing {
            why: why.into(),
            help: help.into(),
            missed: false,
        }
    }

    /// The same where something else shows that the target belongs to this machine.
    fn missed_if(self, missed: bool) -> Self {
        match self {
            Self::Missing { why, help, .. } => Self::Missing { why, help, missed },
            found => found,
        }
    }
}

/// The directories that Cargo has to watch for compilers of a target that are installed later.
pub(crate) fn watched(context: &Context, target: Target) -> Option<PathBuf> {
    target.is_nec().then(|| nec::watched(context)).flatten()
}

/// Looks for the tools of a target. `named` tells that the user asked for the target, so that signs of its absence on
/// this machine do not count.
///
/// # Errors
/// When a variable names a tool that is not there.
pub(crate) fn find(
    context: &Context,
    needs: &Needs<'_>,
    target: Target,
    named: bool,
) -> Result<Found> {
    match target {
        Target::Host => host::find(context, needs),
        Target::Ve1 | Target::Ve3 => nec::find(context, needs, target, named),
        Target::Ve1Llvm => llvm::find(context, needs),
    }
}
