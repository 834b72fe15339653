//! The result of checking one type.

/// The kind of difference between a declared type and the found one.
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
    /// The kernel takes or returns a type that no declaration can express.
    Inexpressible,
    /// Pointers to different types.
    Pointee,
    /// Structures of different size.
    StructSize,
    /// A field at another offset or of another type. The index is one of [`Shapes::fields`](super::shape::Shapes::fields).
    Field(u32),
}

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The first difference, if there is one.
    pub difference: Option<Difference>,
    /// Whether the debug information leaves a question open.
    pub undecided: bool,
    /// Whether the declaration leaves a question open.
    pub undeclared: bool,
}

pub(super) const SAME: Finding = Finding {
    difference: None,
    undecided: false,
    undeclared: false,
};
pub(super) const UNDECIDED: Finding = Finding {
    undecided: true,
    ..SAME
};
pub(super) const UNDECLARED_TYPE: Finding = Finding {
    undeclared: true,
    ..SAME
};

pub(super) const fn differs(difference: Difference) -> Finding {
    Finding {
        difference: Some(difference),
        ..SAME
    }
}

pub(super) const fn same_if(equal: bool, otherwise: Difference) -> Finding {
    if equal { SAME } else { differs(otherwise) }
}

pub(super) const fn both(a: Finding, b: Finding) -> Finding {
    Finding {
        difference: match a.difference {
            Some(difference) => Some(difference),
            None => b.difference,
        },
        undecided: a.undecided || b.undecided,
        undeclared: a.undeclared || b.undeclared,
    }
}

/// The index of a difference in the list of messages. Fields come last.
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
