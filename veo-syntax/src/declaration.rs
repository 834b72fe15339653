//! A checked declaration: what the expansion, and whoever compares it with a
//! library, works on.

use proc_macro2::Ident;
use syn::{Attribute, LitStr, Token, Type, TypePtr, TypeReference, Visibility};

use veo_abi::Verify;

use crate::attribute::{DeclaredLibrary, Resolution};
use crate::clause::Clause;
use crate::placeholder::Named;

/// One kernel.
pub(crate) struct Declaration {
    /// What the user wrote above it and stays there: docs, `cfg`, `deprecated`.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    /// The `unsafe` of an unsafe kernel.
    pub(crate) unsafety: Option<Token![unsafe]>,
    /// The Rust name.
    pub(crate) ident: Ident,
    /// The name in the library.
    pub(crate) symbol: LitStr,
    pub(crate) library: DeclaredLibrary,
    pub(crate) resolution: Resolution,
    pub(crate) verify: Verify,
    pub(crate) params: Vec<Param>,
    pub(crate) result: Result,
    /// What a call of it means.
    pub(crate) contract: Vec<Clause>,
    /// Types it mentions that can be named where it stands.
    pub(crate) mentioned: Vec<Type>,
    /// Whether nothing about it has been reported. Otherwise only its name is wanted.
    pub(crate) is_right: bool,
}

impl Declaration {
    /// What a placeholder needs.
    pub(crate) fn named(&self) -> Named<'_> {
        Named {
            attrs: &self.attrs,
            vis: &self.vis,
            ident: &self.ident,
            mentioned: &self.mentioned,
        }
    }
}

/// One parameter.
pub(crate) struct Param {
    /// Lints and the like.
    pub(crate) attrs: Vec<Attribute>,
    /// The name, `_` if it has none.
    pub(crate) ident: Ident,
    pub(crate) ty: ParamType,
}

/// What a parameter was declared as.
pub(crate) enum ParamType {
    /// A primitive scalar by its own name.
    Scalar(Type),
    /// A reference: the data goes with the call, on the kernel's stack.
    Reference(TypeReference),
    /// A pointer: memory on the VE.
    Pointer(TypePtr),
    /// The address of a function on the VE, as it was written.
    Function(Type),
    /// An alias, a type by path: traits decide.
    Other(Type),
    /// Something that has been reported.
    Wrong,
}

/// What a kernel returns.
pub(crate) enum Result {
    /// Nothing.
    Unit,
    /// A primitive scalar by its own name.
    Scalar(Type),
    /// A pointer, which becomes a `VeMemPtr`.
    Pointer(TypePtr),
    /// A type by path: traits decide.
    Other(Type),
    /// Something that has been reported.
    Wrong,
}
