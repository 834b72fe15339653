//! A declaration against the prototype that a library has.

use std::fmt;

use super::check::{self, Difference, Finding, Shape, Shapes, UNDECLARED};
use super::declared::{Declared, DeclaredSignature};
use super::model::{FoundType, Language, PointerKind, Prototype, TypeId};
use super::shape::{Lowered, lower};
use crate::{Signature, StructLayout, Type};

/// Fields that get a message of their own.
const NAMED_FIELDS: usize = 64;

/// In which way a declaration is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MismatchKind {
    /// Another number of parameters.
    Arity,
    /// An integer or float of another width.
    Width,
    /// An integer of the other sign.
    Signedness,
    /// A float on one side, an integer on the other.
    FloatForInteger,
    /// An address on one side, a value on the other.
    Pointer,
    /// A pointer to another type.
    Pointee,
    /// A structure of another size.
    StructSize,
    /// A structure whose fields lie elsewhere or have other types.
    FieldLayout,
    /// The kernel takes a structure or another thing by value that no declaration can say.
    Inexpressible,
    /// Another result.
    Result,
}

/// One thing that is wrong with a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// In which way.
    pub kind: MismatchKind,
    /// The parameter, counted from 0; `None` for the result. With
    /// [`MismatchKind::Arity`] the first that is missing or too many.
    pub param: Option<usize>,
    /// The parameter's name in the library, where it has one.
    pub name: Option<String>,
    /// The declared type in Rust's notation; empty if a parameter is missing.
    pub declared: String,
    /// The library's type in C's notation; empty if a parameter is too many.
    pub found: String,
    /// What differs, as the end of a sentence: "the kernel takes 8 bytes, 4 are declared".
    pub reason: String,
    /// What to declare instead, where that can be said in Rust: types or a declaration in
    /// backquotes, more than one where the choice is the user's.
    pub suggestion: Option<String>,
}

/// The outcome of comparing a declaration with a prototype.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What is certainly wrong.
    pub mismatches: Vec<Mismatch>,
    /// What could not be decided, one sentence each.
    pub notes: Vec<String>,
}

/// What only the compiler of the declaring crate can settle: a type that the
/// macro knows by name only, to be compared in a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The parameter, counted from 0; `None` for the result.
    pub param: Option<usize>,
    /// The index of the found type in `shapes`, for [`verdict`](super::verdict).
    pub root: u32,
    /// One message for each value of [`verdict`](super::verdict), less one. A value beyond them
    /// has the last.
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

impl Comparison {
    /// Whether nothing is certainly wrong.
    #[must_use]
    pub fn is_match(&self) -> bool {
        self.mismatches.is_empty()
    }
}

/// Compares a whole declaration with a prototype.
#[must_use]
pub fn compare(declared: &Signature, found: &Prototype) -> Comparison {
    let params: Vec<_> = declared
        .params
        .iter()
        .map(|ty| (*ty, ty.to_string()))
        .collect();
    let result = (declared.result, declared.result.to_string());
    run(&params, &result, found, &mut Vec::new())
}

/// Compares a declaration of which some types are known by name only. What
/// depends on those is returned as assertions for the compiler.
#[must_use]
pub fn compare_declared(
    declared: &DeclaredSignature,
    found: &Prototype,
) -> (Comparison, Vec<Assertion>) {
    let known = |ty: &Declared| (ty.to_type(), ty.to_string());
    let params: Vec<_> = declared.params.iter().map(known).collect();
    let mut assertions = Vec::new();
    let comparison = run(&params, &known(&declared.result), found, &mut assertions);
    (comparison, assertions)
}

fn run(
    params: &[(Type, String)],
    result: &(Type, String),
    found: &Prototype,
    assertions: &mut Vec<Assertion>,
) -> Comparison {
    let mut comparison = Comparison::default();
    let arity = arity(params, found);
    let loose = !found.prototyped || found.variadic;
    if found.variadic {
        comparison.notes.push(format!(
            "`{}` takes further arguments (`...`), which cannot be checked; on the VE a kernel \
             finds such arguments only if they are passed on the stack",
            found.name
        ));
    } else if loose {
        comparison.notes.push(format!(
            "`{}` has no prototype in its source; only the number of parameters and the result \
             were checked",
            found.name
        ));
    }
    match arity {
        Some(mismatch) => comparison.mismatches.push(mismatch),
        None if loose => {}
        None => {
            for (index, ((ty, text), param)) in params.iter().zip(&found.params).enumerate() {
                let place = Place {
                    param: Some(index),
                    name: param.name.as_deref(),
                    id: param.ty,
                    found,
                };
                place.compare(ty, text, &mut comparison, assertions);
            }
        }
    }
    let place = Place {
        param: None,
        name: None,
        id: found.result,
        found,
    };
    place.compare(&result.0, &result.1, &mut comparison, assertions);
    comparison
}

fn arity(declared: &[(Type, String)], found: &Prototype) -> Option<Mismatch> {
    let (have, want) = (declared.len(), found.params.len());
    if have == want || (found.variadic && have > want) {
        return None;
    }
    let types = &found.types;
    let index = have.min(want);
    let count = |count: usize| match count {
        1 => "1 parameter".to_owned(),
        count => format!("{count} parameters"),
    };
    let mut reason = format!("the kernel takes {}, {have} declared", count(want));
    let missing = found.params.get(index);
    let hidden = found.params.iter().filter(|param| param.hidden).count();
    if hidden > 0 {
        reason.push_str(&match found.language {
            Language::Fortran => format!(
                " ({hidden} of them added by the Fortran compiler, such as the length of a string)"
            ),
            _ => format!(" ({hidden} of them added by the compiler, such as `this`)"),
        });
    }
    Some(Mismatch {
        kind: MismatchKind::Arity,
        param: Some(index),
        name: missing.and_then(|param| param.name.clone()),
        declared: declared
            .get(index)
            .map_or_else(String::new, |(_, text)| text.clone()),
        found: missing.map_or_else(String::new, |param| types.c_type(param.ty)),
        reason,
        suggestion: found.rust_declaration().map(|text| format!("`{text}`")),
    })
}

/// A parameter or the result of a prototype.
struct Place<'a> {
    param: Option<usize>,
    name: Option<&'a str>,
    id: TypeId,
    found: &'a Prototype,
}

impl Place<'_> {
    fn compare(
        &self,
        declared: &Type,
        text: &str,
        comparison: &mut Comparison,
        assertions: &mut Vec<Assertion>,
    ) {
        let lowered = lower(&self.found.types, self.id);
        let shapes = lowered.shapes();
        let Finding {
            difference,
            undecided,
            undeclared,
        } = check::check(declared, &shapes, lowered.root);
        if let Some(difference) = difference {
            let layout = declared_struct(declared);
            comparison
                .mismatches
                .push(self.mismatch(difference, text, layout, &lowered));
        } else if undeclared {
            assertions.push(self.assertion(text, &lowered));
        }
        if undecided {
            let found = self.c_type();
            let place = self.describe();
            comparison.notes.push(format!(
                "{place}: whether `{text}` agrees with `{found}` cannot be told from the debug \
                 information"
            ));
        }
    }

    /// "parameter 2 (`b`)", counted from 1 as people do.
    fn describe(&self) -> String {
        describe(self.param, self.name)
    }

    fn c_type(&self) -> String {
        self.found.types.c_type(self.id)
    }

    fn mismatch(
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

    fn assertion(&self, text: &str, lowered: &Lowered<'_>) -> Assertion {
        let shapes = lowered.shapes();
        let fields = (0..shapes.fields.len().min(NAMED_FIELDS))
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
        debug_assert!(
            differences
                .iter()
                .enumerate()
                .all(|(i, d)| check::index(*d) == i)
        );
        differences.extend(fields);
        let mut messages: Vec<String> = differences
            .iter()
            .map(|difference| self.mismatch(*difference, text, None, lowered).to_string())
            .collect();
        if shapes.fields.len() > NAMED_FIELDS {
            messages.push(format!("{}: the fields differ", self.describe()));
        }
        Assertion {
            param: self.param,
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
}

/// The size of the structure that a pointer leads to.
fn record_size(shapes: &Shapes<'_>) -> Option<u64> {
    shapes.nodes.iter().find_map(|shape| match shape {
        Shape::Record { size, .. } | Shape::Union { size } => Some(*size),
        _ => None,
    })
}

/// The structure that a declared pointer leads to.
fn declared_struct(mut declared: &Type) -> Option<&'static StructLayout> {
    for _ in 0..32 {
        declared = match declared {
            Type::Pointer { pointee, .. } => pointee,
            Type::Array { element, .. } => element,
            Type::Struct(layout) => return Some(layout),
            Type::Void | Type::Scalar(_) | Type::Opaque(_) => return None,
        };
    }
    None
}

fn describe(param: Option<usize>, name: Option<&str>) -> String {
    match (param, name) {
        (None, _) => "the result".to_owned(),
        (Some(index), None) => format!("parameter {}", index + 1),
        (Some(index), Some(name)) => format!("parameter {} (`{name}`)", index + 1),
    }
}

/// One sentence: "parameter 2 (`b`): declared `*mut f32`, but the kernel has `double *`: ...".
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == MismatchKind::Arity {
            f.write_str(&self.reason)?;
            if !self.found.is_empty() {
                let place = describe(self.param, self.name.as_deref());
                write!(f, "; {place} is `{}`", self.found)?;
            }
        } else {
            let place = describe(self.param, self.name.as_deref());
            let declared = match self.declared.as_str() {
                "c_void" if self.param.is_none() => "()",
                declared if declared == UNDECLARED => "?",
                declared => declared,
            };
            write!(
                f,
                "{place}: declared `{declared}`, but the kernel has `{}`: {}",
                self.found, self.reason
            )?;
        }
        match &self.suggestion {
            Some(suggestion) => write!(f, "; declare {suggestion}"),
            None => Ok(()),
        }
    }
}

impl Assertion {
    /// The found type as the source of a Rust constant of type
    /// [`Shapes<'static>`](super::Shapes), with `path` as the path of this module.
    #[must_use]
    pub fn shapes_source(&self, path: &str) -> String {
        let mut text = format!("{path}::Shapes {{ nodes: &[");
        for node in &self.nodes {
            text.push_str(&format!("{path}::Shape::"));
            text.push_str(&match node {
                Shape::Integer { size, sign } => {
                    format!("Integer {{ size: {size}, sign: {path}::Sign::{sign:?} }}")
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
