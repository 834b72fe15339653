//! Puts our tokens around the user's tokens, with spans that make the compiler's messages point to the right place.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::attribute::ExpansionContext;

/// Surrounds the user's tokens with ours. Ours get the spans of the first and the last token of
/// `place`, so a message about the whole points there.
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
    context: &ExpansionContext,
    before: TokenStream,
    user: TokenStream,
    after: TokenStream,
) -> TokenStream {
    // A bound begins at its path, which may be the user's own.
    let binder = (!is_absolute(&context.krate)).then(|| quote!(for<>));
    let mut output = at(ends(place).0, quote!(#head #binder));
    output.extend(ours(place, context, before, user, after));
    output
}

/// As [`around`], for one of our types or traits. The name of `veo_core` keeps its span, so that the
/// compiler reports only once if nothing has that name.
pub(crate) fn ours(
    place: &impl ToTokens,
    context: &ExpansionContext,
    before: TokenStream,
    user: TokenStream,
    after: TokenStream,
) -> TokenStream {
    let (first, last) = ends(place);
    let mut output = path_at(first, &context.krate);
    output.extend(at(first, quote!(::__private::#before)));
    output.extend(user);
    output.extend(at(last, after));
    output
}

/// Traits of `veo_core` in the expansion of a derive. One name is always the same trait: every use
/// has the name resolution of `of`, wherever its span points. This matters because `::` means
/// something else in another edition.
pub(crate) struct DeriveTraits<'a> {
    pub(crate) krate: &'a TokenStream,
    pub(crate) of: Span,
}

impl DeriveTraits<'_> {
    /// The path of the trait with this name.
    pub(crate) fn path(&self, place: Span, name: TokenStream) -> TokenStream {
        let span = self.of.located_at(place);
        let mut output = path_at(span, self.krate);
        output.extend(at(span, quote!(::#name)));
        output
    }

    /// The item `name` of the trait `asked`, for an inferred type, with the span of `place`.
    pub(crate) fn item(
        &self,
        place: &impl ToTokens,
        asked: TokenStream,
        name: TokenStream,
    ) -> TokenStream {
        let (first, last) = ends(place);
        let path = self.path(first, asked);
        let name = at(self.of.located_at(last), quote!(::#name));
        if is_absolute(self.krate) {
            return quote!(#path #name);
        }
        // The path begins elsewhere.
        let (before, after) = (at(first, quote!(<_ as)), at(last, quote!(>)));
        quote!(#before #path #after #name)
    }

    /// A variable with this name, and a call that requires it to be `Data`. If it is not, the
    /// compiler reports this at `place`.
    pub(crate) fn ask_data(&self, place: &impl ToTokens, name: &str) -> (Ident, TokenStream) {
        let (first, last) = ends(place);
        let ask = self.item(place, quote!(__private::Data), quote!(ASK));
        let reference = at(self.of.located_at(first), quote!(&));
        let name = Ident::new(name, self.of.located_at(last));
        let mut argument = Group::new(Delimiter::Parenthesis, quote!(#reference #name));
        argument.set_span(self.of.located_at(last));
        (name, quote!(#ask #argument))
    }
}

/// Whether a path begins with `::`. We choose the span of that token.
fn is_absolute(path: &TokenStream) -> bool {
    matches!(path.clone().into_iter().next(), Some(TokenTree::Punct(_)))
}

/// A path. Names from the user keep their spans.
fn path_at(place: Span, path: &TokenStream) -> TokenStream {
    let mut output = TokenStream::new();
    for mut tree in path.clone() {
        if let TokenTree::Punct(_) = tree {
            tree.set_span(place);
        }
        output.extend([tree]);
    }
    output
}

/// The spans of the first and the last token.
fn ends(place: &impl ToTokens) -> (Span, Span) {
    let mut spans = place.to_token_stream().into_iter().map(|tree| tree.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}

/// These tokens, all with one span.
fn at(span: Span, tokens: TokenStream) -> TokenStream {
    let place = |mut tree: TokenTree| {
        tree.set_span(span);
        tree
    };
    tokens.into_iter().map(place).collect()
}
