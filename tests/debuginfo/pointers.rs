//! Pointers inside structures, as `#[derive(VeData)]` records them, against what kernels have: the pointee is compared, and a
//! structure may lead to itself.

use std::ffi::c_void;

use veo_abi::prototype::{
    Comparison, Declared, DeclaredSignature, MismatchKind, compare, compare_declared,
};
use veo_abi::{ScalarType, Type};
use veo_core::{VeAddr, VeData, VeOpaque};

use crate::compilers::{Compiler, c_compilers, cpp_compilers, fortran_compilers};
use crate::types::{signature, structures, to};

#[derive(VeOpaque)]
struct Plan(());

structures! {
    Point { x: f64, y: f64 }
    Turned { y: f64, x: f64 }
    Short { x: f32, y: f32 }
    Mixed { x: f64, n: i64 }
    Pixel { x: f32, y: f32, z: f32, w: f32 }
}

/// `struct list { struct list *next; double *data; point *at; void *any; struct plan *plan; double **rows; int n; }`
macro_rules! lists {
    ($($name:ident: $next:ty, $data:ty, $at:ty, $any:ty, $plan:ty, $rows:ty;)*) => {
        structures! {$(
            $name { next: VeAddr<$next>, data: VeAddr<$data>, at: VeAddr<$at>, any: VeAddr<$any>, plan: VeAddr<$plan>, rows: VeAddr<$rows>, n: i32 }
        )*}
    };
}

lists! {
    List: List, f64, Point, c_void, Plan, VeAddr<f64>;
    Vague: c_void, c_void, c_void, f32, c_void, c_void;
    Arrays: [List; 4], [f64; 3], [Point; 2], [Point; 9], Plan, [VeAddr<f64>; 2];
    RawRows: *mut List, f64, Point, c_void, Plan, *const f64;
    OtherNext: Point, f64, Point, c_void, Plan, VeAddr<f64>;
    OtherData: List, f32, Point, c_void, Plan, VeAddr<f64>;
    IntegerData: List, i64, Point, c_void, Plan, VeAddr<f64>;
    PointerData: List, VeAddr<f64>, Point, c_void, Plan, VeAddr<f64>;
    ShortAt: List, f64, Short, c_void, Plan, VeAddr<f64>;
    TurnedAt: List, f64, Turned, c_void, Plan, VeAddr<f64>;
    MixedAt: List, f64, Mixed, c_void, Plan, VeAddr<f64>;
    PixelAt: List, f64, Pixel, c_void, Plan, VeAddr<f64>;
    OtherRows: List, f64, Point, c_void, Plan, VeAddr<f32>;
    FlatRows: List, f64, Point, c_void, Plan, f64;
    DeepRows: List, f64, Point, c_void, Plan, VeAddr<VeAddr<f64>>;
}

structures! {
    // Two that lead to each other, and one that leads to itself in several ways.
    Tree { root: VeAddr<Branch>, depth: i64 }
    Branch { tree: VeAddr<Tree>, leaves: [VeAddr<Branch>; 2], rows: VeAddr<VeAddr<Branch>>, inner: Inner, weight: f64 }
    Inner { back: VeAddr<Branch>, f: VeAddr<c_void> }
    WrongTree { root: VeAddr<WrongBranch>, depth: i64 }
    WrongBranch { tree: VeAddr<Tree>, leaves: [VeAddr<Branch>; 2], rows: VeAddr<VeAddr<Branch>>, inner: Inner, weight: i64 }
    FarTree { root: VeAddr<FarBranch>, depth: i64 }
    FarBranch { tree: VeAddr<f64>, leaves: [VeAddr<Branch>; 2], rows: VeAddr<VeAddr<Branch>>, inner: Inner, weight: f64 }
    LeafTree { root: VeAddr<LeafBranch>, depth: i64 }
    LeafBranch { tree: VeAddr<Tree>, leaves: [VeAddr<Point>; 2], rows: VeAddr<VeAddr<Branch>>, inner: Inner, weight: f64 }
}

#[derive(Clone, Copy, VeData)]
#[repr(transparent)]
struct Link(VeAddr<Link>);

const SOURCE: &str = "\
#include <complex.h>
typedef struct { double x, y; } point;
struct plan;
struct list { struct list *next; double *data; const point *at; void *any; struct plan *plan; double **rows; int n; };
struct tree; struct branch;
struct inner { struct branch *back; void (*f)(struct branch *); };
struct tree { struct branch *root; long depth; };
struct branch { struct tree *tree; struct branch *leaves[2]; struct branch **rows; struct inner inner; double weight; };
struct link { struct link *next; };
void list(struct list *p) {} void tree(struct tree *p) {} void link_(struct link *p) {}
double *rows(double **m, struct list **all) { return m[0]; }
";

type Case = (&'static str, Type, Option<&'static str>);

fn cases() -> Vec<Case> {
    vec![
        ("list", List::TYPE, None),
        ("list", Vague::TYPE, None),
        ("list", Arrays::TYPE, None),
        ("list", OtherNext::TYPE, Some("`next`")),
        ("list", OtherData::TYPE, Some("`data`")),
        ("list", IntegerData::TYPE, Some("`data`")),
        ("list", PointerData::TYPE, Some("`data`")),
        ("list", ShortAt::TYPE, Some("`at`")),
        ("list", TurnedAt::TYPE, Some("`at`")),
        ("list", MixedAt::TYPE, Some("`at`")),
        ("list", PixelAt::TYPE, Some("`at`")),
        ("list", OtherRows::TYPE, Some("`rows`")),
        ("list", FlatRows::TYPE, Some("`rows`")),
        ("list", DeepRows::TYPE, Some("`rows`")),
        ("list", RawRows::TYPE, Some("`next`")),
        ("tree", Tree::TYPE, None),
        ("tree", WrongTree::TYPE, Some("`root`")),
        ("tree", FarTree::TYPE, Some("`root`")),
        ("tree", LeafTree::TYPE, Some("`root`")),
        ("link_", Link::TYPE, None),
    ]
}

fn check(compiler: &Compiler, file: &str, source: &str, cases: &[Case]) {
    let found = compiler.prototypes(file, source);
    for (symbol, declared, wrong) in cases {
        let prototype = found.get(symbol).expect("it is exported");
        let comparison = compare(&signature(&[to(*declared)], Type::Void), prototype);
        let told: Vec<_> = comparison.mismatches.iter().map(|m| m.kind).collect();
        let Some(text) = wrong else {
            assert_eq!(
                comparison,
                Comparison::default(),
                "{declared:?}: {compiler:?}"
            );
            continue;
        };
        assert_eq!(
            told,
            [MismatchKind::FieldLayout],
            "{declared:?}: {compiler:?}"
        );
        let message = comparison.mismatches[0].to_string();
        assert!(
            message.contains(&format!("the field {text}")),
            "{message}: {compiler:?}"
        );
    }
}

#[test]
fn pointees_in_structures_are_compared_in_c() {
    for compiler in c_compilers() {
        check(&compiler, "k.c", SOURCE, &cases());
    }
}

#[test]
fn pointees_in_structures_are_compared_in_cpp() {
    let source = SOURCE.replace("<complex.h>", "<complex>");
    let source = format!(
        "extern \"C++\" {{\n{}}}\n",
        source.replacen("void list", "extern \"C\" {\nvoid list", 1)
    ) + "}\n";
    for mut compiler in cpp_compilers() {
        if compiler.program.starts_with("clang") {
            compiler.options.push("-fstandalone-debug");
        }
        check(&compiler, "k.cpp", &source, &cases());
    }
}

structures! {
    Cell { next: VeAddr<Cell>, value: f64, raw: VeAddr<c_void> }
    WrongCell { next: VeAddr<Point>, value: f64, raw: VeAddr<c_void> }
    PlainCell { next: VeAddr<f64>, value: f64, raw: VeAddr<f32> }
}

#[test]
fn pointees_in_derived_types_are_compared_in_fortran() {
    let source = "\
subroutine walk(c)
  use iso_c_binding
  type :: cell
    type(cell), pointer :: next
    real(8) :: value
    type(c_ptr) :: raw
  end type
  type(cell) :: c
  c%value = 1
end subroutine
";
    let cases = [
        ("walk_", Cell::TYPE, None),
        ("walk_", WrongCell::TYPE, Some("`next`")),
        ("walk_", PlainCell::TYPE, Some("`next`")),
    ];
    for compiler in fortran_compilers() {
        check(&compiler, "k.f90", source, &cases);
    }
}

#[test]
fn pointers_to_pointers_are_compared_to_their_end() {
    let right = [
        (to(to(f64::TYPE)), to(to(List::TYPE))),
        (to(VeAddr::<f64>::TYPE), to(VeAddr::<List>::TYPE)),
        (to(VeAddr::<c_void>::TYPE), to(<[VeAddr<List>; 3]>::TYPE)),
    ];
    let wrong = [
        to(VeAddr::<f32>::TYPE),
        to(VeAddr::<VeAddr<f64>>::TYPE),
        to(VeAddr::<Point>::TYPE),
        to(f64::TYPE),
    ];
    for compiler in c_compilers() {
        let found = compiler.prototypes("k.c", SOURCE);
        let rows = found.get("rows").expect("it is exported");
        let result = to(f64::TYPE);
        for (m, all) in right {
            let comparison = compare(&signature(&[m, all], result), rows);
            assert_eq!(
                comparison,
                Comparison::default(),
                "{m:?} {all:?}: {compiler:?}"
            );
        }
        for m in wrong {
            let comparison = compare(&signature(&[m, to(to(List::TYPE))], result), rows);
            assert_eq!(comparison.mismatches.len(), 1, "{m:?}: {compiler:?}");
            let comparison = compare(&signature(&[to(to(f64::TYPE)), m], result), rows);
            assert_eq!(comparison.mismatches.len(), 1, "{m:?}: {compiler:?}");
        }
    }
}

#[test]
fn a_message_shows_the_structure_behind_the_pointer() {
    let found = c_compilers()[0].prototypes("k.c", SOURCE);
    let message = |symbol: &str, declared: Type| {
        let prototype = found.get(symbol).expect("it is exported");
        let text =
            compare(&signature(&[to(declared)], Type::Void), prototype).mismatches[0].to_string();
        text.replace(prototype.file.as_deref().expect("it has lines"), "k.c")
    };
    let line = |start: &str| {
        let mut lines = include_str!("pointers.rs").lines();
        1 + lines
            .position(|line| line.trim_start().starts_with(start))
            .expect("it is there")
    };
    let pixel_at = line("PixelAt: ");
    assert_eq!(
        message("list", PixelAt::TYPE),
        format!(
            "parameter 1 (`p`): declared `*mut PixelAt`, but the kernel has `struct list *`: the kernel has the field `at` at \
             byte 16, `const point *`, `PixelAt` has `at: VeAddr<Pixel>` at byte 16; the kernel's structure is at k.c:4, \
             `PixelAt` at tests/debuginfo/pointers.rs:{pixel_at}; there, `const point` at k.c:2 has 16 bytes: `double x`, \
             `double y`"
        )
    );
    assert_eq!(
        message("list", OtherRows::TYPE),
        format!(
            "parameter 1 (`p`): declared `*mut OtherRows`, but the kernel has `struct list *`: the kernel has the field `rows` at \
             byte 40, `double **`, `OtherRows` has `rows: VeAddr<VeAddr<f32>>` at byte 40; the kernel's structure is at k.c:4, \
             `OtherRows` at tests/debuginfo/pointers.rs:{}",
            line("OtherRows: ")
        )
    );
}

#[test]
fn a_web_of_structures_stays_small_in_a_constant() {
    // Each of twenty structures leads to all others.
    let mut source = String::new();
    for number in 0..20 {
        let pointers: String = (0..20).map(|to| format!("struct s{to} *to{to};")).collect();
        source.push_str(&format!("struct s{number} {{ double x; {pointers} }};\n"));
    }
    source.push_str("double web(struct s0 *p) { return p->to1->x + p->to2->to3->x; }");
    let found = c_compilers()[0].prototypes("k.c", &source);
    let declared = DeclaredSignature {
        name: "f".to_owned(),
        params: vec![Declared::Pointer {
            mutable: true,
            pointee: Box::new(Declared::Unknown("S".to_owned())),
        }],
        result: Declared::Scalar(ScalarType::F64),
    };
    let (comparison, assertions) = compare_declared(&declared, found.get("web").unwrap());
    assert!(comparison.is_match());
    let [assertion] = assertions.as_slice() else {
        panic!("{assertions:?}");
    };
    // One for each field of the structure itself, besides those for types.
    assert_eq!(assertion.messages.len(), 7 + 21);
    let source = assertion.shapes_source("p");
    assert!(source.len() < 10_000, "{}", source.len());
}
