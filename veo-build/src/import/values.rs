//! Finds what the bindings lack: the functions that the header defines itself, and the values of its macros. Clang reads the
//! header again with questions after it, so that C itself answers them.

use std::collections::HashSet;
use std::fs;

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Expr, ItemConst, Lit, Type, UnOp, parse_quote};

use super::catalogue::{Catalogue, symbol};
use super::clang::HeaderReader;
use super::translate::{HeaderTranslator, rust_name};

/// Prefixes of the variables that ask: whether a macro is defined, its type, its value, and both halves of its value as an
/// integer. The halves are needed because the bindings have no large integers.
const DEFINED: &str = "veo_defined_of_";
const TYPE: &str = "veo_type_of_";
const VALUE: &str = "veo_value_of_";
const LOW: &str = "veo_low_of_";
const HIGH: &str = "veo_high_of_";
const ALL: &str = "veo_(defined|type|value|low|high)_of_.*";

/// Clang reads the header with questions at most this often. Each time, the questions that it could not answer are left out.
const ROUNDS: usize = 20;

/// Macros that expand to a place or a time.
const PLACES: [&str; 12] = [
    "__LINE__",
    "__FILE__",
    "__FILE_NAME__",
    "__BASE_FILE__",
    "__INCLUDE_LEVEL__",
    "__COUNTER__",
    "__DATE__",
    "__TIME__",
    "__TIMESTAMP__",
    "__func__",
    "__FUNCTION__",
    "__PRETTY_FUNCTION__",
];

/// The kind of value that a macro may have, by its text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MacroKind {
    Nothing,
    Value,
    Code,
    Arguments,
}

/// Completes the catalogue. If clang cannot answer, the macros are left out.
pub(super) fn complete(catalogue: &mut Catalogue, reader: &HeaderReader<'_>) {
    let macros = macros(reader);
    if macros.is_empty() && !defines_functions(reader) {
        return;
    }
    let Some(more) = answers(reader, &macros) else {
        let names = macros.into_iter().map(|(name, _)| name);
        catalogue
            .valueless
            .extend(names.map(|name| format!("{name} (clang does not tell its value)")));
        return;
    };
    let known: HashSet<String> = catalogue.functions.iter().map(symbol).collect();
    catalogue.defined = more
        .functions
        .iter()
        .map(symbol)
        .filter(|name| !known.contains(name) && !name.starts_with(TYPE))
        .collect();
    for (name, kind) in &macros {
        settle(catalogue, &more, name, *kind);
    }
}

/// Whether a function may be defined in the imported files. Functions of the compiler's own headers do not matter.
fn defines_functions(reader: &HeaderReader<'_>) -> bool {
    reader
        .files()
        .iter()
        .filter_map(|file| fs::read(file).ok())
        .any(|text| text.windows(6).any(|word| word == b"inline"))
}

/// The macros that the imported files define, without repeats. Clang decides which of them are defined at the end.
fn macros(reader: &HeaderReader<'_>) -> Vec<(String, MacroKind)> {
    let mut macros: Vec<(String, MacroKind)> = Vec::new();
    for file in reader.imported_files() {
        let bytes = fs::read(file).unwrap_or_default();
        let text = without_comments(&String::from_utf8_lossy(&bytes));
        for (name, body) in text.lines().filter_map(defined) {
            let kind = kind(body);
            match macros.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) if kind == MacroKind::Value => *known = kind,
                Some(_) => {}
                None => macros.push((name.to_owned(), kind)),
            }
        }
    }
    macros
}

/// The text with continued lines joined, and with a space in place of each comment.
fn without_comments(text: &str) -> String {
    let text = text.replace("\\\r\n", "").replace("\\\n", "");
    let mut plain = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(c) = rest.chars().next() {
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            plain.push(' ');
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else {
            let len = match c {
                '"' | '\'' => quoted(rest),
                _ => c.len_utf8(),
            };
            plain.push_str(&rest[..len]);
            len
        };
        rest = &rest[len..];
    }
    plain
}

/// The length of the literal at the beginning of a text. It ends with its line at the latest, because of the apostrophe in
/// `#error don't`.
fn quoted(text: &str) -> usize {
    let mut chars = text.char_indices();
    let mark = chars.next().map(|(_, mark)| mark);
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' => return at,
            '\\' => _ = chars.next(),
            c if Some(c) == mark => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Splits `#define NAME rest` into the name and the rest.
fn defined(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let directive = line.strip_prefix('#').or_else(|| line.strip_prefix("%:"))?;
    let rest = directive.trim_start().strip_prefix("define")?;
    let name = rest.trim_start();
    let end = name
        .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')
        .unwrap_or(name.len());
    let is_name = rest.starts_with([' ', '\t']) && end > 0;
    is_name.then(|| name.split_at(end))
}

/// The kind of value that a macro with this body may have. An expression never breaks the code around it.
fn kind(body: &str) -> MacroKind {
    if body.starts_with('(') {
        return MacroKind::Arguments;
    }
    let mut open = 0_i32;
    let mut rest = body;
    while let Some(c) = rest.chars().next() {
        let mut len = c.len_utf8();
        match c {
            '"' | '\'' => {
                len = quoted(rest);
                if len == 1 || !rest[..len].ends_with(c) {
                    return MacroKind::Code;
                }
            }
            '(' | '[' => open += 1,
            ')' | ']' => open -= 1,
            '{' | '}' | ';' => return MacroKind::Code,
            _ => {}
        }
        if open < 0 {
            return MacroKind::Code;
        }
        rest = &rest[len..];
    }
    match open {
        _ if body.trim().is_empty() => MacroKind::Nothing,
        0 => MacroKind::Value,
        _ => MacroKind::Code,
    }
}

/// Asks for types and values. If a question has no answer, clang reports an error in its line, and the next try leaves it out.
fn answers(reader: &HeaderReader<'_>, macros: &[(String, MacroKind)]) -> Option<Catalogue> {
    // A macro that depends on its place has no value.
    let places = PLACES
        .iter()
        .map(|name| format!("#undef {name}\n#define {name} veo_place\n\n"));
    let of_macros = macros
        .iter()
        .flat_map(|(name, kind)| questions(name, *kind));
    let mut questions: Vec<String> = places.chain(of_macros).collect();
    for _ in 0..ROUNDS {
        let wrong: HashSet<usize> = reader
            .wrong_lines(&questions.concat())
            .into_iter()
            .map(|line| line / LINES)
            .collect();
        if wrong.is_empty() {
            break;
        }
        let mut at = 0..;
        questions.retain(|_| at.next().is_some_and(|at| !wrong.contains(&at)));
    }
    let bindings = reader.read_with(&questions.concat(), ALL).ok()?;
    Some(Catalogue::new(bindings))
}

/// The number of lines of a question.
const LINES: usize = 3;

fn questions(name: &str, kind: MacroKind) -> Vec<String> {
    let whole = "unsigned long long";
    let mut questions = vec![format!("extern int {DEFINED}{name};")];
    if kind == MacroKind::Value {
        questions.extend([
            format!("extern __typeof__(({name})) {TYPE}{name};"),
            format!("static const __typeof__(({name})) {VALUE}{name} = {name};"),
            format!("static const {whole} {LOW}{name} = ({whole})({name}) & 0xffffffff;"),
            format!("static const {whole} {HIGH}{name} = ({whole})({name}) >> 32;"),
        ]);
    }
    let asked = |question: String| format!("#ifdef {name}\n{question}\n#endif\n");
    questions.into_iter().map(asked).collect()
}

/// Makes a constant of a macro, or says why there is none.
fn settle(catalogue: &mut Catalogue, more: &Catalogue, name: &str, kind: MacroKind) {
    let variable = |start: &str| {
        let name = match name.contains('$') {
            // The bindings write the name like this.
            true => format!("{start}{}_", name.replace('$', "_")),
            false => format!("{start}{name}"),
        };
        let found = more.variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, ty)| ty)
    };
    // A macro that expands to its own name hides nothing.
    let hides = catalogue.functions.iter().map(symbol).any(|it| it == name)
        || catalogue.variables.iter().any(|(it, _)| it == name);
    if kind == MacroKind::Nothing || hides || variable(DEFINED).is_none() {
        return;
    }
    let is_function = more
        .functions
        .iter()
        .any(|it| symbol(it).strip_prefix(TYPE) == Some(name));
    let why = match (kind, variable(TYPE)) {
        _ if name.contains('$') => "names in Rust have no `$`",
        (MacroKind::Arguments, _) => "it is a macro with arguments",
        (_, None) if is_function => "it stands for a function",
        (_, None) => "it is not a value",
        (_, Some(ty)) => {
            match constant(more, name, ty) {
                Ok(constant) => catalogue.constants.push(constant),
                Err(why) => catalogue.valueless.push(format!("{name} ({why})")),
            }
            return;
        }
    };
    catalogue.no_values.push(format!("{name} ({why})"));
}

/// The constant for a macro of this type, or the reason why there is none.
fn constant(more: &Catalogue, name: &str, ty: &Type) -> Result<ItemConst, &'static str> {
    // The type of a number needs no path of `veo_core`.
    let krate = quote!();
    let translator = HeaderTranslator {
        catalogue: more,
        krate: &krate,
    };
    let value = |start: &str| {
        let name = format!("{start}{name}");
        let found = more.constants.iter().find(|it| it.ident == name);
        found.map(|constant| &*constant.expr)
    };
    let ident = rust_name(name);
    let Some(primitive) = translator.number(ty) else {
        let text = text(&translator, ty, value(VALUE)).ok_or_else(|| unknown(ty))?;
        return Ok(parse_quote!(pub const #ident: () = #text;));
    };
    let half = |start: &str| value(start).and_then(integer);
    let value = match primitive {
        "f32" | "f64" => value(VALUE)
            .and_then(float)
            .map(|value| float_literal(value, primitive)),
        _ => half(LOW)
            .zip(half(HIGH))
            .map(|(low, high)| wrapped(low | (high << 32), primitive)),
    };
    let value = value.ok_or("its value is known only when the program runs")?;
    let ty = format_ident!("{primitive}");
    Ok(parse_quote!(pub const #ident: #ty = #value;))
}

/// The reason why this type cannot be the type of a constant.
fn unknown(ty: &Type) -> &'static str {
    match ty {
        Type::Ptr(_) => "it is a pointer",
        Type::Array(_) => "it is not a string of bytes, or contains a zero byte",
        _ => "constants in Rust have no such type",
    }
}

/// A byte string with all bytes that C stores.
fn text<'e>(
    translator: &HeaderTranslator<'_>,
    ty: &Type,
    value: Option<&'e Expr>,
) -> Option<&'e Expr> {
    let Type::Array(array) = ty else { return None };
    let Some(expression @ Expr::Lit(literal)) = value else {
        return None;
    };
    let Lit::ByteStr(text) = &literal.lit else {
        return None;
    };
    let Expr::Lit(len) = &array.len else {
        return None;
    };
    let Lit::Int(len) = &len.lit else { return None };
    let whole = len.base10_parse::<usize>().ok()? == text.value().len();
    (whole && translator.number(&array.elem) == Some("i8")).then_some(expression)
}

/// An integer of this type. The value is converted as C does it.
fn wrapped(value: i128, primitive: &str) -> TokenStream {
    // C truncates too.
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
    if value < 0 {
        quote!(-#digits)
    } else {
        quote!(#digits)
    }
}

fn float_literal(value: f64, primitive: &str) -> TokenStream {
    let ident = format_ident!("{primitive}");
    let ident = quote!(::core::primitive::#ident);
    if value.is_nan() {
        return quote!(#ident::NAN);
    }
    // C has already rounded the value.
    #[allow(clippy::cast_possible_truncation)]
    let digits = match primitive {
        _ if value.is_infinite() => quote!(#ident::INFINITY),
        "f32" => Literal::f32_unsuffixed(value.abs() as f32).into_token_stream(),
        _ => Literal::f64_unsuffixed(value.abs()).into_token_stream(),
    };
    if value.is_sign_negative() {
        quote!(-#digits)
    } else {
        digits
    }
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

/// The value of `-0.5`, `f64::INFINITY as _`.
fn float(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => Some(-float(&unary.expr)?),
        Expr::Cast(cast) => float(&cast.expr),
        Expr::Lit(literal) => match &literal.lit {
            Lit::Float(number) => number.base10_parse().ok(),
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Path(path) => match path.path.segments.last()?.ident.to_string().as_str() {
            "INFINITY" => Some(f64::INFINITY),
            "NEG_INFINITY" => Some(f64::NEG_INFINITY),
            "NAN" => Some(f64::NAN),
            _ => None,
        },
        _ => None,
    }
}
