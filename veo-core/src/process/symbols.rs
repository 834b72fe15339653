//! The content of a library file: its symbols, and the machine that it is for.

use std::path::Path;

use veo_abi::near_names;
use veo_debuginfo::elf::{self, Headers};

use super::loaded::LoadedLibrary;
use crate::backend::NodeCode;

/// Symbols of the library whose names resemble `name`, best first.
pub(crate) fn similar(library: &LoadedLibrary, name: &str) -> Vec<String> {
    let Some(found) = library.prototypes() else {
        return Vec::new();
    };
    let described = found.iter().map(|(symbol, _)| symbol);
    let undescribed = found.undescribed.iter().map(String::as_str);
    let near = near_names(name, described.chain(undescribed));
    near.into_iter().map(str::to_owned).collect()
}

/// Why the library cannot be loaded, as far as its headers tell.
pub(crate) fn why_not_loadable(path: &Path, code: &NodeCode) -> Option<String> {
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
    (code.machines == [elf::VE] && machine != elf::VE).then(|| {
        format!("it is for another machine (ELF machine number {machine}), not the Vector Engine")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_why_a_library_cannot_be_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("text.so");
        std::fs::write(&text, "int f(void);").unwrap();
        let why = |path: &Path, machine| {
            let code = NodeCode {
                targets: &[],
                machines: vec![machine],
            };
            why_not_loadable(path, &code).unwrap_or_default()
        };
        assert!(why(&text, elf::HOST).contains("not a 64-bit ELF library"));
        assert!(why(dir.path(), elf::HOST).contains("no regular file"));
        let own = std::env::current_exe().unwrap();
        assert_eq!(why(&own, elf::HOST), "");
        assert!(why(&own, elf::VE).contains(&format!("machine number {}", elf::HOST)));
    }
}
