//! `#[derive(VeData)]`, which records the layout of a structure, and
//! `#[derive(VeOpaque)]`, which lets pointers to a handle be declared.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Data, DeriveInput, GenericParam, Generics, Ident, LitStr, Member, Meta, Path, Token,
    parse_quote,
};

use crate::attribute::crate_path;
use crate::mistake::Mistake;
use crate::report::Report;
use crate::spans::DeriveTraits;
use crate::types;

/// Expands `#[derive(VeData)]`.
pub(crate) fn data(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut report = Report::default();
    let path = krate(&input.attrs, "ve_data", &mut report);
    let krate = crate_path(path.as_ref());
    let ident = &input.ident;
    let traits = DeriveTraits {
        krate: &krate,
        of: ident.span(),
    };
    let name = ident.unraw().to_string();
    // With such fields it may not even be `Copy`.
    let mut wrong_fields = false;
    let body = match &input.data {
        Data::Enum(data) => {
            report.at(&data.enum_token, &Mistake::Enum(name));
            None
        }
        Data::Union(data) => {
            report.at(&data.union_token, &Mistake::Union(name));
            None
        }
        Data::Struct(data) => {
            let layout = layout(&input.attrs);
            if layout == Representation::Rust {
                report.at(ident, &Mistake::NotRepr(name.clone()));
            }
            if data.fields.is_empty() {
                report.at(ident, &Mistake::NoFields(name));
            }
            let before = report.len();
            for field in &data.fields {
                types::field(&field.ty, &mut report);
            }
            wrong_fields = report.len() > before;
            let exhaustive = exhaustive(&data.fields, &traits);
            let mut fields = data.fields.members().zip(&data.fields);
            let [ty, outline] = match (layout, fields.next(), fields.next()) {
                (Representation::Transparent, Some((member, field)), None) => {
                    [Part::Type, Part::Outline]
                        .map(|part| described(&member, &field.ty, part, quote!(alone_in), &traits))
                }
                _ => [Part::Type, Part::Outline]
                    .map(|part| structure(&data.fields, part, &traits, ident)),
            };
            Some([ty, outline].map(|part| quote!({ #exhaustive #part })))
        }
    };
    let generics = bounded(input.generics, &krate, wrong_fields, &mut report);
    if report.len() > 0 && generics.lifetimes().next().is_some() {
        // What borrows is no plain data even for the time being.
        return report.errors();
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let predicates = where_clause.map(|clause| &clause.predicates);
    // A condition that cannot be computed is all the compiler says about this type.
    let (condition, [ty, outline]) = match body.filter(|_| report.len() == 0) {
        Some(types) if generics.params.is_empty() => (Some(is_copy(ident, &krate)), types),
        Some(types) => (None, types),
        None => {
            let why = report.errors();
            let void = || quote!(#krate::__private::abi::Type::Void);
            (Some(quote!({ #why true })), [void(), void()])
        }
    };
    let condition = condition.map(|condition| quote!((): #krate::__private::If<#condition>,));
    let clause = (condition.is_some() || predicates.is_some()).then(|| quote!(where));
    let implemented = traits.path(Span::call_site(), quote!(VeData));
    let allowed = allowed(&input.attrs, &input.data, path.is_some());
    quote! {
        #[automatically_derived]
        #allowed
        unsafe impl #impl_generics #implemented for #ident #ty_generics
        #clause #condition #predicates
        {
            const TYPE: #krate::__private::abi::Type = #ty;
            const OUTLINE: #krate::__private::abi::Type = #outline;
        }
    }
}

/// Lints that would complain about what is only here because it was written there. None
/// that is not needed: a crate may forbid it.
fn allowed(attrs: &[Attribute], data: &Data, own_path: bool) -> Option<TokenStream> {
    let is_deprecated = |attrs: &[Attribute]| attrs.iter().any(|a| a.path().is_ident("deprecated"));
    let field_is = match data {
        Data::Struct(data) => data.fields.iter().any(|field| is_deprecated(&field.attrs)),
        _ => false,
    };
    let mut lints = Vec::new();
    if field_is || is_deprecated(attrs) {
        lints.push(quote!(deprecated));
    }
    if own_path {
        lints.push(quote!(unused_qualifications));
    }
    (!lints.is_empty()).then(|| quote!(#[allow(#(#lints),*)]))
}

/// Whether the type is `Copy`, asked such that the compiler's answer is ours.
fn is_copy(ident: &Ident, krate: &TokenStream) -> TokenStream {
    quote_spanned!(ident.span()=> { <[#ident] as #krate::__private::CopyValues<#ident>>::ARE })
}

/// Expands `#[derive(VeOpaque)]`.
pub(crate) fn opaque(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut report = Report::default();
    let krate = crate_path(krate(&input.attrs, "ve_opaque", &mut report).as_ref());
    for param in &input.generics.params {
        report.at(
            param,
            &Mistake::OpaqueGeneric(param.to_token_stream().to_string()),
        );
    }
    let ident = &input.ident;
    let name = LitStr::new(&ident.unraw().to_string(), ident.span());
    let mut output = report.errors();
    if output.is_empty() {
        output.extend(quote! {
            impl #krate::VePointee for #ident {
                const TYPE: #krate::__private::abi::Type =
                    #krate::__private::abi::Type::Opaque(#name);
            }
        });
    }
    output
}

/// Which description of a type: see `VeData`.
#[derive(Clone, Copy)]
enum Part {
    Type,
    Outline,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Representation {
    Rust,
    C,
    Transparent,
}

fn layout(attrs: &[Attribute]) -> Representation {
    let mut layout = Representation::Rust;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
        let Ok(list) = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
            continue;
        };
        for meta in list {
            if meta.path().is_ident("C") {
                layout = Representation::C;
            } else if meta.path().is_ident("transparent") {
                layout = Representation::Transparent;
            }
        }
    }
    layout
}

/// The path in `#[ve_data(crate = path)]`.
fn krate(attrs: &[Attribute], helper: &str, report: &mut Report) -> Option<Path> {
    let mut path = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(helper)) {
        let result = attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("crate") {
                path = Some(meta.value()?.call(Path::parse_mod_style)?);
                return Ok(());
            }
            let key = meta.path.to_token_stream().to_string();
            Err(meta.error(Mistake::DeriveKey(key).text()))
        });
        if let Err(error) = result {
            report.syntax(error);
        }
    }
    path
}

/// Type parameters have to be plain data, too; lifetimes cannot be.
fn bounded(
    mut generics: Generics,
    krate: &TokenStream,
    wrong_fields: bool,
    report: &mut Report,
) -> Generics {
    for param in &mut generics.params {
        match param {
            // It is there for a field that has been reported.
            GenericParam::Lifetime(_) if wrong_fields => {}
            GenericParam::Lifetime(lifetime) => {
                report.at(
                    &*lifetime,
                    &Mistake::DeriveLifetime(lifetime.lifetime.to_string()),
                );
            }
            GenericParam::Type(param) => param.bounds.push(parse_quote!(#krate::VeData)),
            GenericParam::Const(_) => {}
        }
    }
    generics
}

/// All fields, since an attribute below the derive could have changed the structure. What is
/// asked of them proves nothing, but has the better message for what is no plain data.
///
/// `name @ _` can only be a variable; a name alone may be a unit structure of the user's.
fn exhaustive(fields: &syn::Fields, traits: &DeriveTraits<'_>) -> TokenStream {
    let members = fields.members();
    let (names, asked): (Vec<Ident>, Vec<TokenStream>) = fields
        .iter()
        .enumerate()
        .map(|(index, field)| traits.ask_data(&field.ty, &format!("__{index}")))
        .unzip();
    quote!(let _ = |Self { #(#members: #names @ _),* }: Self| { #(#asked;)* };)
}

/// The description of a field, which proves that the field is plain data: it comes from the
/// very trait that is implemented, whatever else `krate` names, and is that of the value the
/// field holds, whatever its type was written as.
///
/// Without the `@ _`, a unit structure named `__field` that is plain data would match a reference
/// to it, which is none, and prove something of itself.
fn described(
    member: &Member,
    ty: &syn::Type,
    part: Part,
    method: TokenStream,
    traits: &DeriveTraits<'_>,
) -> TokenStream {
    let part = match part {
        Part::Type => quote!(FIELD_TYPE),
        Part::Outline => quote!(FIELD_OUTLINE),
    };
    let field = Ident::new("__field", Span::mixed_site());
    let description = traits.item(ty, quote!(VeData), part);
    quote!(#description.#method(|Self { #member: #field @ _, .. }: Self| #field))
}

fn structure(
    fields: &syn::Fields,
    part: Part,
    traits: &DeriveTraits<'_>,
    ident: &Ident,
) -> TokenStream {
    let krate = traits.krate;
    let name = LitStr::new(&ident.unraw().to_string(), ident.span());
    // With the span of the name, the line is that of the structure and not of the derive. A whole
    // path with that span would be another one in the edition of 2015.
    let veo = quote_spanned!(ident.span()=> __veo);
    let line = quote_spanned!(ident.span()=> #veo::line!());
    let location = quote! {{
        use #krate::__private as #veo;
        ::core::concat!(::core::file!(), ":", #line)
    }};
    let entries = fields.members().zip(fields).map(|(member, field)| {
        let text = match &member {
            Member::Named(ident) => ident.unraw().to_string(),
            Member::Unnamed(index) => index.index.to_string(),
        };
        let ty = described(&member, &field.ty, part, quote!(in_structure), traits);
        quote! {
            #krate::__private::abi::Field {
                name: #text,
                offset: ::core::mem::offset_of!(Self, #member),
                ty: #ty,
            }
        }
    });
    quote! {
        #krate::__private::abi::Type::Struct(&#krate::__private::abi::StructLayout {
            name: #name,
            size: ::core::mem::size_of::<Self>(),
            align: ::core::mem::align_of::<Self>(),
            location: #location,
            fields: &[#(#entries),*],
        })
    }
}
