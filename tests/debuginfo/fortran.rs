//! Prototypes of Fortran procedures: everything by reference but what a
//! location proves to be a value, hidden arguments, names of symbols.

use veo_abi::prototype::{FunctionLanguage, MismatchKind, Prototypes, compare};
use veo_abi::{Field, StructLayout, Type};

use crate::compilers::fortran_compilers;
use crate::types::{F32, F64, I8, I32, I64, signature, to};

const SOURCE: &str = "\
subroutine axpy(n, a, x, y)
  integer, intent(in) :: n
  real(8), intent(in) :: a
  real(8), intent(in) :: x(n)
  real(8), intent(inout) :: y(*)
  y(1:n) = y(1:n) + a*x
end subroutine
function dotv(n, x) bind(C, name=\"dot_c\") result(r)
  use iso_c_binding
  integer(c_int), value :: n
  real(c_double) :: x(*)
  real(c_double) :: r
  r = sum(x(1:n))
end function
subroutine text(s, n, t)
  character(len=*) :: s
  character(len=5) :: t
  integer(8) n
  s(1:1) = t(1:1)
end subroutine
subroutine fixed(a, l, z)
  real(8) a(3,0:4)
  logical l
  complex(8) z(2)
  a(1,1) = 2
  z(1) = a(2,2)
  if (l) a(1,2) = 3
end subroutine
logical function both(x, y)
  logical x, y
  both = x .and. y
end function
integer function withentry(a)
  integer a
  real(8) b
  withentry = a
  return
  entry second(b)
  second = int(b)
end function
module shapes
  use iso_c_binding
  type, bind(C) :: point
    real(8) :: x, y
    integer(c_int) :: k
  end type
contains
  subroutine move(p, q, h)
    type(point), intent(inout) :: p
    type(point), intent(in) :: q
    type(c_ptr), value :: h
    p%x = p%x + q%x
    p%k = merge(1, 0, c_associated(h))
  end subroutine
  subroutine assumed(sh)
    real(4), intent(inout) :: sh(:,:)
    sh(1,1) = 2
  end subroutine
  subroutine unused(a, b, c, f)
    integer :: a
    real(8), value :: b
    integer(8), value :: c
    interface
      real(8) function f(x)
        real(8) x
      end function
    end interface
  end subroutine
end module
";

fn each(mut check: impl FnMut(&Prototypes, &str)) {
    for compiler in fortran_compilers() {
        let found = compiler.prototypes("k.f90", SOURCE);
        assert_eq!(found.notes, &[] as &[String]);
        check(&found, &format!("{compiler:?}"));
    }
}

fn pair() -> Type {
    Type::Array {
        element: &F64,
        len: 2,
    }
}

static POINT: StructLayout = StructLayout {
    name: "Point",
    size: 24,
    align: 8,
    location: "",
    fields: &[
        Field {
            name: "x",
            offset: 0,
            ty: F64,
        },
        Field {
            name: "y",
            offset: 8,
            ty: F64,
        },
        Field {
            name: "k",
            offset: 16,
            ty: I32,
        },
    ],
};

#[test]
fn right_declarations_agree() {
    let right: Vec<(&str, Vec<Type>, Type)> = vec![
        (
            "axpy_",
            vec![to(I32), to(F64), to(F64), to(F64)],
            Type::Void,
        ),
        ("dot_c", vec![I32, to(F64)], F64),
        ("text_", vec![to(I8), to(I64), to(I8), I64, I64], Type::Void),
        ("fixed_", vec![to(F64), to(I32), to(pair())], Type::Void),
        ("both_", vec![to(I32), to(I32)], I32),
        ("withentry_", vec![to(I32)], I32),
        ("second_", vec![to(F64)], F32),
        (
            "__shapes_MOD_move",
            vec![
                to(Type::Struct(&POINT)),
                to(Type::Struct(&POINT)),
                to(Type::Void),
            ],
            Type::Void,
        ),
        (
            "__shapes_MOD_assumed",
            vec![to(Type::Opaque("Array"))],
            Type::Void,
        ),
        (
            "__shapes_MOD_unused",
            vec![to(I32), F64, I64, to(Type::Void)],
            Type::Void,
        ),
    ];
    each(|found, compiler| {
        for (symbol, params, result) in &right {
            let prototype = found
                .get(symbol)
                .unwrap_or_else(|| panic!("{symbol}: {compiler}"));
            assert_eq!(prototype.language, FunctionLanguage::Fortran);
            let comparison = compare(&signature(params, *result), prototype);
            assert_eq!(comparison.mismatches, [], "{symbol}: {compiler}");
            assert_eq!(comparison.notes, [] as [String; 0], "{symbol}: {compiler}");
        }
    });
}

/// A symbol, parameters and result, and what is wrong with them.
type Wrong = (
    &'static str,
    Vec<Type>,
    Type,
    Vec<(MismatchKind, Option<usize>)>,
);

#[test]
fn wrong_declarations_do_not() {
    use MismatchKind as K;
    let wrong: Vec<Wrong> = vec![
        // Scalars by value where Fortran takes addresses, and the reverse.
        (
            "axpy_",
            vec![I32, F64, to(F64), to(F64)],
            Type::Void,
            vec![(K::Pointer, Some(0)), (K::Pointer, Some(1))],
        ),
        (
            "dot_c",
            vec![to(I32), to(F64)],
            F64,
            vec![(K::Pointer, Some(0))],
        ),
        (
            "dot_c",
            vec![I64, to(F32)],
            F32,
            vec![
                (K::Width, Some(0)),
                (K::Pointee, Some(1)),
                (K::Result, None),
            ],
        ),
        // The lengths of strings are arguments too.
        (
            "text_",
            vec![to(I8), to(I64), to(I8)],
            Type::Void,
            vec![(K::Arity, Some(3))],
        ),
        (
            "text_",
            vec![to(I8), to(I32), to(I8), I64, I64],
            Type::Void,
            vec![(K::Pointee, Some(1))],
        ),
        (
            "fixed_",
            vec![to(F32), to(I64), to(F32)],
            Type::Void,
            vec![
                (K::Pointee, Some(0)),
                (K::Pointee, Some(1)),
                (K::Pointee, Some(2)),
            ],
        ),
        // An array descriptor is not the array.
        (
            "__shapes_MOD_assumed",
            vec![to(F32)],
            Type::Void,
            vec![(K::Pointee, Some(0))],
        ),
        (
            "__shapes_MOD_move",
            vec![to(F64), to(Type::Struct(&POINT)), to(Type::Void)],
            Type::Void,
            vec![(K::Pointee, Some(0))],
        ),
        (
            "both_",
            vec![to(I32), to(I32)],
            F32,
            vec![(K::Result, None)],
        ),
    ];
    each(|found, compiler| {
        for (symbol, params, result, kinds) in &wrong {
            let comparison = compare(&signature(params, *result), found.get(symbol).unwrap());
            let told: Vec<_> = comparison
                .mismatches
                .iter()
                .map(|m| (m.kind, m.param))
                .collect();
            assert_eq!(&told, kinds, "{symbol}: {compiler}");
        }
    });
}

#[test]
fn messages_explain_what_fortran_does() {
    each(|found, _| {
        let params = [I32, to(F64), to(F64), to(F64)];
        let comparison = compare(&signature(&params, Type::Void), found.get("axpy_").unwrap());
        assert_eq!(
            comparison.mismatches[0].to_string(),
            "parameter 1 (`n`): declared `i32`, but the kernel has `integer(kind=4) *`: Fortran \
             passes it by reference; declare `&i32`, or `&mut i32` if the kernel changes it"
        );
        let params = [to(I8), to(I64), to(I8)];
        let comparison = compare(&signature(&params, Type::Void), found.get("text_").unwrap());
        let text = comparison.mismatches[0].to_string();
        assert!(
            text.contains("the kernel takes 5 parameters, 3 declared"),
            "{text}"
        );
        assert!(text.contains("the length of a string"), "{text}");
    });
}

#[test]
fn places_and_shapes_are_those_of_the_source() {
    each(|found, compiler| {
        let axpy = found.get("axpy_").unwrap();
        assert_eq!(
            (axpy.line, axpy.name.as_str()),
            (Some(1), "axpy"),
            "{compiler}"
        );
        assert!(
            axpy.file
                .as_deref()
                .is_some_and(|file| file.ends_with("/k.f90"))
        );
        let fixed = found.get("fixed_").unwrap();
        // a(3,0:4): the first index varies fastest.
        let a = fixed.types.c_type(fixed.params[0].ty);
        assert_eq!(a, "real(kind=8) (*)[5][3]", "{compiler}");
        assert_eq!(
            axpy.rust_declaration().as_deref(),
            Some("fn axpy_(n: *mut i32, a: *mut f64, x: *mut f64, y: *mut f64);")
        );
    });
}
