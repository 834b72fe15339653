//! Which files a build reads, and which it writes.

use std::path::{Path, PathBuf};

use veo_build::{Kernels, Target};

use crate::installed_compilers::{bench, clang, cxx, elf, flang, gfortran};

/// Every file below `dir` with its size and time stamp.
fn files(dir: &Path, found: &mut Vec<(PathBuf, u64, std::time::SystemTime)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let metadata = path.metadata().unwrap();
            found.push((path, metadata.len(), metadata.modified().unwrap()));
        }
    }
    found.sort();
}

#[test]
fn nothing_is_written_outside_of_out_dir() {
    let mut targets = String::from("host,ve1");
    let (fortran, clang) = (gfortran(), clang());
    if clang && (!fortran || flang()) {
        targets += ",ve1-llvm";
    }
    let mut bench = bench(&targets);
    bench.set("OPT_LEVEL", "3");
    bench.set("DEBUG", "0");
    // The same name in two directories, beside inline sources in each language.
    bench.source("kernels/more/k.c", "int more(void) { return 1; }\n");
    let mut kernels = Kernels::new("libk.so");
    kernels
        .glob("kernels/**/*.c")
        .inline("k.c", "int inline_c(void) { return 2; }\n")
        .report(true);
    if cxx() {
        kernels.inline("k.cpp", "extern \"C\" int inline_cxx() { return 3; }\n");
    }
    if fortran {
        kernels.file("kernels/h.f90").inline(
            "k.f90",
            "subroutine inline_fortran() bind(c)\nend subroutine\n",
        );
    }
    let present = || {
        let mut all = Vec::new();
        for dir in ["package", "nec"] {
            files(&bench.path(dir), &mut all);
        }
        all
    };
    let before = present();
    let built = bench.build(&mut kernels).unwrap();
    assert_eq!(present(), before);
    let (_, functions) = elf(built.library(Target::Host).unwrap());
    for symbol in ["norm2", "more", "inline_c"] {
        assert!(functions.iter().any(|name| name == symbol), "{functions:?}");
    }
    assert_eq!(
        functions.iter().any(|name| name == "inline_fortran"),
        fortran
    );
    assert!(
        built
            .targets
            .iter()
            .all(|built| built.library.starts_with(bench.path("out")))
    );
}

#[test]
fn a_pattern_finds_each_source_once_and_none_of_cargos() {
    let mut bench = bench("host");
    bench.source("kernels/more/n.c", "int n(void) { return 1; }\n");
    bench.source("target/CACHEDIR.TAG", "");
    bench.source(
        "target/package/copy/kernels/n.c",
        "int n(void) { return 2; }\n",
    );
    let out = bench.path("package/target/debug/out");
    bench.set("OUT_DIR", &out);
    // A link in a circle, and one file that two names lead to.
    let package = bench.path("package");
    std::os::unix::fs::symlink(".", package.join("kernels/loop")).unwrap();
    std::os::unix::fs::symlink("more/n.c", package.join("kernels/link.c")).unwrap();
    for _ in 0..2 {
        let mut kernels = Kernels::new("libk.so");
        let kernels = kernels
            .glob("**/*.c")
            .inline("i.c", "int i(void) { return 1; }\n");
        let built = bench.build(kernels).unwrap();
        let (_, functions) = elf(built.library(Target::Host).unwrap());
        assert_eq!(functions, ["i", "n", "norm2", "previous"]);
        std::fs::write(
            package.join("target/debug/stray.c"),
            "int i(void) { return 2; }\n",
        )
        .unwrap();
    }
    // A file that the build script makes is found by its path.
    std::fs::write(out.join("made.c"), "int made(void) { return 1; }\n").unwrap();
    let mut kernels = Kernels::new("libmade.so");
    let built = bench
        .build(kernels.glob(out.join("*.c").to_str().unwrap()))
        .unwrap();
    let (_, functions) = elf(built.library(Target::Host).unwrap());
    assert_eq!(functions, ["made"]);
}
