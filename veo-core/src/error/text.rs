//! Parts of messages.

use std::fmt;
use std::path::PathBuf;

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

/// A parameter of a call, as messages name it: they count from 1.
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
