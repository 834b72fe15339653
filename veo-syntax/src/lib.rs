//! The parser, checker and expansion of kernel declarations.
//!
//! The way of a declaration, each step a module:
//!
//! ```text
//! tokens --parse--> items --check--> Declaration --verify--> --expand--> tokens
//!             \________\_______________\____ Report (what the table of messages says)
//! ```
//!
//! An ordinary library over [`proc_macro2`], so that `veo-macros` only has entry
//! points and everything here is tested without the compiler. [`Built`] alone reads
//! the environment and files: what the declaring crate's build knows of its libraries.

mod attribute;
mod built;
mod check;
mod declaration;
mod declared;
mod derive;
mod expand;
mod messages;
mod near;
mod parse;
mod report;
mod spell;
mod types;
mod verify;

use proc_macro2::TokenStream;

pub use built::Built;
pub use declared::{DeclaredKernel, declared};

/// Expands `#[ve_kernel(args)] item` in a crate with this build.
///
/// Mistakes come back as `compile_error!` at the tokens that made them, beside a
/// stub of the same name, so that callers of the kernel see no second error.
#[must_use]
pub fn ve_kernel(args: TokenStream, item: TokenStream, built: &Built) -> TokenStream {
    let mut report = report::Report::default();
    let options = attribute::parse(args, &mut report);
    match parse::item(item, &mut report) {
        parse::Item::Kernels(kernels) => {
            let context = attribute::Context::new(&options);
            let mut output = TokenStream::new();
            for kernel in kernels {
                let declaration = check::kernel(kernel, &options, &mut report);
                let checks = if declaration.is_right() {
                    verify::kernel(&declaration, built, &mut report)
                } else {
                    verify::Checks::default()
                };
                output.extend(expand::kernel(&declaration, &checks, &context));
            }
            output.extend(report.into_tokens());
            output
        }
        parse::Item::Other(tokens) => {
            let mut output = report.into_tokens();
            output.extend(tokens);
            output
        }
    }
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
