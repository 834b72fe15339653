//! Expands a checked declaration to the stub that callers see: its body, and comparisons at compile time.
//!
//! Paths in the expansion are absolute. Its locals, lifetimes and items begin with underscores. Every use of a type has the
//! span of the user's own tokens, so that the compiler's messages point there.

mod contract;
mod documented;
mod signature;
mod types;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::LitStr;
use syn::ext::IdentExt;

use veo_abi::Verify;
use veo_abi::prototype::Assertion;

use self::documented::documented;
use self::signature::{inner_name, signature, target};
use self::types::{Referent, referent};
use crate::attribute::{DeclaredLibrary, ExpansionContext, Resolution};
use crate::declaration::{Declaration, DeclaredParam, DeclaredResult, ParamType};
use crate::spans::around;
use crate::spell::spell;
use crate::verify::{self, Checks};

/// Expands a declaration without mistakes.
pub(crate) fn stub(
    declaration: &Declaration,
    checks: &Checks,
    context: &ExpansionContext,
) -> TokenStream {
    let krate = &context.krate;
    let signature = signature(declaration, context);
    let Declaration { ident, symbol, .. } = declaration;
    let name = LitStr::new(&ident.unraw().to_string(), ident.span());
    let library = match &declaration.library {
        DeclaredLibrary::Shared(name) => quote!(Shared(#name)),
        _ => quote!(Static),
    };
    let resolution = match declaration.resolution {
        Resolution::Eager => quote!(Eager),
        Resolution::Optional => quote!(Optional),
        Resolution::Lazy => quote!(Lazy),
    };
    let verify = match declaration.verify {
        Verify::Default => quote!(Default),
        Verify::Deny => quote!(Deny),
        Verify::Warn => quote!(Warn),
        Verify::Off => quote!(Off),
    };
    let warnings = checks
        .warnings
        .iter()
        .map(|(place, text)| warning(place, text));
    // This makes Cargo compile the crate again if the variable changes.
    let variable = checks.by_variable.then(|| {
        quote!(
            const _: ::core::option::Option<&str> = ::core::option_env!("VEO_VERIFY");
        )
    });
    // Cargo and compiler caches know only the files that the expansion mentions.
    let files = checks.files.iter().map(|file| {
        let file = format!("/{file}");
        quote! {
            const _: &[u8] =
                ::core::include_bytes!(::core::concat!(::core::env!("OUT_DIR"), #file));
        }
    });
    let assertions = checks.assertions.iter().map(|a| assertion(declaration, a));
    // This is the line of the function, not of the attribute above a block.
    let line = quote_spanned!(ident.span()=> __veo::line!());
    let params = declaration.params.iter().map(|param| param.ty.described());
    let names = declaration.params.iter();
    let names = names.map(|param| param.ident.unraw().to_string());
    let words = declaration.params.iter().map(|p| spell(&p.ty.written()));
    let words = words.chain([match &declaration.result {
        DeclaredResult::Unit => String::new(),
        result => spell(&result.declared()),
    }]);
    let result = declaration.result.described();
    let arguments = declaration.params.iter().enumerate();
    let arguments = arguments.map(|(index, param)| {
        let argument = argument(param, index);
        let call = local("_call");
        let is_shared = declaration.shared.contains(&param.ident);
        let in_parts = is_shared.then(|| quote!(#call.in_parts();));
        quote!(#in_parts #argument)
    });
    let clauses = declaration.contract.iter().map(|clause| &clause.text);
    let contract = contract::checks(declaration, inner_name);
    let submit = declaration.result.submit();
    let (on, call) = (target(ident), local("_call"));
    // If the user's own path is wrong, there must be only one error. A `use` would add another one
    // with other words.
    let alias = (!context.is_given).then(|| quote!(use #krate::__private as __veo;));
    let body = quote! {
            #alias

            static _KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
                name: #name,
                symbol: #symbol,
                library: __veo::Library::#library,
                resolution: __veo::Resolution::#resolution,
                crate_name: __veo::crate_name(
                    ::core::option_env!("CARGO_PKG_NAME"),
                    ::core::module_path!(),
                ),
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: #line,
                build_dir: ::core::option_env!("OUT_DIR"),
                signature: __veo::abi::Signature {
                    params: &[#(#params),*],
                    result: #result,
                },
                parameters: &[#(#names),*],
                words: &[#(#words),*],
                verify: __veo::Verify::#verify,
                contract: &[#(#clauses),*],
            });
            __veo::inventory::submit! { __veo::Registration(&_KERNEL) }
            #variable
            #(#files)*
            #(#warnings)*
            #(#assertions)*
            #contract

            let mut #call = __veo::Call::new(&_KERNEL);
            #(#arguments)*
            #call.#submit(#on)
    };
    let body = if context.is_given {
        spelled_out(body, krate)
    } else {
        body
    };
    let attrs = &declaration.attrs;
    let section = contract::documentation(declaration);
    // The place of a call is a part of what is said about it.
    let is_tracked = attrs
        .iter()
        .any(|attr| attr.path().is_ident("track_caller"));
    let tracked = (!is_tracked).then(|| quote!(#[track_caller]));
    let documented = documented(declaration, context);
    quote! {
        #[cfg(doc)]
        #(#attrs)*
        #(#[doc = #section])*
        #documented

        #[cfg(not(doc))]
        #(#attrs)*
        #(#[doc = #section])*
        #tracked
        #signature { #body }
    }
}

/// Replaces `__veo` by its path.
fn spelled_out(tokens: TokenStream, krate: &TokenStream) -> TokenStream {
    let mut output = TokenStream::new();
    for tree in tokens {
        match tree {
            TokenTree::Ident(ident) if ident == "__veo" => {
                output.extend(quote!(#krate::__private));
            }
            TokenTree::Group(group) => {
                let inside = spelled_out(group.stream(), krate);
                let mut spelled = Group::new(group.delimiter(), inside);
                spelled.set_span(group.span());
                output.extend([TokenTree::Group(spelled)]);
            }
            other => output.extend([other]),
        }
    }
    output
}

/// Compares a type that is known only by name with the type in the library.
fn assertion(declaration: &Declaration, assertion: &Assertion) -> TokenStream {
    let (place, ty) = verify::subject(declaration, assertion);
    let shapes: TokenStream = assertion
        .shapes_source("__prototype")
        .parse()
        .unwrap_or_default();
    let root = assertion.root;
    let messages = &assertion.messages;
    let last = messages.len().saturating_sub(1);
    let refuse = around(
        &place,
        quote!(::core::panic!),
        TokenStream::new(),
        quote!(("{}", __message.as_str())),
    );
    quote! {
        const _: () = {
            use __veo::abi::prototype as __prototype;
            const __FOUND: __prototype::Shapes<'static> = #shapes;
            const __MESSAGES: &[&str] = &[#(#messages),*];
            let __verdict = __prototype::verdict(&#ty, &__FOUND, #root);
            if __verdict != 0 {
                let __message =
                    __MESSAGES[if __verdict > #last { #last } else { __verdict - 1 }];
                let __message = __prototype::ConstMessage::new(__message, &#ty);
                #refuse
            }
        };
    }
}

/// `use of deprecated`: the only warning that a macro can cause on stable Rust.
fn warning(place: &TokenStream, text: &str) -> TokenStream {
    let used = around(
        place,
        quote!(let _ =),
        TokenStream::new(),
        quote!(declaration;),
    );
    quote! {
        const _: () = {
            #[deprecated(note = #text)]
            #[allow(non_upper_case_globals)]
            const declaration: () = ();
            #used
        };
    }
}

/// A variable that no parameter of the user can conflict with.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The statement that adds an argument to the call.
fn argument(param: &DeclaredParam, index: usize) -> TokenStream {
    let call = local("_call");
    let name = inner_name(param, index);
    let ParamType::Reference(reference) = &param.ty else {
        let declared = param.ty.declared(quote!(__veo));
        return quote!(#call.arg::<#declared>(#name););
    };
    let mutable = reference.mutability.is_some();
    let (data, values) = match (referent(reference), mutable) {
        (Referent::Slice(data), _) => (data, quote!(#name)),
        (Referent::Value(data), false) => (data, quote!(::core::slice::from_ref(#name))),
        (Referent::Value(data), true) => (data, quote!(::core::slice::from_mut(#name))),
    };
    if mutable {
        quote!(#call.inout(<#data as __veo::Data>::inout(#values));)
    } else {
        quote!(#call.input(<#data as __veo::Data>::input(#values));)
    }
}
