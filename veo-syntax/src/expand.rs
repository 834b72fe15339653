//! From a checked declaration to the stub that callers see.
//!
//! Names of the expansion are absolute, its locals and lifetimes begin with two
//! underscores, and every use of a type carries the span of the user's own
//! tokens, so that what the compiler says about it is said there.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{LitStr, TypeReference};

use crate::attribute::{Context, Library, Resolution};
use crate::declaration::{Declaration, Param, ParamType, Result, Shape};

/// Expands one declaration.
pub(crate) fn kernel(declaration: &Declaration, context: &Context) -> TokenStream {
    match (declaration.shape, &declaration.library) {
        (Shape::Right, Library::Shared(_) | Library::Static) => stub(declaration, context),
        _ => placeholder(declaration, context),
    }
}

fn stub(declaration: &Declaration, context: &Context) -> TokenStream {
    let krate = &context.krate;
    let Declaration {
        attrs,
        vis,
        unsafety,
        ident,
        symbol,
        ..
    } = declaration;
    let params = declaration.params.iter().map(|p| parameter(p, context));
    let value = declaration.result.value(context);
    let result = declaration.result.declared();
    let types = declaration.params.iter().map(|param| {
        let ty = param.ty.declared(context);
        quote_spanned!(ty.span()=> <#ty as #krate::__private::Param>::TYPE)
    });
    let result_type = quote_spanned! {result.span()=>
        <#result as #krate::__private::KernelResult>::TYPE
    };
    let arguments = declaration.params.iter().map(|param| {
        let ty = param.ty.declared(context);
        let name = &param.ident;
        quote!(__call.arg::<#ty>(#name);)
    });
    let name = LitStr::new(&ident.unraw().to_string(), ident.span());
    let library = match &declaration.library {
        Library::Shared(name) => quote!(#krate::__private::Library::Shared(#name)),
        _ => quote!(#krate::__private::Library::Static),
    };
    let resolution = match declaration.resolution {
        Resolution::Eager => quote!(Eager),
        Resolution::Optional => quote!(Optional),
        Resolution::Lazy => quote!(Lazy),
    };
    quote! {
        #(#attrs)*
        #[allow(non_snake_case, clippy::too_many_arguments)]
        #vis #unsafety fn #ident<'__a, __On>(__on: &__On, #(#params),*)
            -> #krate::Result<<__On as #krate::__private::Target>::Output<'__a, #value>>
        where
            __On: #krate::__private::Target + ?::core::marker::Sized,
        {
            static __KERNEL: #krate::__private::Kernel =
                #krate::__private::Kernel::new(#krate::KernelInfo {
                    name: #name,
                    symbol: #symbol,
                    library: #library,
                    resolution: #krate::__private::Resolution::#resolution,
                    crate_name: ::core::env!("CARGO_PKG_NAME"),
                    module: ::core::module_path!(),
                    file: ::core::file!(),
                    line: ::core::line!(),
                    build_dir: ::core::option_env!("OUT_DIR"),
                    signature: #krate::__private::abi::Signature {
                        params: &[#(#types),*],
                        result: #result_type,
                    },
                });
            #krate::__private::inventory::submit! {
                #krate::__private::Registration(&__KERNEL)
            }
            let mut __call = #krate::__private::Call::new(&__KERNEL);
            #(#arguments)*
            __call.submit::<__On, #result>(__on)
        }
    }
}

/// What stands for a declaration with mistakes: it has the right name, accepts
/// anything where something was wrong, and never runs.
fn placeholder(declaration: &Declaration, context: &Context) -> TokenStream {
    let krate = &context.krate;
    let Declaration {
        attrs,
        vis,
        unsafety,
        ident,
        ..
    } = declaration;
    let params = declaration.params.iter().map(|param| match &param.ty {
        ParamType::Scalar(_) | ParamType::Reference(_) => parameter(param, context),
        _ => {
            let name = &param.ident;
            quote!(#name: impl ::core::marker::Sized)
        }
    });
    let value = declaration.result.value(context);
    quote! {
        #(#attrs)*
        #[allow(non_snake_case, unused_variables, clippy::too_many_arguments)]
        #vis #unsafety fn #ident<'__a, __On>(__on: &__On, #(#params),*)
            -> #krate::Result<<__On as #krate::__private::Target>::Output<'__a, #value>>
        where
            __On: #krate::__private::Target + ?::core::marker::Sized,
        {
            ::core::unreachable!()
        }
    }
}

/// The parameter of the stub, with its type.
fn parameter(param: &Param, context: &Context) -> TokenStream {
    let krate = &context.krate;
    let Param { attrs, ident, ty } = param;
    let ty = match ty {
        ParamType::Scalar(ty) => ty.to_token_stream(),
        ParamType::Reference(reference) => with_lifetime(reference).into_token_stream(),
        ParamType::Function(_) | ParamType::Other(_) => {
            let declared = ty.declared(context);
            quote!(impl #krate::__private::Arg<'__a, #declared>)
        }
        ParamType::Wrong => quote!(impl ::core::marker::Sized),
    };
    quote!(#(#attrs)* #ident: #ty)
}

/// `&T` as `&'__a T`, unless the user asked for `'static`.
fn with_lifetime(reference: &TypeReference) -> TypeReference {
    let mut reference = reference.clone();
    let keep = reference
        .lifetime
        .as_ref()
        .is_some_and(|l| l.ident == "static");
    if !keep {
        reference.lifetime = Some(syn::Lifetime::new("'__a", Span::mixed_site()));
    }
    reference
}

impl ParamType {
    /// The type as the traits see it.
    fn declared(&self, context: &Context) -> TokenStream {
        let krate = &context.krate;
        match self {
            ParamType::Scalar(ty) | ParamType::Other(ty) => ty.to_token_stream(),
            ParamType::Reference(reference) => reference.to_token_stream(),
            ParamType::Function(span) => quote_spanned!(*span=> #krate::__private::FnAddr),
            ParamType::Wrong => quote!(()),
        }
    }
}

impl Result {
    /// The type as the traits see it.
    fn declared(&self) -> TokenStream {
        match self {
            Result::Unit | Result::Wrong(_) => quote!(()),
            Result::Scalar(ty) | Result::Pointer(ty, _) | Result::Other(ty) => ty.to_token_stream(),
        }
    }

    /// The type of the value that callers get.
    fn value(&self, context: &Context) -> TokenStream {
        let krate = &context.krate;
        match self {
            Result::Unit | Result::Wrong(None) => quote!(()),
            Result::Scalar(ty) | Result::Wrong(Some(ty)) => ty.to_token_stream(),
            Result::Pointer(_, pointee) => quote!(#krate::VeMemPtr<#pointee>),
            Result::Other(ty) => {
                quote_spanned!(ty.span()=> <#ty as #krate::__private::KernelResult>::Value)
            }
        }
    }
}
