//! The needs of relocations beside contents: slots of the global offset table, entries of the procedure linkage table, relocations
//! for the loader. This refuses relocations that a shared object cannot have.

use std::collections::{HashMap, HashSet};

use super::input::{ALLOC, InputRelocation, InputSection, STT_TLS, WRITE};
use super::relocation::{
    DTPMOD64, DTPOFF64, Expression, GLOB_DAT, JUMP_SLOT, REFQUAD, RELATIVE, StoredPart, TPOFF64,
};
use super::sections::Outputs;
use super::symbols::{LinkedSymbols, SymbolTarget};
use super::{LinkMistakes, UndefinedSymbol};

/// The content of a slot of the global offset table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SlotKind {
    Address,
    /// Two words: the module and the offset of a thread-local variable.
    Pair,
    /// The offset of a thread-local variable from the thread pointer.
    Offset,
}

/// A slot of the global offset table.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableSlot {
    pub(super) kind: SlotKind,
    pub(super) target: SymbolTarget,
    /// The number of its first word.
    pub(super) word: u64,
}

/// A place that the loader writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RelocatedPlace {
    Section {
        object: usize,
        section: usize,
        offset: u64,
    },
    /// A word of the global offset table.
    Word(u64),
    /// The word of an entry of the procedure linkage table.
    Entry(usize),
}

/// The value that the loader adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addend {
    Number(i64),
    /// The address of something in the library.
    Address(SymbolTarget, i64),
    /// The place of a variable among the thread-local ones of the library.
    InBlock(SymbolTarget),
}

/// A relocation of the library.
#[derive(Clone, Copy, Debug)]
pub(super) struct DynamicRelocation {
    pub(super) spot: RelocatedPlace,
    pub(super) number: u32,
    /// The number of the name that it looks up.
    pub(super) import: Option<usize>,
    pub(super) addend: Addend,
}

#[derive(Debug, Default)]
pub(super) struct LinkNeeds {
    pub(super) slots: Vec<TableSlot>,
    slot_of: HashMap<(SlotKind, SymbolTarget), usize>,
    /// How many words the slots have.
    pub(super) words: u64,
    /// The names with an entry in the procedure linkage table.
    pub(super) entries: Vec<usize>,
    entry_of: HashMap<usize, usize>,
    /// Those of the procedure linkage table apart: first those that need no name.
    pub(super) dynamic: Vec<DynamicRelocation>,
    pub(super) for_entries: Vec<DynamicRelocation>,
    /// The names that come from elsewhere, each with the object that asks first.
    pub(super) imports: Vec<(usize, String)>,
    imported: HashSet<usize>,
    /// Whether the thread-local variables must be there when a thread begins.
    pub(super) is_static_tls: bool,
}

impl LinkNeeds {
    pub(super) fn of(
        symbols: &LinkedSymbols<'_>,
        outputs: &Outputs,
        mistakes: &mut LinkMistakes,
    ) -> Self {
        let mut needs = LinkNeeds::default();
        for output in &outputs.list {
            for piece in &output.pieces {
                let Some(section) = symbols.section(piece.object, piece.section) else {
                    continue;
                };
                let mut scan = NeedsScan {
                    symbols,
                    object: piece.object,
                    index: piece.section,
                    section,
                    needs: &mut needs,
                    mistakes,
                };
                for relocation in &section.relocations {
                    scan.relocation(relocation);
                }
            }
        }
        needs.fill();
        needs.dynamic.sort_by_key(|it| it.import.is_some());
        needs
    }

    /// The slot of this kind.
    pub(super) fn slot(&self, kind: SlotKind, target: SymbolTarget) -> Option<&TableSlot> {
        self.slots.get(*self.slot_of.get(&(kind, target))?)
    }

    /// The entry for a name in the procedure linkage table.
    pub(super) fn entry(&self, name: usize) -> Option<usize> {
        self.entry_of.get(&name).copied()
    }

    /// How many relocations need no name. They come first.
    pub(super) fn relative(&self) -> usize {
        let relative = |it: &&DynamicRelocation| it.number == RELATIVE;
        self.dynamic.iter().take_while(relative).count()
    }

    pub(super) fn undefined(&self, symbols: &LinkedSymbols<'_>) -> Vec<UndefinedSymbol> {
        let needed = self.imports.iter().filter_map(|(name, place)| {
            let global = symbols.globals.get(*name)?;
            global.is_needed().then(|| UndefinedSymbol {
                name: global.name.to_owned(),
                place: place.clone(),
            })
        });
        needed.collect()
    }

    fn add_slot(&mut self, kind: SlotKind, target: SymbolTarget) {
        let words = if kind == SlotKind::Pair { 2 } else { 1 };
        if !self.slot_of.contains_key(&(kind, target)) {
            self.slot_of.insert((kind, target), self.slots.len());
            self.slots.push(TableSlot {
                kind,
                target,
                word: self.words,
            });
            self.words += words;
        }
    }

    fn add_entry(&mut self, name: usize) {
        if !self.entry_of.contains_key(&name) {
            self.entry_of.insert(name, self.entries.len());
            self.entries.push(name);
        }
    }

    /// Adds the relocations of slots and entries.
    fn fill(&mut self) {
        for slot in &self.slots {
            let import = match slot.target {
                SymbolTarget::Import(name) => Some(name),
                _ => None,
            };
            let mut add = |word, number, addend| {
                self.dynamic.push(DynamicRelocation {
                    spot: RelocatedPlace::Word(word),
                    number,
                    import,
                    addend,
                });
            };
            match (slot.kind, slot.target) {
                (SlotKind::Address, SymbolTarget::Import(_)) => {
                    add(slot.word, GLOB_DAT, Addend::Number(0));
                }
                (SlotKind::Address, SymbolTarget::Section { .. } | SymbolTarget::Own(..)) => {
                    add(slot.word, RELATIVE, Addend::Address(slot.target, 0));
                }
                // The word itself has the value; the loader looks nothing up.
                (SlotKind::Address, _) => {}
                (SlotKind::Pair, SymbolTarget::Import(_)) => {
                    add(slot.word, DTPMOD64, Addend::Number(0));
                    add(slot.word + 1, DTPOFF64, Addend::Number(0));
                }
                (SlotKind::Pair, _) => add(slot.word, DTPMOD64, Addend::Number(0)),
                (SlotKind::Offset, SymbolTarget::Import(_)) => {
                    add(slot.word, TPOFF64, Addend::Number(0));
                }
                (SlotKind::Offset, _) => add(slot.word, TPOFF64, Addend::InBlock(slot.target)),
            }
        }
        let entries = self.entries.iter().enumerate();
        self.for_entries = entries
            .map(|(entry, name)| DynamicRelocation {
                spot: RelocatedPlace::Entry(entry),
                number: JUMP_SLOT,
                import: Some(*name),
                addend: Addend::Number(0),
            })
            .collect();
        // Relocations that need no name come first, and among them RELATIVE.
        self.dynamic.sort_by_key(|it| it.number != RELATIVE);
    }
}

struct NeedsScan<'a, 'd> {
    symbols: &'a LinkedSymbols<'d>,
    object: usize,
    index: usize,
    section: &'a InputSection<'d>,
    needs: &'a mut LinkNeeds,
    mistakes: &'a mut LinkMistakes,
}

impl NeedsScan<'_, '_> {
    fn relocation(&mut self, relocation: &InputRelocation) {
        let target = self.symbols.target(self.object, relocation.symbol);
        let expression = relocation.kind.expression;
        if !self.section.has(ALLOC) {
            let is_plain = matches!(
                expression,
                Expression::Nothing
                    | Expression::Absolute
                    | Expression::Relative
                    | Expression::TlsOffset
            );
            if !is_plain {
                self.wrong(relocation, "cannot be in a section that is not loaded");
            }
            return;
        }
        if expression == Expression::Nothing {
            return;
        }
        if target == SymbolTarget::Dropped {
            return self.wrong(
                relocation,
                "refers to a section that is not linked, because an earlier object has the copy that is used",
            );
        }
        if expression.is_of_tls() != self.is_tls(relocation, target) {
            let what = if expression.is_of_tls() {
                "takes it for thread-local; declare it alike in all sources"
            } else {
                "does not take it for thread-local; declare it alike in all sources"
            };
            return self.wrong(relocation, what);
        }
        if let SymbolTarget::Import(name) = target
            && self.needs.imported.insert(name)
        {
            let place = self.place(relocation);
            self.needs.imports.push((name, place));
        }
        let is_here = matches!(target, SymbolTarget::Section { .. } | SymbolTarget::Own(..));
        match (expression, target) {
            (Expression::Absolute, SymbolTarget::Absolute(_) | SymbolTarget::Nothing) => {}
            (Expression::Absolute, _) => self.absolute(relocation, target),
            (Expression::Relative | Expression::FromTable | Expression::Call, _) if is_here => {}
            // The code does not run, since it first asks whether there is something to call.
            (Expression::Relative | Expression::FromTable | Expression::Call, SymbolTarget::Nothing) => {}
            (Expression::Call, SymbolTarget::Import(name)) => self.needs.add_entry(name),
            (Expression::FromTable, SymbolTarget::Import(_)) => {
                self.wrong(relocation, "needs a definition in this library, which has none");
            }
            (Expression::Slot, _) => self.needs.add_slot(SlotKind::Address, target),
            (Expression::TlsPair, _) => self.needs.add_slot(SlotKind::Pair, target),
            (Expression::TlsSlot, _) => {
                self.needs.is_static_tls = true;
                self.needs.add_slot(SlotKind::Offset, target);
            }
            (Expression::TlsOffset, SymbolTarget::Section { .. }) => {}
            (Expression::ForLoader, _) => {
                self.wrong(relocation, "is one that linkers write for loaders, and cannot be in an object")
            }
            (Expression::TlsOfModule, _) => self.wrong(
                relocation,
                "is of a TLS model that is not supported; compile it with -ftls-model=global-dynamic",
            ),
            _ => self.wrong(
                relocation,
                "cannot be in a shared object; compile it with -fpic",
            ),
        }
    }

    /// An address in the contents, which is known when the library is loaded.
    fn absolute(&mut self, relocation: &InputRelocation, target: SymbolTarget) {
        if relocation.kind.part != StoredPart::Whole || !self.section.has(WRITE) {
            return self.wrong(
                relocation,
                "cannot be in a shared object; compile it with -fpic",
            );
        }
        let (number, import, addend) = match target {
            SymbolTarget::Import(name) => (REFQUAD, Some(name), Addend::Number(relocation.addend)),
            target => (RELATIVE, None, Addend::Address(target, relocation.addend)),
        };
        self.needs.dynamic.push(DynamicRelocation {
            spot: RelocatedPlace::Section {
                object: self.object,
                section: self.index,
                offset: relocation.offset,
            },
            number,
            import,
            addend,
        });
    }

    fn is_tls(&self, relocation: &InputRelocation, target: SymbolTarget) -> bool {
        match target {
            SymbolTarget::Section {
                object, section, ..
            } => {
                let found = self.symbols.section(object, section);
                found.is_some_and(|it| it.has(super::input::TLS))
            }
            SymbolTarget::Import(name) => {
                let global = self.symbols.globals.get(name);
                global.is_some_and(|it| it.ty() == STT_TLS)
            }
            // An undefined weak symbol is of whatever kind is asked for.
            SymbolTarget::Nothing => relocation.kind.expression.is_of_tls(),
            SymbolTarget::Absolute(_) | SymbolTarget::Own(..) | SymbolTarget::Dropped => false,
        }
    }

    fn place(&self, relocation: &InputRelocation) -> String {
        let object = self.symbols.objects.get(self.object);
        object.map_or_else(String::new, |it| it.place(self.index, relocation.offset))
    }

    fn wrong(&mut self, relocation: &InputRelocation, what: &str) {
        let object = self.symbols.objects.get(self.object);
        let name = object.map_or("", |it| {
            it.symbol_name(relocation.symbol, relocation.addend)
        });
        let place = self.place(relocation);
        self.mistakes.add(format!(
            "{place}: {} against {name} {what}",
            relocation.kind.name
        ));
    }
}
