//! Relocatable objects, as compilers make them.
//!
//! An object is placed in two ranges, one that code only reads and one that it may write; the second also has common variables and the
//! global offset table.

mod apply;
mod commons;
mod gathered;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use object::elf::{SHT_REL, SHT_RELA, STT_GNU_IFUNC};
use object::read::elf::{ElfFile64, SectionHeader as _};
use object::{
    LittleEndian, Object as _, ObjectComdat as _, ObjectSection as _, ObjectSymbol as _,
    RelocationFlags, RelocationTarget, SectionFlags, SectionIndex, SymbolIndex,
};

use super::file::LARGEST_ALIGNMENT;
use super::relocate::{Needs, RelocationNumber};
use super::{Definition, Image, ImageError, ImageId, ImagePart, Rank, SymbolScope, TCB_SIZE, Tls};
use crate::memory::{Protection, Window};

use commons::Commons;
use gathered::Gathered;

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
    kind: RelocationNumber,
    symbol: SymbolIndex,
    addend: i64,
}

/// A checked relocatable object.
#[derive(Debug)]
pub(super) struct Relocatable<'a> {
    file: File<'a>,
    sections: Vec<Section<'a>>,
    /// The place in `sections` of each index of the file.
    by_index: HashMap<usize, usize>,
    /// The groups of which one copy is enough: names, and the indices of their sections.
    groups: Vec<(String, Vec<usize>)>,
    relocations: Vec<Relocation>,
    /// The slots of the global offset table, with how far from its beginning each is, and its whole size.
    slots: BTreeMap<(usize, Needs), u64>,
    got_size: u64,
}

/// The places of an object's parts.
#[derive(Debug)]
pub(super) struct ObjectPlace {
    sections: HashMap<usize, u64>,
    /// The sections of groups that are in another object already.
    dropped: HashSet<usize>,
    /// The common variables that are here: addresses and sizes.
    common: HashMap<usize, (u64, u64)>,
    got: u64,
    /// The number of its thread-local memory.
    module: u64,
    tls_offset: u64,
    pub(super) read_only: Vec<Range<u64>>,
}

fn part(address: u64, size: u64, write: bool) -> ImagePart {
    ImagePart {
        range: address..address.saturating_add(size),
        write,
        section: None,
    }
}

fn text(error: object::Error) -> String {
    error.to_string()
}

impl<'a> Relocatable<'a> {
    /// Takes an object apart.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let file = File::parse(bytes).map_err(text)?;
        check_relocation_sections(&file)?;
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
                let kind = RelocationNumber(r_type.0);
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
        let mut by_index = HashMap::new();
        for (place, section) in sections.iter().enumerate() {
            by_index.insert(section.index.0, place);
        }
        let mut groups = Vec::new();
        for group in file.comdats() {
            let name = group.name().map_err(text)?.to_owned();
            groups.push((name, group.sections().map(|section| section.0).collect()));
        }
        let endian = LittleEndian;
        if let Some((index, symbol)) = file
            .elf_symbol_table()
            .enumerate()
            .find(|(_, symbol)| symbol.st_type() == STT_GNU_IFUNC)
        {
            return Err(format!(
                "symbol {}, {:?}, is a function that is chosen as it is loaded; only shared objects can have such",
                index.0,
                file.elf_symbol_table()
                    .symbol_name(endian, symbol)
                    .map(String::from_utf8_lossy)
                    .unwrap_or_default()
            ));
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
            by_index,
            groups,
            relocations,
            slots,
            got_size,
        })
    }

    /// The sections that are left out, since an object before has those of the same group.
    pub(super) fn dropped(&self, scope: &mut SymbolScope, id: ImageId) -> HashSet<usize> {
        let groups = self.groups.iter();
        groups
            .filter(|(name, _)| !scope.keep_group(name, id))
            .flat_map(|(_, sections)| sections.iter().copied())
            .collect()
    }

    /// Gives each part its place, and copies what the file has of it.
    pub(super) fn place(
        &self,
        name: &str,
        window: &Window,
        scope: &mut SymbolScope,
        id: ImageId,
        dropped: HashSet<usize>,
        shared: &mut Together,
    ) -> Result<(Image, ObjectPlace), ImageError> {
        let mut image = Image::new(id, name);
        let placed = self.place_in(&mut image, window, scope, dropped, shared);
        match placed {
            Ok(place) => Ok((image, place)),
            Err(error) => {
                image.unmap(window);
                Err(error)
            }
        }
    }

    fn place_in(
        &self,
        image: &mut Image,
        window: &Window,
        scope: &mut SymbolScope,
        dropped: HashSet<usize>,
        shared: &mut Together,
    ) -> Result<ObjectPlace, ImageError> {
        let name = image.name.clone();
        let damaged = |damage: String| ImageError::damaged(&name, damage);
        let too_large = || damaged("it is larger than memory".into());
        let kept = |section: &&Section<'_>| !dropped.contains(&section.index.0);
        let gathered = &mut shared.gathered;
        let mut place = ObjectPlace {
            sections: HashMap::new(),
            dropped: HashSet::new(),
            common: HashMap::new(),
            got: 0,
            module: 0,
            tls_offset: 0,
            read_only: Vec::new(),
        };
        // Offsets first, for each of the ranges; then the ranges, then addresses.
        let mut layouts = [GrowingRange::default(), GrowingRange::default()];
        let mut offsets = Vec::new();
        for section in self
            .sections
            .iter()
            .filter(kept)
            .filter(|section| !section.tls)
        {
            if gathered.has(image.id, &section.name, section.index.0) {
                continue;
            }
            let layout = &mut layouts[usize::from(section.write)];
            let alignment = section.alignment.max(if section.execute { 16 } else { 1 });
            let offset = layout.add(section.size, alignment).ok_or_else(too_large)?;
            offsets.push((section, offset));
        }
        let mut commons = Vec::new();
        for symbol in self.file.symbols().filter(|symbol| symbol.is_common()) {
            let name = symbol.name().map_err(text).map_err(damaged)?;
            let Some((size, alignment)) = shared.commons.take(name, scope).map_err(damaged)? else {
                continue;
            };
            let offset = layouts[1].add(size, alignment).ok_or_else(too_large)?;
            commons.push((symbol.index(), offset, size));
        }
        let mut homes = Vec::new();
        for (name, write, size, alignment) in gathered.homes(image.id) {
            let layout = &mut layouts[usize::from(write)];
            let offset = layout.add(size, alignment).ok_or_else(too_large)?;
            homes.push((name.to_owned(), write, offset, size));
        }
        let got = layouts[1].add(self.got_size, 8).ok_or_else(too_large)?;
        let tls = self.tls_layout(&dropped).ok_or_else(too_large)?;
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
            image.parts.push(ImagePart {
                section: Some(section.index.0),
                ..part(address, section.size, section.write)
            });
            if section.execute {
                if image.code.is_empty() {
                    image.base = address;
                }
                image.code.push(address..address + section.size);
            }
        }
        for (name, write, offset, size) in homes {
            let address = starts[usize::from(write)] + offset;
            gathered.begin(&name, address);
            image.parts.push(part(address, size, write));
        }
        for section in self.sections.iter().filter(kept) {
            let index = section.index.0;
            let Some((address, home)) = gathered.place(image.id, &section.name, index) else {
                continue;
            };
            place.sections.insert(index, address);
            write(address, section.data)?;
            image.uses.insert(home);
            if section.execute {
                image.code.push(address..address + section.size);
            }
        }
        for (symbol, offset, size) in commons {
            let address = starts[1] + offset;
            place.common.insert(symbol.0, (address, size));
            image.parts.push(part(address, size, true));
        }
        place.got = starts[1] + got;
        image.parts.push(part(place.got, self.got_size, false));
        if tls.layout.size != 0 {
            let template = starts[1] + template;
            image.parts.push(part(template, tls.layout.size, false));
            for (section, offset) in &tls.sections {
                place.sections.insert(section.index.0, *offset);
                write(template + offset, section.data)?;
            }
            let offset = scope
                .place_tls(image.id, tls.layout.size, tls.layout.alignment)
                .map_err(damaged)?;
            place.tls_offset = offset;
            place.module = offset + 1;
            image.tls = Some(Tls {
                template,
                initialised: tls.layout.size,
                size: tls.layout.size,
                offset,
            });
        }
        place.dropped = dropped;
        Ok(place)
    }

    /// The beginning of each thread-local section.
    fn tls_layout(&self, dropped: &HashSet<usize>) -> Option<TlsLayout<'_>> {
        let mut layout = GrowingRange::default();
        let mut sections = Vec::new();
        let kept = |section: &&Section<'_>| !dropped.contains(&section.index.0);
        for section in self
            .sections
            .iter()
            .filter(kept)
            .filter(|section| section.tls)
        {
            let offset = layout.add(section.size, section.alignment)?;
            sections.push((section, offset));
        }
        Some(TlsLayout { layout, sections })
    }

    /// Enters what the object defines for others.
    pub(super) fn define(
        &self,
        image: &Image,
        place: &ObjectPlace,
        scope: &mut SymbolScope,
    ) -> Result<(), ImageError> {
        let file: std::sync::Arc<str> = image.name.as_str().into();
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
                    size: match place.common.get(&symbol.index().0) {
                        Some((_, size)) => *size,
                        None => symbol.size(),
                    },
                    rank: if symbol.is_common() {
                        Rank::Common
                    } else if symbol.is_weak() {
                        Rank::Weak
                    } else {
                        Rank::Strong
                    },
                    tls: found.tls,
                    indirect: false,
                    file: file.clone(),
                    image: image.id,
                },
            )?;
        }
        Ok(())
    }

    /// The value of a symbol that this object defines.
    fn local<'s>(
        &self,
        symbol: &impl object::ObjectSymbol<'s>,
        place: &ObjectPlace,
    ) -> Option<RelocationSymbol> {
        if symbol.is_common() {
            // Without an address, the variable is in another object.
            let (address, _) = *place.common.get(&symbol.index().0)?;
            return Some(RelocationSymbol {
                address,
                ..RelocationSymbol::default()
            });
        }
        let Some(index) = symbol.section_index() else {
            // An absolute value.
            return (!symbol.is_undefined()).then(|| RelocationSymbol {
                address: symbol.address(),
                ..RelocationSymbol::default()
            });
        };
        let section = &self.sections[*self.by_index.get(&index.0)?];
        let start = place.sections.get(&index.0)?;
        Some(RelocationSymbol {
            address: start.wrapping_add(symbol.address()),
            tls: section.tls.then_some(place.tls_offset),
            module: place.module,
        })
    }
}

/// The value of a symbol.
#[derive(Debug, Clone, Copy, Default)]
struct RelocationSymbol {
    address: u64,
    tls: Option<u64>,
    module: u64,
}

impl RelocationSymbol {
    /// The distance of a thread-local variable from the thread pointer.
    fn thread_offset(&self) -> u64 {
        TCB_SIZE
            .wrapping_add(self.tls.unwrap_or(0))
            .wrapping_add(self.address)
    }
}

/// Refuses relocations that would be overlooked.
fn check_relocation_sections(file: &File<'_>) -> Result<(), String> {
    let endian = LittleEndian;
    let sections = file.elf_section_table();
    let symbols = file.elf_symbol_table().section();
    for section in sections.iter() {
        let kind = section.sh_type(endian);
        if kind != SHT_RELA && kind != SHT_REL {
            continue;
        }
        let target = sections
            .section(section.info_link(endian))
            .map_err(|_| "a table of relocations is for a section that does not exist")?;
        if target.sh_flags(endian).0 & object::elf::SHF_ALLOC.0 == 0 {
            continue;
        }
        if kind == SHT_REL {
            return Err(
                "it has relocations without addends, which the Vector Engine does not use".into(),
            );
        }
        if section.link(endian) != symbols {
            return Err("a table of relocations is not for its symbol table".into());
        }
        let (size, entry) = (section.sh_size(endian), section.sh_entsize(endian));
        if entry != 24 || !size.is_multiple_of(24) {
            return Err(format!(
                "a table of relocations has {size} bytes in entries of {entry}, not of 24"
            ));
        }
    }
    Ok(())
}

/// The common data of files that are loaded together.
#[derive(Debug, Default)]
pub(super) struct Together {
    commons: Commons,
    gathered: Gathered,
}

/// The values of other objects' names.
#[derive(Debug)]
pub(super) struct OtherObjects<'a> {
    pub(super) scope: &'a SymbolScope,
    pub(super) together: &'a Together,
}

impl Together {
    /// The common data of these files, without the sections of each that are left out.
    pub(super) fn of(
        files: &[(ImageId, &Relocatable<'_>, &HashSet<usize>)],
    ) -> Result<Self, String> {
        let commons = Commons::of(files.iter().map(|(_, file, _)| *file));
        let gathered = Gathered::of(files).ok_or("its sections are larger than memory")?;
        Ok(Self { commons, gathered })
    }
}

struct TlsLayout<'a> {
    layout: GrowingRange,
    sections: Vec<(&'a Section<'a>, u64)>,
}

/// A range that grows by parts.
#[derive(Debug)]
struct GrowingRange {
    size: u64,
    alignment: u64,
}

impl Default for GrowingRange {
    fn default() -> Self {
        Self {
            size: 0,
            alignment: 1,
        }
    }
}

impl GrowingRange {
    /// Adds a part; the result is where it begins.
    fn add(&mut self, size: u64, alignment: u64) -> Option<u64> {
        let start = self.size.checked_next_multiple_of(alignment)?;
        self.size = start.checked_add(size)?;
        self.alignment = self.alignment.max(alignment);
        // Anything larger than all memory is refused before sums could overflow.
        (self.size <= 1 << 46).then_some(start)
    }
}
