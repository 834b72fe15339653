//! The contents of sections, with relocations applied.

use super::LinkMistakes;
use super::input::{ALLOC, InputRelocation, InputSection, STT_TLS, TLS};
use super::layout::{LinkLayout, TABLE_WORDS};
use super::needs::{Addend, DynamicRelocation, LinkNeeds, RelocatedPlace, SlotKind};
use super::plt;
use super::relocation::Expression;
use super::sections::{OutputSection, Outputs};
use super::symbols::{LinkedSymbols, SymbolTarget};

/// The content of the file beside headers, symbols and relocations.
#[derive(Debug)]
pub(super) struct Contents {
    /// The bytes of the sections that come from objects, in their order; nothing for those without a place in the file.
    pub(super) outputs: Vec<Vec<u8>>,
    pub(super) plt: Vec<u8>,
    pub(super) got: Vec<u8>,
    pub(super) table: Vec<u8>,
    pub(super) rela_dyn: Vec<RelaEntry>,
    pub(super) rela_plt: Vec<RelaEntry>,
}

/// A relocation of the library.
#[derive(Clone, Copy, Debug)]
pub(super) struct RelaEntry {
    pub(super) address: u64,
    pub(super) symbol: u32,
    pub(super) number: u32,
    pub(super) addend: i64,
}

pub(super) fn contents(
    symbols: &LinkedSymbols<'_>,
    outputs: &Outputs,
    needs: &LinkNeeds,
    layout: &LinkLayout,
    mistakes: &mut LinkMistakes,
) -> Contents {
    let mut link = Applier {
        symbols,
        outputs,
        needs,
        layout,
        mistakes,
    };
    let sections = outputs.list.iter().map(|output| link.section(output));
    let sections = sections.collect();
    let mut rela_dyn: Vec<RelaEntry> = needs.dynamic.iter().map(|it| link.entry(it)).collect();
    // The order among equals is that of addresses, which the loader goes through fastest.
    rela_dyn[..needs.relative()].sort_by_key(|it| it.address);
    Contents {
        outputs: sections,
        plt: link.plt(),
        got: link.got(),
        table: link.table(),
        rela_plt: needs.for_entries.iter().map(|it| link.entry(it)).collect(),
        rela_dyn,
    }
}

struct Applier<'a, 'd> {
    symbols: &'a LinkedSymbols<'d>,
    outputs: &'a Outputs,
    needs: &'a LinkNeeds,
    layout: &'a LinkLayout,
    mistakes: &'a mut LinkMistakes,
}

impl Applier<'_, '_> {
    fn section(&mut self, output: &OutputSection) -> Vec<u8> {
        if output.is_zeros() {
            return Vec::new();
        }
        let mut bytes = vec![0; usize::try_from(output.size).unwrap_or(0)];
        for piece in &output.pieces {
            let Some(section) = self.symbols.section(piece.object, piece.section) else {
                continue;
            };
            let place = usize::try_from(piece.offset).ok();
            let Some(place) =
                place.and_then(|at| bytes.get_mut(at..)?.get_mut(..section.data.len()))
            else {
                continue;
            };
            place.copy_from_slice(section.data);
            let Some(address) = self.address(SymbolTarget::Section {
                object: piece.object,
                section: piece.section,
                value: 0,
            }) else {
                continue;
            };
            for relocation in &section.relocations {
                let Some(value) = self.value(piece.object, section, relocation, address) else {
                    continue;
                };
                let at = usize::try_from(relocation.offset).unwrap_or(usize::MAX);
                let place = place.get_mut(at..);
                if !place.is_some_and(|place| relocation.kind.part.store(place, value)) {
                    let object = self.symbols.objects.get(piece.object);
                    let name = object.map_or("", |it| {
                        it.symbol_name(relocation.symbol, relocation.addend)
                    });
                    let place = object.map(|it| it.place(piece.section, relocation.offset));
                    self.mistakes.add(format!(
                        "{}: {} against {name} is out of range",
                        place.unwrap_or_default(),
                        relocation.kind.name
                    ));
                }
            }
        }
        bytes
    }

    /// The value that a relocation stores, or `None` if it stores nothing.
    fn value(
        &self,
        object: usize,
        section: &InputSection<'_>,
        relocation: &InputRelocation,
        address: u64,
    ) -> Option<u64> {
        let target = self.symbols.target(object, relocation.symbol);
        let addend = relocation.addend.cast_unsigned();
        if !section.has(ALLOC) {
            return self.of_debug(object, section, relocation, target);
        }
        let here = address.wrapping_add(relocation.offset);
        let table = self.layout.table.address;
        let slot = |kind| {
            let slot = self.needs.slot(kind, target)?;
            Some(self.layout.got.address.wrapping_add(slot.word * 8))
        };
        let plus = |value: u64| value.wrapping_add(addend);
        Some(match relocation.kind.expression {
            // The loader adds the addend of its own relocation; the value here is for readers of the file.
            Expression::Absolute if matches!(target, SymbolTarget::Import(_)) => return None,
            Expression::Absolute => plus(self.address(target)?),
            Expression::Relative => plus(self.address(target)?).wrapping_sub(here),
            Expression::FromTable => plus(self.address(target)?).wrapping_sub(table),
            Expression::Call => {
                let function = match target {
                    SymbolTarget::Import(name) => self.entry_address(self.needs.entry(name)?),
                    target => self.address(target)?,
                };
                plus(function).wrapping_sub(here)
            }
            Expression::Slot => plus(slot(SlotKind::Address)?).wrapping_sub(table),
            Expression::TlsSlot => plus(slot(SlotKind::Offset)?).wrapping_sub(table),
            Expression::TlsPair => plus(slot(SlotKind::Pair)?).wrapping_sub(here),
            Expression::TlsOffset => plus(self.in_block(target)),
            Expression::Nothing
            | Expression::TlsOfProgram
            | Expression::TlsOfModule
            | Expression::ForLoader => return None,
        })
    }

    /// In debug information, a symbol that is not in the library has the address 0, or 1 where two zeros would end a
    /// list.
    fn of_debug(
        &self,
        object: usize,
        section: &InputSection<'_>,
        relocation: &InputRelocation,
        target: SymbolTarget,
    ) -> Option<u64> {
        let addend = relocation.addend.cast_unsigned();
        let is_list = [".debug_ranges", ".debug_loc"].contains(&section.name);
        let is_tls = match target {
            SymbolTarget::Section {
                object, section, ..
            } => self
                .symbols
                .section(object, section)
                .is_some_and(|it| it.has(TLS)),
            _ => {
                let symbol = self.symbols.symbol(object, relocation.symbol);
                symbol.is_some_and(|it| it.ty == STT_TLS)
            }
        };
        if relocation.kind.expression == Expression::Nothing {
            return None;
        }
        Some(match (target, self.address(target)) {
            (SymbolTarget::Dropped | SymbolTarget::Import(_) | SymbolTarget::Nothing, _)
            | (_, None) => u64::from(is_list),
            _ if is_tls => self.in_block(target).wrapping_add(addend),
            (_, Some(address)) => address.wrapping_add(addend),
        })
    }

    fn address(&self, target: SymbolTarget) -> Option<u64> {
        self.layout.address(self.symbols, self.outputs, target)
    }

    fn in_block(&self, target: SymbolTarget) -> u64 {
        self.layout.in_block(self.symbols, self.outputs, target)
    }

    fn entry_address(&self, entry: usize) -> u64 {
        self.layout.plt.address + (entry as u64 + 1) * plt::ENTRY
    }

    /// Where the word of an entry is.
    fn entry_word(&self, entry: usize) -> u64 {
        self.layout.table.address + (TABLE_WORDS + entry as u64) * 8
    }

    fn plt(&self) -> Vec<u8> {
        if self.needs.entries.is_empty() {
            return Vec::new();
        }
        let header = self.layout.plt.address;
        let mut code = plt::header(header, self.layout.table.address).to_vec();
        for entry in 0..self.needs.entries.len() {
            let at = self.entry_address(entry);
            code.extend(plt::entry(at, self.entry_word(entry), entry as u32, header));
        }
        code
    }

    fn got(&self) -> Vec<u8> {
        let mut words = Vec::new();
        for slot in &self.needs.slots {
            let is_import = matches!(slot.target, SymbolTarget::Import(_));
            match slot.kind {
                SlotKind::Address if is_import => words.push(0),
                SlotKind::Address => words.push(self.address(slot.target).unwrap_or(0)),
                SlotKind::Pair if is_import => words.extend([0, 0]),
                SlotKind::Pair => words.extend([0, self.in_block(slot.target)]),
                SlotKind::Offset => words.push(0),
            }
        }
        bytes(&words)
    }

    fn table(&self) -> Vec<u8> {
        let mut words = vec![self.layout.dynamic.address, 0, 0];
        let entries = 0..self.needs.entries.len();
        words.extend(entries.map(|entry| self.entry_address(entry) + plt::LAZY));
        bytes(&words)
    }

    fn entry(&self, dynamic: &DynamicRelocation) -> RelaEntry {
        let address = match dynamic.spot {
            RelocatedPlace::Word(word) => self.layout.got.address + word * 8,
            RelocatedPlace::Entry(entry) => self.entry_word(entry),
            RelocatedPlace::Section {
                object,
                section,
                offset,
            } => {
                let section = SymbolTarget::Section {
                    object,
                    section,
                    value: offset,
                };
                self.address(section).unwrap_or(0)
            }
        };
        let addend = match dynamic.addend {
            Addend::Number(number) => number,
            Addend::Address(target, addend) => {
                let address = self.address(target).unwrap_or(0);
                address.cast_signed().wrapping_add(addend)
            }
            Addend::InBlock(target) => self.in_block(target).cast_signed(),
        };
        let symbol = dynamic
            .import
            .and_then(|name| self.layout.dynamic_symbol(name));
        RelaEntry {
            address,
            symbol: symbol.unwrap_or(0),
            number: dynamic.number,
            addend,
        }
    }
}

fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
