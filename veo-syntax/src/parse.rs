//! Parses functions one by one, so that a syntax error in one function of a block does not
//! affect the others.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, ForeignItemFn, LitStr, Meta, Path, Token, Visibility, parse_quote};

use crate::c_spelling;
use crate::mistake::Mistake;
use crate::placeholder::PlaceholderParts;
use crate::report::MistakeReport;

/// The item below the attribute.
pub(crate) enum Item {
    /// One function, or those of a block.
    Kernels(Vec<Parsed>),
    /// Another item. It has been reported and stays unchanged.
    Other(TokenStream),
}

/// The result of parsing a function.
pub(crate) enum Parsed {
    /// A well-formed function.
    Function(Box<WrittenKernel>),
    /// A function with a syntax error.
    Broken(Broken),
}

/// A function with a syntax error.
pub(crate) struct Broken {
    attrs: Vec<Attribute>,
    vis: Visibility,
    ident: Ident,
    /// The errors about it.
    pub(crate) why: TokenStream,
}

impl Broken {
    /// The parts that a placeholder needs.
    pub(crate) fn named(&self) -> PlaceholderParts<'_> {
        PlaceholderParts {
            attrs: &self.attrs,
            vis: &self.vis,
            ident: &self.ident,
            mentioned: &[],
        }
    }
}

/// A declaration as written.
pub(crate) struct WrittenKernel {
    /// Attributes of the block, which hold for all in it.
    pub(crate) block_attrs: Vec<Attribute>,
    pub(crate) form: DeclarationForm,
    pub(crate) function: ForeignItemFn,
}

/// The place of a declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeclarationForm {
    /// Outside of a block.
    Single,
    /// In an `unsafe extern "C"` block.
    InBlock,
}

/// Parses the item below the attribute.
pub(crate) fn item(tokens: TokenStream, report: &mut MistakeReport) -> Item {
    if let Ok((head, body)) = block_head.parse2(tokens.clone()) {
        return Item::Kernels(block(head, body, report));
    }
    let cases = by_condition(tokens.clone());
    let parsed = cases
        .into_iter()
        .map(|case| function(case, DeclarationForm::Single, &[], report));
    match parsed.collect::<Option<Vec<Parsed>>>() {
        Some(parsed) => Item::Kernels(parsed),
        None => Item::Other(tokens),
    }
}

struct ItemHead {
    attrs: Vec<Attribute>,
    unsafety: Option<Token![unsafe]>,
    extern_token: Token![extern],
    abi: Option<LitStr>,
}

fn block_head(input: ParseStream) -> syn::Result<(ItemHead, TokenStream)> {
    let head = ItemHead {
        attrs: input.call(Attribute::parse_outer)?,
        unsafety: input.parse()?,
        extern_token: input.parse()?,
        abi: input.parse()?,
    };
    let content;
    syn::braced!(content in input);
    Ok((head, content.parse()?))
}

fn block(head: ItemHead, body: TokenStream, report: &mut MistakeReport) -> Vec<Parsed> {
    if head.unsafety.is_none() {
        report.at(&head.extern_token, &Mistake::BlockNotUnsafe);
    }
    check_abi(&head.extern_token, head.abi.as_ref(), report);
    for attr in &head.attrs {
        if attr.path().is_ident("link") {
            report.at(attr, &Mistake::LinkAttribute);
        } else if is_ours(attr.path()) {
            report.at(attr, &Mistake::AttributeTwice);
        }
    }
    let mut block_attrs = head.attrs;
    block_attrs.retain(|attr| !attr.path().is_ident("link") && !is_ours(attr.path()));

    let mut kernels = Vec::new();
    let mut rest = body;
    let inner = |input: ParseStream| {
        let attrs = input.call(Attribute::parse_inner)?;
        Ok((attrs, input.parse::<TokenStream>()?))
    };
    if let Ok((attrs, after)) = inner.parse2(rest.clone()) {
        // Each function gets them as outer attributes, with our span, because they are inner ones in the source.
        let outer = |Attribute { meta, .. }| -> Attribute { parse_quote!(#[#meta]) };
        block_attrs.extend(attrs.into_iter().map(outer));
        rest = after;
    }
    for item in split_items(rest).into_iter().flat_map(by_condition) {
        kernels.extend(function(
            item,
            DeclarationForm::InBlock,
            &block_attrs,
            report,
        ));
    }
    kernels
}

/// Whether this is `#[ve_kernel]`, by any path or by its imported name.
pub(crate) fn is_ours(path: &Path) -> bool {
    let Some(last) = path.segments.last() else {
        return false;
    };
    last.ident == "ve_kernel" || imported_name().is_some_and(|name| last.ident == name)
}

/// Splits a function with a `#[cfg_attr(..)]` about the kernel into one function for each case,
/// because the macro must know the attributes. Other functions stay unchanged.
fn by_condition(function: TokenStream) -> Vec<TokenStream> {
    let split = |input: ParseStream| {
        let attrs = input.call(Attribute::parse_outer)?;
        Ok((attrs, input.parse::<TokenStream>()?))
    };
    let Ok((attrs, rest)) = split.parse2(function.clone()) else {
        return vec![function];
    };
    let mut all = attrs.iter().enumerate();
    let found = all.find_map(|(at, attr)| Some((at, conditional(attr)?)));
    let Some((at, (condition, given))) = found else {
        return vec![function];
    };
    let (before, after) = (&attrs[..at], &attrs[at + 1..]);
    let holds = quote!(#(#before)* #[cfg(#condition)] #(#[#given])* #(#after)* #rest);
    let does_not = quote!(#(#before)* #[cfg(not(#condition))] #(#after)* #rest);
    [holds, does_not]
        .into_iter()
        .flat_map(by_condition)
        .collect()
}

/// The condition of `#[cfg_attr(condition, ve_kernel(..))]`, and its attributes.
fn conditional(attr: &Attribute) -> Option<(Meta, Vec<Meta>)> {
    if !attr.path().is_ident("cfg_attr") {
        return None;
    }
    let list = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    let mut list = list.ok()?.into_iter();
    let (condition, given) = (list.next()?, list.collect::<Vec<Meta>>());
    let of_kernel = |meta: &Meta| is_ours(meta.path()) || meta.path().is_ident("link_name");
    given.iter().any(of_kernel).then_some((condition, given))
}

/// Whether this item is our own expansion. Then the attribute was on a function in a block, under
/// a name that we did not recognise.
pub(crate) fn is_expanded(item: &TokenStream) -> bool {
    let body = item.clone().into_iter().last();
    let Some(TokenTree::Group(body)) = body else {
        return false;
    };
    let ours = |tree| matches!(tree, TokenTree::Ident(ident) if ident == "_KERNEL");
    body.delimiter() == Delimiter::Brace && body.stream().into_iter().any(ours)
}

/// The name of the attribute in the source: `kernel` after `use veo_core::ve_kernel as kernel`,
/// from `#[kernel(lib = "libx.so")]`. Only the compiler knows it; an editor may not.
fn imported_name() -> Option<String> {
    let written = Span::call_site().source_text()?;
    let attribute = written.trim_start_matches(|c: char| "#![".contains(c) || c.is_whitespace());
    let is_path = |c: char| c.is_alphanumeric() || "_:#".contains(c) || c.is_whitespace();
    let path = attribute.split(|c| !is_path(c)).next()?;
    Some(path.rsplit("::").next()?.trim().to_owned())
}

/// Reports a missing ABI, or one that is not C.
pub(crate) fn check_abi(at: &Token![extern], abi: Option<&LitStr>, report: &mut MistakeReport) {
    match abi {
        None => report.at(at, &Mistake::NoAbi),
        Some(abi) if abi.value() != "C" => report.at(abi, &Mistake::WrongAbi(abi.value())),
        Some(_) => {}
    }
}

/// Splits items. An item ends with `;` or with a body. Braces inside `<..>` are not a body: `Matrix<{ N + 1 }>`.
fn split_items(tokens: TokenStream) -> Vec<TokenStream> {
    let mut items = Vec::new();
    let mut item = TokenStream::new();
    let (mut open, mut after_minus) = (0_usize, false);
    for tree in tokens {
        let mark = match &tree {
            TokenTree::Punct(punct) => punct.as_char(),
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => '{',
            _ => ' ',
        };
        let last = mark == ';' || (mark == '{' && open == 0);
        match mark {
            '<' => open += 1,
            '>' if !after_minus => open = open.saturating_sub(1),
            _ => {}
        }
        after_minus = mark == '-';
        item.extend([tree]);
        if last {
            items.push(std::mem::take(&mut item));
            open = 0;
        }
    }
    if !item.is_empty() {
        items.push(item);
    }
    items
}

/// Parses one function. If it has a body, reports that and ignores the body.
fn function(
    tokens: TokenStream,
    form: DeclarationForm,
    block_attrs: &[Attribute],
    report: &mut MistakeReport,
) -> Option<Parsed> {
    let mut trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut body = None;
    if let Some(TokenTree::Group(group)) = trees
        .pop_if(|last| matches!(last, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace))
    {
        trees.extend(Token![;](group.span()).into_token_stream());
        body = Some(group);
    }
    match syn::parse2::<ForeignItemFn>(trees.into_iter().collect()) {
        Ok(function) => {
            if let Some(body) = body {
                report_body(&function, &body, report);
            }
            Some(Parsed::Function(Box::new(WrittenKernel {
                block_attrs: block_attrs.to_vec(),
                form,
                function,
            })))
        }
        Err(error) => match kind.parse2(tokens.clone()) {
            Ok(Some((keyword, mistake))) => {
                report.at(&keyword, &mistake);
                None
            }
            _ => match (|input: ParseStream| broken(input, &error)).parse2(tokens) {
                Ok(broken) => Some(Parsed::Broken(broken)),
                Err(_) => {
                    report.syntax(error);
                    None
                }
            },
        },
    }
}

/// Reads the parts of a broken function that its placeholder needs. If the function was meant as
/// C, the error says so in terms of kernels. Otherwise it is the parser's error.
fn broken(input: ParseStream, error: &syn::Error) -> syn::Result<Broken> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis = input.parse()?;
    while !input.peek(Token![fn]) {
        input.parse::<TokenTree>()?;
    }
    input.parse::<Token![fn]>()?;
    let ident = input.call(Ident::parse_any)?;
    let rest: TokenStream = input.parse()?;
    let mut report = MistakeReport::default();
    match c_spelling::mistake(rest) {
        Some((place, mistake)) => report.at(&place, &mistake),
        None => report.syntax(error.clone()),
    }
    Ok(Broken {
        attrs,
        vis,
        ident,
        why: report.errors(),
    })
}

fn report_body(function: &ForeignItemFn, body: &Group, report: &mut MistakeReport) {
    let span = body.span_open();
    let name = function.sig.ident.to_string();
    report.at_span(span, &Mistake::Body(name));
}

/// The mistake for an item that is not a function, by its keyword.
fn kind(input: ParseStream) -> syn::Result<Option<(TokenTree, Mistake)>> {
    input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    loop {
        let tree: TokenTree = input.parse()?;
        let TokenTree::Ident(word) = &tree else {
            return Ok(None);
        };
        let mistake = match word.to_string().as_str() {
            "unsafe" | "safe" | "const" | "async" => continue,
            "static" => Mistake::GlobalVariable,
            "type" => Mistake::ForeignType,
            "fn" => return Ok(None),
            other => Mistake::NotAFunction(other.to_string()),
        };
        let _rest: TokenStream = input.parse()?;
        return Ok(Some((tree, mistake)));
    }
}
