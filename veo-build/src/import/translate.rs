//! Translates types of the bindings into types of kernel declarations.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{GenericArgument, PathArguments, Type, TypePath};
use veo_abi::DECLARATION_NAMES;

use super::catalogue::{Catalogue, is_helper, is_va_list, path_name};
use super::cursors::VariableArray;

/// An alias of more nested aliases than this counts as endless.
const CHAIN: usize = 64;

/// The reason why something cannot be declared, as the end of a sentence.
pub(super) type Why = String;

/// Translates types, with the catalogue to look up names.
pub(super) struct HeaderTranslator<'a> {
    pub catalogue: &'a Catalogue,
    /// The path of `veo_core`.
    pub krate: &'a TokenStream,
}

/// A name for Rust, without the marks of the bindings.
pub(super) fn rust_name(name: &str) -> proc_macro2::Ident {
    let plain = name.replace("__bindgen_", "_");
    match syn::parse_str::<proc_macro2::Ident>(&plain) {
        Ok(ident) if !DECLARATION_NAMES.contains(&plain.as_str()) => ident,
        _ => format_ident!("{plain}_"),
    }
}

/// The primitive Rust type for the name of a C type.
fn primitive(name: &str) -> Option<&'static str> {
    // The VE and its hosts have the same widths: both are LP64.
    Some(match name {
        "ffi::c_char" | "ffi::c_schar" | "i8" => "i8",
        "ffi::c_uchar" | "u8" => "u8",
        "ffi::c_short" | "i16" => "i16",
        "ffi::c_ushort" | "u16" => "u16",
        "ffi::c_int" | "i32" => "i32",
        "ffi::c_uint" | "u32" => "u32",
        "ffi::c_long" | "ffi::c_longlong" | "i64" => "i64",
        "ffi::c_ulong" | "ffi::c_ulonglong" | "u64" => "u64",
        "ffi::c_float" | "f32" => "f32",
        "ffi::c_double" | "f64" => "f64",
        "isize" => "isize",
        "usize" => "usize",
        // `_Bool` is a byte, and the VE may store any value in it.
        "bool" => "u8",
        _ => return None,
    })
}

fn generic(path: &TypePath) -> Option<&Type> {
    match &path.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(list) => {
            list.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

/// `Option<unsafe extern "C" fn(..)>`
fn is_function(path: &TypePath) -> bool {
    matches!(generic(path), Some(Type::FnPtr(_)))
}

/// `long double` and `__int128`.
fn is_wide(name: &str) -> bool {
    name == "u128" || name == "i128"
}

fn ambiguous(name: &str) -> Why {
    format!("it uses `{name}`, which is the name of two types")
}

impl<'a> HeaderTranslator<'a> {
    /// Whether this enumeration keeps its name. If only the bindings named it, it becomes its integer type.
    pub fn keeps(&self, name: &str) -> bool {
        self.catalogue.enums.contains(name) && !name.starts_with("_bindgen_ty_")
    }

    /// The type behind aliases, except those of enumerations if `keep_enums`.
    fn expand<'t>(&self, ty: &'t Type, keep_enums: bool) -> &'t Type
    where
        'a: 't,
    {
        let mut ty = ty;
        for _ in 0..CHAIN {
            let Some(name) = path_name(ty) else { break };
            if keep_enums && self.keeps(&name) || self.catalogue.ambiguous.contains(&name) {
                break;
            }
            match self.catalogue.aliases.get(&name) {
                Some(alias) => ty = &alias.ty,
                None => break,
            }
        }
        ty
    }

    /// The type of a parameter.
    pub fn param(&self, ty: &Type) -> Result<TokenStream, Why> {
        match self.expand(ty, true) {
            Type::Ptr(pointer) => {
                let pointee = self.pointee(&pointer.elem)?;
                Ok(match pointer.mutability {
                    syn::PointerMutability::Mut(_) => quote!(*mut #pointee),
                    _ => quote!(*const #pointee),
                })
            }
            Type::Path(path) => self.value(path, "takes"),
            _ => Err("it takes something that no kernel can take".to_owned()),
        }
    }

    /// The type of a parameter that is an array without a constant extent: a pointer to its elements.
    pub fn elements(&self, ty: &Type, variable: &VariableArray) -> Result<TokenStream, Why> {
        let mut element = ty;
        for _ in 0..variable.levels {
            element = match self.expand(element, true) {
                Type::Ptr(pointer) => &pointer.elem,
                Type::Array(array) => &array.elem,
                _ => return Err("it takes an array of an unknown kind".to_owned()),
            };
        }
        let element = self.pointee(element)?;
        Ok(if variable.constant {
            quote!(*const #element)
        } else {
            quote!(*mut #element)
        })
    }

    /// The type of a result.
    pub fn result(&self, ty: &Type) -> Result<TokenStream, Why> {
        match self.expand(ty, true) {
            // The caller can pass this address on as a function.
            Type::Path(path) if is_function(path) => Ok(quote!(*mut ::core::ffi::c_void)),
            Type::Path(path) => self.value(path, "returns"),
            _ => self.param(ty),
        }
    }

    /// The type of a value in a register.
    fn value(&self, path: &TypePath, verb: &str) -> Result<TokenStream, Why> {
        let krate = self.krate;
        let name = path_name(&Type::Path(path.clone())).unwrap_or_default();
        if is_function(path) {
            return Ok(quote!(#krate::FnAddr));
        }
        if self.catalogue.ambiguous.contains(&name) {
            return Err(ambiguous(&name));
        }
        if self.keeps(&name) {
            let name = rust_name(&name);
            return Ok(quote!(#name));
        }
        if let Some(name) = primitive(&name) {
            let name = format_ident!("{name}");
            return Ok(quote!(#name));
        }
        Err(match (name.as_str(), self.catalogue.records.get(&name)) {
            ("u128" | "i128", _) => {
                format!("it {verb} a `long double` or another number of 128 bits by value")
            }
            ("__BindgenComplex", _) => format!("it {verb} a complex number by value"),
            ("__BindgenFloat16", _) => format!("it {verb} a number of 16 bits by value"),
            (_, Some(record)) if record.item.is_none() => format!("it {verb} a union by value"),
            (_, Some(_)) => format!("it {verb} a structure by value"),
            _ => format!("it {verb} a `{name}` by value"),
        })
    }

    /// The type behind a pointer.
    pub fn pointee(&self, ty: &Type) -> Result<TokenStream, Why> {
        let void = quote!(::core::ffi::c_void);
        let resolved = self.expand(ty, false);
        if let Type::Path(path) = resolved {
            let name = path_name(resolved).unwrap_or_default();
            if is_va_list(&name) {
                return Err("it takes a va_list".to_owned());
            }
            if name == "ffi::c_void" || is_wide(&name) {
                return Ok(void);
            }
            if self.catalogue.ambiguous.contains(&name) {
                return Err(ambiguous(&name));
            }
            if let Some(record) = self.catalogue.records.get(&name)
                && record.is_opaque()
            {
                let name = rust_name(&name);
                return Ok(quote!(#name));
            }
            if is_function(path) {
                return self.memory(ty);
            }
        }
        // An untyped pointer may point to anything, even to a type without a counterpart here.
        Ok(self.memory(ty).unwrap_or(void))
    }

    /// The primitive Rust type for a number of this type.
    pub fn number(&self, ty: &Type) -> Option<&'static str> {
        primitive(&path_name(self.expand(ty, false))?)
    }

    /// The size in memory and the alignment of the Rust type. For numbers of 128 bits, C's alignment is larger. `None` if
    /// unknown.
    pub fn size(&self, ty: &Type) -> Option<(usize, usize)> {
        let ty = self.expand(ty, false);
        match ty {
            Type::Ptr(_) => Some((8, 8)),
            Type::Array(array) => {
                let (size, align) = self.size(&array.elem)?;
                let len: usize = plain_number(&array.len).to_string().parse().ok()?;
                Some((size * len, align))
            }
            Type::Path(path) => {
                let name = path_name(ty)?;
                if is_function(path) {
                    return Some((8, 8));
                }
                if let Some(name) = primitive(&name) {
                    let size = match name {
                        "i8" | "u8" => 1,
                        "i16" | "u16" => 2,
                        "i32" | "u32" | "f32" => 4,
                        _ => 8,
                    };
                    return Some((size, size));
                }
                if is_wide(&name) {
                    return Some((16, 8));
                }
                match (name.as_str(), generic(path)) {
                    ("__BindgenComplex", Some(part)) => {
                        let (size, align) = self.size(part)?;
                        Some((2 * size, align))
                    }
                    ("__IncompleteArrayField", Some(element)) => Some((0, self.size(element)?.1)),
                    ("__BindgenBitfieldUnit", Some(bytes)) => self.size(bytes),
                    ("__BindgenFloat16", None) => Some((2, 2)),
                    (_, None) => {
                        let layout = self.catalogue.records.get(&name)?.layout.as_ref()?;
                        Some((layout.size, layout.align))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether this is an address, or an array of addresses.
    pub fn holds_address(&self, ty: &Type) -> bool {
        match self.expand(ty, false) {
            Type::Ptr(_) => true,
            Type::Array(array) => self.holds_address(&array.elem),
            Type::Path(path) => is_function(path),
            _ => false,
        }
    }

    /// Whether C's alignment of this type is larger than that of its counterpart here.
    pub fn is_wide(&self, ty: &Type) -> bool {
        path_name(self.expand(ty, false)).is_some_and(|name| is_wide(&name))
    }

    /// The meaning of an alias: data, or the name of an opaque type.
    pub fn target(&self, ty: &Type) -> Option<TokenStream> {
        let name = path_name(self.expand(ty, false));
        let record = name
            .as_ref()
            .and_then(|name| self.catalogue.records.get(name));
        match (record, name) {
            (Some(record), Some(name)) if record.is_opaque() => {
                let name = rust_name(&name);
                Some(quote!(#name))
            }
            _ => self.memory(ty).ok(),
        }
    }

    /// The type of a value in memory: a field, an element or a pointee.
    pub fn memory(&self, ty: &Type) -> Result<TokenStream, Why> {
        let krate = self.krate;
        let ty = self.expand(ty, true);
        match ty {
            Type::Ptr(pointer) => {
                let void = quote!(::core::ffi::c_void);
                let pointee = self.pointee(&pointer.elem).unwrap_or(void);
                Ok(quote!(#krate::VeAddr<#pointee>))
            }
            Type::Array(array) if self.is_wide(&array.elem) => {
                Err("an array of numbers of 128 bits".to_owned())
            }
            Type::Array(array) => {
                let (element, len) = (self.memory(&array.elem)?, &array.len);
                let len = plain_number(len);
                Ok(quote!([#element; #len]))
            }
            Type::Path(path) => self.memory_path(path),
            _ => Err("a type without a counterpart".to_owned()),
        }
    }

    fn memory_path(&self, path: &TypePath) -> Result<TokenStream, Why> {
        let krate = self.krate;
        let name = path_name(&Type::Path(path.clone())).unwrap_or_default();
        match (name.as_str(), generic(path)) {
            _ if is_function(path) => return Ok(quote!(#krate::VeAddr<::core::ffi::c_void>)),
            ("__BindgenComplex", Some(part)) => {
                let part = self.memory(part)?;
                return Ok(quote!([#part; 2]));
            }
            ("__IncompleteArrayField", Some(element)) => {
                let element = self.memory(element)?;
                return Ok(quote!([#element; 0]));
            }
            ("__BindgenBitfieldUnit", Some(bytes)) => return self.memory(bytes),
            // This has the right size. The record that contains it provides the alignment.
            ("u128" | "i128", None) => return Ok(quote!([u64; 2])),
            ("__BindgenFloat16", None) => return Ok(quote!(u16)),
            _ => {}
        }
        if let Some(name) = primitive(&name) {
            let name = format_ident!("{name}");
            return Ok(quote!(#name));
        }
        let known = match self.catalogue.records.get(&name) {
            Some(record) => !record.is_opaque(),
            None => self.keeps(&name),
        };
        if known && !is_helper(&name) && !self.catalogue.ambiguous.contains(&name) {
            let name = rust_name(&name);
            return Ok(quote!(#name));
        }
        Err(format!("`{name}` has no counterpart"))
    }
}

/// `3usize` as `3`.
pub(super) fn plain_number(expression: &syn::Expr) -> TokenStream {
    if let syn::Expr::Lit(literal) = expression
        && let syn::Lit::Int(number) = &literal.lit
        && let Ok(number) = number.base10_parse::<u64>()
    {
        let number = proc_macro2::Literal::u64_unsuffixed(number);
        return quote!(#number);
    }
    quote!(#expression)
}
