//! VE processes on cards. NEC's library starts its own program, `aveorun`, for each, which the system lists like any other. The
//! system does not know what it does on the card.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use veo_abi::environment::VE_NODE_NUMBER;

use super::SeenRow;

/// The beginning of the name of the program that NEC's library starts.
const VEORUN: &str = "aveorun";

pub(super) fn rows() -> io::Result<Vec<SeenRow>> {
    let user = fs::metadata("/proc/self")?.uid();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let directory = entry.path();
        // A process that has ended meanwhile has no directory any more.
        if fs::metadata(&directory).is_ok_and(|file| file.uid() == user) {
            found.extend(row(&directory, pid));
        }
    }
    Ok(found)
}

fn row(directory: &Path, pid: u32) -> Option<SeenRow> {
    let line = fs::read(directory.join("cmdline")).ok()?;
    if !is_veorun(&line) {
        return None;
    }
    let status = fs::read_to_string(directory.join("status")).ok()?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    let host: u32 = parent.trim().parse().ok()?;
    let program = fs::read(format!("/proc/{host}/cmdline")).unwrap_or_default();
    let environment = fs::read(directory.join("environ")).unwrap_or_default();
    Some(SeenRow {
        node: node(&environment),
        backend: "libveo",
        pid,
        host,
        program: String::from_utf8_lossy(first(&program)).into_owned(),
        contexts: None,
        requests: None,
        requests_per_second: None,
        to_ve: None,
        to_host: None,
        to_ve_per_second: None,
        to_host_per_second: None,
        memory: None,
        capacity: None,
        started: 0,
    })
}

fn first(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Whether one of the arguments is a path of NEC's program. The first may be a program that runs it.
fn is_veorun(line: &[u8]) -> bool {
    line.split(|byte| *byte == 0).any(|argument| {
        let name = argument.rsplit(|byte| *byte == b'/').next();
        argument.starts_with(b"/") && name.is_some_and(|name| name.starts_with(VEORUN.as_bytes()))
    })
}

/// The node that a process was started on.
fn node(environment: &[u8]) -> Option<u32> {
    let mut variables = environment.split(|byte| *byte == 0);
    let name = VE_NODE_NUMBER.name().as_bytes();
    let value = variables.find_map(|it| it.strip_prefix(name)?.strip_prefix(b"="))?;
    str::from_utf8(value).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn necs_program_is_known_by_its_path() {
        assert!(is_veorun(
            b"/opt/nec/ve/bin/ve_exec\0--\0/opt/nec/ve/veos/libexec/aveorun_ve1\0"
        ));
        assert!(is_veorun(b"/opt/nec/ve/veos/libexec/aveorun_ve3\0"));
        for other in [
            &b""[..],
            b"grep\0aveorun\0",
            b"/usr/bin/less\0/a/veorun\0",
            b"/a/aveorun/b\0",
        ] {
            assert!(!is_veorun(other));
        }
    }

    #[test]
    fn the_node_is_in_the_environment() {
        assert_eq!(node(b"A=1\0VE_NODE_NUMBER=3\0B=2\0"), Some(3));
        assert_eq!(node(b"XVE_NODE_NUMBER=3\0"), None);
        assert_eq!(node(b"VE_NODE_NUMBER=-1\0"), None);
    }
}
