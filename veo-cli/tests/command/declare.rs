//! `veo declare`: its output compiles as it stands and passes `veo check`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use veo_test_support::available;

use crate::files::{shapes, ve_shapes, with_options};
use crate::support::{expect, json, right, root, run, veo, wrong};

/// The library of `veo_core` that this program was built with.
fn veo_core() -> PathBuf {
    let is_it = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libveo_core-") && name.ends_with(".rlib")
    };
    let entries = fs::read_dir(libraries()).unwrap();
    let built = entries.map(|entry| entry.unwrap().path()).filter(is_it);
    let newest = built.max_by_key(|path| path.metadata().and_then(|file| file.modified()).ok());
    newest.expect("this package depends on veo_core")
}

fn libraries() -> PathBuf {
    std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .to_owned()
}

/// Compiles declarations as a crate of their own, warnings included.
fn compiles(text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("declared.rs");
    fs::write(&file, format!("#![deny(warnings)]\n{text}")).unwrap();
    let mut command = Command::new("rustc");
    command
        .arg(&file)
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
        ])
        .arg("--extern")
        .arg(format!("veo_core={}", veo_core().display()))
        .arg("-L")
        .arg(format!("dependency={}", libraries().display()))
        // This crate has no build of its own, whatever Cargo's variables say.
        .env_remove("OUT_DIR")
        .current_dir(directory.path());
    let output = command.output().unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{messages}\n{text}");
}

/// Whether declarations pass `veo check`, and its output.
fn passes(library: &Path, text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("declared.rs");
    fs::write(&file, text).unwrap();
    let printed = run(veo(["check"]).arg(library).arg(&file));
    assert_eq!(
        (printed.status, &*printed.stderr),
        (0, ""),
        "{}\n{text}",
        printed.stdout
    );
    printed.stdout
}

fn declared(library: &Path) -> String {
    right(veo(["declare"]).arg(library))
}

#[test]
fn a_library_of_all_kinds_of_types() {
    let (_kept, library) = shapes();
    let text = declared(&library);
    expect("declare.rs", &text);
    compiles(&text);
    let said = passes(&library, &text);
    assert!(said.contains("no mistakes"), "{said}");
    let value = json(veo(["declare"]).arg(&library));
    assert_eq!(value[0]["text"], text.as_str());
    assert_eq!(value[0]["library"], "libshapes.so");
}

#[test]
fn the_libraries_of_ve_kernels() {
    let kernels = root().join("../ve-kernels/kernels");
    for source in ["basics", "statistics", "echo", "memory", "faults"] {
        let directory = tempfile::tempdir().unwrap();
        let library = directory.path().join(format!("lib{source}.so"));
        let file = kernels.join(format!("{source}.c"));
        veo_test_support::compile::library(file, &library, &["-g", "-O1", "-lm"]);
        let text = declared(&library);
        compiles(&text);
        passes(&library, &text);
        let own = kernels.join(format!("../src/{source}.rs"));
        // The crate's declarations and these are about the same functions.
        let written = fs::read_to_string(own).unwrap();
        for line in written
            .lines()
            .filter_map(|line| line.split_once("pub safe fn "))
        {
            let name = line.1.split('(').next().unwrap();
            assert!(
                text.contains(&format!("fn {name}(")),
                "{source}: {name}\n{text}"
            );
        }
    }
}

/// Without a prototype, C passes wider arguments and returns what the definition says.
#[test]
fn an_old_style_definition_returns_what_it_says() {
    let source = "float half(x) float x; { return x / 2; }\n\
                  short twice(n) short n; { return 2 * n; }\n";
    let directory = tempfile::tempdir().unwrap();
    let (file, library) = (
        directory.path().join("old.c"),
        directory.path().join("libold.so"),
    );
    fs::write(&file, source).unwrap();
    veo_test_support::compile::library(file, &library, &["-g", "-std=gnu11"]);
    let text = declared(&library);
    assert!(text.contains("fn half(x: f64) -> f32;"), "{text}");
    assert!(text.contains("fn twice(n: i32) -> i16;"), "{text}");
    passes(&library, &text);
}

#[test]
fn a_library_for_the_ve() {
    let Some((_kept, library)) = ve_shapes() else {
        return;
    };
    let text = declared(&library);
    compiles(&text);
    passes(&library, &text);
    assert!(
        text.contains("pub safe fn sum(x: *const f64, n: i64) -> f64;"),
        "{text}"
    );
}

/// A reader that follows all pointers hardly ever ends.
#[test]
fn structures_that_lead_to_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("graph.c");
    let text = "struct edge;\n\
        struct node { struct node *a, *b, *c, *d; struct edge *e, *f, *g, *h; double x; };\n\
        struct edge { struct edge *a, *b, *c, *d; struct node *e, *f, *g, *h; double y; };\n\
        double first(struct node *n, struct edge *e) { return n->x + e->y; }\n";
    fs::write(&source, text).unwrap();
    let library = directory.path().join("libgraph.so");
    veo_test_support::compile::library(&source, &library, &["-g"]);
    let text = declared(&library);
    compiles(&text);
    let said = passes(&library, &text);
    assert!(said.contains("1 declaration "), "{said}");
    let copy = directory.path().join("wrong.rs");
    fs::write(&copy, text.replace("pub y: f64", "pub y: i64")).unwrap();
    assert_eq!(run(veo(["check"]).arg(&library).arg(&copy)).status, 1);
}

#[test]
fn openblas_by_its_header() {
    let header = Path::new("/usr/include/x86_64-linux-gnu/cblas.h");
    let library = Path::new("/usr/lib/x86_64-linux-gnu/libopenblas.so.0");
    if !available("OpenBLAS's header", header.exists() && library.exists()) {
        return;
    }
    let mut command = veo(["declare", "--lib", "libopenblas.so.0"]);
    let text = right(command.arg(header));
    assert!(text.contains("pub safe fn cblas_ddot("), "{text}");
    compiles(&text);
    let said = passes(library, &text);
    assert!(said.contains("no mistakes"), "{said}");
    // It has no debug information, so nothing can be declared of the library itself.
    let said = wrong(1, veo(["declare"]).arg(library));
    assert!(
        said.contains("no debug information") && said.contains("header"),
        "{said}"
    );
}

#[test]
fn a_header_as_the_c_library_has_them() {
    let directory = tempfile::tempdir().unwrap();
    let header = directory.path().join("libc_like.h");
    fs::write(&header, include_str!("sources/libc_like.h")).unwrap();
    if !available("libclang", libclang(&header)) {
        return;
    }
    let text = right(veo(["declare", "--lib", "libc.so.6"]).arg(&header));
    compiles(&text);
    for part in [
        "pub safe fn memcpy(",
        "pub struct tm ",
        "// printf (it takes a variable number",
        "div (it returns a structure",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let libc = Path::new("/lib/x86_64-linux-gnu/libc.so.6");
    if libc.exists() {
        passes(libc, &text);
    }
}

/// Whether libclang is there to read headers.
fn libclang(header: &Path) -> bool {
    run(veo(["declare"]).arg(header)).status == 0
}

#[test]
fn a_function_that_cannot_be_declared_has_one_reason() {
    let (_kept, library) = with_options("libbare.so", &["-O1", "-s"]);
    let said = wrong(1, veo(["declare"]).arg(&library));
    assert!(said.contains("no debug information"), "{said}");
    let directory = tempfile::tempdir().unwrap();
    let said = wrong(1, veo(["declare"]).arg(directory.path()));
    assert!(said.contains("is a directory"), "{said}");
    let file = directory.path().join("data.h");
    fs::write(&file, b"\0\x01\x02").unwrap();
    let said = wrong(1, veo(["declare"]).arg(&file));
    assert!(said.contains("neither a library"), "{said}");
    assert_eq!(run(&mut veo(["declare", "--lib", "", "x.h"])).status, 2);
    let said = wrong(1, &mut veo(["declare", "/dev/zero"]));
    assert!(said.contains("no regular file"), "{said}");
}

#[test]
fn a_header_that_clang_refuses_is_one_message() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let file = directory.path().join(name);
        fs::write(&file, text).unwrap();
        file
    };
    let good = file("good.h", "int f(int n);\n");
    if !available("libclang", libclang(&good)) {
        return;
    }
    let text = file("text.txt", "some words\n");
    let said = wrong(1, veo(["declare"]).arg(&text));
    let told = said.matches("unknown type name 'some'").count();
    assert_eq!(told, 1, "{said}");
    assert!(!said.contains(".define("), "{said}");
    // The advice of the message helps.
    assert!(said.contains("--clang-arg=-include"), "{said}");
    let odd = file("odd.h", "int f(struct only_here *p);\n");
    let printed = run(veo(["declare"]).arg(&odd));
    assert_eq!(printed.status, 0, "{}", printed.stderr);
    let warnings: Vec<&str> = printed.stderr.lines().collect();
    assert!(
        warnings.len() == 1 && warnings[0].contains("odd.h:1:14: warning: "),
        "{warnings:?}"
    );
    let needs = file("needs.h", "size_t count(FILE *file);\n");
    let declared = right(
        veo([
            "declare",
            "--clang-arg=-include",
            "--clang-arg=stdio.h",
            "--lib",
            "libneeds.so",
        ])
        .arg(&needs),
    );
    assert!(declared.contains("fn count("), "{declared}");
    let cpp = file(
        "cpp.h",
        "namespace n { class c; }\nextern \"C\" double add(double a, double b);\n",
    );
    let said = wrong(1, veo(["declare"]).arg(&cpp));
    assert!(
        said.contains("C++") && said.contains("--clang-arg=-xc++"),
        "{said}"
    );
    let declared = right(veo(["declare", "--clang-arg=-xc++"]).arg(&cpp));
    assert!(declared.contains("fn add("), "{declared}");
    let parts: String = (0..40)
        .map(|n| format!("long double f{n}(void);\n"))
        .collect();
    let none = file("none.h", &parts);
    let said = wrong(1, veo(["declare"]).arg(&none));
    assert!(said.contains("f0 (") && said.contains("35 more"), "{said}");
    assert!(!said.contains("help:"), "{said}");
    let lost = file("lost.h", "#include \"inner/lost.h\"\n");
    let said = wrong(1, veo(["declare"]).arg(&lost));
    assert!(
        said.contains("'inner/lost.h' file not found") && said.contains("with -I"),
        "{said}"
    );
}
