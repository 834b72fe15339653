//! Declared types, as the traits of `veo_core` see them.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{PointerMutability, Type, TypePtr, TypeReference};

use crate::declaration::{DeclaredResult, ParamType};
use crate::spans::around;
use crate::verify;

/// The referent of a reference.
pub(super) enum Referent<'a> {
    Value(&'a Type),
    Slice(&'a Type),
}

pub(super) fn referent(reference: &TypeReference) -> Referent<'_> {
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
    pub(crate) fn declared(&self, private: TokenStream) -> TokenStream {
        match self {
            ParamType::Scalar(ty) | ParamType::Other(ty) => ty.to_token_stream(),
            ParamType::Pointer(pointer) => pointer.to_token_stream(),
            ParamType::Reference(reference) => reference.to_token_stream(),
            ParamType::Function(ty) => around(ty, quote!(#private::), quote!(), quote!(FnAddr)),
            ParamType::Wrong => quote!(()),
        }
    }

    /// The constant that describes the type. It names the trait for the user's own type, so that
    /// an error of the compiler is about that type.
    pub(crate) fn described(&self) -> TokenStream {
        match self {
            ParamType::Pointer(pointer) => pointer_constant(pointer),
            ParamType::Reference(reference) => {
                let mutable = reference.mutability.is_some();
                let (Referent::Value(data) | Referent::Slice(data)) = referent(reference);
                let pointee = constant(data, quote!(Data));
                quote!(__veo::abi::Type::Pointer { mutable: #mutable, pointee: &#pointee })
            }
            // Traits cannot describe the parameter types of a function.
            ParamType::Function(_) => verify::param(self)
                .source("__veo::abi")
                .parse()
                .unwrap_or_default(),
            _ => constant(&self.declared(quote!(__veo)), quote!(Param)),
        }
    }
}

impl DeclaredResult {
    /// The type as the traits see it.
    pub(crate) fn declared(&self) -> TokenStream {
        match self {
            DeclaredResult::Unit | DeclaredResult::Wrong => quote!(()),
            DeclaredResult::Scalar(ty) | DeclaredResult::Other(ty) => ty.to_token_stream(),
            DeclaredResult::Pointer(pointer) => pointer.to_token_stream(),
        }
    }

    /// The last call of the body.
    pub(super) fn submit(&self) -> TokenStream {
        match self {
            DeclaredResult::Other(ty) => {
                around(ty, quote!(submit::<__On, ), ty.to_token_stream(), quote!(>))
            }
            DeclaredResult::Pointer(pointer) => {
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
            DeclaredResult::Unit | DeclaredResult::Wrong => quote!(__veo::abi::Type::Void),
            DeclaredResult::Pointer(pointer) => pointer_constant(pointer),
            DeclaredResult::Scalar(ty) | DeclaredResult::Other(ty) => {
                constant(ty, quote!(KernelResult))
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
