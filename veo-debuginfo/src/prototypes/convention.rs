//! Which functions have another calling convention than that of C.

use gimli::AttributeValue;
use gimli::constants as dw;

use super::raw::Entry;

/// The calling convention of a function or of its type, if debug information says that it is
/// another than that of C. gcc never says so.
pub(super) fn other_convention(entry: &Entry<'_>) -> Option<String> {
    let Some(AttributeValue::CallingConvention(convention)) =
        entry.attr_value(dw::DW_AT_calling_convention)
    else {
        return None;
    };
    let name = match convention.0 {
        // Those of C for what a kernel takes; some keep more registers than it does.
        0x01..=0x05 | 0xc2 | 0xc7..=0xca => return None,
        0x40 => "renesas",
        0x41 => "borland fastcall",
        0xc0 => "vectorcall",
        0xc1 => "ms_abi",
        0xcb => "regcall",
        number => return Some(format!("number {number:#x} of DWARF")),
    };
    Some(name.to_owned())
}
