//! The libraries that a library is linked with: the runtime of its sources' compilers, and those that define its symbols.

use libloading::os::unix::{Library, RTLD_NOW};
use veo_build::{Built, ErrorKind, Kernels, Target};

use crate::installed_compilers::{bench, clang, cxx, gfortran};
use crate::package::Package;
use crate::recording::Bench;

/// A loop that OpenMP divides, sanitizers watch, and profilers count.
const LOOP: &str = "long sum(const long *x, int n) {\n    long s = 0;\n#pragma omp parallel for reduction(+ : s)\n    \
                    for (int i = 0; i < n; i++) s += x[i];\n    return s;\n}\n";

/// Loads a library as a VE process does, with all of its symbols, and calls the function in it. Unloads it if `closed`: a library that
/// profiles writes its counts then, while its directory exists. One with OpenMP stays, because OpenMP's threads stay in it.
fn works(built: &Built, closed: bool) {
    let path = built.library(Target::Host).unwrap();
    // SAFETY: the library is one of this file's, whose constructors are those of compilers' runtimes.
    let library = unsafe { Library::open(Some(path), RTLD_NOW) };
    let library =
        library.unwrap_or_else(|error| panic!("{error}\n{:?}", built.targets[0].commands));
    // SAFETY: the type is that of `LOOP`.
    let sum = unsafe { library.get::<extern "C" fn(*const i64, i32) -> i64>(b"sum") }.unwrap();
    assert_eq!(sum([1, 2, 4].as_ptr(), 3), 7);
    if !closed {
        std::mem::forget(library);
    }
}

fn loops(bench: &Bench, library: &str) -> Kernels {
    bench.source("kernels/loop.c", LOOP);
    let mut kernels = Kernels::new(library);
    kernels.file("kernels/loop.c");
    kernels
}

#[test]
fn flags_that_need_a_runtime_library_reach_the_linker() {
    for (at, flag) in [
        "-fopenmp",
        "-fsanitize=undefined",
        "--coverage",
        "-fprofile-generate",
        "-fprofile-arcs",
        "-pg",
        "-flto",
        "-pthread",
        "-static-libgcc",
    ]
    .into_iter()
    .enumerate()
    {
        let bench = bench("host");
        let mut kernels = loops(&bench, &format!("libflag{at}.so"));
        let built = bench.build(kernels.flag(flag)).unwrap();
        works(&built, flag != "-fopenmp");
    }
}

#[test]
fn flags_reach_the_linker_however_they_are_given() {
    type Set = fn(&mut Kernels, &mut Bench);
    let ways: [(&str, Set); 7] = [
        ("all", |kernels, _| _ = kernels.flag("-fopenmp")),
        ("supported", |kernels, _| {
            _ = kernels.flag_if_supported("-fopenmp")
        }),
        ("target", |kernels, _| {
            kernels.for_target(Target::Host, |it| _ = it.flag("-fopenmp"));
        }),
        ("file", |kernels, _| {
            kernels.for_file("kernels/loop.c", |it| _ = it.flag("-fopenmp"));
        }),
        ("variable", |_, bench| bench.set("VEO_CFLAGS", "-fopenmp")),
        ("variable_host", |_, bench| {
            bench.set("VEO_CFLAGS_host", "-fopenmp")
        }),
        ("cc", |_, bench| {
            bench.set("CFLAGS", "-fopenmp -static -fno-pic")
        }),
    ];
    for (way, set) in ways {
        let mut bench = bench("host");
        let mut kernels = loops(&bench, &format!("libway_{way}.so"));
        set(&mut kernels, &mut bench);
        works(&bench.build(&mut kernels).unwrap(), false);
    }
}

#[test]
fn flags_of_one_language_reach_the_linker_of_another() {
    let mut languages = Vec::new();
    if cxx() {
        languages.push("kernels/t.cpp");
    }
    if gfortran() {
        languages.push("kernels/h.f90");
    }
    for (at, other) in languages.into_iter().enumerate() {
        let mut bench = bench("host");
        bench.set("VEO_CFLAGS", "-fopenmp -std=c99 -Wstrict-prototypes -xc");
        let mut kernels = loops(&bench, &format!("libmixed{at}.so"));
        works(&bench.build(kernels.file(other)).unwrap(), false);
    }
}

#[test]
fn a_library_leaves_the_floating_point_mode_alone() {
    let bench = bench("host");
    let mut kernels = loops(&bench, "libfast.so");
    let built = bench
        .build(kernels.flags(["-ffast-math", "-Ofast"]))
        .unwrap();
    let tiny = f64::MIN_POSITIVE;
    works(&built, true);
    assert!(std::hint::black_box(tiny) / 2.0 > 0.0);
}

#[test]
fn a_symbol_that_nothing_defines_is_a_warning() {
    let package = Package::new("veo-test-missing");
    package.write(
        "build.rs",
        "fn main() {\n    veo_build::Kernels::new(\"libfirst.so\").file(\"kernels/first.c\").compile();\n    \
         veo_build::Kernels::new(\"libk.so\").files([\"kernels/k.c\", \"kernels/l.c\"]).compile();\n}\n",
    );
    package.write("kernels/first.c", "int of_first(void) { return 1; }\n");
    package.write(
        "kernels/k.c",
        "#include <math.h>\n#include \"veo_hmem.h\"\nint gone(int);\nint of_first(void);\n__attribute__((weak)) int maybe(void);\n\
         int kernels(double x) {\n    return gone((int)sin(x)) + of_first() + (maybe ? maybe() : 0);\n}\n\
         int hmem(void *p) { return veo_is_ve_addr(p); }\n",
    );
    package.write(
        "kernels/l.c",
        // The linker's messages contain the word `exit`.
        "#include <stdlib.h>\nextern int lost;\nint l(void) {\n    if (lost < 0) exit(1);\n    return lost;\n}\n",
    );
    let expected = "warning: veo-test-missing@0.1.0: libk.so for host: nothing that is linked defines \
                    gone (kernels/k.c:7), lost (kernels/l.c:4). A process that loads";
    for _ in 0..2 {
        let text = package.built();
        for part in [expected, "or build its library before this one"] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(text.matches("warning:").count(), 1, "{text}");
        crate::recording::touch(&package.dir.join("build.rs"));
    }
}

#[test]
fn link_arguments_of_the_user_decide_about_missing_symbols() {
    let bench = bench("host");
    bench.source(
        "kernels/k.c",
        "int gone(void);\nint k(void) { return gone(); }\n",
    );
    let kernels = |name: &str, arg: &str| {
        let mut kernels = Kernels::new(name);
        kernels.file("kernels/k.c").link_arg(arg);
        kernels
    };
    let note = || std::fs::read_to_string(bench.path("out/veo/note.txt")).unwrap();
    bench
        .build(&mut kernels("libsilent.so", "-Wl,-z,undefs"))
        .unwrap();
    assert!(
        !note().contains("nothing that is linked defines"),
        "{}",
        note()
    );
    let error = bench
        .build(&mut kernels("libstrict.so", "-Wl,-z,defs"))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ToolFailed);
    assert!(error.to_string().contains("gone"), "{error}");
    bench.build(&mut kernels("libk.so", "-Wl,-O1")).unwrap();
    assert!(
        note().contains("libk.so for host: nothing that is linked defines gone (kernels/k.c:2)"),
        "{}",
        note()
    );
    // Another source defines it now.
    bench.source("kernels/o.c", "int gone(void) { return 1; }\n");
    let before = note().len();
    bench
        .build(kernels("libk.so", "-Wl,-O1").file("kernels/o.c"))
        .unwrap();
    assert!(
        !note()[before..].contains("nothing that is linked defines"),
        "{}",
        note()
    );
}

#[test]
fn a_function_that_no_header_declares_is_an_error() {
    let targets = if clang() { "host,ve1-llvm" } else { "host" };
    for target in targets.split(',') {
        let bench = bench(target);
        let fails = |source: &str, standard: &str| {
            bench.source("kernels/k.c", source);
            let mut kernels = Kernels::new("libk.so");
            let error = bench
                .build(kernels.file("kernels/k.c").std(standard))
                .unwrap_err();
            assert!(error.to_string().contains("kernels/k.c:1:"), "{error}");
            assert!(error.to_string().contains("-Werror"), "{error}");
        };
        let undeclared = "double k(double x) { return norm(x); }\n";
        for standard in ["c89", "gnu89", "c99", "gnu17"] {
            fails(undeclared, standard);
            fails("double k(double x) { return sqrt(x); }\n", standard);
        }
        bench.source("kernels/k.c", undeclared);
        for flag in [
            "-Wno-error=implicit-function-declaration",
            "-Wno-implicit-function-declaration",
        ] {
            let mut kernels = Kernels::new("libk.so");
            bench
                .build(kernels.file("kernels/k.c").std("gnu89").flag(flag))
                .unwrap();
        }
    }
}
