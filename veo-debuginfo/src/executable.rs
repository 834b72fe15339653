//! The files that processes have mapped, that of the running program first of all. This is what reads /proc/PID/maps.
//!
//! `/proc/self/exe` names another file if a loader, valgrind or an emulator started the program.
//! The program's path may name another file by now. So the file is found by its mapping: the
//! program's headers are mapped from it.

use std::collections::BTreeSet;
use std::ffi::{OsStr, c_int, c_void};
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{fs, io, ptr};

/// A file that is mapped into a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// Its path when it was mapped. The path may name another file now.
    pub path: PathBuf,
    device: (u32, u32),
    inode: u64,
}

impl Mapped {
    /// The file that is mapped at `address`, if there is one.
    ///
    /// # Errors
    ///
    /// /proc cannot be read.
    pub fn at(address: usize) -> io::Result<Option<Mapped>> {
        // Paths are bytes.
        let maps = fs::read("/proc/self/maps")?;
        let mut lines = maps.split(|byte| *byte == b'\n').filter_map(parse);
        Ok(lines
            .find(|(range, _)| range.contains(&address))
            .map(|(_, mapped)| mapped))
    }

    /// The paths of the files that process `pid` has mapped, each once.
    ///
    /// # Errors
    ///
    /// /proc cannot be read, or there is no such process.
    pub fn paths_in(pid: libc::pid_t) -> io::Result<BTreeSet<PathBuf>> {
        let maps = fs::read(format!("/proc/{pid}/maps"))?;
        let lines = maps.split(|byte| *byte == b'\n').filter_map(parse);
        Ok(lines.map(|(_, mapped)| mapped.path).collect())
    }

    /// The file of the running program itself.
    ///
    /// # Errors
    ///
    /// As [`at`](Mapped::at).
    pub fn program() -> io::Result<Option<Mapped>> {
        // The answer never changes, and a large program has many mappings to read.
        static PROGRAM: OnceLock<Mapped> = OnceLock::new();
        if let Some(known) = PROGRAM.get() {
            return Ok(Some(known.clone()));
        }
        let found = Mapped::at(program_headers())?;
        Ok(found.map(|mapped| PROGRAM.get_or_init(|| mapped).clone()))
    }

    /// Opens the file for execution, by any path that still names it.
    /// `None` if it was deleted or replaced by another file.
    ///
    /// # Errors
    ///
    /// No descriptor is left.
    pub fn open(&self) -> io::Result<Option<OwnedFd>> {
        for name in [Path::new("/proc/self/exe"), &self.path] {
            let mut options = fs::OpenOptions::new();
            // O_PATH opens only the name, so the file may be of any kind or unreadable.
            match options.read(true).custom_flags(libc::O_PATH).open(name) {
                Ok(file) if self.is(&file) => return Ok(Some(file.into())),
                Err(error) if no_descriptor(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Whether this file is mapped here.
    #[must_use]
    pub fn is(&self, file: &fs::File) -> bool {
        let Ok(data) = file.metadata() else {
            return false;
        };
        let device = (libc::major(data.dev()), libc::minor(data.dev()));
        if (device, data.ino()) == (self.device, self.inode) {
            return true;
        }
        // Layered file systems report other numbers for a mapping than for a file.
        let name = format!("/proc/self/fd/{}", file.as_raw_fd());
        data.is_file()
            && mapped_anew(&name)
                .is_some_and(|again| (again.device, again.inode) == (self.device, self.inode))
    }
}

/// Whether an error means that no more descriptors are available.
#[must_use]
pub fn no_descriptor(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// Maps the file and gives the numbers that the system reports for the mapping.
fn mapped_anew(name: &str) -> Option<Mapped> {
    const LEN: usize = 1;
    let file = fs::File::open(name).ok()?;
    // SAFETY: the system chooses a free place, which nothing else knows.
    let place = unsafe {
        let (protection, flags) = (libc::PROT_READ, libc::MAP_PRIVATE);
        libc::mmap(ptr::null_mut(), LEN, protection, flags, file.as_raw_fd(), 0)
    };
    if place == libc::MAP_FAILED {
        return None;
    }
    let mapped = Mapped::at(place as usize).ok().flatten();
    // SAFETY: the mapping was made above, and nothing refers to it.
    unsafe { libc::munmap(place, LEN) };
    mapped
}

/// Reads a line of /proc/PID/maps, if its mapping is of a file: `start-end access offset major:minor inode path`.
fn parse(line: &[u8]) -> Option<(Range<usize>, Mapped)> {
    let mut rest = line;
    let mut word = || {
        rest = rest.trim_ascii_start();
        let end = rest
            .iter()
            .position(|byte| *byte == b' ')
            .unwrap_or(rest.len());
        let word = &rest[..end];
        rest = &rest[end..];
        std::str::from_utf8(word).ok()
    };
    let (start, end) = word()?.split_once('-')?;
    let bound = |text| usize::from_str_radix(text, 16).ok();
    let range = bound(start)?..bound(end)?;
    let (_access, _offset) = (word()?, word()?);
    let (major, minor) = word()?.split_once(':')?;
    let number = |text| u32::from_str_radix(text, 16).ok();
    let device = (number(major)?, number(minor)?);
    let inode = word()?.parse().ok()?;
    let path = rest.trim_ascii_start();
    // Memory without a file has none, or a name in brackets.
    path.starts_with(b"/").then(|| {
        let path = unescape(path);
        let mapped = Mapped {
            path,
            device,
            inode,
        };
        (range, mapped)
    })
}

/// The system escapes only the end of a line, as an octal number.
fn unescape(mut path: &[u8]) -> PathBuf {
    const NEWLINE: &[u8] = b"\\012";
    let mut bytes = Vec::with_capacity(path.len());
    while let Some((first, rest)) = path.split_first() {
        if let Some(rest) = path.strip_prefix(NEWLINE) {
            bytes.push(b'\n');
            path = rest;
        } else {
            bytes.push(*first);
            path = rest;
        }
    }
    PathBuf::from(OsStr::from_bytes(&bytes))
}

/// The address of the program's headers in memory. 0 if the loader does not report it.
fn program_headers() -> usize {
    let mut found = 0usize;
    // SAFETY: the callback gets `found`, which outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(first), (&raw mut found).cast()) };
    found
}

unsafe extern "C" fn first(
    info: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    found: *mut c_void,
) -> c_int {
    // SAFETY: the loader passes a valid description, `program_headers` a number.
    unsafe { *found.cast::<usize>() = (*info).dlpi_phdr as usize };
    // The program comes first; stop here.
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_is_found() {
        let program = Mapped::program().unwrap().unwrap();
        assert_eq!(program.path, std::env::current_exe().unwrap());
        let file = program.open().unwrap().unwrap();
        let opened = fs::File::from(file).metadata().unwrap();
        let named = fs::metadata(&program.path).unwrap();
        assert_eq!((opened.dev(), opened.ino()), (named.dev(), named.ino()));
    }

    #[test]
    fn the_files_of_a_process_are_listed() {
        let own = std::process::id() as libc::pid_t;
        let paths = Mapped::paths_in(own).unwrap();
        assert!(paths.contains(&std::env::current_exe().unwrap()));
        assert!(paths.iter().all(|path| path.is_absolute()));
        assert!(Mapped::paths_in(libc::pid_t::MAX).is_err());
    }

    #[test]
    fn another_file_under_the_name_is_not_opened() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("with space\nand line");
        fs::write(&path, "something").unwrap();
        let mapped = mapped_anew(path.to_str().unwrap()).unwrap();
        assert_eq!(mapped.path, path);
        assert!(mapped.open().unwrap().is_some());
        fs::rename(&path, directory.path().join("old")).unwrap();
        assert!(mapped.open().unwrap().is_none());
        fs::write(&path, "something").unwrap();
        assert!(mapped.open().unwrap().is_none());
    }

    #[test]
    fn lines_are_read_as_the_system_writes_them() {
        let line =
            b"7f00-7fff r-xp 00001000 fe:01 1234                       /a b/c\\012d (deleted)";
        let (range, mapped) = parse(line).unwrap();
        assert_eq!(range, 0x7f00..0x7fff);
        assert_eq!(mapped.path, Path::new("/a b/c\nd (deleted)"));
        assert_eq!((mapped.device, mapped.inode), ((0xfe, 1), 1234));
        assert_eq!(parse(b"7f00-7fff rw-p 00000000 00:00 0 "), None);
        assert_eq!(parse(b"7f00-7fff rw-p 00000000 00:00 0     [stack]"), None);
    }
}
