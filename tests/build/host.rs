//! Libraries that the host's compilers make, read back with an ELF reader and loaded.

use std::path::Path;

use object::elf::{DF_SYMBOLIC, DT_FLAGS, DT_SONAME, DT_SYMBOLIC, EM_X86_64, ET_DYN, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol};
use veo_abi::prototype::Prototypes;
use veo_build::{ErrorKind, Kernels, Target};
use veo_debuginfo::prototypes;

use crate::installed_compilers::{bench, clang, cxx, elf, gfortran, written};

fn has_debug_info(file: &Path) -> bool {
    let bytes = std::fs::read(file).unwrap();
    let parsed = object::File::parse(&*bytes).unwrap();
    parsed
        .sections()
        .any(|section| section.name() == Ok(".debug_info"))
}

fn rust_declaration(prototypes: &Prototypes, symbol: &str) -> String {
    prototypes.get(symbol).unwrap().rust_declaration().unwrap()
}

#[test]
fn for_the_host() {
    if !cxx() {
        return;
    }
    let bench = bench("host");
    let built = bench
        .build(Kernels::new("libk.so").files(["kernels/k.c", "kernels/t.cpp"]))
        .unwrap();
    let library = built.library(Target::Host).unwrap();
    assert_eq!(library, bench.path("out/veo/host/libk.so"));
    let ((machine, kind, _), names) = elf(library);
    assert_eq!(kind, ET_DYN.0);
    if cfg!(target_arch = "x86_64") {
        assert_eq!(machine, EM_X86_64.0);
    }
    assert_eq!(names, ["cxx_twice", "norm2", "previous"]);

    // Its functions call each other and not those of the program; it goes by its own name.
    let bytes = std::fs::read(library).unwrap();
    let e = LittleEndian;
    let header = FileHeader64::<LittleEndian>::parse(&*bytes).unwrap();
    let segments = header.program_headers(e, &*bytes).unwrap();
    let dynamic = segments
        .iter()
        .find_map(|segment| segment.dynamic(e, &*bytes).unwrap())
        .unwrap();
    assert!(dynamic.iter().any(|entry| {
        let tag = entry.d_tag(e);
        tag == DT_SYMBOLIC || (tag == DT_FLAGS && entry.d_val(e) & DF_SYMBOLIC.0 != 0)
    }));
    assert!(dynamic.iter().any(|entry| entry.d_tag(e) == DT_SONAME));

    let prototypes = written(built.prototypes.as_ref());
    let norm2 = prototypes.get("norm2").unwrap();
    assert_eq!(
        norm2.location().unwrap(),
        format!("{}:4", bench.text("package/kernels/k.c"))
    );
    assert_eq!(norm2.params.len(), 2);
    assert_eq!(
        rust_declaration(&prototypes, "cxx_twice"),
        "fn cxx_twice(x: i64) -> i64;"
    );
}

#[test]
fn three_languages_in_one_library_work_together() {
    if !cxx() || !gfortran() {
        return;
    }
    let bench = bench("host");
    let mut kernels = Kernels::new("libmixed.so");
    let built = bench.build(kernels.glob("kernels/*")).unwrap();
    let library = built.library(Target::Host).unwrap();
    assert_eq!(elf(library).1, ["cxx_twice", "halved", "norm2", "previous"]);
    let prototypes = written(built.prototypes.as_ref());
    assert_eq!(
        rust_declaration(&prototypes, "halved"),
        "fn halved(x: f64) -> f64;"
    );

    // SAFETY: the library is the one built above; it has no constructors but those of the language runtimes.
    let library = unsafe {
        libloading::os::unix::Library::open(Some(library), libloading::os::unix::RTLD_LAZY)
    }
    .unwrap();
    // SAFETY: the types are those of the sources above.
    let (halved, twice) = unsafe {
        (
            library.get::<extern "C" fn(f64) -> f64>(b"halved").unwrap(),
            library
                .get::<extern "C" fn(i64) -> i64>(b"cxx_twice")
                .unwrap(),
        )
    };
    assert_eq!((halved(3.0), twice(21)), (1.5, 42));
}

#[test]
fn debug_information_apart_is_found_again() {
    if !cxx() {
        return;
    }
    let mut targets = vec![(Target::Host, "host")];
    if clang() {
        targets.push((Target::Ve1Llvm, "ve1-llvm"));
    }
    for (target, name) in targets {
        let mut bench = bench(name);
        bench.set("DEBUG", "0");
        bench.set("OPT_LEVEL", "3");
        let built = bench
            .build(Kernels::new("libk.so").files(["kernels/k.c", "kernels/t.cpp"]))
            .unwrap();
        let library = built.library(target).unwrap();
        let debug = bench.path(&format!("out/veo/{name}/libk.so.debug"));
        assert!(!has_debug_info(library), "{target}");
        assert!(has_debug_info(&debug), "{target}");
        let (library, debug) = (
            std::fs::read(library).unwrap(),
            std::fs::read(debug).unwrap(),
        );
        let prototypes = prototypes::read(&library, Some(&debug)).unwrap();
        assert_eq!(
            rust_declaration(&prototypes, "cxx_twice"),
            "fn cxx_twice(x: i64) -> i64;",
            "{target}"
        );
        assert_eq!(
            written(built.prototypes.as_ref())
                .get("norm2")
                .unwrap()
                .params
                .len(),
            2,
            "read before it was taken out"
        );
    }
}

#[test]
fn cross_compiling_takes_the_targets_own_compiler() {
    let mut bench = bench("host");
    bench.set("TARGET", "aarch64-unknown-linux-gnu");
    let mut kernels = Kernels::new("libk.so");
    kernels.file("kernels/k.c");
    bench.set("PATH", bench.path("bin"));
    let error = bench.build(&mut kernels).unwrap_err().to_string();
    assert_eq!(
        error,
        "libk.so: the target host was asked for, but cannot be built: no C compiler (aarch64-linux-gnu-gcc not found)\n\n\
         help: install one (Debian: gcc) or name one in VEO_CC or CC"
    );
    let path = std::env::var("PATH").unwrap();
    // The machine's own compiler, whose libraries claim to be for the other one if PATCH is set.
    let script = format!(
        "#!/bin/sh\nPATH='{path}'\ncc -DCROSS \"$@\" || exit\n\
         for arg; do [ \"$previous\" != -o ] || out=$arg; previous=$arg; done\n\
         case \"$PATCH $*\" in 1*-shared*) printf '\\267\\000' | dd of=\"$out\" bs=1 seek=18 conv=notrunc 2>/dev/null ;; esac\n"
    );
    bench.install("bin/aarch64-linux-gnu-gcc", &script);
    bench.source(
        "kernels/k.c",
        "#ifndef CROSS\n#error not the cross compiler\n#endif\nint k(void) { return 1; }\n",
    );
    if cfg!(target_arch = "x86_64") {
        let error = bench.build(&mut kernels).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WrongOutput);
        let message = "made machine code for ELF machine 62 and not for aarch64 (183)";
        assert!(error.to_string().ends_with(message), "{error}");
    }
    bench.set("PATCH", "1");
    let built = bench.build(&mut kernels).unwrap();
    let ((machine, ..), names) = elf(built.library(Target::Host).unwrap());
    assert_eq!((machine, names), (183, vec!["k".to_string()]));
    bench.set("CC_aarch64_unknown_linux_gnu", "/nowhere/gcc");
    let error = bench.build(&mut kernels).unwrap_err().to_string();
    assert_eq!(
        error,
        "CC_aarch64_unknown_linux_gnu is `/nowhere/gcc`, but there is no such program"
    );
}

#[test]
fn programs_for_other_systems_get_no_kernels() {
    let mut bench = bench("-ve1,-ve1-llvm");
    bench.set("TARGET", "x86_64-pc-windows-msvc");
    bench.set("CARGO_CFG_TARGET_OS", "windows");
    let built = bench
        .build(Kernels::new("libk.so").file("kernels/k.c"))
        .unwrap();
    assert!(built.targets.is_empty());
    assert_eq!(
        built.left_out[0],
        (
            Target::Host,
            "programs for x86_64-pc-windows-msvc cannot run kernels".to_string()
        )
    );
}

#[test]
fn openmp_where_there_is_a_runtime_for_it() {
    let targets = if clang() { "host,ve1-llvm" } else { "host" };
    let bench = bench(targets);
    bench.source(
        "kernels/p.c",
        "#if defined(__ve__) == defined(_OPENMP)\n#error wrong\n#endif\n\
         double sum(long n, const double *x) {\n    double s = 0;\n#pragma omp parallel for reduction(+ : s)\n\
         \x20   for (long i = 0; i < n; i++) s += x[i];\n    return s;\n}\n",
    );
    let mut kernels = Kernels::new("libp.so");
    let built = bench
        .build(kernels.file("kernels/p.c").openmp(true))
        .unwrap();
    let library = std::fs::read(built.library(Target::Host).unwrap()).unwrap();
    let library = object::File::parse(&*library).unwrap();
    let parallel = |name: &str| name.starts_with("GOMP_") || name.starts_with("__kmpc_");
    assert!(
        library
            .dynamic_symbols()
            .any(|symbol| symbol.is_undefined() && symbol.name().is_ok_and(parallel))
    );
}
