//! `veo check`.

use std::fs;

use crate::files::{shapes, source, ve_shapes, with_options};
use crate::support::{checked, expect, expect_json, json, right, run, veo, wrong};

#[test]
fn right_declarations_have_no_mistakes() {
    let (directory, library) = shapes();
    let text = right(veo(["check"]).arg(&library).arg(source("right.rs")));
    let plain = text.replace(&directory.path().display().to_string(), "DIR");
    assert_eq!(
        plain,
        "6 declarations of DIR/libshapes.so compared: no mistakes\n"
    );
    let value = json(veo(["check"]).arg(&library).arg(source("right.rs")));
    assert_eq!(value[0]["mistakes"].as_array().unwrap().len(), 0);
    assert_eq!(value[0]["notes"].as_array().unwrap().len(), 0, "{value:?}");
}

#[test]
fn each_mistake_is_told_as_in_the_build() {
    let (directory, library) = shapes();
    let copy = directory.path().join("wrong.rs");
    fs::copy(source("wrong.rs"), &copy).unwrap();
    let plain = |text: &str| text.replace(&directory.path().display().to_string(), "DIR");
    let printed = run(veo(["check"]).arg(&library).arg(&copy));
    assert_eq!((printed.status, &*printed.stderr), (1, ""));
    expect("check.txt", &plain(&printed.stdout));
    let printed = run(veo(["check", "--json"]).arg(&library).arg(&copy));
    assert_eq!(printed.status, 1);
    expect_json("check.json", &[checked(plain(&printed.stdout).trim_end())]);
}

#[test]
fn a_library_for_the_ve_is_compared_alike() {
    let Some((_kept, library)) = ve_shapes() else {
        return;
    };
    let text = right(veo(["check"]).arg(&library).arg(source("right.rs")));
    assert!(
        text.contains("6 declarations") && text.contains("no mistakes"),
        "{text}"
    );
    let printed = run(veo(["check"]).arg(&library).arg(source("wrong.rs")));
    assert_eq!(printed.status, 1, "{}", printed.stdout);
}

#[test]
fn without_debug_information_names_are_compared() {
    let (_kept, library) = with_options("libshapes.so", &["-O1", "-s"]);
    let text = right(veo(["check"]).arg(&library).arg(source("right.rs")));
    assert!(
        text.contains("note: libshapes.so has no debug information"),
        "{text}"
    );
    let printed = run(veo(["check"]).arg(&library).arg(source("wrong.rs")));
    assert_eq!(printed.status, 1);
    assert!(printed.stdout.contains("lenght"), "{}", printed.stdout);
}

#[test]
fn sources_that_cannot_be_compared_are_one_sentence() {
    let (directory, library) = shapes();
    let file = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    for (path, why) in [
        (directory.path().join("missing.rs"), "cannot read"),
        (file("no_rust.rs", b"fn f( {\n"), "no_rust.rs:1:"),
        (file("bytes.rs", b"\xff\xfe"), "not UTF-8"),
        (file("none.rs", b"fn f() {}\n"), "declare no kernels"),
        (
            file(
                "other.rs",
                b"#[ve_kernel(lib = \"libother.so\")]\nfn f(x: i32);\n",
            ),
            "they name libother.so",
        ),
    ] {
        let said = wrong(1, veo(["check"]).arg(&library).arg(&path));
        assert!(said.contains(why), "{}: {said}", path.display());
    }
    let said = wrong(1, veo(["check"]).arg(&library).arg("/dev/zero"));
    assert!(said.contains("longer than"), "{said}");
    assert_eq!(run(veo(["check"]).arg(&library)).status, 2);
}

/// The layouts of C's compiler, compared with sources that nobody has compiled.
#[test]
fn structures_are_laid_out_as_c_does() {
    let directory = tempfile::tempdir().unwrap();
    let library = directory.path().join("liblayouts.so");
    veo_test_support::compile::library(source("layouts.c"), &library, &["-g"]);
    let right = fs::read_to_string(source("layouts.rs")).unwrap();
    let copy = directory.path().join("layouts.rs");
    let compared = |text: &str| {
        fs::write(&copy, text).unwrap();
        run(veo(["check", "--json"]).arg(&library).arg(&copy))
    };
    let printed = compared(&right);
    let value = checked(printed.stdout.trim_end());
    assert_eq!(
        (printed.status, &value["compared"]),
        (0, &6.into()),
        "{value}"
    );
    assert_eq!(value["notes"].to_string(), "[]", "{value}");
    for (before, after, kernel) in [
        ("pub b: i32", "pub b: f32", "nested"),
        (
            "pub a: i8,\n    pub b: i32",
            "pub a: i8,\n    pub b: i16",
            "nested",
        ),
        ("[Inner; 3]", "[Inner; 2]", "nested"),
        ("pub tail: f64", "pub tail: i64", "nested"),
        ("#[repr(C, packed)]", "#[repr(C)]", "packed"),
        ("#[repr(C, packed)]", "#[repr(C, packed(2))]", "packed"),
        ("#[repr(C, align(32))]", "#[repr(C, align(64))]", "aligned"),
        ("[f32; 3]", "[f64; 3]", "aligned"),
        ("Complex<f64>", "Complex<f32>", "linked"),
        (
            "pub next: VeAddr<List>,\n    pub item: VeAddr<Outer>",
            "pub next: VeAddr<Wide>,\n    pub item: VeAddr<Outer>",
            "linked",
        ),
        (
            "pub struct Handle(pub u64)",
            "pub struct Handle(pub u32)",
            "wrapped",
        ),
        ("*mut [f64; 4]", "*mut [f64; 3]", "matrix"),
        ("*mut VeAddr<f32>", "*mut VeAddr<f64>", "matrix"),
    ] {
        assert!(right.contains(before), "{before}");
        let wrong = right.replace(before, after);
        let printed = compared(&wrong);
        let value = checked(printed.stdout.trim_end());
        assert_eq!(printed.status, 1, "{before} as {after}: {value}");
        let mistakes = value["mistakes"].as_array().unwrap();
        let named = format!("fn {kernel}(");
        let told = |it: &serde_json::Value| it["message"].as_str().unwrap().contains(&named);
        assert!(mistakes.iter().any(told), "{before} as {after}: {value}");
    }
    // Types that the sources lack are not guessed.
    let missing = right.replace("pub struct Wide", "pub struct Narrow");
    let value = checked(compared(&missing).stdout.trim_end());
    assert_eq!(value["mistakes"].to_string(), "[]", "{value}");
    let notes = value["notes"].to_string();
    assert!(
        notes.contains("*mut Wide") && notes.contains("aligned"),
        "{notes}"
    );
}

/// What no comparison decides is a note, and results are not spoken of as arguments.
#[test]
fn what_cannot_be_decided_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let library = directory.path().join("libodd.so");
    let c = directory.path().join("odd.c");
    fs::write(
        &c,
        "typedef struct { int a; float b; } pair;\n\
         int sum(int count, ...) { return count; }\n\
         pair both(pair x) { return x; }\n\
         __int128 wide(int x) { return x; }\n",
    )
    .unwrap();
    veo_test_support::compile::library(&c, &library, &["-g"]);
    let sources = directory.path().join("odd.rs");
    fs::write(
        &sources,
        "#[ve_kernel(lib = \"libodd.so\")]\nfn sum(count: i32, first: i32) -> i32;\n",
    )
    .unwrap();
    let text = right(veo(["check"]).arg(&library).arg(&sources));
    let note = "note: `sum` takes further arguments (`...`), which cannot be checked";
    assert!(text.contains(note), "{text}");
    fs::write(
        &sources,
        "#[ve_kernel(lib = \"libodd.so\")]\nfn both(x: u64) -> u64;\n\
         #[ve_kernel(lib = \"libodd.so\")]\nfn wide(x: i32) -> i64;\n",
    )
    .unwrap();
    let printed = run(veo(["check"]).arg(&library).arg(&sources));
    assert_eq!(printed.status, 1);
    for said in [
        "parameter 1 (`x`): declared `u64`, but the kernel has `pair`: structures cannot be passed by value",
        "the result: declared `u64`, but the kernel has `pair`: structures cannot be returned by value",
        "the result: declared `i64`, but the kernel has `__int128`: a value of this type cannot be returned",
    ] {
        assert!(printed.stdout.contains(said), "{said}: {}", printed.stdout);
    }
}

#[test]
fn sources_that_nest_deeply_are_read_or_refused() {
    let (_kept, library) = shapes();
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("deep.rs");
    for (before, again, middle, close) in [
        ("fn f() {", "{", "", "}"),
        ("fn f() {", "if a {} else ", "{}", ""),
        (
            "#[ve_kernel(lib = \"libshapes.so\")] fn sum(x: ",
            "*const ",
            "f64, n: i64) -> f64;",
            "",
        ),
    ] {
        for (times, is_too_deep) in [(800, false), (100_000, true)] {
            let end = if before.ends_with('{') { "}" } else { "" };
            let text = [
                before,
                &again.repeat(times),
                middle,
                &close.repeat(times),
                end,
            ]
            .concat();
            fs::write(&deep, text).unwrap();
            let printed = run(veo(["check"]).arg(&library).arg(&deep));
            assert_eq!(printed.status, 1, "{again:?}: {}", printed.stderr);
            let said = printed.stderr.contains("nests too deeply");
            assert_eq!(said, is_too_deep, "{again:?}: {}", printed.stderr);
        }
    }
}
