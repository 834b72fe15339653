//! The rules by which a declared type agrees with a found one.
//!
//! They run in three places: when a library is loaded, while `#[ve_kernel]`
//! expands, and in constants of the user's crate for types that the macro
//! knows by name only. So they are `const` functions. They take the found type in a
//! form that fits in a constant ([`Shapes`]).

use super::finding::{
    Difference, Finding, SAME, UNDECIDED, UNDECLARED_TYPE, both, differs, index, same_if,
};
use super::layout::{
    DEPTH, FieldLocation, covers, elements, flatten, is_complex, is_empty, is_recorded, is_whole,
    leads_to_record, locate, only_field, only_member, same_text, swapped,
};
use super::shape::{Shape, ShapeField, Shapes, Sign, field, node};
use crate::{ScalarType, StructLayout, Type};

/// The most steps for one type. A type that needs more counts as undecided.
const STEPS: u32 = 10_000;

/// The name of a declared type that is not known yet.
pub(super) const UNDECLARED: &str = "?";

/// How many steps a comparison may still take.
struct StepsLeft {
    steps: u32,
}

/// Compares a declared parameter or result with the found type at index `at`.
#[must_use]
pub const fn check(declared: &Type, shapes: &Shapes<'_>, at: u32) -> Finding {
    let mut left = StepsLeft { steps: STEPS };
    value(declared, shapes, at, &mut left)
}

/// [`check`] as a number. 0 if the types agree, otherwise 1 + the index of the
/// message that [`Assertion::messages`](super::Assertion) has for the difference.
#[must_use]
pub const fn verdict(declared: &Type, shapes: &Shapes<'_>, at: u32) -> usize {
    match check(declared, shapes, at).difference {
        None => 0,
        Some(difference) => 1 + index(difference),
    }
}

const fn is_undeclared(name: &str) -> bool {
    same_text(name, UNDECLARED)
}

/// Checks a value in a register.
const fn value(declared: &Type, shapes: &Shapes<'_>, at: u32, left: &mut StepsLeft) -> Finding {
    let found = node(shapes, at);
    if let Type::Opaque(name) = declared
        && is_undeclared(name)
    {
        return UNDECLARED_TYPE;
    }
    match (declared, found) {
        (_, Shape::Unknown) => UNDECIDED,
        (Type::Void, Shape::Void) => SAME,
        (_, Shape::Void) | (Type::Void, _) => differs(Difference::Inexpressible),
        (Type::Scalar(scalar), Shape::Integer { size, sign }) => integer(*scalar, size, sign),
        (Type::Scalar(scalar), Shape::Byte { sign }) => integer(*scalar, 1, sign),
        (Type::Scalar(ScalarType::I32), Shape::Promoted { .. }) => SAME,
        (Type::Scalar(scalar), Shape::Promoted { size, sign }) => integer(*scalar, size, sign),
        (Type::Scalar(scalar), Shape::Float { size }) => {
            if !scalar.is_float() {
                differs(Difference::FloatForInteger)
            } else {
                same_if(scalar.size() as u64 == size, Difference::Width)
            }
        }
        (Type::Pointer { pointee, .. }, Shape::Pointer { to } | Shape::Either { to }) => {
            behind(pointee, shapes, to, left, DEPTH)
        }
        (Type::Scalar(_), Shape::Either { to }) => match node(shapes, to) {
            Shape::Either { .. } => UNDECIDED,
            _ => both(value(declared, shapes, to, left), UNDECIDED),
        },
        (
            Type::Pointer { .. },
            Shape::Integer { .. }
            | Shape::Byte { .. }
            | Shape::Promoted { .. }
            | Shape::Float { .. },
        )
        | (Type::Scalar(_), Shape::Pointer { .. }) => differs(Difference::Pointer),
        (_, Shape::Union { size, first, count }) => {
            transparent(declared, shapes, size, first, count, left)
        }
        _ => differs(Difference::Inexpressible),
    }
}

/// Checks a union by value that is declared as one of its members. A transparent union is passed
/// like its first member. Debug information does not say whether a union is transparent.
const fn transparent(
    declared: &Type,
    shapes: &Shapes<'_>,
    size: u64,
    first: u32,
    count: u32,
    left: &mut StepsLeft,
) -> Finding {
    let is_pointer = matches!(declared, Type::Pointer { .. });
    // gcc leaves out the members of a union without a tag.
    if count == 0
        && let Some(len) = declared.size()
        && len as u64 == size
    {
        return UNDECIDED;
    }
    let mut index = 0;
    while index < count && size <= 8 && left.steps > 0 {
        left.steps -= 1;
        let Some(member) = field(shapes, first.saturating_add(index)) else {
            break;
        };
        let is_address = matches!(node(shapes, member.shape), Shape::Pointer { .. });
        if index == 0 && is_address != is_pointer {
            break;
        }
        let nested = matches!(node(shapes, member.shape), Shape::Union { .. });
        if !nested {
            let one = value(declared, shapes, member.shape, left);
            if one.difference.is_none() {
                return both(one, UNDECIDED);
            }
        }
        if !is_pointer {
            break;
        }
        index += 1;
    }
    differs(Difference::Inexpressible)
}

/// Checks a function behind a pointer.
const fn function(
    declared: (&[Type], &Type),
    shapes: &Shapes<'_>,
    at: u32,
    left: &mut StepsLeft,
) -> Finding {
    let (params, result) = declared;
    let (first, count, open) = match node(shapes, at) {
        Shape::Function { first, count, open } => (first, count, open),
        Shape::Void => return SAME,
        Shape::Unknown => return UNDECIDED,
        _ => return differs(Difference::Pointee),
    };
    if params.len() < count as usize || (params.len() > count as usize && !open) {
        return differs(Difference::Pointee);
    }
    let mut finding = value(result, shapes, first.saturating_add(count), left);
    let mut index = 0;
    while index < count {
        if left.steps == 0 {
            return both(finding, UNDECIDED);
        }
        left.steps -= 1;
        let at = first.saturating_add(index);
        finding = both(finding, value(&params[index as usize], shapes, at, left));
        index += 1;
    }
    match finding.difference {
        None => finding,
        Some(_) => differs(Difference::Pointee),
    }
}

const fn integer(scalar: ScalarType, size: u64, sign: Sign) -> Finding {
    if scalar.is_float() {
        differs(Difference::FloatForInteger)
    } else if scalar.size() as u64 != size {
        differs(Difference::Width)
    } else {
        let equal = match sign {
            Sign::Signed => scalar.is_signed(),
            Sign::Unsigned => !scalar.is_signed(),
            Sign::Either => true,
        };
        same_if(equal, Difference::Signedness)
    }
}

/// Checks the pointee of a pointer. An element agrees with an array of such elements.
const fn behind(
    declared: &Type,
    shapes: &Shapes<'_>,
    at: u32,
    left: &mut StepsLeft,
    depth: u32,
) -> Finding {
    if left.steps == 0 || depth == 0 {
        return UNDECIDED;
    }
    left.steps -= 1;
    if let Type::Function { params, result } = declared {
        return function((params, result), shapes, at, left);
    }
    // A type without a counterpart in Rust may be declared as bytes of the same size.
    if let Shape::Union { size, .. } | Shape::Foreign { size } = node(shapes, at)
        && let Some(len) = declared.size()
        && len as u64 == size
        && size > 0
    {
        return UNDECIDED;
    }
    let (declared, declared_len) = flatten(declared);
    if let Some(len) = declared_len
        && !is_whole(len, shapes, at)
    {
        return differs(Difference::Pointee);
    }
    let (at, found_len) = elements(shapes, at);
    let found = node(shapes, at);
    // No caller has a descriptor of a Fortran array.
    if matches!((declared, found), (Type::Void, Shape::Foreign { size: 0 })) {
        return differs(Difference::Pointee);
    }
    if matches!(found, Shape::Void) || matches!(declared, Type::Void) {
        return SAME;
    }
    if let Shape::Swapped { size } = found {
        let is_bytes = matches!(declared, Type::Scalar(ScalarType::U8 | ScalarType::I8));
        let fits = match declared_len {
            Some(len) => is_bytes && len.is_multiple_of(size),
            None => is_bytes,
        };
        return same_if(fits, Difference::Pointee);
    }
    // A complex number of the kernel may be a structure of two parts in Rust.
    if let (Type::Struct(layout), Shape::Float { size }) = (declared, found)
        && let Some(Some(len)) = found_len
        && len % 2 == 0
        && is_complex(layout, size)
    {
        return SAME;
    }
    object(declared, shapes, at, left, depth - 1)
}

/// Checks an object in memory that is not an array.
const fn object(
    declared: &Type,
    shapes: &Shapes<'_>,
    at: u32,
    left: &mut StepsLeft,
    depth: u32,
) -> Finding {
    if left.steps == 0 || depth == 0 {
        return UNDECIDED;
    }
    left.steps -= 1;
    let found = node(shapes, at);
    if let Type::Opaque(name) = declared {
        if is_undeclared(name) {
            return UNDECLARED_TYPE;
        }
        return match found {
            Shape::Integer { .. }
            | Shape::Byte { .. }
            | Shape::Float { .. }
            | Shape::Swapped { .. }
            | Shape::Function { .. }
            | Shape::Pointer { .. } => differs(Difference::Pointee),
            _ => SAME,
        };
    }
    match (declared, found) {
        (_, Shape::Unknown) | (Type::Struct(_), Shape::Incomplete) => UNDECIDED,
        (Type::Void, _) | (_, Shape::Void) => SAME,
        (Type::Scalar(scalar), Shape::Integer { size, sign }) => {
            let same = integer(*scalar, size, sign).difference.is_none();
            same_if(same, Difference::Pointee)
        }
        (Type::Scalar(scalar), Shape::Byte { .. }) => {
            same_if(scalar.size() == 1, Difference::Pointee)
        }
        (Type::Scalar(scalar), Shape::Float { size }) => same_if(
            scalar.is_float() && scalar.size() as u64 == size,
            Difference::Pointee,
        ),
        (Type::Pointer { pointee, .. }, Shape::Pointer { to }) => {
            behind(pointee, shapes, to, left, depth - 1)
        }
        (Type::Struct(_), Shape::Foreign { size: 0 }) => UNDECIDED,
        (Type::Struct(layout), _) if !is_recorded(layout) => sketch(layout, found),
        (Type::Struct(layout), Shape::Record { size, first, count }) => {
            // A class may wrap one member, as `std::complex` does.
            if layout.fields.len() > 1
                && let Some(only) = only_member(shapes, first, count)
                && covers(only, size)
                && matches!(
                    node(shapes, only.shape),
                    Shape::Array { .. } | Shape::Record { .. }
                )
            {
                return behind(declared, shapes, only.shape, left, depth - 1);
            }
            if layout.size as u64 != size {
                // A structure may wrap an array, which agrees with its element.
                if let Some(only @ Type::Array { .. }) = only_field(layout) {
                    let inner = behind(only, shapes, at, left, depth - 1);
                    if inner.difference.is_none() {
                        return inner;
                    }
                }
                return differs(Difference::StructSize);
            }
            let names = swapped(layout, shapes, first, count);
            if names.difference.is_some() {
                return names;
            }
            record(layout, shapes, first, count, 0, left, depth - 1)
        }
        (declared, Shape::Union { size, .. }) => match declared.size() {
            Some(len) if len as u64 == size => UNDECIDED,
            Some(_) if matches!(declared, Type::Struct(_)) => differs(Difference::StructSize),
            _ => differs(Difference::Pointee),
        },
        (Type::Struct(layout), _) => match only_field(layout) {
            Some(only) => behind(only, shapes, at, left, depth - 1),
            None => differs(Difference::Pointee),
        },
        (_, Shape::Record { size, first, count }) => match only_member(shapes, first, count) {
            Some(only) if covers(only, size) => {
                behind(declared, shapes, only.shape, left, depth - 1)
            }
            _ => differs(Difference::Pointee),
        },
        _ => differs(Difference::Pointee),
    }
}

/// Checks a structure of which only the size is recorded.
const fn sketch(layout: &StructLayout, found: Shape) -> Finding {
    match found {
        Shape::Record { size, .. } | Shape::Union { size, .. } => {
            // One may be an array of the other.
            let fits = size == 0 || (layout.size as u64).is_multiple_of(size);
            same_if(fits, Difference::StructSize)
        }
        _ => SAME,
    }
}

/// Compares the fields of a found record with a declared structure. The record starts at `base`
/// in it. Pointers to structures come last: they may lead back to this record, and a
/// difference here must be reported for the field itself.
const fn record(
    layout: &'static StructLayout,
    shapes: &Shapes<'_>,
    first: u32,
    count: u32,
    base: u64,
    left: &mut StepsLeft,
    depth: u32,
) -> Finding {
    let mut finding = SAME;
    let mut later = false;
    loop {
        let mut index = 0;
        while index < count {
            let at = first.saturating_add(index);
            index += 1;
            if left.steps == 0 || depth == 0 {
                return both(finding, UNDECIDED);
            }
            left.steps -= 1;
            let Some(found) = field(shapes, at) else {
                return both(finding, UNDECIDED);
            };
            if leads_to_record(shapes, found.shape) != later {
                continue;
            }
            let one = member(layout, shapes, at, found, base, left, depth);
            finding = both(finding, one);
            if finding.difference.is_some() {
                return finding;
            }
        }
        if later {
            return finding;
        }
        later = true;
    }
}

/// Compares one field of a found record, for [`record`].
const fn member(
    layout: &'static StructLayout,
    shapes: &Shapes<'_>,
    at: u32,
    found: ShapeField<'_>,
    base: u64,
    left: &mut StepsLeft,
    depth: u32,
) -> Finding {
    if is_empty(shapes, found) {
        return SAME;
    }
    // Bit fields share their bytes.
    if found.bits {
        return UNDECIDED;
    }
    let offset = base.saturating_add(found.offset);
    match locate(layout, offset, found.size, DEPTH) {
        FieldLocation::Object(ty) => {
            let inner = behind(ty, shapes, found.shape, left, depth - 1);
            // A difference behind a pointer is reported for the pointer.
            let elsewhere = matches!(flatten(ty).0, Type::Pointer { .. });
            match inner.difference {
                None => inner,
                Some(Difference::Field(_)) if !elsewhere => inner,
                Some(_) => differs(Difference::Field(at)),
            }
        }
        FieldLocation::Bytes => UNDECIDED,
        FieldLocation::Nowhere => match node(shapes, found.shape) {
            Shape::Record { first, count, .. } => {
                record(layout, shapes, first, count, offset, left, depth - 1)
            }
            _ => differs(Difference::Field(at)),
        },
    }
}
