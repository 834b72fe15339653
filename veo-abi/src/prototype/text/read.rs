//! Reads the text form of prototypes, token by token.

use std::sync::Arc;

use super::{ENCODINGS, HEADER, LANGUAGES, POINTERS, QUALIFIERS, RECORDS, value};
use crate::prototype::model::{
    FoundField, FoundType, Parameter, Prototype, Prototypes, TypeId, Types,
};

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
pub(super) struct TextReader {
    types: Vec<FoundType>,
    functions: Vec<(String, Prototype)>,
    prototypes: Prototypes,
    started: bool,
}

impl TextReader {
    pub fn line(&mut self, index: usize, line: &str) -> Result<(), &'static str> {
        if index == 0 {
            self.started = true;
            return if line == HEADER {
                Ok(())
            } else {
                Err("it does not start with `veo-prototypes 2`")
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
                let (_, prototype) = self
                    .functions
                    .last_mut()
                    .ok_or("a parameter comes before any function")?;
                prototype.params.push(Parameter {
                    hidden: keyword == "hidden",
                    ty: tokens.id()?,
                    name: tokens.optional_text()?,
                });
            }
            "convention" => {
                let (_, prototype) = self
                    .functions
                    .last_mut()
                    .ok_or("a calling convention comes before any function")?;
                prototype.convention = Some(tokens.text()?);
            }
            "field" | "bits" => {
                let Some(FoundType::Record { fields, .. }) = self.types.last_mut() else {
                    return Err("a field comes before any structure");
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
            return Err("there are words after its end");
        }
        Ok(())
    }

    fn function(&mut self, tokens: &mut Tokens) -> Result<(), &'static str> {
        let symbol = tokens.text()?;
        let language = value(&LANGUAGES, &tokens.word()?).ok_or("the language is unknown")?;
        let style = tokens.word()?;
        let (prototyped, variadic) = match style.as_str() {
            "prototyped" | "partial" => (true, false),
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
            partial: style == "partial",
            convention: None,
            language,
            file,
            line: line.and_then(|line| u32::try_from(line).ok()),
            types: Arc::default(),
        };
        self.functions.push((symbol, prototype));
        Ok(())
    }

    pub fn finish(self) -> Result<Prototypes, &'static str> {
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
            return Err("it refers to a type that is missing");
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
            location: tokens.optional_text()?,
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
