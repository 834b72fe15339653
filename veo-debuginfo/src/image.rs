//! An ELF file: its machine, its symbols, the libraries it needs. `sections` reads its debug sections.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use object::elf::{self, FileHeader64, Machine};
use object::read::elf::{ElfSymbol64, FileHeader as _, SectionHeader as _};
use object::{
    LittleEndian, Object as _, ObjectSection as _, ObjectSegment as _, ObjectSymbol as _,
    SectionIndex, SymbolKind, SymbolScope,
};

use crate::budget::{Budget, ReadResult};
use crate::error::{ReadError, damaged};
use crate::sections::{self, Bases, DebugSections, File};

/// The longest name in bytes. Symbols with a longer one are ignored.
const NAME: usize = 4096;

/// A parsed ELF file.
pub(crate) struct ElfImage<'d> {
    file: File<'d>,
    machine: Machine,
    /// The address of each section, for relocatable objects.
    bases: Option<Bases>,
}

/// An exported function.
pub(crate) struct ExportedFunction {
    pub name: String,
    /// `None` for an indirect function, whose address is chosen when the library is loaded.
    pub address: Option<u64>,
}

/// A symbol as the loader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DynamicSymbol<'d> {
    /// Its name.
    pub name: &'d str,
    /// The file defines it.
    pub is_defined: bool,
    /// The file cannot be loaded unless another one defines it.
    pub is_needed: bool,
    /// The file defines it as a variable.
    pub is_data: bool,
}

type SymbolEntry<'d, 'f> = ElfSymbol64<'d, 'f, LittleEndian>;
pub(crate) type DynamicTable<'d> = object::read::elf::DynamicTable<'d, FileHeader64<LittleEndian>>;

impl<'d> ElfImage<'d> {
    pub fn parse(bytes: &'d [u8]) -> Result<ElfImage<'d>, ReadError> {
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
        let file = File::parse(bytes).map_err(damaged)?;
        let header = file.elf_header();
        let machine = header.e_machine(LittleEndian);
        let relocatable = header.e_type(LittleEndian) == elf::ET_REL;
        let bases = relocatable.then(|| Bases::new(&file));
        Ok(ElfImage {
            file,
            machine,
            bases,
        })
    }

    pub fn machine(&self) -> Machine {
        self.machine
    }

    /// The functions that other programs can find, each name once.
    pub fn exports(&self, budget: &mut Budget) -> Result<Vec<ExportedFunction>, ReadError> {
        let mut exports = Vec::new();
        let mut known = HashMap::new();
        let versions = self.versions();
        let is_function = |symbol: &SymbolEntry<'d, '_>| match symbol.elf_symbol().st_type() {
            elf::STT_FUNC | elf::STT_GNU_IFUNC => true,
            // Assembly code may leave out the type of a function.
            elf::STT_NOTYPE => self.is_code(symbol.section_index()),
            _ => false,
        };
        self.each_visible(budget, is_function, |name, symbol| {
            let indirect = symbol.elf_symbol().st_type() == elf::STT_GNU_IFUNC;
            let address = symbol
                .address()
                .wrapping_add(self.base(symbol.section_index()));
            let export = ExportedFunction {
                name: name.to_owned(),
                address: (!indirect).then_some(address),
            };
            // If a name has several versions, the loader takes the one that is not hidden.
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
        })?;
        Ok(exports)
    }

    /// The variables that other programs can find. Thread-local ones are left out, since they
    /// have no single address.
    pub fn variables(&self, budget: &mut Budget) -> Result<BTreeSet<String>, ReadError> {
        let is_variable = |symbol: &SymbolEntry<'d, '_>| {
            let kind = symbol.elf_symbol().st_type();
            kind == elf::STT_OBJECT || kind == elf::STT_COMMON
        };
        self.names(budget, is_variable)
    }

    /// The symbols that are defined and are not code.
    fn data_symbols(&self, budget: &mut Budget) -> Result<BTreeSet<String>, ReadError> {
        let is_data = |symbol: &SymbolEntry<'d, '_>| {
            let kind = symbol.elf_symbol().st_type();
            let lies_in_data = || match symbol.section_index() {
                Some(section) => !self.is_code(Some(section)),
                // An absolute symbol is a number. Without section headers its kind is unknown.
                None => kind == elf::STT_NOTYPE && self.file.sections().next().is_some(),
            };
            match kind {
                elf::STT_OBJECT | elf::STT_COMMON | elf::STT_TLS => true,
                elf::STT_FUNC | elf::STT_NOTYPE => lies_in_data(),
                _ => false,
            }
        };
        self.names(budget, is_data)
    }

    /// The names of the visible symbols that `wanted` accepts.
    fn names(
        &self,
        budget: &mut Budget,
        wanted: impl Fn(&SymbolEntry<'d, '_>) -> bool,
    ) -> Result<BTreeSet<String>, ReadError> {
        let mut names = BTreeSet::new();
        self.each_visible(budget, wanted, |name, _| {
            names.insert(name.to_owned());
        })?;
        Ok(names)
    }

    /// Calls `visit` with each symbol that other programs can find and `wanted` accepts.
    fn each_visible(
        &self,
        budget: &mut Budget,
        wanted: impl Fn(&SymbolEntry<'d, '_>) -> bool,
        mut visit: impl FnMut(&str, &SymbolEntry<'d, '_>),
    ) -> Result<(), ReadError> {
        let symbols = match self.has_dynamic_symbols() {
            true => self.file.dynamic_symbols(),
            false => self.file.symbols(),
        };
        for symbol in symbols {
            let is_visible = !symbol.is_undefined() && symbol.scope() == SymbolScope::Dynamic;
            if !is_visible || !wanted(&symbol) {
                continue;
            }
            let Some(name) = name_of(&symbol, budget)? else {
                continue;
            };
            // `name@VERSION` in full symbol tables.
            let name = name.split('@').next().unwrap_or_default();
            if !name.is_empty() {
                visit(name, &symbol);
            }
        }
        Ok(())
    }

    /// Whether the dynamic symbols are the exported ones. Relocatable objects have none.
    fn has_dynamic_symbols(&self) -> bool {
        self.bases.is_none() && self.file.dynamic_symbols().next().is_some()
    }

    /// The versions of the dynamic symbols. Empty if other symbols are the exported ones.
    fn versions(&self) -> &'d [elf::Versym<LittleEndian>] {
        let sections = self.file.elf_section_table();
        match sections.gnu_versym(LittleEndian, self.file.data()) {
            Ok(Some((versions, _))) if self.has_dynamic_symbols() => versions,
            _ => &[],
        }
    }

    /// The name of the function that contains an address.
    pub fn function_at(&self, address: u64) -> Option<&'d str> {
        let contains = |symbol: &SymbolEntry<'d, '_>| {
            let end = symbol.address().saturating_add(symbol.size());
            (symbol.address()..end).contains(&address)
        };
        self.file
            .symbols()
            .chain(self.file.dynamic_symbols())
            .filter(|symbol| symbol.kind() == SymbolKind::Text)
            .find(contains)
            .and_then(|symbol| symbol.name().ok())
    }

    /// The dynamic table, which the loader reads.
    pub fn dynamic_table(&self) -> Result<DynamicTable<'d>, ReadError> {
        let sections = self.file.elf_section_table();
        sections
            .dynamic_table(LittleEndian, self.file.data())
            .map_err(damaged)
    }

    /// The length of the loaded file in memory.
    pub fn extent(&self) -> u64 {
        let segments = self.file.segments();
        let ends = segments.map(|segment| segment.address().saturating_add(segment.size()));
        ends.max().unwrap_or(0)
    }

    /// Where a section of a relocatable object lies, as its debug information has it here. `None` for other files, and where
    /// it is not loaded.
    pub fn section_address(&self, index: usize) -> Option<u64> {
        let base = self.bases.as_ref()?.of(Some(SectionIndex(index)));
        (base != 0).then_some(base)
    }

    fn is_code(&self, section: Option<SectionIndex>) -> bool {
        let section = section.and_then(|index| self.file.section_by_index(index).ok());
        section.is_some_and(|section| {
            let flags = section.elf_section_header().sh_flags(LittleEndian);
            flags.contains(elf::SHF_EXECINSTR)
        })
    }

    fn base(&self, section: Option<SectionIndex>) -> u64 {
        self.bases.as_ref().map_or(0, |bases| bases.of(section))
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

    /// The file with debug information shared by several libraries, and its build identifier.
    pub fn shared_link(&self) -> Option<(&'d [u8], &'d [u8])> {
        self.file.gnu_debugaltlink().ok().flatten()
    }

    /// The debug sections, decompressed and relocated. `length` is the size of the input.
    pub fn debug_sections(
        &self,
        length: usize,
        budget: &mut Budget,
        notes: &mut Vec<String>,
    ) -> Result<DebugSections<'d>, ReadError> {
        sections::debug_sections(&self.file, self.bases.as_ref(), length, budget, notes)
    }
}

/// The defined symbols of a library that cannot be called: variables, thread-local ones too, and
/// all other symbols outside its code.
///
/// # Errors
/// The bytes are not an ELF file, or are an unsupported or damaged one.
pub fn data_symbols(elf: &[u8]) -> Result<BTreeSet<String>, ReadError> {
    ElfImage::parse(elf)?.data_symbols(&mut Budget::new(elf.len()))
}

/// The libraries that a library is linked with, as the loader sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linkage {
    /// Its own name, by which other libraries need it.
    pub name: Option<String>,
    /// The names of the libraries that it needs.
    pub needs: Vec<String>,
}

impl Linkage {
    /// Reads them from a library's bytes. `None` if the bytes are not a 64-bit little-endian
    /// library, or have far longer names than their size lets expect.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Linkage> {
        let mut linkage = Linkage::default();
        let mut budget = Budget::new(bytes.len());
        let table = ElfImage::parse(bytes).ok()?.dynamic_table().ok()?;
        for entry in &table {
            if !matches!(entry.tag, elf::DT_NEEDED | elf::DT_SONAME) {
                continue;
            }
            let Ok(text) = table.string(entry) else {
                continue;
            };
            // Many entries may share the bytes of one name.
            budget.spend(8 + text.len()).ok()?;
            let text = String::from_utf8_lossy(text).into_owned();
            match entry.tag {
                elf::DT_NEEDED => linkage.needs.push(text),
                _ => linkage.name = Some(text),
            }
        }
        Some(linkage)
    }
}

/// The dynamic symbols of a library. Empty if the bytes are not a 64-bit little-endian library;
/// ends early where the names are far longer than its size lets expect.
#[must_use]
pub fn dynamic_symbols(bytes: &[u8]) -> Vec<DynamicSymbol<'_>> {
    let mut symbols = Vec::new();
    let mut budget = Budget::new(bytes.len());
    let Ok(image) = ElfImage::parse(bytes) else {
        return symbols;
    };
    for symbol in image.file.dynamic_symbols() {
        let Ok(name) = name_of(&symbol, &mut budget) else {
            break;
        };
        symbols.extend(name.map(|name| DynamicSymbol {
            name,
            is_defined: symbol.is_definition(),
            is_needed: symbol.is_undefined() && !symbol.is_weak(),
            is_data: symbol.is_definition()
                && matches!(symbol.kind(), SymbolKind::Data | SymbolKind::Tls),
        }));
    }
    symbols
}

/// The name of a symbol, if it is text of a length that names have. It is paid for in any case:
/// many symbols may share the bytes of one name.
fn name_of<'d>(symbol: &SymbolEntry<'d, '_>, budget: &mut Budget) -> ReadResult<Option<&'d str>> {
    let Ok(name) = symbol.name_bytes() else {
        return Ok(None);
    };
    budget.spend(8 + name.len() / 4)?;
    if name.len() > NAME {
        return Ok(None);
    }
    Ok(std::str::from_utf8(name).ok())
}
