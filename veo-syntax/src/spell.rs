//! Prints tokens for messages as a user would write them: `*mut f64`. Plain tokens print as
//! `* mut f64`.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// Spells a type or an expression.
pub(crate) fn spell(tokens: &impl ToTokens) -> String {
    let mut text = String::new();
    let mut gap = false;
    write(tokens.to_token_stream(), &mut text, &mut gap);
    text
}

/// Appends the tokens. `gap` says whether a following word needs a space.
fn write(tokens: TokenStream, text: &mut String, gap: &mut bool) {
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                if *gap && after_qualifier(text) {
                    text.push(' ');
                }
                text.push_str(open);
                *gap = false;
                write(group.stream(), text, gap);
                text.push_str(close);
                *gap = true;
            }
            TokenTree::Punct(punct) => {
                let arrow = punct.as_char() == '-' && punct.spacing() == Spacing::Joint;
                if arrow || punct.as_char() == '+' || (*gap && after_qualifier(text)) {
                    text.push(' ');
                }
                text.push(punct.as_char());
                let after_name = punct.as_char() == ':'
                    && punct.spacing() == Spacing::Alone
                    && !text.ends_with("::");
                let spaced = matches!(punct.as_char(), ',' | ';' | '+' | '=')
                    || after_name
                    || text.ends_with("->");
                if spaced {
                    text.push(' ');
                }
                *gap = punct.as_char() == '>' && !spaced;
            }
            word => {
                if *gap {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
                *gap = true;
            }
        }
    }
}

/// Whether a type follows the last word.
fn after_qualifier(text: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let before = text.trim_end_matches(word);
    let last = &text[before.len()..];
    // A lifetime is one.
    last == "mut" || last == "const" || last == "dyn" || before.ends_with('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_spelled_as_they_are_written() {
        for written in [
            "*mut f64",
            "&'a mut [f64]",
            "[[f64; 3]; 4]",
            "Vec<(i32, u8)>",
            "std::collections::HashMap<u8, Vec<u8>>",
            "impl Fn(f64) -> f64",
            "dyn A + B",
            "fn(f64) -> f64",
            "*const *mut T",
            "&mut (i32, i32)",
            "&'static [u8]",
            "&'a mut [f64; 3]",
            "x: *mut f64",
        ] {
            let tokens: TokenStream = written.parse().unwrap();
            assert_eq!(spell(&tokens), written);
        }
    }
}
