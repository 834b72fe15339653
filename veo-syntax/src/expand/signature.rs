//! The signature of the stub: the types of its parameters and its result.
//!
//! Parameters get names of ours. The user's name may also be the name of a constant, a static, a
//! unit structure or an enumerator at this place, and would then be a pattern instead of a name.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::visit_mut::VisitMut;
use syn::{Lifetime, PointerMutability, Type, TypePtr, TypeReference};

use crate::attribute::ExpansionContext;
use crate::declaration::{Declaration, DeclaredParam, DeclaredResult, ParamType};
use crate::spans::{bound, ours};

/// The parameter for the target. It has the span of the kernel's name, so that a message that points
/// to the declaration does not show our attribute as well.
pub(super) fn target(ident: &Ident) -> Ident {
    let place = Span::mixed_site().located_at(ident.span());
    Ident::new("_ctx_or_proc", place)
}

/// The name of a parameter inside the stub, with the span of the user's name. No other variable there
/// begins with two underscores.
pub(super) fn inner_name(param: &DeclaredParam, index: usize) -> Ident {
    let place = Span::mixed_site().located_at(param.ident.span());
    if param.ident == "_" {
        return Ident::new(&format!("__{index}"), place);
    }
    Ident::new(&format!("__{}", param.ident.unraw()), place)
}

/// Everything before the body.
pub(super) fn signature(declaration: &Declaration, context: &ExpansionContext) -> TokenStream {
    let krate = &context.krate;
    let Declaration {
        vis,
        unsafety,
        ident,
        params,
        result,
        ..
    } = declaration;
    let params = params.iter().enumerate();
    let params = params.map(|(index, param)| parameter(param, index, context));
    // The user's own path may be longer than necessary. The lint is allowed only if needed, because
    // a crate may forbid to allow it.
    let path_lint = context.is_given.then(|| quote!(unused_qualifications,));
    let head = quote! {
        #[allow(non_snake_case, #path_lint clippy::too_many_arguments)]
        #vis #unsafety fn #ident
    };
    let on = target(ident);
    let on = quote_spanned!(ident.span()=> #on: &__On);
    let params = quote!((#on, #(#params),*));
    // The result of a call has a type parameter of its own, so that a wrong target is reported once.
    // The bound has the span of the name, so that messages point to the declaration.
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
fn parameter(param: &DeclaredParam, index: usize, context: &ExpansionContext) -> TokenStream {
    let name = inner_name(param, index);
    let attrs = &param.attrs;
    let ty = match &param.ty {
        ParamType::Scalar(ty) => ty.to_token_stream(),
        ParamType::Reference(reference) => {
            borrowed(reference, Lifetime::new("'__a", Span::mixed_site()))
        }
        ParamType::Function(ty) => {
            let accepted = quote!(FunctionArg<'__a>);
            bound(ty, quote!(impl), context, accepted, quote!(), quote!())
        }
        ParamType::Pointer(pointer) => pointer_in_signature(pointer, context),
        ParamType::Other(ty) => {
            let krate = &context.krate;
            let declared = declared_by_name(ty, &quote!(#krate::__private::Param));
            let accepted = quote!(NamedArg<'__a, );
            // Lifetimes in the declared type make no difference to the argument.
            let named = without_lifetimes(ty);
            let user = quote!(#named, #declared);
            bound(ty, quote!(impl), context, accepted, user, quote!(>))
        }
        ParamType::Wrong => quote!(()),
    };
    quote!(#(#attrs)* #name: #ty)
}

/// Each kind of pointer has its own message. Pointers to pointers have the message of `Arg`.
fn pointer_in_signature(pointer: &TypePtr, context: &ExpansionContext) -> TokenStream {
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

/// `{ <c_int as Param>::DECLARED }`: whether a type that is known by name may be declared. If not,
/// the compiler reports it at the user's type, and reports nothing for its uses.
fn declared_by_name(ty: &Type, required: &TokenStream) -> TokenStream {
    let ty = without_lifetimes(ty);
    quote!({ <#ty as #required>::DECLARED })
}

/// Makes all lifetimes `'static`. A constant in a signature cannot use other lifetimes, and a bound
/// cannot leave them out.
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

/// The reference that a call takes. Data that the kernel writes is borrowed for `lifetime`, until the request has been
/// collected. Data that it only reads is borrowed only during the call.
pub(super) fn borrowed(reference: &TypeReference, lifetime: Lifetime) -> TokenStream {
    let mut reference = reference.clone();
    let is_static = |lifetime: &Lifetime| lifetime.ident == "static";
    if reference.mutability.is_some() && !reference.lifetime.as_ref().is_some_and(is_static) {
        reference.lifetime = Some(lifetime);
    }
    reference.into_token_stream()
}

impl DeclaredResult {
    /// The type of a call's value.
    pub(super) fn value(&self, context: &ExpansionContext) -> TokenStream {
        let krate = &context.krate;
        match self {
            DeclaredResult::Unit | DeclaredResult::Wrong => quote!(()),
            DeclaredResult::Scalar(ty) => ty.to_token_stream(),
            DeclaredResult::Pointer(pointer) => {
                let pointee = &pointer.elem;
                quote!(#krate::VeMemPtr<#pointee>)
            }
            DeclaredResult::Other(ty) => {
                let declared = declared_by_name(ty, &quote!(#krate::__private::KernelResult));
                let user = quote!(#ty, #declared);
                ours(ty, context, quote!(ValueOf<), user, quote!(>))
            }
        }
    }
}
