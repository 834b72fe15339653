//! Finds the entry of the debug information for each exported symbol.

use std::collections::HashMap;

use gimli::AttributeValue;
use gimli::constants as dw;

use super::{FunctionSearch, linkage_name};
use crate::budget::{ReadResult, Stop, tolerate};
use crate::image::ExportedFunction;
use crate::prototypes::entries::flag;
use crate::prototypes::producer::Producer;
use crate::prototypes::raw::{RawEntry, read_entry};
use crate::prototypes::units::{Position, Unit};

/// The most entries at one address.
const CANDIDATES: usize = 16;
/// The most ranges of a function that are read. With most linkers the function starts in the first.
const RANGES: usize = 16;

/// Entries by the address of their code and by their name.
#[derive(Default)]
pub(super) struct Candidates<'e> {
    address: HashMap<u64, Vec<Position>>,
    name: HashMap<&'e str, NamedEntries>,
}

/// Entries of one name.
#[derive(Default)]
struct NamedEntries {
    with_code: Vec<Position>,
    without_code: Vec<Position>,
}

fn add(places: &mut Vec<Position>, position: Position) {
    if places.len() < CANDIDATES && !places.contains(&position) {
        places.push(position);
    }
}

impl<'d> FunctionSearch<'_, 'd, '_> {
    /// All definitions of functions at the address or with the name of an export.
    pub(super) fn candidates<'e>(
        &mut self,
        exports: &'e [ExportedFunction],
        notes: &mut Vec<String>,
    ) -> ReadResult<Candidates<'e>> {
        let mut candidates = Candidates::default();
        for export in exports {
            candidates
                .name
                .insert(&export.name, NamedEntries::default());
            if let Some(address) = export.address {
                candidates.address.insert(address, Vec::new());
            }
        }
        let units = self.units;
        for (number, unit) in units.list.iter().enumerate() {
            if unit.producer == Producer::Assembler {
                continue;
            }
            if let Err(error) = self.scan(number, unit, &mut candidates) {
                match error {
                    Stop::Exhausted => return Err(Stop::Exhausted),
                    Stop::Damaged(error) => notes.push(format!(
                        "a unit of the debug information is damaged: {error}"
                    )),
                }
            }
        }
        Ok(candidates)
    }

    fn scan(
        &mut self,
        number: usize,
        unit: &Unit<'d>,
        candidates: &mut Candidates<'_>,
    ) -> ReadResult<()> {
        let mut entries = unit.entries(None)?;
        let mut entry = RawEntry::null();
        let (mut types, mut params) = (false, false);
        while !entries.is_empty() {
            if !read_entry(&mut entries, &mut entry, self.budget)? {
                continue;
            }
            let prototyped = flag(&entry, dw::DW_AT_prototyped);
            self.marked[number] |= prototyped;
            types = types || entry.has_attr(dw::DW_AT_type) || prototyped;
            params = params || entry.tag == dw::DW_TAG_formal_parameter;
            self.bare[number] =
                !types || (matches!(unit.producer, Producer::Flang { .. }) && !params);
            if entry.tag != dw::DW_TAG_subprogram && entry.tag != dw::DW_TAG_entry_point {
                continue;
            }
            if flag(&entry, dw::DW_AT_declaration) {
                continue;
            }
            let starts = self.starts(unit, &entry)?;
            let position = (number, entry.offset);
            for start in &starts {
                if let Some(places) = candidates.address.get_mut(start) {
                    add(places, position);
                }
            }
            let value = linkage_name(&entry).or_else(|| entry.attr_value(dw::DW_AT_name));
            if let Some(value) = value
                && flag(&entry, dw::DW_AT_external)
                && let Some(text) = self.units.string(unit, &value, self.budget)?
                && let Some(places) = candidates.name.get_mut(text.as_str())
            {
                let places = if starts.is_empty() {
                    &mut places.without_code
                } else {
                    &mut places.with_code
                };
                add(places, position);
            }
        }
        Ok(())
    }

    /// The start of a function's code. There are several addresses if the code is in parts.
    fn starts(&mut self, unit: &Unit<'d>, entry: &RawEntry<'d>) -> ReadResult<Vec<u64>> {
        let mut starts = Vec::new();
        for name in [dw::DW_AT_low_pc, dw::DW_AT_entry_pc] {
            let value = entry.attr_value(name);
            starts.extend(value.and_then(|value| self.units.address(unit, &value)));
        }
        let encoding = unit.header.encoding();
        let offset = match entry.attr_value(dw::DW_AT_ranges) {
            Some(AttributeValue::RangeListsRef(offset)) => gimli::RangeListsOffset(offset.0),
            Some(AttributeValue::SecOffset(offset)) => gimli::RangeListsOffset(offset),
            Some(AttributeValue::DebugRngListsIndex(index)) => {
                let base = unit.rnglists_base;
                match self.units.ranges.get_offset(encoding, base, index) {
                    Ok(offset) => offset,
                    Err(_) => return Ok(starts),
                }
            }
            _ => return Ok(starts),
        };
        let ranges = self.units.ranges.ranges(
            offset,
            encoding,
            unit.low_pc,
            &self.units.addresses,
            unit.addr_base,
        );
        let Ok(mut ranges) = ranges else {
            return Ok(starts);
        };
        for _ in 0..RANGES {
            self.budget.spend(2)?;
            let Ok(Some(raw)) = ranges.next_raw() else {
                break;
            };
            if let Ok(Some(range)) = ranges.convert_raw(raw) {
                starts.push(range.begin);
            }
        }
        Ok(starts)
    }

    /// The entry of a symbol. It is found by its address, and by its name if several functions
    /// share the address.
    pub(super) fn choose(
        &mut self,
        candidates: &Candidates<'_>,
        export: &ExportedFunction,
    ) -> ReadResult<Option<Position>> {
        let at = export
            .address
            .and_then(|address| candidates.address.get(&address));
        let at = at.map_or(&[] as &[Position], Vec::as_slice);
        for place in at {
            let facts = tolerate(self.facts(*place))?;
            let name = facts.and_then(|facts| facts.linkage.or(facts.name));
            if name.as_deref() == Some(export.name.as_str()) {
                return Ok(Some(*place));
            }
        }
        let Some(named) = candidates.name.get(export.name.as_str()) else {
            return Ok(at.first().copied());
        };
        // Compilers merge functions with equal code. The entries of the others keep their
        // prototypes and lose their addresses.
        let merged = named.without_code.first();
        let place = merged.or(at.first()).or(named.with_code.first());
        Ok(place.copied())
    }
}
