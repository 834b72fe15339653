//! Declarations that look right and are wrong, that look wrong and are right, and that nobody can judge, so that a note says it.

use veo_abi::Type;
use veo_abi::prototype::{Comparison, Prototypes, compare};
use veo_core::{VeAddr, VeData};

use crate::cases::{Case, check};
use crate::compilers::{Compiler, c_compilers, cpp_compilers, find, fortran_compilers, once_with};
use crate::types::{F32, F64, I8, I16, I32, I64, U8, U32, U64, signature, structures, to};

const VOID: Type = Type::Void;

/// A pointer to a function.
fn function(params: &[Type], result: Type) -> Type {
    to(Type::Function {
        params: Box::leak(params.to_vec().into_boxed_slice()),
        result: Box::leak(Box::new(result)),
    })
}

/// A pointer to what the kernel only reads.
fn reads(pointee: Type) -> Type {
    Type::Pointer {
        mutable: false,
        pointee: Box::leak(Box::new(pointee)),
    }
}

structures! {
    Flagged { flag: u8, n: i32 }
    FlaggedSigned { flag: i8, n: i32 }
    Small { x: i32, d: f64 }
    SmallBytes { x: [u8; 4], pad: u32, d: [u8; 8] }
    Rows { rows: VeAddr<VeAddr<VeAddr<VeAddr<f64>>>> }
    RowsWrong { rows: VeAddr<VeAddr<VeAddr<VeAddr<f32>>>> }
    RowsLess { rows: VeAddr<VeAddr<VeAddr<f64>>> }
}

#[test]
fn the_values_of_an_enumeration_tell_its_sign() {
    let source = "\
enum large { L0, L200 = 200 } __attribute__((packed)); enum plain { P0, P1 };
enum small { S0, S127 = 127 } __attribute__((packed)); enum wide { W = 0x80000000u };
enum negative { N = -1, N1 }; enum wider { V = 0x8000000000000000ull }; enum long_ { Q = 0x100000000 };
struct flagged { enum large flag; int n; };
int large(enum large e) { return e; } int small(enum small e) { return e; } int plain(enum plain e) { return e; }
long wide(enum wide e) { return e; } int negative(enum negative e) { return e; } long wider(enum wider e) { return e; }
long long_(enum long_ e) { return e; } void all(enum large *e, struct flagged *f) { *e = f->flag; }
enum large result(void) { return L200; }
";
    let one = |symbol, ty, result, right| (symbol, vec![ty], result, right);
    let all = |e, f| vec![to(e), to(f)];
    let cases: Vec<Case> = vec![
        one("large", U8, I32, true),
        one("large", I8, I32, false),
        one("small", U8, I32, true),
        one("small", I8, I32, true),
        one("small", I16, I32, false),
        one("plain", I32, I32, true),
        one("plain", U32, I32, true),
        one("wide", U32, I64, true),
        one("wide", I32, I64, false),
        one("negative", I32, I32, true),
        one("negative", U32, I32, false),
        one("wider", U64, I64, true),
        one("wider", I64, I64, false),
        one("long_", U64, I64, true),
        one("long_", I64, I64, true),
        ("all", all(U8, Flagged::TYPE), VOID, true),
        ("all", all(I8, Flagged::TYPE), VOID, false),
        ("all", all(U8, FlaggedSigned::TYPE), VOID, false),
        ("result", vec![], U8, true),
        ("result", vec![], I8, false),
    ];
    let mut compilers = once_with(c_compilers(), &[]);
    compilers.extend(once_with(c_compilers(), &["-gdwarf-2", "-gstrict-dwarf"]));
    compilers.extend(once_with(c_compilers(), &["-gdwarf-4", "-gstrict-dwarf"]));
    for compiler in compilers {
        check(&compiler.prototypes("k.c", source), &cases, &compiler);
    }
}

#[test]
fn functions_behind_pointers_are_compared() {
    let source = "\
typedef int (*compare)(const void *, const void *);
double apply(double (*f)(double), double x) { return f(x); }
void sort(void *p, compare c) { c(p, p); }
void nothing(void (*f)(void)) { f(); }
double any(double (*f)()) { return f(1); }
double more(double (*f)(const char *, ...)) { return f(\"\"); }
double data(double *p) { return *p; }
";
    let apply = |f| vec![f, F64];
    let address = reads(VOID);
    let cases: Vec<Case> = vec![
        ("apply", apply(function(&[F64], F64)), F64, true),
        ("apply", apply(address), F64, true),
        ("apply", apply(function(&[F32], F64)), F64, false),
        ("apply", apply(function(&[F64], F32)), F64, false),
        ("apply", apply(function(&[F64], VOID)), F64, false),
        ("apply", apply(function(&[F64, F64], F64)), F64, false),
        ("apply", apply(function(&[], F64)), F64, false),
        ("apply", apply(to(F64)), F64, false),
        (
            "sort",
            vec![to(VOID), function(&[address, address], I32)],
            VOID,
            true,
        ),
        (
            "sort",
            vec![to(VOID), function(&[address, I64], I32)],
            VOID,
            false,
        ),
        ("nothing", vec![function(&[], VOID)], VOID, true),
        ("nothing", vec![function(&[], I32)], VOID, false),
        ("any", vec![function(&[F64], F64)], F64, true),
        ("any", vec![function(&[], F64)], F64, true),
        ("any", vec![function(&[F64], I64)], F64, false),
        ("more", vec![function(&[address, F64], F64)], F64, true),
        ("more", vec![function(&[F64, F64], F64)], F64, false),
        ("data", vec![function(&[F64], F64)], F64, false),
    ];
    for compiler in once_with(c_compilers(), &["-std=gnu17"]) {
        let found = compiler.prototypes("k.c", source);
        check(&found, &cases, &compiler);
        assert_eq!(
            found.get("apply").unwrap().rust_declaration().as_deref(),
            Some("fn apply(f: extern \"C\" fn(f64) -> f64, x: f64) -> f64;")
        );
    }
}

#[test]
fn arrays_are_whole_or_rows() {
    let source = "\
void rows(double a[3][4]) { a[0][0] = 1; }
void cube(double (*a)[2][3][4]) { a[0][0][0][0] = 1; }
void flat(double *a) { a[0] = 1; }
void whole(float (*a)[6]) { a[0][0] = 1; }
";
    let case = |symbol, declared: Type, right| (symbol, vec![to(declared)], VOID, right);
    let cases = [
        case("rows", <[f64; 2]>::TYPE, false),
        case("rows", <[f64; 3]>::TYPE, false),
        case("rows", <[f64; 6]>::TYPE, false),
        case("rows", <[f64; 4]>::TYPE, true),
        case("rows", <[f64; 12]>::TYPE, true),
        case("rows", <[[f64; 4]; 3]>::TYPE, true),
        case("rows", F64, true),
        case("cube", <[[[f64; 4]; 3]; 2]>::TYPE, true),
        case("cube", <[[f64; 4]; 3]>::TYPE, true),
        case("cube", <[f64; 4]>::TYPE, true),
        case("cube", <[f64; 48]>::TYPE, true),
        case("cube", <[f64; 8]>::TYPE, false),
        case("cube", <[f64; 3]>::TYPE, false),
        case("flat", <[f64; 2]>::TYPE, true),
        case("whole", <[f32; 6]>::TYPE, true),
        case("whole", <[f32; 3]>::TYPE, false),
    ];
    for compiler in once_with(c_compilers(), &[]) {
        check(&compiler.prototypes("k.c", source), &cases, &compiler);
    }
    let source = "\
subroutine work(x, z, y, n)
  real(8) :: x(3,4)
  complex(8) :: z(5)
  integer :: n
  real(8) :: y(4,n)
  x = 1; y = 2; z = 3
end subroutine
";
    let work = |x: Type, z: Type| vec![to(x), to(z), to(F64), to(I32)];
    let cases = [
        (
            "work_",
            work(<[[f64; 3]; 4]>::TYPE, <[f64; 2]>::TYPE),
            VOID,
            true,
        ),
        (
            "work_",
            work(<[f64; 3]>::TYPE, <[f64; 10]>::TYPE),
            VOID,
            true,
        ),
        (
            "work_",
            work(<[f64; 4]>::TYPE, <[f64; 2]>::TYPE),
            VOID,
            false,
        ),
        (
            "work_",
            work(<[f64; 2]>::TYPE, <[f64; 2]>::TYPE),
            VOID,
            false,
        ),
        ("work_", work(F64, <[f64; 4]>::TYPE), VOID, false),
    ];
    for compiler in once_with(fortran_compilers(), &[]) {
        check(&compiler.prototypes("k.f90", source), &cases, &compiler);
    }
}

#[test]
fn pointers_are_followed_to_their_end() {
    let source = "\
struct rows { double ****rows; };
void deep(struct rows *p) {} void chain(int ****p) {}
";
    let four = |ty| to(to(to(to(ty))));
    let cases = [
        ("deep", vec![to(Rows::TYPE)], VOID, true),
        ("deep", vec![to(RowsWrong::TYPE)], VOID, false),
        ("deep", vec![to(RowsLess::TYPE)], VOID, false),
        ("chain", vec![four(I32)], VOID, true),
        ("chain", vec![four(F32)], VOID, false),
        ("chain", vec![to(to(to(I32)))], VOID, false),
        ("chain", vec![to(to(to(to(to(I32)))))], VOID, false),
    ];
    for compiler in once_with(c_compilers(), &[]) {
        check(&compiler.prototypes("k.c", source), &cases, &compiler);
    }
}

fn gcc() -> Option<Compiler> {
    let mut compilers = once_with(c_compilers(), &[]);
    compilers.retain(|compiler| !compiler.program.starts_with("clang"));
    compilers.pop()
}

#[test]
fn the_other_order_of_bytes_is_no_number() {
    let source = "\
struct __attribute__((scalar_storage_order(\"big-endian\"))) big { int x; double d; };
void big(struct big *p) { p->x = 1; }
";
    let cases = [
        ("big", vec![to(Small::TYPE)], VOID, false),
        ("big", vec![to(SmallBytes::TYPE)], VOID, true),
        ("big", vec![to(VOID)], VOID, true),
    ];
    let Some(gcc) = gcc() else { return };
    check(&gcc.prototypes("k.c", source), &cases, &gcc);
}

#[test]
fn other_calling_conventions_are_told() {
    let source = "\
__attribute__((ms_abi)) int first(int a, double b) { return a + (int)b; }
__attribute__((ms_abi)) double number(double a, int *b) { return a + *b; }
__attribute__((sysv_abi)) int same(int a, double b) { return a + (int)b; }
int many(int a, int b, int c, int d, int e, int f, int g) { return a + d + g; }
struct large { long n[9]; }; long whole(struct large l, int n) { return l.n[0] + n; }
struct large give(int n) { struct large l = { { n } }; return l; }
";
    if !cfg!(target_arch = "x86_64") {
        return;
    }
    for compiler in c_compilers() {
        let found = compiler.prototypes("k.c", source);
        let convention = |symbol: &str| found.get(symbol).unwrap().convention.clone();
        let ms = Some("ms_abi".to_owned());
        assert_eq!(convention("first"), ms, "{compiler:?}");
        let is_gcc = !compiler.program.starts_with("clang");
        // In a register, gcc's first floating-point number is in the place of C's.
        if !is_gcc || compiler.options[0] == "-O0" {
            assert_eq!(convention("number"), ms, "{compiler:?}");
        }
        for symbol in ["same", "many", "whole", "give"] {
            assert_eq!(convention(symbol), None, "{symbol}: {compiler:?}");
        }
        let comparison = compare(&signature(&[I32, F64], I32), found.get("first").unwrap());
        assert_eq!(
            comparison.mismatches[0].to_string(),
            "the kernel has the calling convention `ms_abi`, and calls use that of C; remove it from its definition"
        );
        let again = Prototypes::from_text(&found.to_text()).expect("the text can be read");
        assert_eq!(again.get("first").unwrap().convention, ms);
    }
}

#[test]
fn pointers_that_the_kernel_may_write_are_noted() {
    let source = "\
void writes(double *p, const double *q, void *v, double (*f)(void)) { *p = *q; }
";
    for compiler in once_with(c_compilers(), &[]) {
        let found = compiler.prototypes("k.c", source);
        let writes = found.get("writes").unwrap();
        let f = function(&[], F64);
        let notes = |params: &[Type]| {
            let Comparison { mismatches, notes } = compare(&signature(params, VOID), writes);
            assert_eq!(mismatches, [], "{compiler:?}");
            notes
        };
        assert_eq!(notes(&[to(F64), to(F64), to(VOID), f]), [""; 0]);
        assert_eq!(
            notes(&[to(F64), reads(F64), to(VOID), reads(VOID)]),
            [""; 0]
        );
        let told = notes(&[reads(F64), reads(F64), to(VOID), f]);
        assert!(
            matches!(&told[..], [note] if note.contains("(`p`)") && note.contains("`&mut`")),
            "{told:?}"
        );
        assert_eq!(notes(&[reads(F64), reads(F64), reads(VOID), f]).len(), 2);
    }
}

structures! { Owner { x: f64 } Other { x: f32 } }

#[test]
fn invisible_references_of_cpp_are_pointers() {
    let source = "\
struct owner { double x; ~owner(); }; owner::~owner() {}
struct copied { double x; copied(const copied &); }; copied::copied(const copied &o) : x(o.x) {}
struct holds { owner o; };
struct plain { double x; };
extern \"C\" {
double own(owner a) { return a.x; } double copy(int k, copied a) { return a.x + k; }
double hold(holds a) { return a.o.x; } double value(plain a) { return a.x; }
double unused(owner) { return 0; }
}
";
    let cases = [
        ("own", vec![to(Owner::TYPE)], F64, true),
        ("own", vec![to(Other::TYPE)], F64, false),
        ("own", vec![F64], F64, false),
        ("copy", vec![I32, to(Owner::TYPE)], F64, true),
        ("hold", vec![to(Owner::TYPE)], F64, true),
        ("unused", vec![to(Owner::TYPE)], F64, true),
        ("value", vec![to(Owner::TYPE)], F64, false),
    ];
    for compiler in cpp_compilers() {
        check(&compiler.prototypes("k.cpp", source), &cases, &compiler);
    }
}

#[test]
fn transparent_unions_are_what_their_members_are() {
    let source = "\
typedef union either { int *i; float *f; } either __attribute__((transparent_union));
typedef union { int *i; float *f; } nameless __attribute__((transparent_union));
typedef union number { int i; unsigned u; } number __attribute__((transparent_union));
typedef union { double d[2]; int *p; } wide;
void either_(either e) { *e.i = 1; } void nameless_(nameless e) { *e.i = 1; }
int number_(number n) { return n.i; } double wide_(wide w) { return w.d[0]; }
";
    let all = vec![
        ("either_", vec![to(I32)], VOID, true),
        ("either_", vec![to(F32)], VOID, true),
        ("nameless_", vec![to(I32)], VOID, true),
        ("nameless_", vec![I32], VOID, false),
        ("number_", vec![I32], I32, true),
        ("number_", vec![to(I32)], I32, false),
        ("wide_", vec![to(I32)], F64, false),
    ];
    // gcc leaves the members of a transparent union out.
    let with_members = [
        ("either_", vec![to(F64)], VOID, false),
        ("either_", vec![I64], VOID, false),
        ("number_", vec![F32], I32, false),
    ];
    for compiler in once_with(c_compilers(), &[]) {
        let found = compiler.prototypes("k.c", source);
        check(&found, &all, &compiler);
        if compiler.program.starts_with("clang") {
            check(&found, &with_members, &compiler);
        }
        // Nothing in the file says that it is transparent.
        let either = compare(&signature(&[to(I32)], VOID), found.get("either_").unwrap());
        assert_eq!(either.notes.len(), 1, "{compiler:?}");
    }
}

#[test]
fn parameters_that_only_fortran_can_pass_are_refused_with_advice() {
    let source = "\
subroutine shaped(x)
  real(8) :: x(:)
  x = 1
end subroutine
subroutine owned(x)
  real(8), allocatable :: x(:,:)
  allocate(x(2,2))
end subroutine
subroutine for_c(x) bind(c)
  use iso_c_binding
  real(c_double) :: x(:)
  x = 1
end subroutine
subroutine known(x, n, y)
  integer :: n
  real(8) :: x(n), y(*)
  x = 1; y(1) = 2
end subroutine
";
    let mut compilers = once_with(fortran_compilers(), &[]);
    let flang = find(&["flang-new-19", "flang-19"]);
    if veo_test_support::available("flang (Debian: flang-19)", flang.is_some()) {
        compilers.push(Compiler {
            program: flang.unwrap_or_default(),
            options: vec!["-O0", "-g", "-shared", "-fPIC"],
        });
    }
    for compiler in compilers {
        let found = compiler.prototypes("k.f90", source);
        for symbol in ["shaped_", "owned_", "for_c"] {
            let prototype = found.get(symbol).unwrap();
            assert_eq!(prototype.rust_declaration(), None, "{symbol}: {compiler:?}");
            for declared in [VOID, F64, <[f64; 4]>::TYPE] {
                let comparison = compare(&signature(&[to(declared)], VOID), prototype);
                let [told] = &comparison.mismatches[..] else {
                    panic!(
                        "{symbol} {declared:?}: {:?}: {compiler:?}",
                        comparison.mismatches
                    );
                };
                let told = told.to_string();
                assert!(
                    told.contains("make it `x(n)` or `x(*)` in the kernel"),
                    "{told}"
                );
                assert!(!told.contains("declare `"), "{told}");
            }
        }
        let known = found.get("known_").unwrap();
        let comparison = compare(&signature(&[to(F64), to(I32), to(F64)], VOID), known);
        assert_eq!(comparison.mismatches, [], "{compiler:?}");
    }
}

/// flang before 20 leaves out parameters that are values, procedures or strings, and has
/// `integer` for derived types.
#[test]
fn types_that_flang_leaves_out_refuse_no_declaration() {
    let source = "\
subroutine fill(n, x) bind(c)
  use iso_c_binding
  integer(c_int), value :: n
  real(c_double) :: x(n)
  x = 1
end subroutine
real(c_double) function apply(f, x) bind(c)
  use iso_c_binding
  interface
    real(c_double) function f(x) bind(c)
      import
      real(c_double), value :: x
    end function
  end interface
  real(c_double) :: x
  apply = f(x)
end function
real(8) function area(p)
  type shape
    sequence
    real(8) :: width, height
  end type
  type(shape) :: p
  area = p%width * p%height
end function
integer(8) function count(n, x)
  integer :: n
  real(8) :: x(n)
  count = n
end function
subroutine nothing(n)
  integer :: n
  n = 1
end subroutine
";
    let flang = find(&["flang-new-19", "flang-19"]);
    if !veo_test_support::available("flang (Debian: flang-19)", flang.is_some()) {
        return;
    }
    let compiler = Compiler {
        program: flang.unwrap_or_default(),
        options: vec!["-O0", "-g", "-shared", "-fPIC"],
    };
    let found = compiler.prototypes("k.f90", source);
    let cases: Vec<Case> = vec![
        ("fill", vec![I32, to(F64)], VOID, true),
        ("fill", vec![], VOID, false),
        ("apply", vec![function(&[F64], F64), to(F64)], F64, true),
        ("apply", vec![function(&[F64], F64), to(F64)], F32, false),
        ("area_", vec![to(Small::TYPE)], F64, true),
        ("area_", vec![to(F64)], F64, false),
        ("area_", vec![to(Small::TYPE)], F32, false),
        ("count_", vec![to(I32), to(F64)], I64, true),
        ("count_", vec![to(I64), to(F64)], I64, false),
        ("count_", vec![to(I32), to(F64)], I32, false),
        ("nothing_", vec![to(I32)], VOID, true),
        ("nothing_", vec![to(I16)], VOID, false),
    ];
    check(&found, &cases, &compiler);
}
