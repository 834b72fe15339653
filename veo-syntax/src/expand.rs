//! From a checked declaration to the stub that callers see.
//!
//! Names of the expansion are absolute, its locals and lifetimes begin with two
//! underscores, and every use of a type carries the span of the user's own
//! tokens, so that what the compiler says about it is said there.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::visit_mut::VisitMut;
use syn::{Lifetime, LitStr, PointerMutability, Type, TypePtr, TypeReference};

use veo_abi::prototype::Assertion;

use crate::attribute::{Context, Library, Policy, Resolution};
use crate::declaration::{Declaration, Param, ParamType, Result};
use crate::place::{around, bound, ours};
use crate::verify::{self, Checks};

/// Expands a declaration that is right.
pub(crate) fn stub(declaration: &Declaration, checks: &Checks, context: &Context) -> TokenStream {
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
    let (on, call) = (target(ident), local("__call"));
    // If there is nothing at the user's own path, that is to be one error: without a `use`,
    // which has its own words for it.
    let alias = (!context.is_given).then(|| quote!(use #krate::__private as __veo;));
    let body = quote! {
            #alias

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
    };
    let body = if context.is_given {
        spelled_out(body, krate)
    } else {
        body
    };
    quote!(#signature { #body })
}

/// The same with the path that `__veo` stands for.
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

/// The parameter for the target. At the kernel's name, so that the compiler, when it points
/// to the declaration, does not show our attribute as well.
fn target(ident: &Ident) -> Ident {
    let place = Span::mixed_site().located_at(ident.span());
    Ident::new("ctx_or_proc", place)
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
    // A path of the user's own may have shorter names. Not allowed where it is not needed:
    // a crate may forbid it.
    let path_lint = context.is_given.then(|| quote!(unused_qualifications,));
    let head = quote! {
        #(#attrs)*
        #[allow(non_snake_case, #path_lint clippy::too_many_arguments)]
        #vis #unsafety fn #ident
    };
    let on = target(ident);
    let on = quote_spanned!(ident.span()=> #on: &__On);
    let params = quote!((#on, #(#params),*));
    // What a call gives is a parameter of its own: so a wrong target is reported once.
    // The bound stands at the name, to point to the declaration.
    let bound = bound(
        ident,
        quote!(),
        context,
        quote!(CallTarget<'__a, ),
        result.value(context),
        quote!(, Gives = __Out>),
    );
    quote! {
        #head<'__a, __On, __Out> #params -> #krate::Result<__Out>
        where __On: ?::core::marker::Sized + #bound
    }
}

/// The parameter of the stub, with its type.
fn parameter(param: &Param, context: &Context) -> TokenStream {
    let Param { attrs, ident, ty } = param;
    let ty = match ty {
        ParamType::Scalar(ty) => ty.to_token_stream(),
        ParamType::Reference(reference) => reference_in_signature(reference),
        ParamType::Function(ty) => {
            let accepted = quote!(FunctionArg<'__a>);
            bound(ty, quote!(impl), context, accepted, quote!(), quote!())
        }
        ParamType::Pointer(pointer) => pointer_in_signature(pointer, context),
        ParamType::Other(ty) => {
            let krate = &context.krate;
            let declared = declared_by_name(ty, &quote!(#krate::__private::Param));
            let accepted = quote!(NamedArg<'__a, );
            // How long what is declared would live makes no difference to what is passed.
            let named = without_lifetimes(ty);
            let user = quote!(#named, #declared);
            bound(ty, quote!(impl), context, accepted, user, quote!(>))
        }
        ParamType::Wrong => quote!(()),
    };
    quote!(#(#attrs)* #ident: #ty)
}

/// Pointers have a message each, except those to pointers, which have that of `Arg`.
fn pointer_in_signature(pointer: &TypePtr, context: &Context) -> TokenStream {
    let pointee = &pointer.elem;
    let is_mut = matches!(pointer.mutability, PointerMutability::Mut(_));
    let is_void = match crate::types::plain(pointee) {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident == "c_void"),
        Type::Ptr(_) => {
            let accepted = quote!(Arg<'__a, );
            let user = quote!(#pointer);
            return bound(pointer, quote!(impl), context, accepted, user, quote!(>));
        }
        _ => None,
    };
    let accepted = match (is_void.unwrap_or(false), is_mut) {
        (false, false) => quote!(ConstArg),
        (false, true) => quote!(MutArg),
        (true, false) => quote!(ConstVoidArg),
        (true, true) => quote!(MutVoidArg),
    };
    let accepted = quote!(#accepted<'__a, );
    bound(
        pointer,
        quote!(impl),
        context,
        accepted,
        quote!(#pointee),
        quote!(>),
    )
}

/// `{ <c_int as Param>::DECLARED }`: whether a type that is known by name may be declared. If
/// not, this is the error, at the user's type, and what depends on it is no further one.
fn declared_by_name(ty: &Type, required: &TokenStream) -> TokenStream {
    let ty = without_lifetimes(ty);
    quote!({ <#ty as #required>::DECLARED })
}

/// A constant in a signature cannot mention other lifetimes, nor can a bound leave them out.
fn without_lifetimes(ty: &Type) -> Type {
    let mut ty = ty.clone();
    EveryLifetimeIsStatic.visit_type_mut(&mut ty);
    ty
}

struct EveryLifetimeIsStatic;

impl VisitMut for EveryLifetimeIsStatic {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        *lifetime = Lifetime::new("'static", lifetime.span());
    }
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
            ParamType::Wrong => quote!(()),
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
            Result::Unit | Result::Wrong => quote!(()),
            Result::Scalar(ty) | Result::Other(ty) => ty.to_token_stream(),
            Result::Pointer(pointer) => pointer.to_token_stream(),
        }
    }

    /// The last call of the body.
    fn submit(&self) -> TokenStream {
        match self {
            Result::Other(ty) => {
                around(ty, quote!(submit::<__On, ), ty.to_token_stream(), quote!(>))
            }
            Result::Pointer(pointer) => {
                let pointee = &pointer.elem;
                quote!(submit_pointer::<__On, #pointee>)
            }
            _ => {
                let declared = self.declared();
                quote!(submit::<__On, #declared>)
            }
        }
    }

    /// The constant that describes it.
    pub(crate) fn described(&self) -> TokenStream {
        match self {
            Result::Unit | Result::Wrong => quote!(__veo::abi::Type::Void),
            Result::Pointer(pointer) => pointer_constant(pointer),
            Result::Scalar(ty) | Result::Other(ty) => constant(ty, quote!(KernelResult)),
        }
    }

    /// The type of the value that a call gives.
    fn value(&self, context: &Context) -> TokenStream {
        let krate = &context.krate;
        match self {
            Result::Unit | Result::Wrong => quote!(()),
            Result::Scalar(ty) => ty.to_token_stream(),
            Result::Pointer(pointer) => {
                let pointee = &pointer.elem;
                quote!(#krate::VeMemPtr<#pointee>)
            }
            Result::Other(ty) => {
                let declared = declared_by_name(ty, &quote!(#krate::__private::KernelResult));
                let user = quote!(#ty, #declared);
                ours(ty, context, quote!(ValueOf<), user, quote!(>))
            }
        }
    }
}

/// `<T as Trait>::TYPE`
fn constant(ty: &impl ToTokens, required: TokenStream) -> TokenStream {
    quote!(<#ty as __veo::#required>::TYPE)
}

fn pointer_constant(pointer: &TypePtr) -> TokenStream {
    let mutable = matches!(pointer.mutability, PointerMutability::Mut(_));
    let pointee = constant(&pointer.elem, quote!(PointedTo));
    quote!(__veo::abi::Type::Pointer { mutable: #mutable, pointee: &#pointee })
}
