//! Where things lie in declared and found structures, for [`check`](super::check()).

use super::finding::{Difference, Finding, SAME, differs};
use super::shape::{Shape, ShapeField, Shapes, field, node};
use crate::{ScalarType, StructLayout, Type};

/// Nesting before a type counts as undecided.
pub(super) const DEPTH: u32 = 40;
/// Fields of a structure that is looked at for being around one of them.
const MEMBERS: u32 = 16;

/// A declared field of the same name at another offset: the order is wrong,
/// even where the types happen to agree.
pub(super) const fn swapped(
    layout: &StructLayout,
    shapes: &Shapes<'_>,
    first: u32,
    count: u32,
) -> Finding {
    let mut index = 0;
    let mut next = 0;
    while index < count {
        let found = field(shapes, first.saturating_add(index));
        index += 1;
        let Some(found) = found else { break };
        if found.name.is_empty() || found.bits {
            continue;
        }
        // Mostly the fields follow each other on both sides, and texts are slow to compare here.
        if next < layout.fields.len() && same_text(layout.fields[next].name, found.name) {
            if layout.fields[next].offset as u64 != found.offset {
                return differs(Difference::Field(first + index - 1));
            }
            next += 1;
            continue;
        }
        let mut other = 0;
        while other < layout.fields.len() {
            let declared = layout.fields[other];
            if same_text(declared.name, found.name) {
                if declared.offset as u64 != found.offset {
                    return differs(Difference::Field(first + index - 1));
                }
                next = other + 1;
                break;
            }
            other += 1;
        }
    }
    SAME
}

/// Where the bytes of a found field are in a declared structure.
pub(super) enum FieldLocation<'a> {
    /// In this object, and in nothing else.
    Object(&'a Type),
    /// Within bytes that have no type of their own.
    Bytes,
    /// Nowhere, or across several objects.
    Nowhere,
}

pub(super) const fn locate(
    layout: &'static StructLayout,
    offset: u64,
    size: u64,
    depth: u32,
) -> FieldLocation<'static> {
    if depth == 0 {
        return FieldLocation::Bytes;
    }
    let mut index = 0;
    while index < layout.fields.len() {
        let declared = &layout.fields[index];
        index += 1;
        let len = match declared.ty.size() {
            Some(len) => len as u64,
            None => 0,
        };
        let start = declared.offset as u64;
        if len == 0 || offset < start || offset - start >= len {
            continue;
        }
        let within = offset - start;
        if within == 0 && len == size {
            return FieldLocation::Object(&declared.ty);
        }
        if size > len - within {
            return FieldLocation::Nowhere;
        }
        let (element, _) = flatten(&declared.ty);
        return match element {
            Type::Struct(inner) if !is_recorded(inner) => FieldLocation::Bytes,
            Type::Struct(inner) if inner.size > 0 => {
                locate(inner, within % inner.size as u64, size, depth - 1)
            }
            Type::Scalar(ScalarType::U8 | ScalarType::I8) => FieldLocation::Bytes,
            _ => FieldLocation::Nowhere,
        };
    }
    FieldLocation::Nowhere
}

/// `==` in constants.
pub(super) const fn same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// The innermost element of a declared array and how many there are.
pub(super) const fn flatten(mut declared: &Type) -> (&Type, Option<u64>) {
    let mut count = None;
    let mut depth = 0;
    while let Type::Array { element, len } = declared {
        let before = match count {
            None => 1u64,
            Some(count) => count,
        };
        count = Some(before.saturating_mul(*len as u64));
        declared = *element;
        depth += 1;
        if depth > DEPTH {
            break;
        }
    }
    (declared, count)
}

/// The innermost element of a found array, and how many there are if that is constant;
/// `None` if it is no array.
pub(super) const fn elements(shapes: &Shapes<'_>, mut at: u32) -> (u32, Option<Option<u64>>) {
    let mut count = None;
    let mut depth = 0;
    while let Shape::Array { element, len } = node(shapes, at) {
        let before = match count {
            None => Some(1u64),
            Some(count) => count,
        };
        count = Some(match (before, len) {
            (Some(before), Some(len)) => before.checked_mul(len),
            _ => None,
        });
        at = element;
        depth += 1;
        if depth > DEPTH {
            break;
        }
    }
    (at, count)
}

/// Whether a declared array of so many elements is a number of whole found arrays, or one
/// of those that a found array of several dimensions is made of.
pub(super) const fn is_whole(declared: u64, shapes: &Shapes<'_>, mut at: u32) -> bool {
    let mut depth = 0;
    while let Shape::Array { element, .. } = node(shapes, at) {
        let (_, Some(Some(found))) = elements(shapes, at) else {
            return true;
        };
        if declared == found || found == 0 || (depth == 0 && declared.is_multiple_of(found)) {
            return true;
        }
        at = element;
        depth += 1;
        if depth > DEPTH {
            return true;
        }
    }
    depth == 0
}

/// Whether the fields of a structure are known, and not only its size.
pub(super) const fn is_recorded(layout: &StructLayout) -> bool {
    layout.size == 0 || !layout.fields.is_empty()
}

/// The field of a structure that has no other with bytes and no bytes besides.
pub(super) const fn only_field(layout: &'static StructLayout) -> Option<&'static Type> {
    let mut only = None;
    let mut index = 0;
    while index < layout.fields.len() {
        let ty = &layout.fields[index].ty;
        index += 1;
        match ty.size() {
            Some(0) => {}
            Some(size) if size == layout.size && only.is_none() => only = Some(ty),
            _ => return None,
        }
    }
    only
}

/// Whether a structure is a complex number of two such parts.
pub(super) const fn is_complex(layout: &StructLayout, part: u64) -> bool {
    if layout.fields.len() != 2 {
        return false;
    }
    let mut index = 0;
    while index < 2 {
        let field = layout.fields[index];
        let fits = match field.ty {
            Type::Scalar(scalar) => scalar.is_float() && scalar.size() as u64 == part,
            _ => false,
        };
        if !fits || field.offset as u64 != part * index as u64 {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether a found type is a pointer to a structure, perhaps through others.
pub(super) const fn leads_to_record(shapes: &Shapes<'_>, mut at: u32) -> bool {
    let mut pointer = false;
    let mut steps = 0;
    while steps < DEPTH {
        at = match node(shapes, at) {
            Shape::Pointer { to } => {
                pointer = true;
                to
            }
            Shape::Array { element, .. } => element,
            Shape::Record { .. } => return pointer,
            _ => return false,
        };
        steps += 1;
    }
    false
}

/// Whether a field takes no space: a flexible array at the end, an empty base class.
pub(super) const fn is_empty(shapes: &Shapes<'_>, field: ShapeField<'_>) -> bool {
    field.size == 0 || matches!(node(shapes, field.shape), Shape::Record { count: 0, .. })
}

/// The field of a found structure that alone takes space.
pub(super) const fn only_member<'a>(
    shapes: &Shapes<'a>,
    first: u32,
    count: u32,
) -> Option<ShapeField<'a>> {
    let mut only = None;
    let mut index = 0;
    while index < count && index < MEMBERS {
        if let Some(member) = field(shapes, first.saturating_add(index))
            && !is_empty(shapes, member)
        {
            if only.is_some() {
                return None;
            }
            only = Some(member);
        }
        index += 1;
    }
    only
}

/// Whether a field is all there is of a structure of this size.
pub(super) const fn covers(field: ShapeField<'_>, size: u64) -> bool {
    field.offset == 0 && field.size == size && !field.bits
}
