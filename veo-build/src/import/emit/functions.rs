//! Functions, with names for their parameters.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{FnArg, ForeignItemFn, Pat, ReturnType};

use super::Emitter;
use crate::import::catalogue::{docs, symbol};
use crate::import::translate::Why;

/// libveo takes at most this many arguments (`VEO_MAX_NUM_ARGS`).
const MAX_ARGUMENTS: usize = 256;

impl Emitter<'_> {
    /// The declaration of a function, or why there can be none.
    pub(super) fn function(
        &self,
        function: &ForeignItemFn,
    ) -> std::result::Result<TokenStream, Why> {
        let krate = self.translator.krate;
        let signature = &function.sig;
        if signature.variadic.is_some() {
            return Err("it takes a variable number of arguments".to_owned());
        }
        if signature.inputs.len() > MAX_ARGUMENTS {
            let count = signature.inputs.len();
            return Err(format!(
                "it takes {count} arguments, more than {MAX_ARGUMENTS}"
            ));
        }
        let view = &self.translator.catalogue.view;
        let ident = signature.ident.to_string();
        if signature.inputs.is_empty() && view.unprototyped.contains(&ident) {
            return Err(format!(
                "it is declared without parameters and without `void`, so C does not tell what it takes: write `{ident}(void)` if that is nothing"
            ));
        }
        let mut names = HashSet::new();
        let mut params = TokenStream::new();
        for (index, input) in signature.inputs.iter().enumerate() {
            let FnArg::Typed(input) = input else { continue };
            let place = (ident.clone(), index);
            let ty = match view.variables.get(&place) {
                Some(variable) => self.translator.elements(&input.ty, variable)?,
                None => self.translator.param(&input.ty)?,
            };
            let name = match &*input.pat {
                Pat::Ident(pattern) => snake_case(&pattern.ident.to_string()),
                _ => String::new(),
            };
            let name = unique(&name, index, &mut names);
            params.extend(quote!(#name: #ty,));
        }
        let result = match &signature.output {
            ReturnType::Default => quote!(),
            // What does not return ends the process of the VE, which the call gets as an error.
            ReturnType::Type(_, ty) if matches!(**ty, syn::Type::Never(_)) => quote!(),
            ReturnType::Type(_, ty) => {
                let ty = self.translator.result(ty)?;
                quote!(-> #ty)
            }
        };
        let name = &signature.ident;
        let symbol = symbol(function);
        let renamed = (*name != symbol).then(|| quote!(#[#krate::ve_kernel(name = #symbol)]));
        let docs = self.docs(&docs(&function.attrs), &symbol);
        Ok(quote! {
            #docs
            #renamed
            pub safe fn #name(#params) #result;
        })
    }
}

/// `TransA` as `trans_a`, `LDA` as `lda`.
fn snake_case(name: &str) -> String {
    let name = name.strip_prefix("r#").unwrap_or(name);
    let mut snake = String::with_capacity(name.len() + 4);
    let mut before_lower = false;
    for c in name.chars() {
        if c.is_uppercase() {
            if before_lower {
                snake.push('_');
            }
            snake.extend(c.to_lowercase());
            before_lower = false;
        } else {
            before_lower = c.is_lowercase();
            snake.push(c);
        }
    }
    snake
}

/// An identifier that no other parameter has.
fn unique(name: &str, index: usize, names: &mut HashSet<String>) -> Ident {
    // What starts with two underscores is the stub's own.
    let mut name = match name.trim_start_matches("__").trim_matches('_') {
        "" => format!("arg{}", index + 1),
        _ if name.starts_with("__") => name.trim_start_matches('_').to_owned(),
        _ => name.to_owned(),
    };
    while !names.insert(name.clone()) || syn::parse_str::<Ident>(&name).is_err() {
        name.push('_');
    }
    format_ident!("{name}")
}
