//! Messages of a build: errors, warnings, the build note.

use std::fs;

use veo_build::{ErrorKind, Kernels};
use veo_debuginfo::elf;

use crate::installed_compilers::bench;
use crate::package::{Package, done, said};
use crate::recording::{elf_header, touch};

#[test]
fn a_syntax_error_is_the_last_thing_said() {
    let package = Package::new("veo-test-error");
    package.builds("new(\"libk.so\").file(\"kernels/good.c\").file(\"kernels/bad.c\")");
    package.write("kernels/good.c", "int good(void) { return 1; }\n");
    package.write("kernels/bad.c", "int bad(void) {\n    return 1 +;\n}\n");
    let output = package.cargo(&["build"]).output().unwrap();
    assert_eq!(output.status.code(), Some(101));
    let said = said(&output);
    let bad = package.dir.join("kernels/bad.c");
    assert!(
        said.contains(&format!(
            "{}:2:15: error: expected expression",
            bad.display()
        )),
        "{said}"
    );
    assert!(
        !said.contains("--- stdout"),
        "nothing stands before the message: {said}"
    );
    assert!(!said.contains("panicked"), "{said}");
    package.write("kernels/bad.c", "int bad(void) {\n    return 1;\n}\n");
    package.built();
}

#[test]
fn warnings_of_compilers_are_warnings_of_the_build() {
    let package = Package::new("veo-test-warnings");
    package.builds("new(\"libk.so\").file(\"k.c\")");
    package.write("k.c", "int k(void) {\n    int unused;\n    return 1;\n}\n");
    let text = package.built();
    let expected = format!(
        "warning: veo-test-warnings@0.1.0: {}:2:9: warning: unused variable",
        package.dir.join("k.c").display()
    );
    assert!(text.contains(&expected), "{text}");
    touch(&package.dir.join("build.rs"));
    let text = package.built();
    assert!(
        text.contains(&expected),
        "told again although nothing was compiled: {text}"
    );
    // The compilers of targets that nobody asked for would say it in other words.
    let text = package.built_with(&[("VEO_TARGETS", "-ve1,-ve3")]);
    assert_eq!(
        text.matches(":2:9: warning: unused variable").count(),
        1,
        "{text}"
    );
}

#[test]
fn the_build_note_is_a_warning_where_something_is_missed() {
    let package = Package::new("veo-test-note");
    package.write(
        "build.rs",
        "fn main() {\n    let built = veo_build::Kernels::new(\"libk.so\").file(\"k.c\").compile();\n    \
         std::fs::write(\"note.txt\", built.note).unwrap();\n}\n",
    );
    package.write("k.c", "int k(void) { return 1; }\n");
    fs::create_dir(package.dir.join("nec")).unwrap();
    let build = |verbose: &str| {
        let mut build = package.cargo(&["build"]);
        let nec = package.dir.join("nec");
        let build = build
            .env("VEO_TARGETS", "-ve1-llvm")
            .env("VEO_NEC_ROOT", nec);
        done(build.env("VEO_VERBOSE", verbose))
    };
    let note = || fs::read_to_string(package.dir.join("note.txt")).unwrap();

    // A machine without anything of NEC's: nothing is wrong.
    let text = build("0");
    assert!(!text.contains("warning"), "{text}");
    let left_out = format!(
        "; left out: ve1, ve3 (no ncc in PATH or {})",
        package.dir.join("nec/ve/bin").display()
    );
    assert!(note().ends_with(&left_out), "{}", note());
    let text = build("1");
    assert!(
        text.contains("warning: veo-test-note@0.1.0: libk.so: built for host ("),
        "{text}"
    );
    assert!(text.contains(&left_out), "{text}");

    // One that runs programs on a card, but cannot compile for it.
    fs::create_dir_all(package.dir.join("nec/ve/veos")).unwrap();
    let text = build("0");
    let warning = format!("{left_out}. VEO_TARGETS=-ve1,-ve3 silences this note\n");
    assert!(text.contains(&warning), "{text}");

    // The compilers are installed.
    fs::create_dir_all(package.dir.join("nec/ve/lib")).unwrap();
    fs::write(package.dir.join("ve1"), elf_header(elf::VE, 0)).unwrap();
    let ncc = format!(
        "#!/bin/sh\n[ \"$1\" != --version ] || exec echo 'ncc (Stand-in) 5.1.0'\n\
         while [ \"$1\" != -o ]; do shift; done\nexec cp '{}' \"$2\"\n",
        package.dir.join("ve1").display()
    );
    package.script("nec/ve/bin/ncc", &ncc);
    let text = build("0");
    assert!(!text.contains("warning"), "{text}");
    assert!(
        note().contains("ve1 (ncc 5.1.0); left out: ve3 ("),
        "{}",
        note()
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
fn declarations_that_nothing_checks_are_noted() {
    let bench = bench("host");
    let function = ".pushsection .text\\n.globl plain\\nplain: .byte 0\\n.popsection";
    bench.source(
        "kernels/k.c",
        &format!("__asm__(\"{function}\");\nvoid known(int x) {{}}\n"),
    );
    bench
        .build(Kernels::new("libk.so").file("kernels/k.c"))
        .unwrap();
    let text = std::fs::read_to_string(bench.path("out/veo/note.txt")).unwrap();
    let note = "libk.so: declarations of these functions are not checked, because they have no debug information (-g): plain\n";
    assert!(text.contains(note), "{text}");
}

#[test]
fn declarations_that_no_text_shows_are_none_of_the_builds_business() {
    let package = Package::new("veo-test-macros");
    package.builds("new(\"libk.so\").file(\"k.c\")");
    package.write(
        "k.c",
        "int plain(void) { return 1; }\nint of_macro(void) { return 2; }\n",
    );
    // Only the compiler of the crate knows the meaning of these.
    package.write(
        "src/main.rs",
        "macro_rules! kernels { ($($any:tt)*) => {}; }\n\
         kernels! { #[ve_kernel(lib = \"libk.so\")] fn plain() -> i32; }\n\
         kernels! { #[renamed(lib = \"libk.so\")] fn of_macro() -> i32; }\nfn main() {}\n",
    );
    let text = package.built();
    assert!(!text.contains("warning"), "{text}");
}
