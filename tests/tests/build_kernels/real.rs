//! Libraries made by the compilers of this machine, read back with an ELF reader and loaded.

use std::path::{Path, PathBuf};
use std::process::Command;

use object::elf::{
    DF_SYMBOLIC, DT_FLAGS, DT_SONAME, DT_SYMBOLIC, EM_X86_64, ET_DYN, ET_REL, FileHeader64,
};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol};
use veo_abi::prototype::{self, Prototypes};
use veo_build::{ErrorKind, Kernels, Target};

use crate::recording::Bench;

const C: &str = "#include <stdint.h>\n#include \"veo_ve.h\"\n\
                 struct point { double x, y; };\n\
                 double norm2(const struct point *p, int32_t n) {\n\
                 \x20   double sum = 0;\n\
                 \x20   for (int32_t i = 0; i < n; i++) sum += p[i].x * p[i].x + p[i].y * p[i].y;\n\
                 \x20   return sum;\n}\n\
                 uint64_t previous(void) { uint64_t result; return veo_prev_req_result(1, &result) ? 0 : result; }\n";
const CXX: &str = "template <typename T> static T twice(T x) { return x + x; }\n\
                   extern \"C\" long cxx_twice(long x) { return twice(x); }\n";
const FORTRAN: &str = "module constants\n  use iso_c_binding\n  real(c_double), parameter :: half = 0.5d0\nend module\n\
                       real(c_double) function halved(x) bind(c)\n  use constants\n  real(c_double), value :: x\n\
                       \x20 halved = half * x\nend function\n";

fn bench(targets: &str) -> Bench {
    let mut bench = Bench::new();
    bench.set("VEO_TARGETS", targets);
    bench.source("kernels/k.c", C);
    bench.source("kernels/t.cpp", CXX);
    bench.source("kernels/h.f90", FORTRAN);
    bench
}

pub fn found(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

pub fn cxx() -> bool {
    veo_tests::available("a C++ compiler (Debian: g++)", found("c++"))
}

pub fn clang() -> bool {
    veo_tests::available(
        "clang 19 with llvm-link (Debian: clang-19 llvm-19)",
        found("clang-19") && found("llvm-link-19"),
    )
}

pub fn flang() -> bool {
    veo_tests::available("flang 19 (Debian: flang-19)", found("flang-new-19"))
}

pub fn gfortran() -> bool {
    veo_tests::available("a Fortran compiler (Debian: gfortran)", found("gfortran"))
}

/// Machine, type and flags of an ELF file, and the functions that it offers.
fn elf(file: &Path) -> ((u16, u16, u32), Vec<String>) {
    let bytes = std::fs::read(file).unwrap();
    let header = FileHeader64::<LittleEndian>::parse(&*bytes).unwrap();
    let e = LittleEndian;
    let parsed = object::File::parse(&*bytes).unwrap();
    let relocatable = header.e_type(e) == ET_REL;
    let symbols: Vec<_> = if relocatable {
        parsed.symbols().collect()
    } else {
        parsed.dynamic_symbols().collect()
    };
    let mut names: Vec<String> = symbols
        .iter()
        .filter(|symbol| {
            symbol.is_definition()
                && symbol.is_global()
                && symbol.kind() == object::SymbolKind::Text
        })
        .map(|symbol| symbol.name().unwrap().to_string())
        .filter(|name| !name.starts_with('_'))
        .collect();
    names.sort();
    (
        (
            header.e_machine(e).0,
            header.e_type(e).0,
            header.e_flags(e).0,
        ),
        names,
    )
}

fn has_debug_info(file: &Path) -> bool {
    let bytes = std::fs::read(file).unwrap();
    let parsed = object::File::parse(&*bytes).unwrap();
    parsed
        .sections()
        .any(|section| section.name() == Ok(".debug_info"))
}

fn written(file: Option<&PathBuf>) -> Prototypes {
    Prototypes::from_text(&std::fs::read_to_string(file.unwrap()).unwrap()).unwrap()
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
        let prototypes = prototype::read(&library, Some(&debug)).unwrap();
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

#[test]
fn a_static_veorun_for_the_host_has_all_of_its_archives() {
    let bench = bench("host");
    let archive = bench.path("package/libarchived.a");
    let object = bench.path("package/archived.o");
    let source = bench.source("archived.c", "long archived(void) { return 1; }\n");
    let run = |command: &mut Command| assert!(command.status().unwrap().success());
    run(Command::new("cc")
        .args(["-fPIC", "-c"])
        .arg(&source)
        .arg("-o")
        .arg(&object));
    run(Command::new("ar").arg("cr").arg(&archive).arg(&object));
    let mut kernels = Kernels::static_veorun("veorun_k");
    let built = bench
        .build(kernels.file("kernels/k.c").object("libarchived.a"))
        .unwrap();
    let library = built.library(Target::Host).unwrap();
    assert_eq!(library, bench.path("out/veo/host/veorun_k"));
    assert_eq!(elf(library).1, ["archived", "norm2", "previous"]);
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
        "libk.so: the target host was asked for, but no C compiler (aarch64-linux-gnu-gcc not found)\n\n\
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
fn a_syntax_error_is_shown_as_the_compiler_says_it() {
    let bench = bench("host");
    bench.source("kernels/bad.c", "int k(void) {\n    return 1 +;\n}\n");
    let error = bench
        .build(Kernels::new("libk.so").file("kernels/bad.c"))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ToolFailed);
    let place = format!("{}:2:15: error: ", bench.text("package/kernels/bad.c"));
    assert!(error.to_string().contains(&place), "{error}");
}

#[test]
fn functions_that_nobody_declares_are_noted() {
    let bench = bench("host");
    let declare = |symbol: &str| {
        let text = format!("#[veo_core::ve_kernel(lib = \"libk.so\")]\nfn {symbol}();\n");
        bench.source("src/lib.rs", &text);
        bench.source(
            "kernels/o.c",
            "int helper(int x) { return x; }\nint other(int x) { return x; }\nvoid user_(void) {}\n",
        );
        // A function of one source that another calls is no kernel that was forgotten.
        bench.source(
            "kernels/u.c",
            "int helper(int);\nint user(int x) { return helper(x) + 1; }\n",
        );
        bench
            .build(Kernels::new("libk.so").files(["kernels/o.c", "kernels/u.c"]))
            .unwrap();
        std::fs::read_to_string(bench.path("out/veo/note.txt")).unwrap()
    };
    // Where nothing is declared, the library is for someone else.
    assert!(!declare("elsewhere").contains("no #[ve_kernel] declares"));
    let note = format!(
        "libk.so: no #[ve_kernel] declares other ({}:2); what is no kernel can be `static` (Fortran: `private`)\n",
        bench.text("package/kernels/o.c")
    );
    let text = declare("user");
    assert!(text.contains(&note), "{text}");
}

#[test]
fn declarations_that_nothing_checks_are_noted() {
    let bench = bench("host");
    bench.source(
        "src/lib.rs",
        "#[veo_core::ve_kernel(lib = \"libk.so\")]\nunsafe extern \"C\" { fn plain(x: i32); fn known(x: i32); }\n",
    );
    let function = ".pushsection .text\\n.globl plain\\nplain: .byte 0\\n.popsection";
    bench.source(
        "kernels/k.c",
        &format!("__asm__(\"{function}\");\nvoid known(int x) {{}}\n"),
    );
    bench
        .build(Kernels::new("libk.so").file("kernels/k.c"))
        .unwrap();
    let text = std::fs::read_to_string(bench.path("out/veo/note.txt")).unwrap();
    let note =
        "libk.so: not checked against their declarations, for lack of debug information: plain\n";
    assert!(text.contains(note), "{text}");
}

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
    // What the build script makes is found when it is asked for.
    std::fs::write(out.join("made.c"), "int made(void) { return 1; }\n").unwrap();
    let mut kernels = Kernels::new("libmade.so");
    let built = bench
        .build(kernels.glob(out.join("*.c").to_str().unwrap()))
        .unwrap();
    let (_, functions) = elf(built.library(Target::Host).unwrap());
    assert_eq!(functions, ["made"]);
}
