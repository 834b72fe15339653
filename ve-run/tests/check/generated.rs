//! Kernels that are made by rule: each kind of memory with each type, each way through vectors with each length. They go to the very ends of what
//! is theirs, and one element further.

use std::fmt::Write;
use std::fs;

use veo_test_support::ve;

use super::{call, compile_file};

/// Elements of the memory of scalar kernels.
const COUNT: usize = 7;

/// How a kernel gets its memory, of `COUNT` elements of a type, and how it gives it back.
const MEMORY: [(&str, &str, &str); 5] = [
    ("malloc", "T *x = hide(malloc(N * sizeof(T)));", "free(x);"),
    ("calloc", "T *x = hide(calloc(N, sizeof(T)));", "free(x);"),
    (
        "realloc",
        "T *x = hide(realloc(malloc(sizeof(T)), N * sizeof(T)));",
        "free(x);",
    ),
    ("stack", "T here[N], *x = hide(here);", ""),
    ("global", "static T there[N]; T *x = hide(there);", ""),
];

const TYPES: [&str; 6] = ["char", "short", "int", "long", "float", "double"];

/// A scalar kernel's use of its memory, and the same beyond its memory. That is found on the heap, where nothing else lies side
/// by side with it.
const ACCESSES: [(&str, &str, &str); 4] = [
    ("first", "x[0] = 3; seen += x[0] == 3;", "x[-1] = 3;"),
    ("last", "x[N - 1] = 3; seen += x[N - 1] == 3;", "x[N] = 3;"),
    (
        "all",
        "for (long i = 0; i < N; i++) x[i] = i; seen += x[N - 1] == N - 1;",
        "for (long i = 0; i <= N; i++) x[i] = i;",
    ),
    (
        "filled",
        "memset(x, 0, N * sizeof(T)); seen += x[N - 1] == 0;",
        "memset(x, 0, N * sizeof(T) + 1);",
    ),
];

/// Types of elements, and how they are loaded, gathered, stored and scattered.
const ELEMENTS: [(&str, [&str; 4]); 4] = [
    ("long", ["vld", "vgt", "vst", "vsc"]),
    ("float", ["vldu", "vgtu", "vstu", "vscu"]),
    ("int", ["vldlsx", "vgtlsx", "vstl", "vscl"]),
    ("unsigned", ["vldlzx", "vgtlzx", "vstl", "vscl"]),
];

/// How many elements there are.
const LENGTHS: [usize; 4] = [1, 17, 100, 255];

/// Ways through the elements, up to a length `L`: what is loaded and stored, in the words of [`ELEMENTS`].
const WAYS: [(&str, &str, &str); 4] = [
    (
        "onwards",
        "_vel_LOAD_vssl(sizeof(T), x, L)",
        "_vel_STORE_vssl(v, sizeof(T), x, L);",
    ),
    (
        "backwards",
        "_vel_LOAD_vssl(-(long)sizeof(T), x + N - 1, L)",
        "_vel_STORE_vssl(v, -(long)sizeof(T), x + N - 1, L);",
    ),
    (
        "every_other",
        "_vel_LOAD_vssl(2 * sizeof(T), x + (N - 1) % 2, (L + 1) / 2)",
        "_vel_STORE_vssl(v, 2 * sizeof(T), x + (N - 1) % 2, (L + 1) / 2);",
    ),
    (
        "indexed",
        "_vel_GATHER_vvssl(_vel_vmulsl_vsvl(sizeof(T), _vel_vaddsl_vsvl((long)x / (long)sizeof(T), _vel_vseq_vl(L), L), L), 0, 0, L)",
        "_vel_SCATTER_vvssl(v, _vel_vmulsl_vsvl(sizeof(T), _vel_vaddsl_vsvl((long)x / (long)sizeof(T), _vel_vseq_vl(L), L), L), 0, 0, L);",
    ),
];

const PROLOGUE: &str = "
#include <stdlib.h>
#include <string.h>
#include <velintrin.h>

#define KEEP __attribute__((noinline))
KEEP static void *hide(void *address) { __asm__ volatile(\"\" : \"+r\"(address) : : \"memory\"); return address; }
static volatile long seen;
";

/// Functions of a source, and a last one that calls all of them.
#[derive(Default)]
struct RuleKernels {
    source: String,
    names: Vec<String>,
}

impl RuleKernels {
    fn add(&mut self, name: String, kind: &str, count: usize, body: &str) {
        write!(
            self.source,
            "#define T {kind}\nenum {{ N_{name} = {count} }};\n#define N N_{name}\n\
             KEEP void {name}(void) {{ {body} }}\n#undef N\n#undef T\n"
        )
        .unwrap();
        self.names.push(name);
    }

    /// All kernels that are right, or all that are wrong.
    fn kernels(right: bool) -> Self {
        let mut made = Self {
            source: PROLOGUE.into(),
            ..Self::default()
        };
        let prefix = if right { "right" } else { "wrong" };
        for (memory, get, give) in MEMORY {
            if !right && give.is_empty() {
                continue;
            }
            for kind in TYPES {
                for (access, own, foreign) in ACCESSES {
                    let name = format!("{prefix}_{memory}_{kind}_{access}");
                    let does = if right { own } else { foreign };
                    made.add(name, kind, COUNT, &format!("{get} {does} {give}"));
                }
            }
        }
        for (kind, [load, gather, store, scatter]) in ELEMENTS {
            for count in LENGTHS {
                for (way, from, to) in WAYS {
                    let name = format!("{prefix}_{kind}_{way}_{count}");
                    // Every other one of two more is one more.
                    let more = if way == "every_other" { 2 } else { 1 };
                    let length = count + if right { 0 } else { more };
                    let text = |text: &str| {
                        text.replace("LOAD", load)
                            .replace("GATHER", gather)
                            .replace("STORE", store)
                            .replace("SCATTER", scatter)
                            .replace('L', &length.to_string())
                    };
                    let (get, give) = (MEMORY[1].1, MEMORY[1].2);
                    let (from, to) = (text(from), if right { text(to) } else { String::new() });
                    let keep = "__asm__ volatile(\"\" : : \"v\"(v));";
                    let body = format!("{get} __vr v = {from}; {keep} {to} seen++; {give}");
                    made.add(name, kind, count, &body);
                }
            }
        }
        made.source += "long all(void) {\n";
        for name in &made.names {
            writeln!(made.source, "    {name}();").unwrap();
        }
        if right {
            // Each has come to its end, and has found what it has written.
            let count = made.names.len();
            writeln!(
                made.source,
                "    if (seen != {count}) *(volatile long *)0 = 1;"
            )
            .unwrap();
        }
        made.source += "    return 0;\n}\n";
        made
    }
}

#[test]
fn kernels_by_rule_that_are_right() {
    if !ve::can_compile() {
        return;
    }
    let made = RuleKernels::kernels(true);
    assert!(made.names.len() >= 180, "{}", made.names.len());
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("right.c");
    fs::write(&source, &made.source).unwrap();
    let object = compile_file(&source, dir.path());
    for check in ["memory,continue", "memory-init,continue"] {
        let (status, said) = call(check, "all", &object);
        assert!(
            status == 0 && said.is_empty(),
            "{check}: {status} {said:#?}"
        );
    }
}

#[test]
fn kernels_by_rule_that_are_wrong() {
    if !ve::can_compile() {
        return;
    }
    let made = RuleKernels::kernels(false);
    assert!(made.names.len() >= 130, "{}", made.names.len());
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("wrong.c");
    fs::write(&source, &made.source).unwrap();
    let object = compile_file(&source, dir.path());
    let (_, said) = call("memory,continue", "all", &object);
    for name in &made.names {
        let place = format!(" in {name}+");
        let count = said.iter().filter(|line| line.contains(&place)).count();
        assert_eq!(count, 1, "{name}: {said:#?}");
    }
    assert_eq!(said.len(), made.names.len(), "{said:#?}");
}
