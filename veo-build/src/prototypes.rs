//! Writes the prototypes that the library's debug information tells, for `#[ve_kernel]` to check declarations against.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::context::Context;
use crate::kernels::Kernels;
use crate::output::Directives;

/// Reads `library`, which has full debug information, and writes `OUT_DIR/veo/prototypes/<library>.txt`.
pub(crate) fn write(
    _context: &Context,
    _kernels: &Kernels,
    _library: &Path,
    _directives: &mut Directives,
) -> Result<Option<PathBuf>> {
    Ok(None)
}
