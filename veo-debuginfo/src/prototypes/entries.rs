//! Reads single entries: their children, names, offsets, extents and calling conventions.

use gimli::AttributeValue;
use gimli::constants as dw;

use super::raw::{RawEntry, RawValue, read_entry};
use super::units::{Position, Units};
use crate::budget::{Budget, ReadResult};

/// The most steps from a declaration to its definition.
const CHAIN: usize = 16;

/// Calls `visit` for the direct children of an entry.
pub(super) fn children<'d>(
    units: &Units<'d>,
    position: Position,
    budget: &mut Budget,
    mut visit: impl FnMut(&RawEntry<'d>, &mut Budget) -> ReadResult<()>,
) -> ReadResult<()> {
    let mut entry = RawEntry::null();
    let mut entries = units.entry(position, &mut entry, budget)?;
    if !entry.has_children {
        return Ok(());
    }
    while entries.next_depth() > 0 && !entries.is_empty() {
        let depth = entries.next_depth();
        if read_entry(&mut entries, &mut entry, budget)? && depth == 1 {
            visit(&entry, budget)?;
        }
    }
    Ok(())
}

/// Follows a declaration to its type unit.
pub(super) fn definition<'d>(
    units: &Units<'d>,
    mut position: Position,
    entry: &mut RawEntry<'d>,
    budget: &mut Budget,
) -> ReadResult<Position> {
    for _ in 0..CHAIN {
        units.entry(position, entry, budget)?;
        let signature = entry.attr_value(dw::DW_AT_signature);
        match signature.and_then(|value| units.target(position.0, &value)) {
            Some(target) => position = target,
            None => break,
        }
    }
    Ok(position)
}

/// The name of an entry, if it has one.
pub(super) fn name(
    units: &Units<'_>,
    unit: usize,
    entry: &RawEntry<'_>,
    budget: &mut Budget,
) -> ReadResult<Option<String>> {
    match (entry.attr_value(dw::DW_AT_name), units.list.get(unit)) {
        (Some(value), Some(unit)) => units.string(unit, &value, budget),
        _ => Ok(None),
    }
}

/// Whether a flag is there and set.
pub(super) fn flag(entry: &RawEntry<'_>, name: gimli::DwAt) -> bool {
    matches!(entry.attr_value(name), Some(AttributeValue::Flag(true)))
}

/// The offset of a member. The oldest form is an expression that computes it.
pub(super) fn member_offset(
    units: &Units<'_>,
    unit: usize,
    value: &RawValue<'_>,
) -> ReadResult<Option<u64>> {
    if let Some(offset) = value.udata_value() {
        return Ok(Some(offset));
    }
    let (Some(expression), Some(unit)) = (value.exprloc_value(), units.list.get(unit)) else {
        return Ok(None);
    };
    let mut operations = expression.operations(unit.header.encoding());
    Ok(match operations.next()? {
        Some(gimli::Operation::PlusConstant { value }) => Some(value),
        _ => None,
    })
}

/// The number of elements of a dimension.
pub(super) fn extent(entry: &RawEntry<'_>, default: i64) -> Option<u64> {
    let number = |name| entry.attr_value(name).and_then(|value| signed(&value));
    if let Some(count) = entry.attr_value(dw::DW_AT_count) {
        return count.udata_value();
    }
    let lower = match entry.attr_value(dw::DW_AT_lower_bound) {
        Some(value) => signed(&value)?,
        None => default,
    };
    let upper = number(dw::DW_AT_upper_bound)?;
    // gcc writes the upper bound -1 of an array without elements as 4 or 8 bytes of ones.
    let count = upper.checked_sub(lower)?.checked_add(1)?;
    u64::try_from(count).ok().or(Some(0))
}

fn signed(value: &RawValue<'_>) -> Option<i64> {
    match value {
        AttributeValue::Sdata(value) => Some(*value),
        AttributeValue::Data8(value) => Some(value.cast_signed()),
        AttributeValue::Data4(u32::MAX) => Some(-1),
        value => value
            .udata_value()
            .and_then(|value| i64::try_from(value).ok()),
    }
}

/// The number of the file that an entry was written in.
pub(super) fn file_index(entry: &RawEntry<'_>) -> Option<u64> {
    match entry.attr_value(dw::DW_AT_decl_file)? {
        AttributeValue::FileIndex(index) => Some(index),
        value => value.udata_value(),
    }
}

/// The calling convention of a function or of its type, if the debug information says that it
/// differs from that of C. gcc never says so.
pub(super) fn other_convention(entry: &RawEntry<'_>) -> Option<String> {
    let Some(AttributeValue::CallingConvention(convention)) =
        entry.attr_value(dw::DW_AT_calling_convention)
    else {
        return None;
    };
    let name = match convention.0 {
        // For the types that a kernel takes, these agree with that of C.
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
