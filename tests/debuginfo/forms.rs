//! The forms of debug information: versions, compression, optimisation at link time, almost none. Right declarations must
//! pass with each of them, wrong ones must be reported where it shows them.

use std::process::Command;

use veo_abi::Type;
use veo_core::VeData;
use veo_debuginfo::prototypes::read_file;

use crate::cases::{Case, Pair, Wrong, check};
use crate::compilers::{Compiler, c_compilers, cpp_compilers, fortran_compilers, once_with};
use crate::types::{F64, I32, to};
use crate::unusual_types::{FORTRAN, fortran_cases};

const PLAIN: &str = "\
struct pair { int a; double b; };
double work(int n, const double *x, struct pair *p) { return n + x[0] + p->b; }
void nothing(void) {}
int inlined(int x) { struct pair p = { x, 2 }; return (int)work(x, &p.b, &p) + 1; }
";

fn plain_cases() -> Vec<Case> {
    let pair = to(Pair::TYPE);
    vec![
        ("work", vec![I32, to(F64), pair], F64, true),
        ("work", vec![I32, to(F64), to(Wrong::TYPE)], F64, false),
        ("work", vec![I32, to(f32::TYPE), pair], F64, false),
        ("work", vec![I32, to(F64)], F64, false),
        ("nothing", vec![], Type::Void, true),
        ("nothing", vec![I32], Type::Void, false),
        ("inlined", vec![I32], I32, true),
        ("inlined", vec![i64::TYPE], I32, false),
    ]
}

#[test]
fn every_form_of_debug_information_is_read() {
    let forms: [&[&str]; 8] = [
        &["-gdwarf-2", "-O3"],
        &["-gdwarf-3", "-O3"],
        &["-gdwarf-5", "-gdwarf64", "-O2"],
        &["-gdwarf-4", "-fdebug-types-section"],
        &["-gz=zlib", "-O2"],
        &["-ffunction-sections", "-Wl,--gc-sections", "-O2"],
        &["-g3", "-Os"],
        &["-g1", "-g", "-O2"],
    ];
    for form in forms {
        for compiler in once_with(c_compilers(), form) {
            let found = compiler.prototypes("k.c", PLAIN);
            check(&found, &plain_cases(), &compiler);
        }
    }
}

#[test]
fn optimisation_at_link_time_keeps_prototypes() {
    for mut compiler in once_with(c_compilers(), &["-flto", "-O2"]) {
        if compiler.program.starts_with("clang") {
            // Needs a linker with LLVM's plug-in.
            continue;
        }
        let found = compiler.prototypes("k.c", PLAIN);
        check(&found, &plain_cases(), &compiler);
        compiler.options.push("-g1");
        let found = compiler.prototypes("k.c", PLAIN);
        assert!(found.is_empty(), "{compiler:?}");
    }
    for compiler in once_with(fortran_compilers(), &["-flto", "-O2"]) {
        let found = compiler.prototypes("k.f90", FORTRAN);
        check(&found, &fortran_cases(), &compiler);
    }
}

#[test]
fn functions_of_which_only_lines_are_known_are_not_compared() {
    let cpp = format!("extern \"C\" {{\n{PLAIN}}}\n");
    let mut compilers: Vec<(Compiler, &str, &str)> = Vec::new();
    for compiler in once_with(c_compilers(), &["-g1", "-O2"]) {
        compilers.push((compiler, "k.c", PLAIN));
    }
    for compiler in once_with(cpp_compilers(), &["-g1", "-O2"]) {
        compilers.push((compiler, "k.cpp", &cpp));
    }
    for compiler in once_with(fortran_compilers(), &["-g1", "-O2"]) {
        compilers.push((compiler, "k.f90", FORTRAN));
    }
    for (compiler, file, source) in compilers {
        let found = compiler.prototypes(file, source);
        assert!(found.is_empty(), "{compiler:?}: {found:?}");
        let described = if file == "k.f90" { "enter_" } else { "work" };
        assert!(found.exports(described), "{compiler:?}");
        if let [note] = found.notes.as_slice() {
            assert!(note.contains("only the lines"), "{note}");
        } else {
            // clang writes no entries at all for functions that are inlined nowhere.
            assert!(compiler.program.starts_with("clang"), "{:?}", found.notes);
        }
    }
    // A function without parameters and result is not mistaken for one of these.
    for compiler in once_with(cpp_compilers(), &[]) {
        let (_keep, library) = compiler.compile("k.cpp", "extern \"C\" void nothing() {}");
        let found = read_file(&library).expect("the library can be read");
        check(
            &found,
            &[("nothing", vec![I32], Type::Void, false)],
            &compiler,
        );
    }
}

#[test]
fn assembly_is_exported_and_not_compared() {
    let source = "\
.text
.globl typed, plain
.type typed,@function
typed:
plain:
    .byte 0
.size typed,.-typed
.section .note.GNU-stack,\"\",@progbits
";
    for compiler in once_with(c_compilers(), &[]) {
        let found = compiler.prototypes("k.s", source);
        for symbol in ["typed", "plain"] {
            assert!(found.exports(symbol), "{symbol}: {compiler:?}");
            assert!(found.get(symbol).is_none(), "{symbol}: {compiler:?}");
        }
        assert!(!found.exports("absent"));
    }
}

#[test]
fn the_default_version_of_a_symbol_counts() {
    let source = "\
int old_(int a) { return a; }
double new_(double a, int b) { return a + b; }
int gone_(short a) { return a; }
__asm__(\".symver old_,f@V1\\n.symver new_,f@@V2\\n.symver gone_,g@V1\");
";
    for mut compiler in once_with(c_compilers(), &["-O0"]) {
        let map = tempfile::NamedTempFile::new().expect("a temporary file can be made");
        std::fs::write(&map, "V1 { local: old_; new_; gone_; };\nV2 { } V1;\n").unwrap();
        let option = format!("-Wl,--version-script={}", map.path().display());
        compiler.options.push(option.leak());
        let found = compiler.prototypes("k.c", source);
        check(
            &found,
            &[
                ("f", vec![F64, I32], F64, true),
                ("f", vec![I32], I32, false),
                ("g", vec![i16::TYPE], I32, true),
            ],
            &compiler,
        );
    }
}

#[test]
fn a_structure_may_differ_from_file_to_file() {
    for compiler in c_compilers().into_iter().filter(|c| c.options[0] == "-O2") {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let path = |name: &str| directory.path().join(name);
        std::fs::write(
            path("a.c"),
            "struct s { int a; double b; }; void one(struct s *p) { p->a = 1; }",
        )
        .unwrap();
        std::fs::write(
            path("b.c"),
            "struct s { float a; long b; }; void two(struct s *p) { p->a = 1; }",
        )
        .unwrap();
        std::fs::write(path("c.c"), "struct s; void three(struct s *p) {}").unwrap();
        let status = Command::new(&compiler.program)
            .current_dir(directory.path())
            .args(&compiler.options)
            .args(["a.c", "b.c", "c.c", "-o", "libk.so"])
            .status()
            .expect("the compiler starts");
        assert!(status.success());
        let found = read_file(&path("libk.so")).expect("the library can be read");
        let (pair, wrong) = (to(Pair::TYPE), to(Wrong::TYPE));
        let cases = [
            ("one", vec![pair], Type::Void, true),
            ("one", vec![wrong], Type::Void, false),
            ("two", vec![pair], Type::Void, false),
            ("two", vec![wrong], Type::Void, true),
            ("three", vec![pair], Type::Void, true),
            ("three", vec![wrong], Type::Void, true),
        ];
        check(&found, &cases, &compiler);
    }
}
