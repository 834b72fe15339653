//! Gathers the sections of objects into those of the library, in its order.

use std::collections::HashMap;

use object::elf;

use super::LinkMistakes;
use super::input::{ALLOC, EXECUTE, InputSection, TLS, WRITE};
use super::symbols::{LinkedSymbols, is_c_name};

/// Flags of sections that say something of a library.
const KEPT_FLAGS: u64 = WRITE | ALLOC | EXECUTE | TLS;
const STRINGS: u64 = 0x30;
/// The largest library.
const FILE: u64 = 2 << 30;

/// The part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum OutputSegment {
    /// Read-only memory.
    Code,
    Data,
    /// It is not loaded.
    File,
}

/// The place of a section in its segment. NEC's linker has the same order, and the card's loader insists on some of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum SectionRank {
    Note,
    Text,
    Constants,
    OtherConstants,
    TlsData,
    TlsZeros,
    Constructors,
    Destructors,
    /// Constants with addresses in them, which the loader writes. The linker's own tables are behind them.
    Relocated,
    Data,
    Named,
    Zeros,
    NamedZeros,
    Debug,
}

/// A section of the library.
#[derive(Debug)]
pub(super) struct OutputSection {
    pub(super) name: String,
    pub(super) segment: OutputSegment,
    pub(super) rank: SectionRank,
    pub(super) ty: u32,
    pub(super) flags: u64,
    pub(super) align: u64,
    pub(super) size: u64,
    pub(super) entry_size: u64,
    pub(super) pieces: Vec<SectionPiece>,
}

impl OutputSection {
    pub(super) fn is_zeros(&self) -> bool {
        self.ty == elf::SHT_NOBITS.0
    }
}

/// A section of an object in a section of the library.
#[derive(Clone, Copy, Debug)]
pub(super) struct SectionPiece {
    pub(super) object: usize,
    pub(super) section: usize,
    pub(super) offset: u64,
    priority: u32,
}

/// The sections of the library that come from objects, in the order of the file.
#[derive(Debug)]
pub(super) struct Outputs {
    pub(super) list: Vec<OutputSection>,
    /// For each section of an object, its section here and its place in it.
    places: HashMap<(usize, usize), (usize, u64)>,
}

impl Outputs {
    pub(super) fn of(symbols: &LinkedSymbols<'_>, mistakes: &mut LinkMistakes) -> Self {
        let mut list: Vec<OutputSection> = Vec::new();
        let mut by_name: HashMap<(String, OutputSegment, SectionRank), usize> = HashMap::new();
        for (object, index, section) in symbols.kept() {
            let (name, segment, rank, priority) = kind(section);
            let key = (name.to_owned(), segment, rank);
            let number = *by_name.entry(key).or_insert_with(|| {
                list.push(OutputSection {
                    name: name.to_owned(),
                    segment,
                    rank,
                    ty: ty(section, rank),
                    flags: section.flags & (KEPT_FLAGS | STRINGS),
                    align: 1,
                    size: 0,
                    entry_size: section.entry_size,
                    pieces: Vec::new(),
                });
                list.len() - 1
            });
            let Some(output) = list.get_mut(number) else {
                continue;
            };
            let is_alike = output.flags & STRINGS == section.flags & STRINGS
                && output.entry_size == section.entry_size;
            if segment != OutputSegment::File || !is_alike {
                output.flags &= KEPT_FLAGS;
                output.entry_size = 0;
            }
            output.align = output.align.max(section.align);
            output.pieces.push(SectionPiece {
                object,
                section: index,
                offset: 0,
                priority,
            });
        }
        list.sort_by_key(|output| (output.segment, output.rank));
        let mut places = HashMap::new();
        let mut of_file: u64 = 0;
        for (number, output) in list.iter_mut().enumerate() {
            output.pieces.sort_by_key(|piece| piece.priority);
            let mut end: u64 = 0;
            for piece in &mut output.pieces {
                let Some(section) = symbols.section(piece.object, piece.section) else {
                    continue;
                };
                piece.offset = end.next_multiple_of(section.align);
                end = piece.offset.saturating_add(section.size);
                places.insert((piece.object, piece.section), (number, piece.offset));
            }
            output.size = end;
            if !output.is_zeros() {
                of_file = of_file.saturating_add(end);
            }
            if end > 1 << 40 {
                mistakes.add(format!(
                    "the library's section {} has {end} bytes, more than a VE's memory",
                    output.name
                ));
            }
        }
        if of_file > FILE {
            mistakes.add(format!(
                "the library would have {of_file} bytes, more than {FILE}; is something aligned to megabytes that need not be?"
            ));
        }
        Outputs { list, places }
    }

    /// The section of the library, and the place in it.
    pub(super) fn place(&self, object: usize, section: usize) -> Option<(usize, u64)> {
        self.places.get(&(object, section)).copied()
    }
}

/// Name, segment and rank of the section of the library that a section belongs to, and its priority there.
fn kind<'s>(section: &InputSection<'s>) -> (&'s str, OutputSegment, SectionRank, u32) {
    let name = section.name;
    let is = |prefix: &str| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let with = |name, segment, rank| (name, segment, rank, 0);
    if !section.has(ALLOC) {
        return with(name, OutputSegment::File, SectionRank::Debug);
    }
    if section.ty == elf::SHT_NOTE.0 && !section.has(WRITE) {
        return with(name, OutputSegment::Code, SectionRank::Note);
    }
    if section.has(EXECUTE) {
        let name = if is_c_name(name) { name } else { ".text" };
        return with(name, OutputSegment::Code, SectionRank::Text);
    }
    if !section.has(WRITE) {
        return if is(".rodata") {
            with(".rodata", OutputSegment::Code, SectionRank::Constants)
        } else {
            with(name, OutputSegment::Code, SectionRank::OtherConstants)
        };
    }
    let is_zeros = section.ty == elf::SHT_NOBITS.0;
    let data = |name, rank| with(name, OutputSegment::Data, rank);
    if section.has(TLS) {
        return if is_zeros {
            data(".tbss", SectionRank::TlsZeros)
        } else {
            data(".tdata", SectionRank::TlsData)
        };
    }
    // Sections with a number run in its order, those without one last.
    let priority = |prefix: &str| {
        let number = name
            .strip_prefix(prefix)
            .and_then(|it| it.strip_prefix('.'));
        number.and_then(|it| it.parse().ok()).unwrap_or(u32::MAX)
    };
    if is(".init_array") {
        let priority = priority(".init_array");
        return (
            ".init_array",
            OutputSegment::Data,
            SectionRank::Constructors,
            priority,
        );
    }
    if is(".fini_array") {
        // The loader runs them from the last to the first.
        let priority = priority(".fini_array");
        return (
            ".fini_array",
            OutputSegment::Data,
            SectionRank::Destructors,
            priority,
        );
    }
    match (is_c_name(name), is_zeros) {
        (true, true) => data(name, SectionRank::NamedZeros),
        (true, false) => data(name, SectionRank::Named),
        (false, true) => data(".bss", SectionRank::Zeros),
        (false, false) if is(".data.rel.ro") => data(".data.rel.ro", SectionRank::Relocated),
        (false, false) => data(".data", SectionRank::Data),
    }
}

fn ty(section: &InputSection<'_>, rank: SectionRank) -> u32 {
    match rank {
        SectionRank::Constructors => elf::SHT_INIT_ARRAY.0,
        SectionRank::Destructors => elf::SHT_FINI_ARRAY.0,
        SectionRank::TlsZeros | SectionRank::Zeros | SectionRank::NamedZeros => elf::SHT_NOBITS.0,
        SectionRank::Note => elf::SHT_NOTE.0,
        _ => match section.ty {
            ty if ty == elf::SHT_NOBITS.0 => elf::SHT_PROGBITS.0,
            ty => ty,
        },
    }
}
