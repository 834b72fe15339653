//! Contracts at run time: wrong calls are refused before their kernel runs, with a message that
//! names the numbers. The same calls with the number next to it are made.

mod common;

use std::ffi::c_void;
use std::sync::Once;

use veo_core::{Error, NULL, OnStack, VeMemPtr, VeoProc, kernels, ve_kernel};

/// Rows of the matrices here are aligned to as many elements.
const ROW: i32 = 4;

mod limits {
    pub const LEAST: u8 = 2;
    pub const IS_STRICT: bool = true;
}

type Callback = extern "C" fn(f64) -> f64;
type MaybeCallback = Option<Callback>;

// All of them are one C function, which takes what it is given and counts.
#[ve_kernel(lib = "libcontracts.so", verify = "off")]
unsafe extern "C" {
    safe fn runs() -> i64;

    #[ve_kernel(name = "touch", requires(n >= 0, x.len() >= n, factor > 0.0))]
    safe fn scale(n: i64, factor: f64, x: *mut f64) -> i64;

    #[ve_kernel(name = "touch", requires(m >= 0 && n >= 0, lda >= max(n, ROW), m == 0 || a.len() >= (m - 1) * lda + n))]
    safe fn matrix(m: i32, n: i32, lda: i32, a: *const f64) -> i64;

    #[ve_kernel(name = "touch", requires(x.len() >= a * b * c))]
    safe fn cube(a: u64, b: u64, c: u64, x: *const u8) -> i64;

    #[ve_kernel(name = "touch", requires(disjoint(x, y)))]
    safe fn dot(x: *const f64, y: *const f64) -> i64;

    #[ve_kernel(name = "touch", requires(x.is_aligned(16), n % 4 == 0, x.len() >= n))]
    safe fn vector(x: *mut f32, n: u32) -> i64;

    #[ve_kernel(name = "touch", requires(x.is_aligned(alignment)))]
    safe fn aligned(x: *const u8, alignment: i32) -> i64;

    #[ve_kernel(name = "touch", requires(p.len() >= n))]
    safe fn bytes(p: *mut c_void, n: usize) -> i64;

    #[ve_kernel(name = "touch", requires(x.len() >= n, weights.is_null() || weights.len() == n))]
    safe fn mean(x: *const f64, weights: *const f64, n: i64) -> i64;

    #[ve_kernel(name = "touch", requires(requires_known(x), x.len() >= n))]
    safe fn known(x: *mut f64, n: i64) -> i64;

    #[ve_kernel(name = "touch", requires(requires_known(n), requires_known(x), x.len() >= n))]
    safe fn counted(n: *const i32, x: *const f64) -> i64;

    #[ve_kernel(name = "touch", requires(requires_known(n), requires_known(m)))]
    safe fn referred(n: &i32, m: *const i32) -> i64;

    #[ve_kernel(name = "touch", requires(n >= 0, incx != 0, n == 0 || x.len() > (n - 1) * max(incx, -incx)))]
    safe fn daxpy_(n: &i32, alpha: &f64, x: *const f64, incx: &i32) -> i64;

    #[ve_kernel(name = "touch", requires(x.len() >= n, 0.0 < eps))]
    safe fn fortran(n: *const i32, eps: *const f32, x: *mut f64) -> i64;

    #[ve_kernel(name = "touch", requires(x.len() == n))]
    safe fn slice(x: &[i32], n: u8) -> i64;

    #[ve_kernel(name = "touch", requires(0 <= k && k < p.len()))]
    safe fn component(p: &mut [f64; 3], k: i32) -> i64;

    #[ve_kernel(name = "touch", requires(n / m > 1, n % m == 0))]
    safe fn parts(n: i32, m: i32) -> i64;

    #[ve_kernel(name = "touch", requires(share >= 0.0 && share <= 1.0 || limits::IS_STRICT == false))]
    safe fn fraction(share: f32) -> i64;

    #[ve_kernel(name = "touch", requires(rows.len() >= n, n >= limits::LEAST))]
    safe fn rows(rows: *mut [f64; 4], n: i64) -> i64;

    #[ve_kernel(name = "touch", requires(!f.is_null()))]
    safe fn apply(f: extern "C" fn(f64) -> f64) -> i64;

    #[ve_kernel(name = "touch", requires(f.is_null() || !g.is_null()))]
    safe fn compose(f: Callback, g: MaybeCallback) -> i64;

    #[ve_kernel(name = "touch", requires(text.len() <= 4))]
    safe fn word(text: *const i8) -> i64;

    #[ve_kernel(name = "touch", requires(y.len() > 0, min(x.len(), y.len()) > 0, y.len() <= -(-5)))]
    safe fn join(x: VeMemPtr<f64>, y: OnStack<f64>) -> i64;
}

fn process() -> VeoProc {
    static LIBRARY: Once = Once::new();
    LIBRARY.call_once(|| {
        common::compile("contracts.c", "libcontracts.so", &["-O1"]);
    });
    common::process()
}

/// A call that is not made, with all of these words in its message.
#[track_caller]
fn refused(proc: &VeoProc, call: Result<i64, Error>, words: &[&str]) {
    let Err(error @ Error::Contract { .. }) = call else {
        panic!("{words:?}: {call:?}");
    };
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
    assert!(text.contains("contracts.rs:"), "{text}");
    RAN.with(|ran| assert_eq!(runs(proc).unwrap(), ran.get(), "it ran: {text}"));
}

/// A call that is made.
#[track_caller]
fn made(call: Result<i64, Error>) {
    let ran = call.expect("it keeps its contract");
    RAN.with(|before| assert_eq!(before.replace(ran), ran - 1));
}

thread_local! {
    /// How often the kernel of the test's own process ran.
    static RAN: std::cell::Cell<i64> = const { std::cell::Cell::new(0) };
}

#[test]
fn lengths() {
    let proc = process();
    let p = &proc;
    let mut three = proc.upload(&[1.0, 2.0, 3.0]).unwrap();
    let mut none = proc.alloc::<f64>(0).unwrap();

    refused(
        p,
        scale(p, 6, 10.0, &mut three),
        &["`x.len() >= n` does not hold", "n = 6", "x.len() = 3"],
    );
    refused(p, scale(p, 4, 10.0, &mut three), &["n = 4", "x.len() = 3"]);
    made(scale(p, 3, 10.0, &mut three));
    refused(
        p,
        scale(p, -1, 10.0, &mut three),
        &["`n >= 0`", ": n = -1 "],
    );
    made(scale(p, 0, 10.0, &mut three));
    refused(
        p,
        scale(p, i64::MAX, 10.0, &mut three),
        &["n = 9223372036854775807"],
    );
    refused(p, scale(p, 1, 10.0, &mut none), &["n = 1", "x.len() = 0"]);
    made(scale(p, 0, 10.0, &mut none));
    refused(p, scale(p, 1, 10.0, NULL), &["n = 1", "x.len() = 0"]);
    made(scale(p, 0, 10.0, NULL));
    refused(
        p,
        scale(p, 3, 10.0, three.slice_mut(1..).unwrap()),
        &["x.len() = 2"],
    );
    made(scale(p, 2, 10.0, three.slice_mut(1..).unwrap()));
    let mut host = [1.0; 5];
    refused(
        p,
        scale(p, 6, 10.0, OnStack::inout(&mut host)),
        &["n = 6", "x.len() = 5"],
    );
    made(scale(p, 5, 10.0, OnStack::output(&mut host)));
    // Nobody knows how much memory follows a bare address.
    made(scale(p, 1000, 10.0, three.as_ptr()));
    refused(p, scale(p, 1, 10.0, VeMemPtr::null()), &["x.len() = 0"]);
}

#[test]
fn products() {
    let proc = process();
    let p = &proc;
    let a = proc.alloc::<f64>(22).unwrap();
    refused(
        p,
        matrix(p, 4, 5, 6, &a),
        &[
            "`m == 0 || a.len() >= (m - 1) * lda + n`",
            "m = 4",
            "a.len() = 22",
            "lda = 6",
            "n = 5",
        ],
    );
    made(matrix(p, 4, 4, 6, &a));
    refused(
        p,
        matrix(p, 3, 5, 4, &a),
        &["`lda >= max(n, ROW)`", "lda = 4", "n = 5"],
    );
    made(matrix(p, 3, 5, 5, &a));
    refused(p, matrix(p, 3, 1, 3, &a), &["lda = 3", "n = 1"]);
    refused(
        p,
        matrix(p, 2, -1, 5, &a),
        &["`m >= 0 && n >= 0`", "m = 2", "n = -1"],
    );
    // In 32 bits this would be 0.
    refused(p, matrix(p, i32::MAX, 0, i32::MAX, &a), &["m = 2147483647"]);
    made(matrix(p, 0, 0, i32::MAX, &a));

    let x = proc.alloc::<u8>(8).unwrap();
    refused(
        p,
        cube(p, 2, 2, 3, &x),
        &["a = 2", "b = 2", "c = 3", "x.len() = 8"],
    );
    made(cube(p, 2, 2, 2, &x));
    // In 64 bits this would be 0.
    refused(
        p,
        cube(p, 1 << 32, 1 << 32, 1, &x),
        &["`x.len() >= a * b * c` does not hold", "a = 4294967296"],
    );
    refused(
        p,
        cube(p, u64::MAX, u64::MAX, u64::MAX, &x),
        &[
            "cannot be computed, since it overflows 128 bits",
            "a = 18446744073709551615",
        ],
    );
    refused(
        p,
        parts(p, 7, 0),
        &[
            "`n / m > 1` cannot be computed, since it divides by zero",
            "m = 0",
        ],
    );
    refused(p, parts(p, 7, 3), &["`n % m == 0`", "n = 7", "m = 3"]);
    refused(p, parts(p, 3, 2), &["`n / m > 1`", "n = 3", "m = 2"]);
    made(parts(p, 6, 3));
    refused(
        p,
        parts(p, i32::MIN, 3),
        &["`n / m > 1`", "n = -2147483648"],
    );
    // In 32 bits this would overflow.
    made(parts(p, i32::MIN, -1));
}

#[test]
fn overlaps() {
    let proc = process();
    let p = &proc;
    let x = proc.upload(&[1.0; 8]).unwrap();
    let part = |range: std::ops::Range<usize>| x.slice(range).unwrap();
    refused(
        p,
        dot(p, &x, &x),
        &[
            "`disjoint(x, y)`",
            "x is 64 bytes at 0x",
            "y is 64 bytes at 0x",
        ],
    );
    refused(
        p,
        dot(p, part(0..4), part(3..8)),
        &["x is 32 bytes at 0x", "y is 40 bytes at 0x"],
    );
    refused(p, dot(p, part(3..8), part(0..4)), &["x is 40 bytes"]);
    refused(p, dot(p, part(2..4), &x), &["x is 16 bytes"]);
    made(dot(p, part(0..4), part(4..8)));
    made(dot(p, part(4..8), part(0..4)));
    // An empty slice has no byte in common with anything.
    made(dot(p, part(2..2), &x));
    made(dot(p, &x, NULL));
    made(dot(p, OnStack::input(&[1.0]), &x));
    // Nobody knows how far a bare address goes.
    made(dot(p, x.as_ptr(), &x));
}

#[test]
fn alignment_and_null() {
    let proc = process();
    let p = &proc;
    let mut x = proc.upload(&[1.0_f32; 9]).unwrap();
    refused(
        p,
        vector(p, x.slice_mut(1..).unwrap(), 8),
        &["`x.is_aligned(16)`", "x is 0x"],
    );
    made(vector(p, x.slice_mut(4..).unwrap(), 4));
    refused(p, vector(p, &mut x, 7), &["`n % 4 == 0`", "n = 7"]);
    refused(p, vector(p, &mut x, 12), &["n = 12", "x.len() = 9"]);
    made(vector(p, &mut x, 8));
    // Data on the kernel's stack are aligned to 8; more is not known.
    made(vector(p, OnStack::inout(&mut [1.0; 4]), 4));
    let bytes_of = proc.alloc::<u8>(64).unwrap();
    refused(
        p,
        aligned(p, &bytes_of, 0),
        &["it asks for an alignment below 1", "alignment = 0"],
    );
    refused(p, aligned(p, &bytes_of, -8), &["alignment = -8"]);
    refused(
        p,
        aligned(p, bytes_of.slice(1..).unwrap(), 2),
        &["alignment = 2"],
    );
    made(aligned(p, bytes_of.slice(1..).unwrap(), 1));
    refused(
        p,
        aligned(p, bytes_of.as_ptr().byte_offset(4), 8),
        &["alignment = 8"],
    );
    made(aligned(p, bytes_of.as_ptr().byte_offset(8), 8));

    refused(p, apply(p, NULL), &["`!f.is_null()`", "f is NULL"]);
    let lib = proc.load_library(common::library()).unwrap();
    let function = lib.find_function("give_f64").unwrap();
    made(apply(p, &function));
    refused(
        p,
        compose(p, &function, NULL),
        &["`f.is_null() || !g.is_null()`", "f is 0x", "g is NULL"],
    );
    made(compose(p, NULL, NULL));
    made(compose(p, &function, &function));

    let w = proc.upload(&[1.0; 3]).unwrap();
    made(mean(p, &w, NULL, 3));
    made(mean(p, &w, &w, 3));
    refused(
        p,
        mean(p, &w, &w, 2),
        &[
            "`weights.is_null() || weights.len() == n`",
            "weights is 0x",
            "weights.len() = 3",
            "n = 2",
        ],
    );
    refused(
        p,
        mean(p, NULL, NULL, 1),
        &["`x.len() >= n`", "x.len() = 0"],
    );
}

#[test]
fn untyped_memory_and_what_is_unknown() {
    let proc = process();
    let p = &proc;
    let mut x = proc.alloc::<f64>(3).unwrap();
    refused(p, bytes(p, &mut x, 25), &["p.len() = 24", "n = 25"]);
    made(bytes(p, &mut x, 24));
    refused(
        p,
        bytes(p, OnStack::inout(&mut [0_i16; 3]), 7),
        &["p.len() = 6"],
    );
    made(bytes(p, OnStack::inout(&mut [0_i16; 3]), 6));
    refused(
        p,
        known(p, x.as_ptr(), 3),
        &["`requires_known(x)`", "the length of x is unknown"],
    );
    refused(p, known(p, &mut x, 4), &["x.len() = 3"]);
    made(known(p, &mut x, 3));
    let mut rows_of = proc.alloc::<[f64; 4]>(2).unwrap();
    refused(p, rows(p, &mut rows_of, 3), &["rows.len() = 2", "n = 3"]);
    refused(
        p,
        rows(p, &mut rows_of, 1),
        &["`n >= limits::LEAST`", "n = 1"],
    );
    made(rows(p, &mut rows_of, 2));
    refused(
        p,
        join(p, x.as_ptr(), OnStack::input(&[0.0; 0])),
        &["y.len() = 0"],
    );
    made(join(p, x.as_ptr(), OnStack::input(&[0.0; 5])));
    refused(
        p,
        join(p, x.as_ptr(), OnStack::input(&[0.0; 6])),
        &["`y.len() <= -(-5)`", "y.len() = 6"],
    );
    refused(p, word(p, OnStack::cstr(c"four")), &["text.len() = 5"]);
    made(word(p, OnStack::cstr(c"six")));
}

#[test]
fn numbers_that_must_be_known() {
    let proc = process();
    let p = &proc;
    let (hundred, x) = (proc.upload(&[100]).unwrap(), proc.upload(&[1.0]).unwrap());
    let unknown = ["`requires_known(n)`", "the number of n is unknown"];
    refused(p, counted(p, &hundred, &x), &unknown);
    refused(p, counted(p, hundred.as_ptr(), &x), &unknown);
    refused(p, counted(p, NULL, &x), &unknown);
    refused(p, counted(p, OnStack::input(&100), &x), &["n = 100"]);
    made(counted(p, OnStack::input(&1), &x));
    // No condition uses the number of `m`, so it is memory.
    made(referred(p, &100, &hundred));
    refused(
        p,
        referred(p, &100, hundred.as_ptr()),
        &["the length of m is unknown"],
    );
}

#[test]
fn values_by_reference() {
    let proc = process();
    let p = &proc;
    let mut x = proc.alloc::<f64>(10).unwrap();
    refused(
        p,
        daxpy_(p, &6, &1.0, &x, &2),
        &["n = 6", "incx = 2", "x.len() = 10"],
    );
    made(daxpy_(p, &5, &1.0, &x, &2));
    refused(p, daxpy_(p, &6, &1.0, &x, &-2), &["incx = -2"]);
    made(daxpy_(p, &5, &1.0, &x, &-2));
    refused(p, daxpy_(p, &1, &1.0, &x, &0), &["`incx != 0`", "incx = 0"]);
    made(daxpy_(p, &0, &1.0, &x, &1));
    refused(
        p,
        fortran(p, OnStack::input(&11), OnStack::input(&0.5), &mut x),
        &["n = 11", "x.len() = 10"],
    );
    refused(
        p,
        fortran(p, OnStack::input(&10), OnStack::input(&0.0), &mut x),
        &["`0.0 < eps`", "eps = 0.0"],
    );
    made(fortran(
        p,
        OnStack::input(&10),
        OnStack::input(&0.5),
        &mut x,
    ));
    // A number in the memory of the VE is not known.
    let n = proc.upload(&[11]).unwrap();
    made(fortran(p, &n, OnStack::input(&0.5), &mut x));
    refused(p, slice(p, &[1, 2, 3], 4), &["n = 4", "x.len() = 3"]);
    refused(p, slice(p, &[], 1), &["n = 1", "x.len() = 0"]);
    made(slice(p, &[1, 2, 3], 3));
    refused(p, component(p, &mut [0.0; 3], 3), &["k = 3", "p.len() = 3"]);
    refused(p, component(p, &mut [0.0; 3], -1), &["k = -1"]);
    made(component(p, &mut [0.0; 3], 2));
}

#[test]
fn floats() {
    let proc = process();
    let p = &proc;
    let mut x = proc.alloc::<f64>(1).unwrap();
    refused(
        p,
        scale(p, 1, 0.0, &mut x),
        &["`factor > 0.0`", "factor = 0.0"],
    );
    refused(
        p,
        scale(p, 1, f64::NAN, &mut x),
        &["it compares a NaN", "factor = NaN"],
    );
    made(scale(p, 1, f64::MIN_POSITIVE, &mut x));
    refused(
        p,
        fraction(p, 1.5),
        &[
            "`share >= 0.0 && share <= 1.0 || limits::IS_STRICT == false`",
            "share = 1.5",
        ],
    );
    refused(p, fraction(p, f32::NAN), &["share = NaN"]);
    made(fraction(p, 1.0));
}

#[test]
fn the_error_has_the_parts_of_its_message() {
    let proc = process();
    let ctx = proc.open_context().unwrap();
    let mut x = proc.alloc::<f64>(3).unwrap();
    let line = line!() + 1;
    let error = scale(&ctx, 4, 1.0, &mut x).expect_err("it is too short");
    let Error::Contract { broken } = error else {
        panic!("{error}");
    };
    assert_eq!(broken.kernel, "fn scale(i64, f64, *mut f64) -> i64");
    assert_eq!(broken.clause, "x.len() >= n");
    assert_eq!(broken.failure, None);
    assert_eq!(broken.values, ["x.len() = 3", "n = 4"]);
    assert!(
        broken.declared_at.starts_with(file!()),
        "{}",
        broken.declared_at
    );
    assert_eq!(broken.called_at, format!("{}:{line}", file!()));
    drop(ctx);
}

#[test]
fn tools_find_the_clauses() {
    let of = |name| {
        kernels()
            .find(|kernel| kernel.name == name)
            .unwrap()
            .contract
    };
    assert_eq!(of("scale"), ["n >= 0", "x.len() >= n", "factor > 0.0"]);
    assert_eq!(of("runs"), [] as [&str; 0]);
}
