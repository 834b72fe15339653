//! The number of a process, as pointers carry it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers processes for the life of the program; never used twice. The upper bits say on
/// which node the process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ProcId(u64);

/// Bits of the number.
const BITS: u32 = 48;

static NEXT: AtomicU64 = AtomicU64::new(1);

impl ProcId {
    /// What a null pointer has: no process.
    pub(crate) const NONE: ProcId = ProcId(0);

    /// A number that no process had before, for one on this node.
    pub(crate) fn next(node: i32) -> ProcId {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        ProcId(number | (node as u64) << BITS)
    }
}

/// Names the process: `VE process 3 of this program (node 0)`.
impl fmt::Display for ProcId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("no process"),
            id => {
                let (number, node) = (id & ((1 << BITS) - 1), (id >> BITS) as i16);
                write!(f, "VE process {number} of this program (node {node})")
            }
        }
    }
}
