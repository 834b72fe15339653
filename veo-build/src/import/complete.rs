//! What the bindings do not say: the types of macros, and which functions the header defines itself.

use std::collections::{HashMap, HashSet};
use std::fs;

use proc_macro2::Literal;
use quote::{format_ident, quote};
use syn::{Expr, ItemConst, Lit, Type, UnOp, parse_quote};

use super::catalogue::{Catalogue, is_of_enum, symbol};
use super::clang::Reader;
use super::translate::Translator;

/// What the names of variables start with whose types are those of macros.
const VARIABLE: &str = "veo_type_of_";

/// Reads the header once more, with questions after it. If clang does not like them, the bindings stay as they are.
pub(super) fn complete(catalogue: &mut Catalogue, reader: &Reader<'_>) {
    let names: Vec<String> = catalogue
        .constants
        .iter()
        .filter(|constant| !catalogue.is_of_enum(constant))
        .flat_map(|constant| names(&constant.ident.to_string()))
        .collect();
    if names.is_empty() && !defines_functions(reader) {
        return;
    }
    let lines: String = names
        .iter()
        .map(|name| format!("#ifdef {name}\nextern __typeof__({name}) {VARIABLE}{name};\n#endif\n"))
        .collect();
    let Ok(more) = reader.read_with(&lines, VARIABLE) else {
        return;
    };
    let more = Catalogue::new(more);
    let known: HashSet<String> = catalogue.functions.iter().map(symbol).collect();
    catalogue.defined = more
        .functions
        .iter()
        .map(symbol)
        .filter(|name| !known.contains(name))
        .collect();
    retype(catalogue, &more);
}

/// The names that a macro may have in C: the bindings append `_` to names that Rust does not allow.
fn names(name: &str) -> impl Iterator<Item = String> + use<> {
    let shorter = name.strip_suffix('_').map(str::to_owned);
    [Some(name.to_owned()), shorter].into_iter().flatten()
}

/// Whether a function may be defined in what was read. Those of the compiler's own headers need not be known.
fn defines_functions(reader: &Reader<'_>) -> bool {
    reader
        .files()
        .iter()
        .filter_map(|file| fs::read(file).ok())
        .any(|text| text.windows(6).any(|word| word == b"inline"))
}

/// Gives macros the types that they have in C, and takes away those that are no longer defined at the end of the header.
fn retype(catalogue: &mut Catalogue, more: &Catalogue) {
    let types: HashMap<&str, &Type> = more
        .variables
        .iter()
        .filter_map(|(name, ty)| Some((name.strip_prefix(VARIABLE)?, ty)))
        .collect();
    // Numbers need none.
    let krate = quote!();
    let translator = Translator {
        catalogue: more,
        krate: &krate,
    };
    let enums = catalogue.enums.clone();
    catalogue.constants.retain_mut(|constant| {
        if is_of_enum(constant, &enums) {
            return true;
        }
        let name = constant.ident.to_string();
        let Some(ty) = names(&name).find_map(|name| types.get(name.as_str()).copied()) else {
            return false;
        };
        // A string of other characters than bytes: what the bindings have is not it.
        if let Type::Array(array) = ty
            && translator.number(&array.elem) != Some("i8")
        {
            return false;
        }
        if let Some(primitive) = translator.number(ty) {
            change(constant, primitive);
        }
        true
    });
}

/// Makes a constant one of this type, with the value that C would convert its own to.
fn change(constant: &mut ItemConst, primitive: &str) {
    let ident = format_ident!("{primitive}");
    match primitive {
        "f32" | "f64" => {
            if path_is_float(&constant.ty) {
                constant.ty = parse_quote!(#ident);
            }
        }
        _ => {
            let Some(value) = integer(&constant.expr) else {
                return;
            };
            // Truncation is what C does.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let value = match primitive {
                "i8" => i128::from(value as i8),
                "u8" => i128::from(value as u8),
                "i16" => i128::from(value as i16),
                "u16" => i128::from(value as u16),
                "i32" => i128::from(value as i32),
                "u32" => i128::from(value as u32),
                "i64" | "isize" => i128::from(value as i64),
                _ => i128::from(value as u64),
            };
            let digits = Literal::u128_unsuffixed(value.unsigned_abs());
            constant.ty = parse_quote!(#ident);
            *constant.expr = if value < 0 {
                parse_quote!(-#digits)
            } else {
                parse_quote!(#digits)
            };
        }
    }
}

fn path_is_float(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("f64") || path.path.is_ident("f32"))
}

/// The value of `-3`, `3u8`.
fn integer(expression: &Expr) -> Option<i128> {
    match expression {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => Some(-integer(&unary.expr)?),
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        _ => None,
    }
}
