//! What is compared: a parameter or the result of a prototype.

use super::lower::{Lowered, lower};
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

    /// Whether this is a parameter of an old-style definition.
    pub(super) fn is_old_style(&self) -> bool {
        self.param.is_some() && !self.found.prototyped
    }

    /// The found type as the rules take it; see [`lower`].
    pub(super) fn lowered(&self, pointers: u8) -> Lowered<'_> {
        let mut lowered = lower(&self.found.types, self.id, pointers);
        if self.is_old_style() {
            lowered.promote();
        }
        lowered
    }

    /// The found type as C has it.
    pub(super) fn c_type(&self) -> String {
        self.found.types.c_type(self.id)
    }
}
