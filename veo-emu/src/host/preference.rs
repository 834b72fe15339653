//! Which machine code a node takes, where a library is there for several.

use veo_abi::environment::VEO_EMU_PREFER;

use crate::error::{Error, Result};
use crate::shared::code::Code;

/// All kinds of code, the one that `VEO_EMU_PREFER` asks for first.
pub(crate) fn codes() -> Result<[Code; 2]> {
    let text = VEO_EMU_PREFER.text();
    match text.as_deref().map(str::trim) {
        None | Some("host") => Ok([Code::Native, Code::Ve]),
        Some("ve") => Ok([Code::Ve, Code::Native]),
        Some(text) => Err(Error::invalid(format!(
            "{} is {text:?}; it can be `ve`, for libraries of VE machine code, or `host`",
            VEO_EMU_PREFER.name()
        ))),
    }
}
