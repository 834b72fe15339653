//! Writes the file of the library.

use std::hash::{DefaultHasher, Hasher};

use object::elf::{
    self, FileFlags, Machine, ProgramFlags, ProgramType, RelocationType, SectionFlags, SectionType,
    SymbolBind, SymbolInfo, SymbolOther, SymbolSection, SymbolType,
};
use object::write::elf::{
    FileHeader, ProgramHeader, Rel, SectionHeader, SectionIndex, Sym, Writer,
};

use super::LinkOptions;
use super::apply::{Contents, RelaEntry};
use super::input::{ALLOC, EXECUTE, MACHINE, WRITE};
use super::layout::{FileSection, LinkLayout, PAGE};
use super::needs::LinkNeeds;
use super::plt;
use super::sections::{OutputSegment, Outputs, SectionRank};
use super::symbols::{DEFAULT, LinkedSymbols};

const READ: u32 = 4;
const READ_WRITE: u32 = 6;
const READ_EXECUTE: u32 = 5;

/// Parts of the library, for functions that write one of them.
#[derive(Clone, Copy)]
pub(super) struct LibraryParts<'a, 'd> {
    pub(super) symbols: &'a LinkedSymbols<'d>,
    pub(super) outputs: &'a Outputs,
    pub(super) needs: &'a LinkNeeds,
    pub(super) layout: &'a LinkLayout,
    pub(super) contents: &'a Contents,
    pub(super) options: &'a LinkOptions,
}

impl LibraryParts<'_, '_> {
    /// Writes all of it, in the order in which it was laid out.
    pub(super) fn write(&self, writer: &mut Writer<'_>) -> object::write::Result<()> {
        let flags = self.symbols.objects.get(1).map_or(0, |object| object.flags);
        writer.write_file_header(&FileHeader {
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            e_type: elf::ET_DYN,
            e_machine: Machine(MACHINE),
            e_entry: 0,
            e_flags: FileFlags(flags),
        })?;
        self.program_headers(writer);
        self.note(writer);
        self.sections(writer, OutputSegment::Code, |rank| {
            rank == SectionRank::Note
        });
        self.dynamic_symbols(writer);
        relocations(writer, &self.layout.rela_dyn, &self.contents.rela_dyn);
        relocations(writer, &self.layout.rela_plt, &self.contents.rela_plt);
        bytes(writer, &self.layout.plt, &self.contents.plt);
        self.sections(writer, OutputSegment::Code, |rank| {
            rank != SectionRank::Note
        });
        writer.pad_until(self.layout.data.offset);
        self.sections(writer, OutputSegment::Data, |rank| {
            rank <= SectionRank::Relocated
        });
        self.dynamic(writer)?;
        bytes(writer, &self.layout.got, &self.contents.got);
        bytes(writer, &self.layout.table, &self.contents.table);
        self.sections(writer, OutputSegment::Data, |rank| {
            rank > SectionRank::Relocated
        });
        self.sections(writer, OutputSegment::File, |_| true);
        let locals = self.names(writer);
        writer.write_strtab();
        writer.write_shstrtab();
        self.headers(writer, locals);
        Ok(())
    }

    fn program_headers(&self, writer: &mut Writer<'_>) {
        let layout = self.layout;
        writer.write_align_program_headers();
        let mut header = |p_type, flags, spot: &FileSection, p_memsz, p_align| {
            writer.write_program_header(&ProgramHeader {
                p_type,
                p_flags: ProgramFlags(flags),
                p_offset: spot.offset,
                p_vaddr: spot.address,
                p_paddr: spot.address,
                p_filesz: spot.size,
                p_memsz,
                p_align,
            });
        };
        let code = FileSection {
            size: layout.code_end,
            ..FileSection::default()
        };
        let memory = layout.end - layout.data.address;
        header(elf::PT_LOAD, READ_EXECUTE, &code, code.size, PAGE);
        header(elf::PT_LOAD, READ_WRITE, &layout.data, memory, PAGE);
        let dynamic = FileSection {
            size: 16 * layout.tags(self.outputs, self.needs).len() as u64,
            ..layout.dynamic
        };
        header(elf::PT_DYNAMIC, READ_WRITE, &dynamic, dynamic.size, 8);
        if let Some(tls) = layout.tls {
            let spot = FileSection {
                address: tls.address,
                offset: tls.offset,
                size: tls.file_size,
                ..FileSection::default()
            };
            header(elf::PT_TLS, READ, &spot, tls.size, tls.align);
        }
        let note: ProgramType = elf::PT_NOTE;
        header(note, READ, &layout.note, layout.note.size, 4);
    }

    /// The identity of the library: a hash of the loaded parts, so that debug information of another build is not taken for its own.
    fn note(&self, writer: &mut Writer<'_>) {
        let mut hashers = [DefaultHasher::new(), DefaultHasher::new()];
        for (number, hasher) in hashers.iter_mut().enumerate() {
            hasher.write_usize(number);
            hasher.write(self.options.soname.as_bytes());
            for (output, bytes) in self.outputs.list.iter().zip(&self.contents.outputs) {
                if output.segment != OutputSegment::File {
                    hasher.write(output.name.as_bytes());
                    hasher.write_u64(output.size);
                    hasher.write(bytes);
                }
            }
        }
        let mut note = Vec::new();
        for word in [4_u32, 16, 3] {
            note.extend(word.to_le_bytes());
        }
        note.extend(b"GNU\0");
        for hasher in hashers {
            note.extend(hasher.finish().to_le_bytes());
        }
        bytes(writer, &self.layout.note, &note);
    }

    fn sections(
        &self,
        writer: &mut Writer<'_>,
        segment: OutputSegment,
        of: impl Fn(SectionRank) -> bool,
    ) {
        let all = self.outputs.list.iter().zip(&self.layout.outputs);
        for ((output, spot), content) in all.zip(&self.contents.outputs) {
            if output.segment == segment && of(output.rank) && !output.is_zeros() {
                bytes(writer, spot, content);
            }
        }
    }

    /// The loader's hash table, symbols and their names.
    fn dynamic_symbols(&self, writer: &mut Writer<'_>) {
        let names = &self.layout.dynamic_symbols;
        let count = names.len() as u32 + 1;
        writer.write_hash(self.layout.buckets, count, |index| {
            let name = names.get((index as usize).wrapping_sub(1));
            let global = name.and_then(|it| self.symbols.globals.get(it.global));
            global.map(|it| elf::hash(it.name.as_bytes()))
        });
        writer.write_null_dynamic_symbol();
        for name in names {
            let st_name = writer.dynamic_string_offset(Some(name.string));
            let symbol = self.global(name.global, st_name, false);
            writer.write_dynamic_symbol(&symbol);
        }
        writer.write_dynstr();
    }

    /// The entry of a name in a symbol table.
    fn global(&self, number: usize, st_name: u32, is_local: bool) -> Sym {
        let Some(global) = self.symbols.globals.get(number) else {
            return symbol(st_name, elf::STB_LOCAL, 0, DEFAULT);
        };
        let bind = if is_local {
            elf::STB_LOCAL
        } else if global.is_weak_reference() || global.is_weak_definition() {
            elf::STB_WEAK
        } else {
            elf::STB_GLOBAL
        };
        let defined = self.symbols.defining(global);
        let ty = defined.map_or(global.ty(), |it| it.ty);
        let (section, value) = match global.definition {
            None => (None, 0),
            Some(_) => {
                let target = self.symbols.target_of(number);
                self.layout.symbol(self.symbols, self.outputs, target, ty)
            }
        };
        Sym {
            st_value: value,
            st_size: defined.map_or(0, |it| it.size),
            ..in_section(
                symbol(st_name, bind, ty, global.visibility),
                section,
                global.definition.is_some(),
            )
        }
    }

    fn dynamic(&self, writer: &mut Writer<'_>) -> object::write::Result<()> {
        writer.write_align_dynamic();
        let mut needed = self.layout.needed.iter();
        for (tag, value) in self.layout.tags(self.outputs, self.needs) {
            let string = match tag {
                elf::DT_NEEDED => needed.next().copied(),
                elf::DT_SONAME => self.layout.soname,
                _ => None,
            };
            match string {
                Some(string) => writer.write_dynamic_string(tag, string)?,
                None => writer.write_dynamic(tag, value)?,
            }
        }
        Ok(())
    }

    /// Symbols for people. Returns how many of them are local.
    fn names(&self, writer: &mut Writer<'_>) -> u32 {
        writer.write_null_symbol();
        for local in &self.layout.locals {
            let Some(found) = self.symbols.symbol(local.object, local.symbol) else {
                continue;
            };
            let target = self.symbols.target(local.object, local.symbol);
            let (section, value) = self
                .layout
                .symbol(self.symbols, self.outputs, target, found.ty);
            let st_name = writer.string_offset(Some(local.string));
            let entry = symbol(st_name, elf::STB_LOCAL, found.ty, DEFAULT);
            writer.write_symbol(&Sym {
                st_value: value,
                st_size: found.size,
                ..in_section(entry, section, true)
            });
        }
        for (names, is_local) in [(&self.layout.hidden, true), (&self.layout.visible, false)] {
            for (number, string) in names {
                let st_name = writer.string_offset(Some(*string));
                writer.write_symbol(&self.global(*number, st_name, is_local));
            }
        }
        1 + (self.layout.locals.len() + self.layout.hidden.len()) as u32
    }

    /// The section headers, in the order of their numbers.
    fn headers(&self, writer: &mut Writer<'_>, locals: u32) {
        let layout = self.layout;
        writer.write_null_section_header();
        let note = (elf::SHT_NOTE, ALLOC, 4, 0);
        header(writer, &layout.note, note, (0, 0));
        self.section_headers(writer, OutputSegment::Code, |rank| {
            rank == SectionRank::Note
        });
        writer.write_hash_section_header(layout.hash.address);
        writer.write_dynsym_section_header(layout.dynsym.address, 1);
        writer.write_dynstr_section_header(layout.dynstr.address);
        let relocations = (elf::SHT_RELA, ALLOC, 8, 24);
        let symbols = layout.dynsym.index;
        header(writer, &layout.rela_dyn, relocations, (symbols, 0));
        let of_entries = (elf::SHT_RELA, ALLOC | INFO_LINK, 8, 24);
        header(
            writer,
            &layout.rela_plt,
            of_entries,
            (symbols, layout.table.index),
        );
        let code = (elf::SHT_PROGBITS, ALLOC | EXECUTE, plt::ENTRY, plt::ENTRY);
        header(writer, &layout.plt, code, (0, 0));
        self.section_headers(writer, OutputSegment::Code, |rank| {
            rank != SectionRank::Note
        });
        self.section_headers(writer, OutputSegment::Data, |rank| {
            rank <= SectionRank::Relocated
        });
        writer.write_dynamic_section_header(layout.dynamic.address);
        let words = (elf::SHT_PROGBITS, ALLOC | WRITE, 8, 8);
        header(writer, &layout.got, words, (0, 0));
        header(writer, &layout.table, words, (0, 0));
        self.section_headers(writer, OutputSegment::Data, |rank| {
            rank > SectionRank::Relocated
        });
        self.section_headers(writer, OutputSegment::File, |_| true);
        writer.write_symtab_section_header(locals);
        writer.write_strtab_section_header();
        writer.write_shstrtab_section_header();
    }

    fn section_headers(
        &self,
        writer: &mut Writer<'_>,
        segment: OutputSegment,
        of: impl Fn(SectionRank) -> bool,
    ) {
        for (output, spot) in self.outputs.list.iter().zip(&self.layout.outputs) {
            if output.segment == segment && of(output.rank) {
                let entry_size = match output.rank {
                    SectionRank::Constructors | SectionRank::Destructors => 8,
                    _ => output.entry_size,
                };
                let what = (
                    SectionType(output.ty),
                    output.flags,
                    output.align,
                    entry_size,
                );
                header(writer, spot, what, (0, 0));
            }
        }
    }
}

const INFO_LINK: u64 = 0x40;

/// Writes the header of a section, if there is one: type, flags, alignment, size of an entry, then link and info.
fn header(
    writer: &mut Writer<'_>,
    spot: &FileSection,
    what: (SectionType, u64, u64, u64),
    (sh_link, sh_info): (u32, u32),
) {
    if spot.name.is_none() {
        return;
    }
    let (sh_type, flags, sh_addralign, sh_entsize) = what;
    let section = SectionHeader {
        sh_name: writer.section_name_offset(spot.name),
        sh_type,
        sh_flags: SectionFlags(flags),
        sh_addr: spot.address,
        sh_offset: spot.offset,
        sh_size: spot.size,
        sh_link,
        sh_info,
        sh_addralign,
        sh_entsize,
    };
    writer.write_section_header(&section);
}

fn relocations(writer: &mut Writer<'_>, spot: &FileSection, entries: &[RelaEntry]) {
    if entries.is_empty() {
        return;
    }
    writer.pad_until(spot.offset);
    for entry in entries {
        writer.write_relocation(
            true,
            &Rel {
                r_offset: entry.address,
                r_sym: entry.symbol,
                r_type: RelocationType(entry.number),
                r_addend: entry.addend,
            },
        );
    }
}

fn bytes(writer: &mut Writer<'_>, spot: &FileSection, bytes: &[u8]) {
    if spot.name.is_some() {
        writer.pad_until(spot.offset);
        writer.write(bytes);
    }
}

fn symbol(st_name: u32, bind: SymbolBind, ty: u8, visibility: u8) -> Sym {
    Sym {
        section: None,
        st_name,
        st_info: SymbolInfo::new(bind, SymbolType(ty)),
        st_other: SymbolOther(visibility),
        st_shndx: elf::SHN_UNDEF,
        st_value: 0,
        st_size: 0,
    }
}

/// A symbol in a section, or with a value of its own.
fn in_section(mut symbol: Sym, section: Option<SectionIndex>, is_defined: bool) -> Sym {
    symbol.section = section.map(|it| it.0);
    let none: SymbolSection = elf::SHN_ABS;
    if is_defined && section.is_none() {
        symbol.st_shndx = none;
    }
    symbol
}
