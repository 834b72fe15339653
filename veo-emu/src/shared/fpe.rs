//! Floating-point exceptions that end a kernel, as `VE_FPE_ENABLE` names them.

use veo_abi::environment::VE_FPE_ENABLE;

/// The names, and the bits of the exceptions in the mask of the host's processors.
const NAMES: [(&str, u32); 5] = [("INV", 1), ("DIV", 4), ("FOF", 8), ("FUF", 16), ("INE", 32)];

/// The meaning of the variable's value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WantedTraps<'a> {
    /// A bit for each exception.
    pub(crate) bits: u32,
    /// The first word that names no exception.
    pub(crate) unknown: Option<&'a str>,
}

/// Reads a value: names, with anything between them that is no letter or digit.
pub(crate) fn parse(text: &str) -> WantedTraps<'_> {
    let mut wanted = WantedTraps {
        bits: 0,
        unknown: None,
    };
    let words = text.split(|c: char| !c.is_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        match NAMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word))
        {
            Some((_, bit)) => wanted.bits |= bit,
            None => wanted.unknown = wanted.unknown.or(Some(word)),
        }
    }
    wanted
}

/// The warning about a value of the variable, if it needs one.
pub(crate) fn complaint(text: &str) -> Option<String> {
    let unknown = parse(text).unknown?;
    let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    Some(format!(
        "{} is {text:?}, of which {unknown:?} is ignored; the exceptions that can trap \
         are {}",
        VE_FPE_ENABLE.name(),
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_exception_is_named() {
        for (text, bits, unknown) in [
            ("DIV", 4, None),
            ("div, INV:fof", 13, None),
            ("", 0, None),
            (" ,", 0, None),
            ("DVI", 0, Some("DVI")),
            ("DIV,1,INE", 36, Some("1")),
            ("ÜBER,FUF", 16, Some("ÜBER")),
        ] {
            assert_eq!(parse(text), WantedTraps { bits, unknown }, "{text:?}");
            assert_eq!(complaint(text).is_some(), unknown.is_some(), "{text:?}");
        }
        let told = complaint("DVI").unwrap();
        assert!(told.contains("\"DVI\"") && told.contains("DIV"), "{told}");
    }
}
