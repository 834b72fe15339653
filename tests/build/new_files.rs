//! Files that appear after a source was compiled, and that it would include now.

use std::fs;

use veo_build::{Kernels, Target};

use crate::installed_compilers::{bench, clang, elf, gfortran};
use crate::package::{NOTHING, Package};
use crate::recording::Bench;

/// A package with one kernel of this text, built once.
fn package(name: &str, builder: &str, kernel: &str) -> Package {
    let package = Package::new(name);
    package.builds(&format!("new(\"libk.so\").file(\"kernels/k.c\"){builder}"));
    package.write("kernels/k.c", kernel);
    package
}

#[test]
fn cargo_notices_a_header_that_hides_another() {
    let package = package(
        "veo-test-hidden",
        ".include(\"first\").include(\"late/dir\").include(\"last\").flags([\"-iquote\", \"quoted\"])",
        "#include <x.h>\n#include \"y.h\"\nint k(void) { return X + Y; }\n",
    );
    package.write("last/x.h", "#include \"deep/z.h\"\n#define X Z\n");
    package.write("last/deep/z.h", "#define Z 1\n");
    package.write("last/y.h", "#define Y 1\n");
    package.write("first/other.h", "");
    package.write("quoted/other.h", "");
    assert_eq!(package.rebuilt(), ["k.c"]);
    package.assert_fresh();
    // In reverse order of the search, each of them hides what was found before.
    for (file, text) in [
        ("late/dir/x.h", "#define X 2\n"),
        ("first/x.h", "#define X 3\n"),
        ("quoted/y.h", "#define Y 2\n"),
        ("kernels/y.h", "#define Y 3\n"),
    ] {
        package.write(file, text);
        assert_eq!(package.rebuilt(), ["k.c"], "{file}");
        package.assert_fresh();
    }
    package.write("first/unrelated.h", "");
    assert_eq!(package.rebuilt(), NOTHING, "nobody asked for it");
    fs::remove_file(package.dir.join("kernels/y.h")).unwrap();
    assert_eq!(package.rebuilt(), ["k.c"], "the hidden one is back");
}

#[test]
fn cargo_notices_a_header_that_was_asked_for_in_vain() {
    let package = package(
        "veo-test-asked",
        ".include(\"include\")",
        "#if __has_include(\"beside.h\")\n#include \"beside.h\"\n#endif\n#include \"n.h\"\n\
         int k(void) { return N; }\n",
    );
    package.write(
        "include/n.h",
        "#define NAME \"sub/option.h\"\n#if __has_include(NAME)\n#define N 2\n#else\n#define N 1\n#endif\n",
    );
    assert_eq!(package.rebuilt(), ["k.c"]);
    package.assert_fresh();
    for file in ["include/sub/option.h", "kernels/beside.h"] {
        package.write(file, "#define OPTION 1\n");
        assert_eq!(package.rebuilt(), ["k.c"], "{file}");
        package.assert_fresh();
    }
}

#[test]
fn cargo_notices_a_header_in_a_directory_of_the_environment() {
    let package = package(
        "veo-test-environment",
        "",
        "#include <x.h>\nint k(void) { return X; }\n",
    );
    package.write("last/x.h", "#define X 1\n");
    package.write("first/other.h", "");
    let first = package.dir.join("first");
    let (first, last) = (first.display(), package.dir.join("last"));
    for (variable, value) in [
        (
            "VEO_CFLAGS",
            format!("'-I{first}' '-isystem{}'", last.display()),
        ),
        ("CPATH", format!("{first}:{}", last.display())),
    ] {
        let rebuilt = || package.rebuilt_with(&[(variable, &value)]);
        assert_eq!(rebuilt(), ["k.c"]);
        assert_eq!(rebuilt(), NOTHING);
        package.write("first/x.h", "#define X 2\n");
        assert_eq!(rebuilt(), ["k.c"], "{variable}");
        fs::remove_file(package.dir.join("first/x.h")).unwrap();
        assert_eq!(rebuilt(), ["k.c"], "{variable}");
    }
}

/// Builds twice, lets a file appear, and builds twice more: only the build after that compiles.
fn appears(bench: &Bench, kernels: &mut Kernels, file: &str, text: &str) {
    let mut compiled = || !bench.build(kernels).unwrap().targets[0].commands.is_empty();
    assert!(compiled());
    assert!(!compiled(), "{file}");
    bench.source(file, text);
    assert!(compiled(), "{file}");
    assert!(!compiled(), "{file}");
}

#[test]
fn a_file_of_fortran_that_hides_another() {
    if !gfortran() {
        return;
    }
    let bench = bench("host");
    let kernel = "subroutine k(x) bind(c)\n  use iso_c_binding\n  include 'kind.inc'\n  integer(kind), value :: x\nend subroutine\n";
    bench.source("kernels/k.f90", kernel);
    bench.source(
        "kernels/p.F90",
        &format!("#include \"name.h\"\n{}", kernel.replace(" k(", " NAME(")),
    );
    let kind = "integer, parameter :: kind = c_int\n";
    for dir in ["last", "first"] {
        bench.source(&format!("{dir}/other.inc"), "");
    }
    bench.source("last/kind.inc", kind);
    bench.source("last/name.h", "#define NAME p\n");
    let kernels = |library: &str, source: &str| {
        let mut kernels = Kernels::new(library);
        kernels.file(source).flags(["-I", "first"]).include("last");
        kernels
    };
    appears(
        &bench,
        &mut kernels("libk.so", "kernels/k.f90"),
        "kernels/kind.inc",
        kind,
    );
    appears(
        &bench,
        &mut kernels("libp.so", "kernels/p.F90"),
        "kernels/name.h",
        "#define NAME q\n",
    );
    let names = elf(&bench.path("out/veo/host/libp.so")).1;
    assert_eq!(names, ["q"]);
}

#[test]
fn a_header_where_the_compiler_lists_none() {
    let mut bench = Bench::new();
    bench.set("IMITATE", "old-ncc");
    bench.source("kernels/k.c", "#include \"x.h\"\n");
    bench.source("last/x.h", "");
    let mut kernels = Kernels::new("libk.so");
    kernels.file("kernels/k.c").flag("-Ifirst").include("last");
    appears(&bench, &mut kernels, "kernels/x.h", "");
}

#[test]
fn a_header_for_the_ve_through_llvm() {
    if !clang() {
        return;
    }
    let bench = bench("ve1-llvm");
    bench.source(
        "kernels/k.c",
        "#if __has_include(<option.h>)\n#endif\nint k(void) { return 1; }\n",
    );
    let mut kernels = Kernels::new("libk.so");
    let kernels = kernels.file("kernels/k.c").include("include");
    let build = || bench.build(&mut kernels.clone()).unwrap();
    build();
    bench.source("include/option.h", "");
    assert!(
        build().targets[0].commands.is_empty(),
        "what the preprocessor leaves is the same"
    );
    bench.source("kernels/k.c", "#if __has_include(<other.h>)\n#define N 2\n#else\n#define N 1\n#endif\nint k(void) { return N; }\n");
    appears(&bench, &mut kernels.clone(), "include/other.h", "");
    assert!(build().library(Target::Ve1Llvm).is_some());
}

#[test]
fn a_macro_for_the_time_causes_no_rebuild() {
    let bench = bench("host");
    bench.source(
        "kernels/k.c",
        "const char *k(void) { return __DATE__ __TIME__; }\n",
    );
    let mut kernels = Kernels::new("libk.so");
    let kernels = kernels.file("kernels/k.c");
    bench.build(kernels).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let built = bench.build(kernels).unwrap();
    assert!(built.targets[0].commands.is_empty());
}

#[test]
fn nothing_is_preprocessed_unless_files_came_or_went() {
    let mut bench = bench("host");
    bench.source(
        "kernels/k.c",
        "#include \"x.h\"\nint k(void) { return X; }\n",
    );
    bench.source("last/x.h", "#define X 1\n");
    bench.source("first/sub/other.h", "");
    bench.source(
        "cc.sh",
        "case \" $* \" in *' -E '*k.c*) echo run >>\"$RUNS\" ;; esac\nexec cc \"$@\"\n",
    );
    let runs = bench.path("runs");
    let script = bench.path("package/cc.sh");
    bench.set("VEO_CC", format!("sh '{}'", script.display()));
    let mut kernels = Kernels::new("libk.so");
    kernels.file("kernels/k.c").include("first").include("last");
    kernels.env("RUNS", &runs);
    let mut run = || {
        let _ = fs::remove_file(&runs);
        bench.build(&mut kernels).unwrap();
        let counted = fs::read_to_string(&runs).unwrap_or_default();
        counted.lines().count()
    };
    assert_eq!(run(), 1, "the first time");
    assert_eq!(run(), 0, "nothing changed");
    bench.source("first/sub/new.h", "");
    assert_eq!(run(), 1, "a file came");
    assert_eq!(run(), 0, "nothing changed since");
    fs::remove_file(bench.path("package/first/sub/new.h")).unwrap();
    assert_eq!(run(), 1, "a file went");
}
