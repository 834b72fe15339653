//! The stub for rustdoc. It accepts and returns the same as the compiled stub, but it uses the
//! public traits, which have pages, and the user's own names. The compiled stub cannot use them:
//! `Arg` has one message for all types, and a parameter may have the name of a constant. Constants
//! and unit structures do not disturb rustdoc. A static or a tuple structure with a parameter's
//! name does (E0530). A macro on stable Rust cannot avoid this, because it has no names that are
//! hidden from items, and any other name would be wrong in the documentation.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Lifetime, Type};

use super::signature::borrowed;
use crate::attribute::ExpansionContext;
use crate::declaration::{Declaration, DeclaredParam, DeclaredResult, ParamType};

/// The whole function, without the attributes of the user.
pub(super) fn documented(declaration: &Declaration, context: &ExpansionContext) -> TokenStream {
    let krate = &context.krate;
    let names = FreeNames::for_them_alone(declaration, context);
    let Declaration {
        vis,
        unsafety,
        ident,
        params,
        result,
        ..
    } = declaration;
    let FreeNames {
        on,
        lifetime,
        target,
    } = &names;
    let params = params.iter().map(|param| parameter(param, &names, context));
    let value = value(result, context);
    quote! {
        #vis #unsafety fn #ident<#lifetime, #on: #krate::Target + ?::core::marker::Sized>(
            #target: &#on,
            #(#params),*
        ) -> #krate::Result<#on::Output<#lifetime, #value>> {
            ::core::unreachable!("compiled with `--cfg doc`, which is for rustdoc alone")
        }
    }
}

/// Names that the user did not give: of the generic parameters, and of the parameter for the target.
struct FreeNames {
    on: Ident,
    lifetime: Lifetime,
    target: Ident,
}

impl FreeNames {
    /// Names that the visible tokens of the declaration do not use.
    fn for_them_alone(declaration: &Declaration, context: &ExpansionContext) -> FreeNames {
        let mut used = context.krate.to_string();
        let mut add = |tokens: TokenStream| words(tokens, &mut used);
        declaration
            .params
            .iter()
            .for_each(|param| add(param.ty.written()));
        add(declaration.result.declared());
        let is_used = |name: &&str| {
            used.split_whitespace()
                .any(|word| word == *name || word == "!")
        };
        let free = |names: [&'static str; 2], otherwise| {
            names
                .into_iter()
                .find(|name| !is_used(name))
                .unwrap_or(otherwise)
        };
        let here = Span::mixed_site();
        let lifetime = free(["a", "call"], "__a");
        let is_param = |name: &&str| declaration.params.iter().any(|p| p.ident.unraw() == *name);
        let target = ["ctx_or_proc", "target"];
        let target = target.into_iter().find(|name| !is_param(name));
        FreeNames {
            on: Ident::new(free(["On", "OnTarget"], "__On"), here),
            lifetime: Lifetime::new(&format!("'{lifetime}"), here),
            target: Ident::new(target.unwrap_or("_ctx_or_proc"), here),
        }
    }
}

/// All identifiers, and `!` for a macro call, because a macro may expand to any identifier.
fn words(tokens: TokenStream, found: &mut String) {
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => words(group.stream(), found),
            TokenTree::Literal(_) => {}
            other => {
                found.push(' ');
                found.push_str(&other.to_string());
            }
        }
    }
}

fn parameter(param: &DeclaredParam, names: &FreeNames, context: &ExpansionContext) -> TokenStream {
    let krate = &context.krate;
    let lifetime = &names.lifetime;
    let DeclaredParam { attrs, ident, ty } = param;
    let ty = match ty {
        ParamType::Scalar(ty) => ty.to_token_stream(),
        ParamType::Reference(reference) => borrowed(reference, lifetime.clone()),
        ParamType::Wrong => quote!(()),
        other => {
            let declared = other.written();
            quote!(impl #krate::Arg<#lifetime, #declared>)
        }
    };
    quote!(#(#attrs)* #ident: #ty)
}

fn value(result: &DeclaredResult, context: &ExpansionContext) -> TokenStream {
    let krate = &context.krate;
    match result {
        DeclaredResult::Other(ty @ Type::Path(_)) => quote!(<#ty as #krate::KernelResult>::Value),
        _ => result.value(context),
    }
}
