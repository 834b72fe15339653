//! Declarations in source files, compared with a library that no build knows: for commands.
//!
//! Nothing is expanded, and nobody compiles the result. So facts that the compiler would know, the layout of structures and the
//! targets of aliases, are taken from the same files ([`types`]). Types that are not in them stay open and are noted.

mod nesting;
mod types;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Item, LitStr, Meta};
use veo_abi::Verify;
use veo_abi::prototype::Prototypes;

use crate::attribute::{self, DeclaredLibrary, Resolution};
use crate::check;
use crate::declaration::Declaration;
use crate::parse::{self, Parsed};
use crate::report::MistakeReport;
use crate::verify;
use types::SourceTypes;

/// The declarations of some source files.
#[derive(Default)]
pub struct Sources {
    kernels: Vec<SourceKernel>,
    /// Mistakes in the attributes and items themselves.
    mistakes: Vec<SourceMistake>,
    types: SourceTypes,
}

struct SourceKernel {
    file: String,
    declaration: Declaration,
}

/// A mistake in a source file, with what the compiler would say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceMistake {
    /// The file, by the name that it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The message.
    pub message: String,
}

/// The result of comparing sources with a library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceComparison {
    /// How many declarations of the library were compared.
    pub compared: usize,
    /// Symbols that the library has without debug information, so that only their names are compared.
    pub names_only: Vec<String>,
    /// The mistakes.
    pub mistakes: Vec<SourceMistake>,
    /// Sentences about declarations that could not be compared.
    pub notes: Vec<String>,
}

impl Sources {
    /// The bytes of stack that reading and comparing takes at most, for sources that nest deeply.
    pub const STACK: usize = 1 << 29;

    /// Reads a file's text. `file` is how mistakes name it.
    ///
    /// # Errors
    ///
    /// It is not Rust, or nests deeper than anybody writes.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), SourceMistake> {
        if text.parse().is_ok_and(nesting::is_too_deep) {
            let message = "it nests too deeply, or one expression is too long".into();
            let here = Span::call_site();
            return Err(at(file, here, here, message));
        }
        let parsed = syn::parse_file(text)
            .map_err(|error| at(file, error.span(), Span::call_site(), error.to_string()))?;
        self.items(file, parsed.items);
        Ok(())
    }

    /// The symbols that are declared as kernels of a library of this file name.
    pub fn symbols<'a>(&'a self, library: &'a str) -> impl Iterator<Item = String> + 'a {
        let kernels = self.kernels.iter();
        let of_library = kernels.filter(|kernel| is_of(&kernel.declaration, library));
        of_library.map(|kernel| kernel.declaration.symbol.value())
    }

    /// The libraries that declarations name, each once.
    #[must_use]
    pub fn libraries(&self) -> Vec<String> {
        let kernels = self.kernels.iter();
        let mut names: Vec<String> = kernels
            .filter_map(|kernel| match &kernel.declaration.library {
                DeclaredLibrary::Shared(name) => Some(name.value()),
                _ => None,
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Compares the declarations of a library of this file name with its functions, by the rules of a build. All mistakes in the
    /// sources are told, of whatever library.
    #[must_use]
    pub fn compare(&self, library: &str, prototypes: &Prototypes) -> SourceComparison {
        let mut comparison = SourceComparison {
            mistakes: self.mistakes.clone(),
            ..SourceComparison::default()
        };
        for SourceKernel { file, declaration } in &self.kernels {
            if !is_of(declaration, library) {
                continue;
            }
            let (name, symbol) = (&declaration.ident, declaration.symbol.value());
            if declaration.verify == Verify::Off {
                let note =
                    format!("`{name}` is not compared: its declaration says `verify = \"off\"`");
                comparison.notes.push(note);
                continue;
            }
            comparison.compared += 1;
            if prototypes.get(&symbol).is_none() {
                match prototypes.exports(&symbol) {
                    true => comparison.names_only.push(symbol),
                    false if declaration.resolution != Resolution::Eager => {
                        let note = format!(
                            "`{symbol}`, which is looked up on first use, is not in the library"
                        );
                        comparison.notes.push(note);
                    }
                    false => {}
                }
            }
            let mut report = MistakeReport::default();
            let known = |ty| self.types.known(ty);
            let open = verify::against(declaration, library, prototypes, &known, &mut report);
            comparison
                .mistakes
                .extend(said(file, name.span(), report.errors()));
            comparison.notes.extend(open);
        }
        comparison
            .mistakes
            .sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        comparison
    }

    fn items(&mut self, file: &str, items: Vec<Item>) {
        for item in items {
            match item {
                Item::Mod(module) => {
                    let content = module.content.map(|(_, items)| items);
                    self.items(file, content.unwrap_or_default());
                }
                Item::Struct(item) => self.types.add_struct(item),
                Item::Type(item) => self.types.add_alias(item),
                item => self.item(file, item.to_token_stream()),
            }
        }
    }

    /// Reads an item, if it has our attribute.
    fn item(&mut self, file: &str, tokens: TokenStream) {
        let split = |input: ParseStream| {
            let attrs = input.call(Attribute::parse_outer)?;
            Ok((attrs, input.parse::<TokenStream>()?))
        };
        let Ok((mut attrs, rest)) = split.parse2(tokens) else {
            return;
        };
        let Some(ours) = attrs.iter().position(|attr| parse::is_ours(attr.path())) else {
            return;
        };
        let ours = attrs.remove(ours);
        let place = ours.pound_token.span;
        let arguments = match ours.meta {
            Meta::List(list) => list.tokens,
            _ => TokenStream::new(),
        };
        let mut report = MistakeReport::default();
        let options = attribute::parse(arguments, &mut report);
        let item = attrs
            .iter()
            .map(ToTokens::to_token_stream)
            .chain([rest])
            .collect();
        let parsed = parse::item(item, &mut report);
        self.mistakes.extend(said(file, place, report.errors()));
        let parse::Item::Kernels(kernels) = parsed else {
            return;
        };
        for kernel in kernels {
            match kernel {
                Parsed::Function(kernel) => {
                    let mut report = MistakeReport::default();
                    let declaration = check::kernel(*kernel, &options, &mut report);
                    let place = declaration.ident.span();
                    self.mistakes.extend(said(file, place, report.errors()));
                    if declaration.is_right {
                        let file = file.to_owned();
                        self.kernels.push(SourceKernel { file, declaration });
                    }
                }
                Parsed::Broken(broken) => {
                    self.mistakes.extend(said(file, place, broken.why.clone()));
                }
            }
        }
    }
}

/// Whether a declaration is of the library with this file name.
fn is_of(declaration: &Declaration, library: &str) -> bool {
    match &declaration.library {
        DeclaredLibrary::Shared(name) => {
            let name = name.value();
            name.rsplit('/').next() == Some(library)
        }
        DeclaredLibrary::Static | DeclaredLibrary::Unknown => false,
    }
}

/// The mistakes that the compiler would tell of these tokens. Those without a place of their own are at `otherwise`.
fn said(file: &str, otherwise: Span, errors: TokenStream) -> Vec<SourceMistake> {
    let mut said = Vec::new();
    // `::core::compile_error! { "message" }`
    let mut begin = None;
    for tree in errors {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                if let Ok(message) = syn::parse2::<LitStr>(group.stream()) {
                    let place = begin.unwrap_or(otherwise);
                    said.push(at(file, place, otherwise, message.value()));
                }
                begin = None;
            }
            other => begin = begin.or(Some(other.span())),
        }
    }
    said
}

fn at(file: &str, place: Span, otherwise: Span, message: String) -> SourceMistake {
    let nowhere = Span::call_site().start();
    let start = match place.start() {
        start if start == nowhere => otherwise.start(),
        start => start,
    };
    SourceMistake {
        file: file.to_owned(),
        line: start.line.max(1),
        column: start.column + 1,
        message,
    }
}
