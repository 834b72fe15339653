//! The keys of `#[ve_kernel(..)]`.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Lit, LitStr, Path, Token};
use veo_abi::{Verify, near_names};

use crate::clause_mistake::ClauseFault;
use crate::mistake::Mistake;
use crate::names::{check_library, check_symbol};
use crate::report::MistakeReport;

/// The place of the kernel.
#[derive(Clone)]
pub(crate) enum DeclaredLibrary {
    /// A library of this name or path.
    Shared(LitStr),
    /// The symbols linked into veorun.
    Static,
    /// Missing or wrong. The mistake has been reported.
    Unknown,
}

/// When the kernel is looked up, and what happens if it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// When a process is created. A missing kernel is an error.
    Eager,
    /// On first use. The program works without it.
    Optional,
    /// On first use.
    Lazy,
}

/// The values of the attribute.
pub(crate) struct AttributeOptions {
    pub(crate) library: DeclaredLibrary,
    pub(crate) name: Option<LitStr>,
    pub(crate) resolution: Resolution,
    pub(crate) verify: Verify,
    /// The key and the clauses of a contract.
    pub(crate) requires: Option<(Ident, TokenStream)>,
    /// The same for what a header says.
    pub(crate) bounds: Option<(Ident, TokenStream)>,
    /// The key and the parameters that are written in parts.
    pub(crate) shared: Option<(Ident, TokenStream)>,
    krate: Option<Path>,
}

/// The context that every part of an expansion needs.
pub(crate) struct ExpansionContext {
    /// The path of `veo_core`.
    pub(crate) krate: TokenStream,
    /// Whether the user gave this path.
    pub(crate) is_given: bool,
}

impl ExpansionContext {
    pub(crate) fn new(options: &AttributeOptions) -> Self {
        ExpansionContext {
            krate: crate_path(options.krate.as_ref()),
            is_given: options.krate.is_some(),
        }
    }
}

/// The path of `veo_core` as the user's crate knows it.
pub(crate) fn crate_path(given: Option<&Path>) -> TokenStream {
    match given {
        Some(path) => quote!(#path),
        None => quote!(::veo_core),
    }
}

/// Parses the arguments of an attribute on a function or a block.
pub(crate) fn parse(args: TokenStream, report: &mut MistakeReport) -> AttributeOptions {
    let mut keys = AttributeKeys::default();
    keys.read(args, report);
    let library = match (keys.lib, keys.r#static) {
        (Some((_, name)), None) => DeclaredLibrary::Shared(name),
        (None, Some(_)) => DeclaredLibrary::Static,
        (Some((key, _)), Some(_)) => {
            report.at(&key, &Mistake::LibAndStatic);
            DeclaredLibrary::Unknown
        }
        (None, None) => {
            if !keys.lib_was_wrong {
                report.at_span(Span::call_site(), &Mistake::NoLibrary);
            }
            DeclaredLibrary::Unknown
        }
    };
    AttributeOptions {
        library,
        name: keys.name.map(|(_, name)| name),
        resolution: resolution(keys.optional, keys.lazy, report).unwrap_or(Resolution::Eager),
        verify: keys.verify.map_or(Verify::Default, |(_, verify)| verify),
        requires: keys.requires,
        bounds: keys.bounds,
        shared: keys.shared,
        krate: keys.krate.map(|(_, path)| path),
    }
}

/// The keys of `#[ve_kernel(..)]` on a function inside a block, which hold for that function.
#[derive(Default)]
pub(crate) struct Overrides {
    pub(crate) name: Option<LitStr>,
    pub(crate) resolution: Option<Resolution>,
    pub(crate) verify: Verify,
    pub(crate) requires: Option<(Ident, TokenStream)>,
    pub(crate) bounds: Option<(Ident, TokenStream)>,
    /// The key and the parameters that are written in parts.
    pub(crate) shared: Option<(Ident, TokenStream)>,
}

/// Parses an attribute on a function inside a block.
pub(crate) fn parse_inner(args: TokenStream, report: &mut MistakeReport) -> Overrides {
    let mut keys = AttributeKeys {
        in_block: true,
        ..AttributeKeys::default()
    };
    keys.read(args, report);
    let of_the_block = [
        keys.lib.map(|(key, _)| key),
        keys.r#static,
        keys.krate.map(|(key, _)| key),
    ];
    for key in of_the_block.into_iter().flatten() {
        report.at(&key, &Mistake::KeyOfTheBlock(key.to_string()));
    }
    Overrides {
        name: keys.name.map(|(_, name)| name),
        resolution: resolution(keys.optional, keys.lazy, report),
        verify: keys.verify.map_or(Verify::Default, |(_, verify)| verify),
        requires: keys.requires,
        bounds: keys.bounds,
        shared: keys.shared,
    }
}

fn resolution(
    optional: Option<Ident>,
    lazy: Option<Ident>,
    report: &mut MistakeReport,
) -> Option<Resolution> {
    match (optional, lazy) {
        (Some(_), Some(lazy)) => {
            report.at(&lazy, &Mistake::OptionalAndLazy);
            Some(Resolution::Optional)
        }
        (Some(_), None) => Some(Resolution::Optional),
        (None, Some(_)) => Some(Resolution::Lazy),
        (None, None) => None,
    }
}

/// The keys seen, each with the token that gave it.
#[derive(Default)]
struct AttributeKeys {
    /// Whether the attribute is on a function in a block.
    in_block: bool,
    lib: Option<(Ident, LitStr)>,
    /// Whether a key that was meant as `lib` has been reported.
    lib_was_wrong: bool,
    name: Option<(Ident, LitStr)>,
    krate: Option<(Ident, Path)>,
    r#static: Option<Ident>,
    optional: Option<Ident>,
    lazy: Option<Ident>,
    verify: Option<(Ident, Verify)>,
    requires: Option<(Ident, TokenStream)>,
    bounds: Option<(Ident, TokenStream)>,
    shared: Option<(Ident, TokenStream)>,
}

impl AttributeKeys {
    fn read(&mut self, args: TokenStream, report: &mut MistakeReport) {
        for entry in split_at_commas(separated(args, report)) {
            let parser = |input: ParseStream| self.entry(input, report);
            if let Err(error) = parser.parse2(entry) {
                report.syntax(error);
            }
        }
    }

    /// Reads one `key` or `key = value`.
    fn entry(&mut self, input: ParseStream, report: &mut MistakeReport) -> syn::Result<()> {
        if input.peek(Lit) {
            let literal: Lit = input.parse()?;
            let _rest: TokenStream = input.parse()?;
            self.lib_was_wrong = true;
            let text = quote!(#literal).to_string();
            let mistake = if self.in_block {
                Mistake::BareName(text)
            } else {
                Mistake::BareLibrary(text)
            };
            report.at(&literal, &mistake);
            return Ok(());
        }
        let key = input.call(Ident::parse_any)?;
        if key == "shared" {
            let rest: TokenStream = input.parse()?;
            match parenthesized(&rest) {
                Some(names) if !names.is_empty() => {
                    once(&mut self.shared, (key.clone(), names), &key, report);
                }
                _ => report.at(&key, &Mistake::SharedForm),
            }
            return Ok(());
        }
        // A build script writes `bounds`, so it is not suggested to anybody.
        if key == "requires" || key == "bounds" {
            let rest: TokenStream = input.parse()?;
            let slot = if key == "requires" {
                &mut self.requires
            } else {
                &mut self.bounds
            };
            clauses(slot, key, &rest, report);
            return Ok(());
        }
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(_) => Some(input.parse::<TokenStream>()?),
            None if input.is_empty() => None,
            None => {
                let rest: TokenStream = input.parse()?;
                let text = key.unraw().to_string();
                if meant(&text) == Some("requires") {
                    report.at(&key, &Mistake::UnknownKey(text, Some("requires")));
                    return Ok(());
                }
                self.lib_was_wrong |= key == "lib";
                report.at(&rest, &Mistake::NotKeyValue(key.to_string()));
                return Ok(());
            }
        };
        let text = key.unraw().to_string();
        match text.as_str() {
            "lib" => match string(&key, value, report) {
                Some(name) => {
                    check_library(&name, report);
                    once(&mut self.lib, (key.clone(), name), &key, report);
                }
                None => self.lib_was_wrong = true,
            },
            "name" => {
                if let Some(name) = string(&key, value, report) {
                    check_symbol(&name, report);
                    once(&mut self.name, (key.clone(), name), &key, report);
                }
            }
            "crate" => {
                let path = value.as_ref().and_then(path);
                match path {
                    Some(path) => once(&mut self.krate, (key.clone(), path), &key, report),
                    None => match value {
                        Some(value) if !value.is_empty() => {
                            report.at(&value, &Mistake::CrateNeedsPath);
                        }
                        _ => report.at(&key, &Mistake::CrateNeedsPath),
                    },
                }
            }
            "verify" => {
                let Some(word) = string(&key, value, report) else {
                    return Ok(());
                };
                match Verify::parse(&word.value()) {
                    Some(verify) => once(&mut self.verify, (key.clone(), verify), &key, report),
                    None => report.at(&word, &Mistake::UnknownPolicy(word.value())),
                }
            }
            "static" => flag(&mut self.r#static, key, value, report),
            "optional" => flag(&mut self.optional, key, value, report),
            "lazy" => flag(&mut self.lazy, key, value, report),
            _ => {
                let meant = meant(&text);
                self.lib_was_wrong |= matches!(meant, Some("lib" | "static"));
                report.at(&key, &Mistake::UnknownKey(text, meant));
            }
        }
        Ok(())
    }
}

/// The tokens in the parentheses that are all of `rest`.
fn parenthesized(rest: &TokenStream) -> Option<TokenStream> {
    let mut trees = rest.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => {
            Some(group.stream())
        }
        _ => None,
    }
}

/// Reads `requires(clause, ..)`; `rest` has the tokens after the word.
fn clauses(
    slot: &mut Option<(Ident, TokenStream)>,
    key: Ident,
    rest: &TokenStream,
    report: &mut MistakeReport,
) {
    let mut trees = rest.clone().into_iter();
    let clauses = match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => {
            group.stream()
        }
        (Some(TokenTree::Group(group)), Some(next))
            if group.delimiter() == Delimiter::Parenthesis =>
        {
            report.at(&next, &Mistake::MissingComma(next.to_string()));
            return;
        }
        _ => {
            report.at(&key, &Mistake::Contract(ClauseFault::Form));
            return;
        }
    };
    if clauses.is_empty() {
        report.at(&key, &Mistake::Contract(ClauseFault::Empty));
    } else if slot.is_some() {
        report.at(&key, &Mistake::Contract(ClauseFault::Twice));
    } else {
        *slot = Some((key, clauses));
    }
}

/// The key that was probably meant.
fn meant(key: &str) -> Option<&'static str> {
    Some(match key {
        "library" | "libs" | "link" | "so" | "file" => "lib",
        "link_name" | "symbol" | "sym" | "rename" => "name",
        "weak" | "maybe" => "optional",
        "krate" | "path" => "crate",
        "linked" | "builtin" => "static",
        "require" | "contract" | "precondition" | "pre" | "assume" | "assert" => "requires",
        _ => {
            let keys = [
                "lib", "static", "name", "optional", "lazy", "verify", "requires", "shared",
                "crate",
            ];
            return near_names(key, keys).first().copied();
        }
    })
}

/// The pieces between commas that are not inside brackets.
pub(crate) fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut pieces = vec![TokenStream::new()];
    for tree in tokens {
        match (&tree, pieces.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => {
                pieces.push(TokenStream::new());
            }
            (_, Some(piece)) => piece.extend([tree]),
            (_, None) => {}
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Reports anything between two keys, or two conditions, other than one comma.
pub(crate) fn separated(args: TokenStream, report: &mut MistakeReport) -> TokenStream {
    let mut after_comma = true;
    let mut output = TokenStream::new();
    for tree in args {
        let separator = match &tree {
            TokenTree::Punct(punct) => Some(punct.as_char()).filter(|c| matches!(c, ',' | ';')),
            _ => None,
        };
        match separator {
            Some(';') => {
                report.at(&tree, &Mistake::Semicolon);
                output.extend(quote!(,));
            }
            Some(_) if after_comma => report.at(&tree, &Mistake::ExtraComma),
            _ => output.extend([tree]),
        }
        after_comma = separator.is_some();
    }
    output
}

/// The value of a key that takes a string.
fn string(key: &Ident, value: Option<TokenStream>, report: &mut MistakeReport) -> Option<LitStr> {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        report.at(key, &Mistake::NeedsString(key.to_string()));
        return None;
    };
    let text = syn::parse2(value.clone()).ok();
    if text.is_none() {
        let mut trees = value.clone().into_iter();
        match (trees.next(), trees.next()) {
            (Some(TokenTree::Literal(_)), Some(next @ TokenTree::Ident(_))) => {
                report.at(&next, &Mistake::MissingComma(next.to_string()));
            }
            _ => report.at(&value, &Mistake::NeedsString(key.to_string())),
        }
    }
    text
}

/// A path, written plainly or as a string.
fn path(value: &TokenStream) -> Option<Path> {
    match syn::parse2::<LitStr>(value.clone()) {
        Ok(text) => text.parse_with(Path::parse_mod_style).ok(),
        Err(_) => Path::parse_mod_style.parse2(value.clone()).ok(),
    }
}

fn flag(
    slot: &mut Option<Ident>,
    key: Ident,
    value: Option<TokenStream>,
    report: &mut MistakeReport,
) {
    if let Some(value) = value {
        report.at(&value, &Mistake::FlagWithValue(key.to_string()));
    }
    once(slot, key.clone(), &key, report);
}

fn once<T>(slot: &mut Option<T>, value: T, key: &Ident, report: &mut MistakeReport) {
    if slot.is_some() {
        report.at(key, &Mistake::DuplicateKey(key.to_string()));
    } else {
        *slot = Some(value);
    }
}
