//! Relocatable objects, as compilers make them.
//!
//! An object is placed in two ranges, one that code only reads and one that it may write; the second also has common variables and the
//! global offset table.

use std::collections::BTreeMap;
use std::ops::Range;

use object::read::elf::ElfFile64;
use object::{
    LittleEndian, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationFlags,
    RelocationTarget, SectionFlags, SectionIndex, SymbolIndex,
};

use super::file::{self, Kind as FileKind};
use super::relocate::{Kind, Needs, Write};
use super::{Definition, Image, ImageError, Provider, Scope, Symbol, TCB_SIZE, Tls};
use crate::memory::{Protection, Window};

/// Alignments above this are refused: no page is larger.
const LARGEST_ALIGNMENT: u64 = 64 << 20;

/// The words at the beginning of the global offset table that belong to nobody.
const RESERVED_SLOTS: u64 = 3;

/// The name of the global offset table.
const GOT: &str = "_GLOBAL_OFFSET_TABLE_";

type File<'a> = ElfFile64<'a, LittleEndian>;

/// A section that is in memory.
#[derive(Debug)]
struct Section<'a> {
    index: SectionIndex,
    name: String,
    /// Its bytes; fewer than its size if the rest is 0.
    data: &'a [u8],
    size: u64,
    alignment: u64,
    write: bool,
    execute: bool,
    tls: bool,
}

/// A relocation.
#[derive(Debug)]
struct Relocation {
    section: SectionIndex,
    offset: u64,
    kind: Kind,
    symbol: SymbolIndex,
    addend: i64,
}

/// A checked relocatable object.
#[derive(Debug)]
pub(super) struct Relocatable<'a> {
    file: File<'a>,
    sections: Vec<Section<'a>>,
    relocations: Vec<Relocation>,
    /// The slots of the global offset table, with how far from its beginning each is, and its whole size.
    slots: BTreeMap<(usize, Needs), u64>,
    got_size: u64,
}

/// Where the parts of an object are.
#[derive(Debug)]
pub(super) struct Place {
    sections: BTreeMap<usize, u64>,
    common: BTreeMap<usize, u64>,
    got: u64,
    /// The number of its thread-local memory.
    module: u64,
    tls_offset: u64,
    pub(super) read_only: Vec<Range<u64>>,
}

fn text(error: object::Error) -> String {
    error.to_string()
}

impl<'a> Relocatable<'a> {
    /// Takes an object apart.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let (_, kind) = file::header(bytes)?;
        if kind == FileKind::Shared {
            return Err("shared objects cannot be loaded yet".into());
        }
        let file = File::parse(bytes).map_err(text)?;
        let mut sections = Vec::new();
        let mut relocations = Vec::new();
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
                continue;
            };
            let flags = sh_flags.0;
            if flags & object::elf::SHF_ALLOC.0 == 0 {
                continue;
            }
            let name = section.name().map_err(text)?.to_owned();
            let alignment = section.align().max(1);
            if !alignment.is_power_of_two() || alignment > LARGEST_ALIGNMENT {
                return Err(format!("section {name} has an alignment of {alignment}"));
            }
            sections.push(Section {
                index: section.index(),
                data: section.data().map_err(text)?,
                size: section.size(),
                alignment,
                write: flags & object::elf::SHF_WRITE.0 != 0,
                execute: flags & object::elf::SHF_EXECINSTR.0 != 0,
                tls: flags & object::elf::SHF_TLS.0 != 0,
                name,
            });
            for (offset, relocation) in section.relocations() {
                let RelocationFlags::Elf { r_type } = relocation.flags() else {
                    continue;
                };
                let kind = Kind(r_type.0);
                if kind.is_none() {
                    continue;
                }
                let symbol = match relocation.target() {
                    RelocationTarget::Symbol(symbol) => symbol,
                    _ => return Err(format!("{} has no symbol", kind.name())),
                };
                relocations.push(Relocation {
                    section: section.index(),
                    offset,
                    kind,
                    symbol,
                    addend: relocation.addend(),
                });
            }
        }
        let mut slots = BTreeMap::new();
        let mut got_size = RESERVED_SLOTS * 8;
        for relocation in &relocations {
            let Some(needs) = relocation.kind.needs() else {
                return Err(format!(
                    "{} has no place in a relocatable object",
                    relocation.kind.name()
                ));
            };
            file.symbol_by_index(relocation.symbol).map_err(text)?;
            let words = match needs {
                Needs::Slot | Needs::ThreadSlot => 1,
                Needs::Pair => 2,
                Needs::Address | Needs::ThreadOffset | Needs::LocalOffset => continue,
            };
            slots
                .entry((relocation.symbol.0, needs))
                .or_insert_with(|| {
                    got_size += 8 * words;
                    got_size - 8 * words
                });
        }
        Ok(Self {
            file,
            sections,
            relocations,
            slots,
            got_size,
        })
    }

    /// Gives each part its place, and copies what the file has of it.
    pub(super) fn place(
        &self,
        name: &str,
        window: &Window,
        scope: &mut Scope,
    ) -> Result<(Image, Place), ImageError> {
        let damaged = |damage: String| ImageError::Damaged {
            name: name.to_owned(),
            damage,
        };
        let too_large = || damaged("it is larger than memory".into());
        let mut image = Image {
            name: name.to_owned(),
            mapped: Vec::new(),
            code: Vec::new(),
            symbols: Vec::new(),
            constructors: Vec::new(),
            destructors: Vec::new(),
            tls: None,
        };
        let mut place = Place {
            sections: BTreeMap::new(),
            common: BTreeMap::new(),
            got: 0,
            module: 0,
            tls_offset: 0,
            read_only: Vec::new(),
        };
        // Offsets first, for each of the ranges; then the ranges, then addresses.
        let mut layouts = [Layout::default(), Layout::default()];
        let mut offsets = Vec::new();
        for section in self.sections.iter().filter(|section| !section.tls) {
            let layout = &mut layouts[usize::from(section.write)];
            let alignment = section.alignment.max(if section.execute { 16 } else { 1 });
            let offset = layout.add(section.size, alignment).ok_or_else(too_large)?;
            offsets.push((section, offset));
        }
        let mut commons = Vec::new();
        for symbol in self.file.symbols().filter(|symbol| symbol.is_common()) {
            // The value of a common symbol is its alignment.
            let alignment = symbol.address().max(1);
            if !alignment.is_power_of_two() || alignment > LARGEST_ALIGNMENT {
                return Err(damaged(format!(
                    "a common symbol has an alignment of {alignment}"
                )));
            }
            let offset = layouts[1]
                .add(symbol.size(), alignment)
                .ok_or_else(too_large)?;
            commons.push((symbol.index(), offset));
        }
        let got = layouts[1].add(self.got_size, 8).ok_or_else(too_large)?;
        let tls = self.tls_layout().ok_or_else(too_large)?;
        let template = layouts[1]
            .add(tls.layout.size, tls.layout.alignment)
            .ok_or_else(too_large)?;

        let mut starts = [0; 2];
        for (start, layout) in starts.iter_mut().zip(&layouts) {
            if layout.size == 0 {
                continue;
            }
            let range = window.map_aligned(layout.size, layout.alignment, Protection::ReadWrite)?;
            *start = range.start;
            image.mapped.push(range);
        }
        if layouts[0].size != 0 {
            place.read_only.push(image.mapped[0].clone());
        }
        let write = |address: u64, bytes: &[u8]| {
            window
                .write(address, bytes)
                .map_err(|_| damaged("its memory cannot be written".into()))
        };
        for (section, offset) in offsets {
            let address = starts[usize::from(section.write)] + offset;
            place.sections.insert(section.index.0, address);
            write(address, section.data)?;
            if section.execute {
                image.code.push(address..address + section.size);
            }
        }
        for (symbol, offset) in commons {
            place.common.insert(symbol.0, starts[1] + offset);
        }
        place.got = starts[1] + got;
        if tls.layout.size != 0 {
            let template = starts[1] + template;
            for (section, offset) in &tls.sections {
                place.sections.insert(section.index.0, *offset);
                write(template + offset, section.data)?;
            }
            let offset = scope
                .tls_size
                .checked_next_multiple_of(tls.layout.alignment)
                .and_then(|offset| {
                    scope.tls_size = offset.checked_add(tls.layout.size)?;
                    Some(offset)
                })
                .ok_or_else(too_large)?;
            place.tls_offset = offset;
            place.module = offset + 1;
            image.tls = Some(Tls {
                template,
                initialised: tls.layout.size,
                size: tls.layout.size,
                offset,
            });
        }
        Ok((image, place))
    }

    /// Where each thread-local section begins.
    fn tls_layout(&self) -> Option<TlsLayout<'_>> {
        let mut layout = Layout::default();
        let mut sections = Vec::new();
        for section in self.sections.iter().filter(|section| section.tls) {
            let offset = layout.add(section.size, section.alignment)?;
            sections.push((section, offset));
        }
        Some(TlsLayout { layout, sections })
    }

    /// Enters what the object defines for others.
    pub(super) fn define(
        &self,
        name: &str,
        place: &Place,
        scope: &mut Scope,
    ) -> Result<(), ImageError> {
        for symbol in self.file.symbols() {
            if symbol.is_local() || symbol.is_undefined() {
                continue;
            }
            let Some(found) = self.local(&symbol, place) else {
                continue;
            };
            let Ok(symbol_name) = symbol.name() else {
                continue;
            };
            scope.define(
                symbol_name,
                Definition {
                    address: found.address,
                    size: symbol.size(),
                    // A common variable may be defined in any number of objects.
                    weak: symbol.is_weak() || symbol.is_common(),
                    tls: found.tls,
                    file: name.to_owned(),
                },
            )?;
        }
        Ok(())
    }

    /// What a symbol is that this object defines.
    fn local<'s>(&self, symbol: &impl object::ObjectSymbol<'s>, place: &Place) -> Option<Found> {
        if let Some(address) = place.common.get(&symbol.index().0) {
            return Some(Found {
                address: *address,
                tls: None,
                module: 0,
            });
        }
        let Some(index) = symbol.section_index() else {
            // An absolute value.
            return (!symbol.is_undefined()).then(|| Found {
                address: symbol.address(),
                tls: None,
                module: 0,
            });
        };
        let section = self
            .sections
            .iter()
            .find(|section| section.index == index)?;
        let start = place.sections.get(&index.0)?;
        Some(Found {
            address: start.wrapping_add(symbol.address()),
            tls: section.tls.then_some(place.tls_offset),
            module: place.module,
        })
    }

    /// Writes all relocations, and finds out what the image has to tell of itself.
    pub(super) fn relocate(
        &self,
        image: &mut Image,
        place: &Place,
        window: &Window,
        scope: &Scope,
        provider: &mut dyn Provider,
        undefined: &mut Vec<(String, String)>,
    ) -> Result<(), ImageError> {
        let name = image.name.clone();
        let damaged = |damage: String| ImageError::Damaged {
            name: name.clone(),
            damage,
        };
        let mut known: BTreeMap<usize, Found> = BTreeMap::new();
        for relocation in &self.relocations {
            if known.contains_key(&relocation.symbol.0) {
                continue;
            }
            let symbol = self
                .file
                .symbol_by_index(relocation.symbol)
                .map_err(|error| damaged(text(error)))?;
            let found = self
                .resolve(&symbol, place, scope, provider)
                .map_err(damaged)?;
            let found = found.unwrap_or_else(|name| {
                let missing = (name, image.name.clone());
                if !undefined.contains(&missing) {
                    undefined.push(missing);
                }
                Found::default()
            });
            known.insert(relocation.symbol.0, found);
        }
        for ((symbol, needs), offset) in &self.slots {
            let Some(found) = known.get(symbol) else {
                continue;
            };
            let values = match needs {
                Needs::Slot => [Some(found.address), None],
                Needs::Pair => [Some(found.module), Some(found.address)],
                _ => [Some(found.thread_offset()), None],
            };
            for (index, value) in values.into_iter().flatten().enumerate() {
                window
                    .write(place.got + offset + 8 * index as u64, &value.to_le_bytes())
                    .map_err(|_| damaged("its memory cannot be written".into()))?;
            }
        }
        for relocation in &self.relocations {
            let section = self
                .sections
                .iter()
                .find(|section| section.index == relocation.section)
                .ok_or_else(|| damaged("a relocation is for no section".into()))?;
            let at = || {
                format!(
                    "{} at {:#x} of section {}",
                    relocation.kind.name(),
                    relocation.offset,
                    section.name
                )
            };
            let found = known[&relocation.symbol.0];
            let start = if section.tls {
                // The section's own address is an offset; what is relocated is the template.
                let template = image.tls.as_ref().map_or(0, |tls| tls.template);
                template + place.sections[&relocation.section.0]
            } else {
                place.sections[&relocation.section.0]
            };
            let target = start.wrapping_add(relocation.offset);
            let needs = relocation.kind.needs().unwrap_or(Needs::Address);
            let value = match needs {
                Needs::Address => found.address,
                Needs::ThreadOffset => found.thread_offset(),
                Needs::LocalOffset => found.address,
                _ => place.got + self.slots[&(relocation.symbol.0, needs)],
            };
            let write = relocation
                .kind
                .write(value, relocation.addend, target, place.got)
                .map_err(|why| damaged(format!("{}: {why}", at())))?;
            let (bytes, length) = match write {
                Write::Whole(value) => (value.to_le_bytes(), 8),
                Write::Half(value) => (u64::from(value).to_le_bytes(), 4),
            };
            let inside = relocation
                .offset
                .checked_add(length as u64)
                .is_some_and(|end| end <= section.size);
            if !inside {
                return Err(damaged(format!("{} lies outside", at())));
            }
            window
                .write(target, &bytes[..length])
                .map_err(|_| damaged(format!("{} cannot be written", at())))?;
        }
        self.describe(image, place, window);
        Ok(())
    }

    /// What a symbol is, here or elsewhere; its name, if nothing defines it.
    fn resolve<'s>(
        &self,
        symbol: &impl object::ObjectSymbol<'s>,
        place: &Place,
        scope: &Scope,
        provider: &mut dyn Provider,
    ) -> Result<Result<Found, String>, String> {
        // Index 0 is the symbol that stands for none.
        if symbol.index().0 == 0 {
            return Ok(Ok(Found::default()));
        }
        if symbol.is_local() {
            return self
                .local(symbol, place)
                .map(Ok)
                .ok_or_else(|| "a relocation is for a symbol that is not in memory".into());
        }
        let name = symbol.name().map_err(text)?;
        if name == GOT {
            return Ok(Ok(Found {
                address: place.got,
                ..Found::default()
            }));
        }
        if let Some(definition) = scope.get(name) {
            return Ok(Ok(Found {
                address: definition.address,
                tls: definition.tls,
                module: definition.tls.map_or(0, |offset| offset + 1),
            }));
        }
        let address = provider.address(name).or_else(|| {
            if symbol.is_weak() {
                Some(0)
            } else {
                provider.missing(name)
            }
        });
        Ok(match address {
            Some(address) => Ok(Found {
                address,
                ..Found::default()
            }),
            None => Err(name.to_owned()),
        })
    }

    /// Symbols, constructors and destructors.
    fn describe(&self, image: &mut Image, place: &Place, window: &Window) {
        for symbol in self.file.symbols() {
            let kind = symbol.kind();
            if !matches!(kind, object::SymbolKind::Text | object::SymbolKind::Data) {
                continue;
            }
            let (Some(found), Ok(name)) = (self.local(&symbol, place), symbol.name()) else {
                continue;
            };
            if found.tls.is_none() {
                image.symbols.push(Symbol {
                    name: name.to_owned(),
                    address: found.address,
                    size: symbol.size(),
                    function: kind == object::SymbolKind::Text,
                });
            }
        }
        image.symbols.sort_by_key(|symbol| symbol.address);
        let list = |prefix: &str| {
            let mut arrays: Vec<_> = self
                .sections
                .iter()
                .filter_map(|section| {
                    let rest = section.name.strip_prefix(prefix)?;
                    // `.init_array.65535` and no number are the last; lower numbers come first.
                    let priority = match rest.strip_prefix('.') {
                        Some(number) => number.parse().ok()?,
                        None if rest.is_empty() => 65_535_u32,
                        None => return None,
                    };
                    Some((
                        priority,
                        place.sections.get(&section.index.0)?,
                        section.size,
                    ))
                })
                .collect();
            arrays.sort_by_key(|(priority, _, _)| *priority);
            arrays
                .into_iter()
                .flat_map(|(_, start, size)| (0..size / 8).map(move |index| start + 8 * index))
                .filter_map(|address| window.load::<8>(address).ok())
                .filter(|function| *function != 0 && *function != u64::MAX)
                .collect::<Vec<_>>()
        };
        image.constructors = list(".init_array");
        image.destructors = list(".fini_array");
        image.destructors.reverse();
    }
}

/// What a symbol is.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    address: u64,
    tls: Option<u64>,
    module: u64,
}

impl Found {
    /// The distance of a thread-local variable from the thread pointer.
    fn thread_offset(&self) -> u64 {
        TCB_SIZE
            .wrapping_add(self.tls.unwrap_or(0))
            .wrapping_add(self.address)
    }
}

struct TlsLayout<'a> {
    layout: Layout,
    sections: Vec<(&'a Section<'a>, u64)>,
}

/// A range that grows by parts.
#[derive(Debug)]
struct Layout {
    size: u64,
    alignment: u64,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            size: 0,
            alignment: 1,
        }
    }
}

impl Layout {
    /// Adds a part; the result is where it begins.
    fn add(&mut self, size: u64, alignment: u64) -> Option<u64> {
        let start = self.size.checked_next_multiple_of(alignment)?;
        self.size = start.checked_add(size)?;
        self.alignment = self.alignment.max(alignment);
        // Nothing that is larger than all memory gets to sums that overflow.
        (self.size <= 1 << 46).then_some(start)
    }
}
