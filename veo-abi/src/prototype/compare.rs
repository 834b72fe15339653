//! Compares a declaration with a library's prototype.

use super::POINTERS_IN_MEMORY;
use super::assertion::Assertion;
use super::check::check;
use super::declared::{Declared, DeclaredSignature};
use super::finding::Finding;
use super::layout::flatten;
use super::mismatch::{Mismatch, MismatchKind, ParamOrResult};
use super::model::{Encoding, FoundType, FunctionLanguage, Prototype};
use crate::{Signature, StructLayout, Type};

/// The outcome of comparing a declaration with a prototype.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The certain mistakes.
    pub mismatches: Vec<Mismatch>,
    /// The undecided questions, one sentence each.
    pub notes: Vec<String>,
}

impl Comparison {
    /// Whether there is no certain mistake.
    #[must_use]
    pub fn is_match(&self) -> bool {
        self.mismatches.is_empty()
    }
}

/// Compares a whole declaration with a prototype.
#[must_use]
pub fn compare(declared: &Signature, found: &Prototype) -> Comparison {
    compare_written(&found.symbol, declared, &[], found)
}

/// Like [`compare`], for a declaration of this name. `words` are the user's spellings of the
/// parameters and, last, of the result. A missing or empty one is made from the type.
#[must_use]
pub fn compare_written(
    name: &str,
    declared: &Signature,
    words: &[&str],
    found: &Prototype,
) -> Comparison {
    let written = |index: usize, ty: Type| match words.get(index) {
        Some(text) if !text.is_empty() => (ty, (*text).to_owned()),
        _ => (ty, ty.to_string()),
    };
    let params = declared.params.iter().enumerate();
    let params: Vec<_> = params.map(|(index, ty)| written(index, *ty)).collect();
    let result = written(params.len(), declared.result);
    run(name, &params, &result, found, &mut Vec::new())
}

/// Compares a declaration that may have types known by name only. The assertions are the
/// comparisons that depend on those types. The compiler makes them.
#[must_use]
pub fn compare_declared(
    declared: &DeclaredSignature,
    found: &Prototype,
) -> (Comparison, Vec<Assertion>) {
    let known = |ty: &Declared| (ty.to_type(), ty.to_string());
    let params: Vec<_> = declared.params.iter().map(known).collect();
    let mut assertions = Vec::new();
    let result = known(&declared.result);
    let comparison = run(&declared.name, &params, &result, found, &mut assertions);
    (comparison, assertions)
}

fn run(
    name: &str,
    params: &[(Type, String)],
    result: &(Type, String),
    found: &Prototype,
    assertions: &mut Vec<Assertion>,
) -> Comparison {
    let mut comparison = Comparison::default();
    let arity = arity(name, params, found);
    if found.variadic {
        comparison.notes.push(format!(
            "`{}` takes further arguments (`...`), which cannot be checked; on the VE a kernel \
             finds such arguments only if they are passed on the stack",
            found.name
        ));
    }
    let left_out = found.partial && params.len() > found.params.len();
    if left_out {
        comparison.notes.push(format!(
            "`{}` may have parameters that its compiler left out of the debug information; none was \
             checked",
            found.name
        ));
    }
    if let Some(convention) = &found.convention {
        comparison.mismatches.push(Mismatch {
            kind: MismatchKind::Convention,
            param: None,
            name: None,
            declared: String::new(),
            found: convention.clone(),
            reason: format!(
                "the kernel has the calling convention `{convention}`, and calls use that of C; \
                 remove it from its definition"
            ),
            suggestion: None,
        });
    }
    match arity {
        Some(mismatch) => comparison.mismatches.push(mismatch),
        None if left_out => {}
        None => {
            for (index, ((ty, text), param)) in params.iter().zip(&found.params).enumerate() {
                let place = ParamOrResult {
                    param: Some(index),
                    name: param.name.as_deref(),
                    id: param.ty,
                    found,
                };
                place.compare(ty, text, &mut comparison, assertions);
            }
        }
    }
    let place = ParamOrResult {
        param: None,
        name: None,
        id: found.result,
        found,
    };
    place.compare(&result.0, &result.1, &mut comparison, assertions);
    comparison
}

fn arity(name: &str, declared: &[(Type, String)], found: &Prototype) -> Option<Mismatch> {
    let (have, want) = (declared.len(), found.params.len());
    if have == want || ((found.variadic || found.partial) && have > want) {
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
            FunctionLanguage::Fortran => format!(
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
        suggestion: found
            .rust_declaration_as(name)
            .map(|text| format!("`{text}`")),
    })
}

impl ParamOrResult<'_> {
    fn compare(
        &self,
        declared: &Type,
        text: &str,
        comparison: &mut Comparison,
        assertions: &mut Vec<Assertion>,
    ) {
        if self.may_be_derived(declared) {
            comparison.notes.push(self.cannot_be_told(text));
            return;
        }
        let lowered = self.lowered(POINTERS_IN_MEMORY);
        let shapes = lowered.shapes();
        let Finding {
            difference,
            undecided,
            undeclared,
        } = check(declared, &shapes, lowered.root);
        if let Some(difference) = difference {
            let layout = declared_struct(declared);
            comparison
                .mismatches
                .push(self.mismatch(difference, text, layout, &lowered));
        } else if undeclared {
            assertions.push(Assertion::of(self, text, &lowered));
        }
        if difference.is_none() && self.may_write(declared) {
            comparison.notes.push(format!(
                "{}: declared `{text}`, but `{}` lets the kernel write there; what it writes to data that \
                 travel with the call is lost unless you declare `&mut`",
                self.describe(),
                self.c_type()
            ));
        }
        if undecided {
            comparison.notes.push(self.cannot_be_told(text));
        }
    }

    fn cannot_be_told(&self, text: &str) -> String {
        let (place, found) = (self.describe(), self.c_type());
        format!(
            "{place}: whether `{text}` agrees with `{found}` cannot be told from the debug \
             information"
        )
    }

    /// Whether this `integer` may be the derived type that is declared: the compiler writes
    /// `integer` for both.
    fn may_be_derived(&self, declared: &Type) -> bool {
        let types = &self.found.types;
        let Type::Pointer { pointee, .. } = declared else {
            return false;
        };
        self.found.partial
            && matches!(flatten(pointee).0, Type::Struct(_) | Type::Opaque(_))
            && matches!(types.resolved(self.id), FoundType::Pointer { pointee, .. }
                if matches!(types.resolved(*pointee), FoundType::Base { encoding: Encoding::Signed, size: 4, .. }))
    }

    /// Whether the kernel may write to data that the declaration passes for reading.
    fn may_write(&self, declared: &Type) -> bool {
        let types = &self.found.types;
        let reads = match declared {
            Type::Pointer {
                pointee: Type::Function { .. },
                ..
            } => false,
            Type::Pointer { mutable, .. } => !mutable,
            _ => false,
        };
        reads
            && self.param.is_some()
            && matches!(types.resolved(self.id), FoundType::Pointer { pointee, .. }
                if !types.is_const(*pointee)
                    && !matches!(types.resolved(*pointee), FoundType::Function { .. }))
    }
}

/// The structure behind a declared pointer.
fn declared_struct(mut declared: &Type) -> Option<&'static StructLayout> {
    for _ in 0..32 {
        declared = match declared {
            Type::Pointer { pointee, .. } => pointee,
            Type::Array { element, .. } => element,
            Type::Struct(layout) => return Some(layout),
            Type::Void | Type::Scalar(_) | Type::Opaque(_) | Type::Function { .. } => {
                return None;
            }
        };
    }
    None
}
