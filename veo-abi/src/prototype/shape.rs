//! The form of a found type that fits in a constant. It has no names, typedefs and
//! qualifiers, and its references are indices.

/// The sign of a found integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Values below zero exist.
    Signed,
    /// Values below zero do not exist.
    Unsigned,
    /// A declaration of either sign is right.
    Either,
}

/// A found type without names, typedefs and qualifiers. References to other
/// shapes are indices into [`Shapes::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `void`. Behind a pointer it agrees with any type.
    Void,
    /// An integer of one byte. Its sign matters if it is passed by value, not in an array.
    Byte {
        /// Its sign.
        sign: Sign,
    },
    /// Another integer, or an enumeration.
    Integer {
        /// Size in bytes.
        size: u64,
        /// Its sign.
        sign: Sign,
    },
    /// An integer that an old-style definition takes as an `int` and then narrows.
    Promoted {
        /// Size in bytes after narrowing.
        size: u64,
        /// Its sign after narrowing.
        sign: Sign,
    },
    /// A floating-point number.
    Float {
        /// Size in bytes.
        size: u64,
    },
    /// An address.
    Pointer {
        /// The shape that it points to.
        to: u32,
    },
    /// An address or the value itself. The debug information does not say which.
    Either {
        /// The pointee or the value.
        to: u32,
    },
    /// An array. A complex number is an array of two elements.
    Array {
        /// The element. It is an array if there are several dimensions.
        element: u32,
        /// The number of elements, if it is constant.
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
    /// A union. In memory only its size is compared.
    Union {
        /// Size in bytes.
        size: u64,
        /// Its first member in [`Shapes::fields`].
        first: u32,
        /// How many members it has.
        count: u32,
    },
    /// A structure that is only declared, not defined.
    Incomplete,
    /// A function.
    Function {
        /// Its first parameter in [`Shapes::nodes`]. The other parameters follow, then the result.
        first: u32,
        /// How many parameters it has.
        count: u32,
        /// Whether it may take more arguments.
        open: bool,
    },
    /// A number in the other byte order.
    Swapped {
        /// Size in bytes.
        size: u64,
    },
    /// A type that no declaration can express, as `long double` or a Fortran array descriptor.
    Foreign {
        /// Size in bytes, 0 if unknown.
        size: u64,
    },
    /// An unknown type.
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

/// A found type with all types it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shapes<'a> {
    /// All shapes.
    pub nodes: &'a [Shape],
    /// The fields of all records.
    pub fields: &'a [ShapeField<'a>],
}

/// The shape at an index.
pub(super) const fn node(shapes: &Shapes<'_>, at: u32) -> Shape {
    if (at as usize) < shapes.nodes.len() {
        shapes.nodes[at as usize]
    } else {
        Shape::Unknown
    }
}

/// The field at an index.
pub(super) const fn field<'a>(shapes: &Shapes<'a>, index: u32) -> Option<ShapeField<'a>> {
    if (index as usize) < shapes.fields.len() {
        Some(shapes.fields[index as usize])
    } else {
        None
    }
}
