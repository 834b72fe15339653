//! Contracts of imported functions. Headers have none, so the settings give them by patterns of names.

use proc_macro2::TokenStream;
use regex::Regex;

use super::whole;
use crate::{Error, Result};

/// The conditions that the settings require, and the functions that they are for.
#[derive(Default)]
pub(super) struct Contracts(Vec<Contract>);

struct Contract {
    pattern: Regex,
    written: String,
    clauses: String,
}

impl Contracts {
    /// Reads patterns, each with its clauses.
    pub(super) fn new(settings: &[(String, String)]) -> Result<Self> {
        let read = |(written, clauses): &(String, String)| {
            let words: Vec<&str> = clauses.split_whitespace().collect();
            let clauses = words.join(" ");
            let clauses = clauses.trim_end_matches(',').to_owned();
            // A clause that is not valid Rust would make all declarations fail.
            if let Err(error) = clauses.parse::<TokenStream>() {
                return Err(Error::invalid(format!(
                    ".requires({written:?}, {clauses:?}) cannot be read: {error}"
                )));
            }
            if clauses.is_empty() {
                return Err(Error::invalid(format!(
                    ".requires({written:?}, ..) has no condition; give one, such as \"n >= 0\""
                )));
            }
            Ok(Contract {
                pattern: whole(written)?,
                written: written.clone(),
                clauses,
            })
        };
        settings.iter().map(read).collect::<Result<_>>().map(Self)
    }

    /// All clauses for the function of this name.
    pub(super) fn of(&self, name: &str) -> Vec<String> {
        let all = self.0.iter().filter(|one| one.pattern.is_match(name));
        all.map(|one| one.clauses.clone()).collect()
    }

    /// Reports patterns that match none of these functions.
    pub(super) fn check<'a>(
        &self,
        header: &str,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<()> {
        let names: Vec<&str> = names.collect();
        let is_used = |one: &&Contract| names.iter().any(|name| one.pattern.is_match(name));
        match self.0.iter().find(|one| !is_used(one)) {
            None => Ok(()),
            Some(unused) => Err(Error::invalid(format!(
                ".requires({:?}, ..) matches no function that is imported from {header}; a pattern has to match a whole name{}",
                unused.written,
                star_of_files(&unused.written)
            ))),
        }
    }
}

/// Advice on a pattern with the `*` of file names, which repeats the character before it.
fn star_of_files(pattern: &str) -> &'static str {
    let is_plain = |c: char| c.is_alphanumeric() || c == '_';
    let mut parts = pattern.split('*');
    parts.next_back();
    if parts.any(|before| before.ends_with(is_plain)) {
        ", and it is a regular expression: for any characters write `.*`"
    } else {
        ""
    }
}
