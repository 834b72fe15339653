//! What a library file says of itself: its symbols, what it is made for.

use std::path::Path;

use crate::backend::Api;

/// Symbols of the library whose names resemble `name`, best first.
pub(crate) fn similar(path: &Path, name: &str) -> Vec<String> {
    let Ok(bytes) = std::fs::read(path) else {
        return Vec::new();
    };
    nearest(name, elf::functions(&bytes).unwrap_or_default())
}

/// Why the library cannot be loaded, as far as its header tells.
pub(crate) fn why_not_loadable(path: &Path, api: &Api) -> Option<String> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return Some(error.to_string()),
    };
    match elf::machine(&bytes) {
        None => Some("it is not an ELF library".into()),
        Some(elf::VE) => None,
        Some(machine) if api.is_libveo() => Some(format!(
            "it is for another machine (ELF machine number {machine}), not the Vector Engine"
        )),
        Some(_) => None,
    }
}

/// At most three names, those that a misspelling, a missing underscore or another
/// case would explain.
fn nearest(name: &str, candidates: Vec<String>) -> Vec<String> {
    let plain = |text: &str| text.trim_matches('_').to_lowercase();
    let wanted = plain(name);
    let limit = (wanted.len() / 2).clamp(1, 3);
    let mut ranked: Vec<(usize, String)> = candidates
        .into_iter()
        .filter(|candidate| candidate != name)
        .filter_map(|candidate| {
            let other = plain(&candidate);
            let mangled = candidate.starts_with("_Z") && !name.starts_with("_Z");
            let distance = if mangled && other.contains(&format!("{}{wanted}", wanted.len())) {
                // A C++ function that lacks `extern "C"`.
                0
            } else {
                distance(&wanted, &other)
            };
            (distance <= limit).then_some((distance, candidate))
        })
        .collect();
    ranked.sort();
    ranked.dedup();
    ranked.into_iter().take(3).map(|(_, name)| name).collect()
}

/// The edit distance of two names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

/// As much of ELF as is needed here, for little-endian files of 64 bits.
mod elf {
    /// The Vector Engine.
    pub(super) const VE: u16 = 251;

    fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
        bytes.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    fn half(bytes: &[u8], at: usize) -> Option<u16> {
        number(bytes, at).map(u16::from_le_bytes)
    }

    fn word(bytes: &[u8], at: usize) -> Option<u32> {
        number(bytes, at).map(u32::from_le_bytes)
    }

    fn address(bytes: &[u8], at: usize) -> Option<usize> {
        usize::try_from(u64::from_le_bytes(number(bytes, at)?)).ok()
    }

    fn is_elf(bytes: &[u8]) -> bool {
        bytes.starts_with(b"\x7fELF\x02\x01")
    }

    /// The machine number of an ELF file.
    pub(super) fn machine(bytes: &[u8]) -> Option<u16> {
        is_elf(bytes).then(|| half(bytes, 18)).flatten()
    }

    /// The names of the functions that a library offers.
    pub(super) fn functions(bytes: &[u8]) -> Option<Vec<String>> {
        const DYNSYM: u32 = 11;
        const FUNCTION: u8 = 2;
        if !is_elf(bytes) {
            return None;
        }
        let (headers, size, count) = (
            address(bytes, 40)?,
            usize::from(half(bytes, 58)?),
            usize::from(half(bytes, 60)?),
        );
        let section = |index: usize| headers.checked_add(index.checked_mul(size)?);
        let mut names = Vec::new();
        for index in 0..count {
            let header = section(index)?;
            if word(bytes, header.checked_add(4)?)? != DYNSYM {
                continue;
            }
            let (start, length) = (address(bytes, header + 24)?, address(bytes, header + 32)?);
            let link = section(word(bytes, header + 40)? as usize)?;
            let (strings, strings_length) =
                (address(bytes, link + 24)?, address(bytes, link + 32)?);
            let strings = bytes.get(strings..strings.checked_add(strings_length)?)?;
            let symbols = bytes.get(start..start.checked_add(length)?)?;
            for symbol in symbols.chunks_exact(24) {
                let defined = half(symbol, 6)? != 0;
                if !defined || symbol[4] & 15 != FUNCTION {
                    continue;
                }
                let name = strings.get(word(symbol, 0)? as usize..)?;
                let name = name.split(|b| *b == 0).next()?;
                names.push(String::from_utf8_lossy(name).into_owned());
            }
        }
        Some(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(name: &str, candidates: &[&str]) -> Vec<String> {
        nearest(name, candidates.iter().map(|c| (*c).to_owned()).collect())
    }

    #[test]
    fn misspellings_are_recognised() {
        let candidates = ["axpy_", "dot", "gemv", "sum_squares"];
        assert_eq!(near("axpy", &candidates), ["axpy_"]);
        assert_eq!(near("DOT", &candidates), ["dot"]);
        assert_eq!(near("gevm", &candidates), ["gemv"]);
        assert!(near("scale", &["_Z7rescalei"]).is_empty());
        assert_eq!(near("scaled", &["_Z6scaledi"]), ["_Z6scaledi"]);
        assert_eq!(
            near("completely_different", &candidates),
            Vec::<String>::new()
        );
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }

    #[test]
    fn damaged_files_are_no_trouble() {
        let Ok(mut bytes) = std::fs::read("/proc/self/exe") else {
            return;
        };
        bytes.truncate(1 << 16);
        for at in (0..bytes.len()).step_by(97) {
            bytes[at] ^= 0xff;
            let _ = elf::functions(&bytes);
        }
        assert_eq!(elf::functions(b"text"), None);
        assert_eq!(elf::machine(b"\x7fELF\x02\x01"), None);
    }
}
