//! Why a parameter or result differs, in words, and what to declare instead.

use super::finding::Difference;
use super::form::{Shape, Shapes};
use super::mismatch::{Mismatch, MismatchKind};
use super::model::{FoundType, PointerKind};
use super::place::Place;
use super::shape::Lowered;
use crate::StructLayout;

impl Place<'_> {
    /// The mismatch that a difference is.
    pub(super) fn mismatch(
        &self,
        difference: Difference,
        declared: &str,
        layout: Option<&StructLayout>,
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
            suggestion: self.suggestion(difference),
        }
    }

    fn suggestion(&self, difference: Difference) -> Option<String> {
        if matches!(difference, Difference::StructSize | Difference::Field(_)) {
            return None;
        }
        let types = &self.found.types;
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
            _ => Some(format!("`{}`", types.rust_type(self.id)?)),
        }
    }

    fn reason(
        &self,
        difference: Difference,
        layout: Option<&StructLayout>,
        lowered: &Lowered<'_>,
    ) -> String {
        let types = &self.found.types;
        let resolved = types.resolved(self.id);
        match difference {
            Difference::Width => match types.size(self.id) {
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
                FoundType::Record { .. } => {
                    "structures cannot be passed by value; the kernel needs a pointer".to_owned()
                }
                _ => "a value of this type cannot be passed".to_owned(),
            },
            Difference::Pointee => "it points to another type".to_owned(),
            Difference::StructSize => {
                let found = record_size(&lowered.shapes());
                match (layout, found) {
                    (Some(layout), Some(found)) => format!(
                        "the structure has {found} bytes in the kernel, `{}` has {}",
                        layout.name, layout.size
                    ),
                    (None, Some(found)) => {
                        format!("the structure has {found} bytes in the kernel")
                    }
                    _ => "the size of the structure differs".to_owned(),
                }
            }
            Difference::Field(index) => self.field_reason(index, layout, lowered),
        }
    }

    fn field_reason(
        &self,
        index: u32,
        layout: Option<&StructLayout>,
        lowered: &Lowered<'_>,
    ) -> String {
        let shapes = lowered.shapes();
        let index = index as usize;
        let (Some(field), Some(ty)) = (shapes.fields.get(index), lowered.field_types.get(index))
        else {
            return "the fields differ".to_owned();
        };
        let ty = format!(", `{}`", self.found.types.c_type(*ty));
        let name = match field.name {
            "" => "an unnamed member".to_owned(),
            name => format!("the field `{name}`"),
        };
        let mut reason = format!("the kernel has {name} at byte {}{ty}", field.offset);
        if let Some(layout) = layout {
            let named = layout.fields.iter().find(|f| f.name == field.name);
            let placed = layout
                .fields
                .iter()
                .find(|f| f.offset as u64 == field.offset);
            let text = match named.or(placed) {
                Some(f) => format!(
                    ", `{}` has `{}: {}` at byte {}",
                    layout.name, f.name, f.ty, f.offset
                ),
                None => format!(", `{}` has no field there", layout.name),
            };
            reason.push_str(&text);
        }
        reason
    }
}

/// The size of the structure that a pointer leads to.
fn record_size(shapes: &Shapes<'_>) -> Option<u64> {
    shapes.nodes.iter().find_map(|shape| match shape {
        Shape::Record { size, .. } | Shape::Union { size } => Some(*size),
        _ => None,
    })
}
