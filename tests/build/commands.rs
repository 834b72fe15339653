//! The command lines that `veo-build` makes for NEC's tools, option by option.

use std::path::Path;

use crate::recording::Bench;
use veo_build::{Kernels, Target};

/// The arguments of every compiler of NEC's, and those of the one for C.
const COMPILE: &str = "-O2 -g -fpic -pthread";
const COMPILE_C: &str = "-O2 -g -fpic -pthread -Werror=implicit-function-declaration";
/// The first arguments of every linker.
pub const COMPLETE: &str = "-Wl,--no-undefined -Wl,--no-demangle";
/// Where the objects and the library are made, below the directory of the build.
pub const WORK: &str = "work/ve1/libk.so";

fn one_c() -> (Bench, Kernels) {
    let bench = Bench::new();
    bench.source("kernels/k.c", "int k;\n");
    let mut kernels = Kernels::new("libk.so");
    kernels.file("kernels/k.c");
    (bench, kernels)
}

/// The compiler's and the linker's line of a library with one C source.
fn lines_of(set: impl FnOnce(&mut Kernels, &mut Bench)) -> (String, String) {
    let (mut bench, mut kernels) = one_c();
    set(&mut kernels, &mut bench);
    bench.build(&mut kernels).unwrap();
    let lines = bench.lines();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    (lines[0].clone(), lines[1].clone())
}

fn compiled(extra: &str) -> String {
    let space = if extra.is_empty() { "" } else { " " };
    format!(
        "ncc -march=ve1 {COMPILE_C}{space}{extra} -MD -MF {WORK}/k.dep -c kernels/k.c -o {WORK}/k.o"
    )
}

fn linked(before: &str, after: &str) -> String {
    linked_with(before, "", after)
}

/// The linker's line with the flags of compilers that it gets too.
fn linked_with(before: &str, flags: &str, after: &str) -> String {
    format!(
        "ncc -march=ve1 -shared -fpic -pthread{before} {COMPLETE}{flags} -o {WORK}/libk.so {WORK}/k.o{after}"
    )
}

#[test]
fn a_c_source() {
    assert_eq!(lines_of(|_, _| {}), (compiled(""), linked("", "")));
}

#[test]
fn ve3() {
    let (compile, link) = lines_of(|_, bench| {
        bench.set("VEO_TARGETS", "ve3");
    });
    assert_eq!(compile, compiled("").replace("ve1", "ve3"));
    assert_eq!(link, linked("", "").replace("ve1", "ve3"));
}

#[test]
fn openmp() {
    let lines = lines_of(|kernels, _| {
        kernels.openmp(true);
    });
    assert_eq!(lines, (compiled("-fopenmp"), linked(" -fopenmp", "")));
}

#[test]
fn ftrace_links_the_library_for_its_kind_of_program() {
    let lines = lines_of(|kernels, _| {
        kernels.ftrace(true);
    });
    assert_eq!(
        lines,
        (compiled("-ftrace"), linked(" -ftrace", " -lveftrace_p"))
    );
    let lines = lines_of(|kernels, _| {
        kernels.ftrace(true).openmp(true);
    });
    assert_eq!(
        lines,
        (
            compiled("-fopenmp -ftrace"),
            linked(" -ftrace -fopenmp", " -lveftrace_t")
        )
    );
}

#[test]
fn traceback() {
    let lines = lines_of(|kernels, _| {
        kernels.traceback(true);
    });
    assert_eq!(lines, (compiled("-traceback=verbose"), linked("", "")));
}

#[test]
fn report_keeps_the_listings_apart() {
    let bench = Bench::new();
    bench.source("a/k.c", "");
    bench.source("b/k.c", "");
    let mut kernels = Kernels::new("libk.so");
    let built = bench
        .build(kernels.files(["a/k.c", "b/k.c"]).report(true))
        .unwrap();
    let calls = bench.calls();
    for call in &calls[..2] {
        assert!(
            call.args
                .windows(2)
                .any(|pair| pair == ["-report-all", "-fdiag-vector=2"]),
            "{call:?}"
        );
    }
    assert_ne!(
        calls[0].dir, calls[1].dir,
        "sources of one name write listings of one name"
    );
    let listings = &built.targets[0].listings;
    assert_eq!(listings.len(), 2);
    for listing in listings {
        assert_eq!(
            std::fs::read_to_string(listing).unwrap(),
            "listing of k.c\n"
        );
        assert!(listing.starts_with(bench.path("out")));
    }
    assert_eq!(
        bench.build(&mut kernels).unwrap().targets[0].listings,
        *listings,
        "told again when nothing is compiled"
    );
    assert_eq!(bench.lines(), [""; 0]);
}

#[test]
fn options_for_all_for_a_target_and_for_a_file() {
    let bench = Bench::new();
    for name in ["a.c", "b.c"] {
        bench.source(name, "");
    }
    std::fs::create_dir(bench.path("package/own include")).unwrap();
    let mut kernels = Kernels::new("libk.so");
    kernels
        .files(["a.c", "b.c"])
        .include("inc")
        .define("N", "8")
        .define("FAST", None)
        .flag("-mvector")
        .flags(["-I", "own include", "-Iown include", "-Inot there"])
        .std("c11")
        .std("c++17")
        .for_target(Target::Ve1, |options| {
            options
                .include("inc1")
                .define("N", "16")
                .flag("-mretain-list-vector");
        })
        .for_target(Target::Ve3, |options| {
            options.flag("-not-for-this-one");
        })
        .for_file("./b.c", |options| {
            options
                .include("incb")
                .define("B", "1")
                .flag("-mno-vector")
                .opt_level(1);
        });
    bench.build(&mut kernels).unwrap();
    let lines = bench.lines();
    let both = "-DN=8 -DFAST -DN=16";
    let flags = "-mvector -I own include -Iown include -Inot there -mretain-list-vector";
    assert_eq!(
        lines[..2],
        [
            format!(
                "ncc -march=ve1 -O1 -g -fpic -pthread -Werror=implicit-function-declaration -std=c11 -Iincb -Iinc1 -Iinc {both} -DB=1 {flags} -mno-vector -MD -MF {WORK}/b.dep -c b.c -o {WORK}/b.o"
            ),
            format!(
                "ncc -march=ve1 {COMPILE_C} -std=c11 -Iinc1 -Iinc {both} {flags} -MD -MF {WORK}/a.dep -c a.c -o {WORK}/a.o"
            ),
        ]
    );
}

#[test]
fn optimisation_follows_the_profile_and_can_be_set() {
    for (profile, expected) in [("0", "-O0"), ("3", "-O3"), ("s", "-O2"), ("z", "-O2")] {
        let (compile, _) = lines_of(|_, bench| bench.set("OPT_LEVEL", profile));
        assert_eq!(compile, compiled("").replace("-O2", expected), "{profile}");
    }
    let (compile, _) = lines_of(|kernels, _| {
        kernels.opt_level(4);
    });
    assert_eq!(compile, compiled("").replace("-O2", "-O4"));
    let (compile, _) = lines_of(|kernels, _| {
        kernels.opt_level_str("fast");
    });
    assert_eq!(compile, compiled("").replace("-O2", "-Ofast"));
}

#[test]
fn levels_for_size_as_far_as_a_compiler_has_them() {
    for (program, variable, source, expected) in [
        ("gcc", "VEO_CC", "k.c", "gcc -Os -g -fPIC -pthread -Werror="),
        (
            "clang",
            "VEO_CC",
            "k.c",
            "clang -Oz -g -fPIC -pthread -Werror=",
        ),
        (
            "flang-new",
            "VEO_FC",
            "k.f90",
            "flang-new -O2 -g -fPIC -module-dir",
        ),
    ] {
        let mut bench = Bench::new();
        bench.set("VEO_TARGETS", "host");
        bench.set("OPT_LEVEL", "z");
        bench.set("IMITATE", "x86");
        bench.source(source, "");
        let tool = bench.path(program);
        std::fs::copy(bench.path("nec/ve/bin/ncc"), &tool).unwrap();
        bench.set(variable, tool);
        bench.build(Kernels::new("libk.so").file(source)).unwrap();
        let lines = bench.lines();
        assert!(lines[0].starts_with(expected), "{lines:?}");
    }
}

#[test]
fn warnings() {
    let lines = lines_of(|kernels, _| {
        kernels
            .warnings(true)
            .extra_warnings(true)
            .warnings_into_errors(true);
    });
    assert_eq!(lines.0, compiled("-Wall -Wextra -Werror"));
}

#[test]
fn flags_from_the_environment() {
    let lines = lines_of(|_, bench| {
        bench.set("VEO_CFLAGS", "-finline '-DNAME=a b'");
        bench.set("VEO_CFLAGS_ve1", "-mvector");
        bench.set("VEO_CFLAGS_ve3", "-not-this");
        bench.set("CFLAGS", "-for-the-host");
        bench.set("VEO_LDFLAGS", "-Wl,-z,now");
    });
    assert_eq!(
        lines,
        (
            compiled("-finline -DNAME=a b -mvector"),
            linked_with("", " -finline -DNAME=a b -mvector", " -Wl,-z,now")
        )
    );
}

#[test]
fn flags_that_only_some_compilers_accept() {
    let lines = lines_of(|kernels, _| {
        kernels
            .flag_if_supported("-fbogus")
            .flag_if_supported("-mvector-packed")
            .flags_if_supported(["-fbogus", "-fdiag-inline=1", "-fdiag-parallel=2"])
            .flags([Path::new("-fno-x"), "-fy".as_ref()])
            .remove_flag("-fdiag-parallel=2")
            .remove_flag("-fy");
        let files: Vec<_> = kernels.get_files().collect();
        assert_eq!(files, [Path::new("kernels/k.c")]);
    });
    // Options that are always there come first.
    let flags = "-fno-x -mvector-packed -fdiag-inline=1";
    assert_eq!(lines.0, compiled(flags));
    assert_eq!(lines.1, linked_with("", &format!(" {flags}"), ""));
}

#[test]
fn objects_archives_and_libraries() {
    let lines = lines_of(|kernels, bench| {
        bench.source("extra.o", "");
        bench.source("lib/libown.a", "");
        kernels
            .object("extra.o")
            .link_search("lib")
            .link_lib("own")
            .link_lib("blas_sequential")
            .link_arg("-Wl,-z,defs")
            .for_target(Target::Ve1, |options| {
                options.link_search("/opt/nlc").object("lib/libown.a");
            });
    });
    assert_eq!(
        lines.1,
        linked(
            "",
            " extra.o lib/libown.a -L/opt/nlc -Llib -lown -lblas_sequential -Wl,-z,defs"
        )
    );
}

#[test]
fn c_sources_as_cxx() {
    let lines = lines_of(|kernels, _| {
        kernels.cpp(true);
    });
    let compile = compiled("").replace(COMPILE_C, COMPILE);
    assert_eq!(lines.0, compile.replace("ncc", "nc++"));
    assert_eq!(lines.1, linked("", "").replace("ncc", "nc++"));
}

#[test]
fn debug_information_goes_beside_the_library() {
    let (mut bench, mut kernels) = one_c();
    bench.set("DEBUG", "false");
    let built = bench.build(&mut kernels).unwrap();
    assert_eq!(
        built.targets[0].debug,
        Some(bench.path("out/veo/ve1/libk.so.debug"))
    );
    let split = format!("{WORK}/split/libk.so");
    let lines: Vec<_> = bench
        .lines()
        .into_iter()
        .filter(|line| line.starts_with("nobjcopy"))
        .collect();
    assert_eq!(
        lines,
        [
            format!("nobjcopy --only-keep-debug {WORK}/libk.so {split}.debug"),
            format!(
                "nobjcopy --strip-debug --add-gnu-debuglink=libk.so.debug {WORK}/libk.so {split}"
            ),
        ]
    );
    let built = bench.build(kernels.debug(true)).unwrap();
    assert_eq!(built.targets[0].debug, None);
}

#[test]
fn tools_from_the_environment() {
    let (mut bench, mut kernels) = one_c();
    let script = std::fs::read_to_string(bench.path("nec/ve/bin/ncc")).unwrap();
    bench.install("elsewhere/my ncc", &script);
    bench.set(
        "VEO_NCC",
        format!("'{}' -first", bench.text("elsewhere/my ncc")),
    );
    bench.build(&mut kernels).unwrap();
    let calls = bench.calls();
    assert!(
        calls
            .iter()
            .all(|call| call.tool == "my ncc" && call.args[0] == "-first"),
        "{calls:?}"
    );

    // A path with spaces needs no quotes.
    bench.set("VEO_NCC", bench.text("elsewhere/my ncc"));
    bench.build(&mut kernels).unwrap();
    assert!(
        bench
            .calls()
            .iter()
            .all(|call| call.tool == "my ncc" && call.args[0] == "-march=ve1")
    );
}
