//! Finds the dependencies of a source: its included files, and in Fortran the modules that it provides and uses. The compiler
//! lists included files in a dependency file. If it cannot, the source itself is read.
//!
//! Reading a source does not evaluate preprocessor conditions, so it may find more files than are used. It misses only names
//! that macros build.

use crate::source::Language;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of one Fortran source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Modules {
    pub(crate) provides: BTreeSet<String>,
    pub(crate) uses: BTreeSet<String>,
}

/// The files that `source` includes, directly or not. It searches beside the including file and in `dirs`.
pub(crate) fn includes(source: &Path, language: Language, dirs: &[PathBuf]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut open = vec![source.to_owned()];
    while let Some(file) = open.pop() {
        let Ok(bytes) = fs::read(&file) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let near = file.parent().unwrap_or(Path::new("")).to_owned();
        for (name, beside) in text.lines().filter_map(|line| included(line, language)) {
            let near = beside.then_some(&near);
            let places = near.into_iter().chain(dirs).map(|dir| dir.join(&name));
            if let Some(path) = places.into_iter().find(|path| path.is_file())
                && path != source
                && !found.contains(&path)
            {
                found.push(path.clone());
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The name in an include line, and whether the search starts beside the including file.
fn included(line: &str, language: Language) -> Option<(String, bool)> {
    let line = line.trim_start();
    if let Some(directive) = line.strip_prefix('#') {
        let directive = directive.trim_start();
        let rest = directive
            .strip_prefix("include")
            .or_else(|| directive.strip_prefix("import"))?;
        let rest = rest.strip_prefix("_next").unwrap_or(rest).trim_start();
        let quoted = delimited(rest, '"', '"').map(|name| (name, true));
        return quoted.or_else(|| Some((delimited(rest, '<', '>')?, false)));
    }
    if language == Language::Fortran
        && line
            .get(..7)
            .is_some_and(|word| word.eq_ignore_ascii_case("include"))
    {
        let rest = line[7..].trim_start();
        let name = delimited(rest, '\'', '\'').or_else(|| delimited(rest, '"', '"'));
        return name.map(|name| (name, true));
    }
    None
}

fn delimited(text: &str, open: char, close: char) -> Option<String> {
    let (name, _) = text.strip_prefix(open)?.split_once(close)?;
    Some(name.to_string())
}

/// The modules of a Fortran source.
pub(crate) fn modules(text: &str) -> Modules {
    let mut modules = Modules::default();
    let lower = text.to_lowercase();
    for statement in lower.lines().flat_map(|line| line.split(';')) {
        let code = statement.split('!').next().unwrap_or_default();
        let words: Vec<&str> = code
            .split(|c: char| c.is_whitespace() || c == ',')
            .filter(|w| !w.is_empty())
            .collect();
        match words.as_slice() {
            ["module", "procedure" | "function" | "subroutine", _, ..] => {}
            ["module", name] => {
                modules.provides.insert((*name).to_string());
            }
            ["use", "intrinsic" | "intrinsic::", ..] => {}
            ["use", "::" | "non_intrinsic" | "non_intrinsic::", rest @ ..] => {
                let name = rest
                    .iter()
                    .map(|word| word.trim_start_matches("::"))
                    .find(|word| !word.is_empty());
                modules.uses.extend(name.map(clean));
            }
            ["use", name, ..] if name.starts_with("::") => {
                modules.uses.insert(clean(&name[2..]));
            }
            ["use", name, ..] if name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                modules.uses.insert(clean(name));
            }
            _ => {}
        }
        // submodule (parent) name, submodule (ancestor:parent) name
        if let Some(rest) = code.trim_start().strip_prefix("submodule")
            && let Some((parents, name)) = rest
                .trim_start()
                .strip_prefix('(')
                .and_then(|rest| rest.split_once(')'))
        {
            let names: Vec<&str> = parents.split(':').map(str::trim).collect();
            let ancestor = names[0];
            modules
                .provides
                .insert(format!("{ancestor}:{}", name.trim()));
            modules.uses.insert(match names[1..].last() {
                Some(parent) => format!("{ancestor}:{parent}"),
                None => ancestor.to_string(),
            });
        }
    }
    modules.uses = modules
        .uses
        .difference(&modules.provides)
        .cloned()
        .collect();
    modules
}

fn clean(name: &str) -> String {
    name.chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect()
}

/// For each source, the indices of the sources that must be compiled first. The error names modules that need each other.
pub(crate) fn order(all: &[Modules]) -> Result<Vec<Vec<usize>>, String> {
    let before: Vec<Vec<usize>> = all
        .iter()
        .enumerate()
        .map(|(index, modules)| {
            let provides = |other: &Modules| !modules.uses.is_disjoint(&other.provides);
            (0..all.len())
                .filter(|&other| other != index && provides(&all[other]))
                .collect()
        })
        .collect();
    let mut done = BTreeSet::new();
    loop {
        let ready = (0..all.len())
            .find(|i| !done.contains(i) && before[*i].iter().all(|b| done.contains(b)));
        match ready {
            Some(index) => {
                done.insert(index);
            }
            None if done.len() == all.len() => return Ok(before),
            None => {
                let stuck = (0..all.len()).filter(|index| !done.contains(index));
                let names: BTreeSet<&str> = stuck
                    .flat_map(|i| &all[i].provides)
                    .map(String::as_str)
                    .collect();
                return Err(names.into_iter().collect::<Vec<_>>().join(", "));
            }
        }
    }
}

/// The prerequisites in a dependency file, in order, without repeats.
pub(crate) fn prerequisites(text: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut word = String::new();
    let mut in_targets = true;
    let mut finish = |word: &mut String, in_targets: bool| {
        if !word.is_empty() && !in_targets {
            let path = PathBuf::from(&*word);
            if !found.contains(&path) {
                found.push(path);
            }
        }
        word.clear();
    };
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.peek() {
                Some('\n') => {
                    chars.next();
                    finish(&mut word, in_targets);
                }
                Some('\r') => {}
                Some(' ' | '#' | '\\' | '\t') => word.extend(chars.next()),
                _ => word.push('\\'),
            },
            '$' if chars.peek() == Some(&'$') => word.extend(chars.next()),
            ':' if in_targets && chars.peek().is_none_or(|next| next.is_whitespace()) => {
                word.clear();
                in_targets = false;
            }
            '\n' => {
                finish(&mut word, in_targets);
                in_targets = true;
            }
            c if c.is_whitespace() => finish(&mut word, in_targets),
            c => word.push(c),
        }
    }
    finish(&mut word, in_targets);
    found
}

#[cfg(test)]
mod tests {
    use super::{Modules, included, modules, order, prerequisites};
    use crate::source::Language;
    use std::path::Path;

    fn made(provides: &[&str], uses: &[&str]) -> Modules {
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Modules {
            provides: set(provides),
            uses: set(uses),
        }
    }

    #[test]
    fn fortran_modules() {
        let text = "MODULE Grid\n use, intrinsic :: iso_c_binding\n use :: base, only: n\n USE Physics\ncontains\n\
                    module procedure f\nend module Grid\n! use nothing\nsubmodule (grid:low) impl; use util,only:x\n use grid\n\
                    use non_intrinsic :: own\n";
        assert_eq!(
            modules(text),
            made(
                &["grid", "grid:impl"],
                &["base", "physics", "grid:low", "util", "own"]
            )
        );
    }

    #[test]
    fn includes_in_both_languages() {
        let found = |name: &str, beside| Some((name.to_string(), beside));
        let c = |line| included(line, Language::C);
        assert_eq!(c("  #  include \"a/b.h\" // x"), found("a/b.h", true));
        assert_eq!(c("#include <k.h>"), found("k.h", false));
        assert_eq!(c("include 'k.h'"), None);
        let fortran = |line| included(line, Language::Fortran);
        assert_eq!(
            fortran("      INCLUDE 'common.inc'"),
            found("common.inc", true)
        );
        assert_eq!(fortran("#include \"c.h\""), found("c.h", true));
        assert_eq!(fortran("includes = 3"), None);
    }

    #[test]
    fn modules_before_their_users() {
        let all = [
            made(&[], &["b"]),
            made(&["a"], &[]),
            made(&["b"], &["a", "elsewhere"]),
        ];
        assert_eq!(order(&all), Ok(vec![vec![2], vec![], vec![1]]));
        let circle = [made(&["a"], &["b"]), made(&["b"], &["a"])];
        assert_eq!(order(&circle), Err("a, b".to_string()));
    }

    #[test]
    fn reads_what_gcc_writes() {
        let text =
            "out/a b.o: /k/my\\ file.c /k/\u{fc}.h \\\n /k/co$$t.h \\\n /k/a\\#b.h\n\n/k/x.h:\n";
        let expected = ["/k/my file.c", "/k/\u{fc}.h", "/k/co$t.h", "/k/a#b.h"];
        assert_eq!(prerequisites(text), expected.map(Path::new));
    }

    #[test]
    fn keeps_colons_inside_names_and_each_name_once() {
        assert_eq!(
            prerequisites("a.o: x:y.h z.h x:y.h"),
            [Path::new("x:y.h"), Path::new("z.h")]
        );
    }
}
