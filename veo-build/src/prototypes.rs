//! Writes the prototypes that the library's debug information tells, for `#[ve_kernel]` to check declarations against.

use std::path::{Path, PathBuf};

use veo_debuginfo::prototypes;

use crate::Result;
use crate::context::{self, Context};
use crate::debug;
use crate::kernels::Kernels;
use crate::output::Directives;

/// The most functions that are named.
const NAMED: usize = 10;

/// Reads `library`, which has full debug information, and writes `OUT_DIR/veo/prototypes/<library>.txt`.
pub(crate) fn write(
    context: &Context,
    kernels: &Kernels,
    library: &Path,
    directives: &mut Directives,
) -> Result<Option<PathBuf>> {
    let file = context
        .work_dir("prototypes", &kernels.name)
        .join(format!("{}.txt", kernels.name));
    let found = match prototypes::read(&context::read(library)?, None) {
        Ok(found) => found,
        Err(error) => {
            // The library may still be good; declarations go unchecked then, which the user should know.
            let text = format!(
                "{}: its debug information cannot be read, declarations are not checked: {error}",
                kernels.name
            );
            directives.note(text, true);
            return Ok(None);
        }
    };
    for note in found.notes() {
        directives.note(format!("{}: {note}", kernels.name), false);
    }
    if let Some(note) = unchecked(kernels, found.undescribed()) {
        directives.note(note, kernels.verbose || context.verbose);
    }
    // Not written anew without need: the macro's expansions depend on its time stamp.
    context::write_if_changed(&file, found.to_text().as_bytes())?;
    debug::place(&file, &context.out.join("prototypes")).map(Some)
}

/// A sentence on the functions whose declarations nothing can be compared with.
fn unchecked(kernels: &Kernels, undescribed: &[String]) -> Option<String> {
    if undescribed.is_empty() {
        return None;
    }
    let more = match undescribed.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = undescribed[..undescribed.len().min(NAMED)].join(", ");
    Some(format!(
        "{}: declarations of these functions are not checked, for lack of debug information: {names}{more}",
        kernels.name
    ))
}
