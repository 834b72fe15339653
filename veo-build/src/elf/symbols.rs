//! Decides which object defines each name, and which copy is taken of sections that several objects have.
//!
//! The library uses its own definitions, whatever the process has under the same name: libraries of the host are linked so, too.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::LinkMistakes;
use super::input::{ALLOC, InputSection, InputSymbol, Object, STT_TLS, SymbolPlace, TLS, WRITE};

pub(super) const DEFAULT: u8 = 0;
const INTERNAL: u8 = 1;
const HIDDEN: u8 = 2;
const PROTECTED: u8 = 3;

/// Bytes behind the code, which the hardware's prefetching reads: NEC's libraries have as many there, under the name [`GAP_NAME`].
const GAP: &[u8] = &[0; 1024];
const GAP_NAME: &str = "__ve_hw_specific01";

/// The number of the object that holds what the linker itself adds.
pub(super) const OWN: usize = 0;

/// All objects and names of a link.
#[derive(Debug)]
pub(super) struct LinkedSymbols<'d> {
    /// The linker's own one first.
    pub(super) objects: Vec<Object<'d>>,
    pub(super) globals: Vec<Global<'d>>,
    by_name: HashMap<&'d str, usize>,
    /// For each object, the sections that another object's copy replaces.
    dropped: Vec<HashSet<usize>>,
}

/// A name that objects have in common.
#[derive(Debug)]
pub(super) struct Global<'d> {
    pub(super) name: &'d str,
    pub(super) definition: Option<SymbolDefinition>,
    pub(super) visibility: u8,
    /// Whether a reference that is not weak needs it.
    is_wanted: bool,
    /// The object that mentions it first.
    first: usize,
    ty: u8,
    strength: Strength,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    None,
    Weak,
    Common,
    Strong,
}

/// The definition of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SymbolDefinition {
    Symbol { object: usize, symbol: usize },
    Own(Own),
}

/// Names that the linker defines, where objects ask for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Own {
    Table,
    Dynamic,
    /// The library itself, for destructors.
    Handle,
    DataEnd,
    ZerosStart,
    End,
    /// The beginning of the sections whose name is that of the symbol after `__start_`.
    Start,
    /// Their end, `__stop_`.
    Stop,
}

/// The symbol of a relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SymbolTarget {
    Section {
        object: usize,
        section: usize,
        value: u64,
    },
    Absolute(u64),
    /// One of the linker's own symbols, by the number of its name.
    Own(Own, usize),
    /// From elsewhere, by the number of its name.
    Import(usize),
    /// Defined nowhere, which is allowed.
    Nothing,
    /// In a section that is not in the library.
    Dropped,
}

impl Global<'_> {
    /// Whether another library must define it when this one is loaded.
    pub(super) fn is_needed(&self) -> bool {
        self.definition.is_none() && self.is_wanted && self.visibility == DEFAULT
    }

    pub(super) fn is_weak_reference(&self) -> bool {
        self.definition.is_none() && !self.is_wanted
    }

    /// Whether other libraries can find it here.
    pub(super) fn is_exported(&self) -> bool {
        matches!(self.definition, Some(SymbolDefinition::Symbol { .. }))
            && [DEFAULT, PROTECTED].contains(&self.visibility)
    }

    /// Its type, as far as objects that do not define it know.
    pub(super) fn ty(&self) -> u8 {
        self.ty
    }

    pub(super) fn is_weak_definition(&self) -> bool {
        self.strength == Strength::Weak
    }
}

impl<'d> LinkedSymbols<'d> {
    /// Resolves the names of objects.
    pub(super) fn resolve(read: Vec<Object<'d>>, mistakes: &mut LinkMistakes) -> Self {
        let mut objects = vec![own_object()];
        objects.extend(read);
        let mut symbols = LinkedSymbols {
            dropped: one_of_each(&objects),
            objects,
            globals: Vec::new(),
            by_name: HashMap::new(),
        };
        let mut common = BTreeMap::new();
        for object in 0..symbols.objects.len() {
            for symbol in 0..symbols.objects.get(object).map_or(0, |it| it.symbols.len()) {
                symbols.add(object, symbol, &mut common, mistakes);
            }
        }
        symbols.place_common(&common);
        symbols.define_own();
        for global in &symbols.globals {
            let is_local = [HIDDEN, INTERNAL, PROTECTED].contains(&global.visibility);
            if global.definition.is_none() && is_local && global.is_wanted {
                let object = symbols.objects.get(global.first).map_or("", |it| it.name);
                mistakes.add(format!(
                    "{object}: {} is hidden but defined nowhere",
                    global.name
                ));
            }
        }
        symbols
    }

    /// The symbol of a relocation.
    pub(super) fn target(&self, object: usize, symbol: usize) -> SymbolTarget {
        let Some(found) = self.symbol(object, symbol) else {
            return SymbolTarget::Absolute(0);
        };
        if found.is_local || symbol == 0 {
            return self.placed(object, found);
        }
        let Some(&number) = self.by_name.get(found.name) else {
            return SymbolTarget::Nothing;
        };
        self.target_of(number)
    }

    /// The meaning of a name.
    pub(super) fn target_of(&self, number: usize) -> SymbolTarget {
        let Some(global) = self.globals.get(number) else {
            return SymbolTarget::Nothing;
        };
        match global.definition {
            Some(SymbolDefinition::Own(own)) => SymbolTarget::Own(own, number),
            Some(SymbolDefinition::Symbol { object, symbol }) => {
                match self.symbol(object, symbol) {
                    Some(found) => self.placed(object, found),
                    None => SymbolTarget::Nothing,
                }
            }
            None if global.visibility == DEFAULT => SymbolTarget::Import(number),
            None => SymbolTarget::Nothing,
        }
    }

    fn placed(&self, object: usize, symbol: &InputSymbol<'_>) -> SymbolTarget {
        match symbol.place {
            SymbolPlace::Section(section) if self.is_kept(object, section) => {
                SymbolTarget::Section {
                    object,
                    section,
                    value: symbol.value,
                }
            }
            SymbolPlace::Section(_) => SymbolTarget::Dropped,
            SymbolPlace::Absolute => SymbolTarget::Absolute(symbol.value),
            SymbolPlace::Undefined | SymbolPlace::Common => SymbolTarget::Nothing,
        }
    }

    /// Whether a section is part of the library.
    pub(super) fn is_kept(&self, object: usize, section: usize) -> bool {
        let is_dropped = self
            .dropped
            .get(object)
            .is_some_and(|it| it.contains(&section));
        !is_dropped && self.section(object, section).is_some_and(|it| it.is_kept)
    }

    pub(super) fn section(&self, object: usize, section: usize) -> Option<&InputSection<'d>> {
        self.objects.get(object)?.sections.get(section)
    }

    pub(super) fn symbol(&self, object: usize, symbol: usize) -> Option<&InputSymbol<'d>> {
        self.objects.get(object)?.symbols.get(symbol)
    }

    /// The symbol that defines a name.
    pub(super) fn defining(&self, global: &Global<'_>) -> Option<&InputSymbol<'d>> {
        match global.definition {
            Some(SymbolDefinition::Symbol { object, symbol }) => self.symbol(object, symbol),
            _ => None,
        }
    }

    /// The sections that are in the library, each with its object.
    pub(super) fn kept(&self) -> impl Iterator<Item = (usize, usize, &InputSection<'d>)> {
        let objects = self.objects.iter().enumerate();
        let all = objects.flat_map(|(object, it)| {
            let sections = it.sections.iter().enumerate();
            sections.map(move |(section, it)| (object, section, it))
        });
        all.filter(|(object, section, _)| self.is_kept(*object, *section))
    }

    fn add(
        &mut self,
        object: usize,
        symbol: usize,
        common: &mut BTreeMap<usize, (u64, u64)>,
        mistakes: &mut LinkMistakes,
    ) {
        let Some(&found) = self.symbol(object, symbol) else {
            return;
        };
        if found.is_local || symbol == 0 || found.name.is_empty() {
            return;
        }
        let number = *self.by_name.entry(found.name).or_insert_with(|| {
            self.globals.push(Global {
                name: found.name,
                definition: None,
                visibility: DEFAULT,
                is_wanted: false,
                first: object,
                ty: found.ty,
                strength: Strength::None,
            });
            self.globals.len() - 1
        });
        let is_elsewhere =
            matches!(found.place, SymbolPlace::Section(section) if !self.is_kept(object, section));
        let strength = match found.place {
            SymbolPlace::Undefined => Strength::None,
            SymbolPlace::Section(_) if is_elsewhere => Strength::None,
            SymbolPlace::Common => Strength::Common,
            _ if found.is_weak => Strength::Weak,
            _ => Strength::Strong,
        };
        let Some(global) = self.globals.get_mut(number) else {
            return;
        };
        global.visibility = stricter(global.visibility, found.visibility);
        if strength == Strength::None {
            global.is_wanted |= !found.is_weak;
            return;
        }
        if strength == Strength::Common {
            let memory = common.entry(number).or_insert((0, 1));
            *memory = (memory.0.max(found.size), memory.1.max(found.value));
        }
        if strength == Strength::Strong && global.strength == Strength::Strong {
            let first = match global.definition {
                Some(SymbolDefinition::Symbol { object, .. }) => object,
                _ => global.first,
            };
            let name = |object: usize| self.objects.get(object).map_or("", |it| it.name);
            mistakes.add(format!(
                "{} is defined twice, in {} and in {}",
                found.name,
                name(first),
                name(object)
            ));
        }
        if strength > global.strength {
            global.strength = strength;
            global.definition = Some(SymbolDefinition::Symbol { object, symbol });
            global.ty = found.ty;
        }
    }

    /// Gives memory to names that objects have in common and none defines.
    fn place_common(&mut self, common: &BTreeMap<usize, (u64, u64)>) {
        for (&number, &(size, align)) in common {
            let (Some(global), Some(own)) =
                (self.globals.get_mut(number), self.objects.get_mut(OWN))
            else {
                continue;
            };
            if global.strength != Strength::Common {
                continue;
            }
            let tls = if global.ty == STT_TLS { TLS } else { 0 };
            own.sections.push(InputSection {
                name: if tls == 0 { ".bss" } else { ".tbss" },
                flags: ALLOC | WRITE | tls,
                align,
                size,
                entry_size: 0,
                ty: object::elf::SHT_NOBITS.0,
                data: &[],
                relocations: Vec::new(),
                is_kept: true,
            });
            own.symbols.push(InputSymbol {
                name: global.name,
                is_local: false,
                is_weak: false,
                ty: global.ty,
                visibility: global.visibility,
                place: SymbolPlace::Section(own.sections.len() - 1),
                value: 0,
                size,
            });
            global.definition = Some(SymbolDefinition::Symbol {
                object: OWN,
                symbol: own.symbols.len() - 1,
            });
        }
    }

    /// Defines the linker's own names where objects ask for them.
    fn define_own(&mut self) {
        let kept: HashSet<&str> = self.kept().map(|(_, _, section)| section.name).collect();
        for global in &mut self.globals {
            if global.definition.is_some() {
                continue;
            }
            let own = match global.name {
                "_GLOBAL_OFFSET_TABLE_" => Own::Table,
                "_DYNAMIC" => Own::Dynamic,
                "__dso_handle" => Own::Handle,
                "_edata" | "edata" => Own::DataEnd,
                "__bss_start" => Own::ZerosStart,
                "_end" | "end" => Own::End,
                name => match section_of(name) {
                    Some((own, section)) if kept.contains(section) => own,
                    _ => continue,
                },
            };
            global.definition = Some(SymbolDefinition::Own(own));
            global.visibility = HIDDEN;
        }
    }
}

/// The sections that `__start_x` and `__stop_x` are about.
pub(super) fn section_of(name: &str) -> Option<(Own, &str)> {
    let start = name.strip_prefix("__start_").map(|it| (Own::Start, it));
    let found = start.or_else(|| name.strip_prefix("__stop_").map(|it| (Own::Stop, it)));
    found.filter(|(_, section)| is_c_name(section))
}

/// Whether C can name a section.
pub(super) fn is_c_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The symbols that the linker itself defines.
fn own_object<'d>() -> Object<'d> {
    let section = |name, flags, size, data| InputSection {
        name,
        flags,
        align: 16,
        size,
        entry_size: 0,
        ty: object::elf::SHT_PROGBITS.0,
        data,
        relocations: Vec::new(),
        is_kept: !data.is_empty(),
    };
    let symbol = |name, place, size| InputSymbol {
        name,
        is_local: true,
        is_weak: false,
        ty: 0,
        visibility: DEFAULT,
        place,
        value: 0,
        size,
    };
    let gap = GAP.len() as u64;
    Object {
        name: "the linker",
        flags: 0,
        sections: vec![section("", 0, 0, &[]), section(".rodata", ALLOC, gap, GAP)],
        symbols: vec![
            symbol("", SymbolPlace::Undefined, 0),
            symbol(GAP_NAME, SymbolPlace::Section(1), gap),
        ],
        groups: Vec::new(),
    }
}

/// The sections of groups of which an earlier object has a copy.
fn one_of_each(objects: &[Object<'_>]) -> Vec<HashSet<usize>> {
    let mut taken = HashSet::new();
    let of_object = |object: &Object<'_>| {
        let groups = object.groups.iter();
        let again = groups.filter(|group| !taken.insert(group.name.to_owned()));
        again.flat_map(|group| group.sections.clone()).collect()
    };
    objects.iter().map(of_object).collect()
}

/// The visibility that constrains more.
fn stricter(a: u8, b: u8) -> u8 {
    let rank = |visibility| match visibility {
        INTERNAL => 3,
        HIDDEN => 2,
        PROTECTED => 1,
        _ => 0,
    };
    if rank(b) > rank(a) { b } else { a }
}
