//! The compilers of this machine, sources for them, and what is in the libraries that they make.

use std::path::{Path, PathBuf};

use object::elf::{ET_REL, FileHeader64};
use object::read::elf::FileHeader;
use object::{LittleEndian, Object, ObjectSymbol};
use veo_abi::prototype::Prototypes;
pub use veo_test_support::ve::can_build as clang;
use veo_test_support::{available, found};

use crate::recording::Bench;

const C: &str = "#include <stdint.h>\n#include \"veo_ve.h\"\n\
                 struct point { double x, y; };\n\
                 double norm2(const struct point *p, int32_t n) {\n\
                 \x20   double sum = 0;\n\
                 \x20   for (int32_t i = 0; i < n; i++) sum += p[i].x * p[i].x + p[i].y * p[i].y;\n\
                 \x20   return sum;\n}\n\
                 uint64_t previous(void) { uint64_t result; return veo_prev_req_result(1, &result) ? 0 : result; }\n";
pub const CXX: &str = "template <typename T> static T twice(T x) { return x + x; }\n\
                   extern \"C\" long cxx_twice(long x) { return twice(x); }\n";
const FORTRAN: &str = "module constants\n  use iso_c_binding\n  real(c_double), parameter :: half = 0.5d0\nend module\n\
                       real(c_double) function halved(x) bind(c)\n  use constants\n  real(c_double), value :: x\n\
                       \x20 halved = half * x\nend function\n";

/// A package with a kernel in each language, for these targets.
pub fn bench(targets: &str) -> Bench {
    let mut bench = Bench::new();
    bench.set("VEO_TARGETS", targets);
    bench.source("kernels/k.c", C);
    bench.source("kernels/t.cpp", CXX);
    bench.source("kernels/h.f90", FORTRAN);
    bench
}

pub fn cxx() -> bool {
    available("a C++ compiler (Debian: g++)", found("c++"))
}

pub fn flang() -> bool {
    available("flang 19 (Debian: flang-19)", found("flang-new-19"))
}

pub fn gfortran() -> bool {
    available("a Fortran compiler (Debian: gfortran)", found("gfortran"))
}

/// Machine, type and flags of an ELF file, and the functions that it offers.
pub fn elf(file: &Path) -> ((u16, u16, u32), Vec<String>) {
    let bytes = std::fs::read(file).unwrap();
    let header = FileHeader64::<LittleEndian>::parse(&*bytes).unwrap();
    let e = LittleEndian;
    let parsed = object::File::parse(&*bytes).unwrap();
    let relocatable = header.e_type(e) == ET_REL;
    let symbols: Vec<_> = if relocatable {
        parsed.symbols().collect()
    } else {
        parsed.dynamic_symbols().collect()
    };
    let mut names: Vec<String> = symbols
        .iter()
        .filter(|symbol| {
            symbol.is_definition()
                && symbol.is_global()
                && symbol.kind() == object::SymbolKind::Text
        })
        .map(|symbol| symbol.name().unwrap().to_string())
        .filter(|name| !name.starts_with('_'))
        .collect();
    names.sort();
    (
        (
            header.e_machine(e).0,
            header.e_type(e).0,
            header.e_flags(e).0,
        ),
        names,
    )
}

/// The prototypes that the build wrote.
pub fn written(file: Option<&PathBuf>) -> Prototypes {
    Prototypes::from_text(&std::fs::read_to_string(file.unwrap()).unwrap()).unwrap()
}
