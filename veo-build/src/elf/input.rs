//! The objects that compilers make: sections, symbols, relocations, groups. All numbers in them are checked here.

use object::elf::{self, FileHeader64, SectionType};
use object::read::elf::{FileHeader as _, SectionHeader as _, Sym as _};
use object::{LittleEndian, SymbolIndex};

use super::LinkMistakes;
use super::relocation;

/// The machine of VE code.
pub(super) const MACHINE: u16 = veo_debuginfo::elf::VE;
/// The part of an object's flags that says which VE it is for.
const ARCHITECTURE: u32 = 0xf;
/// The largest alignment: the smallest page that a VE's loader maps.
const ALIGNMENT: u64 = 2 << 20;
/// No VE has as much memory.
const SIZE: u64 = 1 << 40;

const EXCLUDE: u64 = 0x8000_0000;
const COMPRESSED: u64 = 0x800;
pub(super) const WRITE: u64 = 1;
pub(super) const ALLOC: u64 = 2;
pub(super) const EXECUTE: u64 = 4;
pub(super) const TLS: u64 = 0x400;

pub(super) const STT_TLS: u8 = 6;
const STT_IFUNC: u8 = 10;
pub(super) const STT_FUNC: u8 = 2;
const STT_SECTION: u8 = 3;
const STT_FILE: u8 = 4;

/// An object.
#[derive(Debug)]
pub(super) struct Object<'d> {
    pub(super) name: &'d str,
    pub(super) flags: u32,
    pub(super) sections: Vec<InputSection<'d>>,
    pub(super) symbols: Vec<InputSymbol<'d>>,
    pub(super) groups: Vec<InputGroup<'d>>,
}

/// A section. Those that a library has nothing of are not kept.
#[derive(Debug)]
pub(super) struct InputSection<'d> {
    pub(super) name: &'d str,
    pub(super) flags: u64,
    pub(super) align: u64,
    pub(super) size: u64,
    pub(super) entry_size: u64,
    pub(super) ty: u32,
    /// Empty for memory that begins as zeros.
    pub(super) data: &'d [u8],
    pub(super) relocations: Vec<InputRelocation>,
    pub(super) is_kept: bool,
}

impl InputSection<'_> {
    pub(super) fn has(&self, flag: u64) -> bool {
        self.flags & flag != 0
    }
}

/// A relocation. Its place is in its section, its symbol in the object.
#[derive(Clone, Copy, Debug)]
pub(super) struct InputRelocation {
    pub(super) offset: u64,
    pub(super) kind: relocation::RelocationKind,
    pub(super) symbol: usize,
    pub(super) addend: i64,
}

/// Where a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SymbolPlace {
    Undefined,
    Absolute,
    /// Memory that all objects with the name have together. The symbol's value is its alignment.
    Common,
    Section(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct InputSymbol<'d> {
    pub(super) name: &'d str,
    pub(super) is_local: bool,
    pub(super) is_weak: bool,
    pub(super) ty: u8,
    pub(super) visibility: u8,
    pub(super) place: SymbolPlace,
    pub(super) value: u64,
    pub(super) size: u64,
}

impl InputSymbol<'_> {
    /// Whether its name is one that people know.
    pub(super) fn is_named(&self) -> bool {
        !self.name.is_empty()
            && !self.name.starts_with(".L")
            && ![STT_SECTION, STT_FILE].contains(&self.ty)
    }
}

/// Sections that are one copy of something that several objects may have.
#[derive(Debug)]
pub(super) struct InputGroup<'d> {
    pub(super) name: &'d str,
    pub(super) sections: Vec<usize>,
}

type InputHeader = FileHeader64<LittleEndian>;

impl<'d> Object<'d> {
    /// Reads an object, or adds the reasons why it cannot be read.
    pub(super) fn read(
        name: &'d str,
        bytes: &'d [u8],
        mistakes: &mut LinkMistakes,
    ) -> Option<Self> {
        let mut own = LinkMistakes::default();
        let read = ObjectReader {
            name,
            bytes,
            mistakes: &mut own,
        }
        .object();
        let (object, problem) = match read {
            Ok(object) => (Some(object), None),
            Err(why) => (None, Some(format!("{name}: {why}"))),
        };
        let is_right = own.0.is_empty();
        own.0
            .into_iter()
            .chain(problem)
            .for_each(|it| mistakes.add(it));
        object.filter(|_| is_right)
    }

    /// The place in a section for messages: `k.o: function f`.
    pub(super) fn place(&self, section: usize, offset: u64) -> String {
        let function = self.symbols.iter().find(|symbol| {
            symbol.place == SymbolPlace::Section(section)
                && symbol.ty == STT_FUNC
                && (symbol.value..symbol.value.saturating_add(symbol.size)).contains(&offset)
        });
        match (function, self.sections.get(section)) {
            (Some(function), _) => format!("{}: function {}", self.name, function.name),
            (None, Some(section)) => format!("{}: section {}", self.name, section.name),
            (None, None) => self.name.to_owned(),
        }
    }

    /// The name of a relocation's symbol or section, for messages.
    pub(super) fn symbol_name(&self, symbol: usize, addend: i64) -> &str {
        let Some(found) = self.symbols.get(symbol) else {
            return "no symbol";
        };
        let SymbolPlace::Section(section) = found.place else {
            return if found.name.is_empty() {
                "no symbol"
            } else {
                found.name
            };
        };
        if found.is_named() {
            return found.name;
        }
        // Compilers refer to local symbols by their section.
        let at = found.value.wrapping_add(addend.cast_unsigned());
        let named = self.symbols.iter().find(|it| {
            it.place == found.place
                && it.is_named()
                && (it.value..it.value.saturating_add(it.size.max(1))).contains(&at)
        });
        match named {
            Some(named) => named.name,
            None => self.sections.get(section).map_or("", |it| it.name),
        }
    }
}

/// All objects must be for one VE.
pub(super) fn one_machine(objects: &[Object<'_>], mistakes: &mut LinkMistakes) {
    let Some((first, rest)) = objects.split_first() else {
        return;
    };
    for other in rest {
        if other.flags & ARCHITECTURE != first.flags & ARCHITECTURE {
            mistakes.add(format!(
                "{} is for another VE (ELF flags {:#x}) than {} ({:#x})",
                other.name, other.flags, first.name, first.flags
            ));
        }
    }
}

struct ObjectReader<'a, 'd> {
    name: &'d str,
    bytes: &'d [u8],
    mistakes: &'a mut LinkMistakes,
}

/// The reason why a file cannot be read any further.
type InputResult<T> = Result<T, String>;

impl<'d> ObjectReader<'_, 'd> {
    fn object(&mut self) -> InputResult<Object<'d>> {
        let bytes = self.bytes;
        if bytes.starts_with(b"BC\xc0\xde") {
            return Err(
                "it is LLVM IR and not an object; its name has to end with .bc or .ll".into(),
            );
        }
        if !bytes.starts_with(&elf::ELFMAG) {
            return Err("it is not an object: it is not an ELF file".into());
        }
        let header = InputHeader::parse(bytes).map_err(damaged)?;
        if !header.is_little_endian() {
            return Err("it is for a big-endian machine".into());
        }
        let machine = header.e_machine(LittleEndian).0;
        if machine != MACHINE {
            return Err(format!(
                "it is for ELF machine {machine} and not for the VE ({MACHINE})"
            ));
        }
        if header.e_type(LittleEndian) != elf::ET_REL {
            return Err(
                "it is linked already, so it is not an object; name a library with .link_lib(..)"
                    .into(),
            );
        }
        let sections = header.sections(LittleEndian, bytes).map_err(damaged)?;
        let mut object = Object {
            name: self.name,
            flags: header.e_flags(LittleEndian).0,
            sections: Vec::new(),
            symbols: Vec::new(),
            groups: Vec::new(),
        };
        for header in sections.iter() {
            let name = sections
                .section_name(LittleEndian, header)
                .map_err(damaged)?;
            let name = text(name)?;
            let ty = header.sh_type(LittleEndian);
            let flags: u64 = header.sh_flags(LittleEndian).0;
            let is_kept = is_content(ty, name) && flags & EXCLUDE == 0;
            let data = if is_kept && ty != elf::SHT_NOBITS {
                header.data(LittleEndian, bytes).map_err(damaged)?
            } else {
                &[]
            };
            let section = InputSection {
                name,
                flags,
                align: header.sh_addralign(LittleEndian).max(1),
                size: header.sh_size(LittleEndian),
                entry_size: header.sh_entsize(LittleEndian),
                ty: ty.0,
                data,
                relocations: Vec::new(),
                is_kept,
            };
            if is_kept {
                self.check(&section);
            }
            object.sections.push(section);
        }
        let table = sections
            .symbols(LittleEndian, bytes, elf::SHT_SYMTAB)
            .map_err(damaged)?;
        for (index, symbol) in table.enumerate() {
            let symbol = self.symbol(&table, index, symbol, object.sections.len())?;
            object.symbols.push(symbol);
        }
        for header in sections.iter() {
            let of = header.sh_info(LittleEndian) as usize;
            if header.sh_type(LittleEndian) == elf::SHT_REL {
                let is_kept = object.sections.get(of).is_some_and(|it| it.is_kept);
                if is_kept {
                    self.mistakes.add(format!(
                        "{}: it has relocations without addends, which no compiler for the VE writes",
                        self.name
                    ));
                }
            }
            if let Some((list, _)) = header.rela(LittleEndian, bytes).map_err(damaged)? {
                self.relocations(list, of, &mut object)?;
            }
            if let Some((flag, members)) = header.group(LittleEndian, bytes).map_err(damaged)? {
                if flag.0 & elf::GRP_COMDAT.0 == 0 {
                    continue;
                }
                let symbol = object.symbols.get(of).ok_or("a group has no name")?;
                object.groups.push(InputGroup {
                    name: symbol.name,
                    sections: members
                        .iter()
                        .map(|it| it.get(LittleEndian) as usize)
                        .collect(),
                });
            }
        }
        Ok(object)
    }

    /// Checks a section that becomes part of the library.
    fn check(&mut self, section: &InputSection<'d>) {
        let mut wrong = |what: String| {
            let name = section.name;
            self.mistakes
                .add(format!("{}: section {name} {what}", self.name));
        };
        if !section.align.is_power_of_two() || section.align > ALIGNMENT {
            wrong(format!(
                "is aligned to {}, which is not a power of two up to {ALIGNMENT}",
                section.align
            ));
        }
        if section.size > SIZE {
            wrong(format!(
                "has {} bytes, more than a VE's memory",
                section.size
            ));
        }
        if section.has(COMPRESSED) {
            wrong("is compressed; compile without -gz".into());
        }
        let is_memory =
            section.has(ALLOC) && section.has(WRITE) && !section.name.contains("_array");
        if section.ty == elf::SHT_NOBITS.0 && section.size > 0 && !is_memory {
            wrong("has a size but no contents in the file, which only variables may have".into());
        }
        if section.has(WRITE) && section.has(EXECUTE) {
            wrong("is writable and executable; a library for the VE has no such section".into());
        }
        if section.name.starts_with(".ctors") || section.name.starts_with(".dtors") {
            wrong("has constructors that the VE's loader does not run; compile without -fno-use-init-array".into());
        }
        if section.name.starts_with(".preinit_array") {
            wrong("has constructors that only programs may have".into());
        }
    }

    fn symbol(
        &mut self,
        table: &object::read::elf::SymbolTable<'d, InputHeader>,
        index: SymbolIndex,
        symbol: &'d elf::Sym64<LittleEndian>,
        sections: usize,
    ) -> InputResult<InputSymbol<'d>> {
        let name = symbol
            .name(LittleEndian, table.strings())
            .map_err(damaged)?;
        let name = text(name)?;
        let place = match symbol.st_shndx(LittleEndian) {
            elf::SHN_UNDEF => SymbolPlace::Undefined,
            elf::SHN_ABS => SymbolPlace::Absolute,
            elf::SHN_COMMON => SymbolPlace::Common,
            _ => match table
                .symbol_section(LittleEndian, symbol, index)
                .map_err(damaged)?
            {
                Some(section) if section.0 < sections => SymbolPlace::Section(section.0),
                _ => return Err(format!("{name} is in a section that is not there")),
            },
        };
        let bind = symbol.st_bind();
        let symbol = InputSymbol {
            name,
            is_local: bind == elf::STB_LOCAL,
            is_weak: bind == elf::STB_WEAK || bind == elf::STB_GNU_UNIQUE,
            ty: symbol.st_type().0,
            visibility: symbol.st_other().0 & 3,
            place,
            value: symbol.st_value(LittleEndian),
            size: symbol.st_size(LittleEndian),
        };
        if symbol.ty == STT_IFUNC {
            self.mistakes.add(format!(
                "{}: {name} is an indirect function (ifunc), which the VE's loader does not resolve",
                self.name
            ));
        }
        let is_alignment = symbol.value.is_power_of_two() && symbol.value <= ALIGNMENT;
        if place == SymbolPlace::Common && (!is_alignment || symbol.size > SIZE) {
            self.mistakes.add(format!(
                "{}: {name} has {} bytes, aligned to {}; a VE has less memory, or the alignment is not a power of two up to {ALIGNMENT}",
                self.name, symbol.size, symbol.value
            ));
        }
        Ok(symbol)
    }

    fn relocations(
        &mut self,
        list: &[elf::Rela64<LittleEndian>],
        of: usize,
        object: &mut Object<'d>,
    ) -> InputResult<()> {
        let Some(section) = object.sections.get(of) else {
            return Err("it has relocations for a section that is not there".into());
        };
        if !section.is_kept {
            return Ok(());
        }
        let size = section.data.len() as u64;
        let mut relocations = Vec::with_capacity(list.len());
        for rela in list {
            let offset = rela.r_offset.get(LittleEndian);
            let number = rela.r_type(LittleEndian, false).0;
            let symbol = rela.r_sym(LittleEndian, false) as usize;
            let wrong = |what: String| {
                let place = object.place(of, offset);
                let addend = rela.r_addend.get(LittleEndian);
                format!(
                    "{place}: {what} against {}",
                    object.symbol_name(symbol, addend)
                )
            };
            if symbol >= object.symbols.len().max(1) {
                return Err(format!(
                    "a relocation is against symbol {symbol}, which is not there"
                ));
            }
            let Some(kind) = relocation::kind(number) else {
                self.mistakes
                    .add(wrong(format!("unknown relocation {number}")));
                continue;
            };
            let end = offset.checked_add(kind.part.width() as u64);
            if end.is_none_or(|end| end > size) {
                self.mistakes
                    .add(wrong(format!("{} outside of the section", kind.name)));
                continue;
            }
            relocations.push(InputRelocation {
                offset,
                kind,
                symbol,
                addend: rela.r_addend.get(LittleEndian),
            });
        }
        if let Some(section) = object.sections.get_mut(of) {
            section.relocations.extend(relocations);
        }
        Ok(())
    }
}

/// Whether a library takes sections of this type from its objects.
fn is_content(ty: SectionType, name: &str) -> bool {
    let is_content = matches!(
        ty,
        elf::SHT_PROGBITS
            | elf::SHT_NOBITS
            | elf::SHT_NOTE
            | elf::SHT_INIT_ARRAY
            | elf::SHT_FINI_ARRAY
            | elf::SHT_PREINIT_ARRAY
    );
    is_content && name != ".note.GNU-stack"
}

fn damaged(error: object::Error) -> String {
    format!("it is damaged: {error}")
}

fn text(name: &[u8]) -> InputResult<&str> {
    std::str::from_utf8(name).map_err(|_| "a name in it is not UTF-8".to_owned())
}
