//! Guarded memory: what is reported of kernels in C, C++ and Fortran that leave their memory, and that
//! kernels which stay in it notice nothing. Expected places are computed from sizes and the
//! alignment of 16 bytes, lines of source are found by a comment at their end.

mod right;
mod stack;
mod wrong;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use veo_core::{Guard, VeoLibrary, VeoProc};
use veo_test_support::{available, compile, found};

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("runtime/guard/kernels")
        .join(name)
}

/// The number of the only line of a source that ends with a comment, or with it and its end.
fn line(name: &str, comment: &str) -> u32 {
    let text = fs::read_to_string(source(name)).unwrap();
    let is_it = |line: &str| {
        let line = line.trim_end().trim_end_matches("*/").trim_end();
        ["/* ", "// ", "! "]
            .iter()
            .any(|mark| line.ends_with(&format!("{mark}{comment}")))
    };
    let mut numbers = text.lines().zip(1..).filter(|(line, _)| is_it(line));
    let (_, number) = numbers.next().expect(comment);
    assert!(numbers.next().is_none(), "{comment}");
    number
}

/// The library of a source, compiled once; `None`: there is no compiler for it.
fn library(name: &'static str) -> Option<PathBuf> {
    static MADE: [OnceLock<Option<PathBuf>>; 4] = [const { OnceLock::new() }; 4];
    let (place, compiler) = match name {
        "leave.c" => (0, None),
        "right.c" => (1, None),
        "leave.cpp" => (2, Some(("a C++ compiler (Debian: g++)", "c++"))),
        _ => (
            3,
            Some(("a Fortran compiler (Debian: gfortran)", "gfortran")),
        ),
    };
    if let Some((what, program)) = compiler
        && !available(what, found(program))
    {
        return None;
    }
    MADE[place]
        .get_or_init(|| {
            let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("guard-{name}.so"));
            compile::library(
                source(name),
                &library,
                &["-g", "-O0", "-fopenmp", "-pthread"],
            );
            Some(library)
        })
        .clone()
}

/// A process with guarded memory and a library.
fn guarded(guard: Guard, library: &Path) -> (VeoProc, VeoLibrary) {
    let proc = VeoProc::builder().guard(guard).build().unwrap();
    let library = proc.load_library(library).unwrap();
    (proc, library)
}
