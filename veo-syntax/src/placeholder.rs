//! The expansion of a declaration with mistakes.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, Type, Visibility};

use crate::attribute::ExpansionContext;

/// The placeholder for a declaration with mistakes. It has the same name, and its type contains
/// the errors, so the compiler knows that the type is wrong. Callers of the kernel therefore see
/// no second error, whatever they pass and do with the result.
pub(crate) fn placeholder(
    named: PlaceholderParts<'_>,
    why: &TokenStream,
    context: &ExpansionContext,
) -> TokenStream {
    let krate = &context.krate;
    let PlaceholderParts {
        attrs,
        vis,
        ident,
        mentioned,
    } = named;
    let mentioned = (!mentioned.is_empty())
        .then(|| quote!(let _: ::core::option::Option<fn(#(#mentioned),*)>;));
    // Other attributes, such as `must_use`, fit only functions.
    let kept = ["cfg", "doc", "allow", "expect", "warn", "deny", "forbid"];
    let attrs = attrs
        .iter()
        .filter(|attr| kept.iter().any(|name| attr.path().is_ident(name)));
    quote! {
        #(#attrs)*
        #[allow(dead_code, non_upper_case_globals)]
        #vis const #ident: <() as #krate::__private::Wrong<{ #mentioned #why true }>>::Kernel = loop {};
    }
}

/// The parts of a declaration with mistakes that the placeholder uses.
pub(crate) struct PlaceholderParts<'a> {
    pub(crate) attrs: &'a [Attribute],
    pub(crate) vis: &'a Visibility,
    pub(crate) ident: &'a Ident,
    /// Types whose imports must not count as unused.
    pub(crate) mentioned: &'a [Type],
}
