//! Where a timeline is written: `%p` stands for the process number, `%r` for the rank under MPI,
//! `%%` for `%`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use veo_abi::environment::RANKS;

/// The rank of the program, if it is one of several.
pub(super) fn rank() -> Option<String> {
    let ranks = RANKS.iter().filter_map(|variable| variable.text());
    ranks
        .map(|rank| rank.trim().to_owned())
        // It becomes part of a file's name.
        .find(|rank| !rank.is_empty() && rank.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The path that a pattern means in this process. Without a rank `%r` is 0.
pub(super) fn expand(pattern: &Path, pid: u32, rank: Option<&str>) -> PathBuf {
    let bytes = pattern.as_os_str().as_encoded_bytes();
    let mut path = OsString::with_capacity(bytes.len() + 16);
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        push(&mut path, &rest[..at]);
        let taken = match rest.get(at + 1) {
            Some(b'p') => {
                path.push(pid.to_string());
                2
            }
            Some(b'r') => {
                path.push(rank.unwrap_or("0"));
                2
            }
            Some(b'%') => {
                path.push("%");
                2
            }
            // It stands for itself.
            _ => {
                path.push("%");
                1
            }
        };
        rest = &rest[at + taken..];
    }
    push(&mut path, rest);
    path.into()
}

/// Adds a piece of a path.
#[cfg(unix)]
fn push(path: &mut OsString, piece: &[u8]) {
    use std::os::unix::ffi::OsStrExt;
    path.push(std::ffi::OsStr::from_bytes(piece));
}

#[cfg(not(unix))]
fn push(path: &mut OsString, piece: &[u8]) {
    path.push(&*String::from_utf8_lossy(piece));
}

/// Whether the file gets Chrome's format.
pub(super) fn is_json(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_and_all_else_stays() {
        for (pattern, expected) in [
            ("trace-%p-%r.pftrace", "trace-123-7.pftrace"),
            ("/a%%b/%p%p", "/a%b/123123"),
            ("100%", "100%"),
            ("%x%", "%x%"),
            ("%%p", "%p"),
            ("", ""),
        ] {
            let path = expand(Path::new(pattern), 123, Some("7"));
            assert_eq!(path, Path::new(expected), "{pattern}");
        }
        assert_eq!(expand(Path::new("%r"), 1, None), Path::new("0"));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_need_not_be_utf8() {
        use std::os::unix::ffi::{OsStrExt, OsStringExt};
        let pattern = OsString::from_vec(b"\xff%p\xfe".to_vec());
        let path = expand(Path::new(&pattern), 5, None);
        assert_eq!(path.as_os_str().as_bytes(), b"\xff5\xfe");
    }

    #[test]
    fn the_end_of_the_name_chooses_the_format() {
        assert!(is_json(Path::new("a.json")) && is_json(Path::new("a.JSON")));
        assert!(!is_json(Path::new("a.pftrace")) && !is_json(Path::new("json")));
    }
}
