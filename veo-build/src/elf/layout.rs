//! Addresses and places in the file.
//!
//! A library is two segments, code and data. `p_align` says how large the pages are that the loader maps, and must be the same for both;
//! the data is [`PAGE`] bytes behind its place in the file, so that the file needs no padding.
//!
//! The loader compares sections: the last one of code must begin at least 1024 bytes before the first one of data.

use object::elf::{self, DynamicTag};
use object::write::StringId;
use object::write::elf::{SectionIndex, Writer};

use super::LinkOptions;
use super::input::{STT_TLS, WRITE};
use super::needs::LinkNeeds;
use super::plt;
use super::sections::{OutputSection, OutputSegment, Outputs, SectionRank};
use super::symbols::{LinkedSymbols, Own, SymbolTarget, section_of};

/// The pages of NEC's libraries.
pub(super) const PAGE: u64 = 64 << 20;
/// The note with the library's identity: three words, `GNU\0`, 16 bytes.
pub(super) const NOTE: u64 = 32;
/// The words before the slots of entries.
pub(super) const TABLE_WORDS: u64 = 3;

/// A section of the file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FileSection {
    pub(super) address: u64,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) index: u32,
    pub(super) name: Option<StringId>,
}

/// A symbol that the loader sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoaderSymbol {
    /// The number of its name.
    pub(super) global: usize,
    pub(super) string: StringId,
}

/// A symbol that only people and their tools read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local {
    pub(super) object: usize,
    pub(super) symbol: usize,
    pub(super) string: StringId,
}

#[derive(Debug, Default)]
pub(super) struct LinkLayout {
    /// The sections that come from objects, in their order.
    pub(super) outputs: Vec<FileSection>,
    pub(super) note: FileSection,
    pub(super) hash: FileSection,
    pub(super) dynsym: FileSection,
    pub(super) dynstr: FileSection,
    pub(super) rela_dyn: FileSection,
    pub(super) rela_plt: FileSection,
    pub(super) plt: FileSection,
    pub(super) dynamic: FileSection,
    pub(super) got: FileSection,
    pub(super) table: FileSection,
    /// Where the first segment ends, and where the second begins in the file.
    pub(super) code_end: u64,
    pub(super) data: FileSection,
    /// Where the data ends in memory.
    pub(super) end: u64,
    pub(super) tls: Option<TlsBlock>,
    pub(super) dynamic_symbols: Vec<LoaderSymbol>,
    /// The number of the dynamic symbol of each name.
    pub(super) dynamic_symbol_of: Vec<Option<u32>>,
    pub(super) buckets: u32,
    pub(super) soname: Option<StringId>,
    pub(super) needed: Vec<StringId>,
    pub(super) locals: Vec<Local>,
    /// Names that the library has and does not export, then those that others can see.
    pub(super) hidden: Vec<(usize, StringId)>,
    pub(super) visible: Vec<(usize, StringId)>,
}

/// The thread-local data, of which each thread gets a copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct TlsBlock {
    pub(super) address: u64,
    pub(super) offset: u64,
    pub(super) file_size: u64,
    pub(super) size: u64,
    pub(super) align: u64,
}

/// The libraries of the C library that define symbols which objects need.
fn providers(symbols: &LinkedSymbols<'_>, needs: &LinkNeeds) -> Vec<&'static str> {
    let asks = |wanted: fn(&str) -> bool| {
        let names = needs.imports.iter();
        let mut names = names.filter_map(|(name, _)| symbols.globals.get(*name));
        names.any(|global| wanted(global.name))
    };
    let mut libraries = Vec::new();
    if asks(|name| name.starts_with("pthread_") || name.starts_with("sem_")) {
        libraries.push("libpthread.so.0");
    }
    if asks(|name| ["dlopen", "dlsym", "dlclose", "dlerror", "dladdr"].contains(&name)) {
        libraries.push("libdl.so.2");
    }
    libraries.extend(["libm.so.6", "libc.so.6"]);
    if asks(|name| name == "__tls_get_addr") {
        libraries.push("ld-linux-ve.so.1");
    }
    libraries
}

impl LinkLayout {
    /// Reserves all parts of the file in their order.
    pub(super) fn of<'a>(
        writer: &mut Writer<'a>,
        symbols: &LinkedSymbols<'a>,
        outputs: &'a Outputs,
        needs: &LinkNeeds,
        options: &'a LinkOptions,
    ) -> Result<Self, object::write::Error> {
        let mut layout = LinkLayout {
            outputs: vec![FileSection::default(); outputs.list.len()],
            dynamic_symbol_of: vec![None; symbols.globals.len()],
            ..LinkLayout::default()
        };
        layout.names(writer, symbols, needs, options);
        layout.code(writer, outputs, needs)?;
        layout.data(writer, outputs, needs);
        layout.rest(writer, symbols, outputs)?;
        Ok(layout)
    }

    /// The strings and symbols of the loader.
    fn names<'a>(
        &mut self,
        writer: &mut Writer<'a>,
        symbols: &LinkedSymbols<'a>,
        needs: &LinkNeeds,
        options: &'a LinkOptions,
    ) {
        let mut needed: Vec<&'a str> = options.needed.iter().map(String::as_str).collect();
        for library in providers(symbols, needs) {
            if !needed.contains(&library) {
                needed.push(library);
            }
        }
        self.needed = needed
            .iter()
            .map(|name| writer.add_dynamic_string(name.as_bytes()))
            .collect();
        if !options.soname.is_empty() {
            self.soname = Some(writer.add_dynamic_string(options.soname.as_bytes()));
        }
        writer.reserve_null_dynamic_symbol_index();
        let imports = needs.imports.iter().map(|(name, _)| *name);
        let exports = (0..symbols.globals.len())
            .filter(|&name| symbols.globals.get(name).is_some_and(|it| it.is_exported()));
        for global in imports.chain(exports) {
            let Some(name) = symbols.globals.get(global) else {
                continue;
            };
            let string = writer.add_dynamic_string(name.name.as_bytes());
            let index = writer.reserve_dynamic_symbol_index().0;
            if let Some(of) = self.dynamic_symbol_of.get_mut(global) {
                *of = Some(index);
            }
            self.dynamic_symbols.push(LoaderSymbol { global, string });
        }
        self.buckets = (self.dynamic_symbols.len() as u32 / 2).max(1) | 1;
    }

    fn code<'a>(
        &mut self,
        writer: &mut Writer<'a>,
        outputs: &'a Outputs,
        needs: &LinkNeeds,
    ) -> Result<(), object::write::Error> {
        let headers = 4 + u32::from(outputs.list.iter().any(is_tls));
        writer.reserve_file_header();
        writer.reserve_program_headers(headers);
        writer.reserve_null_section_index();
        self.note = part(writer, b".note.gnu.build-id", NOTE, 4);
        let code = |rank: fn(SectionRank) -> bool| {
            let all = outputs.list.iter().enumerate();
            all.filter(move |(_, it)| it.segment == OutputSegment::Code && rank(it.rank))
        };
        for (number, output) in code(|rank| rank == SectionRank::Note) {
            self.place(number, loaded(writer, output));
        }
        let symbols = self.dynamic_symbols.len() as u32 + 1;
        self.hash.index = writer.reserve_hash_section_index().0;
        self.hash.offset = writer.reserve_hash(self.buckets, symbols);
        self.dynsym.index = writer.reserve_dynsym_section_index().0;
        self.dynsym.offset = writer.reserve_dynsym();
        self.dynstr.index = writer.reserve_dynstr_section_index().0;
        self.dynstr.offset = writer.reserve_dynstr()?;
        self.dynstr.size = writer.reserved_len() - self.dynstr.offset;
        let mut relocations = |name: &'static [u8], count: usize| {
            if count == 0 {
                return FileSection::default();
            }
            let name = Some(writer.add_section_name(name));
            let index = writer.reserve_section_index().0;
            let offset = writer.reserve_relocations(count, true);
            FileSection {
                address: offset,
                offset,
                size: writer.reserved_len() - offset,
                index,
                name,
            }
        };
        self.rela_dyn = relocations(b".rela.dyn", needs.dynamic.len());
        self.rela_plt = relocations(b".rela.plt", needs.for_entries.len());
        let entries = needs.entries.len() as u64;
        if entries > 0 {
            self.plt = part(writer, b".plt", (entries + 1) * plt::ENTRY, plt::ENTRY);
        }
        for (number, output) in code(|rank| rank != SectionRank::Note) {
            self.place(number, loaded(writer, output));
        }
        self.code_end = writer.reserved_len();
        for spot in [&mut self.hash, &mut self.dynsym, &mut self.dynstr] {
            spot.address = spot.offset;
        }
        Ok(())
    }

    fn data<'a>(&mut self, writer: &mut Writer<'a>, outputs: &'a Outputs, needs: &LinkNeeds) {
        let data = |rank: fn(SectionRank) -> bool| {
            let all = outputs.list.iter().enumerate();
            all.filter(move |(_, it)| it.segment == OutputSegment::Data && rank(it.rank))
        };
        let align = data(is_tls_rank).map(|(_, it)| it.align).max().unwrap_or(1);
        self.data.offset = writer.reserve(0, align.max(16));
        self.data.address = self.data.offset + PAGE;
        for (number, output) in data(|rank| rank == SectionRank::TlsData) {
            let mut spot = loaded(writer, output);
            spot.address += PAGE;
            self.place(number, spot);
            self.tls = Some(TlsBlock {
                address: spot.address,
                offset: spot.offset,
                file_size: output.size,
                size: output.size,
                align,
            });
        }
        for (number, output) in data(|rank| rank == SectionRank::TlsZeros) {
            let start = writer.reserved_len() + PAGE;
            let block = self.tls.get_or_insert(TlsBlock {
                address: start.next_multiple_of(align),
                offset: start.next_multiple_of(align) - PAGE,
                file_size: 0,
                size: 0,
                align,
            });
            let offset = block.size.next_multiple_of(output.align);
            block.size = offset + output.size;
            let address = block.address + offset;
            let spot = zeros(writer, output, address, block.offset + block.file_size);
            self.place(number, spot);
        }
        for (number, output) in
            data(|rank| rank > SectionRank::TlsZeros && rank <= SectionRank::Relocated)
        {
            let mut spot = loaded(writer, output);
            spot.address += PAGE;
            self.place(number, spot);
        }
        self.dynamic.index = writer.reserve_dynamic_section_index().0;
        let tags = self.tags(outputs, needs).len();
        self.dynamic.offset = writer.reserve_dynamic(tags);
        self.dynamic.address = self.dynamic.offset + PAGE;
        if needs.words > 0 {
            self.got = part(writer, b".got", needs.words * 8, 8);
            self.got.address += PAGE;
        }
        let words = TABLE_WORDS + needs.entries.len() as u64;
        self.table = part(writer, b".got.plt", words * 8, 8);
        self.table.address += PAGE;
        for (number, output) in
            data(|rank| rank > SectionRank::Relocated && rank < SectionRank::Zeros)
        {
            let mut spot = loaded(writer, output);
            spot.address += PAGE;
            self.place(number, spot);
        }
        self.data.size = writer.reserved_len() - self.data.offset;
        let mut end = self.data.address + self.data.size;
        let file_end = writer.reserved_len();
        for (number, output) in data(|rank| rank >= SectionRank::Zeros) {
            let address = end.next_multiple_of(output.align);
            end = address + output.size;
            self.place(number, zeros(writer, output, address, file_end));
        }
        self.end = end;
    }

    /// The part that is not loaded: debug information and symbols for people.
    fn rest<'a>(
        &mut self,
        writer: &mut Writer<'a>,
        symbols: &LinkedSymbols<'a>,
        outputs: &'a Outputs,
    ) -> Result<(), object::write::Error> {
        for (number, output) in outputs.list.iter().enumerate() {
            if output.segment == OutputSegment::File {
                let mut spot = loaded(writer, output);
                spot.address = 0;
                self.place(number, spot);
            }
        }
        writer.reserve_null_symbol_index();
        for (object, it) in symbols.objects.iter().enumerate() {
            for (number, symbol) in it.symbols.iter().enumerate() {
                let is_here = |target| {
                    matches!(
                        target,
                        SymbolTarget::Section { .. } | SymbolTarget::Absolute(_)
                    )
                };
                if symbol.is_local && symbol.is_named() && is_here(symbols.target(object, number)) {
                    let string = writer.add_string(symbol.name.as_bytes());
                    writer.reserve_symbol_index(None);
                    self.locals.push(Local {
                        object,
                        symbol: number,
                        string,
                    });
                }
            }
        }
        let (mut hidden, mut visible) = (Vec::new(), Vec::new());
        for (number, global) in symbols.globals.iter().enumerate() {
            if self.dynamic_symbol(number).is_some() {
                visible.push((number, writer.add_string(global.name.as_bytes())));
            } else if global.definition.is_some() {
                hidden.push((number, writer.add_string(global.name.as_bytes())));
            }
        }
        for _ in hidden.iter().chain(&visible) {
            writer.reserve_symbol_index(None);
        }
        (self.hidden, self.visible) = (hidden, visible);
        writer.reserve_symtab_section_index();
        writer.reserve_symtab();
        writer.reserve_strtab_section_index();
        writer.reserve_strtab()?;
        writer.reserve_shstrtab_section_index();
        writer.reserve_shstrtab()?;
        writer.reserve_section_headers();
        Ok(())
    }

    fn place(&mut self, number: usize, spot: FileSection) {
        if let Some(place) = self.outputs.get_mut(number) {
            *place = spot;
        }
    }

    pub(super) fn dynamic_symbol(&self, global: usize) -> Option<u32> {
        self.dynamic_symbol_of.get(global).copied().flatten()
    }

    /// The tags of the dynamic section, but for names of libraries.
    pub(super) fn tags(&self, outputs: &Outputs, needs: &LinkNeeds) -> Vec<(DynamicTag, u64)> {
        let mut tags: Vec<(DynamicTag, u64)> = Vec::new();
        // Their strings are written in their place.
        tags.extend(self.needed.iter().map(|_| (elf::DT_NEEDED, 0)));
        tags.extend(self.soname.map(|_| (elf::DT_SONAME, 0)));
        for (rank, at, size) in [
            (
                SectionRank::Constructors,
                elf::DT_INIT_ARRAY,
                elf::DT_INIT_ARRAYSZ,
            ),
            (
                SectionRank::Destructors,
                elf::DT_FINI_ARRAY,
                elf::DT_FINI_ARRAYSZ,
            ),
        ] {
            let all = outputs.list.iter().zip(&self.outputs);
            for (output, spot) in all.filter(|(it, _)| it.rank == rank) {
                tags.extend([(at, spot.address), (size, output.size)]);
            }
        }
        tags.extend([
            (elf::DT_HASH, self.hash.address),
            (elf::DT_STRTAB, self.dynstr.address),
            (elf::DT_SYMTAB, self.dynsym.address),
            (elf::DT_STRSZ, self.dynstr.size),
            (elf::DT_SYMENT, 24),
            (elf::DT_PLTGOT, self.table.address),
        ]);
        if !needs.for_entries.is_empty() {
            tags.extend([
                (elf::DT_PLTRELSZ, self.rela_plt.size),
                (elf::DT_PLTREL, elf::DT_RELA.0.cast_unsigned()),
                (elf::DT_JMPREL, self.rela_plt.address),
            ]);
        }
        if !needs.dynamic.is_empty() {
            tags.extend([
                (elf::DT_RELA, self.rela_dyn.address),
                (elf::DT_RELASZ, self.rela_dyn.size),
                (elf::DT_RELAENT, 24),
            ]);
        }
        let static_tls = if needs.is_static_tls { 0x10 } else { 0 };
        // A name that is nowhere is better found when the library is loaded than in a call.
        tags.push((elf::DT_FLAGS, 8 | static_tls));
        if needs.relative() > 0 {
            tags.push((elf::DT_RELACOUNT, needs.relative() as u64));
        }
        tags.push((elf::DT_NULL, 0));
        tags
    }

    /// The address of something in the library, as a displacement from where it is loaded.
    pub(super) fn address(
        &self,
        symbols: &LinkedSymbols<'_>,
        outputs: &Outputs,
        target: SymbolTarget,
    ) -> Option<u64> {
        match target {
            SymbolTarget::Section {
                object,
                section,
                value,
            } => {
                let (number, offset) = outputs.place(object, section)?;
                let spot = self.outputs.get(number)?;
                Some(spot.address.wrapping_add(offset).wrapping_add(value))
            }
            SymbolTarget::Absolute(value) => Some(value),
            SymbolTarget::Own(own, name) => Some(self.own(symbols, outputs, own, name)),
            SymbolTarget::Nothing => Some(0),
            SymbolTarget::Import(_) | SymbolTarget::Dropped => None,
        }
    }

    fn own(&self, symbols: &LinkedSymbols<'_>, outputs: &Outputs, own: Own, name: usize) -> u64 {
        let named = |end: bool| {
            let name = symbols.globals.get(name).and_then(|it| section_of(it.name));
            let all = outputs.list.iter().zip(&self.outputs);
            let mut found = all.filter(|(it, _)| name.is_some_and(|(_, name)| it.name == name));
            found
                .next()
                .map_or(0, |(it, spot)| spot.address + if end { it.size } else { 0 })
        };
        match own {
            Own::Table => self.table.address,
            Own::Dynamic | Own::Handle => self.dynamic.address,
            Own::DataEnd | Own::ZerosStart => self.data.address + self.data.size,
            Own::End => self.end,
            Own::Start => named(false),
            Own::Stop => named(true),
        }
    }

    /// The place of a thread-local variable in its block.
    pub(super) fn in_block(
        &self,
        symbols: &LinkedSymbols<'_>,
        outputs: &Outputs,
        target: SymbolTarget,
    ) -> u64 {
        let address = self.address(symbols, outputs, target).unwrap_or(0);
        self.tls
            .map_or(0, |block| address.wrapping_sub(block.address))
    }

    /// Section and value of a symbol, as symbol tables have them.
    pub(super) fn symbol(
        &self,
        symbols: &LinkedSymbols<'_>,
        outputs: &Outputs,
        target: SymbolTarget,
        ty: u8,
    ) -> (Option<SectionIndex>, u64) {
        let value = if ty == STT_TLS {
            self.in_block(symbols, outputs, target)
        } else {
            self.address(symbols, outputs, target).unwrap_or(0)
        };
        let index = match target {
            SymbolTarget::Section {
                object, section, ..
            } => {
                let number = outputs.place(object, section).map(|(number, _)| number);
                number
                    .and_then(|it| self.outputs.get(it))
                    .map(|it| it.index)
            }
            SymbolTarget::Own(Own::Table, _) => Some(self.table.index),
            SymbolTarget::Own(Own::Dynamic | Own::Handle, _) => Some(self.dynamic.index),
            SymbolTarget::Own(..) => Some(self.table.index),
            _ => None,
        };
        (index.map(SectionIndex), value)
    }
}

fn is_tls(output: &OutputSection) -> bool {
    output.segment == OutputSegment::Data && is_tls_rank(output.rank)
}

fn is_tls_rank(rank: SectionRank) -> bool {
    matches!(rank, SectionRank::TlsData | SectionRank::TlsZeros)
}

/// Reserves a part that the linker makes.
fn part<'a>(writer: &mut Writer<'a>, name: &'a [u8], size: u64, align: u64) -> FileSection {
    let name = Some(writer.add_section_name(name));
    let index = writer.reserve_section_index().0;
    let offset = writer.reserve(size, align);
    FileSection {
        address: offset,
        offset,
        size,
        index,
        name,
    }
}

/// Reserves a section that comes from objects.
fn loaded<'a>(writer: &mut Writer<'a>, output: &'a OutputSection) -> FileSection {
    debug_assert!(!output.is_zeros() || output.flags & WRITE != 0);
    part(writer, output.name.as_bytes(), output.size, output.align)
}

/// A section that has no place in the file.
fn zeros<'a>(
    writer: &mut Writer<'a>,
    output: &'a OutputSection,
    address: u64,
    offset: u64,
) -> FileSection {
    let name = Some(writer.add_section_name(output.name.as_bytes()));
    FileSection {
        address,
        offset,
        size: output.size,
        index: writer.reserve_section_index().0,
        name,
    }
}
