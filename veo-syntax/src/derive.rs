//! `#[derive(VeData)]` records the layout of a structure.
//! `#[derive(VeOpaque)]` allows declarations with pointers to a handle.

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
use crate::report::MistakeReport;
use crate::spans::DeriveTraits;
use crate::types;

/// Expands `#[derive(VeData)]`.
pub(crate) fn data(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut report = MistakeReport::default();
    let path = krate(&input.attrs, "ve_data", &mut report);
    let krate = crate_path(path.as_ref());
    let ident = &input.ident;
    let traits = DeriveTraits {
        krate: &krate,
        of: ident.span(),
    };
    let name = ident.unraw().to_string();
    // A structure with such fields may not even be `Copy`.
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
            if layout == ReprAttribute::Rust {
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
                (ReprAttribute::Transparent, Some((member, field)), None) => {
                    [TypeDescription::Type, TypeDescription::Outline]
                        .map(|part| described(&member, &field.ty, part, quote!(alone_in), &traits))
                }
                _ => [TypeDescription::Type, TypeDescription::Outline]
                    .map(|part| structure(&data.fields, part, &traits, ident)),
            };
            Some([ty, outline].map(|part| quote!({ #exhaustive #part })))
        }
    };
    let generics = bounded(input.generics, &krate, wrong_fields, &mut report);
    if report.len() > 0 && generics.lifetimes().next().is_some() {
        // A type that borrows gets no implementation, not even with an error in it.
        return report.errors();
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let predicates = where_clause.map(|clause| &clause.predicates);
    // If the condition cannot be computed, the compiler reports nothing else about this type.
    let (condition, [ty, outline]) = match body.filter(|_| report.len() == 0) {
        Some(types) if generics.params.is_empty() => (Some(is_copy(ident, &krate)), types),
        Some(types) => (None, types),
        None => {
            let why = report.errors();
            let void = || quote!(#krate::__private::abi::Type::Void);
            (Some(quote!({ #why true })), [void(), void()])
        }
    };
    let implemented = traits.path(Span::call_site(), quote!(VeData));
    let allowed = allowed(&input.attrs, &input.data, path.is_some());
    let implementation = |condition: Option<TokenStream>| {
        let condition = condition.map(|condition| quote!((): #krate::__private::If<#condition>,));
        let clause = (condition.is_some() || predicates.is_some()).then(|| quote!(where));
        quote! {
            #[automatically_derived]
            #allowed
            // SAFETY: `VeData` promises plain data. The structure is `repr(C)` or transparent. `VeData`
            // itself demands that it is `Copy`, and `ty` asks the value of each field for the trait.
            unsafe impl #impl_generics #implemented for #ident #ty_generics
            #clause #condition #predicates
            {
                const TYPE: #krate::__private::abi::Type = #ty;
                const OUTLINE: #krate::__private::abi::Type = #outline;
            }
        }
    };
    match condition {
        // A page of rustdoc has no room for a condition that always holds.
        Some(condition) if report.len() == 0 => {
            let (checked, shown) = (implementation(Some(condition)), implementation(None));
            quote! {
                #[cfg(not(doc))]
                #checked
                #[cfg(doc)]
                #shown
            }
        }
        condition => implementation(condition),
    }
}

/// Allows lints that would warn about the user's own tokens in the expansion. It allows a lint
/// only if needed, because a crate may forbid to allow it.
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

/// Whether the type is `Copy`. If it is not, the compiler reports our message.
fn is_copy(ident: &Ident, krate: &TokenStream) -> TokenStream {
    quote_spanned!(ident.span()=> { <[#ident] as #krate::__private::CopyValues<#ident>>::ARE })
}

/// Expands `#[derive(VeOpaque)]`.
pub(crate) fn opaque(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut report = MistakeReport::default();
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
enum TypeDescription {
    Type,
    Outline,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ReprAttribute {
    Rust,
    C,
    Transparent,
}

fn layout(attrs: &[Attribute]) -> ReprAttribute {
    let mut layout = ReprAttribute::Rust;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
        let Ok(list) = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
            continue;
        };
        for meta in list {
            if meta.path().is_ident("C") {
                layout = ReprAttribute::C;
            } else if meta.path().is_ident("transparent") {
                layout = ReprAttribute::Transparent;
            }
        }
    }
    layout
}

/// The path in `#[ve_data(crate = path)]`.
fn krate(attrs: &[Attribute], helper: &str, report: &mut MistakeReport) -> Option<Path> {
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
    report: &mut MistakeReport,
) -> Generics {
    for param in &mut generics.params {
        match param {
            // A field that has been reported uses this lifetime.
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

/// Names all fields, because an attribute below the derive could have changed the structure.
/// The calls here prove nothing, but they have the better message for a field that is not plain
/// data.
///
/// `name @ _` is always a variable. A name alone may be a unit structure of the user.
fn exhaustive(fields: &syn::Fields, traits: &DeriveTraits<'_>) -> TokenStream {
    let members = fields.members();
    let (names, asked): (Vec<Ident>, Vec<TokenStream>) = fields
        .iter()
        .enumerate()
        .map(|(index, field)| traits.ask_data(&field.ty, &format!("__{index}")))
        .unzip();
    quote!(let _ = |Self { #(#members: #names @ _),* }: Self| { #(#asked;)* };)
}

/// The description of a field. It proves that the field is plain data: it comes from the same
/// trait that the derive implements, whatever else `krate` names. It describes the value in the
/// field, whatever the tokens of its type are.
///
/// The `@ _` is needed: a unit structure named `__field` may be plain data. As a pattern it would
/// match a reference to itself, and would prove something about itself instead of the field.
fn described(
    member: &Member,
    ty: &syn::Type,
    part: TypeDescription,
    method: TokenStream,
    traits: &DeriveTraits<'_>,
) -> TokenStream {
    let part = match part {
        TypeDescription::Type => quote!(FIELD_TYPE),
        TypeDescription::Outline => quote!(FIELD_OUTLINE),
    };
    let field = Ident::new("__field", Span::mixed_site());
    let description = traits.item(ty, quote!(VeData), part);
    quote!(#description.#method(|Self { #member: #field @ _, .. }: Self| #field))
}

fn structure(
    fields: &syn::Fields,
    part: TypeDescription,
    traits: &DeriveTraits<'_>,
    ident: &Ident,
) -> TokenStream {
    let krate = traits.krate;
    let name = LitStr::new(&ident.unraw().to_string(), ident.span());
    // The span of the name gives the line of the structure, not of the derive. A whole
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
