//! Functions without a prototype: how they are recognised. Callers promote the arguments of such functions.

use std::process::Command;

use veo_abi::Type;
use veo_abi::prototype::{Comparison, compare};
use veo_debuginfo::prototypes::read_file;

use crate::cases::{Case, check};
use crate::compilers::{Compiler, c_compilers, once_with};
use crate::types::{F32, F64, I8, I16, I32, I64, U8, U16, signature, to};

const SOURCE: &str = "\
typedef const float single;
enum small { A, B } __attribute__((packed));
double times(n, x) int n; float x; { return n * x; }
double named(x) single x; { return x; }
long sums(c, s, b, u, e, l) char c; short s; _Bool b; unsigned short u; enum small e; long l; { return c + s + b + u + e + l; }
double array(x, f, d) float x[3]; double f(); double d; { return x[0] + f(d); }
double none() { return 1; }
double times_of(int, float);
double times_of(n, x) int n; float x; { return n * x; }
double vary(float x, ...) { return x; }
";

fn cases() -> Vec<Case> {
    let sums = |c, s, b, u, e| vec![c, s, b, u, e, I64];
    let call = to(Type::Void);
    vec![
        ("times", vec![I32, F64], F64, true),
        ("times", vec![I32, F32], F64, false),
        ("times", vec![I64, F64], F64, false),
        ("times", vec![F64, F64], F64, false),
        ("times", vec![I32, to(F32)], F64, false),
        ("times", vec![I32, F64], F32, false),
        ("named", vec![F64], F64, true),
        ("named", vec![F32], F64, false),
        // A type smaller than `int` may be passed as that, too.
        ("sums", sums(I32, I32, I32, I32, I32), I64, true),
        ("sums", sums(I8, I16, U8, U16, U8), I64, true),
        ("sums", sums(I64, I16, U8, U16, U8), I64, false),
        ("sums", sums(U8, I16, U8, U16, U8), I64, false),
        ("sums", sums(I8, F64, U8, U16, U8), I64, false),
        ("sums", sums(I8, I16, U8, to(U16), U8), I64, false),
        ("array", vec![to(F32), call, F64], F64, true),
        ("array", vec![to(F64), call, F64], F64, false),
        ("none", vec![], F64, true),
        ("none", vec![F64], F64, false),
        ("times_of", vec![I32, F32], F64, true),
        ("times_of", vec![I32, F64], F64, false),
        // The named parameters of a variadic function are no exception.
        ("vary", vec![F32], F64, true),
        ("vary", vec![F64], F64, false),
        ("vary", vec![F32, I32], F64, true),
    ]
}

#[test]
fn old_style_definitions_take_promoted_types() {
    let mut all = c_compilers();
    all.extend(once_with(c_compilers(), &["-gdwarf-2", "-gstrict-dwarf"]));
    for mut compiler in all {
        compiler.options.push("-std=gnu17");
        let found = compiler.prototypes("k.c", SOURCE);
        check(&found, &cases(), &compiler);
    }
}

#[test]
fn the_advice_for_an_old_style_definition_can_be_followed() {
    for compiler in once_with(c_compilers(), &["-std=gnu17"]) {
        let found = compiler.prototypes("k.c", SOURCE);
        let times = found.get("times").expect("it is exported");
        let Comparison { mismatches, notes } = compare(&signature(&[I32, F32], F64), times);
        assert_eq!(notes, &[] as &[String]);
        assert_eq!(
            mismatches[0].to_string(),
            "parameter 2 (`x`): declared `f32`, but the kernel has `float`: its definition, without a prototype, takes it \
             as `double`; declare `f64`"
        );
        assert_eq!(
            times.rust_declaration().as_deref(),
            Some("fn times(n: i32, x: f64) -> f64;")
        );
    }
}

/// The prototypes after the compiler's assembly was changed; `None` if what is to be changed is not there.
fn altered(
    compiler: &Compiler,
    change: impl Fn(&str) -> Option<String>,
) -> Option<veo_abi::prototype::Prototypes> {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("k.c"), "double half(x) float x; { return x / 2; }").unwrap();
    let run = |arguments: &[&str]| {
        let status = Command::new(&compiler.program)
            .current_dir(directory.path())
            .args(arguments)
            .status();
        assert!(status.is_ok_and(|status| status.success()));
    };
    run(&["-S", "-dA", "-g", "-O1", "-fPIC", "-w", "-std=gnu17", "k.c"]);
    let assembly = std::fs::read_to_string(path("k.s")).unwrap();
    std::fs::write(path("k.s"), change(&assembly)?).unwrap();
    run(&["-shared", "k.s", "-o", "libk.so"]);
    Some(read_file(&path("libk.so")).expect("the library can be read"))
}

#[test]
fn language_and_producer_decide_whether_a_missing_mark_tells() {
    let compiler = &c_compilers()[0];
    let with = |language: &str, producer: Option<&str>| {
        altered(compiler, |assembly| {
            let mut lines: Vec<String> = assembly.lines().map(str::to_owned).collect();
            let at = lines.iter_mut().find(|l| l.contains("DW_AT_language"))?;
            *at = format!("\t.byte {language}");
            if let Some(producer) = producer {
                let at = lines.iter_mut().find(|l| l.contains(".string\t\"GNU C"))?;
                *at = format!("\t.string \"{producer}\"");
            }
            Some(lines.join("\n") + "\n")
        })
    };
    let takes = |found: &veo_abi::prototype::Prototypes, ty: Type| {
        let half = found.get("half").expect("it is exported");
        compare(&signature(&[ty], F64), half).is_match()
    };
    // Every C, and Objective-C.
    for language in ["0x1", "0x2", "0xc", "0x1d", "0x2c", "0x3e", "0x10"] {
        let Some(found) = with(language, None) else {
            return; // No gcc.
        };
        assert!(takes(&found, F64) && !takes(&found, F32), "{language}");
    }
    // Languages without old-style definitions write no marks: Rust, D, Ada, Go, Zig, C++, Fortran apart.
    for language in ["0x1c", "0x13", "0xd", "0x16", "0x27", "0x4"] {
        let found = with(language, None).expect("this is gcc");
        assert!(!takes(&found, F64) && takes(&found, F32), "{language}");
    }
    // Some compilers of other languages say C and write no marks.
    let found = with("0xc", Some("TinyGo")).expect("this is gcc");
    assert!(!takes(&found, F64) && takes(&found, F32));
}
