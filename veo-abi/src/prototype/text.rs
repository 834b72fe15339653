//! The file in which a build keeps prototypes for the macro: one fact a line.
//!
//! ```text
//! veo-prototypes 1
//! void                          types, counted from 0
//! base signed 4 "int"
//! pointer 1
//! struct 8 "pair"
//! field 0 1 "a"                 belongs to the record before it
//! function "add" c prototyped 1 "/src/add.c" 3 "add"
//! param 2 "x"                   belongs to the function before it
//! undescribed "from_assembly"
//! note "a sentence"
//! ```

use std::fmt::Write as _;
use std::sync::Arc;

use super::model::{
    Encoding, FoundField, FoundType, Language, Parameter, PointerKind, Prototype, Prototypes,
    Qualifier, RecordKind, TypeId, Types,
};

const HEADER: &str = "veo-prototypes 1";

/// Why a text is not one that [`Prototypes::to_text`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl std::fmt::Display for TextError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "line {} of the prototype file: {}; build the kernels again to rewrite it",
            self.line, self.reason
        )
    }
}

impl std::error::Error for TextError {}

const ENCODINGS: [(Encoding, &str); 7] = [
    (Encoding::Signed, "signed"),
    (Encoding::Unsigned, "unsigned"),
    (Encoding::Bool, "bool"),
    (Encoding::SignedChar, "char"),
    (Encoding::UnsignedChar, "uchar"),
    (Encoding::Float, "float"),
    (Encoding::Complex, "complex"),
];
const POINTERS: [(PointerKind, &str); 4] = [
    (PointerKind::Pointer, "pointer"),
    (PointerKind::Reference, "reference"),
    (PointerKind::ByReference, "byref"),
    (PointerKind::PerhapsByReference, "perhaps"),
];
const QUALIFIERS: [(Qualifier, &str); 4] = [
    (Qualifier::Const, "const"),
    (Qualifier::Volatile, "volatile"),
    (Qualifier::Restrict, "restrict"),
    (Qualifier::Atomic, "atomic"),
];
const RECORDS: [(RecordKind, &str); 3] = [
    (RecordKind::Struct, "struct"),
    (RecordKind::Class, "class"),
    (RecordKind::Union, "union"),
];
const LANGUAGES: [(Language, &str); 4] = [
    (Language::C, "c"),
    (Language::Cpp, "c++"),
    (Language::Fortran, "fortran"),
    (Language::Other, "other"),
];

fn word<T: PartialEq>(table: &[(T, &'static str)], value: &T) -> &'static str {
    table
        .iter()
        .find(|(entry, _)| entry == value)
        .map_or("?", |(_, word)| word)
}

fn value<T: Copy>(table: &[(T, &'static str)], word: &str) -> Option<T> {
    table
        .iter()
        .find(|(_, w)| *w == word)
        .map(|(value, _)| *value)
}

fn quote(text: &str) -> String {
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

impl Prototypes {
    /// Writes everything into a text that [`Prototypes::from_text`] reads.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write_text(&mut text)
            .expect("writing to a string cannot fail");
        text
    }

    fn write_text(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "{HEADER}")?;
        for ty in &self.types.0 {
            write_type(text, ty)?;
        }
        for (symbol, prototype) in &self.functions {
            write_function(text, symbol, prototype)?;
        }
        for symbol in &self.undescribed {
            writeln!(text, "undescribed {}", quote(symbol))?;
        }
        for note in &self.notes {
            writeln!(text, "note {}", quote(note))?;
        }
        Ok(())
    }

    /// Reads a text that [`Prototypes::to_text`] wrote.
    ///
    /// # Errors
    /// The first line that is not as it should be.
    pub fn from_text(text: &str) -> Result<Prototypes, TextError> {
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            reader.line(index, line).map_err(|reason| TextError {
                line: index + 1,
                reason,
            })?;
        }
        reader.finish().map_err(|reason| TextError {
            line: text.lines().count().max(1),
            reason,
        })
    }
}

fn write_type(text: &mut String, ty: &FoundType) -> std::fmt::Result {
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
            fields,
        } => {
            let keyword = word(&RECORDS, kind);
            writeln!(text, "{keyword} {} {}", optional(*size), quote(name))?;
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

fn write_function(text: &mut String, symbol: &str, prototype: &Prototype) -> std::fmt::Result {
    let style = match (prototype.prototyped, prototype.variadic) {
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
        prototype
            .file
            .as_deref()
            .map_or_else(|| "?".to_owned(), quote),
        optional(prototype.line.map(u64::from)),
        quote(&prototype.name),
    )?;
    for param in &prototype.params {
        let keyword = if param.hidden { "hidden" } else { "param" };
        let name = param.name.as_deref().map_or_else(|| "?".to_owned(), quote);
        writeln!(text, "{keyword} {} {name}", param.ty.0)?;
    }
    Ok(())
}

/// One token of a line.
enum Token {
    Word(String),
    Quoted(String),
}

struct Tokens(std::vec::IntoIter<Token>);

impl Tokens {
    fn new(line: &str) -> Result<Tokens, &'static str> {
        let mut tokens = Vec::new();
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            if c == ' ' {
                continue;
            }
            if c != '"' {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| *c != ' ') {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
                continue;
            }
            let mut quoted = String::new();
            loop {
                match chars.next().ok_or("a quotation mark is missing")? {
                    '"' => break,
                    '\\' => match chars.next() {
                        Some('n') => quoted.push('\n'),
                        Some('r') => quoted.push('\r'),
                        Some(c) => quoted.push(c),
                        None => return Err("a quotation mark is missing"),
                    },
                    c => quoted.push(c),
                }
            }
            tokens.push(Token::Quoted(quoted));
        }
        Ok(Tokens(tokens.into_iter()))
    }

    fn word(&mut self) -> Result<String, &'static str> {
        match self.0.next() {
            Some(Token::Word(word)) => Ok(word),
            _ => Err("a word is missing"),
        }
    }

    fn text(&mut self) -> Result<String, &'static str> {
        self.optional_text()?.ok_or("a quoted text is missing")
    }

    fn optional_text(&mut self) -> Result<Option<String>, &'static str> {
        match self.0.next() {
            Some(Token::Quoted(text)) => Ok(Some(text)),
            Some(Token::Word(word)) if word == "?" => Ok(None),
            _ => Err("a quoted text is missing"),
        }
    }

    fn number(&mut self) -> Result<u64, &'static str> {
        self.optional_number()?.ok_or("a number is missing")
    }

    fn optional_number(&mut self) -> Result<Option<u64>, &'static str> {
        parse_optional(&self.word()?)
    }

    fn id(&mut self) -> Result<TypeId, &'static str> {
        let number = u32::try_from(self.number()?).map_err(|_| "a type's number is too large")?;
        Ok(TypeId(number))
    }

    fn rest<T>(
        &mut self,
        mut one: impl FnMut(&mut Tokens) -> Result<T, &'static str>,
    ) -> Result<Vec<T>, &'static str> {
        let mut all = Vec::new();
        while self.0.len() > 0 {
            all.push(one(self)?);
        }
        Ok(all)
    }
}

fn parse_optional(word: &str) -> Result<Option<u64>, &'static str> {
    if word == "?" {
        return Ok(None);
    }
    word.parse().map(Some).map_err(|_| "a number is missing")
}

#[derive(Default)]
struct Reader {
    types: Vec<FoundType>,
    functions: Vec<(String, Prototype)>,
    prototypes: Prototypes,
    started: bool,
}

impl Reader {
    fn line(&mut self, index: usize, line: &str) -> Result<(), &'static str> {
        if index == 0 {
            self.started = true;
            return if line == HEADER {
                Ok(())
            } else {
                Err("it does not start with `veo-prototypes 1`")
            };
        }
        let mut tokens = Tokens::new(line)?;
        if tokens.0.len() == 0 {
            return Ok(());
        }
        let keyword = tokens.word()?;
        match keyword.as_str() {
            "function" => self.function(&mut tokens)?,
            "param" | "hidden" => {
                let (_, prototype) = self.functions.last_mut().ok_or("a parameter of nothing")?;
                prototype.params.push(Parameter {
                    hidden: keyword == "hidden",
                    ty: tokens.id()?,
                    name: tokens.optional_text()?,
                });
            }
            "field" | "bits" => {
                let Some(FoundType::Record { fields, .. }) = self.types.last_mut() else {
                    return Err("a field of nothing");
                };
                fields.push(FoundField {
                    bits: keyword == "bits",
                    offset: tokens.number()?,
                    ty: tokens.id()?,
                    name: tokens.text()?,
                });
            }
            "undescribed" => self.prototypes.undescribed.push(tokens.text()?),
            "note" => self.prototypes.notes.push(tokens.text()?),
            keyword => {
                let ty = read_type(keyword, &mut tokens)?;
                self.types.push(ty);
            }
        }
        if tokens.0.len() > 0 {
            return Err("something follows that does not belong there");
        }
        Ok(())
    }

    fn function(&mut self, tokens: &mut Tokens) -> Result<(), &'static str> {
        let symbol = tokens.text()?;
        let language = value(&LANGUAGES, &tokens.word()?).ok_or("the language is unknown")?;
        let (prototyped, variadic) = match tokens.word()?.as_str() {
            "prototyped" => (true, false),
            "variadic" => (true, true),
            "unprototyped" => (false, false),
            "unprototyped-variadic" => (false, true),
            _ => return Err("the kind of function is unknown"),
        };
        let result = tokens.id()?;
        let file = tokens.optional_text()?;
        let line = tokens.optional_number()?;
        let prototype = Prototype {
            symbol: symbol.clone(),
            name: tokens.text()?,
            params: Vec::new(),
            result,
            variadic,
            prototyped,
            language,
            file,
            line: line.and_then(|line| u32::try_from(line).ok()),
            types: Arc::default(),
        };
        self.functions.push((symbol, prototype));
        Ok(())
    }

    fn finish(self) -> Result<Prototypes, &'static str> {
        if !self.started {
            return Err("it is empty");
        }
        let count = self.types.len();
        let known = |id: &TypeId| (id.0 as usize) < count;
        let closed = self.types.iter().all(|ty| match ty {
            FoundType::Pointer { pointee: id, .. }
            | FoundType::Qualified { inner: id, .. }
            | FoundType::Typedef { inner: id, .. }
            | FoundType::Array { element: id, .. } => known(id),
            FoundType::Record { fields, .. } => fields.iter().all(|field| known(&field.ty)),
            FoundType::Function { params, result, .. } => params.iter().all(known) && known(result),
            _ => true,
        });
        let described = self.functions.iter().all(|(_, prototype)| {
            known(&prototype.result) && prototype.params.iter().all(|param| known(&param.ty))
        });
        if !closed || !described {
            return Err("a type is referred to that is not there");
        }
        let types = Arc::new(Types(self.types));
        let mut prototypes = self.prototypes;
        for (symbol, mut prototype) in self.functions {
            prototype.types = Arc::clone(&types);
            prototypes.functions.insert(symbol, prototype);
        }
        prototypes.types = types;
        Ok(prototypes)
    }
}

fn read_type(keyword: &str, tokens: &mut Tokens) -> Result<FoundType, &'static str> {
    if let Some(kind) = value(&POINTERS, keyword) {
        return Ok(FoundType::Pointer {
            kind,
            pointee: tokens.id()?,
        });
    }
    if let Some(qualifier) = value(&QUALIFIERS, keyword) {
        return Ok(FoundType::Qualified {
            qualifier,
            inner: tokens.id()?,
        });
    }
    if let Some(kind) = value(&RECORDS, keyword) {
        return Ok(FoundType::Record {
            kind,
            size: tokens.optional_number()?,
            name: tokens.text()?,
            fields: Vec::new(),
        });
    }
    Ok(match keyword {
        "void" => FoundType::Void,
        "base" => FoundType::Base {
            encoding: value(&ENCODINGS, &tokens.word()?).ok_or("the encoding is unknown")?,
            size: tokens.number()?,
            name: tokens.text()?,
        },
        "typedef" => FoundType::Typedef {
            inner: tokens.id()?,
            name: tokens.text()?,
        },
        "enum" => FoundType::Enum {
            signed: match tokens.word()?.as_str() {
                "signed" => Some(true),
                "unsigned" => Some(false),
                "either" => None,
                _ => return Err("the sign is unknown"),
            },
            size: tokens.number()?,
            name: tokens.text()?,
        },
        "array" | "descriptor" => FoundType::Array {
            descriptor: keyword == "descriptor",
            element: tokens.id()?,
            lengths: tokens.rest(Tokens::optional_number)?,
        },
        "fn" | "varfn" => FoundType::Function {
            variadic: keyword == "varfn",
            result: tokens.id()?,
            params: tokens.rest(Tokens::id)?,
        },
        "unknown" => FoundType::Unknown {
            size: tokens.optional_number()?,
            what: tokens.text()?,
        },
        _ => return Err("the first word is unknown"),
    })
}
