//! A found type in a form that fits in a constant: without names, typedefs and
//! qualifiers, with indices for references.

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
    /// An integer of one byte, which has a sign where it is passed and none as one of many.
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
    /// An integer that an old-style definition takes as an `int` and makes smaller.
    Promoted {
        /// Size in bytes after that.
        size: u64,
        /// Its sign after that.
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
        /// The element, an array where there are several dimensions.
        element: u32,
        /// How many there are, if that is constant.
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
    /// A union, of which only the size can be compared where it is in memory.
    Union {
        /// Size in bytes.
        size: u64,
        /// Its first member in [`Shapes::fields`].
        first: u32,
        /// How many members it has.
        count: u32,
    },
    /// A structure of which only the name is known.
    Incomplete,
    /// A function.
    Function {
        /// Its first parameter in [`Shapes::nodes`]; the others follow, then the result.
        first: u32,
        /// How many parameters it has.
        count: u32,
        /// Whether it may have more.
        open: bool,
    },
    /// A number whose bytes are in the other order.
    Swapped {
        /// Size in bytes.
        size: u64,
    },
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
