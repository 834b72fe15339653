//! Undefined symbols of a library: the library needs them, but no input of the link defines them. A process can load the
//! library only if a library that it loaded earlier defines them.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use veo_debuginfo::{DynamicSymbol, dynamic_symbols};

use crate::context::Context;
use crate::kernels::Kernels;
use crate::source::KernelSource;
use crate::target::Target;

/// A message names at most this many symbols.
const NAMED: usize = 10;

/// The headers of functions that every VE process has.
const PRESENT: [&str; 2] = ["veo_hmem.h", "veo_ve.h"];

/// An undefined symbol, and the place in a source that needs it, if known.
#[derive(Clone, Debug)]
pub(crate) struct MissingSymbol {
    symbol: String,
    place: Option<String>,
}

impl fmt::Display for MissingSymbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.symbol)?;
        match &self.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

impl MissingSymbol {
    /// A symbol that is needed at a place.
    pub(crate) fn at(symbol: String, place: String) -> Self {
        Self {
            symbol,
            place: Some(place),
        }
    }

    /// Parses the displayed form.
    pub(crate) fn parse(text: &str) -> Self {
        let (symbol, place) = match text.split_once(" (") {
            Some((symbol, place)) => (symbol, place.strip_suffix(')')),
            None => (text, None),
        };
        Self {
            symbol: symbol.to_string(),
            place: place.map(str::to_string),
        }
    }
}

/// The undefined symbols of `library` that a linker reported. Linkers differ in wording and language, but all of them name
/// the symbol and the line that needs it.
pub(crate) fn of(library: &Path, complaint: &str, sources: &[KernelSource]) -> Vec<MissingSymbol> {
    let undefined: BTreeSet<String> = symbols(library, |symbol| symbol.is_needed);
    undefined
        .into_iter()
        .filter_map(|symbol| {
            let lines: Vec<&str> = complaint
                .lines()
                .skip_while(|line| !names(line, &symbol))
                .take(2)
                .collect();
            let place = || {
                lines
                    .iter()
                    .find_map(|line| sources.iter().find_map(|source| place(line, source)))
            };
            (!lines.is_empty()).then(|| MissingSymbol {
                place: place(),
                symbol,
            })
        })
        .collect()
}

/// The dynamic symbols of a file that `wanted` accepts.
fn symbols(file: &Path, wanted: impl Fn(&DynamicSymbol<'_>) -> bool) -> BTreeSet<String> {
    let bytes = fs::read(file).unwrap_or_default();
    dynamic_symbols(&bytes)
        .into_iter()
        .filter(wanted)
        .map(|symbol| symbol.name.to_owned())
        .collect()
}

/// Whether a line is about the symbol. Such a line has the symbol in quotation marks of any language, or after its last colon.
/// A plain search would not do, because the symbol may be a common word: `ld returned 1 exit status`.
fn names(line: &str, symbol: &str) -> bool {
    let mark = |c: char| "`'\"‘’‚“”„‹›«»「」".contains(c);
    line.match_indices(symbol).any(|(at, _)| {
        let (before, after) = (line[..at].trim_end(), line[at + symbol.len()..].trim());
        let quoted = before.ends_with(mark) && after.starts_with(mark);
        quoted || (after.is_empty() && before.ends_with(':'))
    })
}

/// Whether a header declares a function.
fn declares(header: &str, function: &str) -> bool {
    let of_name = |c: char| c.is_alphanumeric() || c == '_';
    header
        .match_indices(&format!("{function}("))
        .any(|(at, _)| !header[..at].ends_with(of_name))
}

/// The place in a source that a line names: `kernels/k.c:3`.
fn place(line: &str, source: &KernelSource) -> Option<String> {
    let path = format!("{}:", source.path.display());
    let after = &line[line.find(&path)? + path.len()..];
    let number: String = after.chars().take_while(char::is_ascii_digit).collect();
    (!number.is_empty()).then(|| format!("{}:{number}", source.label.display()))
}

/// The warning about missing symbols. It leaves out symbols that every VE process has, and symbols of libraries that this build
/// script has made.
pub(crate) fn note(
    context: &Context,
    kernels: &Kernels,
    target: Target,
    missing: &[MissingSymbol],
) -> Option<String> {
    if missing.is_empty() {
        return None;
    }
    let present = |symbol: &str| {
        veo_abi::headers::HEADERS
            .iter()
            .filter(|(name, _)| PRESENT.contains(name))
            .any(|(_, text)| declares(text, symbol))
    };
    let built = fs::read_dir(context.out.join(target.name())).into_iter();
    let defined: BTreeSet<String> = built
        .flatten()
        .flatten()
        .flat_map(|entry| symbols(&entry.path(), |symbol| symbol.is_defined))
        .collect();
    let missing: Vec<String> = missing
        .iter()
        .filter(|it| !present(&it.symbol) && !defined.contains(&it.symbol))
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() {
        return None;
    }
    let more = match missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let process = match target {
        Target::Ve1Llvm => {
            "A process on a card (the emulated node has the usual runtime functions of C++ itself)"
        }
        _ => "A process",
    };
    Some(format!(
        "{} for {target}: nothing that is linked defines {}{more}. {process} that loads the library fails, unless a library that it loaded \
         earlier defines this. Link what defines it: .file(..), .object(..), .link_lib(..), or build its library before this one; .link_arg(\"-Wl,-z,undefs\") silences this",
        kernels.name,
        missing[..missing.len().min(NAMED)].join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::{MissingSymbol, names};

    #[test]
    fn a_symbol_is_what_a_line_is_about() {
        for line in [
            "/usr/bin/ld: /x/k.c:5: undefined reference to `exp'",
            "/usr/bin/ld: /x/k.c:5: Nicht definierter Verweis auf »exp«",
            "/usr/bin/ld : /x/k.c:5 : référence indéfinie vers « exp »",
            "/x/k.c:5: `exp' に対する定義されていない参照です",
            "/x/k.c:5: error: undefined reference to 'exp'",
            "ld.lld: error: undefined symbol: exp",
        ] {
            assert!(names(line, "exp"), "{line}");
            assert!(!names(line, "ex"), "{line}");
        }
        for line in [
            "/x/exp/k.c:5: undefined reference to `f'",
            "exp.o: in function `expand':",
            "collect2: error: ld returned 1 exp status",
            "linking with cc failed (exp status: 1)",
        ] {
            assert!(!names(line, "exp"), "{line}");
        }
    }

    #[test]
    fn missing_symbols_are_read_back() {
        for text in ["f", "f (kernels/a (b).c:3)"] {
            assert_eq!(MissingSymbol::parse(text).to_string(), text);
        }
    }
}
