//! Comparisons that only the compiler of the declaring crate can make, and their messages.

use super::POINTERS_IN_MEMORY;
use super::finding::{Difference, index};
use super::lower::Lowered;
use super::mismatch::ParamOrResult;
use super::shape::Shape;

/// The most fields with a message of their own.
const NAMED_FIELDS: usize = 64;
/// The most shapes and fields of a type. In a larger type fewer pointers are followed.
const SIZE: usize = 160;

/// A comparison of a type that the macro knows by name only. The compiler of the declaring
/// crate makes it in a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The parameter, counted from 0; `None` for the result.
    pub param: Option<usize>,
    /// The index of the found type in `shapes`, for [`verdict`](super::verdict).
    pub root: u32,
    /// The message for the value 1 of [`verdict`](super::verdict), for 2, and so on. The last one
    /// is also for all larger values.
    pub messages: Vec<String>,
    nodes: Vec<Shape>,
    fields: Vec<OwnedField>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct OwnedField {
    name: String,
    offset: u64,
    size: u64,
    shape: u32,
    bits: bool,
}

impl Assertion {
    /// The comparison of a type that is known by name only.
    pub(super) fn of(place: &ParamOrResult<'_>, text: &str, lowered: &Lowered<'_>) -> Assertion {
        // A difference behind a pointer in a structure is reported for that pointer.
        let fields = (0..lowered.near.min(NAMED_FIELDS))
            .map(|index| Difference::Field(u32::try_from(index).unwrap_or(u32::MAX)));
        let mut differences = vec![
            Difference::Width,
            Difference::Signedness,
            Difference::FloatForInteger,
            Difference::Pointer,
            Difference::Inexpressible,
            Difference::Pointee,
            Difference::StructSize,
        ];
        debug_assert!(differences.iter().enumerate().all(|(i, d)| index(*d) == i));
        differences.extend(fields);
        let mut messages: Vec<String> = differences
            .iter()
            .map(|difference| place.mismatch(*difference, text, None, lowered).to_string())
            .collect();
        if lowered.near > NAMED_FIELDS {
            messages.push(format!("{}: the fields differ", place.describe()));
        }
        // The compiler reads the constant for each declaration, so a large type is cut by
        // following fewer pointers.
        let small = |lowered: &Lowered<'_>| {
            let shapes = lowered.shapes();
            shapes.nodes.len() + shapes.fields.len() <= SIZE
        };
        let smaller = if small(lowered) {
            None
        } else {
            (0..POINTERS_IN_MEMORY)
                .rev()
                .map(|pointers| place.lowered(pointers))
                .find(|lowered| small(lowered) || lowered.near == lowered.shapes().fields.len())
        };
        let lowered = smaller.as_ref().unwrap_or(lowered);
        let shapes = lowered.shapes();
        Assertion {
            param: place.param,
            root: lowered.root,
            messages,
            nodes: shapes.nodes.to_vec(),
            fields: shapes
                .fields
                .iter()
                .map(|field| OwnedField {
                    name: field.name.to_owned(),
                    offset: field.offset,
                    size: field.size,
                    shape: field.shape,
                    bits: field.bits,
                })
                .collect(),
        }
    }

    /// The found type as the source of a Rust constant of type
    /// [`Shapes<'static>`](super::Shapes), with `path` as the path of this module.
    #[must_use]
    pub fn shapes_source(&self, path: &str) -> String {
        let mut text = format!("{path}::Shapes {{ nodes: &[");
        for node in &self.nodes {
            text.push_str(&format!("{path}::Shape::"));
            text.push_str(&match node {
                Shape::Byte { sign } => format!("Byte {{ sign: {path}::Sign::{sign:?} }}"),
                Shape::Integer { size, sign } => {
                    format!("Integer {{ size: {size}, sign: {path}::Sign::{sign:?} }}")
                }
                Shape::Promoted { size, sign } => {
                    format!("Promoted {{ size: {size}, sign: {path}::Sign::{sign:?} }}")
                }
                Shape::Array { element, len } => {
                    let len = match len {
                        None => "::core::option::Option::None".to_owned(),
                        Some(len) => format!("::core::option::Option::Some({len})"),
                    };
                    format!("Array {{ element: {element}, len: {len} }}")
                }
                other => format!("{other:?}"),
            });
            text.push_str(", ");
        }
        text.push_str("], fields: &[");
        for field in &self.fields {
            text.push_str(&format!(
                "{path}::ShapeField {{ name: {:?}, offset: {}, size: {}, shape: {}, bits: {} }}, ",
                field.name, field.offset, field.size, field.shape, field.bits
            ));
        }
        text.push_str("] }");
        text
    }
}
