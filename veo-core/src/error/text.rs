//! Parts of messages, and the report of declarations that contradict prototypes.

use std::fmt;
use std::path::{Path, PathBuf};

use veo_abi::prototype::Prototype;

pub(super) fn which_kernel(name: &str, candidates: &[String], several: bool) -> String {
    let listed = candidates.join(", ");
    if several {
        format!("several declared kernels are called {name}: {listed}; give more of the path")
    } else {
        format!(
            "no declared kernel is called {name}{}",
            near_misses(candidates)
        )
    }
}

/// A node that a program asks for.
pub(super) fn node(number: i32) -> String {
    match number {
        -1 => "default VE node".to_owned(),
        _ => format!("VE node {number}"),
    }
}

/// Says that a node is not there. The emulated node's reason says so, too, in its first words.
pub(super) fn no_node(number: i32, reason: &str) -> String {
    let node = node(number);
    let said = format!("{node} does not exist: ");
    let reason = reason.strip_prefix(&said).unwrap_or(reason);
    format!("there is no {node}: {reason}")
}

/// A node with its article, if it has one.
pub(super) fn the_node(number: i32) -> String {
    let article = if number == -1 { "the " } else { "" };
    format!("{article}{}", node(number))
}

/// A parameter of a call, as messages name it. Messages count from 1.
pub(crate) fn parameter(index: usize, name: Option<String>) -> String {
    let number = index + 1;
    match name {
        Some(name) => format!("parameter {number} (`{name}`)"),
        None => format!("parameter {number}"),
    }
}

/// The same, with the call it is of.
pub(super) fn parameter_of(index: &usize, name: &Option<String>, call: &Option<String>) -> String {
    let parameter = parameter(*index, name.clone());
    match call {
        Some(call) => format!("{parameter} of {call}"),
        None => parameter,
    }
}

/// The call before what is said of it.
pub(super) fn in_call(call: &Option<String>) -> String {
    call.as_ref()
        .map_or_else(String::new, |call| format!("{call}: "))
}

/// The end of a range, as it was written.
pub(super) fn end_of(end: &Option<usize>) -> String {
    end.map(|end| end.to_string()).unwrap_or_default()
}

pub(super) fn because(reason: &Option<String>) -> String {
    reason
        .as_ref()
        .map_or_else(String::new, |reason| format!(": {reason}"))
}

pub(super) fn near_misses(near: &[String]) -> String {
    match near {
        [] => String::new(),
        [one] => format!("; did you mean {one}?"),
        many => format!("; similar names: {}", many.join(", ")),
    }
}

pub(super) struct List<'a>(pub(super) &'a [PathBuf]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        for (index, path) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{}", path.display())?;
        }
        Ok(())
    }
}

pub(super) struct Lines<'a, T>(pub(super) &'a [T]);

impl<T: fmt::Display> fmt::Display for Lines<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// A declaration and the prototype it contradicts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PrototypeMismatch {
    /// The symbol.
    pub symbol: String,
    /// The library.
    pub library: String,
    /// The declaration, as Rust writes it. Empty if there is none: no declaration of this
    /// function would be right.
    pub declared: String,
    /// File and line of the declaration.
    pub declared_at: String,
    /// The prototype, as C writes it.
    pub found: String,
    /// File and line of the definition, as far as known.
    pub found_at: String,
    /// The differences, one sentence each.
    pub differences: Vec<String>,
}

impl PrototypeMismatch {
    /// A mismatch of the function `symbol` of a library. The declaration is filled in later.
    pub(crate) fn new(
        symbol: &str,
        library: &Path,
        found: &Prototype,
        differences: Vec<String>,
    ) -> PrototypeMismatch {
        let library = library.display().to_string();
        let without_lines = || format!("{library}, without line numbers");
        PrototypeMismatch {
            symbol: symbol.to_owned(),
            found: found.to_string(),
            found_at: found.location().unwrap_or_else(without_lines),
            declared: String::new(),
            declared_at: String::new(),
            differences,
            library,
        }
    }
}

impl fmt::Display for PrototypeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.declared.is_empty() {
            return write!(
                f,
                "{} of {} cannot be called:{}\n  found: {} ({})",
                self.symbol,
                self.library,
                Lines(&self.differences),
                self.found,
                self.found_at
            );
        }
        write!(
            f,
            "the declaration of {} does not match {}:{}\n  declared: {} ({})\n  found:    {} ({})",
            self.symbol,
            self.library,
            Lines(&self.differences),
            self.declared,
            self.declared_at,
            self.found,
            self.found_at
        )
    }
}
