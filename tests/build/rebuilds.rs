//! Sources that are compiled again, and sources that are not.

use crate::recording::{Bench, touch};
use veo_build::Kernels;

/// `a.c` and `b.c`, of which `a.c` includes `shared.h` and that `deep.h`.
fn two_sources() -> (Bench, Kernels) {
    let bench = Bench::new();
    bench.source("a.c", "#include \"shared.h\"\n");
    bench.source("b.c", "int b;\n");
    bench.source("include/shared.h", "#  include <deep.h>\n");
    bench.source("include/deep.h", "");
    let mut kernels = Kernels::new("libk.so");
    kernels.files(["a.c", "b.c"]).include("include");
    (bench, kernels)
}

/// The calls of the compilers, without the linker's call.
fn compiled(bench: &Bench) -> Vec<String> {
    let calls = bench.calls();
    let mut sources: Vec<String> = calls
        .iter()
        .filter_map(|call| call.args.iter().find(|arg| arg.ends_with(".c")))
        .map(|source| source.rsplit('/').next().unwrap().to_string())
        .collect();
    assert_eq!(
        sources.is_empty(),
        calls.is_empty(),
        "the library is linked when something was compiled"
    );
    sources.sort();
    sources
}

#[test]
fn nothing_when_nothing_changed() {
    let (bench, mut kernels) = two_sources();
    bench.build(&mut kernels).unwrap();
    assert_eq!(compiled(&bench), ["a.c", "b.c"]);
    let built = bench.build(&mut kernels).unwrap();
    assert_eq!(compiled(&bench), [""; 0]);
    assert!(built.targets[0].commands.is_empty());
}

#[test]
fn the_compilers_dependency_files_tell_the_headers() {
    // This stand-in writes what gcc would: everything that was included.
    let (bench, mut kernels) = two_sources();
    let script = std::fs::read_to_string(bench.path("nec/ve/bin/ncc")).unwrap();
    let deps = "*/a.c) printf '%s: %s \\\\\\n ../package/include/shared.h \\\\\\n include/deep.h\\n' \"$out\" \"$source\" > \"$dep\" ;;";
    let script = script.replace(
        "[ -z \"$dep\" ] || printf",
        &format!(
            "case \"$dep$source\" in {deps} esac\n[ -z \"$dep\" ] || [ -s \"$dep\" ] || printf"
        ),
    );
    bench.install("nec/ve/bin/ncc", &script);
    headers_decide(&bench, &mut kernels);
}

#[test]
fn sources_tell_the_headers_where_the_compiler_does_not() {
    let (mut bench, mut kernels) = two_sources();
    bench.set("IMITATE", "old-ncc");
    headers_decide(&bench, &mut kernels);
}

fn headers_decide(bench: &Bench, kernels: &mut Kernels) {
    bench.build(kernels).unwrap();
    assert_eq!(compiled(bench), ["a.c", "b.c"]);
    for header in ["shared.h", "deep.h"] {
        touch(&bench.path("package/include").join(header));
        bench.build(kernels).unwrap();
        assert_eq!(compiled(bench), ["a.c"], "{header}");
        bench.build(kernels).unwrap();
        assert_eq!(compiled(bench), [""; 0], "{header}");
    }
}

#[test]
fn a_source() {
    let (bench, mut kernels) = two_sources();
    bench.build(&mut kernels).unwrap();
    compiled(&bench);
    bench.source("b.c", "int c;\n");
    bench.build(&mut kernels).unwrap();
    assert_eq!(compiled(&bench), ["b.c"]);
    touch(&bench.path("package/b.c"));
    bench.build(&mut kernels).unwrap();
    assert_eq!(compiled(&bench), ["b.c"]);
}

#[test]
fn flags_of_all_and_of_one_file() {
    let (bench, mut kernels) = two_sources();
    bench.build(&mut kernels).unwrap();
    compiled(&bench);
    kernels.for_file("a.c", |options| {
        options.define("X", "1");
    });
    bench.build(&mut kernels).unwrap();
    assert_eq!(compiled(&bench), ["a.c"]);
    bench.build(kernels.flag("-mvector")).unwrap();
    assert_eq!(compiled(&bench), ["a.c", "b.c"]);
    bench.build(kernels.link_lib("m")).unwrap();
    let calls = bench.calls();
    assert_eq!(calls.len(), 1);
    assert!(calls[0].args.contains(&"-lm".to_string()));
}

#[test]
fn a_variable_that_compilers_read() {
    let (mut bench, mut kernels) = two_sources();
    bench.build(&mut kernels).unwrap();
    compiled(&bench);
    bench.set("NCC_INCLUDE_PATH", "/somewhere");
    bench.build(&mut kernels).unwrap();
    assert_eq!(compiled(&bench), ["a.c", "b.c"]);
    bench.set("VEO_CFLAGS", "-DX");
    bench.build(&mut kernels).unwrap();
    assert_eq!(compiled(&bench), ["a.c", "b.c"]);
}

#[test]
fn another_compiler() {
    let (bench, mut kernels) = two_sources();
    bench.build(&mut kernels).unwrap();
    compiled(&bench);
    let script = std::fs::read_to_string(bench.path("nec/ve/bin/ncc")).unwrap();
    bench.install("nec/ve/bin/ncc", &script.replace("5.1.0", "5.2.0"));
    let built = bench.build(&mut kernels).unwrap();
    assert_eq!(compiled(&bench), ["a.c", "b.c"]);
    assert!(built.note.contains("ncc 5.2.0"), "{}", built.note);
}

#[test]
fn an_object_or_a_library_that_is_linked() {
    let (bench, mut kernels) = two_sources();
    for file in ["x.o", "lib/libown.a"] {
        bench.source(file, "");
    }
    kernels.object("x.o").link_search("lib").link_lib("own");
    bench.build(&mut kernels).unwrap();
    bench.calls();
    for file in ["x.o", "lib/libown.a"] {
        touch(&bench.path("package").join(file));
        bench.build(&mut kernels).unwrap();
        assert_eq!(bench.calls().len(), 1, "{file}");
    }
}

#[test]
fn inline_text() {
    let bench = Bench::new();
    let kernels = |text: &str| {
        let mut kernels = Kernels::new("libk.so");
        kernels.inline("a.c", text).inline("b.c", "int b;");
        kernels
    };
    bench.build(&mut kernels("int a;")).unwrap();
    assert_eq!(compiled(&bench), ["a.c", "b.c"]);
    bench.build(&mut kernels("int a;")).unwrap();
    assert_eq!(compiled(&bench), [""; 0]);
    bench.build(&mut kernels("int A;")).unwrap();
    assert_eq!(compiled(&bench), ["a.c"]);
}

#[test]
fn a_source_that_failed_is_compiled_again() {
    let (mut bench, _) = two_sources();
    bench.source("bad.c", "");
    let mut kernels = Kernels::new("libk.so");
    kernels.files(["b.c", "bad.c"]);
    bench.set("NUM_JOBS", "1");
    bench.set("IMITATE", "source");
    bench.build(&mut kernels).unwrap_err();
    assert_eq!(compiled(&bench), ["b.c", "bad.c"]);
    bench.set("IMITATE", "");
    bench.build(&mut kernels).unwrap();
    // The stand-in is told through the environment, which counts as a change for all.
    assert_eq!(compiled(&bench), ["b.c", "bad.c"]);
}

#[test]
fn a_deleted_file_is_built_again() {
    let (bench, mut kernels) = two_sources();
    let built = bench.build(&mut kernels).unwrap();
    compiled(&bench);
    let object = std::fs::read_dir(bench.path("out/veo/work/ve1/libk.so"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "o"))
        .unwrap();
    std::fs::remove_file(object).unwrap();
    bench.build(&mut kernels).unwrap();
    assert_eq!(compiled(&bench).len(), 1);
    std::fs::remove_file(&built.targets[0].library).unwrap();
    bench.build(&mut kernels).unwrap();
    assert_eq!(bench.calls(), []);
    assert!(built.targets[0].library.is_file());
}
