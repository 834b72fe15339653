//! The VE nodes of this machine.

use veo_abi::environment::VENODELIST;

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

/// What is known of a node.
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
    /// What stands for it.
    pub backend: Backend,
}

/// The VE nodes of this machine, in order of their numbers; under a job scheduler
/// (`_VENODELIST`) those that it gave this program, numbered by their place in its list. What
/// is listed is what [`VeoProc::new`](crate::VeoProc::new) takes.
///
/// # Errors
///
/// [`Error::Backend`](crate::Error::Backend) if nothing can run kernels.
pub fn nodes() -> Result<Vec<NodeInfo>> {
    let api = backend::select(None)?;
    let arch = need!(api, veo_get_ve_arch, "listing nodes")?;
    let numbers = match api.table.veo_emu_num_nodes {
        // SAFETY: no preconditions.
        Some(count) => (0..unsafe { count() }).collect(),
        None if is_scheduled() => places(arch),
        None => backend::cards(),
    };
    Ok(numbers
        .into_iter()
        .map(|node| {
            let mut total = 0;
            let mut free = 0;
            let known = api.table.veo_emu_node_memory.is_some_and(|memory| {
                // SAFETY: both places are valid for writing.
                unsafe { memory(node, &raw mut total, &raw mut free) == 0 }
            });
            NodeInfo {
                node,
                // SAFETY: no preconditions; an unknown node is answered with an error.
                arch: match unsafe { arch(node) } {
                    1 => Some(Arch::Ve1),
                    3 => Some(Arch::Ve3),
                    _ => None,
                },
                memory: if known {
                    Some(total)
                } else if is_scheduled() {
                    // The driver knows it by another number.
                    None
                } else {
                    memory_of(node)
                },
                free: known.then_some(free),
                backend: api.backend,
            }
        })
        .collect())
}

/// Whether a job scheduler gave this program its nodes, which are numbered by their place
/// in its list.
fn is_scheduled() -> bool {
    VENODELIST.unguarded().is_some()
}

/// The places in the scheduler's list, which libveo reads.
fn places(arch: unsafe extern "C" fn(i32) -> i32) -> Vec<i32> {
    // SAFETY: no preconditions; a number that is no place is answered with an error.
    (0..)
        .take_while(|node| unsafe { arch(*node) } > 0)
        .collect()
}

/// What the driver says of a card's memory.
fn memory_of(node: i32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/sys/class/ve/ve{node}/memory_size")).ok()?;
    // In GiB.
    text.trim().parse::<u64>().ok()?.checked_mul(1 << 30)
}
