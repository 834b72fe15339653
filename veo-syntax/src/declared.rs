//! Finds the declarations in a source file, for tools that look at a whole crate.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::attribute::{self, Library};
use crate::report::Report;
use crate::{check, parse};

/// A declared kernel, as far as a linker is concerned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeclaredKernel {
    /// The library, `None` for the symbols linked into veorun.
    pub library: Option<String>,
    /// The name in the library.
    pub symbol: String,
}

/// The kernels that the text of a Rust source declares, wherever in it, in order. What the compiler would refuse is left out.
#[must_use]
pub fn declared(source: &str) -> Vec<DeclaredKernel> {
    let mut found = Vec::new();
    if let Ok(tokens) = source.parse() {
        search(tokens, &mut found);
    }
    found
}

fn search(tokens: TokenStream, found: &mut Vec<DeclaredKernel>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        let attribute = match &tokens[at..] {
            [TokenTree::Punct(hash), TokenTree::Group(group), ..] if hash.as_char() == '#' => {
                arguments(&group.stream()).filter(|_| group.delimiter() == Delimiter::Bracket)
            }
            _ => None,
        };
        if let Some(arguments) = attribute {
            let item = &tokens[at + 2..];
            let end = item
                .iter()
                .position(ends_item)
                .map_or(item.len(), |last| last + 1);
            kernels(arguments, item[..end].iter().cloned().collect(), found);
            at += 2 + end;
            continue;
        }
        if let TokenTree::Group(group) = &tokens[at] {
            search(group.stream(), found);
        }
        at += 1;
    }
}

/// The arguments of a `ve_kernel` attribute, however it is reached: `veo_core::ve_kernel(lib = "libx.so")`.
fn arguments(attribute: &TokenStream) -> Option<TokenStream> {
    let tokens: Vec<TokenTree> = attribute.clone().into_iter().collect();
    let (TokenTree::Group(arguments), path) = tokens.split_last()? else {
        return None;
    };
    let path_only = path
        .iter()
        .all(|token| matches!(token, TokenTree::Ident(_) | TokenTree::Punct(_)));
    let named = path
        .last()
        .is_some_and(|last| last.to_string() == "ve_kernel");
    (path_only && named && arguments.delimiter() == Delimiter::Parenthesis)
        .then(|| arguments.stream())
}

fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    }
}

fn kernels(arguments: TokenStream, item: TokenStream, found: &mut Vec<DeclaredKernel>) {
    let mut report = Report::default();
    let options = attribute::parse(arguments, &mut report);
    let parse::Item::Kernels(kernels) = parse::item(item, &mut report) else {
        return;
    };
    for kernel in kernels {
        let parse::Parsed::Function(kernel) = kernel else {
            continue;
        };
        let declaration = check::kernel(*kernel, &options, &mut report);
        let library = match &declaration.library {
            Library::Shared(name) => Some(name.value()),
            Library::Static => None,
            Library::Unknown => continue,
        };
        let symbol = declaration.symbol.value();
        found.push(DeclaredKernel { library, symbol });
    }
}

#[cfg(test)]
mod tests {
    use super::declared;

    #[test]
    fn declarations_wherever_they_are() {
        let source = r#"
            //! docs
            use veo_core::ve_kernel;
            /// Adds.
            #[ve_kernel(lib = "liba.so")]
            pub fn add(a: i32, b: *mut f64) -> i64;
            mod inner {
                #[cfg(feature = "x")]
                #[veo_core::ve_kernel(lib = "libb.so")]
                unsafe extern "C" {
                    safe fn one();
                    #[ve_kernel(name = "two_")]
                    fn two(x: f64) -> f64;
                }
            }
            fn main() {
                #[ve_kernel(static)]
                fn linked();
                #[derive(Debug)] struct NoKernel;
            }
        "#;
        let found: Vec<_> = declared(source)
            .into_iter()
            .map(|kernel| (kernel.library, kernel.symbol))
            .collect();
        let expected = [
            (Some("liba.so"), "add"),
            (Some("libb.so"), "one"),
            (Some("libb.so"), "two_"),
            (None, "linked"),
        ];
        assert_eq!(
            found,
            expected.map(|(library, symbol)| (library.map(str::to_string), symbol.to_string()))
        );
    }

    #[test]
    fn what_is_no_rust_declares_nothing() {
        assert_eq!(declared("#[ve_kernel(lib = \"a.so\")] fn ("), []);
        assert_eq!(declared("#[ve_kernel(lib = \"a.so\")]"), []);
        assert_eq!(declared("#[ve_kernel] fn f();"), []);
    }
}
