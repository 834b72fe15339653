//! What can be chosen for a process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use veo_abi::environment::VEO_VERIFY;

use super::start::Receiver;
use crate::error::{Error, Result};

/// When the declared kernels of a program are looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernels {
    /// Those whose libraries the program's own build made when the process is
    /// created, so that a missing one is an error there; the others on first use.
    #[default]
    Eager,
    /// All on first use.
    Lazy,
    /// Not at all: calls of declared kernels are errors. For tools that load
    /// libraries by themselves.
    None,
}

/// What is done about a declaration that contradicts the library's debug information.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prototypes {
    /// The kernel cannot be used: [`Error::Prototype`].
    #[default]
    Deny,
    /// A warning through `tracing`.
    Warn,
    /// Nothing is compared.
    Off,
}

impl Prototypes {
    /// What `VEO_VERIFY` says, the same as while declarations are compiled.
    pub(super) fn from_environment(node: i32) -> Result<Prototypes> {
        let Some(word) = VEO_VERIFY.get() else {
            return Ok(Prototypes::default());
        };
        match word.to_str() {
            Some("deny") => Ok(Prototypes::Deny),
            Some("warn") => Ok(Prototypes::Warn),
            Some("off") => Ok(Prototypes::Off),
            _ => Err(Error::ProcessStart {
                node,
                reason: format!(
                    "VEO_VERIFY is {word:?}: set it to `deny`, `warn` or `off`, or unset it"
                ),
            }),
        }
    }
}

/// Where a kernel's output comes from, for [`VeoProcBuilder::stdout`](crate::VeoProcBuilder::stdout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The standard output.
    Stdout,
    /// The standard error.
    Stderr,
}

pub(super) type Output = dyn Fn(Stream, &[u8]) + Send + Sync;

/// Settings that matter after the process was started.
pub(crate) struct Settings {
    /// The program with statically linked kernels, if one was given.
    pub(crate) veorun: Option<PathBuf>,
    /// The node that was asked for, as functions of the backend take it.
    pub(crate) asked_node: i32,
    pub(crate) kernels: Kernels,
    pub(crate) prototypes: Prototypes,
    /// What the backend calls with output. Kept as long as the process.
    pub(super) output: Option<Arc<Receiver>>,
}

/// What is wished for a process: the settings of its builder.
#[derive(Default)]
pub(super) struct Wishes {
    pub(super) veorun: Option<PathBuf>,
    pub(super) kernels: Kernels,
    /// Without, the environment decides.
    pub(super) prototypes: Option<Prototypes>,
    pub(super) memory: Option<u64>,
    pub(super) time_limit: Option<Duration>,
    pub(super) output: Option<Arc<Output>>,
    pub(super) omp_threads: Option<u32>,
}
