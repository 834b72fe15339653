//! The ELF side: exported functions, debug sections, relocation of the latter.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use gimli::SectionId;
use object::elf::{self, Machine, RelocationType};
use object::read::elf::{ElfFile64, ElfSymbolIterator64, FileHeader as _, SectionHeader as _};
use object::{
    LittleEndian, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationFlags,
    RelocationTarget, SectionIndex, SymbolScope,
};

use crate::budget::Budget;
use crate::error::ReadError;

/// NEC's Vector Engine.
pub(crate) const EM_VE: Machine = Machine(251);
/// Names longer than this are no kernels'.
const NAME: usize = 4096;
/// Where the sections of a relocatable object are placed; away from 0, which
/// marks what a linker dropped.
const FIRST_ADDRESS: u64 = 0x1_0000;
/// How many times its own size compressed debug information may take.
const EXPANSION: usize = 64;

/// The sections that prototypes can depend on.
const SECTIONS: [SectionId; 12] = [
    SectionId::DebugAbbrev,
    SectionId::DebugAddr,
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

/// A parsed ELF file.
pub(crate) struct Image<'d> {
    file: ElfFile64<'d, LittleEndian>,
    machine: Machine,
    /// Where each section lies, for relocatable objects.
    bases: Option<HashMap<SectionIndex, u64>>,
}

/// An exported function.
pub(crate) struct Export {
    pub name: String,
    /// `None` if the address is that of another function, which chooses this one at load time.
    pub address: Option<u64>,
}

/// The debug sections' bytes.
pub(crate) type Data<'d> = HashMap<SectionId, Cow<'d, [u8]>>;

fn damaged(error: object::read::Error) -> ReadError {
    ReadError::Damaged(error.to_string())
}

impl<'d> Image<'d> {
    pub fn parse(bytes: &'d [u8]) -> Result<Image<'d>, ReadError> {
        if !bytes.starts_with(&elf::ELFMAG) {
            return Err(ReadError::NotElf);
        }
        if bytes.get(4) != Some(&elf::ELFCLASS64.0) {
            return Err(ReadError::Unsupported("the file is for a 32-bit machine"));
        }
        if bytes.get(5) != Some(&elf::ELFDATA2LSB.0) {
            return Err(ReadError::Unsupported(
                "the file is for a big-endian machine",
            ));
        }
        let file = ElfFile64::<LittleEndian>::parse(bytes).map_err(damaged)?;
        let header = file.elf_header();
        let machine = header.e_machine(LittleEndian);
        let relocatable = header.e_type(LittleEndian) == elf::ET_REL;
        let bases = relocatable.then(|| place(&file));
        Ok(Image {
            file,
            machine,
            bases,
        })
    }

    pub fn machine(&self) -> Machine {
        self.machine
    }

    /// The functions that other programs can find, each name once.
    pub fn exports(&self, budget: &mut Budget) -> Result<Vec<Export>, ReadError> {
        let mut exports = Vec::new();
        let mut known = HashMap::new();
        let (symbols, dynamic) = self.symbols();
        let versions = if dynamic { self.versions() } else { &[] };
        for symbol in symbols {
            let kind = symbol.elf_symbol().st_type();
            let indirect = kind == elf::STT_GNU_IFUNC;
            // Assembly need not say that a symbol is a function.
            let function = kind == elf::STT_FUNC
                || indirect
                || (kind == elf::STT_NOTYPE && self.is_code(symbol.section_index()));
            if !function || symbol.is_undefined() || symbol.scope() != SymbolScope::Dynamic {
                continue;
            }
            let Ok(name) = symbol.name() else { continue };
            // `name@VERSION` in full symbol tables.
            let name = name.split('@').next().unwrap_or_default();
            if name.is_empty() || name.len() > NAME {
                continue;
            }
            // Symbols may share the bytes of a name.
            budget.spend(8 + name.len() / 4)?;
            let address = symbol
                .address()
                .wrapping_add(self.base(symbol.section_index()));
            let export = Export {
                name: name.to_owned(),
                address: (!indirect).then_some(address),
            };
            // Of several versions of a name, the loader gives the one that is not hidden.
            let hidden = versions
                .get(symbol.index().0)
                .is_some_and(|version| version.0.get(LittleEndian).is_hidden());
            match known.entry(export.name.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert((exports.len(), hidden));
                    exports.push(export);
                }
                Entry::Occupied(mut entry) => {
                    let (index, before) = *entry.get();
                    if before && !hidden {
                        entry.insert((index, hidden));
                        exports[index] = export;
                    }
                }
            }
        }
        Ok(exports)
    }

    /// The variables that other programs can find, in alphabetical order.
    pub fn variables(&self, budget: &mut Budget) -> Result<Vec<String>, ReadError> {
        let mut variables = BTreeSet::new();
        for symbol in self.symbols().0 {
            let kind = symbol.elf_symbol().st_type();
            // Those of a thread have no address of their own.
            let variable = kind == elf::STT_OBJECT || kind == elf::STT_COMMON;
            if !variable || symbol.is_undefined() || symbol.scope() != SymbolScope::Dynamic {
                continue;
            }
            let Ok(name) = symbol.name() else { continue };
            let name = name.split('@').next().unwrap_or_default();
            if name.is_empty() || name.len() > NAME {
                continue;
            }
            budget.spend(8 + name.len() / 4)?;
            variables.insert(name.to_owned());
        }
        Ok(variables.into_iter().collect())
    }

    /// The dynamic symbols that are defined and are no code.
    pub fn data_symbols(&self, budget: &mut Budget) -> Result<BTreeSet<String>, ReadError> {
        let mut data = BTreeSet::new();
        for symbol in self.symbols().0 {
            let kind = symbol.elf_symbol().st_type();
            let lies_in_data = || match symbol.section_index() {
                Some(section) => !self.is_code(Some(section)),
                // An absolute symbol is a number. Without section headers nothing is known.
                None => kind == elf::STT_NOTYPE && self.file.sections().next().is_some(),
            };
            let is_data = match kind {
                elf::STT_OBJECT | elf::STT_COMMON | elf::STT_TLS => true,
                elf::STT_FUNC | elf::STT_NOTYPE => lies_in_data(),
                _ => false,
            };
            if !is_data || symbol.is_undefined() || symbol.scope() != SymbolScope::Dynamic {
                continue;
            }
            let Ok(name) = symbol.name() else { continue };
            let name = name.split('@').next().unwrap_or_default();
            if name.is_empty() || name.len() > NAME {
                continue;
            }
            budget.spend(8 + name.len() / 4)?;
            data.insert(name.to_owned());
        }
        Ok(data)
    }

    /// The symbols that tell what is exported, and whether they are the dynamic ones.
    fn symbols<'f>(&'f self) -> (ElfSymbolIterator64<'d, 'f, LittleEndian>, bool) {
        if self.bases.is_none() && self.file.dynamic_symbols().next().is_some() {
            (self.file.dynamic_symbols(), true)
        } else {
            (self.file.symbols(), false)
        }
    }

    /// The versions of the dynamic symbols, none if there are no versions.
    fn versions(&self) -> &'d [elf::Versym<LittleEndian>] {
        let sections = self.file.elf_section_table();
        match sections.gnu_versym(LittleEndian, self.file.data()) {
            Ok(Some((versions, _))) => versions,
            _ => &[],
        }
    }

    fn is_code(&self, section: Option<SectionIndex>) -> bool {
        let section = section.and_then(|index| self.file.section_by_index(index).ok());
        section.is_some_and(|section| {
            let flags = section.elf_section_header().sh_flags(LittleEndian);
            flags.contains(elf::SHF_EXECINSTR)
        })
    }

    fn base(&self, section: Option<SectionIndex>) -> u64 {
        match (&self.bases, section) {
            (Some(bases), Some(section)) => bases.get(&section).copied().unwrap_or(0),
            _ => 0,
        }
    }

    pub fn has_debug_info(&self) -> bool {
        self.file.sections().any(|section| {
            section
                .name()
                .is_ok_and(|name| name == ".debug_info" || name == ".zdebug_info")
                && section.size() > 0
                && section.elf_section_header().sh_type(LittleEndian) != elf::SHT_NOBITS
        })
    }

    pub fn build_id(&self) -> Option<&'d [u8]> {
        self.file.build_id().ok().flatten()
    }

    pub fn debug_link(&self) -> Option<(&'d [u8], u32)> {
        self.file.gnu_debuglink().ok().flatten()
    }

    /// The file that the debug information shares with other libraries, and its identifier.
    pub fn shared_link(&self) -> Option<(&'d [u8], &'d [u8])> {
        self.file.gnu_debugaltlink().ok().flatten()
    }

    /// The debug sections, decompressed and relocated. `length` is the size of the input.
    pub fn debug_sections(
        &self,
        length: usize,
        budget: &mut Budget,
        notes: &mut Vec<String>,
    ) -> Result<Data<'d>, ReadError> {
        let mut data: Data<'d> = HashMap::new();
        let mut room = length.saturating_mul(EXPANSION);
        for section in self.file.sections() {
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
            let bytes = if self.bases.is_some() {
                self.relocate(&section, bytes, budget)?
            } else {
                bytes
            };
            // Type units of relocatable objects come as further sections of the same name.
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

    fn relocate(
        &self,
        section: &object::read::elf::ElfSection64<'d, '_, LittleEndian>,
        mut bytes: Cow<'d, [u8]>,
        budget: &mut Budget,
    ) -> Result<Cow<'d, [u8]>, ReadError> {
        let place = self.base(Some(section.index()));
        for (offset, relocation) in section.relocations() {
            // Sections of relocations may share their bytes.
            budget.spend(32)?;
            let RelocationFlags::Elf { r_type } = relocation.flags() else {
                continue;
            };
            let Some((width, relative)) = relocation_form(self.machine, r_type) else {
                continue;
            };
            let target = match relocation.target() {
                RelocationTarget::Symbol(index) => match self.file.symbol_by_index(index) {
                    Ok(symbol) => symbol
                        .address()
                        .wrapping_add(self.base(symbol.section_index())),
                    Err(_) => continue,
                },
                RelocationTarget::Section(index) => self.base(Some(index)),
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
}

/// The symbols of a library that are defined and cannot be called: variables, also those of
/// threads, and whatever else lies outside its code.
///
/// # Errors
/// As for [`read`].
pub fn data_symbols(elf: &[u8]) -> Result<BTreeSet<String>, ReadError> {
    Image::parse(elf)?.data_symbols(&mut Budget::new(elf.len()))
}

fn is_named(name: &str, wanted: &str) -> bool {
    name == wanted
        || name
            .strip_prefix(".zdebug_")
            .is_some_and(|name| wanted.strip_prefix(".debug_") == Some(name))
}

/// Gives each section of a relocatable object an address. Debug sections of
/// one name follow each other, as their bytes will.
fn place(file: &ElfFile64<'_, LittleEndian>) -> HashMap<SectionIndex, u64> {
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
    bases
}

/// The width of a relocation and whether it is relative to its place, for
/// those that occur in debug sections.
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
