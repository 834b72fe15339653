//! The headers declare what is provided, and `docs/book/src/ve-c-library.md` says what of it cannot be done.

use std::collections::BTreeSet;
use std::path::Path;

use ve_isa::machine::host_functions;
use veo_test_support::ve;

use crate::support::can_compile;

/// Where the headers are, below their common directory.
const DIRECTORIES: [&str; 4] = ["", "sys/", "arpa/", "netinet/"];

/// The names in a document's table of functions that say that they cannot be done.
fn refused(document: &str) -> BTreeSet<&str> {
    let (_, table) = document.split_once("| functions | what they do |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let names = table.lines().filter_map(|row| row.split('|').nth(1));
    names
        .flat_map(|names| names.split('`').skip(1).step_by(2))
        .collect()
}

/// The functions that a C header declares: names right before a parenthesis, outside of comments and directives.
fn declared(header: &str) -> BTreeSet<String> {
    let mut text = String::new();
    let mut rest = header;
    while let Some((before, comment)) = rest.split_once("/*") {
        text.push_str(before);
        rest = comment.split_once("*/").unwrap().1;
    }
    text.push_str(rest);
    let mut directive = false;
    let mut code = String::new();
    for line in text.lines() {
        directive |= line.starts_with('#');
        if !directive {
            code.push_str(line);
            code.push('\n');
        }
        directive &= line.ends_with('\\');
    }
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.match_indices('(')
        .map(|(at, _)| {
            let before = &code[..at];
            before[before.trim_end_matches(name).len()..].to_owned()
        })
        .filter(|word| !["", "format", "__attribute__", "__asm__", "void", "int"].contains(&&**word))
        .collect()
}

#[test]
fn the_c_library_has_what_its_headers_declare() {
    let document = include_str!("../../../docs/book/src/ve-c-library.md");
    let provided: BTreeSet<String> = host_functions().into_iter().map(String::from).collect();
    let mut missing = BTreeSet::new();
    let mut count = 0;
    let headers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../veo-build/libc");
    for directory in DIRECTORIES {
        for entry in std::fs::read_dir(headers.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "h") {
                continue;
            }
            let names = declared(&std::fs::read_to_string(path).unwrap());
            count += names.len();
            missing.extend(names.difference(&provided).cloned());
        }
    }
    assert!(count > 600, "{count}");
    assert_eq!(missing, BTreeSet::new());
    for name in refused(document) {
        assert!(provided.contains(name), "{name}");
    }
}

/// The headers declare all names of C11, in each version of C, and those for C++ are C++.
#[test]
fn the_headers_have_what_c_demands() {
    if !can_compile() {
        return;
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let headers = own.join("../veo-build/libc");
    let source = own.join("tests/host/c11.c");
    let dir = tempfile::tempdir().unwrap();
    let compile = |source: &Path, language: &str| {
        let headers = headers.to_str().unwrap();
        let options = [language, "-Wall", "-Werror", "-idirafter", headers];
        ve::compile(source, dir.path().join("headers.o"), &options);
    };
    for version in ["-std=c11", "-std=gnu11", "-std=gnu17", "-std=gnu2x"] {
        compile(&source, version);
    }
    let mut all = String::new();
    for directory in DIRECTORIES {
        for entry in std::fs::read_dir(headers.join(directory)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".h") {
                all += &format!("#include <{directory}{name}>\n");
            }
        }
    }
    // In C++ these are words of the language, and threads are those of its own library.
    let all: String = all
        .lines()
        .filter(|line| !line.contains("<threads.h>") && !line.contains("<uchar.h>"))
        .map(|line| format!("{line}\n"))
        .collect();
    let every = dir.path().join("headers.cpp");
    std::fs::write(&every, all).unwrap();
    compile(&every, "-std=gnu++17");
}
