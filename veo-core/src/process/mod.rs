//! Processes on a VE.
//!
//! ```text
//! VeoProc --Arc--> ProcHandle --Arc--> ProcShared <--Arc-- the process's thread
//!                  (its drop ends        |    |
//!                   the process)         |    +--Arc--> CtxShared (each context)
//!                                        +--Arc--> ProcCore <--Arc--+
//! ```
//!
//! The thread holds `ProcShared` until the process was destroyed, so that whatever
//! requests own outlives everything that may touch it.

mod builder;
mod call;
mod libraries;
mod loaded;
mod nodes;
mod resolve;
mod runtimes;
mod search;
mod settings;
mod shared;
mod symbols;
mod thread;
mod veo_proc;
mod verify;

pub use builder::{HookId, ProcInitHook, VeoProcBuilder, del_proc_init_hook, set_proc_init_hook};
pub use nodes::{Arch, NodeInfo, nodes};
pub use settings::{Check, Guard, KernelLookup, Schedule, Stream};
pub use veo_proc::VeoProc;

pub(crate) use call::{ResolvedCallee, plain_callee};
pub(crate) use loaded::LoadedLibrary;
pub(crate) use verify::DeclaredKernel;
