//! Writes the module of declarations: functions and constants here, types in `records`.

mod records;

use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::CStr;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{FnArg, ForeignItemFn, ItemConst, Pat, Path, ReturnType};
use veo_abi::Verify;
use veo_abi::limits::MAX_WORDS;

use super::bounds::Bound;
use super::catalogue::{Catalogue, docs, symbol};
use super::comment;
use super::contract::Contracts;
use super::translate::{HeaderTranslator, Why, plain_number};
use crate::import_options::Import;
use crate::{Error, ErrorKind, Result};

/// A module of declarations.
pub(super) struct Module {
    pub text: String,
    /// The number of functions in it.
    pub functions: usize,
    /// Items that it could not declare: `name (why)`.
    pub left_out: Vec<String>,
}

struct Emitter<'a> {
    translator: HeaderTranslator<'a>,
    header: &'a str,
    contracts: &'a Contracts,
    /// The placeholder of a contract in the tokens, and the contract's text.
    written_later: RefCell<Vec<(String, String)>>,
}

/// Declares everything in the catalogue of `header` as kernels of `lib`.
pub(super) fn module(
    catalogue: &Catalogue,
    header: &str,
    lib: &str,
    import: &Import,
    contracts: &Contracts,
) -> Result<Module> {
    let crate_path = &import.crate_path;
    let krate: Path = syn::parse_str(crate_path).map_err(|_| {
        Error::invalid(format!(
            "`{crate_path}` is not a path; .crate_path(..) takes one like `my_crate::veo`"
        ))
    })?;
    let krate = quote!(#krate);
    let emitter = Emitter {
        translator: HeaderTranslator {
            catalogue,
            krate: &krate,
        },
        header,
        contracts,
        written_later: RefCell::default(),
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
    let verify = verify(import)?;
    let tokens = quote! {
        #items
        #[#krate::ve_kernel(lib = #lib, lazy, #verify crate = #krate)]
        #allowed
        unsafe extern "C" {
            #functions
        }
    };
    let file = syn::parse2::<syn::File>(tokens).map_err(|error| {
        Error::new(
            ErrorKind::WrongOutput,
            format!("{header}: veo-build wrote declarations that do not parse, which is a mistake of its own: {error}"),
        )
    })?;
    let mut text = line_comment(&format!(
        "Kernels of {lib}, imported from {header} by veo-build."
    ));
    text.push('\n');
    let mut declarations = prettyplease::unparse(&file);
    for (placeholder, contract) in emitter.written_later.take() {
        declarations = declarations.replace(&placeholder, &contract);
    }
    text.push_str(&declarations);
    if !left_out.is_empty() {
        text.push_str("\n// Left out:\n");
        text.extend(left_out.iter().map(|line| line_comment(line)));
    }
    if !catalogue.no_values.is_empty() {
        text.push_str("\n// Macros without a counterpart in Rust:\n");
        text.extend(catalogue.no_values.iter().map(|line| line_comment(line)));
    }
    Ok(Module {
        text,
        functions: count,
        left_out,
    })
}

/// The key for the policy that the settings give.
fn verify(import: &Import) -> Result<TokenStream> {
    let Some(word) = &import.verify else {
        return Ok(TokenStream::new());
    };
    match Verify::parse(word) {
        Some(_) => Ok(quote!(verify = #word,)),
        None => Err(Error::invalid(format!(
            "`{word}` is not a policy; .verify(..) takes `deny`, `warn` or `off`"
        ))),
    }
}

/// Items of a header that cannot be kernels of a library, each as `name (why)`.
fn never_declared(catalogue: &Catalogue) -> impl Iterator<Item = String> {
    let foreign = catalogue.foreign.iter().map(|(function, convention)| {
        let symbol = symbol(function);
        format!("{symbol} (its calling convention is `{convention}`, not that of C)")
    });
    let defined = catalogue
        .defined
        .iter()
        .map(|name| format!("{name} (the header defines it, so no library has to)"));
    let variables = catalogue
        .variables
        .iter()
        .map(|(name, _)| format!("{name} (it is a variable)"));
    let valueless = catalogue.valueless.iter().cloned();
    foreign.chain(defined).chain(variables).chain(valueless)
}

/// The constants that can keep their names. A function, a constant and a macro may share one name (headers often define a macro
/// as itself); the first of these gets it.
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

/// Allows lints, because the author of the program cannot change the header.
fn allowed() -> TokenStream {
    quote! {
        #[allow(
            dead_code, missing_docs, nonstandard_style, unreachable_pub,
            clippy::all, clippy::nursery, clippy::pedantic, clippy::restriction
        )]
    }
}

/// A comment of one line. Line breaks in the text become spaces.
fn line_comment(text: &str) -> String {
    format!("// {}\n", text.replace(['\n', '\r'], " "))
}

impl Emitter<'_> {
    /// Stands for clauses about a function until the declarations are text: what writes them
    /// takes `==` in an attribute for two marks.
    fn later(&self, key: &str, clauses: Vec<String>) -> Option<TokenStream> {
        if clauses.is_empty() {
            return None;
        }
        let mut all = self.written_later.borrow_mut();
        let name = format_ident!("__contract_{}__", all.len());
        all.push((name.to_string(), clauses.join(", ")));
        let key = format_ident!("{key}");
        Some(quote!(#key(#name)))
    }

    /// The lines of an item's comment, unless the comment is only a frame.
    fn comment(&self, attributes: &[syn::Attribute]) -> Vec<String> {
        let lines = comment::lines(attributes);
        let words = comment::words(&comment::text(attributes));
        if self.translator.catalogue.view.frames.contains(&words) {
            return Vec::new();
        }
        lines
    }

    /// The comment of an item, or a note with its origin.
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

    /// The declaration of a function, or the reason why there is none.
    fn function(&self, function: &ForeignItemFn) -> std::result::Result<TokenStream, Why> {
        let krate = self.translator.krate;
        let signature = &function.sig;
        if signature.variadic.is_some() {
            return Err("it takes a variable number of arguments".to_owned());
        }
        if signature.inputs.len() > MAX_WORDS {
            let count = signature.inputs.len();
            return Err(format!("it takes {count} arguments, more than {MAX_WORDS}"));
        }
        let view = &self.translator.catalogue.view;
        let ident = signature.ident.to_string();
        if signature.inputs.is_empty() && view.unprototyped.contains(&ident) {
            return Err(format!(
                "`{ident}()` in C says nothing about the parameters: write `{ident}(void)` if there are none"
            ));
        }
        let mut names = HashSet::new();
        let mut in_c = Vec::new();
        let mut bounds = Vec::new();
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
            if let Pat::Ident(pattern) = &*input.pat {
                in_c.push((pattern.ident.to_string(), name.clone()));
            }
            if let Some(bound) = view.bounds.get(&place) {
                bounds.push((name, bound));
            }
        }
        let result = match &signature.output {
            ReturnType::Default => quote!(),
            // A function that does not return ends the VE process, and the call returns an error.
            ReturnType::Type(_, ty) if matches!(**ty, syn::Type::Never(_)) => quote!(),
            ReturnType::Type(_, ty) => {
                let ty = self.translator.result(ty)?;
                quote!(-> #ty)
            }
        };
        let name = &signature.ident;
        let symbol = symbol(function);
        let renamed = (*name != symbol).then(|| quote!(name = #symbol));
        let bounds = bounds.iter();
        let bounds = bounds.filter_map(|(name, bound)| clause(name, bound, &in_c));
        let bounds = self.later("bounds", bounds.collect());
        let contract = self.later("requires", self.contracts.of(&ident));
        let keys = [renamed, bounds, contract];
        let keys: Vec<TokenStream> = keys.into_iter().flatten().collect();
        let attribute = (!keys.is_empty()).then(|| quote!(#[#krate::ve_kernel(#(#keys),*)]));
        let docs = self.docs(&docs(&function.attrs), &symbol);
        Ok(quote! {
            #docs
            #attribute
            pub safe fn #name(#params) #result;
        })
    }

    /// A constant, or `None` if its type has no counterpart.
    fn constant(&self, constant: &ItemConst) -> TokenStream {
        let name = &constant.ident;
        let (ty, value) = match text(&constant.expr) {
            Some(text) => c_string(&text),
            None => match self.translator.memory(&constant.ty) {
                Ok(ty) => (ty, number(&constant.expr)),
                Err(_) => return TokenStream::new(),
            },
        };
        let docs = self.docs(&docs(&constant.attrs), &name.to_string());
        let allowed = allowed();
        quote! {
            #docs
            #allowed
            pub const #name: #ty = #value;
        }
    }
}

/// The extent of a parameter as a clause of the contract.
fn clause(name: &Ident, bound: &Bound, in_c: &[(String, Ident)]) -> Option<String> {
    match bound {
        Bound::Constant(count) => Some(format!("{name}.is_null() || {name}.len() >= {count}")),
        Bound::Static(least) => {
            let other = in_c.iter().find(|(c, _)| c == least);
            let least = match other {
                Some((_, other)) => other.to_string(),
                None => least.parse::<u64>().ok()?.to_string(),
            };
            Some(format!("{name}.len() >= {least}"))
        }
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

/// An identifier that differs from the other parameters.
fn unique(name: &str, index: usize, names: &mut HashSet<String>) -> Ident {
    // Names with two leading underscores belong to the stub.
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

/// The bytes of a C string with the terminating zero.
fn text(expression: &syn::Expr) -> Option<Vec<u8>> {
    let syn::Expr::Lit(literal) = expression else {
        return None;
    };
    let syn::Lit::ByteStr(text) = &literal.lit else {
        return None;
    };
    CStr::from_bytes_with_nul(&text.value())
        .ok()
        .map(|text| text.to_bytes_with_nul().to_owned())
}

/// The type and the value of a string, in syntax that every edition accepts.
fn c_string(text: &[u8]) -> (TokenStream, TokenStream) {
    let text = Literal::byte_string(text);
    (
        quote!(&::core::ffi::CStr),
        quote! {
            match ::core::ffi::CStr::from_bytes_with_nul(#text) {
                ::core::result::Result::Ok(text) => text,
                ::core::result::Result::Err(_) => ::core::unreachable!(),
            }
        },
    )
}

/// `3usize` as `3`, `f64::INFINITY as _` without its conversion.
fn number(expression: &syn::Expr) -> TokenStream {
    match expression {
        syn::Expr::Cast(cast) => number(&cast.expr),
        other => plain_number(other),
    }
}
