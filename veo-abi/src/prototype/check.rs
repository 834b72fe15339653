//! The rules of equality between a declared type and a found one.
//!
//! They run in three places: when a library is loaded, while `#[ve_kernel]`
//! expands, and in constants of the user's crate for types that the macro
//! knows by name only. So they are `const` functions, over a form of the found
//! type that fits in a constant ([`Shapes`]).

use crate::{ScalarType, StructLayout, Type};

/// Comparisons of one type before it counts as undecided.
const STEPS: u32 = 10_000;
/// Nesting before a type counts as undecided.
const DEPTH: u32 = 40;

/// The pointee name of a declared type that is not known yet.
pub(super) const UNDECLARED: &str = "?";

/// The sign of a found integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Values below zero exist.
    Signed,
    /// They do not.
    Unsigned,
    /// Either declaration is right.
    Either,
}

/// A found type without names, typedefs and qualifiers. References to other
/// shapes are indices into [`Shapes::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `void`, or anything at all behind a pointer.
    Void,
    /// An integer, enumeration, character or boolean.
    Integer {
        /// Size in bytes.
        size: u64,
        /// Its sign.
        sign: Sign,
    },
    /// A floating-point number.
    Float {
        /// Size in bytes.
        size: u64,
    },
    /// An address.
    Pointer {
        /// What is there.
        to: u32,
    },
    /// An address or the value itself, which the debug information does not tell.
    Either {
        /// What is there, or what the value is.
        to: u32,
    },
    /// Elements in a row; a complex number is two.
    Array {
        /// The innermost element.
        element: u32,
        /// How many there are over all dimensions, if that is constant.
        len: Option<u64>,
    },
    /// A structure.
    Record {
        /// Size in bytes.
        size: u64,
        /// Its first field in [`Shapes::fields`].
        first: u32,
        /// How many fields it has.
        count: u32,
    },
    /// A union, of which only the size can be compared.
    Union {
        /// Size in bytes.
        size: u64,
    },
    /// A structure of which only the name is known.
    Incomplete,
    /// A function.
    Function,
    /// Something with no counterpart in a declaration: `long double`, a Fortran array descriptor.
    Foreign {
        /// Size in bytes, 0 if unknown.
        size: u64,
    },
    /// Nothing is known about it.
    Unknown,
}

/// A field of a [`Shape::Record`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeField<'a> {
    /// Its name; empty if it has none.
    pub name: &'a str,
    /// Distance from the start of the record in bytes.
    pub offset: u64,
    /// Size in bytes, 0 if it is not constant.
    pub size: u64,
    /// Its type.
    pub shape: u32,
    /// Whether it is a bit field.
    pub bits: bool,
}

/// A found type with everything it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shapes<'a> {
    /// The shapes that others refer to by index.
    pub nodes: &'a [Shape],
    /// The fields of all records.
    pub fields: &'a [ShapeField<'a>],
}

/// In which way a declared type differs from the found one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Integers or floats of different width.
    Width,
    /// Integers of different sign.
    Signedness,
    /// A float on one side, an integer on the other.
    FloatForInteger,
    /// An address on one side only.
    Pointer,
    /// The kernel takes or gives something that no declaration can say.
    Inexpressible,
    /// Pointers to different types.
    Pointee,
    /// Structures of different size.
    StructSize,
    /// A field at another place or of another type; the index counts [`Shapes::fields`].
    Field(u32),
}

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The first difference, if there is one.
    pub difference: Option<Difference>,
    /// Whether the debug information left something open.
    pub undecided: bool,
    /// Whether the declaration left something open.
    pub undeclared: bool,
}

const SAME: Finding = Finding {
    difference: None,
    undecided: false,
    undeclared: false,
};
const UNDECIDED: Finding = Finding {
    undecided: true,
    ..SAME
};
const UNDECLARED_TYPE: Finding = Finding {
    undeclared: true,
    ..SAME
};

const fn differs(difference: Difference) -> Finding {
    Finding {
        difference: Some(difference),
        ..SAME
    }
}

const fn same_if(equal: bool, otherwise: Difference) -> Finding {
    if equal { SAME } else { differs(otherwise) }
}

const fn both(a: Finding, b: Finding) -> Finding {
    Finding {
        difference: match a.difference {
            Some(difference) => Some(difference),
            None => b.difference,
        },
        undecided: a.undecided || b.undecided,
        undeclared: a.undeclared || b.undeclared,
    }
}

/// What is left to spend on a comparison.
struct Limits {
    steps: u32,
}

/// Compares a declared parameter or result with the found type at index `at`.
#[must_use]
pub const fn check(declared: &Type, shapes: &Shapes<'_>, at: u32) -> Finding {
    let mut limits = Limits { steps: STEPS };
    value(declared, shapes, at, &mut limits)
}

/// [`check`] as a number: 0 if nothing differs, else 1 + the index of the
/// message that [`Assertion::messages`](super::Assertion) has for the difference.
#[must_use]
pub const fn verdict(declared: &Type, shapes: &Shapes<'_>, at: u32) -> usize {
    match check(declared, shapes, at).difference {
        None => 0,
        Some(difference) => 1 + index(difference),
    }
}

/// The place of a difference in a list of messages: the simple ones, then fields.
pub(super) const fn index(difference: Difference) -> usize {
    match difference {
        Difference::Width => 0,
        Difference::Signedness => 1,
        Difference::FloatForInteger => 2,
        Difference::Pointer => 3,
        Difference::Inexpressible => 4,
        Difference::Pointee => 5,
        Difference::StructSize => 6,
        Difference::Field(field) => 7 + field as usize,
    }
}

const fn node(shapes: &Shapes<'_>, at: u32) -> Shape {
    if (at as usize) < shapes.nodes.len() {
        shapes.nodes[at as usize]
    } else {
        Shape::Unknown
    }
}

const fn is_undeclared(name: &str) -> bool {
    same_text(name, UNDECLARED)
}

/// A value that travels in a register.
const fn value(declared: &Type, shapes: &Shapes<'_>, at: u32, limits: &mut Limits) -> Finding {
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
        (Type::Scalar(scalar), Shape::Float { size }) => {
            if !scalar.is_float() {
                differs(Difference::FloatForInteger)
            } else {
                same_if(scalar.size() as u64 == size, Difference::Width)
            }
        }
        (Type::Pointer { pointee, .. }, Shape::Pointer { to } | Shape::Either { to }) => {
            behind(pointee, shapes, to, limits, DEPTH)
        }
        (Type::Scalar(_), Shape::Either { to }) => match node(shapes, to) {
            Shape::Either { .. } => UNDECIDED,
            _ => both(value(declared, shapes, to, limits), UNDECIDED),
        },
        (Type::Pointer { .. }, Shape::Integer { .. } | Shape::Float { .. })
        | (Type::Scalar(_), Shape::Pointer { .. }) => differs(Difference::Pointer),
        _ => differs(Difference::Inexpressible),
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

/// The innermost element of a declared array and how many there are.
const fn flatten(mut declared: &Type) -> (&Type, Option<u64>) {
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

/// What a pointer points to: an element and an array of it are the same.
const fn behind(
    declared: &Type,
    shapes: &Shapes<'_>,
    at: u32,
    limits: &mut Limits,
    depth: u32,
) -> Finding {
    if limits.steps == 0 || depth == 0 {
        return UNDECIDED;
    }
    limits.steps -= 1;
    // As many bytes as something that has no counterpart in Rust.
    if let Shape::Union { size } | Shape::Foreign { size } = node(shapes, at)
        && let Some(len) = declared.size()
        && len as u64 == size
        && size > 0
    {
        return UNDECIDED;
    }
    let (declared, declared_len) = flatten(declared);
    let (found, at, found_len) = match node(shapes, at) {
        Shape::Array { element, len } => (node(shapes, element), element, Some(len)),
        shape => (shape, at, None),
    };
    if matches!(found, Shape::Void) || matches!(declared, Type::Void) {
        return SAME;
    }
    if let (Some(declared), Some(Some(found))) = (declared_len, found_len) {
        let nested = declared == 0 || found == 0 || declared % found == 0 || found % declared == 0;
        if !nested {
            return differs(Difference::Pointee);
        }
    }
    // A complex number of the kernel, a structure of two parts in Rust.
    if let (Type::Struct(layout), Shape::Float { size }) = (declared, found)
        && let Some(Some(len)) = found_len
        && len % 2 == 0
        && is_complex(layout, size)
    {
        return SAME;
    }
    object(declared, shapes, at, limits, depth - 1)
}

const fn is_complex(layout: &StructLayout, part: u64) -> bool {
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

/// An object in memory that is no array.
const fn object(
    declared: &Type,
    shapes: &Shapes<'_>,
    at: u32,
    limits: &mut Limits,
    depth: u32,
) -> Finding {
    if limits.steps == 0 || depth == 0 {
        return UNDECIDED;
    }
    limits.steps -= 1;
    let found = node(shapes, at);
    if let Type::Opaque(name) = declared {
        if is_undeclared(name) {
            return UNDECLARED_TYPE;
        }
        return match found {
            Shape::Integer { .. } | Shape::Float { .. } | Shape::Pointer { .. } => {
                differs(Difference::Pointee)
            }
            _ => SAME,
        };
    }
    match (declared, found) {
        (_, Shape::Unknown) | (Type::Struct(_), Shape::Incomplete) => UNDECIDED,
        (Type::Void, _) | (_, Shape::Void) => SAME,
        (Type::Scalar(scalar), Shape::Integer { size, sign }) => {
            let finding = integer(*scalar, size, sign);
            match finding.difference {
                Some(Difference::Signedness) if size == 1 => SAME,
                Some(_) => differs(Difference::Pointee),
                None => SAME,
            }
        }
        (Type::Scalar(scalar), Shape::Float { size }) => same_if(
            scalar.is_float() && scalar.size() as u64 == size,
            Difference::Pointee,
        ),
        (Type::Pointer { pointee, .. }, Shape::Pointer { to }) => {
            behind(pointee, shapes, to, limits, depth - 1)
        }
        (Type::Struct(_), Shape::Foreign { size: 0 }) => UNDECIDED,
        // A class around one member, such as `std::complex`.
        (
            Type::Struct(layout),
            Shape::Record {
                size,
                first,
                count: 1,
            },
        ) if layout.fields.len() > 1 && covers(field(shapes, first), size) => {
            match field(shapes, first) {
                Some(only) => behind(declared, shapes, only.shape, limits, depth - 1),
                None => UNDECIDED,
            }
        }
        (Type::Struct(layout), Shape::Record { size, first, count }) => {
            if layout.size as u64 != size {
                return differs(Difference::StructSize);
            }
            let names = swapped(layout, shapes, first, count);
            if names.difference.is_some() {
                return names;
            }
            record(layout, shapes, first, count, 0, limits, depth - 1)
        }
        (declared, Shape::Union { size }) => match declared.size() {
            Some(len) if len as u64 == size => UNDECIDED,
            Some(_) if matches!(declared, Type::Struct(_)) => differs(Difference::StructSize),
            _ => differs(Difference::Pointee),
        },
        (Type::Struct(layout), _) if layout.fields.len() == 1 => {
            let field = layout.fields[0];
            match field.ty.size() {
                Some(size) if size == layout.size => {
                    behind(&layout.fields[0].ty, shapes, at, limits, depth - 1)
                }
                _ => differs(Difference::Pointee),
            }
        }
        (
            _,
            Shape::Record {
                size,
                first,
                count: 1,
            },
        ) => match field(shapes, first) {
            Some(only) if covers(Some(only), size) => {
                behind(declared, shapes, only.shape, limits, depth - 1)
            }
            _ => differs(Difference::Pointee),
        },
        _ => differs(Difference::Pointee),
    }
}

const fn covers(field: Option<ShapeField<'_>>, size: u64) -> bool {
    match field {
        Some(field) => field.offset == 0 && field.size == size && !field.bits,
        None => false,
    }
}

const fn field<'a>(shapes: &Shapes<'a>, index: u32) -> Option<ShapeField<'a>> {
    if (index as usize) < shapes.fields.len() {
        Some(shapes.fields[index as usize])
    } else {
        None
    }
}

/// A declared field of the same name at another offset: the order is wrong,
/// even where the types happen to agree.
const fn swapped(layout: &StructLayout, shapes: &Shapes<'_>, first: u32, count: u32) -> Finding {
    let mut index = 0;
    while index < count {
        if let Some(found) = field(shapes, first.saturating_add(index))
            && !found.name.is_empty()
            && !found.bits
        {
            let mut other = 0;
            while other < layout.fields.len() {
                let declared = layout.fields[other];
                if same_text(declared.name, found.name) && declared.offset as u64 != found.offset {
                    return differs(Difference::Field(first + index));
                }
                other += 1;
            }
        }
        index += 1;
    }
    SAME
}

/// Where the bytes of a found field are in a declared structure.
enum Place<'a> {
    /// In this object, and in nothing else.
    Object(&'a Type),
    /// Within bytes that have no type of their own.
    Bytes,
    /// Nowhere, or across several objects.
    Nowhere,
}

const fn locate(
    layout: &'static StructLayout,
    offset: u64,
    size: u64,
    depth: u32,
) -> Place<'static> {
    if depth == 0 {
        return Place::Bytes;
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
            return Place::Object(&declared.ty);
        }
        if size > len - within {
            return Place::Nowhere;
        }
        let (element, _) = flatten(&declared.ty);
        return match element {
            Type::Struct(inner) if inner.size > 0 => {
                locate(inner, within % inner.size as u64, size, depth - 1)
            }
            Type::Scalar(ScalarType::U8 | ScalarType::I8) => Place::Bytes,
            _ => Place::Nowhere,
        };
    }
    Place::Nowhere
}

/// The fields of a found record against a declared structure, in which the
/// record starts at `base`.
const fn record(
    layout: &'static StructLayout,
    shapes: &Shapes<'_>,
    first: u32,
    count: u32,
    base: u64,
    limits: &mut Limits,
    depth: u32,
) -> Finding {
    let mut finding = SAME;
    let mut index = 0;
    while index < count {
        let at = first.saturating_add(index);
        index += 1;
        if limits.steps == 0 || depth == 0 {
            return both(finding, UNDECIDED);
        }
        limits.steps -= 1;
        let Some(found) = field(shapes, at) else {
            return both(finding, UNDECIDED);
        };
        // A flexible array at the end takes no space; bit fields share theirs.
        if found.size == 0 {
            continue;
        }
        if found.bits {
            finding = both(finding, UNDECIDED);
            continue;
        }
        let offset = base.saturating_add(found.offset);
        let one = match locate(layout, offset, found.size, DEPTH) {
            Place::Object(ty) => {
                let inner = behind(ty, shapes, found.shape, limits, depth - 1);
                match inner.difference {
                    Some(Difference::Field(_)) | None => inner,
                    Some(_) => differs(Difference::Field(at)),
                }
            }
            Place::Bytes => UNDECIDED,
            Place::Nowhere => match node(shapes, found.shape) {
                Shape::Record { first, count, .. } => {
                    record(layout, shapes, first, count, offset, limits, depth - 1)
                }
                _ => differs(Difference::Field(at)),
            },
        };
        finding = both(finding, one);
        if finding.difference.is_some() {
            return finding;
        }
    }
    finding
}

const fn same_text(a: &str, b: &str) -> bool {
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
