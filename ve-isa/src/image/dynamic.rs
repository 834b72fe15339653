//! The dynamic section of a shared object, and the tables that it names.

use object::LittleEndian;
use object::elf::{Rela64, Sym64};

/// Tags of the dynamic section.
mod tag {
    pub(super) const NULL: u64 = 0;
    pub(super) const NEEDED: u64 = 1;
    pub(super) const PLTRELSZ: u64 = 2;
    pub(super) const HASH: u64 = 4;
    pub(super) const STRTAB: u64 = 5;
    pub(super) const SYMTAB: u64 = 6;
    pub(super) const RELA: u64 = 7;
    pub(super) const RELASZ: u64 = 8;
    pub(super) const RELAENT: u64 = 9;
    pub(super) const STRSZ: u64 = 10;
    pub(super) const SYMENT: u64 = 11;
    pub(super) const INIT: u64 = 12;
    pub(super) const FINI: u64 = 13;
    pub(super) const SONAME: u64 = 14;
    pub(super) const SYMBOLIC: u64 = 16;
    pub(super) const REL: u64 = 17;
    pub(super) const PLTREL: u64 = 20;
    pub(super) const TEXTREL: u64 = 22;
    pub(super) const JMPREL: u64 = 23;
    pub(super) const INIT_ARRAY: u64 = 25;
    pub(super) const FINI_ARRAY: u64 = 26;
    pub(super) const INIT_ARRAYSZ: u64 = 27;
    pub(super) const FINI_ARRAYSZ: u64 = 28;
    pub(super) const FLAGS: u64 = 30;
    pub(super) const RELR: u64 = 36;
    pub(super) const GNU_HASH: u64 = 0x6fff_fef5;
    pub(super) const VERSYM: u64 = 0x6fff_fff0;
}

/// A flag: the object's own definitions come first for itself.
const FLAG_SYMBOLIC: u64 = 2;
/// A flag: relocations are in memory that is not writable otherwise.
const FLAG_TEXTREL: u64 = 4;

/// A bit in the version of a symbol: no name without a version leads to it.
const VERSION_HIDDEN: u16 = 0x8000;

pub(super) type ElfSymbol = Sym64<LittleEndian>;
pub(super) type ElfRela = Rela64<LittleEndian>;

/// The content of the dynamic section.
#[derive(Debug, Default)]
pub(super) struct Dynamic {
    pub(super) needed: Vec<String>,
    pub(super) soname: Option<String>,
    pub(super) symbols: Vec<ElfSymbol>,
    /// The symbols that names without a version do not lead to.
    hidden: Vec<bool>,
    strings: Vec<u8>,
    pub(super) relocations: Vec<ElfRela>,
    pub(super) init: Option<u64>,
    pub(super) fini: Option<u64>,
    /// Addresses and lengths.
    pub(super) init_array: (u64, u64),
    pub(super) fini_array: (u64, u64),
    /// Its own definitions come first for itself.
    pub(super) symbolic: bool,
    /// There are relocations in what is not written otherwise.
    pub(super) text_relocations: bool,
}

impl Dynamic {
    /// Reads it. `read` gives bytes at an address, of those that the file has.
    pub(super) fn parse(
        section: (u64, u64),
        read: &dyn Fn(u64, u64) -> Option<Vec<u8>>,
    ) -> Result<Self, String> {
        let get = |what: &str, address: u64, length: u64| {
            read(address, length).ok_or_else(|| {
                format!("its {what}, {length} bytes at {address:#x}, does not lie in a segment of the file")
            })
        };
        let entries = get("dynamic section", section.0, section.1)?;
        let (mut needed, mut soname, mut of) = (Vec::new(), None, Tags::default());
        let mut new = Self::default();
        for entry in entries.chunks_exact(16) {
            let (tag, value) = (word(entry, 0), word(entry, 8));
            match tag {
                tag::NULL => break,
                tag::NEEDED => needed.push(value),
                tag::SONAME => soname = Some(value),
                tag::HASH => of.hash = Some(value),
                tag::GNU_HASH => of.gnu_hash = Some(value),
                tag::STRTAB => of.strings.0 = value,
                tag::STRSZ => of.strings.1 = value,
                tag::SYMTAB => of.symbols = Some(value),
                tag::VERSYM => of.versions = Some(value),
                tag::RELA => of.relocations.0 = value,
                tag::RELASZ => of.relocations.1 = value,
                tag::JMPREL => of.jumps.0 = value,
                tag::PLTRELSZ => of.jumps.1 = value,
                tag::SYMENT => entry_size("symbols", value)?,
                tag::RELAENT => entry_size("relocations", value)?,
                tag::PLTREL if value != tag::RELA => {
                    return Err("its jump slots have relocations without addends".into());
                }
                tag::REL | tag::RELR => {
                    return Err(
                        "it has relocations without addends, which the Vector Engine does not use"
                            .into(),
                    );
                }
                tag::INIT if value != 0 => new.init = Some(value),
                tag::FINI if value != 0 => new.fini = Some(value),
                tag::INIT_ARRAY => new.init_array.0 = value,
                tag::INIT_ARRAYSZ => new.init_array.1 = value,
                tag::FINI_ARRAY => new.fini_array.0 = value,
                tag::FINI_ARRAYSZ => new.fini_array.1 = value,
                tag::SYMBOLIC => new.symbolic = true,
                tag::TEXTREL => new.text_relocations = true,
                tag::FLAGS => {
                    new.symbolic |= value & FLAG_SYMBOLIC != 0;
                    new.text_relocations |= value & FLAG_TEXTREL != 0;
                }
                _ => {}
            }
        }
        if of.strings.1 > 0 {
            new.strings = get("string table", of.strings.0, of.strings.1)?;
        }
        if let Some(symbols) = of.symbols {
            let count = match (of.hash, of.gnu_hash) {
                (Some(hash), _) => u64::from(half(&get("hash table", hash, 8)?, 4)),
                (None, Some(hash)) => gnu_count(hash, get)?,
                (None, None) => {
                    return Err(
                        "it has no hash table, so nobody knows how many symbols it has".into(),
                    );
                }
            };
            let bytes = get("symbol table", symbols, count.saturating_mul(24))?;
            new.symbols = table(&bytes);
            if let Some(versions) = of.versions {
                let bytes = get("table of versions", versions, 2 * count)?;
                new.hidden = bytes
                    .chunks_exact(2)
                    .map(|pair| {
                        let version = u16::from_le_bytes([pair[0], pair[1]]);
                        version & VERSION_HIDDEN != 0 || version == 0
                    })
                    .collect();
            }
        }
        // In some files the relocations of jump slots are part of the others.
        let (start, end) = (
            of.relocations.0,
            of.relocations.0.wrapping_add(of.relocations.1),
        );
        for (what, (address, length)) in [
            ("relocation table", of.relocations),
            ("table of jump slots", of.jumps),
        ] {
            let again = what != "relocation table"
                && address >= start
                && address.wrapping_add(length) <= end;
            if length == 0 || again {
                continue;
            }
            if !length.is_multiple_of(24) {
                return Err(format!("its {what} ends within an entry"));
            }
            new.relocations
                .extend(table::<ElfRela>(&get(what, address, length)?));
        }
        new.needed = needed
            .into_iter()
            .map(|name| new.string(name))
            .collect::<Result<_, _>>()?;
        new.soname = soname.map(|name| new.string(name)).transpose()?;
        Ok(new)
    }

    /// The string that begins there in the string table.
    fn string(&self, offset: u64) -> Result<String, String> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.strings.get(offset..));
        let end = rest.and_then(|rest| rest.iter().position(|byte| *byte == 0));
        match (rest, end) {
            (Some(rest), Some(end)) => Ok(String::from_utf8_lossy(&rest[..end]).into_owned()),
            _ => Err(format!(
                "a name is at {offset:#x} of its string table, which has {} bytes",
                self.strings.len()
            )),
        }
    }

    /// The name of a symbol.
    pub(super) fn name(&self, symbol: &ElfSymbol) -> Result<String, String> {
        self.string(u64::from(symbol.st_name.get(LittleEndian)))
    }

    /// Whether names without a version do not lead to this symbol.
    pub(super) fn is_hidden(&self, index: usize) -> bool {
        self.hidden.get(index).copied().unwrap_or(false)
    }
}

/// The places of tables.
#[derive(Debug, Default)]
struct Tags {
    hash: Option<u64>,
    gnu_hash: Option<u64>,
    symbols: Option<u64>,
    versions: Option<u64>,
    strings: (u64, u64),
    relocations: (u64, u64),
    jumps: (u64, u64),
}

fn entry_size(what: &str, size: u64) -> Result<(), String> {
    if size == 24 {
        Ok(())
    } else {
        Err(format!("its {what} are {size} bytes each, not 24"))
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

fn half(bytes: &[u8], at: usize) -> u32 {
    let mut half = [0; 4];
    half.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(half)
}

/// The entries of a table, as many as there are whole.
fn table<T: object::pod::Pod + Copy>(bytes: &[u8]) -> Vec<T> {
    let count = bytes.len() / size_of::<T>();
    object::slice_from_bytes(bytes, count)
        .map(|(entries, _)| entries.to_vec())
        .unwrap_or_default()
}

/// How many symbols there are, by a hash table of the newer kind: one more than the last of the longest chain.
fn gnu_count(
    hash: u64,
    get: impl Fn(&str, u64, u64) -> Result<Vec<u8>, String>,
) -> Result<u64, String> {
    let what = "hash table";
    let header = get(what, hash, 16)?;
    let (buckets, first, words) = (half(&header, 0), half(&header, 4), half(&header, 8));
    let start = hash.wrapping_add(16).wrapping_add(8 * u64::from(words));
    let table = get(what, start, 4 * u64::from(buckets))?;
    let Some(last) = table
        .chunks_exact(4)
        .map(|bucket| half(bucket, 0))
        .filter(|bucket| *bucket >= first)
        .max()
    else {
        return Ok(u64::from(first));
    };
    let chains = start.wrapping_add(4 * u64::from(buckets));
    let mut index = u64::from(last);
    // The last of a chain has an odd hash. A table without one ends outside of the file.
    loop {
        let entry = chains.wrapping_add(4 * (index - u64::from(first)));
        index += 1;
        if half(&get(what, entry, 4)?, 0) & 1 == 1 {
            return Ok(index);
        }
    }
}
