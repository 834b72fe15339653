//! Reads entries of debug information within the budget, and the tables of abbreviations, which
//! describe the form of a unit's entries.

use std::collections::HashMap;
use std::sync::Arc;

use gimli::constants as dw;
use gimli::{
    Abbreviations, AttributeValue, EndianSlice, EntriesRaw, LittleEndian, Reader as _, UnitHeader,
};

use crate::budget::{Budget, ReadResult};

/// The longest name in bytes. A longer one is cut.
const NAME: usize = 4096;

pub(super) type Slice<'d> = EndianSlice<'d, LittleEndian>;
pub(super) type RawEntry<'d> = gimli::DebuggingInformationEntry<Slice<'d>>;
pub(super) type RawValue<'d> = AttributeValue<Slice<'d>>;

/// Tables by their place in `.debug_abbrev`, each parsed once.
pub(super) struct Tables<'d> {
    section: &'d [u8],
    known: HashMap<usize, Arc<Abbreviations>>,
}

impl<'d> Tables<'d> {
    pub fn new(section: &'d [u8]) -> Self {
        Tables {
            section,
            known: HashMap::new(),
        }
    }

    /// The table of a unit.
    pub fn get(
        &mut self,
        header: &UnitHeader<Slice<'d>>,
        budget: &mut Budget,
    ) -> ReadResult<Arc<Abbreviations>> {
        let offset = header.debug_abbrev_offset();
        if let Some(table) = self.known.get(&offset.0) {
            return Ok(Arc::clone(table));
        }
        // Tables may overlap, and may be damaged far from their start. So the cost of one is
        // spent before it is parsed.
        let bytes = self.section.get(offset.0..).unwrap_or(&[]);
        let mut input = EndianSlice::new(bytes, LittleEndian);
        let passed = pass(&mut input);
        budget.spend(4 * (bytes.len() - input.len()))?;
        passed?;
        let section = gimli::DebugAbbrev::new(self.section, LittleEndian);
        let table = Arc::new(section.abbreviations(offset)?);
        self.known.insert(offset.0, Arc::clone(&table));
        Ok(table)
    }
}

/// Skips a table.
fn pass(input: &mut Slice<'_>) -> gimli::Result<()> {
    while input.read_uleb128()? != 0 {
        input.read_uleb128()?;
        input.read_u8()?;
        loop {
            let name = input.read_uleb128()?;
            let form = input.read_uleb128()?;
            if form == u64::from(dw::DW_FORM_implicit_const.0) {
                input.read_sleb128()?;
            }
            if name == 0 && form == 0 {
                break;
            }
        }
    }
    Ok(())
}

/// Reads the next entry and spends its cost. `false` at the end of a list of children.
pub(super) fn read_entry<'d>(
    entries: &mut EntriesRaw<'_, Slice<'d>>,
    entry: &mut RawEntry<'d>,
    budget: &mut Budget,
) -> ReadResult<bool> {
    let start = entries.next_offset().0;
    let present = entries.read_entry(entry)?;
    let length = entries.next_offset().0.saturating_sub(start);
    budget.spend(8 + entry.attrs.len() + length / 16)?;
    Ok(present)
}

/// The text up to a zero byte, cut to the longest name.
pub(super) fn text(bytes: &[u8], budget: &mut Budget) -> ReadResult<String> {
    let bytes = &bytes[..bytes.len().min(NAME)];
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    budget.spend(1 + end / 4)?;
    Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
}
