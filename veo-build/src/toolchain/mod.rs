//! Finds the compilers of each target.

mod by_value;
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

pub(crate) use by_value::copied as copied_by_value;
pub(crate) use host::variables as cc_variables;
pub(crate) use llvm::{LLVM_TARGET, retarget};
pub(crate) use nec::runtime_dirs as nec_fortran_runtime;

/// The tools for one target.
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    pub(crate) target: Target,
    compilers: BTreeMap<Language, Tool>,
    /// NEC's `mk_veorun_static`, for a static veorun.
    pub(crate) mk_veorun: Option<Tool>,
    /// The tool that joins LLVM IR.
    pub(crate) llvm_link: Option<Tool>,
    /// The linker for the VE that is to be taken instead of ours.
    pub(crate) ve_linker: Option<Tool>,
    /// The tool that takes debug information out.
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

    /// Directories that change if another compiler gets the same name and the compiler's own file does not show it.
    pub(crate) fn watched(&self, context: &Context) -> Vec<PathBuf> {
        match self.target {
            Target::Host => host::watched(context, self),
            _ => Vec::new(),
        }
    }

    pub(crate) fn tools(&self) -> impl Iterator<Item = &Tool> {
        let others = [
            &self.mk_veorun,
            &self.llvm_link,
            &self.ve_linker,
            &self.objcopy,
        ];
        self.compilers.values().chain(others.into_iter().flatten())
    }
}

/// The tools that a library needs.
#[derive(Debug)]
pub(crate) struct Requirements<'a> {
    pub(crate) kernels: &'a Kernels,
    pub(crate) languages: BTreeSet<Language>,
    /// The number of files to link.
    pub(crate) objects: usize,
}

/// The outcome of a search without an error.
#[derive(Debug)]
pub(crate) enum ToolchainSearch {
    Tools(Box<Toolchain>),
    /// The target cannot be built here. It says why, and what would help.
    Missing {
        why: String,
        help: String,
        /// Whether this machine looks as if the target should be built.
        missed: bool,
    },
}

impl From<Toolchain> for ToolchainSearch {
    fn from(tools: Toolchain) -> Self {
        Self::Tools(Box::new(tools))
    }
}

impl ToolchainSearch {
    fn missing(why: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Missing {
            why: why.into(),
            help: help.into(),
            missed: false,
        }
    }

    /// As [`missing`](Self::missing), if something else shows that this machine should build the target.
    fn missed_if(self, missed: bool) -> Self {
        match self {
            Self::Missing { why, help, .. } => Self::Missing { why, help, missed },
            found => found,
        }
    }
}

/// The directories in which compilers of a target may be installed later. Cargo watches them.
pub(crate) fn watched(context: &Context, target: Target) -> Option<PathBuf> {
    target.is_nec().then(|| nec::watched(context)).flatten()
}

/// Searches the tools of a target. If `named`, the user asked for the target, so signs that it is absent from this machine do
/// not count.
///
/// # Errors
/// A variable names a tool that does not exist.
pub(crate) fn find(
    context: &Context,
    needs: &Requirements<'_>,
    target: Target,
    named: bool,
) -> Result<ToolchainSearch> {
    match target {
        Target::Host => host::find(context, needs),
        Target::Ve1 | Target::Ve3 => nec::find(context, needs, target, named),
        Target::Ve1Llvm => llvm::find(context, needs),
    }
}
