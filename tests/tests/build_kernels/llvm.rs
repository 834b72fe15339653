//! Objects that clang and flang make for the VE.

use std::path::Path;

use object::elf::ET_REL;
use veo_abi::prototype;
use veo_build::{ErrorKind, Kernels, Target};

use crate::real::{CXX, bench, clang, cxx, elf, flang, written};

#[test]
fn for_the_ve_through_llvm() {
    if !cxx() || !clang() {
        return;
    }
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ve-kernels/kernels");
    for file in std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        let bench = bench("host,ve1-llvm");
        let stem = file.file_stem().unwrap().to_str().unwrap();
        if file.extension().is_none_or(|extension| extension != "c") {
            continue;
        }
        let mut kernels = Kernels::new(format!("lib{stem}.so"));
        let built = bench
            .build(kernels.file(&file).inline("more.cpp", CXX))
            .unwrap();
        let (header, names) = elf(built.library(Target::Ve1Llvm).unwrap());
        assert_eq!(header, (251, ET_REL.0, 0), "{stem}");
        assert_eq!(names, elf(built.library(Target::Host).unwrap()).1, "{stem}");
        // The debug sections of a relocatable object mean something only with their relocations.
        let bytes = std::fs::read(built.library(Target::Ve1Llvm).unwrap()).unwrap();
        let (ve, host) = (
            prototype::read(&bytes, None).unwrap(),
            written(built.prototypes.as_ref()),
        );
        assert!(!ve.is_empty());
        for (symbol, prototype) in ve.iter() {
            let other = host.get(symbol).unwrap();
            assert_eq!(
                prototype.rust_declaration(),
                other.rust_declaration(),
                "{stem}: {symbol}"
            );
            assert_eq!(prototype.location(), other.location(), "{stem}: {symbol}");
        }
    }
}

#[test]
fn fortran_for_the_ve_through_llvm() {
    if !clang() || !flang() {
        return;
    }
    let bench = bench("ve1-llvm");
    let built = bench
        .build(Kernels::new("libmixed.so").glob("kernels/*"))
        .unwrap();
    let (header, names) = elf(built.library(Target::Ve1Llvm).unwrap());
    assert_eq!(header, (251, ET_REL.0, 0));
    assert_eq!(names, ["cxx_twice", "halved", "norm2", "previous"]);
}

#[test]
fn a_library_that_clang_cannot_compile_is_left_out_unless_asked_for() {
    if !cxx() || !clang() {
        return;
    }
    let mut bench = bench("-ve1");
    bench.source(
        "k.cpp",
        "#include <vector>\nextern \"C\" int k() { return std::vector<int>(3).size(); }\n",
    );
    let mut kernels = Kernels::new("libk.so");
    kernels.file("k.cpp");
    let built = bench.build(&mut kernels).unwrap();
    assert!(built.library(Target::Host).is_some());
    let why = &built
        .left_out
        .iter()
        .find(|(target, _)| *target == Target::Ve1Llvm)
        .unwrap()
        .1;
    assert!(
        why.starts_with("it does not build: ")
            && why.contains("k.cpp:1:10: fatal error: 'vector' file not found"),
        "{why}"
    );
    bench.set("VEO_TARGETS", "ve1-llvm");
    let error = bench.build(&mut kernels).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ToolFailed);
}

#[test]
fn objects_for_the_ve_are_llvm_ir() {
    if !clang() {
        return;
    }
    let bench = bench("ve1-llvm");
    bench.source("x.o", "");
    let mut kernels = Kernels::new("libk.so");
    let error = bench
        .build(kernels.file("kernels/k.c").object("x.o"))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("There is no linker for VE objects outside of NEC's SDK"),
        "{error}"
    );
    bench.source("x.ll", "define i64 @from_ir() {\n  ret i64 7\n}\n");
    let mut kernels = Kernels::new("libk.so");
    kernels
        .file("kernels/k.c")
        .for_target(Target::Ve1Llvm, |options| {
            options.object("x.ll");
        });
    let built = bench.build(&mut kernels).unwrap();
    assert_eq!(
        elf(built.library(Target::Ve1Llvm).unwrap()).1,
        ["from_ir", "norm2", "previous"]
    );
}
