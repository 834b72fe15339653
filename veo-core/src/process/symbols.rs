//! What a library file says of itself: its symbols, what it is made for.

use std::io::Read;
use std::path::Path;

use veo_debuginfo::elf;

use super::loaded::LoadedLibrary;
use super::search;

/// Symbols of the library whose names resemble `name`, best first.
pub(crate) fn similar(library: &LoadedLibrary, name: &str) -> Vec<String> {
    let Some(found) = library.prototypes() else {
        return Vec::new();
    };
    let described = found.iter().map(|(symbol, _)| symbol.to_owned());
    let undescribed = found.undescribed().iter().cloned();
    nearest(name, described.chain(undescribed).collect())
}

/// Why the library cannot be loaded, as far as its header tells.
pub(crate) fn why_not_loadable(path: &Path, targets: &[&str]) -> Option<String> {
    // Opening what is no file may never end.
    if std::fs::metadata(path).is_ok_and(|data| !data.is_file()) {
        return Some("it is no regular file".into());
    }
    let mut header = [0; 20];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    match read {
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            return Some(error.to_string());
        }
        Ok(()) if header.starts_with(b"\x7fELF") => {}
        _ => return Some("it is not an ELF library".into()),
    }
    let machine = u16::from_le_bytes([header[18], header[19]]);
    (search::machine(targets) == elf::VE && machine != elf::VE).then(|| {
        format!("it is for another machine (ELF machine number {machine}), not the Vector Engine")
    })
}

/// At most three names, those that a misspelling, a missing underscore or another
/// case would explain.
pub(crate) fn nearest(name: &str, candidates: Vec<String>) -> Vec<String> {
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
}
