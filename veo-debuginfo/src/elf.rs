//! The headers of ELF files: the machine of a file, and whether it is a complete library.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// The machine number of x86-64.
pub const X86_64: u16 = 62;
/// The machine number of AArch64.
pub const AARCH64: u16 = 183;
/// The machine number of NEC's Vector Engine.
pub const VE: u16 = 251;
/// The machine number of the machine this was compiled for.
pub const HOST: u16 = if cfg!(target_arch = "aarch64") {
    AARCH64
} else {
    X86_64
};

/// The machine number of a processor, given as the first word of a Rust target. `None` if its
/// files are not 64-bit, or if it is unknown.
#[must_use]
pub fn machine_of(processor: &str) -> Option<u16> {
    Some(match processor {
        "x86_64" => X86_64,
        "aarch64" => AARCH64,
        "riscv64gc" => 243,
        "loongarch64" => 258,
        _ => return None,
    })
}

const RELOCATABLE: u16 = 1;
const SHARED: u16 = 3;
const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const INTERPRETER: u32 = 3;

/// The headers of a 64-bit little-endian ELF file, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers {
    /// Its machine number.
    pub machine: u16,
    /// Flags whose meaning depends on the machine.
    pub flags: u32,
    /// It is a shared library or a position-independent program.
    pub shared: bool,
    /// It is a relocatable object.
    pub relocatable: bool,
    /// It is a program, since it names a loader.
    pub program: bool,
    /// The end of the last byte that is loaded from the file.
    pub end: u64,
}

impl Headers {
    /// Reads the headers. `None` if the file is not a 64-bit little-endian ELF file, or if its
    /// headers are incomplete.
    pub fn read(file: &mut (impl Read + Seek)) -> Option<Headers> {
        let (header, entries) = read(file)?;
        let mut headers = Headers {
            machine: short(&header, 18),
            flags: word(&header, 48),
            shared: short(&header, 16) == SHARED,
            relocatable: short(&header, 16) == RELOCATABLE,
            program: false,
            end: 0,
        };
        for entry in entries {
            match word(&entry, 0) {
                LOAD => {
                    let end = long(&entry, 8).checked_add(long(&entry, 32))?;
                    headers.end = headers.end.max(end);
                }
                INTERPRETER => headers.program = true,
                _ => {}
            }
        }
        Some(headers)
    }
}

/// The header of a file and the entries of its table of segments.
fn read(file: &mut (impl Read + Seek)) -> Option<([u8; 64], Vec<[u8; 56]>)> {
    let mut header = [0u8; 64];
    file.read_exact(&mut header).ok()?;
    if header[..6] != *b"\x7fELF\x02\x01" {
        return None;
    }
    let (table, size, count) = (long(&header, 32), short(&header, 54), short(&header, 56));
    // Relocatable objects have no segments and a segment size of 0.
    if size != 56 && count > 0 {
        return None;
    }
    file.seek(SeekFrom::Start(table)).ok()?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let mut entry = [0u8; 56];
        file.read_exact(&mut entry).ok()?;
        entries.push(entry);
    }
    Some((header, entries))
}

/// Where the parts of a file that are loaded lie.
pub(crate) struct LoadSegments {
    /// Address, offset in the file and length in the file of each.
    loaded: Vec<[u64; 3]>,
    /// Offset and length of the dynamic table.
    pub(crate) dynamic: Option<(u64, u64)>,
}

impl LoadSegments {
    pub(crate) fn read(file: &mut (impl Read + Seek)) -> Option<LoadSegments> {
        let (_, entries) = read(file)?;
        let mut segments = LoadSegments {
            loaded: Vec::new(),
            dynamic: None,
        };
        for entry in entries {
            let [offset, address, len] = [8, 16, 32].map(|at| long(&entry, at));
            match word(&entry, 0) {
                LOAD => segments.loaded.push([address, offset, len]),
                DYNAMIC => segments.dynamic = Some((offset, len)),
                _ => {}
            }
        }
        Some(segments)
    }

    /// The offset in the file of the byte that is loaded at an address.
    pub(crate) fn offset(&self, at: u64) -> Option<u64> {
        self.loaded.iter().find_map(|[address, offset, len]| {
            let inside = at.checked_sub(*address).filter(|inside| inside < len)?;
            offset.checked_add(inside)
        })
    }
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

pub(crate) fn long(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

/// Opens a file for reading, and gives its metadata. Unlike a plain open, this does not block
/// on a FIFO.
///
/// # Errors
///
/// Those of the system.
pub fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    let data = file.metadata()?;
    Ok((file, data))
}

/// Whether a file is a complete shared library for `machine`.
#[must_use]
pub fn is_library_for(machine: u16, path: &Path) -> bool {
    let Ok((file, data)) = open(path) else {
        return false;
    };
    data.is_file()
        && Headers::read(&mut BufReader::new(file)).is_some_and(|headers| {
            headers.machine == machine && headers.shared && headers.end <= data.len()
        })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn damaged_headers_are_no_elf_file() {
        let own = std::fs::read("/proc/self/exe").unwrap();
        let whole = Headers::read(&mut Cursor::new(&own[..])).unwrap();
        assert_eq!((whole.machine, whole.program), (HOST, true));
        assert!(whole.end > 0 && whole.end <= own.len() as u64);
        for len in 0..64 {
            assert_eq!(Headers::read(&mut Cursor::new(&own[..len])), None);
        }
        // No value of any byte of the headers causes a panic.
        for at in 0..64 + 56 * 8 {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = own[..4096].to_vec();
                damaged[at] = value;
                let _ = Headers::read(&mut Cursor::new(&damaged[..]));
            }
        }
    }

    #[test]
    fn a_relocatable_object_has_no_segments() {
        let mut object = std::fs::read("/proc/self/exe").unwrap();
        object.truncate(64);
        object[16..18].copy_from_slice(&[1, 0]);
        object[54..58].fill(0);
        let headers = Headers::read(&mut Cursor::new(&object[..])).unwrap();
        assert_eq!(
            (headers.machine, headers.shared, headers.end),
            (HOST, false, 0)
        );
        assert!(headers.relocatable);
    }
}
