//! Constants: the names of enumerations, macros that are numbers or strings.

use std::ffi::CStr;

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::ItemConst;

use super::{Emitter, allowed};
use crate::import::catalogue::docs;
use crate::import::translate::plain_number;

impl Emitter<'_> {
    /// A constant; nothing if its type has no counterpart.
    pub(super) fn constant(&self, constant: &ItemConst) -> TokenStream {
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
