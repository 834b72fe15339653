//! Libraries and other files that the command is given.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use veo_build::{Kernels, Target};
use veo_test_support::{compile, ve};

use crate::support::root;

/// The source of the library.
pub fn source(name: &str) -> PathBuf {
    root().join("tests/command/sources").join(name)
}

/// A directory with `libshapes.so`, of which the debug information names `shapes.c` alone.
pub fn shapes() -> (TempDir, PathBuf) {
    with_options("libshapes.so", &["-g", "-O1"])
}

/// The same library under another name, compiled with these options.
pub fn with_options(name: &str, options: &[&str]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let library = directory.path().join(name);
    let source = source("shapes.c");
    // Paths in the debug information are the same on every machine.
    let from = source.parent().unwrap().display();
    let prefix = format!("-ffile-prefix-map={from}=/src");
    compile::library(&source, &library, &[options, &[&prefix]].concat());
    (directory, library)
}

/// The same library as VE machine code, if a compiler for it is installed.
pub fn ve_shapes() -> Option<(TempDir, PathBuf)> {
    if !ve::can_build() {
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let built = Kernels::new("libshapes.so")
        .file(source("shapes.c"))
        .targets([Target::Ve1Llvm])
        .out_dir(directory.path().join("out"))
        .env("CARGO_MANIFEST_DIR", root())
        .env("DEBUG", "true")
        .env("VEO_TARGETS", "ve1-llvm")
        .target(&triple)
        .host(&triple)
        .cargo_metadata(false)
        .try_compile()
        .unwrap_or_else(|error| panic!("{error}"));
    let library = built.library(Target::Ve1Llvm).unwrap().to_owned();
    Some((directory, library))
}

/// A copy of a file whose path is not UTF-8.
pub fn unprintable(file: &Path) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let inner = directory.path().join(OsStr::from_bytes(b"d\xff"));
    fs::create_dir(&inner).unwrap();
    let copy = inner.join(file.file_name().unwrap());
    fs::copy(file, &copy).unwrap();
    (directory, copy)
}

/// Files that are no library, with the expected part of the message.
pub fn no_libraries(good: &Path, directory: &Path) -> Vec<(PathBuf, &'static str)> {
    let bytes = fs::read(good).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut other = bytes.clone();
    other[4] = 1; // of 32 bits
    vec![
        (directory.join("missing.so"), "cannot read"),
        (directory.to_owned(), "is a directory"),
        (file("text.so", b"some text\n"), "is no library"),
        (file("empty.so", b""), "is no library"),
        (
            file("script.so", b"/* GNU ld script */\nINPUT(libx.so.1)\n"),
            "script for the linker",
        ),
        (file("cut.so", &bytes[..bytes.len() / 3]), "cut"),
        (file("header.so", &bytes[..70]), "damaged"),
        (file("small.so", &other), "64-bit"),
    ]
}
