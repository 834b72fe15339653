//! The headers declare what is provided, and `docs/book/src/ve-c-library.md` says what of it cannot be done.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use ve_isa::machine::host_functions;
use veo_test_support::{compile, ve};

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
        .filter(|word| {
            !["", "format", "__attribute__", "__asm__", "void", "int"].contains(&&**word)
        })
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

/// The macros of a header, with their texts.
fn macros(command: &mut Command, header: &str) -> BTreeMap<String, String> {
    let options = ["-D_GNU_SOURCE", "-dM", "-E", "-xc", "-include", header];
    let text = compile::tool(command.args(options).arg("/dev/null"));
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("#define "));
    lines
        .filter_map(|line| line.split_once(' '))
        .map(|(name, text)| (name.to_owned(), text.trim().to_owned()))
        .collect()
}

/// The number that a macro stands for, if it is plain.
fn number(macros: &BTreeMap<String, String>, name: &str) -> Option<i128> {
    let text = macros.get(name)?.trim_matches(['(', ')', ' ']);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let digits = digits.trim_end_matches(['U', 'L', 'u', 'l']);
    let value = match digits.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16),
        None if digits.starts_with('0') => i128::from_str_radix(digits, 8),
        None => digits.parse(),
    };
    match value {
        Ok(value) => Some(sign * value),
        Err(_) if text != name => number(macros, text),
        Err(_) => None,
    }
}

/// The constants of the headers are those of Linux, since the host's functions get them.
#[test]
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn the_headers_have_the_constants_of_linux() {
    /// Limits of the locale and of the compiler's own types.
    const OWN: [&str; 2] = ["MB_LEN_MAX", "WCHAR_MAX"];
    /// A header whose constants are the bits of the status word.
    const OF_THE_MACHINE: &str = "fenv.h";
    if !can_compile() {
        return;
    }
    let headers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../veo-build/libc");
    let mut compared = 0;
    for directory in DIRECTORIES {
        for entry in std::fs::read_dir(headers.join(directory)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if !name.ends_with(".h") || name == OF_THE_MACHINE {
                continue;
            }
            let header = format!("{directory}{name}");
            let own = macros(ve::compiler().arg("-idirafter").arg(&headers), &header);
            let linux = macros(&mut Command::new("cc"), &header);
            let names = own.keys().filter(|name| !name.starts_with("__"));
            for name in names.filter(|name| !OWN.contains(&name.as_str())) {
                if let (Some(own), Some(linux)) = (number(&own, name), number(&linux, name)) {
                    assert_eq!(own, linux, "{name} in {header}");
                    compared += 1;
                }
            }
            if header == "errno.h" {
                let errors = linux.keys().filter(|name| name.starts_with('E'));
                let missing: Vec<_> = errors.filter(|name| !own.contains_key(*name)).collect();
                assert!(missing.is_empty(), "{missing:?}");
            }
        }
    }
    assert!(compared > 800, "{compared}");
}
