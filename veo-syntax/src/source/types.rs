//! The types behind names in declarations: structures and aliases of the same sources, C's numbers.

use std::collections::HashMap;

use quote::ToTokens;
use syn::{Attribute, Fields, GenericArgument, ItemStruct, ItemType, LitInt, PathArguments, Type};
use veo_abi::ScalarType;
use veo_abi::prototype::{Declared, POINTERS_IN_MEMORY};

use crate::types::plain;
use crate::verify;

/// The deepest nesting of structures, arrays and aliases.
const DEPTH: u32 = 32;

/// The structures and aliases of the sources, by name. A name with two meanings has none.
#[derive(Default)]
pub(super) struct SourceTypes {
    types: HashMap<String, Option<NamedType>>,
}

enum NamedType {
    Struct(ItemStruct),
    Alias(ItemType),
}

/// How far a type is followed.
#[derive(Clone, Copy)]
struct TypeReach {
    /// How many pointers in structures.
    pointers: u8,
    depth: u32,
    in_memory: bool,
    /// Whether size and alignment are all that is asked for. They need no pointee.
    extent_only: bool,
}

/// How a structure lies in memory.
struct StructForm {
    is_c: bool,
    is_transparent: bool,
    /// The most that a field is aligned to.
    packed: Option<usize>,
    /// The least that the structure is aligned to.
    align: usize,
}

impl SourceTypes {
    pub(super) fn add_struct(&mut self, item: ItemStruct) {
        self.add(item.ident.to_string(), NamedType::Struct(item));
    }

    pub(super) fn add_alias(&mut self, item: ItemType) {
        self.add(item.ident.to_string(), NamedType::Alias(item));
    }

    fn add(&mut self, name: String, named: NamedType) {
        let entry = self.types.entry(name);
        entry
            .and_modify(|known| *known = None)
            .or_insert(Some(named));
    }

    /// The same type, with what is known of the names in it.
    pub(super) fn known(&self, ty: Declared) -> Declared {
        let reach = TypeReach {
            pointers: POINTERS_IN_MEMORY,
            depth: DEPTH,
            in_memory: false,
            extent_only: false,
        };
        self.within(ty, reach)
    }

    fn within(&self, ty: Declared, reach: TypeReach) -> Declared {
        let Some(depth) = reach.depth.checked_sub(1) else {
            return Declared::Unknown(ty.to_string());
        };
        let inner = TypeReach { depth, ..reach };
        match ty {
            Declared::Unknown(text) => match syn::parse_str::<Type>(&text) {
                Ok(ty) => self.named(&ty, inner).unwrap_or(Declared::Unknown(text)),
                Err(_) => Declared::Unknown(text),
            },
            Declared::Pointer { mutable, pointee } => Declared::Pointer {
                mutable,
                pointee: Box::new(self.within(*pointee, inner)),
            },
            Declared::Address { pointee } => Declared::Address {
                pointee: Box::new(self.behind(*pointee, inner)),
            },
            Declared::Array { element, len } => Declared::Array {
                element: Box::new(self.within(*element, inner)),
                len,
            },
            Declared::Function { params, result } => Declared::Function {
                params: params
                    .into_iter()
                    .map(|ty| self.within(ty, inner))
                    .collect(),
                result: Box::new(self.within(*result, inner)),
            },
            Declared::Written { ty, text } => Declared::Written {
                ty: Box::new(self.within(*ty, inner)),
                text,
            },
            known => known,
        }
    }

    /// The type behind a `VeAddr`. Structures are recorded through a few of them only.
    fn behind(&self, ty: Declared, reach: TypeReach) -> Declared {
        if !reach.in_memory {
            return self.within(ty, reach);
        }
        if reach.extent_only {
            return ty;
        }
        match reach.pointers.checked_sub(1) {
            Some(pointers) => self.within(ty, TypeReach { pointers, ..reach }),
            None => match self.within(
                ty,
                TypeReach {
                    extent_only: true,
                    ..reach
                },
            ) {
                Declared::Struct {
                    name, size, align, ..
                } => Declared::Struct {
                    name,
                    size,
                    align,
                    fields: Vec::new(),
                },
                other => other,
            },
        }
    }

    fn named(&self, ty: &Type, reach: TypeReach) -> Option<Declared> {
        let Type::Path(path) = plain(ty) else {
            return None;
        };
        let last = path.path.segments.last()?;
        let name = last.ident.to_string();
        match &last.arguments {
            PathArguments::None => match self.types.get(&name) {
                Some(Some(NamedType::Alias(alias))) if alias.generics.params.is_empty() => {
                    Some(self.within(verify::declared(&alias.ty), reach))
                }
                Some(Some(NamedType::Struct(item))) => self.structure(&name, item, reach),
                Some(_) => None,
                None => of_c(&name),
            },
            PathArguments::AngleBracketed(list) if name == "Complex" => {
                let Some(GenericArgument::Type(part)) = list.args.first() else {
                    return None;
                };
                let part = self.within(verify::declared(part), reach);
                let fields = ["re", "im"]
                    .map(|name| (name.to_owned(), part.clone()))
                    .to_vec();
                laid_out(name, fields, None, 1)
            }
            _ => None,
        }
    }

    fn structure(&self, name: &str, item: &ItemStruct, reach: TypeReach) -> Option<Declared> {
        if !item.generics.params.is_empty() {
            return None;
        }
        if derives(&item.attrs, "VeOpaque") {
            return Some(Declared::Opaque(name.to_owned()));
        }
        let inside = TypeReach {
            in_memory: true,
            ..reach
        };
        let field = |ty: &Type| self.within(verify::declared(ty), inside);
        let members = item.fields.members();
        let fields = members
            .zip(&item.fields)
            .map(|(member, of)| (member.to_token_stream().to_string(), field(&of.ty)));
        let mut fields: Vec<(String, Declared)> = fields.collect();
        let representation = StructForm::of(&item.attrs)?;
        if representation.is_transparent && fields.len() == 1 {
            return fields.pop().map(|(_, ty)| ty);
        }
        if !representation.is_c || matches!(item.fields, Fields::Unit) {
            return None;
        }
        laid_out(
            name.to_owned(),
            fields,
            representation.packed,
            representation.align,
        )
    }
}

/// A structure of these fields, in C's order.
fn laid_out(
    name: String,
    fields: Vec<(String, Declared)>,
    packed: Option<usize>,
    least_align: usize,
) -> Option<Declared> {
    let (mut end, mut align) = (0_usize, least_align.max(1));
    let mut placed = Vec::new();
    for (field, ty) in fields {
        let (size, own) = extent(&ty)?;
        let own = packed.map_or(own, |most| own.min(most.max(1)));
        let offset = end.checked_next_multiple_of(own)?;
        end = offset.checked_add(size)?;
        align = align.max(own);
        placed.push((field, offset, ty));
    }
    Some(Declared::Struct {
        name,
        size: end.checked_next_multiple_of(align)?,
        align,
        fields: placed,
    })
}

/// Size and alignment in memory.
fn extent(ty: &Declared) -> Option<(usize, usize)> {
    match ty {
        Declared::Scalar(scalar) => Some((scalar.size(), scalar.size())),
        Declared::Pointer { .. } | Declared::Address { .. } => Some((8, 8)),
        Declared::Array { element, len } => {
            let (size, align) = extent(element)?;
            Some((size.checked_mul(*len)?, align))
        }
        Declared::Struct { size, align, .. } => Some((*size, *align)),
        Declared::Written { ty, .. } => extent(ty),
        Declared::Void | Declared::Function { .. } | Declared::Opaque(_) | Declared::Unknown(_) => {
            None
        }
    }
}

/// The types of `core::ffi` for the Vector Engine, and the handle of its functions.
fn of_c(name: &str) -> Option<Declared> {
    Some(Declared::Scalar(match name {
        "c_char" | "c_schar" => ScalarType::I8,
        "c_uchar" => ScalarType::U8,
        "c_short" => ScalarType::I16,
        "c_ushort" => ScalarType::U16,
        "c_int" => ScalarType::I32,
        "c_uint" => ScalarType::U32,
        "c_long" | "c_longlong" => ScalarType::I64,
        "c_ulong" | "c_ulonglong" => ScalarType::U64,
        "c_float" => ScalarType::F32,
        "c_double" => ScalarType::F64,
        "FnAddr" => {
            return Some(Declared::Pointer {
                mutable: false,
                pointee: Box::new(Declared::Void),
            });
        }
        _ => return None,
    }))
}

fn derives(attrs: &[Attribute], wanted: &str) -> bool {
    let mut found = false;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("derive")) {
        // The compiler reports tokens that cannot be read.
        let _ = attr.parse_nested_meta(|meta| {
            found |= meta
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == wanted);
            Ok(())
        });
    }
    found
}

impl StructForm {
    /// None if it has something that is not known here.
    fn of(attrs: &[Attribute]) -> Option<Self> {
        let mut this = Self {
            is_c: false,
            is_transparent: false,
            packed: None,
            align: 1,
        };
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
            let read = attr.parse_nested_meta(|meta| {
                let number = || -> syn::Result<usize> {
                    let content;
                    syn::parenthesized!(content in meta.input);
                    content.parse::<LitInt>()?.base10_parse()
                };
                if meta.path.is_ident("C") {
                    this.is_c = true;
                } else if meta.path.is_ident("transparent") {
                    this.is_transparent = true;
                } else if meta.path.is_ident("align") {
                    this.align = this.align.max(number()?);
                } else if meta.path.is_ident("packed") {
                    let bracketed = meta.input.peek(syn::token::Paren);
                    this.packed = Some(if bracketed { number()? } else { 1 });
                }
                Ok(())
            });
            read.ok()?;
        }
        Some(this)
    }
}
