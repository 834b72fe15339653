//! Tokens of ours among those of the user, at places that the compiler's messages point to.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::attribute::Context;

/// Surrounds the user's tokens with ours, which get the place of the first and the
/// last token of `place`: whatever the compiler says about the whole is said there.
pub(crate) fn around(
    place: &impl ToTokens,
    before: TokenStream,
    user: TokenStream,
    after: TokenStream,
) -> TokenStream {
    let (first, last) = ends(place);
    let mut output = at(first, before);
    output.extend(user);
    output.extend(at(last, after));
    output
}

/// As [`around`], for a bound by one of our traits, after `head`.
pub(crate) fn bound(
    place: &impl ToTokens,
    head: TokenStream,
    context: &Context,
    before: TokenStream,
    user: TokenStream,
    after: TokenStream,
) -> TokenStream {
    // A bound begins at its path, which may be the user's own.
    let is_absolute = matches!(
        context.krate.clone().into_iter().next(),
        Some(TokenTree::Punct(_))
    );
    let binder = (!is_absolute).then(|| quote!(for<>));
    let mut output = at(ends(place).0, quote!(#head #binder));
    output.extend(ours(place, context, before, user, after));
    output
}

/// As [`around`], for one of our types or traits. The name of `veo_core` keeps its place: if there
/// is nothing of that name, it is said once.
pub(crate) fn ours(
    place: &impl ToTokens,
    context: &Context,
    before: TokenStream,
    user: TokenStream,
    after: TokenStream,
) -> TokenStream {
    let (first, last) = ends(place);
    let mut output = TokenStream::new();
    for mut tree in context.krate.clone() {
        if let TokenTree::Punct(_) = tree {
            tree.set_span(first);
        }
        output.extend([tree]);
    }
    output.extend(at(first, quote!(::__private::#before)));
    output.extend(user);
    output.extend(at(last, after));
    output
}

/// The places of the first and the last token.
fn ends(place: &impl ToTokens) -> (Span, Span) {
    let mut spans = place.to_token_stream().into_iter().map(|tree| tree.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}

/// All of these tokens at one place.
fn at(span: Span, tokens: TokenStream) -> TokenStream {
    let place = |mut tree: TokenTree| {
        tree.set_span(span);
        tree
    };
    tokens.into_iter().map(place).collect()
}
