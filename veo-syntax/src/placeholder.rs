//! What a declaration with mistakes expands to.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, Type, Visibility};

use crate::attribute::ExpansionContext;

/// What stands for a declaration with mistakes: something of its name whose type the
/// compiler knows to be wrong, since it contains what is to be said. So callers of the
/// kernel, whatever they pass and do with the result, see no second error.
pub(crate) fn placeholder(
    named: Named<'_>,
    why: &TokenStream,
    context: &ExpansionContext,
) -> TokenStream {
    let krate = &context.krate;
    let Named {
        attrs,
        vis,
        ident,
        mentioned,
    } = named;
    let mentioned = (!mentioned.is_empty())
        .then(|| quote!(let _: ::core::option::Option<fn(#(#mentioned),*)>;));
    // Others, such as `must_use`, are for functions.
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

/// All that is wanted of a declaration with mistakes.
pub(crate) struct Named<'a> {
    pub(crate) attrs: &'a [Attribute],
    pub(crate) vis: &'a Visibility,
    pub(crate) ident: &'a Ident,
    /// Types whose imports are not to be called unused.
    pub(crate) mentioned: &'a [Type],
}
