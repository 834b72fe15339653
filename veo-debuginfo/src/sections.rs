//! The debug sections of an ELF file, decompressed within a limit, and relocated.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use gimli::SectionId;
use object::elf::{self, Machine, RelocationType};
use object::read::elf::{ElfFile64, ElfSection64, FileHeader as _, SectionHeader as _};
use object::{
    LittleEndian, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationFlags,
    RelocationTarget, SectionIndex,
};

use crate::budget::Budget;
use crate::error::{ReadError, damaged};

/// The address of the first section of a relocatable object. It is not 0, since a linker marks
/// dropped code with that address.
const FIRST_ADDRESS: u64 = 0x1_0000;
/// How many times larger than the input decompressed debug information may be.
const EXPANSION: usize = 64;

/// The sections that prototypes and source lines depend on.
const SECTIONS: [SectionId; 13] = [
    SectionId::DebugAbbrev,
    SectionId::DebugAddr,
    SectionId::DebugAranges,
    SectionId::DebugInfo,
    SectionId::DebugLine,
    SectionId::DebugLineStr,
    SectionId::DebugLoc,
    SectionId::DebugLocLists,
    SectionId::DebugRanges,
    SectionId::DebugRngLists,
    SectionId::DebugStr,
    SectionId::DebugStrOffsets,
    SectionId::DebugTypes,
];

/// A 64-bit little-endian ELF file, as VEs and their hosts use.
pub(crate) type File<'d> = ElfFile64<'d, LittleEndian>;

/// The address of each section of a relocatable object.
pub(crate) struct Bases(HashMap<SectionIndex, u64>);

/// The debug sections' bytes.
pub(crate) type DebugSections<'d> = HashMap<SectionId, Cow<'d, [u8]>>;

/// NEC's Vector Engine.
pub(crate) const EM_VE: Machine = Machine(crate::elf::VE);

/// The debug sections, decompressed and relocated. `length` is the size of the input.
pub(crate) fn debug_sections<'d>(
    file: &File<'d>,
    bases: Option<&Bases>,
    length: usize,
    budget: &mut Budget,
    notes: &mut Vec<String>,
) -> Result<DebugSections<'d>, ReadError> {
    let mut data: DebugSections<'d> = HashMap::new();
    let mut room = length.saturating_mul(EXPANSION);
    for section in file.sections() {
        let Ok(name) = section.name() else { continue };
        let Some(id) = SECTIONS.into_iter().find(|id| is_named(name, id.name())) else {
            continue;
        };
        if section.elf_section_header().sh_type(LittleEndian) == elf::SHT_NOBITS {
            continue;
        }
        let compressed = section.compressed_data().map_err(damaged)?;
        let size = usize::try_from(compressed.uncompressed_size).unwrap_or(usize::MAX);
        room = room.checked_sub(size).ok_or(ReadError::TooComplex)?;
        let bytes = match compressed.decompress() {
            Ok(bytes) => bytes,
            Err(error) => {
                notes.push(format!(
                    "the section `{name}` cannot be decompressed: {error}"
                ));
                continue;
            }
        };
        let bytes = match bases {
            Some(bases) => relocate(file, bases, &section, bytes, budget)?,
            None => bytes,
        };
        // Each type unit of a relocatable object is another section of the same name.
        match data.entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(bytes);
            }
            Entry::Occupied(mut entry) => {
                entry.get_mut().to_mut().extend_from_slice(&bytes);
            }
        }
    }
    Ok(data)
}

fn relocate<'d>(
    file: &File<'d>,
    bases: &Bases,
    section: &ElfSection64<'d, '_, LittleEndian>,
    mut bytes: Cow<'d, [u8]>,
    budget: &mut Budget,
) -> Result<Cow<'d, [u8]>, ReadError> {
    let machine = file.elf_header().e_machine(LittleEndian);
    let place = bases.of(Some(section.index()));
    for (offset, relocation) in section.relocations() {
        // Several relocation sections may share the same bytes.
        budget.spend(32)?;
        let RelocationFlags::Elf { r_type } = relocation.flags() else {
            continue;
        };
        let Some((width, relative)) = relocation_form(machine, r_type) else {
            continue;
        };
        let target = match relocation.target() {
            RelocationTarget::Symbol(index) => match file.symbol_by_index(index) {
                Ok(symbol) => symbol
                    .address()
                    .wrapping_add(bases.of(symbol.section_index())),
                Err(_) => continue,
            },
            RelocationTarget::Section(index) => bases.of(Some(index)),
            _ => 0,
        };
        let Ok(start) = usize::try_from(offset) else {
            continue;
        };
        let Some(end) = start.checked_add(width) else {
            continue;
        };
        let Some(field) = bytes.to_mut().get_mut(start..end) else {
            continue;
        };
        let mut value = target.wrapping_add_signed(relocation.addend());
        if relocation.has_implicit_addend() {
            let mut addend = [0; 8];
            addend[..width].copy_from_slice(field);
            value = value.wrapping_add(u64::from_le_bytes(addend));
        }
        if relative {
            value = value.wrapping_sub(place.wrapping_add(offset));
        }
        field.copy_from_slice(&value.to_le_bytes()[..width]);
    }
    Ok(bytes)
}

fn is_named(name: &str, wanted: &str) -> bool {
    name == wanted
        || name
            .strip_prefix(".zdebug_")
            .is_some_and(|name| wanted.strip_prefix(".debug_") == Some(name))
}

impl Bases {
    /// Gives each section an address. Debug sections of one name follow each other, since their
    /// bytes are joined in this order.
    pub fn new(file: &File<'_>) -> Bases {
        let mut bases = HashMap::new();
        let mut next = FIRST_ADDRESS;
        let mut lengths: HashMap<SectionId, u64> = HashMap::new();
        for section in file.sections() {
            let header = section.elf_section_header();
            let flags = header.sh_flags(LittleEndian);
            if flags.contains(elf::SHF_ALLOC) {
                let align = section.align().clamp(1, 1 << 20);
                next = next.wrapping_add(align - 1) / align * align;
                bases.insert(section.index(), next);
                next = next.wrapping_add(section.size().max(1));
            } else if let Ok(name) = section.name()
                && let Some(id) = SECTIONS.into_iter().find(|id| is_named(name, id.name()))
            {
                let length = lengths.entry(id).or_default();
                bases.insert(section.index(), *length);
                let size = section
                    .compressed_data()
                    .map_or(0, |data| data.uncompressed_size);
                *length = length.wrapping_add(size);
            }
        }
        Bases(bases)
    }

    /// The address of a section. 0 if it has none.
    pub fn of(&self, section: Option<SectionIndex>) -> u64 {
        let base = section.and_then(|section| self.0.get(&section));
        base.copied().unwrap_or(0)
    }
}

/// The width of a relocation, and whether it is relative to its own address. `None` if it does
/// not occur in debug sections.
fn relocation_form(machine: Machine, r_type: RelocationType) -> Option<(usize, bool)> {
    const R_VE_REFLONG: RelocationType = RelocationType(1);
    const R_VE_REFQUAD: RelocationType = RelocationType(2);
    const R_VE_SREL32: RelocationType = RelocationType(3);
    Some(match (machine, r_type) {
        (EM_VE, R_VE_REFLONG) => (4, false),
        (EM_VE, R_VE_REFQUAD) => (8, false),
        (EM_VE, R_VE_SREL32) => (4, true),
        (elf::EM_X86_64, elf::R_X86_64_64) => (8, false),
        (elf::EM_X86_64, elf::R_X86_64_32 | elf::R_X86_64_32S) => (4, false),
        (elf::EM_X86_64, elf::R_X86_64_PC32) => (4, true),
        (elf::EM_AARCH64, elf::R_AARCH64_ABS64) => (8, false),
        (elf::EM_AARCH64, elf::R_AARCH64_ABS32) => (4, false),
        (elf::EM_AARCH64, elf::R_AARCH64_PREL32) => (4, true),
        _ => return None,
    })
}
