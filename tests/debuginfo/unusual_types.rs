//! Types that are out of the ordinary, in each language: right declarations must pass and wrong ones be reported, as far as the
//! debug information shows them.

use veo_abi::Type;
use veo_abi::prototype::{Comparison, compare};
use veo_core::{VeAddr, VeData};

use crate::cases::{Case, Pair, Wrong, check};
use crate::compilers::{Compiler, c_compilers, cpp_compilers, fortran_compilers, once_with};
use crate::types::{F64, I32, signature, structures, to};

structures! {
    Variant { u: f64, i: Floats, bits: u16, c: u16, pad: u32 }
    VariantBytes { u: [u8; 8], a: f32, b: f32, bits: [u32; 2] }
    VariantWrong { u: f64, a: f32, b: i32, bits: u32 }
    Floats { a: f32, b: f32 }
    #[repr(packed)] Packed { c: i8, d: f64, s: i16 }
    NotPacked { c: i8, d: f64, s: i16 }
    #[repr(align(64))] Aligned { x: i32 }
    NotAligned { x: i32 }
    Flexible { n: i64, data: [f64; 0] }
    FlexibleWrong { n: f64, data: [f64; 0] }
    Arrays { m: [[i32; 4]; 3], names: [VeAddr<u8>; 2], flags: [u8; 2], level: i16 }
    ArraysWrong { m: [[i32; 4]; 3], names: [VeAddr<f64>; 2], flags: [u8; 2], level: i16 }
    Wide { z: [f64; 2], w: [[f32; 2]; 2], on: u8, v: [f64; 4] }
    WideWrong { z: [f64; 2], w: [[f32; 2]; 2], on: u8, v: [f32; 8] }
    Around { all: [Pair; 4] }
}

#[test]
fn odd_structures_are_compared_as_far_as_they_can_be() {
    let source = "\
#include <complex.h>
#include <stdbool.h>
typedef double vec4 __attribute__((vector_size(32)));
enum small { A, B } __attribute__((packed));
enum level { LOW = -300, HIGH } __attribute__((packed));
typedef struct { union { int i; double d; }; struct { float a, b; }; int bits : 3, more : 7; unsigned char c : 2; } variant;
struct __attribute__((packed)) packed { char c; double d; short s; };
struct __attribute__((aligned(64))) aligned { int x; };
struct flexible { long n; double data[]; };
struct arrays { int m[3][4]; const char *names[2]; enum small flags[2]; enum level level; };
struct wide { double _Complex z; float _Complex w[2]; bool on; vec4 v; };
struct pair { int a; double b; };
void variants(variant *p) { p->i = 1; } void packs(struct packed *p) { p->d = 1; }
void aligns(struct aligned *p) { p->x = 1; } void flexes(struct flexible *p) { p->n = 1; }
void arrays(struct arrays *p) { p->m[0][0] = 1; } void wides(struct wide *p) { p->z = 1; }
void pairs(struct pair p[4]) { p->a = 1; } void vectors(vec4 *v) { *v += *v; }
void numbers(long double *x, __int128 *y, _Atomic int *z, void (**f)(int), double (*const restrict m)[3][4]) { *z = 1; }
float by_value(enum small s, enum level l, bool b, char c, signed char d, unsigned char e) { return s; }
";
    let case = |symbol, declared, right| (symbol, vec![to(declared)], Type::Void, right);
    let by_value = |first: Type, char: Type| {
        let (i8, u8, i16) = (i8::TYPE, u8::TYPE, i16::TYPE);
        vec![first, i16, u8, char, i8, u8]
    };
    let numbers = |fourth: Type, fifth: Type| {
        let bytes = to(<[u64; 2]>::TYPE);
        vec![bytes, bytes, to(I32), fourth, fifth]
    };
    let address = to(VeAddr::<core::ffi::c_void>::TYPE);
    let mut cases = vec![
        case("variants", Variant::TYPE, true),
        case("variants", VariantBytes::TYPE, true),
        case("variants", VariantWrong::TYPE, false),
        case("packs", Packed::TYPE, true),
        case("packs", NotPacked::TYPE, false),
        case("aligns", Aligned::TYPE, true),
        case("aligns", NotAligned::TYPE, false),
        case("flexes", Flexible::TYPE, true),
        case("flexes", FlexibleWrong::TYPE, false),
        case("arrays", Arrays::TYPE, true),
        case("arrays", ArraysWrong::TYPE, false),
        case("pairs", Pair::TYPE, true),
        case("pairs", <[Pair; 4]>::TYPE, true),
        case("pairs", Around::TYPE, true),
        case("pairs", <[Wrong; 4]>::TYPE, false),
        case("vectors", <[f64; 4]>::TYPE, true),
        case("vectors", F64, true),
        case("vectors", f32::TYPE, false),
    ];
    let f32 = f32::TYPE;
    cases.extend([
        ("by_value", by_value(u8::TYPE, i8::TYPE), f32, true),
        ("by_value", by_value(u8::TYPE, F64), f32, false),
        ("by_value", by_value(I32, i8::TYPE), f32, false),
        (
            "numbers",
            numbers(address, to(<[[f64; 4]; 3]>::TYPE)),
            Type::Void,
            true,
        ),
        ("numbers", numbers(address, to(F64)), Type::Void, true),
        ("numbers", numbers(to(F64), to(F64)), Type::Void, false),
        (
            "numbers",
            numbers(address, to(<[f64; 5]>::TYPE)),
            Type::Void,
            false,
        ),
        ("numbers", numbers(address, to(I32)), Type::Void, false),
    ]);
    let mut all = c_compilers();
    all.extend(once_with(c_compilers(), &["-gdwarf-2"]));
    for compiler in all {
        let found = compiler.prototypes("k.c", source);
        check(&found, &cases, &compiler);
    }
}

structures! {
    Based { k: u8 }
    BasedWrong { k: u8, l: u8 }
    Holder { d: f64 }
    Node { next: VeAddr<Node>, weight: f64 }
    NodeWrong { next: VeAddr<Node>, weight: f32, more: f32 }
    Virtual { vtable: VeAddr<core::ffi::c_void>, q: i32, n: f64 }
}

#[test]
fn cpp_has_more_ways_to_say_the_same() {
    let source = "\
#include <complex>
struct empty {};
struct based : empty { unsigned char k; };
struct holder { [[no_unique_address]] empty e; double d; };
namespace ns { struct node { node *next; double weight; }; }
struct root { double n; };
struct derived : virtual root { int q; };
enum plain { one, two }; enum class scoped : unsigned { three }; enum sized : unsigned char { four };
template <class T> __attribute__((noinline)) T twice(T a) { return a + a; }
void over(int) {} void over(double) {}
namespace ns { extern \"C\" void nodes(node &n, const node *const &m) { n.weight = m->weight; } }
extern \"C\" {
void based_(based *p) { p->k = 1; } void holder_(holder *p) { p->d = 1; } void derived_(derived *p) { p->q = 1; }
int enums(plain a, scoped b, sized c) { return a; }
auto deduced(int a) { return twice(a * 2.0); }
void complex(std::complex<double> *z, const std::complex<float> &w) { *z = std::complex<double>(w); }
}
";
    let void = Type::Void;
    let (u32, u8) = (u32::TYPE, u8::TYPE);
    let case = |symbol, declared, right| (symbol, vec![to(declared)], void, right);
    let cases = [
        case("based_", Based::TYPE, true),
        case("based_", u8, true),
        case("based_", BasedWrong::TYPE, false),
        case("holder_", Holder::TYPE, true),
        case("derived_", Virtual::TYPE, true),
        (
            "nodes",
            vec![to(Node::TYPE), to(VeAddr::<Node>::TYPE)],
            void,
            true,
        ),
        (
            "nodes",
            vec![to(NodeWrong::TYPE), to(VeAddr::<Node>::TYPE)],
            void,
            false,
        ),
        (
            "nodes",
            vec![to(Node::TYPE), to(VeAddr::<NodeWrong>::TYPE)],
            void,
            false,
        ),
        ("enums", vec![I32, u32, u8], I32, true),
        ("enums", vec![u32, u32, u8], I32, true),
        ("enums", vec![I32, I32, u8], I32, false),
        ("enums", vec![I32, u32, i8::TYPE], I32, false),
        ("deduced", vec![I32], F64, true),
        ("deduced", vec![I32], I32, false),
        (
            "complex",
            vec![to(<[f64; 2]>::TYPE), to(Floats::TYPE)],
            void,
            true,
        ),
        (
            "complex",
            vec![to(<[f32; 2]>::TYPE), to(Floats::TYPE)],
            void,
            false,
        ),
        ("_Z4overd", vec![F64], void, true),
        ("_Z4overd", vec![I32], void, false),
    ];
    for mut compiler in cpp_compilers() {
        compiler.options.push("-std=c++20");
        let found = compiler.prototypes("k.cpp", source);
        check(&found, &cases, &compiler);
    }
}

pub const FORTRAN: &str = "\
subroutine main_(a, n)
  real(8) :: a(n)
  integer :: n
  a(1) = 2
  return
  entry enter(a, n)
  a(1) = n
end subroutine
subroutine letters(c, p, l) bind(c)
  use iso_c_binding
  character(kind=c_char), value :: c
  character(kind=c_char) :: p(*)
  logical(c_bool), value :: l
  if (l) p(1) = c
end subroutine
subroutine maybe(a, n)
  real(8) :: a
  integer, optional :: n
  if (present(n)) a = n
end subroutine
";

pub fn fortran_cases() -> Vec<Case> {
    let (void, i8, u8) = (Type::Void, i8::TYPE, u8::TYPE);
    vec![
        ("enter_", vec![to(F64), to(I32)], void, true),
        ("enter_", vec![to(f32::TYPE), to(I32)], void, false),
        ("enter_", vec![to(F64)], void, false),
        ("main__", vec![to(F64), to(I32)], void, true),
        ("letters", vec![i8, to(i8), u8], void, true),
        ("letters", vec![u8, to(u8), u8], void, true),
        ("letters", vec![I32, to(u8), u8], void, false),
        ("maybe_", vec![to(F64), to(I32)], void, true),
        ("maybe_", vec![to(F64), I32], void, false),
    ]
}

#[test]
fn fortran_says_some_things_in_its_own_way() {
    for compiler in fortran_compilers() {
        let found = compiler.prototypes("k.f90", FORTRAN);
        check(&found, &fortran_cases(), &compiler);
    }
}

#[test]
fn kernels_in_rust_are_read_like_others() {
    let source = "\
use std::ffi::*;
#[repr(C)] pub struct Pair { a: i32, b: f64 }
#[unsafe(no_mangle)] pub extern \"C\" fn work(a: i32, b: *mut f64, c: usize, d: bool, e: &Pair) -> i64 { a as i64 }
#[unsafe(no_mangle)] pub extern \"C\" fn loose(p: *mut c_void, q: Option<&Pair>, f: Option<extern \"C\" fn(i32)>) {}
";
    let rustc = Compiler {
        program: std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()),
        options: vec!["-g", "--edition=2024", "--crate-type=cdylib", "-Awarnings"],
    };
    let (void, i64, u64, u8, pair) = (Type::Void, i64::TYPE, u64::TYPE, u8::TYPE, to(Pair::TYPE));
    let cases = [
        ("work", vec![I32, to(F64), u64, u8, pair], i64, true),
        (
            "work",
            vec![I32, to(F64), u64, u8, to(Wrong::TYPE)],
            i64,
            false,
        ),
        ("work", vec![I32, to(F64), F64, u8, pair], i64, false),
        ("loose", vec![to(F64), pair, to(void)], void, true),
        ("loose", vec![F64, pair, to(void)], void, false),
    ];
    let found = rustc.prototypes("k.rs", source);
    check(&found, &cases, &rustc);
}

#[test]
fn types_that_are_left_open_are_noted_and_not_refused() {
    let source = "struct handle; void open_(struct handle *h) {} void wide(long double *x) {}";
    for compiler in once_with(c_compilers(), &[]) {
        let found = compiler.prototypes("k.c", source);
        for (symbol, declared) in [("open_", Pair::TYPE), ("wide", <[u64; 2]>::TYPE)] {
            let prototype = found.get(symbol).expect("it is exported");
            let Comparison { mismatches, notes } =
                compare(&signature(&[to(declared)], Type::Void), prototype);
            assert_eq!(
                (mismatches.len(), notes.len()),
                (0, 1),
                "{symbol}: {compiler:?}"
            );
        }
    }
}
