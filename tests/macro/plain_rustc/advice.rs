//! The advice of messages: it is followed, and has to compile, against the same library.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use veo_abi::build_dir;
use veo_debuginfo::prototypes;
use veo_test_support::compile::library_of;

use super::{libraries, messages, veo_core};

const KERNELS: &str = "\
#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
typedef struct { double x, y; } point;
typedef struct list { struct list *next; double *data; } list;
enum color { red };
double scalars(double d, float f, int i, unsigned u, long l, short s, char c, bool b, size_t z) { return d; }
int32_t give(void) { return 1; }
uint64_t give_unsigned(void) { return 1; }
double *give_pointer(void) { return 0; }
const char *give_text(void) { return 0; }
void nothing(int n) {}
void memory(const double *in, float *out, int64_t *n, void *any, const void *some, double **rows) {}
void planes(double (*m)[4], float _Complex *z, double _Complex *w, bool *flags, char *text) {}
void records(point *p, const list *l, enum color *c, enum color by_value) {}
void function(double (*f)(double, int), void (*g)(void *)) {}
double old(n, x) int n; float x; { return n * x; }
int type(int match, double *fn) { return match; }
";

/// The line before the declarations.
const START: &str = "#![allow(dead_code, non_camel_case_types, unused_imports)] \
    use core::ffi::{c_char, c_int, c_void}; \
    use core::ffi::CStr; use veo_core::{ve_kernel, OnStack, VeBuffer, VeSlice, VeoFunction, VeAddr, VeoContext, VeData, VeMemPtr, VeOpaque}; \
    #[derive(Clone, Copy, VeData)] #[repr(C)] pub struct point { x: f64, y: f64 } \
    #[derive(Clone, Copy, VeData)] #[repr(C)] pub struct list { next: VeAddr<list>, data: VeAddr<f64> }";

/// The kernels' parameters and results, declared right.
const RIGHT: &[(&str, &[&str], &str)] = &[
    (
        "scalars",
        &["f64", "f32", "i32", "u32", "i64", "i16", "i8", "u8", "u64"],
        "f64",
    ),
    ("give", &[], "i32"),
    ("give_unsigned", &[], "u64"),
    ("give_pointer", &[], "*mut f64"),
    ("give_text", &[], "*const c_char"),
    ("nothing", &["i32"], ""),
    (
        "memory",
        &[
            "*const f64",
            "*mut f32",
            "*mut i64",
            "*mut c_void",
            "*const c_void",
            "*mut VeAddr<f64>",
        ],
        "",
    ),
    (
        "planes",
        &[
            "*mut [f64; 4]",
            "*mut [f32; 2]",
            "*mut [f64; 2]",
            "*mut u8",
            "*mut c_char",
        ],
        "",
    ),
    (
        "records",
        &["*mut point", "*const list", "*mut i32", "i32"],
        "",
    ),
    ("old", &["i32", "f64"], "f64"),
    ("type", &["i32", "*mut f64"], "i32"),
    (
        "function",
        &[
            "extern \"C\" fn(f64, i32) -> f64",
            "extern \"C\" fn(*mut c_void)",
        ],
        "",
    ),
];

/// Types that most of the kernels do not take.
const OTHERS: &[&str] = &[
    "f32",
    "f64",
    "i8",
    "u16",
    "i64",
    "u64",
    "usize",
    "c_int",
    "*const f32",
    "*mut i16",
    "&f64",
    "&mut f32",
    "&[i16]",
    "&mut [f64]",
    "&[f64; 3]",
    "*mut point",
    "&list",
    "*mut VeAddr<f32>",
    "extern \"C\" fn(f32) -> f32",
];

/// Types that no kernel takes.
const NEVER: &[&str] = &[
    "bool",
    "char",
    "()",
    "String",
    "&str",
    "&String",
    "Vec<f64>",
    "&Vec<f64>",
    "&mut Vec<i32>",
    "Box<f64>",
    "Option<f64>",
    "Option<&f64>",
    "Option<*mut f64>",
    "[f64; 4]",
    "[f64]",
    "&[bool]",
    "&bool",
    "&char",
    "*mut bool",
    "*const char",
    "i128",
    "u128",
    "&i128",
    "*mut u128",
    "*const ()",
    "*mut [f64]",
    "*mut *mut bool",
    "fn(f64) -> f64",
    "std::num::NonZeroU32",
    "&std::num::NonZeroI8",
    "VeBuffer<f64>",
    "&VeBuffer<f64>",
    "VeoContext",
    "&VeoContext",
    "std::ffi::CString",
    "&CStr",
    "*const str",
    "OnStack<&f64>",
    "OnStack<&mut [f64]>",
    "Result<i32, String>",
    "Result<(), ()>",
    "!",
    "_",
    "(f64, f64)",
    "&(f64, i32)",
    "&'static str",
    "VeMemPtr<bool>",
    "*mut f64",
    "&f64",
    "&mut f64",
    "extern \"C\" fn(f64)",
    "f64",
    "VeoFunction",
    "std::sync::Arc<f64>",
    "&mut [f64]",
    "Vec<bool>",
    "Option<bool>",
    "Option<char>",
    "&[String]",
    "Result<bool, ()>",
    "*const [bool]",
    "&Option<f64>",
    "&mut VeSlice<f64>",
    "Box<[bool]>",
    "&std::ptr::NonNull<f64>",
    "&[f64; 4]",
    "OnStack<&[bool]>",
];

/// A line of a program: what stands before the type or declaration at fault, that, and what stands behind.
#[derive(Clone, Debug)]
struct Line {
    before: String,
    wrong: String,
    behind: String,
}

impl Line {
    fn text(&self) -> String {
        format!("{}{}{}", self.before, self.wrong, self.behind)
    }
}

fn kernel(number: usize, symbol: &str, params: &[&str], result: &str) -> [String; 2] {
    let params: Vec<String> = (0..)
        .zip(params)
        .map(|(n, ty)| format!("p{n}: {ty}"))
        .collect();
    let result = if result.is_empty() {
        String::new()
    } else {
        format!(" -> {result}")
    };
    [
        format!("#[ve_kernel(lib = \"libbuilt.so\", name = \"{symbol}\")] "),
        format!("fn k{number}({}){result};", params.join(", ")),
    ]
}

/// Every parameter and result as each of the other types, and one parameter too many or too few.
fn contradictions() -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |symbol: &str, params: &[&str], result: &str, wrong: Option<&str>| {
        let [attribute, declaration] = kernel(lines.len(), symbol, params, result);
        let (before, behind) = match wrong {
            None => (String::new(), String::new()),
            Some(_) => {
                let (before, behind) = declaration.split_once("WRONG").expect("the place");
                (before.to_owned(), behind.to_owned())
            }
        };
        lines.push(Line {
            before: attribute + &before,
            wrong: wrong.map_or(declaration, str::to_owned),
            behind,
        });
    };
    for (symbol, params, result) in RIGHT {
        for other in OTHERS {
            for place in 0..params.len() {
                let mut params = params.to_vec();
                params[place] = "WRONG";
                add(symbol, &params, result, Some(other));
            }
            if !result.is_empty() && !other.contains(['&', '(']) {
                add(symbol, params, "WRONG", Some(other));
            }
        }
        let more = [*params, &["i32"]].concat();
        add(symbol, &more, result, None);
        if let [fewer @ .., _] = *params {
            add(symbol, fewer, result, None);
        }
    }
    lines
}

/// The compiler's message about each line, by the index of the line.
fn compile(dir: &Path, lines: &[String]) -> BTreeMap<usize, String> {
    let source = format!("{START}\n{}\nfn main() {{}}\n", lines.join("\n"));
    std::fs::write(dir.join("advice.rs"), source).expect("a temporary directory is writable");
    let output = Command::new("rustc")
        .args(["advice.rs", "--edition", "2024", "--emit", "metadata"])
        .args(["--error-format", "short", "--extern"])
        .arg(format!("veo_core={}", veo_core().display()))
        .arg("-L")
        .arg(format!("dependency={}", libraries().display()))
        .env("OUT_DIR", dir)
        .env("VEO_VERIFY", "deny")
        .current_dir(dir)
        .output()
        .expect("the compiler runs");
    let text = messages(&output);
    let mut said: BTreeMap<usize, String> = BTreeMap::new();
    let mut at = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("advice.rs:") {
            let (number, _) = rest.split_once(':').expect("a line");
            let number: usize = number.parse().expect("a number");
            at = rest.contains(": error").then(|| number.saturating_sub(2));
        }
        if let Some(at) = at {
            said.entry(at).or_default().push_str(&format!("{line}\n"));
        }
    }
    assert_eq!(output.status.success(), said.is_empty(), "{text}");
    said
}

/// Writes everything that is advised instead and expects that it compiles.
fn follow(dir: &Path, lines: &[Line], least: usize, advice: impl Fn(&str) -> Vec<String>) {
    let text: Vec<String> = lines.iter().map(Line::text).collect();
    let mut advised = Vec::new();
    for (index, message) in compile(dir, &text) {
        let line = &lines[index];
        for instead in advice(&message) {
            let text = format!("{}{instead}{}", line.before, line.behind);
            advised.push((text, line.text(), message.clone()));
        }
    }
    assert!(
        advised.len() >= least,
        "only {} were advised",
        advised.len()
    );
    // Each in a module of its own, so that one name may stand for several.
    let text = advised.iter().enumerate();
    let text: Vec<String> = text
        .map(|(number, (line, ..))| format!("mod m{number} {{ use super::*; {line} }}"))
        .collect();
    let said = compile(dir, &text);
    let wrong: Vec<String> = said
        .iter()
        .map(|(index, error)| {
            let (line, before, message) = &advised[*index];
            format!("{before}\n{message}{line}\n{error}")
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        advised.len(),
        wrong.join("\n")
    );
}

/// The parts between backquotes, each with the words before it.
fn quoted(text: &str) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = text.split('`').collect();
    parts
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1]))
        .collect()
}

#[test]
fn declarations_that_messages_advise_agree_with_the_library() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let library = build_dir::library(dir.path(), build_dir::HOST, "libbuilt.so");
    let prototypes_dir = build_dir::of(dir.path()).join(build_dir::PROTOTYPES);
    std::fs::create_dir_all(library.parent().unwrap()).unwrap();
    std::fs::create_dir_all(&prototypes_dir).unwrap();
    library_of(KERNELS, "c", &library, &["-std=gnu11", "-w", "-g"]);
    let found = prototypes::read_file(&library).expect("debug information");
    let text = prototypes_dir.join(build_dir::prototypes_file("libbuilt.so"));
    std::fs::write(text, found.to_text()).unwrap();

    let right = RIGHT.iter().enumerate();
    let right =
        right.map(|(n, (symbol, params, result))| kernel(n, symbol, params, result).concat());
    assert_eq!(
        compile(dir.path(), &right.collect::<Vec<_>>()),
        BTreeMap::new()
    );

    follow(dir.path(), &contradictions(), 400, |message| {
        let first = message.lines().next().unwrap_or_default();
        let Some((_, advice)) = first.split_once("; declare ") else {
            return Vec::new();
        };
        // The compiler adds this to a panic.
        let advice = advice.split(": evaluation of").next().unwrap_or_default();
        if advice.starts_with("no result") {
            return Vec::new();
        }
        quoted(advice)
            .into_iter()
            .map(|(_, instead)| instead.to_owned())
            .collect()
    });
}

#[test]
fn types_that_messages_advise_are_accepted() {
    let mut lines = Vec::new();
    for (number, wrong) in NEVER.iter().enumerate() {
        let mut add = |before: String, behind: &str| {
            lines.push(Line {
                before,
                wrong: (*wrong).to_owned(),
                behind: behind.to_owned(),
            });
        };
        let attribute = "#[ve_kernel(lib = \"libother.so\")] ";
        add(format!("{attribute}fn p{number}(x: "), ");");
        add(format!("{attribute}fn r{number}() -> "), ";");
        add(
            format!("#[derive(Clone, Copy, VeData)] #[repr(C)] pub struct S{number} {{ x: "),
            " }",
        );
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    follow(dir.path(), &lines, 60, |message| {
        let first = message.lines().next().unwrap_or_default();
        let Some((_, advice)) = first.split_once("write ") else {
            return Vec::new();
        };
        let advice = format!("write {advice}");
        let mut all = Vec::new();
        for (words, instead) in quoted(&advice) {
            let words = words.trim();
            let instead = instead.replace("; N]", "; 4]").replace("<T>", "<f64>");
            if words.ends_with("a pointer to") {
                all.push(format!("*mut {instead}"));
            } else if words.ends_with("a reference to") {
                all.push(format!("&{instead}"));
            } else if words.ends_with("an array of") {
                all.push(format!("[{instead}; 4]"));
            } else if ["write", "or", ",", "write the pointer itself, such as"].contains(&words)
                && !instead.contains([':', '#'])
            {
                all.push(instead);
            }
        }
        all
    });
}
