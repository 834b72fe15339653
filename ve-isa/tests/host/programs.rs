//! Programs that print the same on both machines.

use crate::support::{can_compile, compare};

#[test]
fn formats() {
    if can_compile() {
        assert!(compare(include_str!("format.c")) > 20_000);
    }
}

#[test]
fn strings() {
    if can_compile() {
        assert!(compare(include_str!("strings.c")) > 1000);
    }
}

#[test]
fn library() {
    if can_compile() {
        assert!(compare(include_str!("library.c")) > 150);
    }
}

#[test]
fn numbers() {
    if can_compile() {
        assert!(compare(include_str!("numbers.c")) > 1500);
    }
}

#[test]
fn threads() {
    if can_compile() {
        assert!(compare(include_str!("threads.c")) > 10);
    }
}

#[test]
fn scanning() {
    if can_compile() {
        assert!(compare(include_str!("scan.c")) > 400);
    }
}

#[test]
fn wide_characters() {
    if can_compile() {
        assert!(compare(include_str!("wide.c")) > 400);
    }
}

#[test]
fn names_of_necs_compiler() {
    if can_compile() {
        assert!(compare(include_str!("nec.c")) > 250);
    }
}

#[test]
fn long_doubles_complex_numbers_and_rounding() {
    if can_compile() {
        assert!(compare(include_str!("maths.c")) > 150);
    }
}

#[test]
fn files_signals_searches_and_options() {
    if can_compile() {
        assert!(compare(include_str!("system.c")) > 300);
    }
}
