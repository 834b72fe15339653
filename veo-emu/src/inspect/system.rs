//! Finds the emulated VE processes of this user among the processes of the system.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{SeenProcess, files};
use crate::shared::handshake::{ARGUMENT, NAME};

/// The content of `/proc/PID/stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    started: u64,
}

pub(super) fn processes() -> io::Result<Vec<SeenProcess>> {
    // SAFETY: geteuid cannot fail.
    let user = unsafe { libc::geteuid() };
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = number(&entry.file_name().to_string_lossy()) else {
            continue;
        };
        let directory = entry.path();
        // A process that has ended meanwhile has no directory any more.
        if fs::metadata(&directory).is_ok_and(|file| file.uid() == user) {
            found.extend(process(&directory, pid));
        }
    }
    found.sort_by_key(|process| process.pid);
    Ok(found)
}

/// The process with this directory, if it is a VE process and still exists after all was read.
fn process(directory: &Path, pid: u32) -> Option<SeenProcess> {
    let comm = fs::read(directory.join("comm")).ok()?;
    if comm.trim_ascii_end() != NAME.to_bytes() {
        return None;
    }
    let program = program(&fs::read(directory.join("cmdline")).ok()?)?;
    let stat = || stat(&fs::read(directory.join("stat")).ok()?);
    // A program gives up its lock on a control page when it closes any descriptor of it.
    let before = stat().filter(|stat| stat.parent != std::process::id())?;
    let status = fs::read_to_string(directory.join("status")).ok()?;
    let shared = files::shared(directory, own_number(&status).unwrap_or(pid));
    // By now the number may belong to another process.
    (stat() == Some(before)).then_some(SeenProcess {
        pid,
        host: before.parent,
        started: before.started,
        program,
        shared,
    })
}

/// A number as the system writes it.
fn number(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    text.parse().ok()
}

/// The program's own name, if this is the command line of a VE process.
fn program(line: &[u8]) -> Option<OsString> {
    let name = line.split(|byte| *byte == 0).next()?;
    let name = name.strip_suffix(ARGUMENT.as_bytes())?;
    Some(OsString::from_vec(name.to_owned()))
}

/// The number of a process in its own name space, by which its host knows it.
fn own_number(status: &str) -> Option<u32> {
    let numbers = status
        .lines()
        .find_map(|line| line.strip_prefix("NSpid:"))?;
    number(numbers.split_whitespace().last()?)
}

fn stat(line: &[u8]) -> Option<Stat> {
    // The name, in parentheses, may have any character.
    let end = line.iter().rposition(|byte| *byte == b')')?;
    let rest = str::from_utf8(line.get(end + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    Some(Stat {
        parent: fields.nth(1)?.parse().ok()?,
        // Field 22; the state is field 3.
        started: fields.nth(17)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_the_rest_of_its_line() {
        let line = b"42 (a) S 1 2) R 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 3 0 123456 9 9";
        let told = Stat {
            parent: 7,
            started: 123_456,
        };
        assert_eq!(stat(line), Some(told));
        for broken in [
            &b""[..],
            b"42 (a",
            b"42 (a)",
            b"42 (a) R x",
            b"1 (\xff) R 1 2",
        ] {
            assert_eq!(stat(broken), None);
        }
    }

    #[test]
    fn names_of_programs() {
        assert_eq!(program(b"/a b (veorun)\0"), Some("/a b".into()));
        assert_eq!(program(b"/a\0(veorun)\0"), None);
        assert_eq!(program(b""), None);
        assert_eq!(own_number("Pid:\t9\nNSpid:\t900\t9\n"), Some(9));
        assert_eq!(own_number("NSpid:\n"), None);
    }
}
