//! From a checked declaration to the stub that callers see.
//!
//! Names of the expansion are absolute, its locals and lifetimes begin with two
//! underscores, and every use of a type carries the span of the user's own
//! tokens, so that what the compiler says about it is said there.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Lifetime, LitStr, PointerMutability, Type, TypePtr, TypeReference};

use veo_abi::prototype::Assertion;

use crate::attribute::{Context, Library, Policy, Resolution};
use crate::declaration::{Declaration, Param, ParamType, Result};
use crate::verify::{self, Checks};

/// Expands one declaration.
pub(crate) fn kernel(declaration: &Declaration, checks: &Checks, context: &Context) -> TokenStream {
    if declaration.is_right() {
        stub(declaration, checks, context)
    } else {
        placeholder(declaration, context)
    }
}

fn stub(declaration: &Declaration, checks: &Checks, context: &Context) -> TokenStream {
    let krate = &context.krate;
    let signature = signature(declaration, context);
    let Declaration { ident, symbol, .. } = declaration;
    let name = LitStr::new(&ident.unraw().to_string(), ident.span());
    let library = match &declaration.library {
        Library::Shared(name) => quote!(Shared(#name)),
        _ => quote!(Static),
    };
    let resolution = match declaration.resolution {
        Resolution::Eager => quote!(Eager),
        Resolution::Optional => quote!(Optional),
        Resolution::Lazy => quote!(Lazy),
    };
    let verify = match declaration.verify {
        None => quote!(Default),
        Some(Policy::Deny) => quote!(Deny),
        Some(Policy::Warn) => quote!(Warn),
        Some(Policy::Off) => quote!(Off),
    };
    let warnings = checks
        .warnings
        .iter()
        .map(|(place, text)| warning(place, text));
    // Cargo then compiles the crate anew when the variable changes.
    let variable = checks.by_variable.then(|| {
        quote!(
            const _: ::core::option::Option<&str> = ::core::option_env!("VEO_VERIFY");
        )
    });
    let assertions = checks.assertions.iter().map(|a| assertion(declaration, a));
    // Its own line, not that of the attribute above a block.
    let line = quote_spanned!(ident.span()=> ::core::line!());
    let params = declaration.params.iter().map(|param| param.ty.described());
    let result = declaration.result.described();
    let arguments = declaration.params.iter().map(argument);
    let submit = declaration.result.submit();
    let (on, call) = (local("__on"), local("__call"));
    quote! {
        #signature {
            use #krate::__private as __veo;

            static __KERNEL: __veo::Kernel = __veo::Kernel::new(__veo::KernelInfo {
                name: #name,
                symbol: #symbol,
                library: __veo::Library::#library,
                resolution: __veo::Resolution::#resolution,
                crate_name: ::core::env!("CARGO_PKG_NAME"),
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: #line,
                build_dir: ::core::option_env!("OUT_DIR"),
                signature: __veo::abi::Signature {
                    params: &[#(#params),*],
                    result: #result,
                },
                verify: __veo::Verify::#verify,
            });
            __veo::inventory::submit! { __veo::Registration(&__KERNEL) }
            #variable
            #(#warnings)*
            #(#assertions)*

            let mut #call = __veo::Call::new(&__KERNEL);
            #(#arguments)*
            #call.#submit(#on)
        }
    }
}

/// The comparison of a type that is known by name only with what the library has.
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
        quote!(("{}", MESSAGES[if verdict > #last { #last } else { verdict - 1 }])),
    );
    quote! {
        const _: () = {
            use __veo::abi::prototype as __prototype;
            const FOUND: __prototype::Shapes<'static> = #shapes;
            const MESSAGES: &[&str] = &[#(#messages),*];
            let verdict = __prototype::verdict(&#ty, &FOUND, #root);
            if verdict != 0 {
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

/// A variable that no parameter of the user's can be mistaken for.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Everything before the body.
fn signature(declaration: &Declaration, context: &Context) -> TokenStream {
    let krate = &context.krate;
    let Declaration {
        attrs,
        vis,
        unsafety,
        ident,
        params,
        result,
        ..
    } = declaration;
    let params = params.iter().map(|param| parameter(param, context));
    let head = quote! {
        #(#attrs)*
        #[allow(non_snake_case, clippy::too_many_arguments)]
        #vis #unsafety fn #ident
    };
    let on = local("__on");
    let params = quote!((#on: &__On, #(#params),*));
    let target = quote!(#krate::__private::Target);
    let value = result.value(context);
    match result {
        // The compiler complains about a type by path once if it stands here, in a
        // bound it would do so twice.
        Result::Other(ty) => {
            let bound = around(ident, quote!(__On: ), quote!(), target.clone());
            let output = around(
                ty,
                quote!(#krate::Result<<__On as #target>::Output<'__a, ),
                value,
                quote!(>>),
            );
            quote!(#head<'__a, __On> #params -> #output where #bound)
        }
        // What a call gives as a parameter of its own: so a wrong target is reported
        // once. The bound stands at the name, to point to the declaration.
        _ => {
            let before = quote!(__On: #target<Output<'__a, );
            let bound = around(ident, before, value, quote!(> = __Out>));
            quote!(#head<'__a, __On, __Out> #params -> #krate::Result<__Out> where #bound)
        }
    }
}

/// The parameter of the stub, with its type.
fn parameter(param: &Param, context: &Context) -> TokenStream {
    let krate = &context.krate;
    let Param { attrs, ident, ty } = param;
    let ty = match ty {
        ParamType::Scalar(ty) => ty.to_token_stream(),
        ParamType::Reference(reference) => reference_in_signature(reference),
        ParamType::Function(_) | ParamType::Pointer(_) | ParamType::Other(_) => {
            let declared = ty.declared(quote!(#krate));
            let before = quote!(impl #krate::__private::Arg<'__a, );
            around(&declared.clone(), before, declared, quote!(>))
        }
        ParamType::Wrong(_) => quote!(impl ::core::marker::Sized),
    };
    quote!(#(#attrs)* #ident: #ty)
}

/// What the kernel writes is borrowed until the request has been collected, what
/// it reads only while the call is made.
fn reference_in_signature(reference: &TypeReference) -> TokenStream {
    let mut reference = reference.clone();
    let is_static = |lifetime: &Lifetime| lifetime.ident == "static";
    if reference.mutability.is_some() && !reference.lifetime.as_ref().is_some_and(is_static) {
        reference.lifetime = Some(Lifetime::new("'__a", Span::mixed_site()));
    }
    reference.into_token_stream()
}

/// The statement that adds an argument to the call.
fn argument(param: &Param) -> TokenStream {
    let call = local("__call");
    let name = &param.ident;
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

/// What a reference refers to.
enum Referent<'a> {
    Value(&'a Type),
    Slice(&'a Type),
}

fn referent(reference: &TypeReference) -> Referent<'_> {
    match crate::types::plain(&reference.elem) {
        Type::Slice(slice) => Referent::Slice(&slice.elem),
        _ => Referent::Value(&reference.elem),
    }
}

/// What stands for a declaration with mistakes: it has the right name, accepts
/// anything where something was wrong, and never runs.
fn placeholder(declaration: &Declaration, context: &Context) -> TokenStream {
    let signature = signature(declaration, context);
    // So that their imports do not count as unused.
    let named = declaration
        .params
        .iter()
        .filter_map(|param| match &param.ty {
            ParamType::Wrong(ty) => ty.as_ref(),
            _ => None,
        });
    quote! {
        #[allow(unused_variables)]
        #signature {
            let _: ::core::option::Option<fn(#(#named),*)>;
            ::core::unreachable!()
        }
    }
}

impl ParamType {
    /// The type as the user wrote it.
    pub(crate) fn written(&self) -> TokenStream {
        match self {
            ParamType::Function(ty) => ty.to_token_stream(),
            _ => self.declared(TokenStream::new()),
        }
    }

    /// The type as the traits see it; `private` is the path of their module.
    fn declared(&self, private: TokenStream) -> TokenStream {
        match self {
            ParamType::Scalar(ty) | ParamType::Other(ty) => ty.to_token_stream(),
            ParamType::Pointer(pointer) => pointer.to_token_stream(),
            ParamType::Reference(reference) => reference.to_token_stream(),
            ParamType::Function(ty) => around(ty, quote!(#private::), quote!(), quote!(FnAddr)),
            ParamType::Wrong(_) => quote!(()),
        }
    }

    /// The constant that describes it. It names what the user's own type has to
    /// be, so that the compiler's complaint, if any, is about that type.
    pub(crate) fn described(&self) -> TokenStream {
        match self {
            ParamType::Pointer(pointer) => pointer_constant(pointer),
            ParamType::Reference(reference) => {
                let mutable = reference.mutability.is_some();
                let (Referent::Value(data) | Referent::Slice(data)) = referent(reference);
                let pointee = constant(data, quote!(Data));
                quote!(__veo::abi::Type::Pointer { mutable: #mutable, pointee: &#pointee })
            }
            _ => constant(&self.declared(quote!(__veo)), quote!(Param)),
        }
    }
}

impl Result {
    /// The type as the traits see it.
    pub(crate) fn declared(&self) -> TokenStream {
        match self {
            Result::Unit | Result::Wrong(_) => quote!(()),
            Result::Scalar(ty) | Result::Other(ty) => ty.to_token_stream(),
            Result::Pointer(pointer) => pointer.to_token_stream(),
        }
    }

    /// The last call of the body.
    fn submit(&self) -> TokenStream {
        let declared = self.declared();
        let before = quote!(submit::<__On, );
        match self {
            Result::Other(ty) => around(ty, before, declared, quote!(>)),
            _ => quote!(#before #declared>),
        }
    }

    /// The constant that describes it.
    pub(crate) fn described(&self) -> TokenStream {
        match self {
            Result::Unit | Result::Wrong(_) => quote!(__veo::abi::Type::Void),
            Result::Pointer(pointer) => pointer_constant(pointer),
            Result::Scalar(ty) | Result::Other(ty) => constant(ty, quote!(KernelResult)),
        }
    }

    /// The type of the value that a call gives.
    fn value(&self, context: &Context) -> TokenStream {
        let krate = &context.krate;
        match self {
            Result::Unit | Result::Wrong(None) => quote!(()),
            Result::Scalar(ty) | Result::Wrong(Some(ty)) => ty.to_token_stream(),
            Result::Pointer(pointer) => {
                let pointee = &pointer.elem;
                quote!(#krate::VeMemPtr<#pointee>)
            }
            Result::Other(ty) => around(
                ty,
                quote!(<),
                ty.to_token_stream(),
                quote!(as #krate::__private::KernelResult>::Value),
            ),
        }
    }
}

/// `<T as Trait>::TYPE`
fn constant(ty: &impl ToTokens, required: TokenStream) -> TokenStream {
    quote!(<#ty as __veo::#required>::TYPE)
}

fn pointer_constant(pointer: &TypePtr) -> TokenStream {
    let mutable = matches!(pointer.mutability, PointerMutability::Mut(_));
    let pointee = constant(&pointer.elem, quote!(Pointee));
    quote!(__veo::abi::Type::Pointer { mutable: #mutable, pointee: &#pointee })
}

/// Surrounds the user's tokens with ours, which get the place of the first and the
/// last token of `place`: whatever the compiler says about the whole is said there.
fn around(
    place: &impl ToTokens,
    before: TokenStream,
    user: TokenStream,
    after: TokenStream,
) -> TokenStream {
    let mut spans = place.to_token_stream().into_iter().map(|tree| tree.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    let last = spans.last().unwrap_or(first);
    let mut output = at(first, before);
    output.extend(user);
    output.extend(at(last, after));
    output
}

fn at(span: Span, tokens: TokenStream) -> TokenStream {
    let place = |mut tree: TokenTree| {
        tree.set_span(span);
        tree
    };
    tokens.into_iter().map(place).collect()
}
