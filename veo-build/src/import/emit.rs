//! The module of declarations as text.

use std::collections::HashSet;
use std::ffi::CStr;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{Fields, FnArg, ForeignItemFn, ItemConst, Pat, ReturnType};

use super::catalogue::{Catalogue, Layout, Record, docs, is_helper};
use super::comment;
use super::translate::{Translator, Why, plain_number, rust_name};
use crate::{Error, ErrorKind, Result};

/// libveo takes at most this many arguments (`VEO_MAX_NUM_ARGS`).
const MAX_ARGUMENTS: usize = 256;

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

pub(super) fn module(
    catalogue: &Catalogue,
    header: &str,
    lib: &str,
    crate_path: &str,
) -> Result<Module> {
    let krate: TokenStream = crate_path.parse().map_err(|_| {
        Error::invalid(format!(
            "`{crate_path}` is no path; .crate_path(..) takes one like `my_crate::veo`"
        ))
    })?;
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
    for (function, convention) in &catalogue.foreign {
        let symbol = symbol(function);
        left_out.push(format!(
            "{symbol} (it is called as `{convention}`, not as C functions are)"
        ));
    }
    for name in &catalogue.defined {
        left_out.push(format!(
            "{name} (it is defined in the header, so no library need have it)"
        ));
    }
    for (variable, _) in &catalogue.variables {
        left_out.push(format!("{variable} (it is a variable)"));
    }
    let mut items = TokenStream::new();
    for name in &catalogue.order {
        items.extend(emitter.named(name));
    }
    // One name may be that of a function, of a constant and of a macro, which is often defined as itself.
    let mut names: HashSet<String> = catalogue.functions.iter().map(rust_function).collect();
    let (of_enums, macros): (Vec<_>, Vec<_>) = catalogue
        .constants
        .iter()
        .partition(|constant| catalogue.is_of_enum(constant));
    for constant in of_enums.into_iter().chain(macros) {
        if names.insert(constant.ident.to_string()) {
            items.extend(emitter.constant(constant));
        }
    }
    let allowed = allowed();
    // A C compiler for the VE resolves the functions' names, and so does whoever links them here.
    let block = quote! {
        #items
        #[#krate::ve_kernel(lib = #lib, lazy, crate = #krate)]
        #allowed
        unsafe extern "C" {
            #functions
        }
    };
    let file = syn::parse2::<syn::File>(block).map_err(|error| {
        Error::new(
            ErrorKind::WrongOutput,
            format!("{header}: the declarations do not parse: {error}"),
        )
    })?;
    let mut text = format!("// Kernels of {lib}, imported from {header} by veo-build.\n\n");
    text.push_str(&prettyplease::unparse(&file));
    if !left_out.is_empty() {
        text.push_str("\n// Left out:\n");
        for line in &left_out {
            text.push_str(&format!("// {}\n", line.replace('\n', " ")));
        }
    }
    Ok(Module {
        text,
        functions: count,
        left_out,
    })
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

fn rust_function(function: &ForeignItemFn) -> String {
    function.sig.ident.to_string()
}

/// The name that the library has for a function.
pub(super) fn symbol(function: &ForeignItemFn) -> String {
    let linked = function
        .attrs
        .iter()
        .find_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("link_name") => match &pair.value {
                syn::Expr::Lit(literal) => match &literal.lit {
                    syn::Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
    // The mark that keeps a linker from changing the name.
    let linked = linked.map(|name| name.trim_start_matches('\u{1}').to_owned());
    linked.unwrap_or_else(|| function.sig.ident.to_string())
}

impl Emitter<'_> {
    fn function(&self, function: &ForeignItemFn) -> std::result::Result<TokenStream, Why> {
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
        let mut names = HashSet::new();
        let mut params = TokenStream::new();
        for (index, input) in signature.inputs.iter().enumerate() {
            let FnArg::Typed(input) = input else { continue };
            let place = (signature.ident.to_string(), index);
            let ty = match self.translator.catalogue.variable.get(&place) {
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

    /// The comment of an item, or where it is from.
    fn docs(&self, attributes: &[syn::Attribute], name: &str) -> TokenStream {
        let mut lines = comment::lines(attributes);
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

    /// An alias or a record.
    fn named(&self, name: &str) -> TokenStream {
        let catalogue = self.translator.catalogue;
        if catalogue.ambiguous.contains(name) {
            return TokenStream::new();
        }
        if let Some(record) = catalogue.records.get(name) {
            return self.record(name, record);
        }
        let Some(alias) = catalogue.aliases.get(name).filter(|_| !is_helper(name)) else {
            return TokenStream::new();
        };
        // Pointers and functions are written out where they are used: in structures they are addresses.
        let data = match &*alias.ty {
            syn::Type::Path(_) => self.translator.target(&alias.ty),
            syn::Type::Array(_) => self.translator.memory(&alias.ty).ok(),
            _ => None,
        };
        let Some(ty) = data else {
            return TokenStream::new();
        };
        let ident = rust_name(name);
        let text = ty.to_string();
        if text.contains("VeAddr") || ident == text || name.starts_with("_bindgen_ty_") {
            return TokenStream::new();
        }
        let (docs, allowed) = (self.docs(&docs(&alias.attrs), name), allowed());
        quote! {
            #docs
            #allowed
            pub type #ident = #ty;
        }
    }

    fn record(&self, name: &str, record: &Record) -> TokenStream {
        let krate = self.translator.krate;
        let ident = rust_name(name);
        let (docs, allowed) = (self.docs(&record.docs, name), allowed());
        if record.is_opaque() {
            return quote! {
                #docs
                #[derive(#krate::VeOpaque)]
                #[ve_opaque(crate = #krate)]
                #[repr(C)]
                #allowed
                pub struct #ident { _private: [u8; 0] }
            };
        }
        let Some(Layout {
            size,
            align,
            offsets,
        }) = record.layout.clone()
        else {
            return TokenStream::new();
        };
        let known = self.fields(record, size, align, &offsets);
        let (attributes, fields, offsets) = match known {
            Ok((attributes, fields)) => (attributes, fields, offsets),
            Err(_) => {
                let (attributes, fields) = bytes(size, align, record.item.is_none());
                (attributes, fields, Vec::new())
            }
        };
        let offsets = offsets.iter().map(|(field, offset)| {
            let (field, offset) = (rust_name(field), Literal::usize_unsuffixed(*offset));
            quote!(const _: [(); #offset] = [(); ::core::mem::offset_of!(#ident, #field)];)
        });
        let (size, align) = (
            Literal::usize_unsuffixed(size),
            Literal::usize_unsuffixed(align),
        );
        quote! {
            #docs
            #[derive(Clone, Copy, Debug, #krate::VeData)]
            #[ve_data(crate = #krate)]
            #attributes
            #allowed
            pub struct #ident { #fields }
            const _: [(); #size] = [(); ::core::mem::size_of::<#ident>()];
            const _: [(); #align] = [(); ::core::mem::align_of::<#ident>()];
            #(#offsets)*
        }
    }

    /// The representation and the fields of a record of which every field has a counterpart.
    fn fields(
        &self,
        record: &Record,
        size: usize,
        align: usize,
        offsets: &[(String, usize)],
    ) -> std::result::Result<(TokenStream, TokenStream), Why> {
        let item = record
            .item
            .as_ref()
            .ok_or("a union has no fields of its own")?;
        let Fields::Named(named) = &item.fields else {
            return Err("it has no fields".to_owned());
        };
        let is_wide = |field: &syn::Field| self.translator.is_wide(&field.ty);
        let mut padding = named.named.iter().any(is_wide).then_some(0);
        let mut fields = TokenStream::new();
        for field in &named.named {
            let name = field
                .ident
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            let ty = self.translator.memory(&field.ty)?;
            let ident = rust_name(&name);
            if let Some(end) = &mut padding {
                fields.extend(self.padding(field, &name, end, offsets)?);
            }
            let lines = comment::lines(&docs(&field.attrs));
            let lines = lines.iter().map(|line| format!(" {line}"));
            fields.extend(quote!(#(#[doc = #lines])* pub #ident: #ty,));
        }
        if let Some(end) = padding {
            let packed = size < end.next_multiple_of(align);
            if packed {
                return Err("it is packed".to_owned());
            }
            let align = Literal::usize_unsuffixed(align);
            return Ok((quote!(#[repr(C, align(#align))]), fields));
        }
        let representation = item
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("repr"));
        Ok((quote!(#(#representation)*), fields))
    }

    /// What has to stand before a field so that it is where C has it, in a structure that holds something that C aligns to more
    /// than Rust does. `end` is where the fields before it end.
    fn padding(
        &self,
        field: &syn::Field,
        name: &str,
        end: &mut usize,
        offsets: &[(String, usize)],
    ) -> std::result::Result<TokenStream, Why> {
        let unknown = || format!("where `{name}` is, is not known");
        let (size, align) = self.translator.size(&field.ty).ok_or_else(unknown)?;
        let offset = offsets.iter().find(|(of, _)| of == name);
        let offset = offset.map_or(end.next_multiple_of(align), |(_, offset)| *offset);
        let before = *end;
        *end = offset + size;
        if offset < before || !offset.is_multiple_of(align) {
            return Err(unknown());
        }
        let needed = offset != before.next_multiple_of(align);
        Ok(if needed {
            let ident = format_ident!("_padding_at_{before}");
            let len = Literal::usize_unsuffixed(offset - before);
            quote!(pub #ident: [u8; #len],)
        } else {
            TokenStream::new()
        })
    }

    /// A constant: of an enumeration, or a macro that is a number.
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

/// The bytes of a string that C can hold, with the zero at its end.
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

/// Type and value of a string, in a way that every edition knows.
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

/// The fields of a union, or of a structure that holds something without a counterpart: as many bytes.
fn bytes(size: usize, align: usize, union: bool) -> (TokenStream, TokenStream) {
    let width = if union && align.is_power_of_two() {
        align.min(8)
    } else {
        1
    };
    let element = format_ident!("u{}", width * 8);
    let count = Literal::usize_unsuffixed(size / width);
    let representation = if align > width {
        let align = Literal::usize_unsuffixed(align);
        quote!(#[repr(C, align(#align))])
    } else {
        quote!(#[repr(C)])
    };
    let note = " Its members overlap or have no counterpart in Rust.";
    (
        representation,
        quote!(#[doc = #note] pub bytes: [#element; #count],),
    )
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
