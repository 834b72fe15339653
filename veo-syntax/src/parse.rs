//! From tokens to functions, one by one, so that a syntax error in one of a
//! block leaves the others alone.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, ForeignItemFn, LitStr, Token, Visibility};

use crate::messages::Mistake;
use crate::report::Report;

/// What the attribute was found on.
pub(crate) enum Item {
    /// One function, or those of a block.
    Kernels(Vec<Kernel>),
    /// Something else, reported, to be left as it is.
    Other(TokenStream),
}

/// A declaration as written.
pub(crate) struct Kernel {
    /// Attributes of the block, which hold for all in it.
    pub(crate) block_attrs: Vec<Attribute>,
    pub(crate) form: Form,
    pub(crate) function: ForeignItemFn,
}

/// Where a declaration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By itself.
    Single,
    /// In an `unsafe extern "C"` block.
    InBlock,
}

/// Parses what the attribute stands on.
pub(crate) fn item(tokens: TokenStream, report: &mut Report) -> Item {
    if let Ok((head, body)) = block_head.parse2(tokens.clone()) {
        return Item::Kernels(block(head, body, report));
    }
    match function(tokens.clone(), report) {
        Some(function) => Item::Kernels(vec![Kernel {
            block_attrs: Vec::new(),
            form: Form::Single,
            function,
        }]),
        None => Item::Other(tokens),
    }
}

struct Head {
    attrs: Vec<Attribute>,
    unsafety: Option<Token![unsafe]>,
    extern_token: Token![extern],
    abi: Option<LitStr>,
}

fn block_head(input: ParseStream) -> syn::Result<(Head, TokenStream)> {
    let head = Head {
        attrs: input.call(Attribute::parse_outer)?,
        unsafety: input.parse()?,
        extern_token: input.parse()?,
        abi: input.parse()?,
    };
    let content;
    syn::braced!(content in input);
    Ok((head, content.parse()?))
}

fn block(head: Head, body: TokenStream, report: &mut Report) -> Vec<Kernel> {
    if head.unsafety.is_none() {
        report.at(&head.extern_token, &Mistake::BlockNotUnsafe);
    }
    check_abi(&head.extern_token, head.abi.as_ref(), report);
    for attr in &head.attrs {
        if attr.path().is_ident("link") {
            report.at(attr, &Mistake::LinkAttribute);
        }
    }
    let mut block_attrs = head.attrs;
    block_attrs.retain(|attr| !attr.path().is_ident("link"));

    let mut kernels = Vec::new();
    let mut rest = body;
    let inner = |input: ParseStream| {
        let attrs = input.call(Attribute::parse_inner)?;
        Ok((attrs, input.parse::<TokenStream>()?))
    };
    if let Ok((attrs, after)) = inner.parse2(rest.clone()) {
        block_attrs.extend(attrs);
        rest = after;
    }
    for item in split_items(rest) {
        if let Some(function) = function(item, report) {
            kernels.push(Kernel {
                block_attrs: block_attrs.clone(),
                form: Form::InBlock,
                function,
            });
        }
    }
    kernels
}

/// Reports an ABI that is not C, or none.
pub(crate) fn check_abi(at: &Token![extern], abi: Option<&LitStr>, report: &mut Report) {
    match abi {
        None => report.at(at, &Mistake::NoAbi),
        Some(abi) if abi.value() != "C" => report.at(abi, &Mistake::WrongAbi(abi.value())),
        Some(_) => {}
    }
}

/// Items end with `;` or with a body.
fn split_items(tokens: TokenStream) -> Vec<TokenStream> {
    let mut items = Vec::new();
    let mut item = TokenStream::new();
    for tree in tokens {
        let last = match &tree {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        item.extend([tree]);
        if last {
            items.push(std::mem::take(&mut item));
        }
    }
    if !item.is_empty() {
        items.push(item);
    }
    items
}

/// Parses one function; reports a body and goes on as if there were none.
fn function(tokens: TokenStream, report: &mut Report) -> Option<ForeignItemFn> {
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
            Some(function)
        }
        Err(error) => {
            match kind.parse2(tokens) {
                Ok(Some((keyword, mistake))) => report.at(&keyword, &mistake),
                _ => report.syntax(error),
            }
            None
        }
    }
}

fn report_body(function: &ForeignItemFn, body: &Group, report: &mut Report) {
    let span = body.span_open();
    let name = function.sig.ident.to_string();
    report.at_span(span, &Mistake::Body(name));
}

/// What an item that is no function is, by its keyword.
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
