//! What the tests share: their kernels, compiled once and put beside the test
//! program, where the typed layer looks for libraries.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use veo_core::VeoProc;
use veo_test_support::compile;

/// The library of `kernels.c`.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| compile("kernels.c", "libcoretest.so", &["-O1", "-g"]))
}

/// Compiles a file of this directory to a library beside the test program.
pub fn compile(source: &str, name: &str, flags: &[&str]) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/common")
        .join(source);
    let directory = std::env::current_exe()
        .expect("a test program has a path")
        .parent()
        .expect("and a directory")
        .join("host");
    std::fs::create_dir_all(&directory).expect("the target directory is writable");
    let library = directory.join(name);
    let flags = [&["-Wl,-Bsymbolic"], flags, &["-lm"]].concat();
    compile::library(source, &library, &flags);
    library
}

/// A process on node 0 that can find the kernels.
pub fn process() -> VeoProc {
    library();
    VeoProc::new(0).expect("the emulated node is there")
}
