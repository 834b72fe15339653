//! The clauses of a contract, `requires(x.len() >= n, n >= 0)`: conditions on a call that types cannot express.
//!
//! ```text
//! tokens --contract--> Clause --expand--> calls of veo_core's functions, and its text
//! ```

use proc_macro2::{Ident, TokenStream};

/// One condition that every call must satisfy.
pub(crate) struct Clause {
    /// As the user wrote it.
    pub(crate) text: String,
    pub(crate) condition: Term,
}

/// A parameter that a clause names, at the user's token.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) index: usize,
    pub(crate) ident: Ident,
}

/// A part of a clause, with the user's tokens.
pub(crate) struct Term {
    pub(crate) what: What,
    pub(crate) tokens: TokenStream,
}

/// What a part of a clause is.
pub(crate) enum What {
    /// The value of a parameter.
    Value(Named),
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
    Len(Named),
    IsNull(Named),
    IsAligned(Named, Box<Term>),
    Disjoint(Named, Named),
    IsKnown(Named),
}

/// What can be seen of a part without the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Condition,
    /// A constant is either.
    Any,
}

impl Term {
    /// What it is, as far as can be seen.
    pub(crate) fn kind(&self) -> Kind {
        match &self.what {
            What::Value(_) | What::Negative(_) | What::Computed(..) | What::Len(_) => Kind::Number,
            What::Not(_)
            | What::Compared(..)
            | What::Joined(..)
            | What::IsNull(_)
            | What::IsAligned(..)
            | What::Disjoint(..)
            | What::IsKnown(_) => Kind::Condition,
            What::Constant(tokens) => match syn::parse2(tokens.clone()) {
                Ok(syn::Lit::Bool(_)) => Kind::Condition,
                Ok(_) => Kind::Number,
                Err(_) => Kind::Any,
            },
        }
    }
}
