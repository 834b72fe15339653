//! A checked declaration, for the expansion and for the comparison with a library.

use proc_macro2::Ident;
use syn::{Attribute, LitStr, Token, Type, TypePtr, TypeReference, Visibility};

use veo_abi::Verify;

use crate::attribute::{DeclaredLibrary, Resolution};
use crate::clause::Clause;
use crate::placeholder::PlaceholderParts;

/// One kernel.
pub(crate) struct Declaration {
    /// The user's attributes that stay above the stub: docs, `cfg`, `deprecated`.
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
    pub(crate) params: Vec<DeclaredParam>,
    pub(crate) result: DeclaredResult,
    /// The conditions of a call.
    pub(crate) contract: Vec<Clause>,
    /// The conditions that its header names, in the same form.
    pub(crate) bounds: Vec<Clause>,
    /// The parameters whose memory it writes in parts.
    pub(crate) shared: Vec<Ident>,
    /// The types that it mentions and that can be named at its place.
    pub(crate) mentioned: Vec<Type>,
    /// Whether it has no mistakes. Otherwise only its name is used.
    pub(crate) is_right: bool,
}

impl Declaration {
    /// The parts that a placeholder needs.
    pub(crate) fn named(&self) -> PlaceholderParts<'_> {
        PlaceholderParts {
            attrs: &self.attrs,
            vis: &self.vis,
            ident: &self.ident,
            mentioned: &self.mentioned,
        }
    }
}

/// One parameter.
pub(crate) struct DeclaredParam {
    /// Lints and the like.
    pub(crate) attrs: Vec<Attribute>,
    /// The name, `_` if it has none.
    pub(crate) ident: Ident,
    pub(crate) ty: ParamType,
}

/// The declared type of a parameter.
pub(crate) enum ParamType {
    /// A primitive scalar by its own name.
    Scalar(Type),
    /// A reference: the data travels with the call, on the kernel's stack.
    Reference(TypeReference),
    /// A pointer: memory on the VE.
    Pointer(TypePtr),
    /// The address of a function on the VE, as the user wrote it.
    Function(Type),
    /// An alias, a type by path: traits decide.
    Other(Type),
    /// Something that has been reported.
    Wrong,
}

/// The result of a kernel.
pub(crate) enum DeclaredResult {
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
