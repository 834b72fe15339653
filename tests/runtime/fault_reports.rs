//! The content of a fault's report: kernel, signal, address, source file and line, for each
//! language that kernels are written in.

use std::path::{Path, PathBuf};

use veo_core::{Error, Fault, VeoProc};
use veo_test_support::{available, compile, found};

/// Compiles a library of kernels, whose source is named `report`.
fn library(extension: &str, source: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{extension}"));
    std::fs::create_dir_all(&directory).unwrap();
    let library = directory.join("report.so");
    compile::library_of(source, extension, library, &["-g", "-O0"])
}

/// Calls a kernel that faults, compares the message of the error, and returns its fault.
#[track_caller]
fn reports(library: &PathBuf, kernel: &str, parts: &[&str]) -> Fault {
    let proc = VeoProc::new(0).unwrap();
    let library = proc.load_library(library).unwrap();
    let kernel = library.find_function(kernel).unwrap();
    let ctx = proc.open_context().unwrap();
    let request = kernel.call(&ctx, &[]).unwrap();
    let behind = kernel.call(&ctx, &[]);
    let error = request.wait().map(drop).unwrap_err();
    for part in parts {
        let said = error.to_string();
        assert!(said.contains(part), "{part:?} is missing in: {said}");
    }
    let fault = error.fault().expect("a fault").clone();
    // Requests behind it and later operations fail with the same fault.
    let others = [
        behind.and_then(|behind| behind.wait().map(drop)),
        proc.alloc::<u8>(1).map(drop),
    ];
    for other in others.map(Result::unwrap_err) {
        assert!(matches!(other, Error::ProcessEnded { .. }), "{other}");
        assert_eq!(other.fault(), Some(&fault));
    }
    fault
}

/// The function and the line of source that a fault names.
fn place(fault: &Fault) -> (&str, &str, u32) {
    let (file, line) = fault.source.as_ref().expect("a source line");
    let file = file.rsplit('/').next().unwrap();
    (fault.function.as_deref().expect("a function"), file, *line)
}

#[test]
fn c() {
    let source = "#include <string.h>\n\
        #include <stdlib.h>\n\
        static void inner(int *p) {\n\
        \x20   *p = 1;\n\
        }\n\
        void outer(void) { inner((int *)0x1234); }\n\
        void called(void) {\n\
        \x20   memset((void *)0x4321, 1, 100000);\n\
        }\n\
        int compare(const void *a, const void *b) { return *(int *)0x5678 + (a < b); }\n\
        void called_back(void) {\n\
        \x20   int x[3] = {3, 2, 1};\n\
        \x20   qsort(x, 3, sizeof *x, compare);\n\
        }\n";
    let library = library("c", source);
    let in_inner = ["SIGSEGV", "0x1234", "kernel outer", "report.c:4"];
    let fault = reports(&library, "outer", &in_inner);
    assert_eq!(place(&fault), ("inner", "report.c", 4));
    // A function of the C library: the line that called it.
    reports(
        &library,
        "called",
        &["SIGSEGV", "kernel called", "report.c:8"],
    );
    // The C library calls back.
    let in_compare = ["SIGSEGV", "0x5678", "kernel called_back", "report.c:10"];
    reports(&library, "called_back", &in_compare);
}

#[test]
fn cpp() {
    let source = "#include <stdexcept>\n\
        #include <vector>\n\
        namespace solver {\n\
        template <class T> struct Grid {\n\
        \x20   T *cells;\n\
        \x20   void touch(int i) {\n\
        \x20       cells[i] = T();\n\
        \x20   }\n\
        };\n\
        }\n\
        extern \"C\" void step() {\n\
        \x20   solver::Grid<double> grid{(double *)0x1000};\n\
        \x20   grid.touch(2);\n\
        }\n\
        void mangled() {\n\
        \x20   *(volatile int *)0x88 = 1;\n\
        }\n\
        extern \"C\" long thrown() {\n\
        \x20   throw std::runtime_error(\"out of here\");\n\
        }\n";
    if available("a C++ compiler (Debian: g++)", found("c++")) {
        let library = library("cpp", source);
        let in_touch = ["SIGSEGV", "0x1010", "kernel step", "report.cpp:7"];
        let fault = reports(&library, "step", &in_touch);
        let touch = "solver::Grid<double>::touch(int)";
        assert_eq!(place(&fault), (touch, "report.cpp", 7));
        let symbol = "_Z7mangledv";
        let fault = reports(
            &library,
            symbol,
            &["SIGSEGV", "0x88", symbol, "report.cpp:16"],
        );
        assert_eq!(place(&fault), ("mangled()", "report.cpp", 16));
        reports(
            &library,
            "thrown",
            &["SIGABRT", "kernel thrown", "report.cpp:19"],
        );
    }
}

#[test]
fn fortran() {
    let source = "subroutine crash()\n\
        \x20 use iso_c_binding\n\
        \x20 real(8), pointer :: x(:)\n\
        \x20 type(c_ptr) :: p\n\
        \x20 p = transfer(4096_8, p)\n\
        \x20 call c_f_pointer(p, x, [10])\n\
        \x20 x(3) = 1.0d0\n\
        end subroutine\n";
    if available("a Fortran compiler (Debian: gfortran)", found("gfortran")) {
        let library = library("f90", source);
        reports(
            &library,
            "crash_",
            &["SIGSEGV", "0x1010", "kernel crash_", "report.f90:7"],
        );
    }
}
