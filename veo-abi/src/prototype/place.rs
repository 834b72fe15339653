//! What is compared: a parameter or the result of a prototype.

use super::mismatch::describe;
use super::model::{Prototype, TypeId};

/// A parameter or the result of a prototype.
pub(super) struct Place<'a> {
    pub(super) param: Option<usize>,
    pub(super) name: Option<&'a str>,
    pub(super) id: TypeId,
    pub(super) found: &'a Prototype,
}

impl Place<'_> {
    /// See [`describe`].
    pub(super) fn describe(&self) -> String {
        describe(self.param, self.name)
    }

    /// The found type as C has it.
    pub(super) fn c_type(&self) -> String {
        self.found.types.c_type(self.id)
    }
}
