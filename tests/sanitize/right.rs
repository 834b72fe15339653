//! Right kernels, of which no sanitizer and no guard reports anything.

use veo_build::Sanitizer::{Address, Thread, Undefined};
use veo_core::{Guard, VeoProc};

use crate::built::{Way, library};

/// Elements of the memory that kernels get: 1, 2, 3 and so on.
const N: i64 = 1000;
const SUM: i64 = N * (N + 1) / 2;

const RIGHT: &[(&str, &str, i64)] = &[
    ("right.c", "sum", SUM),
    ("right.c", "last", N),
    ("right.c", "copied", SUM),
    ("right.c", "grown", SUM),
    ("right.c", "many_blocks", 20 * SUM / 200),
    ("right.c", "large_heap", 512),
    ("right.c", "large_stack", 100 * SUM / 1000),
    ("right.c", "kept_in_a_variable", SUM),
    ("right.c", "kept_in_thread", SUM),
    ("right.c", "jumped", 100),
    ("right.c", "wrapped", 0),
    ("right.c", "too_much", 1),
    ("right.c", "threads", SUM),
    ("right.c", "threads_with_a_lock", SUM),
    ("right.c", "threads_with_atomics", SUM),
    ("right.c", "threads_that_wait", N),
    ("right.c", "threads_that_meet", SUM),
    ("right.c", "omp_reduction", SUM),
    ("right.c", "omp_parts", 2 * SUM),
    ("right.c", "omp_barrier", SUM),
    ("right.c", "omp_critical", SUM),
    ("right.c", "omp_atomic", SUM),
    ("right.c", "omp_tasks", SUM),
    ("right.c", "omp_sections", SUM),
    ("right.c", "omp_in_turn", SUM),
    ("right.cpp", "cxx_vector", SUM),
    ("right.cpp", "cxx_map", SUM),
    ("right.cpp", "cxx_exception", N),
    ("right.cpp", "cxx_threads", SUM),
    ("right.cpp", "cxx_static", SUM),
    ("right.f90", "f_sum", SUM),
    ("right.f90", "f_allocatable", SUM),
    ("right.f90", "f_omp", SUM),
];

/// Calls all kernels that can be built this way, those of one source in one process, twice, on
/// two contexts in turn.
fn all_are_right(way: Way, guard: Guard) {
    assert!(RIGHT.len() >= 33, "30 of them not in Fortran");
    let x: Vec<f64> = (1..=N).map(|i| i as f64).collect();
    for source in ["right.c", "right.cpp", "right.f90"] {
        if !way.is_there(source) {
            continue;
        }
        let library = library(source, way, way.has_openmp());
        let builder = VeoProc::builder().prepare_for(&library).guard(guard);
        let proc = builder.build().unwrap();
        let contexts = [proc.open_context().unwrap(), proc.open_context().unwrap()];
        let kernels = proc.load_library(&library).unwrap();
        let mut x = proc.upload(&x).unwrap();
        for ctx in contexts.iter().chain(&contexts) {
            for (_, kernel, expected) in RIGHT.iter().filter(|(of, ..)| *of == source) {
                let function = kernels.find_function(kernel).unwrap();
                let request = function.call(ctx, [(&mut x).into(), N.into()]).unwrap();
                let result = request
                    .wait()
                    .unwrap_or_else(|error| panic!("{way:?} {kernel}: {error}"));
                assert_eq!(
                    i64::try_from(result).unwrap(),
                    *expected,
                    "{way:?} {kernel}"
                );
            }
        }
        proc.close()
            .unwrap_or_else(|error| panic!("{way:?} {source}: {error}"));
    }
}

#[test]
fn without_a_sanitizer() {
    all_are_right(Way::Plain, Guard::Off);
}

#[test]
fn under_the_guard_at_the_end() {
    all_are_right(Way::Plain, Guard::End);
}

#[test]
fn under_the_guard_at_the_start() {
    all_are_right(Way::Plain, Guard::Start);
}

#[test]
fn under_address_of_gcc() {
    all_are_right(Way::Gcc(Address), Guard::Off);
}

#[test]
fn under_undefined_of_gcc() {
    all_are_right(Way::Gcc(Undefined), Guard::Off);
}

#[test]
fn under_address_of_clang() {
    all_are_right(Way::Clang(Address), Guard::Off);
}

#[test]
fn under_undefined_of_clang() {
    all_are_right(Way::Clang(Undefined), Guard::Off);
}

#[test]
fn under_thread_of_clang() {
    all_are_right(Way::Clang(Thread), Guard::Off);
}
