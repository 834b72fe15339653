//! The units of debug information: their headers and root entries. Many values of attributes are
//! indices into tables of a unit, and are resolved here.

use std::collections::HashMap;
use std::sync::Arc;

use gimli::constants as dw;
use gimli::{
    Abbreviations, AttributeValue, DebugAddrBase, DebugInfoOffset, DebugLocListsBase,
    DebugRngListsBase, DebugStrOffsetsBase, DebugTypeSignature, EndianSlice, EntriesRaw,
    LittleEndian, SectionId, UnitHeader, UnitOffset, UnitType,
};
use veo_abi::prototype::FunctionLanguage;

use super::language;
use super::producer::Producer;
use super::raw::{RawEntry, RawValue, Slice, Tables, read_entry, text};
use crate::budget::{Budget, ReadResult, Stop};
use crate::error::ReadError;
use crate::sections::DebugSections;

/// The position of an entry: the number of a unit and an offset in it.
pub(super) type Position = (usize, UnitOffset);

pub(super) struct Unit<'d> {
    /// Whether it is in the file that several libraries share.
    pub is_shared: bool,
    pub header: UnitHeader<Slice<'d>>,
    pub language: FunctionLanguage,
    pub producer: Producer,
    /// The offset of the file table in `.debug_line`.
    pub lines: Option<usize>,
    /// The directory of the compilation.
    pub directory: Option<String>,
    pub low_pc: u64,
    pub addr_base: DebugAddrBase,
    pub loclists_base: DebugLocListsBase,
    pub rnglists_base: DebugRngListsBase,
    str_offsets_base: DebugStrOffsetsBase,
    abbreviations: Arc<Abbreviations>,
}

pub(super) struct Units<'d> {
    pub list: Vec<Unit<'d>>,
    pub lines: &'d [u8],
    pub locations: gimli::LocationLists<Slice<'d>>,
    pub ranges: gimli::RangeLists<Slice<'d>>,
    pub addresses: gimli::DebugAddr<Slice<'d>>,
    signatures: HashMap<u64, Position>,
    /// Which unit imports which part. dwz makes such parts of common information of units.
    imports: Vec<(usize, RawValue<'d>)>,
    strings: &'d [u8],
    line_strings: &'d [u8],
    /// The strings of the file that several libraries share.
    shared_strings: &'d [u8],
    string_offsets: gimli::DebugStrOffsets<Slice<'d>>,
}

fn slice<'d>(data: &'d DebugSections<'_>, id: SectionId) -> &'d [u8] {
    data.get(&id).map_or(&[], |bytes| bytes)
}

impl<'d> Units<'d> {
    pub fn load(
        data: &'d DebugSections<'_>,
        shared: Option<&'d DebugSections<'_>>,
        budget: &mut Budget,
        notes: &mut Vec<String>,
    ) -> Result<Units<'d>, ReadError> {
        let section = |id| EndianSlice::new(slice(data, id), LittleEndian);
        let mut units = Units {
            list: Vec::new(),
            lines: slice(data, SectionId::DebugLine),
            locations: gimli::LocationLists::new(
                gimli::DebugLoc::from(section(SectionId::DebugLoc)),
                gimli::DebugLocLists::from(section(SectionId::DebugLocLists)),
            ),
            ranges: gimli::RangeLists::new(
                gimli::DebugRanges::from(section(SectionId::DebugRanges)),
                gimli::DebugRngLists::from(section(SectionId::DebugRngLists)),
            ),
            addresses: gimli::DebugAddr::from(section(SectionId::DebugAddr)),
            signatures: HashMap::new(),
            imports: Vec::new(),
            strings: slice(data, SectionId::DebugStr),
            line_strings: slice(data, SectionId::DebugLineStr),
            shared_strings: shared.map_or(&[], |data| slice(data, SectionId::DebugStr)),
            string_offsets: gimli::DebugStrOffsets::from(section(SectionId::DebugStrOffsets)),
        };
        let mut split = units.add(data, false, budget, notes)?;
        if let Some(data) = shared {
            split += units.add(data, true, budget, notes)?;
        }
        units.pass_languages_on();
        if split > 0 {
            notes.push(format!(
                "{split} source file(s) were compiled with -gsplit-dwarf, which keeps prototypes \
                 in .dwo files; compile without it"
            ));
        }
        Ok(units)
    }

    /// Gives parts the language of a unit that imports them, since they have none themselves.
    fn pass_languages_on(&mut self) {
        // A part may import another part, which comes before it.
        for (unit, import) in std::mem::take(&mut self.imports).into_iter().rev() {
            let Some(language) = self.list.get(unit).map(|unit| unit.language) else {
                continue;
            };
            if let Some((part, _)) = self.target(unit, &import)
                && let Some(part) = self.list.get_mut(part)
                && part.language == FunctionLanguage::Other
            {
                part.language = language;
            }
        }
    }

    /// Adds the units of a file. Gives the number of units whose contents are in another file.
    fn add(
        &mut self,
        data: &'d DebugSections<'_>,
        is_shared: bool,
        budget: &mut Budget,
        notes: &mut Vec<String>,
    ) -> Result<usize, ReadError> {
        let section = |id| EndianSlice::new(slice(data, id), LittleEndian);
        let mut tables = Tables::new(slice(data, SectionId::DebugAbbrev));
        let info = gimli::DebugInfo::from(section(SectionId::DebugInfo));
        let types = gimli::DebugTypes::from(section(SectionId::DebugTypes));
        let mut headers = info.units();
        let mut type_headers = types.units();
        let mut split = 0;
        let mut next = || -> gimli::Result<Option<UnitHeader<Slice<'d>>>> {
            match headers.next()? {
                Some(header) => Ok(Some(header)),
                None => type_headers.next(),
            }
        };
        loop {
            let header = match next() {
                Ok(Some(header)) => header,
                Ok(None) => break,
                Err(error) => {
                    notes.push(format!("the debug information ends early: {error}"));
                    break;
                }
            };
            match self.unit(header, is_shared, &mut tables, budget) {
                Ok(true) => {}
                Ok(false) => split += 1,
                Err(Stop::Exhausted) => return Err(ReadError::TooComplex),
                Err(Stop::Damaged(error)) => {
                    notes.push(format!(
                        "a unit of the debug information is damaged: {error}"
                    ));
                }
            }
        }
        Ok(split)
    }

    /// Adds a unit. `false` if its contents are in another file.
    fn unit(
        &mut self,
        header: UnitHeader<Slice<'d>>,
        is_shared: bool,
        tables: &mut Tables<'d>,
        budget: &mut Budget,
    ) -> ReadResult<bool> {
        budget.spend(64)?;
        if matches!(
            header.type_(),
            UnitType::Skeleton(_) | UnitType::SplitCompilation(_)
        ) {
            return Ok(false);
        }
        let abbreviations = tables.get(&header, budget)?;
        let mut unit = Unit {
            is_shared,
            header,
            language: FunctionLanguage::Other,
            producer: Producer::Other,
            lines: None,
            directory: None,
            low_pc: 0,
            addr_base: DebugAddrBase(8),
            loclists_base: DebugLocListsBase(12),
            rnglists_base: DebugRngListsBase(12),
            str_offsets_base: DebugStrOffsetsBase(8),
            abbreviations,
        };
        let mut root = RawEntry::null();
        let mut imports = Vec::new();
        {
            let mut entries = unit.header.entries_raw(&unit.abbreviations, None)?;
            read_entry(&mut entries, &mut root, budget)?;
            let mut entry = RawEntry::null();
            while !entries.is_empty()
                && read_entry(&mut entries, &mut entry, budget)?
                && entry.tag == dw::DW_TAG_imported_unit
            {
                imports.extend(entry.attr_value(dw::DW_AT_import));
            }
        }
        // An indexed form may come before the attribute with its base.
        for attribute in &root.attrs {
            match attribute.value() {
                AttributeValue::DebugAddrBase(base) => unit.addr_base = base,
                AttributeValue::DebugLocListsBase(base) => unit.loclists_base = base,
                AttributeValue::DebugRngListsBase(base) => unit.rnglists_base = base,
                AttributeValue::DebugStrOffsetsBase(base) => unit.str_offsets_base = base,
                AttributeValue::DebugLineRef(offset) => unit.lines = Some(offset.0),
                _ => {}
            }
        }
        let language = language::of_unit(&root);
        unit.language = language.unwrap_or(FunctionLanguage::Other);
        if root.has_attr(dw::DW_AT_dwo_name) || root.has_attr(dw::DW_AT_GNU_dwo_name) {
            return Ok(false);
        }
        if let Some(value) = root.attr_value(dw::DW_AT_producer) {
            let producer = self.string(&unit, &value, budget)?.unwrap_or_default();
            unit.producer = Producer::of(&producer);
            if language::is_assembly(&root) {
                unit.producer = Producer::Assembler;
            }
            if language.is_none() {
                unit.language = language::of_producer(&producer);
            }
        }
        if let Some(value) = root.attr_value(dw::DW_AT_low_pc) {
            unit.low_pc = self.address(&unit, &value).unwrap_or(0);
        }
        if let Some(value) = root.attr_value(dw::DW_AT_comp_dir) {
            unit.directory = self.string(&unit, &value, budget)?;
        }
        let number = self.list.len();
        let imports = imports.into_iter().map(|import| (number, import));
        self.imports.extend(imports);
        if let UnitType::Type {
            type_signature: DebugTypeSignature(signature),
            type_offset,
        } = unit.header.type_()
        {
            self.signatures
                .entry(signature)
                .or_insert((number, type_offset));
        }
        self.list.push(unit);
        Ok(true)
    }

    /// Reads the entry at a position.
    pub fn entry(
        &self,
        (unit, offset): Position,
        entry: &mut RawEntry<'d>,
        budget: &mut Budget,
    ) -> ReadResult<EntriesRaw<'_, Slice<'d>>> {
        let unit = self
            .list
            .get(unit)
            .ok_or(gimli::Error::OffsetOutOfBounds(0))?;
        let mut entries = unit.entries(Some(offset))?;
        read_entry(&mut entries, entry, budget)?;
        Ok(entries)
    }

    /// The text of an attribute, cut to the longest name.
    pub fn string(
        &self,
        unit: &Unit<'_>,
        value: &RawValue<'_>,
        budget: &mut Budget,
    ) -> ReadResult<Option<String>> {
        let bytes = match value {
            AttributeValue::String(text) => text.slice(),
            AttributeValue::DebugStrRefSup(offset) => {
                self.shared_strings.get(offset.0..).unwrap_or(&[])
            }
            AttributeValue::DebugStrRef(offset) if unit.is_shared => {
                self.shared_strings.get(offset.0..).unwrap_or(&[])
            }
            AttributeValue::DebugStrRef(offset) => self.strings.get(offset.0..).unwrap_or(&[]),
            AttributeValue::DebugLineStrRef(offset) => {
                self.line_strings.get(offset.0..).unwrap_or(&[])
            }
            AttributeValue::DebugStrOffsetsIndex(index) => {
                let format = unit.header.format();
                let base = unit.str_offsets_base;
                let offset = self.string_offsets.get_str_offset(format, base, *index)?;
                self.strings.get(offset.0..).unwrap_or(&[])
            }
            _ => return Ok(None),
        };
        text(bytes, budget).map(Some)
    }

    /// A string of `.debug_line_str` or `.debug_str`.
    pub fn string_at(&self, line: bool, offset: usize, budget: &mut Budget) -> ReadResult<String> {
        let section = if line {
            self.line_strings
        } else {
            self.strings
        };
        text(section.get(offset..).unwrap_or(&[]), budget)
    }

    pub fn address(&self, unit: &Unit<'_>, value: &RawValue<'_>) -> Option<u64> {
        match value {
            AttributeValue::Addr(address) => Some(*address),
            AttributeValue::DebugAddrIndex(index) => {
                let size = unit.header.address_size();
                self.addresses
                    .get_address(size, unit.addr_base, *index)
                    .ok()
            }
            _ => None,
        }
    }

    /// The target of a reference in a unit.
    pub fn target(&self, unit: usize, value: &RawValue<'_>) -> Option<Position> {
        match value {
            AttributeValue::UnitRef(offset) => Some((unit, *offset)),
            AttributeValue::DebugInfoRef(offset) => {
                self.global(*offset, self.list.get(unit)?.is_shared)
            }
            AttributeValue::DebugInfoRefSup(offset) => self.global(*offset, true),
            AttributeValue::DebugTypesRef(signature) => self.signatures.get(&signature.0).copied(),
            _ => None,
        }
    }

    fn global(&self, offset: DebugInfoOffset, is_shared: bool) -> Option<Position> {
        // Units of the shared file come last. In each file those of `.debug_info` come first, in
        // order.
        let first = self.list.partition_point(|unit| !unit.is_shared);
        let (from, list) = match is_shared {
            true => (first, self.list.get(first..)?),
            false => (0, self.list.get(..first)?),
        };
        let start = |unit: &Unit<'_>| unit.header.debug_info_offset();
        let after =
            list.partition_point(|unit| start(unit).is_some_and(|start| start.0 <= offset.0));
        let number = from + after.checked_sub(1)?;
        let unit = self.list.get(number)?;
        Some((number, offset.to_unit_offset(&unit.header)?))
    }
}

impl<'d> Unit<'d> {
    pub fn entries(&self, offset: Option<UnitOffset>) -> ReadResult<EntriesRaw<'_, Slice<'d>>> {
        Ok(self.header.entries_raw(&self.abbreviations, offset)?)
    }
}
