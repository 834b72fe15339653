//! `veo symbols`.

use std::fs;

use crate::files::{no_libraries, shapes, source, unprintable, ve_shapes, with_options};
use crate::support::{expect, expect_json, json, right, run, veo, wrong};

#[test]
fn functions_are_listed_with_prototype_and_line() {
    let (directory, library) = shapes();
    let plain = |text: String| text.replace(&directory.path().display().to_string(), "DIR");
    expect("symbols.txt", &plain(right(veo(["symbols"]).arg(&library))));
    let mut value = json(veo(["symbols"]).arg(&library));
    value[0]["library"] = "DIR/libshapes.so".into();
    expect_json("symbols.json", &value);
}

#[test]
fn undeclared_functions_alone() {
    let (_kept, library) = shapes();
    let mut command = veo(["symbols"]);
    command
        .arg(&library)
        .arg("--undeclared")
        .arg(source("right.rs"));
    let value = json(&mut command);
    let functions = value[0]["functions"].as_array().unwrap();
    let names: Vec<&str> = functions
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"half") && names.contains(&"stop"),
        "{names:?}"
    );
    for declared in ["sum", "scale", "narrow", "norm2", "handle", "match"] {
        assert!(!names.contains(&declared), "{declared}: {names:?}");
    }
}

#[test]
fn the_usage_puts_the_library_before_the_sources() {
    let printed = run(&mut veo(["symbols", "--undeclared", "right.rs", "lib.so"]));
    assert_eq!(printed.status, 2, "{}", printed.stderr);
    let usage = "veo symbols LIBRARY [--undeclared SOURCES...]";
    assert!(printed.stderr.contains(usage), "{}", printed.stderr);
}

#[test]
fn a_library_without_debug_information_has_names() {
    let (_kept, library) = with_options("libbare.so", &["-O1", "-s"]);
    let text = right(veo(["symbols"]).arg(&library));
    assert!(text.contains("sum  // no debug information\n"), "{text}");
}

#[test]
fn libraries_for_the_ve_are_read_as_others() {
    let Some((_kept, library)) = ve_shapes() else {
        return;
    };
    let value = json(veo(["symbols"]).arg(&library));
    assert_eq!(value[0]["machine"], "ve");
    let functions = value[0]["functions"].as_array().unwrap();
    let sum = functions.iter().find(|it| it["name"] == "sum").unwrap();
    assert_eq!(sum["prototype"], "double sum(const double *x, long n)");
}

#[test]
fn paths_that_are_not_text_are_paths() {
    let (_kept, library) = shapes();
    let (_kept, library) = unprintable(&library);
    let text = right(veo(["symbols"]).arg(&library));
    assert!(
        text.contains("double sum(const double *x, long int n);"),
        "{text}"
    );
    let value = json(veo(["symbols"]).arg(&library));
    assert!(value[0]["library"].as_str().unwrap().contains("d\u{fffd}"));
}

#[test]
fn a_file_that_is_no_library_is_one_sentence() {
    let (directory, library) = shapes();
    for (path, why) in no_libraries(&library, directory.path()) {
        for command in ["symbols", "declare"] {
            // To the second, a text is a header.
            if command == "declare"
                && fs::read(&path).is_ok_and(|bytes| !bytes.starts_with(b"\x7fELF"))
            {
                continue;
            }
            let said = wrong(1, veo([command]).arg(&path));
            assert!(said.contains(why), "{command} {}: {said}", path.display());
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
}
