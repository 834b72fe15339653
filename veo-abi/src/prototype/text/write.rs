//! Writes the lines of one type or one function.

use std::fmt::Write as _;

use super::{ENCODINGS, LANGUAGES, POINTERS, QUALIFIERS, RECORDS, word};
use crate::prototype::model::{FoundType, Prototype};

pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn optional(number: Option<u64>) -> String {
    number.map_or_else(|| "?".to_owned(), |number| number.to_string())
}

fn optional_text(text: Option<&str>) -> String {
    text.map_or_else(|| "?".to_owned(), quote)
}

pub(super) fn write_type(text: &mut String, ty: &FoundType) -> std::fmt::Result {
    match ty {
        FoundType::Void => writeln!(text, "void"),
        FoundType::Base {
            encoding,
            size,
            name,
        } => {
            writeln!(
                text,
                "base {} {size} {}",
                word(&ENCODINGS, encoding),
                quote(name)
            )
        }
        FoundType::Pointer { kind, pointee } => {
            writeln!(text, "{} {}", word(&POINTERS, kind), pointee.0)
        }
        FoundType::Qualified { qualifier, inner } => {
            writeln!(text, "{} {}", word(&QUALIFIERS, qualifier), inner.0)
        }
        FoundType::Typedef { name, inner } => writeln!(text, "typedef {} {}", inner.0, quote(name)),
        FoundType::Record {
            kind,
            name,
            size,
            location,
            fields,
        } => {
            let keyword = word(&RECORDS, kind);
            let (size, name) = (optional(*size), quote(name));
            writeln!(
                text,
                "{keyword} {size} {name} {}",
                optional_text(location.as_deref())
            )?;
            for field in fields {
                let keyword = if field.bits { "bits" } else { "field" };
                let name = quote(&field.name);
                writeln!(text, "{keyword} {} {} {name}", field.offset, field.ty.0)?;
            }
            Ok(())
        }
        FoundType::Enum { name, size, signed } => {
            let sign = match signed {
                Some(true) => "signed",
                Some(false) => "unsigned",
                None => "either",
            };
            writeln!(text, "enum {sign} {size} {}", quote(name))
        }
        FoundType::Array {
            element,
            lengths,
            descriptor,
        } => {
            let keyword = if *descriptor { "descriptor" } else { "array" };
            write!(text, "{keyword} {}", element.0)?;
            for length in lengths {
                write!(text, " {}", optional(*length))?;
            }
            writeln!(text)
        }
        FoundType::Function {
            params,
            result,
            variadic,
        } => {
            let keyword = if *variadic { "varfn" } else { "fn" };
            write!(text, "{keyword} {}", result.0)?;
            for param in params {
                write!(text, " {}", param.0)?;
            }
            writeln!(text)
        }
        FoundType::Unknown { what, size } => {
            writeln!(text, "unknown {} {}", optional(*size), quote(what))
        }
    }
}

pub(super) fn write_function(
    text: &mut String,
    symbol: &str,
    prototype: &Prototype,
) -> std::fmt::Result {
    let style = match (prototype.prototyped, prototype.variadic) {
        _ if prototype.partial => "partial",
        (true, false) => "prototyped",
        (true, true) => "variadic",
        (false, false) => "unprototyped",
        (false, true) => "unprototyped-variadic",
    };
    writeln!(
        text,
        "function {} {} {style} {} {} {} {}",
        quote(symbol),
        word(&LANGUAGES, &prototype.language),
        prototype.result.0,
        optional_text(prototype.file.as_deref()),
        optional(prototype.line.map(u64::from)),
        quote(&prototype.name),
    )?;
    if let Some(convention) = &prototype.convention {
        writeln!(text, "convention {}", quote(convention))?;
    }
    for param in &prototype.params {
        let keyword = if param.hidden { "hidden" } else { "param" };
        let name = optional_text(param.name.as_deref());
        writeln!(text, "{keyword} {} {name}", param.ty.0)?;
    }
    Ok(())
}
