//! Turns a parsed function into a checked declaration. A mistake does not stop the checks,
//! so that all mistakes of a declaration are found.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, FnArg, GenericParam, Lifetime, Lit, LitStr, Meta, Pat, PatType,
    PointerMutability, ReturnType, Safety, Signature, Token, Type,
};
use veo_abi::limits::MAX_WORDS;

use crate::attribute::{self, AttributeOptions, DeclaredLibrary, Overrides, split_at_commas};
use crate::clause_mistake::ClauseFault;
use crate::contract;
use crate::declaration::{Declaration, DeclaredParam, DeclaredResult, ParamType};
use crate::mistake::Mistake;
use crate::names::check_symbol;
use crate::parse::{self, DeclarationForm, WrittenKernel};
use crate::report::MistakeReport;
use crate::spell::spell;
use crate::types;

/// Checks one function.
pub(crate) fn kernel(
    kernel: WrittenKernel,
    options: &AttributeOptions,
    report: &mut MistakeReport,
) -> Declaration {
    let before = report.len();
    let WrittenKernel {
        block_attrs,
        form,
        function,
    } = kernel;
    let mut sig = function.sig;
    let (mut attrs, overrides) = attributes(function.attrs, form, options, report);
    attrs.splice(
        0..0,
        block_attrs
            .into_iter()
            .filter(|a| !a.path().is_ident("doc")),
    );

    let unsafety = qualifiers(&sig, form, report);
    generics(&sig, report);
    if let Some(variadic) = &sig.variadic {
        report.at(&variadic.dots, &Mistake::Variadic);
    }
    lifetimes(&mut sig, report);

    let mentioned = mentioned(&sig);
    let count = sig.inputs.len();
    let mut params: Vec<DeclaredParam> = Vec::new();
    for (index, input) in sig.inputs.into_iter().enumerate() {
        match input {
            FnArg::Receiver(receiver) => report.at(&receiver, &Mistake::Receiver),
            FnArg::Typed(input) => {
                if index == MAX_WORDS {
                    report.at(&input.pat, &Mistake::TooManyParameters(count));
                }
                let param = param(input, report);
                let is_known = params.iter().any(|before| before.ident == param.ident);
                if is_known && param.ident != "_" {
                    let name = param.ident.to_string();
                    report.at(&param.ident, &Mistake::DuplicateParameter(name));
                }
                params.push(param);
            }
        }
    }
    let result = match &sig.output {
        ReturnType::Default => DeclaredResult::Unit,
        ReturnType::Type(_, ty) => types::result(ty, report),
    };

    let (requires, bounds) = match form {
        DeclarationForm::Single => (&options.requires, &options.bounds),
        DeclarationForm::InBlock => (&overrides.requires, &overrides.bounds),
    };
    let mut clauses = |tokens: &Option<(Ident, TokenStream)>| match tokens {
        Some((_, tokens)) => contract::clauses(tokens, &params, report),
        None => Vec::new(),
    };
    let (contract, bounds) = (clauses(requires), clauses(bounds));

    let shared = match form {
        DeclarationForm::Single => &options.shared,
        DeclarationForm::InBlock => &overrides.shared,
    };
    let shared = shared.as_ref();
    let shared = shared.map_or_else(Vec::new, |(_, names)| in_parts(names, &params, report));

    let symbol = overrides
        .name
        .unwrap_or_else(|| LitStr::new(&sig.ident.unraw().to_string(), sig.ident.span()));
    Declaration {
        attrs,
        vis: function.vis,
        unsafety,
        ident: sig.ident,
        symbol,
        library: options.library.clone(),
        resolution: overrides.resolution.unwrap_or(options.resolution),
        verify: overrides.verify.or(options.verify),
        params,
        result,
        contract,
        bounds,
        shared,
        mentioned,
        is_right: report.len() == before && !matches!(options.library, DeclaredLibrary::Unknown),
    }
}

/// The parameters that `shared(..)` names.
fn in_parts(
    names: &TokenStream,
    params: &[DeclaredParam],
    report: &mut MistakeReport,
) -> Vec<Ident> {
    let mut shared = Vec::new();
    for piece in split_at_commas(names.clone()) {
        let Ok(name) = syn::parse2::<Ident>(piece.clone()) else {
            report.at(&piece, &Mistake::SharedForm);
            continue;
        };
        let param = params.iter().find(|param| param.ident == name);
        match param.map(|param| &param.ty) {
            None => report.at(&name, &Mistake::SharedNoParameter(name.to_string())),
            Some(ParamType::Pointer(pointer))
                if matches!(pointer.mutability, PointerMutability::Mut(_)) =>
            {
                shared.push(name)
            }
            // The target of an alias is not known here. Mistakes in it have been reported.
            Some(ParamType::Other(_) | ParamType::Wrong) => shared.push(name),
            Some(_) => report.at(&name, &Mistake::SharedNotWritten(name.to_string())),
        }
    }
    shared
}

/// Splits the attributes of a function into those that stay and those about the kernel.
fn attributes(
    attrs: Vec<Attribute>,
    form: DeclarationForm,
    options: &AttributeOptions,
    report: &mut MistakeReport,
) -> (Vec<Attribute>, Overrides) {
    let mut kept = Vec::new();
    let mut overrides = Overrides::default();
    for attr in attrs {
        let name = match attr.path().segments.last() {
            _ if parse::is_ours(attr.path()) => "ve_kernel".to_owned(),
            Some(segment) => segment.ident.to_string(),
            None => String::new(),
        };
        match name.as_str() {
            "ve_kernel" if form == DeclarationForm::Single => {
                report.at(&attr, &Mistake::AttributeTwice)
            }
            "ve_kernel" => match &attr.meta {
                Meta::List(list) => {
                    overrides = attribute::parse_inner(list.tokens.clone(), report);
                }
                Meta::NameValue(pair) => {
                    let value = spell(&pair.value);
                    report.at(&pair.value, &Mistake::BareName(value));
                }
                Meta::Path(_) => {}
            },
            "link" => report.at(&attr, &Mistake::LinkAttribute),
            "link_name" => {
                if let Some(text) = value_of(&attr) {
                    check_symbol(&text, report);
                    if overrides.name.is_some() || options.name.is_some() {
                        report.at(&attr, &Mistake::NameTwice);
                    }
                    overrides.name = Some(text);
                }
            }
            "no_mangle" | "export_name" => {
                report.at(&attr, &Mistake::SymbolAttribute(name));
            }
            "unsafe" => report.at(&attr, &Mistake::SymbolAttribute("unsafe(..)".into())),
            _ => kept.push(attr),
        }
    }
    if let Some(name) = &options.name {
        match form {
            DeclarationForm::Single if overrides.name.is_none() => {
                overrides.name = Some(name.clone())
            }
            DeclarationForm::Single => {}
            DeclarationForm::InBlock => report.at(name, &Mistake::NameOnBlock),
        }
    }
    if let (DeclarationForm::InBlock, Some((key, _))) = (form, &options.requires) {
        report.at(key, &Mistake::Contract(ClauseFault::OnBlock));
    }
    if let (DeclarationForm::InBlock, Some((key, _))) = (form, &options.shared) {
        report.at(key, &Mistake::SharedOnBlock);
    }
    (kept, overrides)
}

/// The string of `#[key = "string"]`.
fn value_of(attr: &Attribute) -> Option<LitStr> {
    match &attr.meta.require_name_value().ok()?.value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Checks the qualifiers before `fn` and returns the `unsafe` of the stub.
fn qualifiers(
    sig: &Signature,
    form: DeclarationForm,
    report: &mut MistakeReport,
) -> Option<Token![unsafe]> {
    if let Some(token) = &sig.constness {
        report.at(token, &Mistake::Const);
    }
    if let Some(token) = &sig.asyncness {
        report.at(token, &Mistake::Async);
    }
    if let Some(abi) = &sig.abi {
        parse::check_abi(&abi.extern_token, abi.name.as_ref(), report);
    }
    match (&sig.safety, form) {
        (Safety::Unsafe(token), _) => Some(*token),
        (Safety::Default, DeclarationForm::InBlock) => Some(Token![unsafe](sig.fn_token.span)),
        (Safety::Safe(token), DeclarationForm::Single) => {
            report.at(token, &Mistake::Safe(sig.ident.to_string()));
            None
        }
        (Safety::Safe(_), DeclarationForm::InBlock)
        | (Safety::Default, DeclarationForm::Single) => None,
    }
}

/// Reports generic parameters other than lifetimes.
fn generics(sig: &Signature, report: &mut MistakeReport) {
    for param in &sig.generics.params {
        let mistake = match param {
            GenericParam::Lifetime(_) => continue,
            GenericParam::Type(param) => Mistake::TypeParameter(param.ident.to_string()),
            GenericParam::Const(param) => Mistake::ConstParameter(param.ident.to_string()),
        };
        report.at(param, &mistake);
    }
    if let Some(clause) = &sig.generics.where_clause {
        report.at(clause, &Mistake::WhereClause);
    }
}

/// The types of a declaration, for its placeholder.
fn mentioned(sig: &Signature) -> Vec<Type> {
    let generic = |param: &GenericParam| !matches!(param, GenericParam::Lifetime(_));
    if sig.generics.params.iter().any(generic) {
        // These types may use names that do not exist outside of the declaration.
        return Vec::new();
    }
    let inputs = sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some(&*input.ty),
        FnArg::Receiver(_) => None,
    });
    let output = match &sig.output {
        ReturnType::Type(_, ty) => Some(&**ty),
        ReturnType::Default => None,
    };
    let nameable = |ty: &&Type| types::nameable(ty);
    inputs.chain(output).filter(nameable).cloned().collect()
}

/// Replaces all declared lifetimes by the lifetime of the call: data behind a reference is
/// used until the request has been collected.
fn lifetimes(sig: &mut Signature, report: &mut MistakeReport) {
    let declared = sig.generics.lifetimes().map(|param| param.lifetime.clone());
    let mut visitor = OneLifetime {
        declared: declared.collect(),
        undeclared: Vec::new(),
    };
    for input in &mut sig.inputs {
        if let FnArg::Typed(input) = input {
            visitor.visit_type_mut(&mut input.ty);
        }
    }
    if let ReturnType::Type(_, ty) = &mut sig.output {
        visitor.visit_type_mut(ty);
    }
    for lifetime in visitor.undeclared {
        report.at(&lifetime, &Mistake::Undeclared(lifetime.to_string()));
    }
}

struct OneLifetime {
    declared: Vec<Lifetime>,
    undeclared: Vec<Lifetime>,
}

impl VisitMut for OneLifetime {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "static" || lifetime.ident == "_" {
            return;
        }
        if !self.declared.contains(lifetime) {
            self.undeclared.push(lifetime.clone());
        }
        *lifetime = Lifetime::new("'_", lifetime.span());
    }

    // A function pointer has lifetimes of its own.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut syn::TypeFnPtr) {}

    fn visit_type_mut(&mut self, ty: &mut Type) {
        visit_mut::visit_type_mut(self, ty);
    }
}

fn param(input: PatType, report: &mut MistakeReport) -> DeclaredParam {
    let mut attrs = Vec::new();
    for attr in input.attrs {
        let name = attr.path().get_ident().map(ToString::to_string);
        match name.as_deref() {
            Some("allow" | "expect" | "warn" | "deny" | "forbid") => attrs.push(attr),
            _ => {
                let name = name.unwrap_or_else(|| spell(attr.path()));
                report.at(&attr, &Mistake::ParameterAttribute(name));
            }
        }
    }
    let anonymous = Ident::new("_", input.pat.span());
    let ident = match &*input.pat {
        Pat::Ident(pat) => {
            if pat.by_ref.is_some() || pat.mutability.is_some() || pat.subpat.is_some() {
                report.at(&input.pat, &Mistake::MutPattern(pat.ident.to_string()));
            }
            pat.ident.clone()
        }
        Pat::Wild(_) => anonymous,
        other => {
            report.at(other, &Mistake::Pattern);
            anonymous
        }
    };
    // If the pattern takes a tuple apart, the tuple type is not a second mistake.
    let mut said = MistakeReport::default();
    let is_said = matches!(&*input.pat, Pat::Tuple(_)) && matches!(&*input.ty, Type::Tuple(_));
    let report = if is_said { &mut said } else { report };
    let ty = types::param(&input.ty, report);
    DeclaredParam { attrs, ident, ty }
}
