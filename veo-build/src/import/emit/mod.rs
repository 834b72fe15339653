//! The module of declarations as text.

mod constants;
mod functions;
mod records;

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemConst, Path};

use super::catalogue::{Catalogue, symbol};
use super::comment;
use super::translate::Translator;
use crate::{Error, ErrorKind, Result};

/// A module of declarations.
pub(super) struct Module {
    pub text: String,
    /// How many functions it declares.
    pub functions: usize,
    /// What it could not declare: `name (why)`.
    pub left_out: Vec<String>,
}

struct Emitter<'a> {
    translator: Translator<'a>,
    header: &'a str,
}

/// Declares everything that the catalogue of `header` has, as kernels of `lib`.
pub(super) fn module(
    catalogue: &Catalogue,
    header: &str,
    lib: &str,
    crate_path: &str,
) -> Result<Module> {
    let krate: Path = syn::parse_str(crate_path).map_err(|_| {
        Error::invalid(format!(
            "`{crate_path}` is no path; .crate_path(..) takes one like `my_crate::veo`"
        ))
    })?;
    let krate = quote!(#krate);
    let emitter = Emitter {
        translator: Translator {
            catalogue,
            krate: &krate,
        },
        header,
    };
    let mut functions = TokenStream::new();
    let mut count = 0;
    let mut left_out = Vec::new();
    for function in &catalogue.functions {
        match emitter.function(function) {
            Ok(tokens) => {
                functions.extend(tokens);
                count += 1;
            }
            Err(why) => left_out.push(format!("{} ({why})", symbol(function))),
        }
    }
    left_out.extend(never_declared(catalogue));
    let mut items = TokenStream::new();
    for name in &catalogue.order {
        items.extend(emitter.named(name));
    }
    for constant in constants(catalogue) {
        items.extend(emitter.constant(constant));
    }
    let allowed = allowed();
    let tokens = quote! {
        #items
        #[#krate::ve_kernel(lib = #lib, lazy, crate = #krate)]
        #allowed
        unsafe extern "C" {
            #functions
        }
    };
    let file = syn::parse2::<syn::File>(tokens).map_err(|error| {
        Error::new(
            ErrorKind::WrongOutput,
            format!("{header}: the declarations do not parse: {error}"),
        )
    })?;
    let mut text = line_comment(&format!(
        "Kernels of {lib}, imported from {header} by veo-build."
    ));
    text.push('\n');
    text.push_str(&prettyplease::unparse(&file));
    if !left_out.is_empty() {
        text.push_str("\n// Left out:\n");
        text.extend(left_out.iter().map(|line| line_comment(line)));
    }
    if !catalogue.no_values.is_empty() {
        text.push_str("\n// Macros that are not for Rust:\n");
        text.extend(catalogue.no_values.iter().map(|line| line_comment(line)));
    }
    Ok(Module {
        text,
        functions: count,
        left_out,
    })
}

/// What a header has beside functions that a library can have, each as `name (why)`.
fn never_declared(catalogue: &Catalogue) -> impl Iterator<Item = String> {
    let foreign = catalogue.foreign.iter().map(|(function, convention)| {
        let symbol = symbol(function);
        format!("{symbol} (it is called as `{convention}`, not as C functions are)")
    });
    let defined = catalogue
        .defined
        .iter()
        .map(|name| format!("{name} (it is defined in the header, so no library need have it)"));
    let variables = catalogue
        .variables
        .iter()
        .map(|(name, _)| format!("{name} (it is a variable)"));
    let valueless = catalogue.valueless.iter().cloned();
    foreign.chain(defined).chain(variables).chain(valueless)
}

/// The constants that can have their names. One name may be that of a function, of a constant and of a macro, which is often
/// defined as itself; the first of these has it.
fn constants(catalogue: &Catalogue) -> impl Iterator<Item = &ItemConst> {
    let functions = catalogue.functions.iter();
    let mut names: HashSet<String> = functions.map(|it| it.sig.ident.to_string()).collect();
    let (of_enums, macros): (Vec<_>, Vec<_>) = catalogue
        .constants
        .iter()
        .partition(|constant| catalogue.is_of_enum(constant));
    let all = of_enums.into_iter().chain(macros);
    all.filter(move |constant| names.insert(constant.ident.to_string()))
}

/// What a program's lints may say about the header is nothing that its author can change.
fn allowed() -> TokenStream {
    quote! {
        #[allow(
            dead_code, missing_docs, nonstandard_style, unreachable_pub,
            clippy::all, clippy::nursery, clippy::pedantic, clippy::restriction
        )]
    }
}

/// A comment of one line, whatever is in the text.
fn line_comment(text: &str) -> String {
    format!("// {}\n", text.replace(['\n', '\r'], " "))
}

impl Emitter<'_> {
    /// The lines of an item's comment, unless it is a frame around what follows.
    fn comment(&self, attributes: &[syn::Attribute]) -> Vec<String> {
        let lines = comment::lines(attributes);
        let words = comment::words(&comment::text(attributes));
        if self.translator.catalogue.view.frames.contains(&words) {
            return Vec::new();
        }
        lines
    }

    /// The comment of an item, or where it is from.
    fn docs(&self, attributes: &[syn::Attribute], name: &str) -> TokenStream {
        let mut lines = self.comment(attributes);
        if lines.is_empty() {
            lines.push(format!("`{name}` of `{}`.", self.header));
        }
        let lines = lines.iter().map(|line| {
            let line = if line.is_empty() {
                String::new()
            } else {
                format!(" {line}")
            };
            quote!(#[doc = #line])
        });
        quote!(#(#lines)*)
    }
}
