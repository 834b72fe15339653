//! Where the system's own linker would find a library: for advice, nothing is loaded from there unasked.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The library of this name, or of this name and a version (`libm.so.6` for `libm.so`), in the directories of the system's linker.
pub(super) fn library(name: &str) -> Option<PathBuf> {
    let exact = |directory: &PathBuf| Some(directory.join(name)).filter(|file| is_library(file));
    let versioned = |directory: &PathBuf| {
        let mut files = entries(directory);
        let start = format!("{name}.");
        files.retain(|file| {
            let name = file.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with(&start) && is_library(file)
        });
        files.into_iter().min()
    };
    let directories = directories();
    directories
        .iter()
        .find_map(exact)
        .or_else(|| directories.iter().find_map(versioned))
}

/// The directories that the linker's configuration lists, then those that it always searches.
fn directories() -> Vec<PathBuf> {
    let mut files = entries(Path::new("/etc/ld.so.conf.d"));
    files.sort();
    files.insert(0, "/etc/ld.so.conf".into());
    let texts = files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok());
    let mut directories: Vec<PathBuf> = texts
        .flat_map(|text| {
            text.lines()
                .map(|line| line.trim().into())
                .collect::<Vec<_>>()
        })
        .filter(|line: &PathBuf| line.is_absolute())
        .collect();
    directories.extend(["/lib64", "/usr/lib64", "/lib", "/usr/lib"].map(PathBuf::from));
    directories
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Whether this is code: `libm.so` may be a text that names other files.
fn is_library(file: &Path) -> bool {
    let mut magic = [0; 4];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && magic == *b"\x7fELF"
}
