//! Random C functions: what is known of each when it is written is the
//! reference for what is read from the compiled library. The right declaration
//! must agree; the same with one type changed must be reported, with its place.

use fastrand::Rng;
use std::fmt::Write as _;

use veo_abi::prototype::{Declared, DeclaredSignature};
use veo_abi::prototype::{MismatchKind, compare, compare_declared};
use veo_abi::{Field, ScalarType, StructLayout, Type};
use veo_core::VeData;

use crate::cases::Pair;
use crate::compilers::c_compilers;
use crate::types::{signature, to};

/// A C type, the Rust type that is right for it, and what each wrong one must be called.
struct Kind {
    /// The declaration of `%`.
    c: &'static str,
    right: Type,
    wrong: Vec<(Type, MismatchKind)>,
}

static SHORT: StructLayout = StructLayout {
    name: "Short",
    size: 8,
    align: 8,
    location: "",
    fields: &[],
};
static OTHER: StructLayout = StructLayout {
    name: "Other",
    size: 16,
    align: 8,
    location: "",
    fields: &[
        Field {
            name: "a",
            offset: 0,
            ty: Type::Scalar(ScalarType::I64),
        },
        Field {
            name: "b",
            offset: 8,
            ty: Type::Scalar(ScalarType::F64),
        },
    ],
};

const HEAD: &str = "\
#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include <complex.h>
typedef struct pair { int a; double b; } pair_t;
enum color { RED, GREEN }; enum depth { BELOW = -1, ABOVE };
struct handle;
";

fn kinds() -> Vec<Kind> {
    use MismatchKind as K;
    use ScalarType as S;
    let scalar = Type::Scalar;
    let mut kinds = Vec::new();
    // Integers and floats by value: every other scalar type is wrong in a known way.
    let scalars: [(&str, S); 22] = [
        ("char %", S::I8),
        ("int8_t %", S::I8),
        ("unsigned char %", S::U8),
        ("bool %", S::U8),
        ("short %", S::I16),
        ("uint16_t %", S::U16),
        ("int %", S::I32),
        ("const int %", S::I32),
        ("volatile int32_t %", S::I32),
        ("unsigned %", S::U32),
        ("enum depth %", S::I32),
        ("wchar_t %", S::I32),
        ("long %", S::I64),
        ("long long %", S::I64),
        ("ptrdiff_t %", S::I64),
        ("unsigned long %", S::U64),
        ("size_t %", S::U64),
        ("uintptr_t %", S::U64),
        ("float %", S::F32),
        ("double %", S::F64),
        ("const double %", S::F64),
        ("uint8_t %", S::U8),
    ];
    for (c, right) in scalars {
        let mut wrong = vec![(to(scalar(right)), K::Pointer)];
        for other in S::ALL.into_iter().filter(|other| *other != right) {
            let kind = if other.is_float() != right.is_float() {
                K::FloatForInteger
            } else if other.size() != right.size() {
                K::Width
            } else {
                K::Signedness
            };
            wrong.push((scalar(other), kind));
        }
        kinds.push(Kind {
            c,
            right: scalar(right),
            wrong,
        });
    }
    // Either sign is right for an enumeration without negative constants.
    for right in [S::I32, S::U32] {
        kinds.push(Kind {
            c: "enum color %",
            right: scalar(right),
            wrong: vec![
                (scalar(S::I64), K::Width),
                (scalar(S::F32), K::FloatForInteger),
            ],
        });
    }
    // Pointers: every pointee of another kind is wrong.
    let pointers: [(&str, S); 10] = [
        ("double *%", S::F64),
        ("const float *%", S::F32),
        ("int *restrict %", S::I32),
        ("unsigned long *%", S::U64),
        ("const int16_t *const %", S::I16),
        ("double (*%)[3]", S::F64),
        ("double %[7]", S::F64),
        ("int %[][4]", S::I32),
        ("double complex *%", S::F64),
        ("enum depth *%", S::I32),
    ];
    for (c, right) in pointers {
        let mut wrong = vec![
            (scalar(S::U64), K::Pointer),
            (scalar(S::F64), K::Pointer),
            (to(to(scalar(right))), K::Pointee),
            (to(Pair::TYPE), K::Pointee),
            (to(Type::Opaque("Handle")), K::Pointee),
        ];
        for other in S::ALL.into_iter().filter(|other| *other != right) {
            wrong.push((to(scalar(other)), K::Pointee));
        }
        kinds.push(Kind {
            c,
            right: to(scalar(right)),
            wrong,
        });
    }
    let array = |len| Type::Array {
        element: &Type::Scalar(S::F64),
        len,
    };
    kinds.push(Kind {
        c: "double (*%)[3]",
        right: to(array(3)),
        wrong: vec![(to(array(4)), K::Pointee)],
    });
    kinds.push(Kind {
        c: "double complex *%",
        right: to(array(2)),
        wrong: vec![(to(array(3)), K::Pointee)],
    });
    // Pointers that agree with anything, or with more than one type.
    for right in [scalar(S::F64), scalar(S::I8), Type::Void, Pair::TYPE] {
        kinds.push(Kind {
            c: "void *%",
            right: to(right),
            wrong: vec![(scalar(S::I64), K::Pointer)],
        });
    }
    for c in [
        "char *%",
        "const unsigned char *%",
        "signed char *%",
        "bool *%",
    ] {
        for right in [S::I8, S::U8] {
            kinds.push(Kind {
                c,
                right: to(scalar(right)),
                wrong: vec![
                    (to(scalar(S::I16)), K::Pointee),
                    (scalar(right), K::Pointer),
                ],
            });
        }
    }
    // Structures, handles, pointers to pointers, functions.
    for c in ["struct pair *%", "const pair_t *%", "pair_t %[2]"] {
        kinds.push(Kind {
            c,
            right: to(Pair::TYPE),
            wrong: vec![
                (to(Type::Struct(&SHORT)), K::StructSize),
                (to(Type::Struct(&OTHER)), K::FieldLayout),
                (to(scalar(S::F64)), K::Pointee),
                (scalar(S::U64), K::Pointer),
            ],
        });
    }
    kinds.push(Kind {
        c: "struct handle *%",
        right: to(Type::Opaque("Handle")),
        wrong: vec![
            (to(scalar(S::F64)), K::Pointee),
            (scalar(S::U64), K::Pointer),
        ],
    });
    kinds.push(Kind {
        c: "double **%",
        right: to(to(scalar(S::F64))),
        wrong: vec![
            (to(to(scalar(S::F32))), K::Pointee),
            (to(scalar(S::F64)), K::Pointee),
        ],
    });
    kinds.push(Kind {
        c: "double (*%)(int, void *)",
        right: to(Type::Void),
        wrong: vec![
            (to(scalar(S::F64)), K::Pointee),
            (scalar(S::U64), K::Pointer),
        ],
    });
    kinds
}

/// How the macro sees a type: known, or by name only.
fn declared(ty: &Type, hide: bool) -> Declared {
    match ty {
        Type::Scalar(_) if hide => Declared::Unknown("c_some".to_owned()),
        Type::Void => Declared::Void,
        Type::Scalar(scalar) => Declared::Scalar(*scalar),
        Type::Pointer { mutable, pointee } => Declared::Pointer {
            mutable: *mutable,
            pointee: Box::new(declared(pointee, hide)),
        },
        Type::Array { element, len } => Declared::Array {
            element: Box::new(declared(element, hide)),
            len: *len,
        },
        Type::Struct(layout) => Declared::Unknown(layout.name.to_owned()),
        Type::Opaque(name) => Declared::Unknown((*name).to_owned()),
        Type::Function { .. } => unreachable!("none is made"),
    }
}

#[test]
fn random_functions_are_told_right_from_wrong() {
    let kinds = kinds();
    let mut random = Rng::with_seed(0x9e37_79b9_7f4a_7c15);
    let results: Vec<usize> = (0..kinds.len())
        .filter(|index| {
            !kinds[*index].c.contains(['[', '(']) && !kinds[*index].c.contains("restrict")
        })
        .collect();
    // Each kind of parameter at least once, then by chance.
    let mut functions: Vec<(Vec<usize>, usize)> = (0..kinds.len())
        .map(|index| (vec![index], results[random.usize(..results.len())]))
        .collect();
    for _ in 0..120 {
        let count = random.usize(..14);
        let params = (0..count).map(|_| random.usize(..kinds.len())).collect();
        functions.push((params, results[random.usize(..results.len())]));
    }
    let mut source = HEAD.to_owned();
    for (number, (params, result)) in functions.iter().enumerate() {
        let list: Vec<String> = params
            .iter()
            .enumerate()
            .map(|(index, kind)| kinds[*kind].c.replace('%', &format!("p{index}")))
            .collect();
        let list = if list.is_empty() {
            "void".to_owned()
        } else {
            list.join(", ")
        };
        let head = kinds[*result].c.replace('%', &format!("f{number}({list})"));
        writeln!(source, "{head} {{ return 0; }}").unwrap();
    }
    for compiler in c_compilers() {
        let found = compiler.prototypes("k.c", &source);
        assert_eq!(
            found.len(),
            functions.len(),
            "{compiler:?} {:?} {:?}",
            found.undescribed,
            found.notes
        );
        for (number, (params, result)) in functions.iter().enumerate() {
            let prototype = found.get(&format!("f{number}")).unwrap();
            let right: Vec<Type> = params.iter().map(|kind| kinds[*kind].right).collect();
            let back = kinds[*result].right;
            let place = || format!("{prototype}: {compiler:?}");
            let comparison = compare(&signature(&right, back), prototype);
            assert!(
                comparison.is_match(),
                "{:?} {}",
                comparison.mismatches,
                place()
            );

            let hide = random.usize(..2) == 0;
            let known = DeclaredSignature {
                name: "f".to_owned(),
                params: right.iter().map(|ty| declared(ty, hide)).collect(),
                result: declared(&back, hide),
            };
            let (comparison, _) = compare_declared(&known, prototype);
            assert!(
                comparison.is_match(),
                "{:?} {}",
                comparison.mismatches,
                place()
            );

            // One parameter too many, one too few.
            let mut longer = right.clone();
            longer.push(Type::Scalar(ScalarType::I32));
            let mut lists = vec![longer];
            if let Some((_, shorter)) = right.split_last() {
                lists.push(shorter.to_vec());
            }
            for list in lists {
                let comparison = compare(&signature(&list, back), prototype);
                let kinds: Vec<_> = comparison.mismatches.iter().map(|m| m.kind).collect();
                assert_eq!(kinds, [MismatchKind::Arity], "{}", place());
            }

            // One wrong type at a time.
            for (index, kind) in params.iter().enumerate() {
                let wrong = &kinds[*kind].wrong;
                let (ty, kind) = wrong[random.usize(..wrong.len())];
                let mut list = right.clone();
                list[index] = ty;
                let comparison = compare(&signature(&list, back), prototype);
                let told: Vec<_> = comparison
                    .mismatches
                    .iter()
                    .map(|m| (m.kind, m.param))
                    .collect();
                assert_eq!(told, [(kind, Some(index))], "{ty} for {}", place());
            }
            let wrong = &kinds[*result].wrong;
            let (ty, _) = wrong[random.usize(..wrong.len())];
            let comparison = compare(&signature(&right, ty), prototype);
            let told: Vec<_> = comparison
                .mismatches
                .iter()
                .map(|m| (m.kind, m.param))
                .collect();
            assert_eq!(told, [(MismatchKind::Result, None)], "{ty} for {}", place());
        }
    }
}
