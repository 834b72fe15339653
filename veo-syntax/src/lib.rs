//! The parser, checker and expansion of kernel declarations.
//!
//! The steps of a declaration, one module each:
//!
//! ```text
//! tokens --parse--> items --check--> Declaration --verify--> --expand--> tokens
//!             \________\_______________\____ Report (what the table of messages says)
//! ```
//!
//! This is an ordinary library over [`proc_macro2`], so tests need no compiler, and
//! `veo-macros` has only entry points. Only [`CrateBuild`] reads the environment and files,
//! to find the libraries of the declaring crate's build.

mod attribute;
mod built;
mod c_spelling;
mod check;
mod clause;
mod clause_mistake;
mod contract;
mod declaration;
mod derive;
mod expand;
mod extent;
mod messages;
mod mistake;
mod names;
mod parse;
mod placeholder;
mod report;
#[cfg(feature = "source")]
mod source;
mod spans;
mod spell;
mod types;
mod verify;

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};

use mistake::Mistake;
use report::MistakeReport;

pub use built::CrateBuild;
#[cfg(feature = "source")]
pub use source::{SourceComparison, SourceMistake, Sources};

/// Expands `#[ve_kernel(args)] item` in a crate with this build.
///
/// Mistakes come back as `compile_error!` at the tokens that made them, beside a
/// stub of the same name, so that callers of the kernel see no second error.
#[must_use]
pub fn ve_kernel(args: TokenStream, item: TokenStream, built: &CrateBuild) -> TokenStream {
    let mut attribute = MistakeReport::default();
    if parse::is_expanded(&item) {
        attribute.at_span(Span::call_site(), &Mistake::AnotherName);
        let mut output = attribute.errors();
        output.extend(item);
        return output;
    }
    let options = attribute::parse(args, &mut attribute);
    let attribute = attribute.errors();
    let mut report = MistakeReport::default();
    let item = parse::item(item, &mut report);
    let context = attribute::ExpansionContext::new(&options);
    let in_a_library = !matches!(options.library, attribute::DeclaredLibrary::Unknown);
    let (kernels, mut output) = match item {
        parse::Item::Kernels(kernels) if in_a_library || kernels.is_empty() => {
            (kernels, attribute.clone())
        }
        // Each kernel reports this mistake. The compiler drops repeated errors.
        parse::Item::Kernels(kernels) => (kernels, TokenStream::new()),
        parse::Item::Other(tokens) => {
            let mut output = attribute;
            output.extend(report.errors());
            output.extend(tokens);
            return output;
        }
    };
    output.extend(report.errors());
    let mut mentioned = HashSet::new();
    for kernel in kernels {
        let mut why = if in_a_library {
            TokenStream::new()
        } else {
            attribute.clone()
        };
        let kernel = match kernel {
            parse::Parsed::Function(kernel) => kernel,
            parse::Parsed::Broken(broken) => {
                why.extend(broken.why.clone());
                output.extend(placeholder::placeholder(broken.named(), &why, &context));
                continue;
            }
        };
        let mut own = MistakeReport::default();
        let mut declaration = check::kernel(*kernel, &options, &mut own);
        if declaration.is_right {
            let mut checks = verify::kernel(&declaration, built, &mut own);
            let extents = checks.extents.iter();
            let extents: Vec<_> = extents.filter_map(|it| it.clause(&declaration)).collect();
            if checks.with_bounds {
                let bounds = std::mem::take(&mut declaration.bounds);
                declaration.contract.extend(bounds);
            }
            declaration.contract.extend(extents);
            // A kernel with a condition may vanish, so it cannot mention a file for the others.
            let is_condition = |attr: &syn::Attribute| {
                attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")
            };
            let depends = declaration.attrs.iter().any(is_condition);
            checks
                .files
                .retain(|file| depends || mentioned.insert(file.clone()));
            output.extend(expand::stub(&declaration, &checks, &context));
            output.extend(own.errors_below(&declaration.attrs));
        } else {
            why.extend(own.errors());
            output.extend(placeholder::placeholder(
                declaration.named(),
                &why,
                &context,
            ));
        }
    }
    output
}

/// Expands `#[derive(VeData)]`.
#[must_use]
pub fn derive_ve_data(item: TokenStream) -> TokenStream {
    derive::data(item)
}

/// Expands `#[derive(VeOpaque)]`.
#[must_use]
pub fn derive_ve_opaque(item: TokenStream) -> TokenStream {
    derive::opaque(item)
}
