//! Structures as kernels have them against structures as Rust declares them:
//! every layout that agrees must pass, every other must be reported with its field.

use veo_abi::prototype::{Comparison, MismatchKind, compare};
use veo_abi::{Field, StructLayout, Type};

use crate::compilers::{c_compilers, cpp_compilers};
use crate::types::{F32, F64, I16, I32, I64, U8, U32, U64, signature, to};

/// The record of a `VeAddr` field.
const ADDRESS: Type = Type::Pointer {
    mutable: true,
    pointee: &Type::Void,
};

fn structure(name: &'static str, size: usize, fields: &[(&'static str, usize, Type)]) -> Type {
    let fields: Vec<Field> = fields
        .iter()
        .map(|(name, offset, ty)| Field {
            name,
            offset: *offset,
            ty: *ty,
        })
        .collect();
    Type::Struct(Box::leak(Box::new(StructLayout {
        name,
        size,
        align: 8,
        location: "",
        fields: Box::leak(fields.into_boxed_slice()),
    })))
}

fn array(element: Type, len: usize) -> Type {
    Type::Array {
        element: Box::leak(Box::new(element)),
        len,
    }
}

const SOURCE: &str = "\
#include <stdint.h>
#include <complex.h>
typedef struct { double x, y; } point;
struct body { int id; point at; float mass[3]; point *next; struct body *list; char name[6]; };
struct node { struct node *next; long value; };
struct tagged { int kind; union { int i; double d; } u; };
struct flags { unsigned a : 3, b : 5; int rest; };
struct flat { struct { int a; int b; }; double c; };
struct tail { int n; double data[]; };
struct __attribute__((packed)) tight { char c; int i; short s; };
struct wrap { double v; };
struct wave { double _Complex z; float _Complex w[2]; };
struct grid { double m[2][3]; uint8_t on; };
struct call { void (*f)(int); double **rows; };
struct wide { long double x; };
void body(struct body *p) {} void node(struct node *p) {} void tagged(struct tagged *p) {}
void flags(struct flags *p) {} void flat(struct flat *p) {} void tail(struct tail *p) {}
void tight(struct tight *p) {} void wrap(struct wrap *p) {} void wave(struct wave *p) {}
void grid(struct grid *p) {} void call(struct call *p) {} void points(point p[8]) {}
void wide_(struct wide *p) {} void one(double *p) {} void nested(struct body (*p)[4]) {} void wide(struct body **p) {}
";

fn each(mut check: impl FnMut(&dyn Fn(&str, Type) -> Comparison, &str)) {
    for compiler in c_compilers().into_iter().filter(|c| c.options[0] != "-O1") {
        let found = compiler.prototypes("k.c", SOURCE);
        let against = |symbol: &str, declared: Type| {
            compare(
                &signature(&[to(declared)], Type::Void),
                found.get(symbol).unwrap(),
            )
        };
        check(&against, &format!("{compiler:?}"));
    }
}

fn point() -> Type {
    structure("Point", 16, &[("x", 0, F64), ("y", 8, F64)])
}

fn body(fields: &[(&'static str, usize, Type)]) -> Type {
    structure("Body", 64, fields)
}

fn body_fields() -> Vec<(&'static str, usize, Type)> {
    vec![
        ("id", 0, I32),
        ("at", 8, point()),
        ("mass", 24, array(F32, 3)),
        ("next", 40, ADDRESS),
        ("list", 48, ADDRESS),
        ("name", 56, array(U8, 6)),
    ]
}

#[test]
fn layouts_that_agree_pass() {
    let pair = |ty| array(ty, 2);
    let right: Vec<(&str, Type)> = vec![
        ("body", body(&body_fields())),
        ("nested", body(&body_fields())),
        ("wide", to(body(&body_fields()))),
        ("points", point()),
        ("points", array(point(), 8)),
        // Other names, and padding written out.
        (
            "points",
            structure("P", 16, &[("first", 0, F64), ("second", 8, F64)]),
        ),
        (
            "node",
            structure("Node", 16, &[("next", 0, ADDRESS), ("value", 8, I64)]),
        ),
        (
            "tail",
            structure("Tail", 8, &[("n", 0, I32), ("_pad", 4, I32)]),
        ),
        // Members that C has not named.
        (
            "flat",
            structure("Flat", 16, &[("a", 0, I32), ("b", 4, I32), ("c", 8, F64)]),
        ),
        (
            "flat",
            structure(
                "Flat",
                16,
                &[
                    (
                        "inner",
                        0,
                        structure("Inner", 8, &[("a", 0, I32), ("b", 4, I32)]),
                    ),
                    ("c", 8, F64),
                ],
            ),
        ),
        (
            "tight",
            structure("Tight", 7, &[("c", 0, U8), ("i", 1, I32), ("s", 5, I16)]),
        ),
        // A structure of one field is that field.
        ("wrap", F64),
        ("wrap", structure("Metres", 8, &[("0", 0, F64)])),
        ("one", structure("Metres", 8, &[("0", 0, F64)])),
        (
            "wave",
            structure(
                "Wave",
                32,
                &[("z", 0, pair(F64)), ("w", 16, array(pair(F32), 2))],
            ),
        ),
        (
            "wave",
            structure(
                "Wave",
                32,
                &[
                    (
                        "z",
                        0,
                        structure("Complex", 16, &[("re", 0, F64), ("im", 8, F64)]),
                    ),
                    (
                        "w",
                        16,
                        array(
                            structure("Complex", 8, &[("re", 0, F32), ("im", 4, F32)]),
                            2,
                        ),
                    ),
                ],
            ),
        ),
        (
            "grid",
            structure(
                "Grid",
                56,
                &[("m", 0, array(array(F64, 3), 2)), ("on", 48, U8)],
            ),
        ),
        (
            "grid",
            structure("Grid", 56, &[("m", 0, array(F64, 6)), ("on", 48, U8)]),
        ),
        (
            "call",
            structure("Call", 16, &[("f", 0, ADDRESS), ("rows", 8, ADDRESS)]),
        ),
        ("body", Type::Opaque("Body")),
        ("body", Type::Void),
    ];
    each(|against, compiler| {
        for (symbol, declared) in &right {
            let comparison = against(symbol, *declared);
            assert_eq!(comparison.mismatches, [], "{symbol}: {compiler}");
            assert_eq!(comparison.notes, [] as [String; 0], "{symbol}: {compiler}");
        }
    });
}

#[test]
fn types_that_the_rules_cannot_compare_are_noted() {
    let open = vec![
        (
            "wide_",
            structure("Wide", 16, &[("bytes", 0, array(U64, 2))]),
        ),
        (
            "tagged",
            structure("Tagged", 16, &[("kind", 0, I32), ("u", 8, F64)]),
        ),
        (
            "tagged",
            structure("Tagged", 16, &[("kind", 0, I32), ("u", 8, array(U8, 8))]),
        ),
        (
            "flags",
            structure("Flags", 8, &[("bits", 0, U32), ("rest", 4, I32)]),
        ),
        (
            "points",
            structure("Bytes", 16, &[("bytes", 0, array(U8, 16))]),
        ),
    ];
    each(|against, compiler| {
        for (symbol, declared) in &open {
            let comparison = against(symbol, *declared);
            assert_eq!(comparison.mismatches, [], "{symbol}: {compiler}");
            assert_eq!(comparison.notes.len(), 1, "{symbol}: {compiler}");
        }
    });
}

#[test]
fn layouts_that_differ_are_told_with_their_field() {
    use MismatchKind::{FieldLayout, Pointee, StructSize};
    let with = |index: usize, field: (&'static str, usize, Type)| {
        let mut fields = body_fields();
        fields[index] = field;
        body(&fields)
    };
    let without = |index: usize| {
        let mut fields = body_fields();
        fields.remove(index);
        body(&fields)
    };
    let short = structure("Point", 8, &[("x", 0, F32), ("y", 4, F32)]);
    let single = structure("Point", 16, &[("x", 0, F64), ("y", 8, F32)]);
    let swapped = structure("Point", 16, &[("y", 0, F64), ("x", 8, F64)]);
    let wrong: Vec<(&str, Type, MismatchKind, &str)> = vec![
        ("body", with(0, ("id", 0, I64)), FieldLayout, "`id`"),
        ("body", with(0, ("id", 0, U32)), FieldLayout, "`id`"),
        ("body", with(0, ("id", 0, F32)), FieldLayout, "`id`"),
        ("body", with(1, ("at", 8, single)), FieldLayout, "`y`"),
        (
            "body",
            with(1, ("at", 8, array(F32, 4))),
            FieldLayout,
            "`at`",
        ),
        (
            "body",
            with(2, ("mass", 24, array(F64, 2))),
            FieldLayout,
            "`mass`",
        ),
        (
            "body",
            with(2, ("mass", 24, array(F32, 2))),
            FieldLayout,
            "`mass`",
        ),
        ("body", with(3, ("next", 40, U64)), FieldLayout, "`next`"),
        (
            "body",
            with(5, ("name", 58, array(U8, 6))),
            FieldLayout,
            "`name`",
        ),
        ("body", without(1), FieldLayout, "`x`"),
        ("body", without(5), FieldLayout, "`name`"),
        ("points", swapped, FieldLayout, "`x`"),
        ("points", short, StructSize, "16 bytes"),
        ("body", point(), StructSize, "64 bytes"),
        ("body", F64, Pointee, "another type"),
        ("wrap", F32, Pointee, "another type"),
        ("one", point(), Pointee, "another type"),
        (
            "node",
            structure("Node", 16, &[("next", 0, I64), ("value", 8, I64)]),
            FieldLayout,
            "`next`",
        ),
        (
            "node",
            structure("Node", 16, &[("next", 0, ADDRESS), ("value", 8, F64)]),
            FieldLayout,
            "`value`",
        ),
        (
            "tagged",
            structure("Tagged", 24, &[("kind", 0, I32)]),
            StructSize,
            "16 bytes",
        ),
        (
            "flat",
            structure("Flat", 16, &[("a", 0, I64), ("c", 8, F64)]),
            FieldLayout,
            "an unnamed member at byte 0",
        ),
        (
            "tight",
            structure("Tight", 12, &[("c", 0, U8), ("i", 4, I32), ("s", 8, I16)]),
            StructSize,
            "7 bytes",
        ),
        (
            "grid",
            structure("Grid", 56, &[("m", 0, array(F64, 5)), ("on", 48, U8)]),
            FieldLayout,
            "`m`",
        ),
    ];
    each(|against, compiler| {
        for (symbol, declared, kind, text) in &wrong {
            let comparison = against(symbol, *declared);
            let told: Vec<_> = comparison
                .mismatches
                .iter()
                .map(|m| (m.kind, m.param))
                .collect();
            assert_eq!(
                told,
                [(*kind, Some(0))],
                "{symbol} {declared:?}: {compiler}"
            );
            let message = comparison.mismatches[0].to_string();
            assert!(message.contains(text), "{message}");
        }
    });
}

#[test]
fn a_message_about_a_field_says_where_it_is_on_both_sides() {
    each(|against, _| {
        let swapped = structure("Point", 16, &[("y", 0, F64), ("x", 8, F64)]);
        let message = against("points", swapped).mismatches[0].to_string();
        let (said, at) = message.split_once("; ").expect(&message);
        assert_eq!(
            said,
            "parameter 1 (`p`): declared `*mut Point`, but the kernel has `point *`: the kernel \
             has the field `x` at byte 0, `double`, `Point` has `x: f64` at byte 8"
        );
        assert!(at.starts_with("the kernel's structure is at /"), "{at}");
        assert!(at.ends_with("/k.c:3"), "{at}");
    });
}

#[test]
fn classes_are_compared_as_structures() {
    let source = "\
#include <complex>
struct base { int a; };
class derived : public base { public: double b; static int shared; void method(); };
class shape { public: virtual ~shape(); double area; };
extern \"C\" void derive(derived *p) { p->b = 1; }
extern \"C\" void complex(std::complex<double> *p) { *p += 1; }
extern \"C\" void shaped(shape *p) { p->area = 1; }
extern \"C\" void refer(const double &p) {}
";
    let complex = structure("Complex", 16, &[("re", 0, F64), ("im", 8, F64)]);
    let right = [
        (
            "derive",
            structure("Derived", 16, &[("a", 0, I32), ("b", 8, F64)]),
        ),
        ("complex", array(F64, 2)),
        ("complex", complex),
        ("complex", F64),
        ("refer", F64),
    ];
    let wrong = [
        (
            "derive",
            structure("Derived", 16, &[("a", 0, F32), ("b", 8, F64)]),
        ),
        ("complex", array(F32, 2)),
        (
            "complex",
            structure("Complex", 8, &[("re", 0, F32), ("im", 4, F32)]),
        ),
        ("refer", F32),
    ];
    for compiler in cpp_compilers() {
        let found = compiler.prototypes("k.cpp", source);
        let matches = |symbol: &str, declared: Type| {
            let prototype = found.get(symbol).unwrap();
            compare(&signature(&[to(declared)], Type::Void), prototype).mismatches
        };
        for (symbol, declared) in &right {
            assert_eq!(matches(symbol, *declared), [], "{symbol}: {compiler:?}");
        }
        for (symbol, declared) in &wrong {
            assert_eq!(
                matches(symbol, *declared).len(),
                1,
                "{symbol} {declared}: {compiler:?}"
            );
        }
    }
}
