//! What a library file says of itself: its symbols, what it is made for.

use std::path::Path;

use veo_debuginfo::elf::{self, Headers};

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

/// Why the library cannot be loaded, as far as its headers tell.
pub(crate) fn why_not_loadable(path: &Path, targets: &[&str]) -> Option<String> {
    let (mut file, data) = match elf::open(path) {
        Ok(opened) => opened,
        Err(error) => return Some(error.to_string()),
    };
    if !data.is_file() {
        return Some("it is no regular file".into());
    }
    let Some(Headers { machine, .. }) = Headers::read(&mut file) else {
        return Some("it is not a 64-bit ELF library, or is damaged".into());
    };
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
    fn headers_tell_why_a_library_cannot_be_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("text.so");
        std::fs::write(&text, "int f(void);").unwrap();
        let why = |path: &Path, target| why_not_loadable(path, &[target]).unwrap_or_default();
        assert!(why(&text, "host").contains("not a 64-bit ELF library"));
        assert!(why(dir.path(), "host").contains("no regular file"));
        let own = std::env::current_exe().unwrap();
        assert_eq!(why(&own, "host"), "");
        assert!(why(&own, "ve1").contains(&format!("machine number {}", elf::HOST)));
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
