//! The clauses of a contract, `requires(x.len() >= n, n >= 0)`: conditions on a call that types cannot express.
//!
//! ```text
//! tokens --contract--> Clause --expand--> calls of veo_core's functions, and its text
//! ```

use proc_macro2::{Ident, TokenStream};

/// One condition that every call must satisfy.
pub(crate) struct Clause {
    /// The condition as the user wrote it.
    pub(crate) text: String,
    pub(crate) condition: Term,
}

/// A parameter that a clause names, at the user's token.
#[derive(Clone)]
pub(crate) struct NamedParam {
    pub(crate) index: usize,
    pub(crate) ident: Ident,
}

/// A part of a clause, with the user's tokens at its ends.
pub(crate) struct Term {
    pub(crate) node: TermNode,
    /// They begin with its first token and end with its last one, for messages.
    pub(crate) ends: TokenStream,
}

/// The kind of a clause's part.
pub(crate) enum TermNode {
    /// The value of a parameter.
    Value(NamedParam),
    /// A literal, or the path of a constant.
    Constant(TokenStream),
    Negative(Box<Term>),
    Not(Box<Term>),
    /// Two numbers, by the function of this name.
    Computed(&'static str, Box<[Term; 2]>),
    /// Two values, by the function of this name. Whether they need an order.
    Compared(&'static str, bool, Box<[Term; 2]>),
    /// Two conditions, by the function of this name.
    Joined(&'static str, Box<[Term; 2]>),
    Len(NamedParam),
    IsNull(NamedParam),
    IsAligned(NamedParam, Box<Term>),
    Disjoint(NamedParam, NamedParam),
    IsKnown(NamedParam),
}

/// The facts about a part that are visible without the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TermKind {
    Number,
    Condition,
    /// A constant is either.
    Any,
}

impl Term {
    /// Its kind, as far as it is visible.
    pub(crate) fn kind(&self) -> TermKind {
        match &self.node {
            TermNode::Value(_)
            | TermNode::Negative(_)
            | TermNode::Computed(..)
            | TermNode::Len(_) => TermKind::Number,
            TermNode::Not(_)
            | TermNode::Compared(..)
            | TermNode::Joined(..)
            | TermNode::IsNull(_)
            | TermNode::IsAligned(..)
            | TermNode::Disjoint(..)
            | TermNode::IsKnown(_) => TermKind::Condition,
            TermNode::Constant(tokens) => match syn::parse2(tokens.clone()) {
                Ok(syn::Lit::Bool(_)) => TermKind::Condition,
                Ok(_) => TermKind::Number,
                Err(_) => TermKind::Any,
            },
        }
    }
}
