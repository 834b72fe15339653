//! Libraries whose paths are longer than libveo takes: they are loaded as any other, with
//! their neighbours and their source lines, without a copy or a link in another directory.

mod common;

use std::path::{Path, PathBuf};

use veo_core::{Result, VeoProc};
use veo_test_support::compile;

/// A library with a long path that needs another one beside it.
fn library(root: &Path) -> PathBuf {
    let mut deep = root.to_owned();
    while deep.as_os_str().len() < 400 {
        deep.push("d".repeat(60));
    }
    std::fs::create_dir_all(&deep).unwrap();
    let compile = |name: &str, text: &str, flags: &[&str]| {
        let flags = [&["-g"], flags].concat();
        let library = deep.join(name);
        if !common::on_ve::is_wanted() {
            return compile::library_of(text, "c", library, &flags);
        }
        let source = library.with_extension("c");
        std::fs::write(&source, text).unwrap();
        common::on_ve::library(&source, &library, &flags);
        library
    };
    let beside = format!("-L{}", deep.display());
    compile("libneighbour.so", "int beside(void) { return 40; }\n", &[]);
    compile(
        "libdeep.so",
        "extern int beside(void);\n\
         int answer(void) { return beside() + 2; }\n\
         void crash(void) { *(volatile int *)16 = 1; }\n",
        &[&beside, "-lneighbour", "-Wl,-rpath,$ORIGIN"],
    )
}

#[test]
fn a_long_path_loses_nothing() -> Result<()> {
    let root = tempfile::tempdir().unwrap();
    let path = library(root.path());
    // The name of a place in the temporary directory, if others know that.
    let number = std::process::id();
    let blocks = (0..4).map(|n| std::env::temp_dir().join(format!("veo-{number}-{n}")));
    let blocks: Vec<_> = blocks.collect();
    for block in &blocks {
        std::fs::create_dir(block).unwrap();
    }
    let proc = VeoProc::new(0)?;
    let loaded = proc.load_library(&path);
    for block in &blocks {
        std::fs::remove_dir(block).unwrap();
    }
    let lib = loaded?;
    assert_eq!(lib.path(), Some(path.canonicalize().unwrap().as_path()));
    assert_eq!(lib.function::<fn() -> i32>("answer")?.call(&proc, ())?, 42);
    let error = lib.function::<fn()>("crash")?.call(&proc, ()).unwrap_err();
    let text = error.to_string();
    // NEC's library reports only the signal.
    if proc.backend() == veo_core::Backend::Emu {
        assert!(text.contains("libdeep.c:3"), "{text}");
    }
    Ok(())
}
