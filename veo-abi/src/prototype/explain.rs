//! Explains in words why a parameter or result differs, and what to declare instead.

use super::finding::Difference;
use super::layout::{DEPTH, elements, flatten};
use super::lower::Lowered;
use super::mismatch::{Mismatch, MismatchKind, ParamOrResult};
use super::model::{FoundType, PointerKind, TypeId, Types};
use super::shape::{Shape, Shapes, field, node};
use crate::{ScalarType, StructLayout, Type};

/// The most fields of a structure that a message names.
const MEMBERS: usize = 6;
/// The most nested structures that are searched for a message.
const RECORDS: usize = 1000;

impl ParamOrResult<'_> {
    /// Turns a difference into a mismatch.
    pub(super) fn mismatch(
        &self,
        difference: Difference,
        declared: &str,
        layout: Option<&'static StructLayout>,
        lowered: &Lowered<'_>,
    ) -> Mismatch {
        let kind = match (self.param, difference) {
            (None, _) => MismatchKind::Result,
            (_, Difference::Width) => MismatchKind::Width,
            (_, Difference::Signedness) => MismatchKind::Signedness,
            (_, Difference::FloatForInteger) => MismatchKind::FloatForInteger,
            (_, Difference::Pointer) => MismatchKind::Pointer,
            (_, Difference::Inexpressible) => MismatchKind::Inexpressible,
            (_, Difference::Pointee) => MismatchKind::Pointee,
            (_, Difference::StructSize) => MismatchKind::StructSize,
            (_, Difference::Field(_)) => MismatchKind::FieldLayout,
        };
        Mismatch {
            kind,
            param: self.param,
            name: self.name.map(str::to_owned),
            declared: declared.to_owned(),
            found: self.c_type(),
            reason: self.reason(difference, layout, lowered),
            suggestion: self.suggestion(difference, declared),
        }
    }

    fn suggestion(&self, difference: Difference, declared: &str) -> Option<String> {
        if matches!(difference, Difference::StructSize | Difference::Field(_)) {
            return None;
        }
        let types = &self.found.types;
        if let Some(promoted) = self.promoted() {
            return Some(format!("`{promoted}`"));
        }
        match types.resolved(self.id) {
            FoundType::Void if self.param.is_none() => Some("no result".to_owned()),
            FoundType::Pointer {
                kind: PointerKind::ByReference,
                pointee,
            } if difference == Difference::Pointer => {
                let scalar = types.scalar(*pointee)?;
                Some(format!(
                    "`&{scalar}`, or `&mut {scalar}` if the kernel changes it"
                ))
            }
            // The suggestion keeps data that travel with the call.
            FoundType::Pointer { pointee, .. } if declared.starts_with('&') => {
                let ty = types.rust_type(self.id)?;
                let kept = match types.rust_pointee(*pointee, 0) {
                    void if void == "c_void" => ty,
                    _ if !ty.starts_with('*') => ty,
                    data => {
                        let data = match declared.contains('[') {
                            true if !data.starts_with('[') => format!("[{data}]"),
                            _ => data,
                        };
                        let kind = if types.is_const(*pointee) { "" } else { "mut " };
                        format!("&{kind}{data}")
                    }
                };
                Some(format!("`{kept}`"))
            }
            _ => Some(format!("`{}`", types.rust_type(self.id)?)),
        }
    }

    /// The type that is passed instead, if the function has no prototype.
    fn promoted(&self) -> Option<ScalarType> {
        let promoted = self.found.types.promoted(self.id);
        promoted.filter(|_| self.is_old_style())
    }

    fn reason(
        &self,
        difference: Difference,
        layout: Option<&'static StructLayout>,
        lowered: &Lowered<'_>,
    ) -> String {
        let types = &self.found.types;
        let resolved = types.resolved(self.id);
        if let Some(promoted) = self.promoted() {
            return format!(
                "its definition, without a prototype, takes it as `{}`",
                if promoted.is_float() { "double" } else { "int" }
            );
        }
        if let FoundType::Pointer { pointee, .. } = resolved
            && let Some(instead) = types.needs_fortran(*pointee)
        {
            let name = self.name.unwrap_or("x");
            let instead = instead.replace('x', name);
            return format!(
                "it is passed by a descriptor that only Fortran can make; make it `{instead}` in the kernel"
            );
        }
        match difference {
            Difference::Width => match types.size(self.id) {
                Some(1) => "the width differs: the kernel has 1 byte".to_owned(),
                Some(size) => format!("the width differs: the kernel has {size} bytes"),
                None => "the width differs".to_owned(),
            },
            Difference::Signedness => match types.scalar(self.id) {
                Some(scalar) if scalar.is_signed() => "the kernel has a signed integer".to_owned(),
                _ => "the kernel has an unsigned integer".to_owned(),
            },
            Difference::FloatForInteger => match types.scalar(self.id) {
                Some(scalar) if scalar.is_float() => {
                    "the kernel has a floating-point number".to_owned()
                }
                _ => "the kernel has an integer".to_owned(),
            },
            Difference::Pointer => match resolved {
                FoundType::Pointer {
                    kind: PointerKind::ByReference,
                    ..
                } => "Fortran passes it by reference".to_owned(),
                FoundType::Pointer { .. } => "the kernel has an address".to_owned(),
                _ => "the kernel has a value and no address".to_owned(),
            },
            Difference::Inexpressible => match resolved {
                FoundType::Void => "the kernel returns nothing".to_owned(),
                _ if types.rust_type(self.id).is_some() => {
                    "the kernel returns something".to_owned()
                }
                FoundType::Record { .. } if self.param.is_none() => {
                    "structures cannot be returned by value; the kernel has to write it where a \
                     parameter points"
                        .to_owned()
                }
                FoundType::Record { .. } => {
                    "structures cannot be passed by value; the kernel needs a pointer".to_owned()
                }
                _ if self.param.is_none() => "a value of this type cannot be returned".to_owned(),
                _ => "a value of this type cannot be passed".to_owned(),
            },
            Difference::Pointee => "it points to another type".to_owned(),
            Difference::StructSize => {
                let found = record_size(&lowered.shapes());
                let reason = match (layout, found) {
                    (Some(layout), Some(found)) => format!(
                        "the structure has {found} bytes in the kernel, `{}` has {}",
                        layout.name, layout.size
                    ),
                    (None, Some(found)) => {
                        format!("the structure has {found} bytes in the kernel")
                    }
                    _ => "the size of the structure differs".to_owned(),
                };
                reason + &written_at(types.record_location(self.id), layout)
            }
            Difference::Field(index) => self.field_reason(index, layout, lowered),
        }
    }

    fn field_reason(
        &self,
        index: u32,
        layout: Option<&'static StructLayout>,
        lowered: &Lowered<'_>,
    ) -> String {
        let shapes = lowered.shapes();
        let at = index as usize;
        let (Some(field), Some(ty)) = (shapes.fields.get(at), lowered.field_types.get(at)) else {
            return "the fields differ".to_owned();
        };
        let types = &self.found.types;
        let name = match field.name {
            "" => "an unnamed member".to_owned(),
            name => format!("the field `{name}`"),
        };
        let mut reason = format!(
            "the kernel has {name} at byte {}, `{}`",
            field.offset,
            types.c_type(*ty)
        );
        let counterpart = layout.and_then(|layout| counterpart(layout, &shapes, lowered, index));
        let mut behind = types.pointee(*ty);
        let holder = lowered.holders.get(at).copied();
        let location = holder.and_then(|id| types.record_location(id));
        if let Some((layout, offset)) = counterpart {
            let named = layout.fields.iter().find(|f| f.name == field.name);
            let placed = layout.fields.iter().find(|f| f.offset as u64 == offset);
            match named.or(placed) {
                Some(f) => {
                    reason.push_str(&format!(
                        ", `{}` has `{}: {}` at byte {}",
                        layout.name,
                        f.name,
                        in_memory(&f.ty),
                        f.offset
                    ));
                    // The pointee matters only if both sides have a pointer.
                    behind = behind.filter(|_| matches!(f.ty, Type::Pointer { .. }));
                }
                None => reason.push_str(&format!(", `{}` has no field there", layout.name)),
            }
        }
        let layout = counterpart.map(|(layout, _)| layout).or(layout);
        reason.push_str(&written_at(location, layout));
        if let Some(record) = behind.and_then(|id| types.members(id)) {
            reason.push_str(&format!("; there, {record}"));
        }
        reason
    }
}

/// The declared structure that has or should have the found field of this index, and its offset there.
fn counterpart(
    layout: &'static StructLayout,
    shapes: &Shapes<'_>,
    lowered: &Lowered<'_>,
    index: u32,
) -> Option<(&'static StructLayout, u64)> {
    let mut root = lowered.root;
    for _ in 0..DEPTH {
        root = match node(shapes, root) {
            Shape::Pointer { to } | Shape::Either { to } => to,
            Shape::Array { element, .. } => element,
            _ => break,
        };
    }
    let mut open = vec![(layout, root, 0_u64)];
    for _ in 0..RECORDS {
        let (layout, record, base) = open.pop()?;
        let Shape::Record { first, count, .. } = node(shapes, record) else {
            continue;
        };
        for at in first..first.saturating_add(count) {
            let Some(found) = field(shapes, at) else {
                break;
            };
            let offset = base.saturating_add(found.offset);
            if at == index {
                return Some((layout, offset));
            }
            let (inner, _) = elements(shapes, found.shape);
            let declared = layout.fields.iter().find(|f| f.offset as u64 == offset);
            let next = match declared.map(|f| flatten(&f.ty).0) {
                Some(Type::Struct(nested)) => (*nested, inner, 0),
                _ => (layout, inner, offset),
            };
            open.push(next);
        }
    }
    None
}

/// The end of a sentence that says where the structures of both sides are defined.
fn written_at(found: Option<&str>, layout: Option<&StructLayout>) -> String {
    let declared = layout.filter(|layout| !layout.location.is_empty());
    match (found, declared) {
        (Some(found), Some(declared)) => format!(
            "; the kernel's structure is at {found}, `{}` at {}",
            declared.name, declared.location
        ),
        (Some(found), None) => format!("; the kernel's structure is at {found}"),
        (None, Some(declared)) => format!("; `{}` is at {}", declared.name, declared.location),
        (None, None) => String::new(),
    }
}

/// The type as written in a field, where pointers are `VeAddr`s.
fn in_memory(ty: &Type) -> String {
    match ty {
        Type::Pointer { pointee, .. } => format!("VeAddr<{}>", in_memory(pointee)),
        Type::Array { element, len } => format!("[{}; {len}]", in_memory(element)),
        other => other.to_string(),
    }
}

impl Types {
    /// The final pointee of a chain of pointers.
    fn pointee(&self, mut id: TypeId) -> Option<TypeId> {
        let mut behind = None;
        for _ in 0..DEPTH {
            match self.resolved(id) {
                FoundType::Pointer { pointee, .. } => (id, behind) = (*pointee, Some(*pointee)),
                _ => break,
            }
        }
        behind
    }

    /// Where the structure is written that a type is, or leads to.
    fn record_location(&self, mut id: TypeId) -> Option<&str> {
        for _ in 0..DEPTH {
            id = match self.resolved(id) {
                FoundType::Pointer { pointee, .. } => *pointee,
                FoundType::Array { element, .. } => *element,
                FoundType::Record { location, .. } => return location.as_deref(),
                _ => return None,
            };
        }
        None
    }

    /// "`struct point` at point.h:3 has 16 bytes: `double x`, `double y`".
    fn members(&self, id: TypeId) -> Option<String> {
        let FoundType::Record {
            size: Some(size),
            location,
            fields,
            ..
        } = self.resolved(id)
        else {
            return None;
        };
        let members: Vec<_> = fields
            .iter()
            .take(MEMBERS)
            .map(|field| format!("`{}`", self.declaration(field.ty, &field.name)))
            .collect();
        let more = if fields.len() > MEMBERS { ", .." } else { "" };
        let members = members.join(", ");
        let name = self.c_type(id);
        let at = location
            .as_ref()
            .map_or_else(String::new, |at| format!(" at {at}"));
        Some(format!("`{name}`{at} has {size} bytes: {members}{more}"))
    }
}

/// The size of the structure behind a pointer.
fn record_size(shapes: &Shapes<'_>) -> Option<u64> {
    shapes.nodes.iter().find_map(|shape| match shape {
        Shape::Record { size, .. } | Shape::Union { size, .. } => Some(*size),
        _ => None,
    })
}
