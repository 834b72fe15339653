//! The output of the macros: each file of `expand` against its `.expanded.rs`.
//!
//! `VEO_BLESS=1 cargo test -p veo-tests --test expand` writes them anew.

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::Parser;
use syn::{Attribute, Item, Meta};
use veo_test_support::blessing;

#[test]
fn expansions_are_the_expected_ones() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("macro/expand");
    let mut sources: Vec<PathBuf> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.to_string_lossy().ends_with(".expanded.rs"))
        .collect();
    sources.sort();
    assert!(sources.len() >= 10, "the cases are in {}", dir.display());
    let mut wrong = Vec::new();
    for source in sources {
        let found = expand(&std::fs::read_to_string(&source).unwrap());
        let expected = source.with_extension("expanded.rs");
        if blessing() {
            std::fs::write(&expected, &found).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != found {
            wrong.push(format!("{}:\n{found}", source.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "expansions changed; if that is right, run \
         VEO_BLESS=1 cargo test -p veo-tests --test expand\n\n{}",
        wrong.join("\n")
    );
}

/// Expands our macros in a source file and nothing else.
fn expand(source: &str) -> String {
    let file = syn::parse_file(source).expect("the case parses");
    let mut output = TokenStream::new();
    for item in file.items {
        output.extend(expand_item(item));
    }
    prettyplease::unparse(&syn::parse2(output).expect("the expansion parses"))
}

fn expand_item(item: Item) -> TokenStream {
    let (attrs, rest) = split.parse2(item.to_token_stream()).unwrap();
    let mut kept = TokenStream::new();
    let mut args = None;
    let mut derived = TokenStream::new();
    for attr in attrs {
        if attr.path().is_ident("ve_kernel") {
            args = Some(match &attr.meta {
                Meta::List(list) => list.tokens.clone(),
                _ => TokenStream::new(),
            });
        } else if attr.path().is_ident("derive") {
            let derives = attr.to_token_stream().to_string();
            if derives.contains("VeData") {
                derived.extend(veo_syntax::derive_ve_data(item.to_token_stream()));
            }
            if derives.contains("VeOpaque") {
                derived.extend(veo_syntax::derive_ve_opaque(item.to_token_stream()));
            }
        } else {
            attr.to_tokens(&mut kept);
        }
    }
    kept.extend(rest);
    match args {
        Some(args) => veo_syntax::ve_kernel(args, kept, &veo_syntax::CrateBuild::nothing()),
        None => derived,
    }
}

fn split(input: syn::parse::ParseStream) -> syn::Result<(Vec<Attribute>, TokenStream)> {
    Ok((input.call(Attribute::parse_outer)?, input.parse()?))
}
