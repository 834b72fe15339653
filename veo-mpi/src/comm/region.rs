//! VE memory that takes part in a transfer.

use std::rc::Rc;

use veo_core::{Backend, PinnedMemory, VeData, VeSlice, VeSliceMut};

use super::data_type::TypeTag;
use super::flight::AddressedMemory;
use super::path::Path;
use super::staging;
use crate::error::{Error, Result};

/// VE memory that takes part in a transfer: it stays allocated until that has ended.
#[derive(Clone)]
pub(super) struct TransferRegion {
    pinned: Rc<PinnedMemory>,
    /// How MPI finds it, on the direct path.
    direct: Option<AddressedMemory>,
    pub(super) ty: TypeTag,
    /// How many values it has.
    pub(super) len: usize,
}

impl TransferRegion {
    pub(super) fn of<T: VeData>(slice: &VeSlice<'_, T>, path: Path) -> Result<TransferRegion> {
        TransferRegion::new::<T>(slice.pin()?, slice.len(), path)
    }

    pub(super) fn of_mut<T: VeData>(
        slice: &VeSliceMut<'_, T>,
        path: Path,
    ) -> Result<TransferRegion> {
        TransferRegion::new::<T>(slice.pin()?, slice.len(), path)
    }

    fn new<T: VeData>(pinned: PinnedMemory, len: usize, path: Path) -> Result<TransferRegion> {
        let pinned = Rc::new(pinned);
        let direct = match (path, pinned.proc().backend()) {
            _ if pinned.size() == 0 => None,
            (Path::Direct, Backend::Emu) => {
                let found = AddressedMemory::on_host(&pinned);
                Some(found.ok_or_else(|| Error::Path {
                    reason: "the emulated node does not say where its memory lies; use the path `staged`".into(),
                })?)
            }
            (Path::Direct, _) => Some(AddressedMemory::tagged(&pinned)?),
            _ => None,
        };
        Ok(TransferRegion {
            pinned,
            direct,
            ty: TypeTag::of::<T>(),
            len,
        })
    }

    /// Its size in bytes.
    pub(super) fn size(&self) -> usize {
        self.pinned.size()
    }

    /// How MPI finds it, on the direct path.
    pub(super) fn direct(&self) -> Option<AddressedMemory> {
        self.direct.clone()
    }

    /// Copies bytes from an offset on to the host.
    pub(super) fn read(&self, at: usize, to: &mut [u8]) -> Result<()> {
        staging::read(self.pinned.proc(), self.pinned.as_ptr(), at, to)
    }

    /// Copies bytes of the host to an offset.
    pub(super) fn write(&self, at: usize, from: &[u8]) -> Result<()> {
        staging::write(self.pinned.proc(), self.pinned.as_ptr(), at, from)
    }
}
