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
    assert_eq!(run(veo(["check"]).arg(&library)).status, 2);
}
