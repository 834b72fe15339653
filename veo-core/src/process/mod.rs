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
mod handle;
mod hooks;
mod libraries;
mod loaded;
mod nodes;
mod resolve;
mod search;
mod settings;
mod shared;
mod symbols;
mod thread;
mod verify;

pub use builder::VeoProcBuilder;
pub use handle::VeoProc;
pub use hooks::{HookId, ProcInitHook, del_proc_init_hook, set_proc_init_hook};
pub use nodes::{Arch, NodeInfo, nodes};
pub use settings::{Kernels, Stream};

pub(crate) use call::Place;
pub(crate) use loaded::LoadedLibrary;
pub(crate) use verify::Declaration;
