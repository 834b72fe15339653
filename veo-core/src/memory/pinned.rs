//! Memory that stays allocated while somebody outside uses it.

use std::fmt;
use std::ptr::NonNull;

use crate::address::{Usage, VeMemPtr};
use crate::backend::HostMapping;
use crate::error::Result;
use crate::process::VeoProc;

/// Memory of the VE that stays allocated as long as this value lives, whatever becomes of its
/// buffer. [`VeSlice::pin`](crate::VeSlice::pin) makes it.
///
/// It borrows nothing, so a library may use the memory on its own time: for example one that
/// sends or receives it. If it is forgotten, the memory is never freed and the process stays
/// open.
///
/// ```
/// # fn main() -> veo_core::Result<()> {
/// # let proc = veo_core::VeoProc::new(0)?;
/// let x = proc.upload(&[1.5, 2.5])?;
/// let pinned = x.slice(1..)?.pin()?;
/// drop(x);
/// let mut bytes = [0; 8];
/// proc.read_mem(&mut bytes, pinned.as_ptr())?;
/// assert_eq!(f64::from_le_bytes(bytes), 2.5);
/// # Ok(())
/// # }
/// ```
pub struct PinnedMemory {
    // Before the process: it is given back first.
    mapping: Option<HostMapping>,
    ptr: VeMemPtr<u8>,
    size: usize,
    usage: Option<&'static Usage>,
    proc: VeoProc,
}

impl PinnedMemory {
    /// Pins memory that is borrowed for the call.
    pub(super) fn new(proc: &VeoProc, ptr: VeMemPtr<u8>, size: usize) -> Result<PinnedMemory> {
        let core = &proc.shared().core;
        core.check("pinning memory")?;
        let usage = ptr.usage();
        if let Some(usage) = usage {
            usage.pin();
        }
        let mapping = match size {
            0 => None,
            size => core.extension.map(ptr.addr(), size),
        };
        let pinned = PinnedMemory {
            mapping,
            ptr,
            size,
            usage,
            proc: proc.clone(),
        };
        // Of a process that has ended nothing is mapped.
        if pinned.mapping.is_none() && core.look_for_end() {
            return Err(core.gone(&"pinning memory"));
        }
        Ok(pinned)
    }

    /// The address of the memory on the VE.
    #[must_use]
    pub fn as_ptr(&self) -> VeMemPtr<u8> {
        self.ptr
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The process that it belongs to.
    #[must_use]
    pub fn proc(&self) -> &VeoProc {
        &self.proc
    }

    /// The address of the memory in this program. On the emulated node it has one as long as this
    /// value lives, even if the process has ended (`veo_emu_map_mem`). Kernels read and write the
    /// memory meanwhile, so make no reference to it. `None` with NEC's library, and for memory of
    /// no bytes.
    #[must_use]
    pub fn host_address(&self) -> Option<NonNull<u8>> {
        self.mapping.as_ref().map(HostMapping::place)
    }
}

impl Drop for PinnedMemory {
    fn drop(&mut self) {
        self.mapping = None;
        if let Some(usage) = self.usage {
            self.proc.shared().unpin(usage);
        }
    }
}

impl fmt::Debug for PinnedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PinnedMemory({} bytes at {:?})", self.size, self.ptr)
    }
}
