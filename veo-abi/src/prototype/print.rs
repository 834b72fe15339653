//! Prints prototypes in C's notation, and the matching Rust declarations.

use std::fmt;

use super::model::{
    Encoding, FoundType, FunctionLanguage, PointerKind, Prototype, Qualifier, RecordKind, TypeId,
    Types,
};
use crate::ScalarType;

/// The deepest nesting. A type that is nested deeper is printed as `...`.
const DEPTH: u32 = 24;
/// The most bytes of a signature. A longer one is cut.
const LENGTH: usize = 8 << 10;

/// Prints types in C's notation, with limits of depth and length.
struct Printer<'a> {
    types: &'a Types,
    written: usize,
}

impl Printer<'_> {
    /// The declaration of `declarator` (a name or an empty text) with this type.
    fn declare(&mut self, id: TypeId, declarator: &str, depth: u32) -> String {
        if depth > DEPTH || self.written > LENGTH {
            return format!("... {declarator}").trim_end().to_owned();
        }
        self.written += declarator.len();
        let types = self.types;
        match types.get(id) {
            FoundType::Void => self.named("void", declarator),
            FoundType::Base { name, .. } | FoundType::Typedef { name, .. } => {
                self.named(name, declarator)
            }
            FoundType::Unknown { what, .. } => self.named(what, declarator),
            FoundType::Enum { name, .. } => self.tagged("enum", name, declarator),
            FoundType::Record { kind, name, .. } => {
                let keyword = match kind {
                    RecordKind::Struct => "struct",
                    RecordKind::Class => "class",
                    RecordKind::Union => "union",
                };
                self.tagged(keyword, name, declarator)
            }
            FoundType::Pointer { kind, pointee } => {
                let sign = match kind {
                    PointerKind::Reference => '&',
                    _ => '*',
                };
                let behind = matches!(
                    types.get(*pointee),
                    FoundType::Array {
                        descriptor: false,
                        ..
                    } | FoundType::Function { .. }
                );
                let declarator = if behind {
                    format!("({sign}{declarator})")
                } else {
                    format!("{sign}{declarator}")
                };
                self.declare(*pointee, &declarator, depth + 1)
            }
            FoundType::Qualified { qualifier, inner } => {
                let word = match qualifier {
                    Qualifier::Const => "const",
                    Qualifier::Volatile => "volatile",
                    Qualifier::Restrict => "restrict",
                    Qualifier::Atomic => "_Atomic",
                };
                if matches!(types.get(*inner), FoundType::Pointer { .. }) {
                    let declarator = format!("{word} {declarator}");
                    self.declare(*inner, declarator.trim_end(), depth + 1)
                } else {
                    let rest = self.declare(*inner, declarator, depth + 1);
                    format!("{word} {rest}")
                }
            }
            FoundType::Array {
                element,
                lengths,
                descriptor,
            } => {
                let mut extents = String::new();
                for length in lengths.iter().take(DEPTH as usize) {
                    match length {
                        Some(length) => extents.push_str(&format!("[{length}]")),
                        None => extents.push_str("[]"),
                    }
                }
                if *descriptor {
                    let element = self.declare(*element, &extents, depth + 1);
                    self.named(&format!("descriptor({element})"), declarator)
                } else {
                    self.declare(*element, &format!("{declarator}{extents}"), depth + 1)
                }
            }
            FoundType::Function {
                params,
                result,
                variadic,
            } => {
                let list = self.list(params.iter().map(|id| (*id, "")), *variadic, depth + 1);
                self.declare(*result, &format!("{declarator}({list})"), depth + 1)
            }
        }
    }

    fn named(&mut self, name: &str, declarator: &str) -> String {
        self.written += name.len();
        if declarator.is_empty() {
            name.to_owned()
        } else {
            format!("{name} {declarator}")
        }
    }

    fn tagged(&mut self, keyword: &str, tag: &str, declarator: &str) -> String {
        let tag = if tag.is_empty() { "{..}" } else { tag };
        self.named(&format!("{keyword} {tag}"), declarator)
    }

    fn list<'n>(
        &mut self,
        params: impl Iterator<Item = (TypeId, &'n str)>,
        variadic: bool,
        depth: u32,
    ) -> String {
        let mut list = String::new();
        for (id, name) in params {
            if self.written > LENGTH {
                list.push_str(if list.is_empty() { "..." } else { ", ..." });
                return list;
            }
            if !list.is_empty() {
                list.push_str(", ");
            }
            list.push_str(&self.declare(id, name, depth));
        }
        match (list.is_empty(), variadic) {
            (true, false) => "void".to_owned(),
            (true, true) => "...".to_owned(),
            (false, true) => list + ", ...",
            (false, false) => list,
        }
    }
}

impl Types {
    /// The type in C's notation, with the names of its typedefs: `const double *`.
    #[must_use]
    pub fn c_type(&self, id: TypeId) -> String {
        self.declaration(id, "")
    }

    /// A declaration of this name: `const double *x`.
    pub(super) fn declaration(&self, id: TypeId, name: &str) -> String {
        let mut printer = Printer {
            types: self,
            written: 0,
        };
        printer.declare(id, name, 0)
    }

    /// The scalar type by which a value of this type is passed. Integers, enumerations, booleans
    /// and floating-point numbers of up to 8 bytes have one.
    #[must_use]
    pub fn scalar(&self, id: TypeId) -> Option<ScalarType> {
        match self.resolved(id) {
            FoundType::Base { encoding, size, .. } => match encoding {
                Encoding::Signed | Encoding::SignedChar => integer(*size, true),
                // A wide logical of Fortran is passed like an integer.
                Encoding::Bool => integer(*size, *size > 1),
                Encoding::Unsigned | Encoding::UnsignedChar => integer(*size, false),
                Encoding::Float => match size {
                    4 => Some(ScalarType::F32),
                    8 => Some(ScalarType::F64),
                    _ => None,
                },
                Encoding::Complex | Encoding::Swapped => None,
            },
            FoundType::Enum { size, signed, .. } => integer(*size, signed.unwrap_or(false)),
            _ => None,
        }
    }

    /// The type that an old-style definition takes for this type, if the two differ.
    #[must_use]
    pub fn promoted(&self, id: TypeId) -> Option<ScalarType> {
        match self.scalar(id)? {
            ScalarType::F32 => Some(ScalarType::F64),
            scalar if scalar.size() < 4 => Some(ScalarType::I32),
            _ => None,
        }
    }

    /// The Rust type to declare for a parameter or result of this type, if there is one:
    /// `i32`, `*const f64`, `*mut Point`. A pointee without a name in Rust becomes `c_void`.
    #[must_use]
    pub fn rust_type(&self, id: TypeId) -> Option<String> {
        match self.resolved(id) {
            FoundType::Pointer { pointee, .. } if self.needs_fortran(*pointee).is_some() => None,
            FoundType::Pointer { pointee, .. } => {
                if let Some(function) = self.rust_function(*pointee) {
                    return Some(function);
                }
                let kind = if self.is_const(*pointee) {
                    "const"
                } else {
                    "mut"
                };
                Some(format!("*{kind} {}", self.rust_pointee(*pointee, 0)))
            }
            _ => self.scalar(id).map(|scalar| scalar.rust_name().to_owned()),
        }
    }

    /// `extern "C" fn(f64) -> f64`
    fn rust_function(&self, id: TypeId) -> Option<String> {
        let FoundType::Function {
            params,
            result,
            variadic: false,
        } = self.resolved(id)
        else {
            return None;
        };
        let plain = |id: TypeId| match self.resolved(id) {
            // The pointees of a function's parameters are not compared.
            FoundType::Pointer { .. } => Some("*mut c_void".to_owned()),
            _ => Some(self.scalar(id)?.rust_name().to_owned()),
        };
        let params: Option<Vec<_>> = params.iter().map(|id| plain(*id)).collect();
        let result = match self.resolved(*result) {
            FoundType::Void => String::new(),
            _ => format!(" -> {}", plain(*result)?),
        };
        Some(format!("extern \"C\" fn({}){result}", params?.join(", ")))
    }

    /// The declaration in the kernel that replaces an argument only Fortran can pass.
    pub(super) fn needs_fortran(&self, pointee: TypeId) -> Option<&'static str> {
        match self.resolved(pointee) {
            FoundType::Array {
                descriptor: true, ..
            } => Some("x(n)` or `x(*)"),
            FoundType::Record { name, .. } if name.starts_with("__class_") => Some("type(..)"),
            _ => None,
        }
    }

    pub(super) fn rust_pointee(&self, id: TypeId, depth: u32) -> String {
        const OPAQUE: &str = "c_void";
        if depth > DEPTH {
            return OPAQUE.to_owned();
        }
        match self.resolved(id) {
            FoundType::Pointer { pointee, .. } => {
                format!("VeAddr<{}>", self.rust_pointee(*pointee, depth + 1))
            }
            FoundType::Base {
                encoding: Encoding::Complex,
                size,
                ..
            } => match size {
                8 => "[f32; 2]".to_owned(),
                16 => "[f64; 2]".to_owned(),
                _ => OPAQUE.to_owned(),
            },
            FoundType::Record {
                name,
                kind: RecordKind::Struct | RecordKind::Class,
                ..
            } => {
                let name = if name.is_empty() {
                    self.typedef_name(id)
                } else {
                    name
                };
                let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                if plain && !name.is_empty() {
                    name.to_owned()
                } else {
                    OPAQUE.to_owned()
                }
            }
            FoundType::Array {
                element,
                lengths,
                descriptor: false,
            } => {
                let mut ty = self.rust_pointee(*element, depth + 1);
                for length in lengths.iter().rev().take(DEPTH as usize).flatten() {
                    ty = format!("[{ty}; {length}]");
                }
                ty
            }
            _ => self
                .scalar(id)
                .map_or(OPAQUE, ScalarType::rust_name)
                .to_owned(),
        }
    }

    /// The name of the nearest typedef of an unnamed type.
    fn typedef_name(&self, id: TypeId) -> &str {
        let end = self.resolve(id);
        let (mut at, mut name) = (id, "");
        while at != end {
            match self.get(at) {
                FoundType::Typedef { inner, name: alias } => (at, name) = (*inner, alias),
                FoundType::Qualified { inner, .. } => at = *inner,
                _ => break,
            }
        }
        name
    }

    pub(super) fn is_const(&self, id: TypeId) -> bool {
        let mut at = id;
        let end = self.resolve(id);
        while at != end {
            match self.get(at) {
                FoundType::Qualified {
                    qualifier: Qualifier::Const,
                    ..
                } => return true,
                FoundType::Qualified { inner, .. } | FoundType::Typedef { inner, .. } => {
                    at = *inner
                }
                _ => break,
            }
        }
        match self.get(at) {
            FoundType::Array { element, .. } if *element != id => {
                matches!(
                    self.get(*element),
                    FoundType::Qualified {
                        qualifier: Qualifier::Const,
                        ..
                    }
                )
            }
            _ => false,
        }
    }
}

fn integer(size: u64, signed: bool) -> Option<ScalarType> {
    ScalarType::integer(usize::try_from(size).ok()?, signed)
}

impl Prototype {
    /// The Rust declaration for this prototype, if Rust can express one:
    /// `fn add(a: i32, b: *mut f64) -> i64;`.
    #[must_use]
    pub fn rust_declaration(&self) -> Option<String> {
        self.rust_declaration_as(&self.symbol)
    }

    /// Like [`rust_declaration`](Self::rust_declaration), with this name.
    #[must_use]
    pub fn rust_declaration_as(&self, name: &str) -> Option<String> {
        if self.partial {
            return None;
        }
        let mut text = format!("fn {}(", identifier(name)?);
        for (index, param) in self.params.iter().enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            let name = param.name.as_deref().and_then(identifier);
            let name = name.unwrap_or_else(|| format!("arg{index}"));
            let promoted = (!self.prototyped).then(|| self.types.promoted(param.ty));
            let ty = match promoted.flatten() {
                Some(scalar) => scalar.rust_name().to_owned(),
                None => self.types.rust_type(param.ty)?,
            };
            text.push_str(&format!("{name}: {ty}"));
            if text.len() > LENGTH {
                return None;
            }
        }
        text.push(')');
        if !matches!(self.types.resolved(self.result), FoundType::Void) {
            text.push_str(&format!(" -> {}", self.types.rust_type(self.result)?));
        }
        text.push(';');
        Some(text)
    }
}

/// A name in Rust's notation, if it is a valid one.
fn identifier(name: &str) -> Option<String> {
    const KEYWORDS: [&str; 47] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do",
        "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in",
        "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
        "return", "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe",
        "unsized", "use", "virtual", "where", "while",
    ];
    let mut chars = name.strip_prefix("r#").unwrap_or(name).chars();
    let is_identifier = chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    match name {
        "self" | "Self" | "super" | "crate" | "_" | "yield" => None,
        name if KEYWORDS.contains(&name) => Some(format!("r#{name}")),
        name => is_identifier.then(|| name.to_owned()),
    }
}

/// Writes the prototype in C's notation: `long add(int a, double *b)`.
impl fmt::Display for Prototype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printer = Printer {
            types: &self.types,
            written: 0,
        };
        let named = |param: &'_ super::Parameter| param.name.clone().unwrap_or_default();
        let names: Vec<String> = self.params.iter().map(named).collect();
        let empty = self.params.is_empty() && !self.variadic;
        let list = if empty && (!self.prototyped || self.language != FunctionLanguage::C) {
            String::new()
        } else {
            let params = self.params.iter().zip(&names);
            printer.list(params.map(|(p, n)| (p.ty, n.as_str())), self.variadic, 0)
        };
        let declarator = format!("{}({list})", self.name);
        f.write_str(&printer.declare(self.result, &declarator, 0))
    }
}
