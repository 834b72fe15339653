//! What kind of file a library or a veorun is, before anything is asked to load it.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

use crate::error::{Error, Result};

const EM_X86_64: u16 = 62;
const EM_AARCH64: u16 = 183;
const EM_VE: u16 = 251;
const ET_DYN: u16 = 3;
const PT_LOAD: u32 = 1;
const PT_INTERP: u32 = 3;

const HOST: u16 = if cfg!(target_arch = "aarch64") {
    EM_AARCH64
} else {
    EM_X86_64
};

/// The part of an ELF file's headers that matters here.
#[derive(Debug, PartialEq, Eq)]
struct Elf {
    kind: u16,
    machine: u16,
    /// It names a loader, so it is a program.
    program: bool,
    /// The end of the last byte that is loaded from the file.
    end: u64,
}

impl Elf {
    /// Reads the headers. `None`: no 64-bit little-endian ELF file, or its headers are
    /// not all there.
    fn read(file: &mut (impl Read + Seek)) -> Option<Elf> {
        let mut header = [0u8; 64];
        file.read_exact(&mut header).ok()?;
        if header[..6] != *b"\x7fELF\x02\x01" {
            return None;
        }
        let (table, size, count) = (long(&header, 32), short(&header, 54), short(&header, 56));
        if size != 56 {
            return None;
        }
        file.seek(SeekFrom::Start(table)).ok()?;
        let mut elf = Elf {
            kind: short(&header, 16),
            machine: short(&header, 18),
            program: false,
            end: 0,
        };
        for _ in 0..count {
            let mut entry = [0u8; 56];
            file.read_exact(&mut entry).ok()?;
            match u32::from_le_bytes(entry[..4].try_into().ok()?) {
                PT_LOAD => {
                    let end = long(&entry, 8).checked_add(long(&entry, 32))?;
                    elf.end = elf.end.max(end);
                }
                PT_INTERP => elf.program = true,
                _ => {}
            }
        }
        Some(elf)
    }
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

/// Refuses a library that cannot run here or is not whole: the loader would map it
/// and die. A bare name is left to the loader's search.
pub(crate) fn check(path: &str) -> Result<()> {
    if !path.contains('/') {
        return Ok(());
    }
    // What is no file may have an open wait for ever.
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .map_err(|error| Error::io(format!("library {path} cannot be opened"), &error))?;
    let refuse = |why: String| Err(Error::new(libc::ENOEXEC, format!("library {path} {why}")));
    let Some(data) = file.metadata().ok().filter(Metadata::is_file) else {
        return refuse("is no regular file".into());
    };
    let len = data.len();
    let Some(elf) = Elf::read(&mut file) else {
        return refuse("is no 64-bit ELF file, or is damaged".into());
    };
    match elf.machine {
        HOST => {}
        EM_VE => {
            return refuse(
                "is VE machine code, which the emulator cannot run; \
                 build the kernels for the host as well"
                    .into(),
            );
        }
        machine => {
            return refuse(format!("is for another machine (ELF machine number {machine})"));
        }
    }
    if elf.kind != ET_DYN {
        return refuse("is no shared library; link it with -shared".into());
    }
    if elf.end > len {
        return refuse(format!("is cut short: {len} bytes of at least {}", elf.end));
    }
    Ok(())
}

/// Reads what may be an ELF file, and does nothing with it.
#[cfg(any(test, fuzzing))]
pub(crate) fn look(file: &mut (impl Read + Seek)) {
    let _ = Elf::read(file);
}

/// Whether the file is a shared library and no program: a veorun image, which a VE
/// process loads and serves as library 0.
pub(crate) fn is_image(path: &str) -> bool {
    File::open(path)
        .ok()
        .and_then(|mut file| Elf::read(&mut file))
        .is_some_and(|elf| elf.kind == ET_DYN && !elf.program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn damaged_headers_are_no_elf_file() {
        let own = std::fs::read("/proc/self/exe").unwrap();
        let whole = Elf::read(&mut Cursor::new(&own[..])).unwrap();
        assert_eq!((whole.machine, whole.program), (HOST, true));
        assert!(whole.end > 0 && whole.end <= own.len() as u64);
        for len in 0..64 {
            assert_eq!(Elf::read(&mut Cursor::new(&own[..len])), None);
        }
        // Any byte of the headers may be anything: an answer or none, never a panic.
        for at in 0..64 + 56 * 8 {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = own[..4096].to_vec();
                damaged[at] = value;
                let _ = Elf::read(&mut Cursor::new(&damaged[..]));
            }
        }
    }
}
