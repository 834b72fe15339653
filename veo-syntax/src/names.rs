//! Checks names of libraries and symbols, as libveo accepts them.

use syn::LitStr;
use veo_abi::limits::MAX_NAME;

use crate::mistake::Mistake;
use crate::report::MistakeReport;

/// Checks the name of a library.
pub(crate) fn check_library(name: &LitStr, report: &mut MistakeReport) {
    let text = name.value();
    let file = text.rsplit('/').next().unwrap_or_default();
    if file.is_empty() || file.contains('\0') {
        report.at(name, &Mistake::LibraryName);
    } else if text.len() > MAX_NAME {
        report.at(name, &Mistake::TooLong("library", text.len()));
    } else if text.trim() != text {
        report.at(name, &Mistake::LibraryBlank);
    } else if let Some((stem, extension)) = file.rsplit_once('.')
        && let Some(mistake) = wrong_kind(stem, extension)
    {
        report.at(name, &mistake);
    } else if !file.contains('.') {
        let directory = &text[..text.len() - file.len()];
        let prefix = if file.starts_with("lib") { "" } else { "lib" };
        let instead = format!("{directory}{prefix}{file}.so");
        report.at(name, &Mistake::LibraryNoExtension(instead));
    }
}

/// The mistake for a file that is not a library, by its extension.
fn wrong_kind(stem: &str, extension: &str) -> Option<Mistake> {
    Some(match extension {
        "a" | "o" => Mistake::LibraryIsArchive,
        "c" | "cc" | "cpp" | "cxx" | "f" | "f90" | "f03" | "F90" | "h" | "hpp" => {
            let stem = stem.strip_prefix("lib").unwrap_or(stem);
            Mistake::LibraryIsSource(stem.to_owned())
        }
        "dylib" | "dll" => Mistake::LibraryOfOther(stem.to_owned()),
        _ => return None,
    })
}

/// Checks a link name.
pub(crate) fn check_symbol(name: &LitStr, report: &mut MistakeReport) {
    let text = name.value();
    if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        report.at(name, &Mistake::SymbolName);
    } else if text.len() > MAX_NAME {
        report.at(name, &Mistake::TooLong("symbol", text.len()));
    }
}
