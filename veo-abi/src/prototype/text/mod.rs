//! The text form of prototypes, which a build writes for the macro. Each line has one fact.
//!
//! ```text
//! veo-prototypes 2
//! void                          types, counted from 0
//! base signed 4 "int"
//! pointer 1
//! struct 8 "pair" "/src/pair.h:3"
//! field 0 1 "a"                 belongs to the record before it
//! function "add" c prototyped 1 "/src/add.c" 3 "add"
//!                               `partial`, `variadic`, `unprototyped` ..: see `Prototype`
//! param 2 "x"                   belongs to the function before it
//! convention "ms_abi"           likewise; only if it differs from that of C
//! undescribed "from_assembly"
//! note "a sentence"
//! ```

mod read;
mod write;

use std::fmt::Write as _;

use super::model::{Encoding, FunctionLanguage, PointerKind, Prototypes, Qualifier, RecordKind};
use read::TextReader;
use write::{quote, write_function, write_type};

const HEADER: &str = "veo-prototypes 2";

/// Why [`Prototypes::from_text`] cannot read a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    /// The line, counted from 1.
    pub line: usize,
    /// The mistake in this line.
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

const ENCODINGS: [(Encoding, &str); 8] = [
    (Encoding::Signed, "signed"),
    (Encoding::Unsigned, "unsigned"),
    (Encoding::Bool, "bool"),
    (Encoding::SignedChar, "char"),
    (Encoding::UnsignedChar, "uchar"),
    (Encoding::Float, "float"),
    (Encoding::Complex, "complex"),
    (Encoding::Swapped, "swapped"),
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
const LANGUAGES: [(FunctionLanguage, &str); 4] = [
    (FunctionLanguage::C, "c"),
    (FunctionLanguage::Cpp, "c++"),
    (FunctionLanguage::Fortran, "fortran"),
    (FunctionLanguage::Other, "other"),
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

impl Prototypes {
    /// Writes the prototypes to a text, which [`Prototypes::from_text`] reads.
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
    /// The first invalid line.
    pub fn from_text(text: &str) -> Result<Prototypes, TextError> {
        let mut reader = TextReader::default();
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
