//! Kernels with one mistake each: what finds it, a sanitizer or the guard of VE memory, and what
//! the error says.

use std::path::Path;

use veo_build::Sanitizer;
use veo_core::{Cause, Error, OnStack, VeoProc};
use veo_test_support::blessing;

use crate::built::{Way, library};

/// The checkers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Guard,
    Address,
    Undefined,
    Thread,
}

use By::{Address, Guard, Thread, Undefined};

/// A wrong kernel, and what finds its mistake.
struct Wrong {
    source: &'static str,
    kernel: &'static str,
    found_by: &'static [By],
    /// Part of what is said of it.
    said: &'static str,
}

const fn wrong(
    source: &'static str,
    kernel: &'static str,
    found_by: &'static [By],
    said: &'static str,
) -> Wrong {
    Wrong {
        source,
        kernel,
        found_by,
        said,
    }
}

const C: &str = "wrong.c";
const CXX: &str = "wrong.cpp";
const FORTRAN: &str = "wrong.f90";

const ON_STACK: &str = "the 800 bytes on the stack for argument 0";

/// All of them.
const WRONG: &[Wrong] = &[
    wrong(C, "heap_past_by_1", &[Address], "heap-buffer-overflow"),
    wrong(C, "heap_past_by_16", &[Address], "heap-buffer-overflow"),
    wrong(C, "heap_before_by_1", &[Address], "heap-buffer-overflow"),
    wrong(C, "heap_before_by_16", &[Address], "heap-buffer-overflow"),
    wrong(C, "heap_read_past_by_8", &[Address], "READ of size 8"),
    wrong(C, "heap_after_free", &[Address], "heap-use-after-free"),
    wrong(C, "heap_freed_twice", &[Address], "double-free"),
    wrong(C, "heap_freed_inside", &[Address], "attempting free"),
    wrong(C, "copied_past", &[Address], "WRITE of size 65"),
    wrong(C, "string_past", &[Address], "heap-buffer-overflow"),
    wrong(C, "local_past", &[Address], "stack-buffer-overflow"),
    wrong(C, "local_gone", &[Address], "stack-use-after-scope"),
    wrong(C, "global_past", &[Address], "global-buffer-overflow"),
    wrong(C, "leak", &[Address], "LeakSanitizer: 100 byte(s)"),
    wrong(
        C,
        "leak_of_a_list",
        &[Address],
        "LeakSanitizer: 480 byte(s)",
    ),
    wrong(
        C,
        "ve_past_by_1",
        &[Guard, Address],
        "the 100 f64 allocated at",
    ),
    wrong(
        C,
        "ve_past_by_8",
        &[Guard, Address],
        "the 100 f64 allocated at",
    ),
    wrong(
        C,
        "ve_past_by_4096",
        &[Guard, Address],
        "the 100 f64 allocated at",
    ),
    wrong(
        C,
        "ve_before_by_1",
        &[Guard, Address],
        "the 100 f64 allocated at",
    ),
    wrong(
        C,
        "ve_before_by_8",
        &[Guard, Address],
        "the 100 f64 allocated at",
    ),
    wrong(
        C,
        "ve_before_by_4096",
        &[Guard, Address],
        "the 100 f64 allocated at",
    ),
    wrong(C, "ve_after_free", &[Guard, Address], "which were freed"),
    wrong(C, "stack_past_by_1", &[Guard, Address], ON_STACK),
    wrong(C, "stack_past_by_100", &[Guard, Address], ON_STACK),
    wrong(C, "stack_before_by_1", &[Guard, Address], ON_STACK),
    wrong(C, "stack_before_by_100", &[Guard, Address], ON_STACK),
    wrong(C, "shifted_too_far", &[Undefined], "shift exponent 40"),
    wrong(C, "shifted_by_negative", &[Undefined], "shift exponent -1"),
    wrong(C, "sum_overflows", &[Undefined], "signed integer overflow"),
    wrong(
        C,
        "product_overflows",
        &[Undefined],
        "signed integer overflow",
    ),
    wrong(
        C,
        "index_out_of_array",
        &[Undefined],
        "index 4 out of bounds",
    ),
    wrong(C, "read_misaligned", &[Undefined], "misaligned address"),
    wrong(C, "race_on_ve_memory", &[Thread], "data race"),
    wrong(C, "race_on_heap", &[Thread], "data race"),
    wrong(C, "race_on_global", &[Thread], "data race"),
    wrong(C, "race_beside_a_lock", &[Thread], "data race"),
    wrong(
        CXX,
        "cxx_freed_as_another",
        &[Address],
        "alloc-dealloc-mismatch",
    ),
    wrong(
        CXX,
        "cxx_vector_has_moved",
        &[Address],
        "heap-use-after-free",
    ),
    wrong(CXX, "cxx_past_a_vector", &[Address], "heap-buffer-overflow"),
    wrong(CXX, "cxx_leak", &[Address], "LeakSanitizer: 80 byte(s)"),
    wrong(CXX, "cxx_no_truth_value", &[Undefined], "not a valid value"),
    wrong(CXX, "cxx_race", &[Thread], "data race"),
    wrong(
        FORTRAN,
        "f_past_an_array",
        &[Address],
        "heap-buffer-overflow",
    ),
    wrong(
        FORTRAN,
        "f_before_an_array",
        &[Address],
        "heap-buffer-overflow",
    ),
    wrong(FORTRAN, "f_array_gone", &[Address], "heap-use-after-free"),
    wrong(
        FORTRAN,
        "f_past_ve_memory",
        &[Guard, Address],
        "the 100 f64 allocated at",
    ),
    wrong(FORTRAN, "f_leak", &[Address], "LeakSanitizer: 800 byte(s)"),
];

/// The outcome of a call.
#[derive(Debug)]
enum Outcome {
    /// The kernel returned, and the process ended normally.
    Nothing,
    /// A sanitizer's finding.
    Found(String),
    /// Another end.
    Fault,
}

fn run(source: &str, kernel: &str, way: Way, by: Option<By>) -> Outcome {
    let library = library(source, way, false);
    let proc = VeoProc::builder()
        .memory(64 << 20)
        .prepare_for(&library)
        .guard(match by {
            Some(Guard) => veo_core::Guard::End,
            _ => veo_core::Guard::Off,
        })
        .build()
        .unwrap();
    let kernels = proc.load_library(&library).unwrap();
    let mut x = proc.upload(&[1.0; 100]).unwrap();
    let mut on_stack = [1.0; 100];
    if kernel == "ve_after_free" {
        let freed = proc.alloc_mem(800).unwrap();
        let keep = kernels.find_function("keep").unwrap();
        keep.call(&proc, [freed.cast::<f64>().into()]).unwrap();
        proc.free_mem(freed).unwrap();
    }
    let function = kernels.find_function(kernel).unwrap();
    let argument = if kernel.starts_with("stack_") {
        OnStack::inout(&mut on_stack[..]).into()
    } else {
        (&mut x).into()
    };
    let called = function.call(&proc, [argument, 100.into()]);
    match called.map(drop).and_then(|()| proc.close()) {
        Ok(()) => Outcome::Nothing,
        // A mistake that is found when the kernel returns has no place in the source.
        Err(Error::Exception { fault })
            if by == Some(Guard)
                && fault.memory.is_some()
                && (fault.cause == Cause::Overwritten || fault.source.is_some()) =>
        {
            assert_eq!(fault.kernel.as_deref(), Some(kernel), "{fault}");
            if let Some((file, line)) = &fault.source {
                assert!(*line > 0 && file.contains("wrong."), "{fault}");
            }
            Outcome::Found(fault.to_string())
        }
        Err(Error::Exception { fault }) if fault.cause == Cause::Sanitizer => {
            assert_eq!(fault.kernel.as_deref(), Some(kernel), "{fault}");
            let report = fault.report.as_deref().unwrap_or_default();
            let is_whole = report.contains("Sanitizer") || report.contains("runtime error");
            assert!(is_whole, "{report}");
            let (file, line) = fault.source.as_ref().expect("a place");
            assert!(*line > 0 && file.contains("wrong."), "{fault}");
            Outcome::Found(fault.to_string())
        }
        Err(Error::Sanitizer { found, report, .. }) => {
            assert!(report.contains("LeakSanitizer"), "{report}");
            assert!(
                found.contains(kernel) && found.contains("wrong."),
                "{found}"
            );
            Outcome::Found(found)
        }
        Err(Error::Exception { .. }) => Outcome::Fault,
        Err(error) => panic!("{kernel} {way:?}: {error}"),
    }
}

/// Runs all kernels that can be built this way, and compares what is found with the table.
fn compare(way: Way, by: Option<By>) {
    let mut wrong = Vec::new();
    for row in WRONG.iter().filter(|row| way.is_there(row.source)) {
        let outcome = run(row.source, row.kernel, way, by);
        let is_expected = match &outcome {
            Outcome::Found(said) => {
                by.is_some_and(|it| row.found_by.contains(&it)) && said.contains(row.said)
            }
            Outcome::Nothing | Outcome::Fault => by.is_none_or(|it| !row.found_by.contains(&it)),
        };
        if !is_expected {
            wrong.push(format!("{}: {outcome:?}", row.kernel));
        }
    }
    assert!(wrong.is_empty(), "{way:?}: {wrong:#?}");
}

#[test]
fn nothing_is_found_without_a_sanitizer() {
    compare(Way::Plain, None);
}

#[test]
fn by_the_guard() {
    compare(Way::Plain, Some(Guard));
}

#[test]
fn by_address_with_gcc() {
    compare(Way::Gcc(Sanitizer::Address), Some(Address));
}

#[test]
fn by_address_with_clang() {
    compare(Way::Clang(Sanitizer::Address), Some(Address));
}

#[test]
fn by_undefined_with_gcc() {
    compare(Way::Gcc(Sanitizer::Undefined), Some(Undefined));
}

#[test]
fn by_undefined_with_clang() {
    compare(Way::Clang(Sanitizer::Undefined), Some(Undefined));
}

#[test]
fn by_thread_with_clang() {
    compare(Way::Clang(Sanitizer::Thread), Some(Thread));
}

/// The table of the documentation: what finds which kernel's mistake.
fn table() -> String {
    let mut table =
        "| kernel | guard | address | undefined | thread |\n|---|---|---|---|---|\n".to_owned();
    for row in WRONG {
        let language = match row.source {
            C => "C",
            CXX => "C++",
            _ => "Fortran",
        };
        let name = row
            .kernel
            .trim_start_matches("cxx_")
            .trim_start_matches("f_");
        let name = name.replace('_', " ");
        table += &format!("| {name} ({language}) |");
        for by in [Guard, Address, Undefined, Thread] {
            let found = row.found_by.contains(&by);
            table += if found { " yes |" } else { " |" };
        }
        table.push('\n');
    }
    table
}

#[test]
fn the_documentation_has_the_table() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/book/src/sanitizers.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let begin = text.find("| kernel |").unwrap();
    let len = text[begin..].find("\n\n").unwrap() + 1;
    if blessing() {
        let text = text[..begin].to_owned() + &table() + &text[begin + len..];
        std::fs::write(file, text).unwrap();
        return;
    }
    assert_eq!(
        text[begin..begin + len],
        table(),
        "VEO_BLESS=1 writes it anew"
    );
}
