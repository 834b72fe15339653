//! The results of `import_header`, and its messages when it cannot import.

mod contracts;
mod functions;
mod values;

use std::fs;

use tempfile::TempDir;
use veo_build::{Built, Error, ErrorKind, Import, Kernels};
use veo_test_support::available;

/// A package with these files, and libclang to read them; `None` skips the test.
fn package(files: &[(&str, &str)]) -> Option<TempDir> {
    let found = clang_sys::is_loaded() || clang_sys::load().is_ok();
    if !available("libclang (Debian: libclang-dev)", found) {
        return None;
    }
    let package = tempfile::tempdir().expect("a temporary directory can be made");
    for (name, text) in files {
        let path = package.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    Some(package)
}

/// Imports as the build script of the package would.
fn import(package: &TempDir, header: &str, set: impl FnOnce(&mut Import)) -> Result<Built, Error> {
    let dir = package.path();
    Kernels::new("libk.so")
        .env("CARGO_MANIFEST_DIR", dir)
        .env("TARGET", "x86_64-unknown-linux-gnu")
        .env("HOST", "x86_64-unknown-linux-gnu")
        .out_dir(dir.join("out"))
        .cargo_metadata(false)
        .include("include")
        .define("WITH_EXTRA", None)
        .import_header_with(header, set)
        .try_compile()
}

fn text(built: &Built) -> String {
    fs::read_to_string(&built.imports[0]).expect("the declarations are there")
}

const HEADER: &str = "\
#include \"types.h\"
/** Adds two numbers. */
long add(int a, int b);
#ifdef WITH_EXTRA
double extra(const real *x);
#endif
real give(struct both b);
";
const TYPES: &str = "typedef double real; struct both { int a; real b; }; void other(real x);\n";

#[test]
fn a_header_becomes_declarations() {
    let files = [("k.h", HEADER), ("include/types.h", TYPES)];
    let Some(package) = package(&files) else {
        return;
    };
    let built = import(&package, "k.h", |_| {}).expect("the header is sound");
    assert_eq!(built.imports, [package.path().join("out/veo/import/k.rs")]);
    assert!(built.targets.is_empty(), "there is nothing to build");
    let text = text(&built);
    for part in [
        "#[::veo_core::ve_kernel(lib = \"libk.so\", lazy, crate = ::veo_core)]",
        "    /// Adds two numbers.\n    pub safe fn add(a: i32, b: i32) -> i64;",
        "pub safe fn extra(x: *const f64) -> f64;",
        "// Left out:\n// give (it takes a structure by value)",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(
        !text.contains("other"),
        "functions of other headers stay out:\n{text}"
    );
    assert_eq!(
        built.note,
        "k.h: 2 functions imported for libk.so; left out: give (it takes a structure by value)"
    );
}

#[test]
fn settings_choose_names_and_functions() {
    let files = [("k.h", HEADER), ("include/types.h", TYPES)];
    let Some(package) = package(&files) else {
        return;
    };
    let built = import(&package, "k.h", |import| {
        import
            .name("kernels")
            .lib("/opt/k/libother.so")
            .crate_path("crate::veo");
        import.without("extra").also_from(r".*/types\.h");
    })
    .expect("the settings are sound");
    assert!(built.imports[0].ends_with("veo/import/kernels.rs"));
    let declared = text(&built);
    assert!(
        declared.contains("lib = \"/opt/k/libother.so\", lazy, crate = crate::veo"),
        "{declared}"
    );
    assert!(
        declared.contains("fn other(x: f64)") && !declared.contains("extra"),
        "{declared}"
    );

    let built = import(&package, "k.h", |import| {
        import.functions("ad+");
    })
    .expect("one function matches");
    assert!(text(&built).contains("fn add") && !text(&built).contains("extra"));
}

#[test]
fn mistakes_say_what_is_wrong() {
    let files = [
        ("broken.h", "int f(undefined_type x);\n"),
        ("empty.h", "#define N 3\n"),
        ("hopeless.h", "struct s { int a; }; struct s f(void);\n"),
        ("dir/good.h", "void f(void);\n"),
        (
            "lame.h",
            "#ifndef LAME_H\n#define LAME_H\n#include \"gone.h\"\n#endif\n",
        ),
        ("umbrella.h", "#include \"dir/good.h\"\n"),
    ];
    let Some(package) = package(&files) else {
        return;
    };
    let fails = |header: &str, kind: ErrorKind, parts: &[&str]| {
        let error = import(&package, header, |_| {}).expect_err(header);
        assert_eq!(error.kind(), kind, "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{part}\n{error}");
        }
    };
    fails(
        "broken.h",
        ErrorKind::ToolFailed,
        &[
            "broken.h:1:7",
            "unknown type name 'undefined_type'",
            ".clang_arg(\"-include\")",
        ],
    );
    fails(
        "absent.h",
        ErrorKind::ToolFailed,
        &[
            "absent.h: there is no such header",
            "include\n",
            ".include(..)",
        ],
    );
    fails(
        "empty.h",
        ErrorKind::InvalidArgument,
        &["empty.h declares no function"],
    );
    fails(
        "umbrella.h",
        ErrorKind::InvalidArgument,
        &[
            "umbrella.h declares no function",
            ".also_from(",
            "dir/good.h (1)",
        ],
    );
    fails(
        "lame.h",
        ErrorKind::ToolFailed,
        &["lame.h:3:10", "'gone.h' file not found", ".include(..)"],
    );
    fails(
        "hopeless.h",
        ErrorKind::InvalidArgument,
        &["f (it returns a structure by value)"],
    );

    let refused = |set: fn(&mut Import), parts: &[&str]| {
        let error = import(&package, "dir/good.h", set).expect_err(parts[0]);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{part}\n{error}");
        }
    };
    let wrong = "not a regular expression";
    refused(|it| _ = it.name("../escape"), &["`../escape`", ".name(..)"]);
    refused(
        |it| _ = it.crate_path("a (path"),
        &["`a (path`", ".crate_path(..)"],
    );
    refused(
        |it| _ = it.crate_path("a path"),
        &["`a path`", ".crate_path(..)"],
    );
    refused(|it| _ = it.functions("("), &["`(`", wrong]);
    refused(|it| _ = it.without("["), &["`[`", wrong]);
    refused(|it| _ = it.also_from("*.h"), &["`*.h`", wrong]);
    assert!(import(&package, "dir/good.h", |_| {}).is_ok());
    assert!(package.path().join("out/veo/import/good.rs").exists());
}

#[test]
fn a_path_may_have_any_characters() {
    let header = "a+b (c) \u{2013} <d> [e]^$.h";
    let Some(package) = package(&[(header, "void f(void);\n")]) else {
        return;
    };
    let built = import(&package, header, |import| {
        import.lib("libk.so\n#");
    })
    .expect("the header is there");
    assert!(text(&built).contains("pub safe fn f();"));
    assert!(text(&built).starts_with("// Kernels of libk.so #, imported from a+b (c)"));
}

#[test]
fn libraries_do_not_take_each_others_declarations() {
    let files = [("a/k.h", "void a(void);\n"), ("b/k.h", "void b(void);\n")];
    let Some(package) = package(&files) else {
        return;
    };
    let first = import(&package, "a/k.h", |_| {}).expect("nothing else is there");
    assert!(import(&package, "a/k.h", |_| {}).is_ok(), "tried again");
    let error = import(&package, "b/k.h", |_| {}).expect_err("of the same name");
    assert!(error.to_string().contains(".name(..)"), "{error}");
    let second = import(&package, "b/k.h", |import| {
        import.name("other");
    });
    assert!(text(&second.expect("of another name")).contains("fn b()"));
    assert!(text(&first).contains("fn a()"));
}
