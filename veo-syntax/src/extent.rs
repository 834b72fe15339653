//! Sizes of arrays: from the library's debug information constant bounds of Fortran, such as `x(16)`, and what an imported
//! header says, since C compilers drop the bounds of parameters.

use quote::{ToTokens, quote};
use syn::Lit;
use syn::ext::IdentExt;
use veo_abi::prototype::{Declared, FoundType, FunctionLanguage, Prototype};

use crate::clause::{Clause, NamedParam, Term, TermNode};
use crate::declaration::{Declaration, DeclaredParam};

/// The least extent that a kernel needs.
pub(crate) struct Extent {
    /// The index of the parameter.
    param: usize,
    /// The number of elements.
    least: u64,
}

/// The extents of a function, for parameters that are declared as memory of numbers. `declared` has
/// what each of them is.
pub(crate) fn of(
    declaration: &Declaration,
    declared: &[Declared],
    found: &Prototype,
) -> Vec<Extent> {
    let visible = || found.params.iter().filter(|param| !param.hidden);
    if found.language != FunctionLanguage::Fortran || visible().count() != declaration.params.len()
    {
        return Vec::new();
    }
    let params = declaration.params.iter().zip(declared).zip(visible());
    let of_param = |(index, ((param, declared), found_param)): (usize, _)| {
        let (param, declared): (&DeclaredParam, &Declared) = (param, declared);
        if param.ident == "_" || !is_memory_of_numbers(declared) {
            return None;
        }
        let found_param: &veo_abi::prototype::Parameter = found_param;
        let FoundType::Pointer { pointee, .. } = found.types.resolved(found_param.ty) else {
            return None;
        };
        let FoundType::Array {
            lengths,
            descriptor: false,
            ..
        } = found.types.resolved(*pointee)
        else {
            return None;
        };
        let of_one = |all: u64, one: &Option<u64>| all.checked_mul((*one)?);
        let least = lengths.iter().try_fold(1, of_one)?;
        (least > 0).then_some(Extent {
            param: index,
            least,
        })
    };
    params.enumerate().filter_map(of_param).collect()
}

fn is_memory_of_numbers(declared: &Declared) -> bool {
    match declared {
        Declared::Written { ty, .. } => is_memory_of_numbers(ty),
        Declared::Pointer { pointee, .. } => match &**pointee {
            Declared::Written { ty, .. } => matches!(**ty, Declared::Scalar(_)),
            pointee => matches!(pointee, Declared::Scalar(_)),
        },
        _ => false,
    }
}

impl Extent {
    /// The extent in a clause about a header's array, if its bound is a number.
    pub(crate) fn of_clause(clause: &Clause) -> Option<Extent> {
        Extent::of_term(&clause.condition)
    }

    fn of_term(term: &Term) -> Option<Extent> {
        match &term.node {
            TermNode::Joined("or", sides) => match &**sides {
                [
                    Term {
                        node: TermNode::IsNull(null),
                        ..
                    },
                    long,
                ] => Extent::of_term(long).filter(|extent| extent.param == null.index),
                _ => None,
            },
            TermNode::Compared("at_least", _, sides) => match &**sides {
                [
                    Term {
                        node: TermNode::Len(of),
                        ..
                    },
                    least,
                ] => Some(Extent {
                    param: of.index,
                    least: literal(least)?.try_into().ok()?,
                }),
                _ => None,
            },
            _ => None,
        }
    }

    /// The clause that it adds to the contract. An optional argument that is absent is `NULL`.
    pub(crate) fn clause(&self, declaration: &Declaration) -> Option<Clause> {
        let ident = &declaration.params.get(self.param)?.ident;
        let name = ident.unraw();
        let named = || NamedParam {
            index: self.param,
            ident: ident.clone(),
        };
        let term = |node| Term {
            node,
            ends: ident.to_token_stream(),
        };
        let least: i128 = self.least.into();
        let sides = [
            term(TermNode::Len(named())),
            term(TermNode::Constant(quote!(#least))),
        ];
        let is_long = term(TermNode::Compared("at_least", true, Box::new(sides)));
        let is_null = term(TermNode::IsNull(named()));
        Some(Clause {
            text: format!("{name}.is_null() || {name}.len() >= {least}"),
            condition: term(TermNode::Joined("or", Box::new([is_null, is_long]))),
        })
    }

    /// A clause of the user's that no call can keep beside this.
    pub(crate) fn contradiction<'a>(&self, contract: &'a [Clause]) -> Option<&'a Clause> {
        contract
            .iter()
            .find(|clause| self.excludes(&clause.condition))
    }

    /// The name of the parameter, and how many elements it has.
    pub(crate) fn told(&self, declaration: &Declaration) -> (String, u64) {
        let param = declaration.params.get(self.param);
        let name = param.map_or_else(String::new, |param| param.ident.unraw().to_string());
        (name, self.least)
    }

    /// Whether a condition says that there are fewer elements, by a comparison with a literal.
    fn excludes(&self, condition: &Term) -> bool {
        match &condition.node {
            TermNode::Joined("both", sides) => sides.iter().any(|side| self.excludes(side)),
            TermNode::Joined("or", sides) => {
                let is_null = |side: &Term| matches!(&side.node, TermNode::IsNull(of) if of.index == self.param);
                sides.iter().any(|side| self.excludes(side))
                    && sides
                        .iter()
                        .all(|side| is_null(side) || self.excludes(side))
            }
            TermNode::Compared(operation, _, sides) => {
                let [left, right] = &**sides;
                match (
                    self.is_len(left),
                    literal(right),
                    literal(left),
                    self.is_len(right),
                ) {
                    (true, Some(limit), ..) => match *operation {
                        "equal" | "at_most" => limit < self.least.into(),
                        "less" => limit <= self.least.into(),
                        _ => false,
                    },
                    (.., Some(limit), true) => match *operation {
                        "equal" | "at_least" => limit < self.least.into(),
                        "greater" => limit <= self.least.into(),
                        _ => false,
                    },
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn is_len(&self, term: &Term) -> bool {
        matches!(&term.node, TermNode::Len(named) if named.index == self.param)
    }
}

fn literal(term: &Term) -> Option<i128> {
    match &term.node {
        TermNode::Constant(tokens) => match syn::parse2(tokens.clone()) {
            Ok(Lit::Int(int)) => int.base10_parse().ok(),
            _ => None,
        },
        _ => None,
    }
}
