//! Compares a declaration with the function that the crate's own build has compiled.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    Expr, GenericArgument, Lit, PathArguments, PointerMutability, ReturnType, Type, TypeFnPtr,
    TypePath,
};
use veo_abi::prototype::{
    Assertion, Declared, DeclaredSignature, Mismatch, MismatchKind, Prototype, Prototypes,
    compare_declared,
};
use veo_abi::{ScalarType, Verify, near_names};

use crate::attribute::{DeclaredLibrary, Resolution};
use crate::built::{self, CrateBuild};
use crate::clause_mistake::{ClauseFault, ExtentSource};
use crate::declaration::{Declaration, DeclaredResult, ParamType};
use crate::extent::{self, Extent};
use crate::mistake::Mistake;
use crate::report::MistakeReport;
use crate::spell::spell;
use crate::types::plain;

/// Warnings and checks that the expansion must contain.
#[derive(Default)]
pub(crate) struct Checks {
    /// Warnings, each with its place.
    pub(crate) warnings: Vec<(TokenStream, String)>,
    /// Checks that only the compiler can make: types that are known by name.
    pub(crate) assertions: Vec<Assertion>,
    /// The extents of a kernel's memory that the library names.
    pub(crate) extents: Vec<Extent>,
    /// Whether the header's conditions for the kernel hold.
    pub(crate) with_bounds: bool,
    /// Whether the result depends on `VEO_VERIFY`.
    pub(crate) by_variable: bool,
    /// The files below `OUT_DIR` that the result depends on.
    pub(crate) files: Vec<String>,
    /// What no comparison can decide. A macro has no place for it.
    #[cfg(feature = "source")]
    pub(crate) notes: Vec<String>,
}

/// Checks a declaration in which nothing else is wrong.
pub(crate) fn kernel(
    declaration: &Declaration,
    built: &CrateBuild,
    report: &mut MistakeReport,
) -> Checks {
    let mut checks = Checks::default();
    let by_variable = declaration.verify == Verify::Default;
    let verify = match built.verify() {
        Ok(verify) => declaration.verify.or(verify),
        Err(_) if !by_variable => declaration.verify,
        Err(word) => {
            report.at(
                &declaration.ident,
                &Mistake::PolicyVariable(word.to_owned()),
            );
            return checks;
        }
    };
    let has_bounds = !declaration.bounds.is_empty();
    checks.by_variable = by_variable && (has_bounds || built.has_libraries());
    if verify == Verify::Off {
        return checks;
    }
    let mut mistakes = Vec::new();
    checks.with_bounds = true;
    for extent in declaration.bounds.iter().filter_map(Extent::of_clause) {
        contradiction(declaration, &extent, ExtentSource::Header, &mut mistakes);
    }
    match &declaration.library {
        DeclaredLibrary::Shared(name) if !name.value().contains('/') => {
            let library = name.value();
            checks.files.extend(built.prototypes(&library));
            match built.library(&library) {
                built::BuiltLibrary::Unknown => {}
                // The library may come from elsewhere, so this is never an error.
                built::BuiltLibrary::NotAmong(built) => {
                    if declaration.resolution == Resolution::Eager {
                        let mistake = Mistake::NoSuchLibrary { library, built };
                        checks
                            .warnings
                            .push((name.to_token_stream(), mistake.text()));
                    }
                }
                built::BuiltLibrary::Known(prototypes) => {
                    function(
                        declaration,
                        &library,
                        &prototypes,
                        &only_the_compiler_knows,
                        &mut mistakes,
                        &mut checks,
                    );
                }
                built::BuiltLibrary::Unreadable(why) => {
                    mistakes.push((
                        name.to_token_stream(),
                        Mistake::PrototypesUnreadable(library, why),
                    ));
                }
            }
        }
        DeclaredLibrary::Static => {
            let symbol = declaration.symbol.value();
            for (image, prototypes) in built.linked() {
                checks.files.extend(built.prototypes(&image));
                if let Some(found) = prototypes.get(&symbol) {
                    let known = &only_the_compiler_knows;
                    compare(declaration, found, known, &mut mistakes, &mut checks);
                }
            }
        }
        DeclaredLibrary::Shared(_) | DeclaredLibrary::Unknown => {}
    }
    for (place, mistake) in mistakes {
        match verify {
            Verify::Default | Verify::Deny => report.at(&place, &mistake),
            Verify::Warn => checks.warnings.push((place, mistake.text())),
            Verify::Off => {}
        }
    }
    // A constant can only cause an error, not a warning.
    if !matches!(verify, Verify::Default | Verify::Deny) {
        checks.assertions.clear();
    }
    checks
}

/// The types behind names while a declaration expands: none yet.
fn only_the_compiler_knows(ty: Declared) -> Declared {
    ty
}

type VerifyMistakes = Vec<(TokenStream, Mistake)>;

/// Compares a right declaration with a library of which no build knows, by the same rules. `known` says what stands behind names.
/// The result are sentences about what stays open.
#[cfg(feature = "source")]
pub(crate) fn against(
    declaration: &Declaration,
    library: &str,
    prototypes: &Prototypes,
    known: &dyn Fn(Declared) -> Declared,
    report: &mut MistakeReport,
) -> Vec<String> {
    let mut checks = Checks::default();
    let mut mistakes = Vec::new();
    for extent in declaration.bounds.iter().filter_map(Extent::of_clause) {
        contradiction(declaration, &extent, ExtentSource::Header, &mut mistakes);
    }
    function(
        declaration,
        library,
        prototypes,
        known,
        &mut mistakes,
        &mut checks,
    );
    for (place, mistake) in mistakes {
        report.at(&place, &mistake);
    }
    let name = &declaration.ident;
    let open = checks.assertions.iter().map(|assertion| {
        let place = spell(&subject(declaration, assertion).0);
        format!("`{place}` of `{name}` is not compared: what it stands for is not in these sources")
    });
    checks.notes.into_iter().chain(open).collect()
}

fn function(
    declaration: &Declaration,
    library: &str,
    prototypes: &Prototypes,
    known: &dyn Fn(Declared) -> Declared,
    mistakes: &mut VerifyMistakes,
    checks: &mut Checks,
) {
    let symbol = declaration.symbol.value();
    if let Some(found) = prototypes.get(&symbol) {
        compare(declaration, found, known, mistakes, checks);
    } else if !prototypes.exports(&symbol) && declaration.resolution == Resolution::Eager {
        let names = prototypes.iter().map(|(name, _)| name);
        let names = names.chain(prototypes.undescribed.iter().map(String::as_str));
        let mistake = Mistake::NoSuchSymbol {
            library: library.to_owned(),
            near: near_names(&symbol, names)
                .first()
                .map(|&name| name.to_owned()),
            symbol,
        };
        mistakes.push((declaration.symbol.to_token_stream(), mistake));
    }
}

fn compare(
    declaration: &Declaration,
    found: &Prototype,
    known: &dyn Fn(Declared) -> Declared,
    mistakes: &mut VerifyMistakes,
    checks: &mut Checks,
) {
    let mut signature = signature(declaration);
    signature.params = signature.params.into_iter().map(known).collect();
    signature.result = known(signature.result);
    let (comparison, assertions) = compare_declared(&signature, found);
    #[cfg(feature = "source")]
    checks.notes.extend(comparison.notes);
    for extent in extent::of(declaration, &signature.params, found) {
        let source = ExtentSource::Library(found.location());
        contradiction(declaration, &extent, source, mistakes);
        checks.extents.push(extent);
    }
    for mismatch in comparison.mismatches {
        let place = place(declaration, &mismatch);
        mistakes.push((place, differs(mismatch.to_string(), declaration, found)));
    }
    for mut assertion in assertions {
        for message in &mut assertion.messages {
            *message = differs(std::mem::take(message), declaration, found).text();
        }
        checks.assertions.push(assertion);
    }
}

/// Reports a clause of the user's that no call can keep beside an extent.
fn contradiction(
    declaration: &Declaration,
    extent: &Extent,
    source: ExtentSource,
    mistakes: &mut VerifyMistakes,
) {
    if let Some(clause) = extent.contradiction(&declaration.contract) {
        let (name, least) = extent.told(declaration);
        let wrong = ClauseFault::Contradicts(name, least, source);
        mistakes.push((clause.condition.ends.clone(), Mistake::Contract(wrong)));
    }
}

fn differs(mismatch: String, declaration: &Declaration, found: &Prototype) -> Mistake {
    Mistake::Differs {
        mismatch,
        declared: spell_declaration(declaration),
        found: found.to_string(),
        location: found.location(),
    }
}

/// The user's tokens that a mismatch is about.
fn place(declaration: &Declaration, mismatch: &Mismatch) -> TokenStream {
    let param = mismatch
        .param
        .and_then(|index| declaration.params.get(index));
    match (mismatch.kind, param) {
        (MismatchKind::Arity, Some(param)) => param.ident.to_token_stream(),
        (_, Some(param)) => param.ty.written(),
        (MismatchKind::Result, None) if !matches!(declaration.result, DeclaredResult::Unit) => {
            declaration.result.declared()
        }
        _ => declaration.ident.to_token_stream(),
    }
}

/// The place that an assertion is about, and the constant that describes the type.
pub(crate) fn subject(
    declaration: &Declaration,
    assertion: &Assertion,
) -> (TokenStream, TokenStream) {
    let param = assertion
        .param
        .and_then(|index| declaration.params.get(index));
    match param {
        Some(param) => (param.ty.written(), param.ty.described()),
        None => (
            declaration.result.declared(),
            declaration.result.described(),
        ),
    }
}

/// `fn add(a: i32, b: *mut f64) -> i64`
fn spell_declaration(declaration: &Declaration) -> String {
    let params: Vec<String> = declaration
        .params
        .iter()
        .map(|param| format!("{}: {}", param.ident, spell(&param.ty.written())))
        .collect();
    let result = match &declaration.result {
        DeclaredResult::Unit => String::new(),
        result => format!(" -> {}", spell(&result.declared())),
    };
    format!("fn {}({}){result}", declaration.ident, params.join(", "))
}

fn signature(declaration: &Declaration) -> DeclaredSignature {
    let written = |ty: Declared, tokens: TokenStream| Declared::Written {
        ty: Box::new(ty),
        text: spell(&tokens),
    };
    let params = declaration.params.iter();
    DeclaredSignature {
        name: declaration.ident.to_string(),
        params: params
            .map(|p| written(param(&p.ty), p.ty.written()))
            .collect(),
        result: match &declaration.result {
            DeclaredResult::Unit | DeclaredResult::Wrong => Declared::Void,
            DeclaredResult::Scalar(ty) | DeclaredResult::Other(ty) => {
                written(declared(ty), declaration.result.declared())
            }
            DeclaredResult::Pointer(pointer) => written(
                declared(&Type::Ptr(pointer.clone())),
                declaration.result.declared(),
            ),
        },
    }
}

pub(crate) fn param(ty: &ParamType) -> Declared {
    match ty {
        ParamType::Scalar(ty) | ParamType::Other(ty) => declared(ty),
        ParamType::Pointer(pointer) => declared(&Type::Ptr(pointer.clone())),
        ParamType::Reference(reference) => {
            let mutable = reference.mutability.is_some();
            match plain(&reference.elem) {
                Type::Slice(slice) => to(mutable, declared(&slice.elem)),
                other => to(mutable, declared(other)),
            }
        }
        ParamType::Function(ty) => declared(ty),
        ParamType::Wrong => to(false, Declared::Void),
    }
}

fn to(mutable: bool, pointee: Declared) -> Declared {
    Declared::Pointer {
        mutable,
        pointee: Box::new(pointee),
    }
}

/// The type as its tokens tell it. Only the compiler knows aliases and structures.
pub(crate) fn declared(ty: &Type) -> Declared {
    let unknown = || Declared::Unknown(spell(ty));
    match plain(ty) {
        Type::Ptr(pointer) => {
            let mutable = matches!(pointer.mutability, PointerMutability::Mut(_));
            to(mutable, declared(&pointer.elem))
        }
        Type::Array(array) => match length(&array.len) {
            Some(len) => Declared::Array {
                element: Box::new(declared(&array.elem)),
                len,
            },
            None => unknown(),
        },
        Type::FnPtr(function) => to(false, called(function)),
        Type::Path(path) if path.qself.is_none() => by_path(path).unwrap_or_else(unknown),
        _ => unknown(),
    }
}

/// A function of C.
fn called(function: &TypeFnPtr) -> Declared {
    Declared::Function {
        params: function
            .inputs
            .iter()
            .map(|arg| argument(&arg.ty))
            .collect(),
        result: Box::new(match &function.output {
            ReturnType::Default => Declared::Void,
            ReturnType::Type(_, ty) => match plain(ty) {
                Type::Tuple(unit) if unit.elems.is_empty() => Declared::Void,
                ty => argument(ty),
            },
        }),
    }
}

/// The type of a function's parameter or result. An address may point to anything.
fn argument(ty: &Type) -> Declared {
    match plain(ty) {
        Type::Ptr(_) | Type::Reference(_) | Type::FnPtr(_) => to(true, Declared::Void),
        ty => declared(ty),
    }
}

fn by_path(path: &TypePath) -> Option<Declared> {
    let last = path.path.segments.last()?;
    let name = last.ident.to_string();
    let scalar = || ScalarType::from_rust_name(&name).filter(|_| path.path.segments.len() == 1);
    match (name.as_str(), &last.arguments) {
        ("c_void", PathArguments::None) => Some(Declared::Void),
        (_, PathArguments::None) => scalar().map(Declared::Scalar),
        ("Option", PathArguments::AngleBracketed(list)) => match list.args.first()? {
            GenericArgument::Type(ty) if matches!(plain(ty), Type::FnPtr(_)) => Some(declared(ty)),
            _ => None,
        },
        ("VeMemPtr" | "VEMemPtr" | "OnStack" | "VeAddr", PathArguments::AngleBracketed(list)) => {
            let GenericArgument::Type(ty) = list.args.first()? else {
                return None;
            };
            Some(match name.as_str() {
                "VeAddr" => Declared::Address {
                    pointee: Box::new(declared(ty)),
                },
                _ => to(true, declared(ty)),
            })
        }
        _ => None,
    }
}

fn length(len: &Expr) -> Option<usize> {
    match len {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Group(group) => length(&group.expr),
        Expr::Paren(paren) => length(&paren.expr),
        _ => None,
    }
}
