//! C type strings, which untyped calls of kernels take.
//!
//! `"int"`, `"unsigned long"`, `"uint16_t"`, `"const double *"`, `"void"`: what a
//! C programmer would write for a parameter or a result that fits one word.

use std::fmt;

use crate::ScalarType;

/// The meaning of a C type string for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CType {
    /// `void`: only as a result.
    Void,
    /// An integer or floating-point number.
    Scalar(ScalarType),
    /// An address on the VE, whatever it points to.
    Pointer,
}

/// An invalid C type string, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a C type for a kernel: {reason}")]
pub struct CTypeError {
    text: String,
    reason: String,
}

const EXPECTED: &str = "write char, short, int, long (each also unsigned), int8_t to uint64_t, \
                        size_t, float, double, void, or a pointer such as `double *`";

impl CType {
    /// Reads a C type string. Words may have any order that C allows. `const`, `volatile`
    /// and white space are ignored.
    ///
    /// # Errors
    ///
    /// An unknown name, words that do not go together, an array, or a type of more
    /// than 64 bits. The message says what to write.
    pub fn parse(text: &str) -> Result<CType, CTypeError> {
        let fail = |reason: String| CTypeError {
            text: text.to_owned(),
            reason,
        };
        if let Some(bracket) = text.find(['[', '(']) {
            return Err(fail(format!(
                "`{}` has no value of its own; write a pointer such as `double *`",
                &text[bracket..]
            )));
        }
        let (base, pointer) = match text.find('*') {
            Some(star) => (&text[..star], Some(&text[star..])),
            None => (text, None),
        };
        if let Some(suffix) = pointer {
            let spaced = suffix.replace('*', " ");
            if let Some(word) = spaced.split_whitespace().find(|w| !is_qualifier(w)) {
                return Err(fail(format!("`{word}` follows a `*`")));
            }
        }
        let words: Vec<&str> = base
            .split_whitespace()
            .filter(|w| !is_qualifier(w))
            .collect();
        if words.is_empty() {
            return Err(fail(format!("there is no type name; {EXPECTED}")));
        }
        if pointer.is_some() {
            return pointee(&words).map(|()| CType::Pointer).map_err(fail);
        }
        if words == ["void"] {
            return Ok(CType::Void);
        }
        scalar(&words).map(CType::Scalar).map_err(fail)
    }
}

/// Writes the type in C's notation.
impl fmt::Display for CType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CType::Void => "void",
            CType::Scalar(scalar) => scalar.c_name(),
            CType::Pointer => "void *",
        })
    }
}

fn is_qualifier(word: &str) -> bool {
    matches!(word, "const" | "volatile" | "restrict" | "__restrict")
}

/// Checks the words before a `*`. Any type name is valid, since the VE gets an address.
fn pointee(words: &[&str]) -> Result<(), String> {
    let name = match words {
        ["struct" | "union" | "enum", name] => name,
        ["void"] => return Ok(()),
        [name] => name,
        ["long", "double"] => return Ok(()),
        // A name of several words must be a built-in type.
        _ => return scalar(words).map(drop),
    };
    let mut letters = name.chars();
    let first = letters
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_');
    if first && letters.all(|c| c.is_alphanumeric() || c == '_') {
        Ok(())
    } else {
        Err(format!("`{name}` is not a name; {EXPECTED}"))
    }
}

fn scalar(words: &[&str]) -> Result<ScalarType, String> {
    if let [word] = words
        && let Some(ty) = typedef(word)
    {
        return Ok(ty);
    }
    let mut counted = KeywordCounts::default();
    for word in words {
        let count = match *word {
            "signed" => &mut counted.signed,
            "unsigned" => &mut counted.unsigned,
            "char" => &mut counted.char,
            "short" => &mut counted.short,
            "int" => &mut counted.int,
            "long" => &mut counted.long,
            "float" => &mut counted.float,
            "double" => &mut counted.double,
            "void" => return Err("`void` stands alone or before a `*`".into()),
            "struct" | "union" => {
                return Err("a structure is passed by reference; write `void *`".into());
            }
            other => return Err(format!("`{other}` is not known; {EXPECTED}")),
        };
        *count += 1;
    }
    counted.resolve()
}

/// How often each keyword of a built-in type was written.
#[derive(Default)]
struct KeywordCounts {
    signed: u32,
    unsigned: u32,
    char: u32,
    short: u32,
    int: u32,
    long: u32,
    float: u32,
    double: u32,
}

impl KeywordCounts {
    fn resolve(&self) -> Result<ScalarType, String> {
        let plain = |w: &KeywordCounts| {
            w.signed + w.unsigned + w.char + w.short + w.int + w.long + w.float + w.double == 1
        };
        if self.float > 0 && plain(self) {
            return Ok(ScalarType::F32);
        }
        if self.double > 0 && plain(self) {
            return Ok(ScalarType::F64);
        }
        if self.double == 1 && self.long == 1 && self.float + self.int + self.short == 0 {
            return Err("`long double` does not fit a 64-bit word; pass it by pointer".into());
        }
        let size = match (self.char, self.short, self.int, self.long) {
            (1, 0, 0, 0) => 1,
            (0, 1, 0 | 1, 0) => 2,
            (0, 0, 0 | 1, 0) => 4,
            (0, 0, 0 | 1, 1 | 2) => 8,
            _ => return Err(format!("these words do not go together; {EXPECTED}")),
        };
        if self.float + self.double > 0 || self.signed + self.unsigned > 1 {
            return Err(format!("these words do not go together; {EXPECTED}"));
        }
        ScalarType::integer(size, self.unsigned == 0).ok_or_else(|| EXPECTED.into())
    }
}

fn typedef(word: &str) -> Option<ScalarType> {
    Some(match word {
        "int8_t" => ScalarType::I8,
        "int16_t" => ScalarType::I16,
        "int32_t" => ScalarType::I32,
        "int64_t" | "ssize_t" | "ptrdiff_t" | "intptr_t" | "intmax_t" => ScalarType::I64,
        "uint8_t" | "_Bool" | "bool" => ScalarType::U8,
        "uint16_t" => ScalarType::U16,
        "uint32_t" => ScalarType::U32,
        "uint64_t" | "size_t" | "uintptr_t" | "uintmax_t" => ScalarType::U64,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar_of(text: &str) -> ScalarType {
        match CType::parse(text) {
            Ok(CType::Scalar(scalar)) => scalar,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn built_in_names_in_any_order() {
        assert_eq!(scalar_of("int"), ScalarType::I32);
        assert_eq!(scalar_of("  unsigned   int "), ScalarType::U32);
        assert_eq!(scalar_of("unsigned"), ScalarType::U32);
        assert_eq!(scalar_of("long unsigned int"), ScalarType::U64);
        assert_eq!(scalar_of("long long"), ScalarType::I64);
        assert_eq!(scalar_of("short int"), ScalarType::I16);
        assert_eq!(scalar_of("char"), ScalarType::I8);
        assert_eq!(scalar_of("unsigned char"), ScalarType::U8);
        assert_eq!(scalar_of("const double"), ScalarType::F64);
        assert_eq!(scalar_of("float"), ScalarType::F32);
    }

    #[test]
    fn every_c_name_of_the_table_is_read_back() {
        for scalar in ScalarType::ALL {
            assert_eq!(scalar_of(scalar.c_name()), scalar);
        }
    }

    #[test]
    fn pointers_to_anything() {
        for text in [
            "void *",
            "double*",
            "const char * const *",
            "struct node *",
            "my_t *",
            "long double *",
        ] {
            assert_eq!(CType::parse(text), Ok(CType::Pointer), "{text}");
        }
        assert_eq!(CType::parse("void"), Ok(CType::Void));
    }

    #[test]
    fn impossible_type_strings_are_refused_with_advice() {
        for text in [
            "",
            "  ",
            "*",
            "integer",
            "long double",
            "long float",
            "signed unsigned",
            "short long",
            "char int",
            "double [3]",
            "void int",
            "struct s",
            "int * x",
            "int(*)(int)",
            "3 *",
            "unsigned float",
            "long long long",
        ] {
            let error = CType::parse(text).expect_err(text).to_string();
            assert!(
                error.starts_with(&format!("`{text}` is not a C type")),
                "{error}"
            );
        }
    }
}
