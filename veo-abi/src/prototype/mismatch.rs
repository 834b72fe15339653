//! A declaration that is wrong: the parameter or result in question, the difference in words, and the policy.

use std::fmt;

use super::check::UNDECLARED;
use super::lower::{Lowered, lower};
use super::model::{Prototype, TypeId};

/// The kinds of wrong declarations.
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
    /// The kernel takes or returns by value what no declaration can express, such as a structure.
    Inexpressible,
    /// Another result.
    Result,
    /// The kernel has another calling convention than that of C.
    Convention,
}

/// One thing that is wrong with a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The kind of mistake.
    pub kind: MismatchKind,
    /// The parameter, counted from 0; `None` for the result. For [`MismatchKind::Arity`] the first
    /// missing or surplus one.
    pub param: Option<usize>,
    /// The parameter's name in the library, where it has one.
    pub name: Option<String>,
    /// The declared type in Rust's notation; empty if a parameter is missing.
    pub declared: String,
    /// The library's type in C's notation; empty if the kernel has no such parameter.
    pub found: String,
    /// The difference, as the end of a sentence: "the kernel takes 8 bytes, 4 are declared".
    pub reason: String,
    /// The declaration to use instead, if Rust can express it: types or a declaration in backquotes.
    /// There are several if the user has a choice.
    pub suggestion: Option<String>,
}

/// "parameter 2 (`b`)", counted from 1.
pub(super) fn describe(param: Option<usize>, name: Option<&str>) -> String {
    match (param, name) {
        (None, _) => "the result".to_owned(),
        (Some(index), None) => format!("parameter {}", index + 1),
        (Some(index), Some(name)) => format!("parameter {} (`{name}`)", index + 1),
    }
}

/// One sentence: "parameter 2 (`b`): declared `*mut f32`, but the kernel has `double *`: ...".
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == MismatchKind::Convention {
            f.write_str(&self.reason)?;
        } else if self.kind == MismatchKind::Arity {
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

/// A parameter or the result of a prototype.
pub(super) struct ParamOrResult<'a> {
    pub(super) param: Option<usize>,
    pub(super) name: Option<&'a str>,
    pub(super) id: TypeId,
    pub(super) found: &'a Prototype,
}

impl ParamOrResult<'_> {
    /// See [`describe`].
    pub(super) fn describe(&self) -> String {
        describe(self.param, self.name)
    }

    /// Whether this is a parameter of an old-style definition.
    pub(super) fn is_old_style(&self) -> bool {
        self.param.is_some() && !self.found.prototyped
    }

    /// The found type in the form for comparison; see [`lower`].
    pub(super) fn lowered(&self, pointers: u8) -> Lowered<'_> {
        let mut lowered = lower(&self.found.types, self.id, pointers);
        if self.is_old_style() {
            lowered.promote();
        }
        lowered
    }

    /// The found type in C's notation.
    pub(super) fn c_type(&self) -> String {
        self.found.types.c_type(self.id)
    }
}

/// How to treat a declaration that contradicts the library's debug information. The declaration
/// (`verify = "warn"`) decides, then the process, then `VEO_VERIFY`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Verify {
    /// The next one decides. [`Deny`](Self::Deny) if none does.
    #[default]
    Default,
    /// An error: the kernel cannot be used.
    Deny,
    /// A warning. At run time it goes through `tracing`.
    Warn,
    /// Declarations are not compared.
    Off,
}

impl Verify {
    /// Reads a policy: `deny`, `warn` or `off`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Verify> {
        Some(match word {
            "deny" => Verify::Deny,
            "warn" => Verify::Warn,
            "off" => Verify::Off,
            _ => return None,
        })
    }

    /// This policy, or `next` if this one is [`Default`](Self::Default).
    #[must_use]
    pub fn or(self, next: Verify) -> Verify {
        match self {
            Verify::Default => next,
            said => said,
        }
    }
}
