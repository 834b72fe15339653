//! Makes shared objects for the Vector Engine, laid out as NEC's linker does, with code written by hand: what they should do is known
//! without a compiler or linker.

use ve_isa::encoding::assemble;

/// Where code begins, in the file and in memory.
pub const TEXT: u64 = 0x4000;
/// Where what is written begins in the file.
pub const DATA_OFFSET: u64 = 0x8000;
/// Where it begins in memory: one page of the largest kind further.
pub const DATA: u64 = DATA_OFFSET + LARGE_PAGE;
/// Where the words for tests are.
pub const WORDS: u64 = DATA + 0x1000;
const LARGE_PAGE: u64 = 0x400_0000;

pub const GLOBAL: u8 = 1;
pub const WEAK: u8 = 2;
pub const OBJECT: u8 = 1;
pub const FUNCTION: u8 = 2;
pub const THREAD_LOCAL: u8 = 6;
pub const INDIRECT: u8 = 10;

/// Numbers of relocations.
pub const REFLONG: u32 = 1;
pub const REFQUAD: u32 = 2;
pub const RELATIVE: u32 = 17;
pub const GLOB_DAT: u32 = 18;
pub const JUMP_SLOT: u32 = 19;
pub const COPY: u32 = 20;
pub const IRELATIVE: u32 = 21;
pub const DTPMOD64: u32 = 22;
pub const DTPOFF64: u32 = 23;
pub const TPOFF64: u32 = 24;

/// A shared object in the making.
#[derive(Debug, Clone, Default)]
pub struct Library {
    pub soname: Option<&'static str>,
    pub needed: Vec<&'static str>,
    code: Vec<u64>,
    words: Vec<u64>,
    /// Zeros behind the words.
    pub zeros: u64,
    /// Bytes of code that are zeros, behind the code.
    pub padding: u64,
    symbols: Vec<(String, [u8; 2], u16, u64, u64)>,
    relocations: Vec<(u64, u32, u32, u64)>,
    pub tls: Option<(u64, u64, u64, u64)>,
    pub init: Option<u64>,
    pub fini: Option<u64>,
    init_array: Option<(u64, u64)>,
    fini_array: Option<(u64, u64)>,
    pub symbolic: bool,
}

impl Library {
    /// Adds instructions; the result is the address of the first.
    pub fn code(&mut self, lines: &[&str]) -> u64 {
        let start = TEXT + 8 * self.code.len() as u64;
        self.code
            .extend(lines.iter().map(|line| assemble(line).expect(line)));
        start
    }

    /// Adds instructions behind one that puts its own address plus 8 into s1; `{n}` is the distance to word n from there.
    pub fn code_with(&mut self, lines: &[&str], words: &[u64]) -> u64 {
        let start = self.code(&["sic %s1"]);
        for line in lines {
            let mut line = (*line).to_owned();
            for (number, word) in words.iter().enumerate() {
                let distance = *word as i64 - (start as i64 + 8);
                line = line.replace(&format!("{{{number}}}"), &distance.to_string());
            }
            self.code(&[&line]);
        }
        start
    }

    /// Adds a word of memory; the result is its address.
    pub fn word(&mut self, value: u64) -> u64 {
        self.words.push(value);
        WORDS + 8 * (self.words.len() as u64 - 1)
    }

    /// Adds a word that a relocation fills in.
    pub fn slot(&mut self, kind: u32, symbol: u32, addend: u64) -> u64 {
        let word = self.word(0x5555);
        self.relocate(word, kind, symbol, addend);
        word
    }

    pub fn relocate(&mut self, place: u64, kind: u32, symbol: u32, addend: u64) {
        self.relocations.push((place, kind, symbol, addend));
    }

    /// Adds a symbol; the result is its number.
    pub fn symbol(&mut self, name: &str, bind: u8, kind: u8, address: u64) -> u32 {
        self.symbol_with(name, [bind << 4 | kind, 0], 1, address, 8)
    }

    /// Adds a symbol that is elsewhere.
    pub fn undefined(&mut self, name: &str, bind: u8) -> u32 {
        self.symbol_with(name, [bind << 4, 0], 0, 0, 0)
    }

    /// Adds a symbol with its `st_info` and `st_other`, section, value and size.
    pub fn symbol_with(
        &mut self,
        name: &str,
        info: [u8; 2],
        section: u16,
        value: u64,
        size: u64,
    ) -> u32 {
        self.symbols
            .push((name.to_owned(), info, section, value, size));
        self.symbols.len() as u32
    }

    /// Functions to call at the beginning or the end, as words that are relocated.
    pub fn arrays(&mut self, init: &[u64], fini: &[u64]) {
        for (functions, fini) in [(init, false), (fini, true)] {
            let start = WORDS + 8 * self.words.len() as u64;
            for function in functions {
                self.slot(RELATIVE, 0, *function);
            }
            let array = Some((start, 8 * functions.len() as u64));
            if fini {
                self.fini_array = array;
            } else {
                self.init_array = array;
            }
        }
    }

    /// The file.
    pub fn build(&self) -> Vec<u8> {
        let mut strings = vec![0_u8];
        let mut string = |text: &str| {
            let at = strings.len() as u64;
            strings.extend(text.as_bytes());
            strings.push(0);
            at
        };
        let mut symbols = vec![0_u8; 24];
        for (name, info, section, value, size) in &self.symbols {
            symbols.extend((string(name) as u32).to_le_bytes());
            symbols.extend(info);
            symbols.extend(section.to_le_bytes());
            symbols.extend(value.to_le_bytes());
            symbols.extend(size.to_le_bytes());
        }
        let needed: Vec<_> = self.needed.iter().map(|name| string(name)).collect();
        let soname = self.soname.map(&mut string);
        let count = self.symbols.len() as u32 + 1;
        // One bucket: a chain of all symbols.
        let mut hash = Vec::new();
        for word in [1, count, 1, 0].into_iter().chain(2..count).chain([0]) {
            hash.extend(u32::to_le_bytes(word));
        }
        let mut relocations = Vec::new();
        for (place, kind, symbol, addend) in &self.relocations {
            relocations.extend(place.to_le_bytes());
            relocations.extend((u64::from(*symbol) << 32 | u64::from(*kind)).to_le_bytes());
            relocations.extend(addend.to_le_bytes());
        }
        let mut file = vec![0; 64 + 56 * 4];
        let mut add = |bytes: &[u8]| {
            let at = file.len().next_multiple_of(8);
            file.resize(at, 0);
            file.extend(bytes);
            at as u64
        };
        let mut tags: Vec<(u64, u64)> = needed.into_iter().map(|name| (1, name)).collect();
        tags.extend(soname.map(|name| (14, name)));
        tags.extend([
            (4, add(&hash)),
            (5, add(&strings)),
            (6, add(&symbols)),
            (10, strings.len() as u64),
            (11, 24),
            (7, add(&relocations)),
            (8, relocations.len() as u64),
            (9, 24),
        ]);
        tags.extend(self.init.map(|function| (12, function)));
        tags.extend(self.fini.map(|function| (13, function)));
        for (array, tag) in [(self.init_array, 25), (self.fini_array, 26)] {
            tags.extend(array.map(|(address, _)| (tag, address)));
            tags.extend(array.map(|(_, size)| (tag + 2, size)));
        }
        if self.symbolic {
            tags.push((30, 2));
        }
        tags.push((0, 0));
        assert!(file.len() as u64 <= TEXT, "too much for the header");
        file.resize(TEXT as usize, 0);
        let text_size = 8 * self.code.len() as u64 + self.padding;
        // Addresses are the same whatever the padding is, which is a multiple of the largest page.
        let data_offset = DATA_OFFSET + self.padding;
        assert!(self.padding.is_multiple_of(LARGE_PAGE));
        file.extend(self.code.iter().flat_map(|word| word.to_le_bytes()));
        let text_end = TEXT + text_size;
        file.resize(data_offset as usize, 0);
        for (tag, value) in &tags {
            file.extend(tag.to_le_bytes());
            file.extend(value.to_le_bytes());
        }
        file.resize((data_offset + WORDS - DATA) as usize, 0);
        file.extend(self.words.iter().flat_map(|word| word.to_le_bytes()));
        let data = file.len() as u64 - data_offset;

        let mut head = Vec::new();
        head.extend(*b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
        head.extend(3_u16.to_le_bytes());
        head.extend(251_u16.to_le_bytes());
        head.extend(1_u32.to_le_bytes());
        for word in [TEXT, 64, 0] {
            head.extend(word.to_le_bytes());
        }
        head.extend(0_u32.to_le_bytes());
        for half in [64_u16, 56, 3 + u16::from(self.tls.is_some()), 64, 0, 0] {
            head.extend(half.to_le_bytes());
        }
        let size = 16 * tags.len() as u64;
        let mut segments = vec![
            (1, 5, 0, 0, text_end, text_end, LARGE_PAGE),
            (1, 6, data_offset, DATA, data, data + self.zeros, LARGE_PAGE),
            (2, 6, data_offset, DATA, size, size, 8),
        ];
        if let Some((start, filled, size, alignment)) = self.tls {
            let offset = start - DATA + data_offset;
            segments.push((7, 4, offset, start, filled, size, alignment));
        }
        for (kind, flags, offset, start, filled, size, alignment) in segments {
            head.extend(u32::to_le_bytes(kind));
            head.extend(u32::to_le_bytes(flags));
            for word in [offset, start, start, filled, size, alignment] {
                head.extend(u64::to_le_bytes(word));
            }
        }
        file[..head.len()].copy_from_slice(&head);
        file
    }
}
