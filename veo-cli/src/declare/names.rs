//! Names of a library in Rust, and the comments above items with such names.

/// The author of the declarations cannot change the library, so any name must do.
pub(super) const ALLOWED: &str =
    "#[allow(dead_code, nonstandard_style, unreachable_pub, clippy::all)]\n";

/// Text of the library inside of a comment. Debug information may have any characters, and none of them may end the
/// line.
pub(super) fn in_comment(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect()
}

/// The name in Rust, with a `_` behind it if it is a word of the language. None if it has characters that Rust does
/// not allow.
pub(super) fn identifier(name: &str) -> Option<String> {
    let mut chars = name.chars();
    let begins = chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !begins || name == "_" || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    Some(match KEYWORDS.contains(&name) {
        true => format!("{name}_"),
        false => name.to_owned(),
    })
}

/// The words of Rust, of all editions.
const KEYWORDS: [&str; 52] = [
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_comment() {
        let text = in_comment("int f(void)\n}\nfn g() {\r\u{1b}[2J\u{85}");
        assert_eq!(text.lines().count(), 1);
        assert!(!text.contains(char::is_control));
    }

    #[test]
    fn names_become_those_of_rust() {
        let found = ["sum", "match", "", "_", "a.b", "_x", "9"].map(identifier);
        let expected = [
            Some("sum"),
            Some("match_"),
            None,
            None,
            None,
            Some("_x"),
            None,
        ];
        assert_eq!(found, expected.map(|name| name.map(str::to_owned)));
    }
}
