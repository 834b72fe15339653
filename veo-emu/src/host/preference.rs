//! Which machine code a node takes, where a library is there for several.

use veo_abi::environment::VEO_EMU_PREFER;

use crate::error::{Error, Result};
use crate::shared::code::MachineCode;

/// All kinds of code, the one that `VEO_EMU_PREFER` asks for first.
pub(crate) fn codes() -> Result<[MachineCode; 2]> {
    let text = VEO_EMU_PREFER.text();
    match text.as_deref().map(str::trim) {
        None | Some("host") => Ok([MachineCode::Native, MachineCode::Ve]),
        Some("ve") => Ok([MachineCode::Ve, MachineCode::Native]),
        Some(text) => Err(Error::invalid(format!(
            "{} is {text:?}; it can be `ve`, for libraries of VE machine code, or `host`",
            VEO_EMU_PREFER.name()
        ))),
    }
}
