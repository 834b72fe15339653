//! The names of source files, from the header of a line number program.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use gimli::constants as dw;
use gimli::{EndianSlice, LittleEndian, Reader as _};

use super::raw::{Slice, text};
use super::units::{Unit, Units};
use crate::budget::{Budget, ReadResult, tolerate};

/// File tables by their offset in `.debug_line`.
#[derive(Default)]
pub(super) struct FileTables(HashMap<usize, Option<FileTable>>);

#[derive(Default)]
struct FileTable {
    directories: Vec<String>,
    files: Vec<(String, u64)>,
    /// Whether files and directories are counted from 1, as before DWARF 5. Directory 0 is then
    /// that of the unit.
    from_one: bool,
}

impl FileTables {
    /// The path of a file that a unit refers to by number.
    pub fn path(
        &mut self,
        units: &Units<'_>,
        unit: &Unit<'_>,
        number: u64,
        budget: &mut Budget,
    ) -> ReadResult<Option<String>> {
        let Some(offset) = unit.lines else {
            return Ok(None);
        };
        let table = match self.0.entry(offset) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(tolerate(parse(units, offset, budget))?),
        };
        let Some(table) = table else { return Ok(None) };
        let base = unit.directory.as_deref().unwrap_or("");
        let path = table.path(number, base);
        budget.spend(path.as_ref().map_or(0, String::len) / 4)?;
        Ok(path)
    }
}

impl FileTable {
    fn path(&self, number: u64, base: &str) -> Option<String> {
        let shift = u64::from(self.from_one);
        let index = usize::try_from(number.checked_sub(shift)?).ok()?;
        let (name, directory) = self.files.get(index)?;
        let directory = match directory.checked_sub(shift) {
            None => "",
            Some(index) => {
                let index = usize::try_from(index).ok()?;
                self.directories.get(index).map_or("", String::as_str)
            }
        };
        Some(join(base, &join(directory, name)))
    }
}

fn join(base: &str, path: &str) -> String {
    if path.starts_with('/') || base.is_empty() {
        path.to_owned()
    } else {
        format!("{}/{path}", base.trim_end_matches('/'))
    }
}

fn parse(units: &Units<'_>, offset: usize, budget: &mut Budget) -> ReadResult<FileTable> {
    let bytes = units.lines.get(offset..).unwrap_or(&[]);
    let mut input = EndianSlice::new(bytes, LittleEndian);
    let (length, format) = input.read_initial_length()?;
    let mut input = input.split(length)?;
    budget.spend(64)?;
    let version = input.read_u16()?;
    if !(2..=5).contains(&version) {
        return Err(gimli::Error::UnknownVersion(u64::from(version)).into());
    }
    if version >= 5 {
        // The sizes of addresses and of segment selectors.
        input.skip(2)?;
    }
    let length = input.read_length(format)?;
    let mut input = input.split(length)?;
    // Instruction lengths, the initial state, and the line advance of special opcodes.
    input.skip(if version >= 4 { 5 } else { 4 })?;
    let opcodes = input.read_u8()?;
    input.skip(usize::from(opcodes).saturating_sub(1))?;
    let mut table = FileTable {
        from_one: version < 5,
        ..FileTable::default()
    };
    if version >= 5 {
        let word = format.word_size();
        for (name, _) in entries(units, &mut input, word, budget)? {
            table.directories.push(name);
        }
        table.files = entries(units, &mut input, word, budget)?;
        return Ok(table);
    }
    loop {
        let name = input.read_null_terminated_slice()?;
        if name.is_empty() {
            break;
        }
        budget.spend(8)?;
        table.directories.push(text(name.slice(), budget)?);
    }
    loop {
        let name = input.read_null_terminated_slice()?;
        if name.is_empty() {
            break;
        }
        budget.spend(8)?;
        let name = text(name.slice(), budget)?;
        let directory = input.read_uleb128()?;
        input.read_uleb128()?;
        input.read_uleb128()?;
        table.files.push((name, directory));
    }
    Ok(table)
}

/// A table of DWARF 5: its format, then the names with the numbers of their directories.
fn entries(
    units: &Units<'_>,
    input: &mut Slice<'_>,
    word: u8,
    budget: &mut Budget,
) -> ReadResult<Vec<(String, u64)>> {
    let mut format = Vec::new();
    for _ in 0..input.read_u8()? {
        format.push((input.read_uleb128()?, input.read_uleb128()?));
    }
    let count = input.read_uleb128()?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let before = input.len();
        let mut entry = (String::new(), 0);
        for (content, form) in &format {
            let field = field(units, input, *form, word, budget)?;
            match field {
                LineField::Name(name) if *content == u64::from(dw::DW_LNCT_path.0) => {
                    entry.0 = name
                }
                LineField::Number(number)
                    if *content == u64::from(dw::DW_LNCT_directory_index.0) =>
                {
                    entry.1 = number;
                }
                _ => {}
            }
        }
        budget.spend(8)?;
        if input.len() == before {
            // An entry of no bytes could repeat without end.
            break;
        }
        entries.push(entry);
    }
    Ok(entries)
}

enum LineField {
    Name(String),
    Number(u64),
    Other,
}

fn field(
    units: &Units<'_>,
    input: &mut Slice<'_>,
    form: u64,
    word: u8,
    budget: &mut Budget,
) -> ReadResult<LineField> {
    let form = u16::try_from(form).map_or(gimli::DwForm(0), gimli::DwForm);
    Ok(match form {
        dw::DW_FORM_string => {
            let name = input.read_null_terminated_slice()?;
            LineField::Name(text(name.slice(), budget)?)
        }
        dw::DW_FORM_line_strp | dw::DW_FORM_strp => {
            let offset = input.read_uint(usize::from(word))?;
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            let line = form == dw::DW_FORM_line_strp;
            LineField::Name(units.string_at(line, offset, budget)?)
        }
        dw::DW_FORM_udata => LineField::Number(input.read_uleb128()?),
        dw::DW_FORM_data1 => LineField::Number(u64::from(input.read_u8()?)),
        dw::DW_FORM_data2 => LineField::Number(u64::from(input.read_u16()?)),
        dw::DW_FORM_data4 => LineField::Number(u64::from(input.read_u32()?)),
        dw::DW_FORM_data8 => LineField::Number(input.read_u64()?),
        dw::DW_FORM_data16 => {
            input.skip(16)?;
            LineField::Other
        }
        dw::DW_FORM_block => {
            let length = input.read_uleb128()?;
            input.skip(usize::try_from(length).unwrap_or(usize::MAX))?;
            LineField::Other
        }
        form => return Err(gimli::Error::UnknownForm(form).into()),
    })
}
