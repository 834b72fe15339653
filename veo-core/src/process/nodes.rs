//! The VE nodes of this machine.

use crate::backend::{self, Backend, need};
use crate::error::Result;

/// The generation of a Vector Engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arch {
    /// VE1 and VE2: Vector Engine 1.0, 2.0.
    Ve1,
    /// VE3: Vector Engine 3.0.
    Ve3,
}

/// The known facts about a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeInfo {
    /// Its number.
    pub node: i32,
    /// Its generation (`veo_get_ve_arch`).
    pub arch: Option<Arch>,
    /// Its memory in bytes.
    pub memory: Option<u64>,
    /// The part of it that can be allocated now, in bytes.
    pub free: Option<u64>,
    /// The backend of a node.
    pub backend: Backend,
}

/// The VE nodes of this machine, in order of their numbers; under a job scheduler
/// (`_VENODELIST`) those that it gave this program, numbered by their place in its list. [`VeoProc::new`](crate::VeoProc::new)
/// takes these numbers.
///
/// # Errors
///
/// [`Error::Backend`](crate::Error::Backend) if nothing can run kernels, or if `VEO_EMU_NODES` or
/// `_VENODELIST` makes no sense.
pub fn nodes() -> Result<Vec<NodeInfo>> {
    let api = backend::select(None)?;
    let arch = need!(api, veo_get_ve_arch, "listing nodes")?;
    let numbers = api.extension.nodes()?;
    Ok(numbers
        .into_iter()
        .map(|node| {
            let (memory, free) = api.extension.node_memory(node);
            NodeInfo {
                node,
                // SAFETY: no preconditions; an unknown node is answered with an error.
                arch: match unsafe { arch(node) } {
                    1 => Some(Arch::Ve1),
                    3 => Some(Arch::Ve3),
                    _ => None,
                },
                memory,
                free,
                backend: api.backend,
            }
        })
        .collect())
}
