//! Writes structures, unions, opaque types and aliases.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::Fields;

use super::{Emitter, allowed};
use crate::import::catalogue::{CRecord, RecordLayout, docs, is_helper};
use crate::import::translate::{Why, rust_name};

impl Emitter<'_> {
    /// Declares an alias or a record. This leaves out aliases of addresses, because an address is a pointer as a parameter but a
    /// `VeAddr` in memory. Each use has the full type instead.
    pub(super) fn named(&self, name: &str) -> TokenStream {
        let catalogue = self.translator.catalogue;
        if catalogue.ambiguous.contains(name) {
            return TokenStream::new();
        }
        if let Some(record) = catalogue.records.get(name) {
            return self.record(name, record);
        }
        let Some(alias) = catalogue.aliases.get(name).filter(|_| !is_helper(name)) else {
            return TokenStream::new();
        };
        let data = match &*alias.ty {
            syn::Type::Path(_) => self.translator.target(&alias.ty),
            syn::Type::Array(_) => self.translator.memory(&alias.ty).ok(),
            _ => None,
        };
        let Some(ty) = data else {
            return TokenStream::new();
        };
        let ident = rust_name(name);
        let is_itself = ident == ty.to_string();
        let is_address = self.translator.holds_address(&alias.ty);
        if is_itself || is_address || name.starts_with("_bindgen_ty_") {
            return TokenStream::new();
        }
        let (docs, allowed) = (self.docs(&docs(&alias.attrs), name), allowed());
        quote! {
            #docs
            #allowed
            pub type #ident = #ty;
        }
    }

    fn record(&self, name: &str, record: &CRecord) -> TokenStream {
        let krate = self.translator.krate;
        let ident = rust_name(name);
        let (docs, allowed) = (self.docs(&record.docs, name), allowed());
        if record.is_opaque() {
            return quote! {
                #docs
                #[derive(#krate::VeOpaque)]
                #[ve_opaque(crate = #krate)]
                #[repr(C)]
                #allowed
                pub struct #ident { _private: [u8; 0] }
            };
        }
        let Some(layout) = &record.layout else {
            return TokenStream::new();
        };
        let &RecordLayout { size, align, .. } = layout;
        let (attributes, fields, offsets) = match self.fields(record, layout) {
            Ok((attributes, fields)) => (attributes, fields, layout.offsets.as_slice()),
            Err(_) => {
                let (attributes, fields) = bytes(size, align, record.item.is_none());
                (attributes, fields, [].as_slice())
            }
        };
        let offsets = offsets.iter().map(|(field, offset)| {
            let (field, offset) = (rust_name(field), Literal::usize_unsuffixed(*offset));
            quote!(const _: [(); #offset] = [(); ::core::mem::offset_of!(#ident, #field)];)
        });
        let (size, align) = (
            Literal::usize_unsuffixed(size),
            Literal::usize_unsuffixed(align),
        );
        quote! {
            #docs
            #[derive(Clone, Copy, Debug, #krate::VeData)]
            #[ve_data(crate = #krate)]
            #attributes
            #allowed
            pub struct #ident { #fields }
            const _: [(); #size] = [(); ::core::mem::size_of::<#ident>()];
            const _: [(); #align] = [(); ::core::mem::align_of::<#ident>()];
            #(#offsets)*
        }
    }

    /// The representation and the fields of a record, if every field has a counterpart.
    fn fields(
        &self,
        record: &CRecord,
        layout: &RecordLayout,
    ) -> std::result::Result<(TokenStream, TokenStream), Why> {
        let item = record
            .item
            .as_ref()
            .ok_or("a union has no fields of its own")?;
        let Fields::Named(named) = &item.fields else {
            return Err("it has no fields".to_owned());
        };
        let is_wide = |field: &syn::Field| self.translator.is_wide(&field.ty);
        let mut padding = named.named.iter().any(is_wide).then_some(0);
        let mut fields = TokenStream::new();
        for field in &named.named {
            let name = field
                .ident
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            let ty = self.translator.memory(&field.ty)?;
            let ident = rust_name(&name);
            if let Some(end) = &mut padding {
                fields.extend(self.padding(field, &name, end, &layout.offsets)?);
            }
            let lines = self.comment(&docs(&field.attrs));
            let lines = lines.iter().map(|line| format!(" {line}"));
            fields.extend(quote!(#(#[doc = #lines])* pub #ident: #ty,));
        }
        if let Some(end) = padding {
            let packed = layout.size < end.next_multiple_of(layout.align);
            if packed {
                return Err("it is packed".to_owned());
            }
            let align = Literal::usize_unsuffixed(layout.align);
            return Ok((quote!(#[repr(C, align(#align))]), fields));
        }
        let representation = item
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("repr"));
        Ok((quote!(#(#representation)*), fields))
    }

    /// The padding that puts a field at its offset in C. A structure needs it if C aligns one of its fields more than Rust does.
    /// `end` is the end of the previous field.
    fn padding(
        &self,
        field: &syn::Field,
        name: &str,
        end: &mut usize,
        offsets: &[(String, usize)],
    ) -> std::result::Result<TokenStream, Why> {
        let unknown = || format!("the offset of `{name}` is unknown");
        let (size, align) = self.translator.size(&field.ty).ok_or_else(unknown)?;
        let offset = offsets.iter().find(|(of, _)| of == name);
        let offset = offset.map_or(end.next_multiple_of(align), |(_, offset)| *offset);
        let before = *end;
        *end = offset + size;
        if offset < before || !offset.is_multiple_of(align) {
            return Err(unknown());
        }
        let needed = offset != before.next_multiple_of(align);
        Ok(if needed {
            let ident = format_ident!("_padding_at_{before}");
            let len = Literal::usize_unsuffixed(offset - before);
            quote!(pub #ident: [u8; #len],)
        } else {
            TokenStream::new()
        })
    }
}

/// The field of a union, or of a structure with a field that has no counterpart: an array of the same size.
fn bytes(size: usize, align: usize, union: bool) -> (TokenStream, TokenStream) {
    let width = if union && align.is_power_of_two() {
        align.min(8)
    } else {
        1
    };
    let element = format_ident!("u{}", width * 8);
    let count = Literal::usize_unsuffixed(size / width);
    let representation = if align > width {
        let align = Literal::usize_unsuffixed(align);
        quote!(#[repr(C, align(#align))])
    } else {
        quote!(#[repr(C)])
    };
    let note = " Its members overlap or have no counterpart in Rust.";
    (
        representation,
        quote!(#[doc = #note] pub bytes: [#element; #count],),
    )
}
