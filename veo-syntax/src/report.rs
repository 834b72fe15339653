//! Collects every mistake of a declaration, so that all are reported at once.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Attribute;

use crate::mistake::Mistake;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct MistakeReport {
    errors: Vec<syn::Error>,
}

impl MistakeReport {
    /// Notes a mistake at these tokens.
    pub(crate) fn at(&mut self, tokens: &impl ToTokens, mistake: &Mistake) {
        self.errors
            .push(syn::Error::new_spanned(tokens, mistake.text()));
    }

    /// Notes a mistake at this place.
    pub(crate) fn at_span(&mut self, span: Span, mistake: &Mistake) {
        self.errors.push(syn::Error::new(span, mistake.text()));
    }

    /// Notes a syntax error of syn.
    pub(crate) fn syntax(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// The number of mistakes.
    pub(crate) fn len(&self) -> usize {
        self.errors.len()
    }

    /// The mistakes of an item below these attributes. They count only if its conditions hold.
    pub(crate) fn errors_below(&self, attrs: &[Attribute]) -> TokenStream {
        let conditions: Vec<_> = attrs.iter().filter(|a| a.path().is_ident("cfg")).collect();
        let errors = self.errors.iter().map(syn::Error::to_compile_error);
        errors.map(|error| quote!(#(#conditions)* #error)).collect()
    }

    /// The mistakes as `compile_error!` items or statements, in the order in which they were found.
    pub(crate) fn errors(&self) -> TokenStream {
        self.errors
            .iter()
            .map(syn::Error::to_compile_error)
            .collect()
    }
}
