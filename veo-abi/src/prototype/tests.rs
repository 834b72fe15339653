//! The text form and the rules, on prototypes written down by hand.

use super::*;
use crate::{Field, ScalarType, Signature, StructLayout, Type};

const F64: Type = Type::Scalar(ScalarType::F64);
const F32: Type = Type::Scalar(ScalarType::F32);
const I32: Type = Type::Scalar(ScalarType::I32);
const U32: Type = Type::Scalar(ScalarType::U32);
const I64: Type = Type::Scalar(ScalarType::I64);

fn to(pointee: &Type) -> Type {
    Type::Pointer {
        mutable: true,
        pointee: Box::leak(Box::new(*pointee)),
    }
}

fn signature(params: &[Type], result: Type) -> Signature {
    let params = Box::leak(params.to_vec().into_boxed_slice());
    Signature { params, result }
}

/// `long add(int a, double *b)`, `void move(struct pair *p)`, `void mat(double (*m)[3][4])`,
/// `float old()`, and pointers of all kinds.
const TEXT: &str = r#"veo-prototypes 2
void
base signed 4 "int"
base float 8 "double"
base signed 8 "long int"
pointer 2
struct 16 "pair" "/src/pair.h:3"
field 0 1 "a"
field 8 2 "b"
typedef 5 "pair_t"
pointer 6
array 2 3 4
pointer 8
base float 4 "float"
pointer 0
base complex 16 "complex double"
pointer 12
base char 1 "char"
const 14
pointer 15
enum either 4 "color"
base bool 1 "_Bool"
function "add" c prototyped 3 "/src/add.c" 3 "add"
param 1 "a"
param 4 "b"
function "color" c prototyped 17 "/src/add.c" 9 "color"
param 18 "flag"
function "mat" c prototyped 0 ? ? "mat"
param 9 "m"
function "move" c prototyped 0 "/src/my \"file\".c" 7 "move"
param 7 "p"
function "old" c unprototyped 10 ? ? "old"
param 10 "x"
function "text" c prototyped 0 ? ? "text"
param 16 "s"
param 11 ?
param 13 "z"
undescribed "asm_function"
note "a \"quoted\"\nnote"
"#;

fn prototypes() -> Prototypes {
    Prototypes::from_text(TEXT).expect("the text is right")
}

fn kinds(symbol: &str, params: &[Type], result: Type) -> Vec<MismatchKind> {
    let prototypes = prototypes();
    let found = prototypes.get(symbol).expect("the symbol is there");
    let comparison = compare(&signature(params, result), found);
    comparison.mismatches.iter().map(|m| m.kind).collect()
}

#[test]
fn the_text_survives_a_round_trip() {
    assert_eq!(prototypes().to_text(), TEXT);
}

#[test]
fn a_damaged_text_is_refused_with_its_line() {
    for (index, line) in TEXT.lines().enumerate().skip(1) {
        let cut = line.rsplit_once(' ').map_or("?", |(start, _)| start);
        let text = TEXT.replacen(line, cut, 1);
        if let Err(error) = Prototypes::from_text(&text) {
            assert!(error.line == index + 1 || error.reason.contains("not there"));
        }
    }
    assert_eq!(Prototypes::from_text("").unwrap_err().line, 1);
    let dangling = "veo-prototypes 2\npointer 7\n";
    assert!(Prototypes::from_text(dangling).is_err());
}

#[test]
fn prototypes_print_as_c() {
    let prototypes = prototypes();
    let text = |symbol: &str| prototypes.get(symbol).unwrap().to_string();
    assert_eq!(text("add"), "long int add(int a, double *b)");
    assert_eq!(text("mat"), "void mat(double (*m)[3][4])");
    assert_eq!(text("move"), "void move(pair_t *p)");
    assert_eq!(
        text("text"),
        "void text(const char *s, void *, complex double *z)"
    );
}

#[test]
fn the_right_declaration_matches() {
    assert_eq!(kinds("add", &[I32, to(&F64)], I64), []);
    assert_eq!(kinds("color", &[Type::Scalar(ScalarType::U8)], I32), []);
    assert_eq!(kinds("color", &[Type::Scalar(ScalarType::U8)], U32), []);
}

#[test]
fn each_kind_of_mismatch_is_told() {
    use MismatchKind as K;
    assert_eq!(kinds("add", &[I32], I64), [K::Arity]);
    assert_eq!(kinds("add", &[I32, to(&F64), I32], I64), [K::Arity]);
    assert_eq!(kinds("add", &[I64, to(&F64)], I64), [K::Width]);
    assert_eq!(kinds("add", &[U32, to(&F64)], I64), [K::Signedness]);
    assert_eq!(kinds("add", &[F32, to(&F64)], I64), [K::FloatForInteger]);
    assert_eq!(kinds("add", &[to(&I32), to(&F64)], I64), [K::Pointer]);
    assert_eq!(kinds("add", &[I32, to(&F32)], I64), [K::Pointee]);
    assert_eq!(kinds("add", &[I32, to(&F64)], F64), [K::Result]);
    assert_eq!(kinds("add", &[I32, to(&F64)], Type::Void), [K::Result]);
    assert_eq!(
        kinds("add", &[U32, to(&F32)], I32),
        [K::Signedness, K::Pointee, K::Result]
    );
}

#[test]
fn pointers_to_arrays_and_elements_are_one() {
    const ROW: Type = Type::Array {
        element: &F64,
        len: 4,
    };
    const PLANE: Type = Type::Array {
        element: &ROW,
        len: 3,
    };
    const FIVE: Type = Type::Array {
        element: &F64,
        len: 5,
    };
    assert_eq!(kinds("mat", &[to(&F64)], Type::Void), []);
    assert_eq!(kinds("mat", &[to(&ROW)], Type::Void), []);
    assert_eq!(kinds("mat", &[to(&PLANE)], Type::Void), []);
    assert_eq!(
        kinds("mat", &[to(&FIVE)], Type::Void),
        [MismatchKind::Pointee]
    );
    assert_eq!(kinds("mat", &[to(&Type::Void)], Type::Void), []);
}

#[test]
fn structures_are_compared_by_layout() {
    static PAIR: StructLayout = StructLayout {
        name: "Pair",
        size: 16,
        align: 8,
        location: "",
        fields: &[
            Field {
                name: "a",
                offset: 0,
                ty: I32,
            },
            Field {
                name: "b",
                offset: 8,
                ty: F64,
            },
        ],
    };
    static WRONG: StructLayout = StructLayout {
        name: "Wrong",
        size: 16,
        align: 8,
        location: "src/wrong.rs:5",
        fields: &[
            Field {
                name: "b",
                offset: 0,
                ty: F64,
            },
            Field {
                name: "a",
                offset: 8,
                ty: I32,
            },
        ],
    };
    static LARGE: StructLayout = StructLayout {
        name: "Large",
        size: 24,
        align: 8,
        location: "",
        fields: PAIR.fields,
    };
    assert_eq!(kinds("move", &[to(&Type::Struct(&PAIR))], Type::Void), []);
    assert_eq!(
        kinds("move", &[to(&Type::Struct(&WRONG))], Type::Void),
        [MismatchKind::FieldLayout]
    );
    assert_eq!(
        kinds("move", &[to(&Type::Struct(&LARGE))], Type::Void),
        [MismatchKind::StructSize]
    );
    let places = "; the kernel's structure is at /src/pair.h:3, `Wrong` at src/wrong.rs:5";
    let declared = signature(&[to(&Type::Struct(&WRONG))], Type::Void);
    let comparison = compare(&declared, prototypes().get("move").unwrap());
    let said = comparison.mismatches[0].to_string();
    assert!(said.ends_with(places), "{said}");
    assert_eq!(kinds("move", &[to(&Type::Opaque("Pair"))], Type::Void), []);
    assert_eq!(
        kinds("move", &[to(&F64)], Type::Void),
        [MismatchKind::Pointee]
    );
}

#[test]
fn without_a_prototype_promoted_types_count() {
    assert_eq!(kinds("old", &[F64], F32), []);
    assert_eq!(kinds("old", &[F32], F32), [MismatchKind::Width]);
    assert_eq!(kinds("old", &[], F32), [MismatchKind::Arity]);
}

#[test]
fn unknown_types_become_assertions() {
    let found = prototypes();
    let pointer = |pointee| Declared::Pointer {
        mutable: true,
        pointee: Box::new(pointee),
    };
    let declared = DeclaredSignature {
        name: "f".to_owned(),
        params: vec![pointer(Declared::Unknown("Pair".to_owned()))],
        result: Declared::Void,
    };
    let (comparison, assertions) = compare_declared(&declared, found.get("move").unwrap());
    assert!(comparison.is_match());
    assert_eq!(assertions.len(), 1);
    assert_eq!(assertions[0].param, Some(0));
    let source = assertions[0].shapes_source("::p");
    assert!(
        source.contains("::p::Shape::Record { size: 16, first: 0, count: 2 }"),
        "{source}"
    );

    // A scalar where a pointer belongs is wrong whatever the alias means.
    let declared = DeclaredSignature {
        name: "f".to_owned(),
        params: vec![
            Declared::Unknown("c_int".to_owned()),
            Declared::Scalar(ScalarType::F64),
        ],
        result: Declared::Unknown("c_long".to_owned()),
    };
    let (comparison, assertions) = compare_declared(&declared, found.get("add").unwrap());
    assert_eq!(comparison.mismatches.len(), 1);
    assert_eq!(comparison.mismatches[0].param, Some(1));
    let places: Vec<_> = assertions.iter().map(|a| a.param).collect();
    assert_eq!(places, [Some(0), None]);
}

#[test]
fn the_verdict_is_decided_in_a_constant() {
    const SHAPES: Shapes<'static> = Shapes {
        nodes: &[Shape::Pointer { to: 1 }, Shape::Float { size: 8 }],
        fields: &[],
    };
    const fn pointer(pointee: &'static Type) -> Type {
        Type::Pointer {
            mutable: true,
            pointee,
        }
    }
    const RIGHT: usize = verdict(&pointer(&F64), &SHAPES, 0);
    const WRONG: usize = verdict(&pointer(&F32), &SHAPES, 0);
    assert_eq!(RIGHT, 0);
    assert_eq!(WRONG, 6);
}

#[test]
fn messages_say_what_to_write() {
    let found = prototypes();
    let comparison = compare(&signature(&[I32, to(&F32)], I64), found.get("add").unwrap());
    assert_eq!(
        comparison.mismatches[0].to_string(),
        "parameter 2 (`b`): declared `*mut f32`, but the kernel has `double *`: \
         it points to another type; declare `*mut f64`"
    );
    let comparison = compare(&signature(&[I32], I64), found.get("add").unwrap());
    assert_eq!(
        comparison.mismatches[0].to_string(),
        "the kernel takes 2 parameters, 1 declared; parameter 2 (`b`) is `double *`; \
         declare `fn add(a: i32, b: *mut f64) -> i64;`"
    );
}

#[test]
fn fields_at_the_end_of_all_addresses_are_told_of() {
    static OUTER: StructLayout = StructLayout {
        name: "Outer",
        size: 16,
        align: 8,
        location: "",
        fields: &[Field {
            name: "other",
            offset: 0,
            ty: F64,
        }],
    };
    let text = "veo-prototypes 2\nvoid\nbase float 8 \"double\"\n\
                struct 16 \"inner\" ?\nfield 8 1 \"x\"\n\
                struct 16 \"outer\" ?\nfield 18446744073709551615 2 \"in\"\n\
                pointer 3\nfunction \"f\" c prototyped 0 ? ? \"f\"\nparam 4 \"p\"\n";
    let found = Prototypes::from_text(text).expect("the text is right");
    let declared = signature(&[to(&Type::Struct(&OUTER))], Type::Void);
    let comparison = compare(&declared, found.get("f").unwrap());
    let said = comparison.mismatches[0].to_string();
    assert!(said.contains("the field `x`"), "{said}");
}
