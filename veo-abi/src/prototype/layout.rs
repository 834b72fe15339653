//! The layout of declared and found structures, for [`check`](super::check()).

use super::finding::{Difference, Finding, SAME, differs};
use super::shape::{Shape, ShapeField, Shapes, field, node};
use crate::{ScalarType, StructLayout, Type};

/// The deepest nesting. A type that is nested deeper counts as undecided.
pub(super) const DEPTH: u32 = 40;
/// The most fields of a structure that may be a wrapper of one of them.
const MEMBERS: u32 = 16;

/// Finds a declared field of the same name at another offset. Its order is wrong even if the
/// types happen to agree.
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
        // Usually both sides have the same order. Comparing texts in a constant is slow.
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
    /// Exactly in this object.
    Object(&'a Type),
    /// Within untyped bytes.
    Bytes,
    /// Nowhere or across several objects.
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

/// The innermost element of a found array and the number of elements, if that is constant.
/// The outer `Option` is `None` if the type is not an array.
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

/// Whether a declared array of `declared` elements consists of whole found arrays, or is one
/// of the rows of a found array of several dimensions.
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

/// Whether the fields of a structure are known. Otherwise only its size is.
pub(super) const fn is_recorded(layout: &StructLayout) -> bool {
    layout.size == 0 || !layout.fields.is_empty()
}

/// The field that alone fills a declared structure.
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

/// Whether a structure is a complex number of two parts of `part` bytes.
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

/// Whether a found type is a pointer, or a chain of pointers, to a structure.
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

/// Whether a field takes no space, as a flexible array at the end or an empty base class.
pub(super) const fn is_empty(shapes: &Shapes<'_>, field: ShapeField<'_>) -> bool {
    field.size == 0 || matches!(node(shapes, field.shape), Shape::Record { count: 0, .. })
}

/// The only field of a found structure that takes space.
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

/// Whether a field fills a structure of this size.
pub(super) const fn covers(field: ShapeField<'_>, size: u64) -> bool {
    field.offset == 0 && field.size == size && !field.bits
}
