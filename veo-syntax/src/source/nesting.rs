//! How deep a source nests, before the parser goes there: it calls itself for each level, and the stack has an end.

use proc_macro2::{Delimiter, TokenStream, TokenTree, token_stream};

/// Sources that nest deeper are not parsed. Nobody writes the like; the stack of [`Sources::STACK`](super::Sources::STACK) bytes has
/// room for it, and a clause takes the square of it in time: seconds.
pub(super) const DEEPEST: usize = 4_000;

/// The tokens between two delimiters.
struct Level {
    tokens: token_stream::IntoIter,
    is_block: bool,
    /// So many tokens of one item, statement or argument have come: prefixes and operators may nest as well.
    run: usize,
    /// Of these, `<` without its `>`.
    angles: usize,
    /// The last token was a block.
    after_block: bool,
}

impl Level {
    fn new(tokens: TokenStream, is_block: bool) -> Self {
        Self {
            tokens: tokens.into_iter(),
            is_block,
            run: 0,
            angles: 0,
            after_block: false,
        }
    }

    /// Counts a token.
    fn count(&mut self, token: &TokenTree) {
        self.run += 1;
        let begins_anew = match token {
            TokenTree::Ident(word) => word != "else" && word != "as",
            TokenTree::Punct(mark) => mark.as_char() == '#',
            _ => false,
        };
        if std::mem::take(&mut self.after_block) && begins_anew {
            (self.run, self.angles) = (0, 0);
        }
        if let TokenTree::Punct(mark) = token {
            match mark.as_char() {
                '<' => self.angles += 1,
                '>' => self.angles = self.angles.saturating_sub(1),
                ',' => self.run = self.angles,
                ';' => (self.run, self.angles) = (0, 0),
                _ => {}
            }
        }
    }
}

/// Whether the tokens nest deeper than [`DEEPEST`], or may do so.
pub(super) fn is_too_deep(tokens: TokenStream) -> bool {
    // So many tokens are before the innermost level.
    let mut outside = 0;
    let mut levels = vec![Level::new(tokens, false)];
    while let Some(level) = levels.last_mut() {
        let Some(token) = level.tokens.next() else {
            let is_block = level.is_block;
            levels.pop();
            if let Some(level) = levels.last_mut() {
                outside -= level.run;
                level.after_block = is_block;
            }
            continue;
        };
        level.count(&token);
        if outside + level.run > DEEPEST {
            return true;
        }
        if let TokenTree::Group(group) = token {
            outside += level.run;
            let is_block = group.delimiter() == Delimiter::Brace;
            levels.push(Level::new(group.stream(), is_block));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> bool {
        is_too_deep(text.parse().unwrap())
    }

    #[test]
    fn what_is_deep_is_found_however_it_nests() {
        for (open, middle, close) in [
            ("(", "", ")"),
            ("{", "", "}"),
            ("fn f() {", "", "}"),
            ("*const ", "u8", ""),
            ("!", "a", ""),
            ("1 + ", "1", ""),
            ("A<B, ", "C", ">"),
            ("if a {} else ", "{}", ""),
        ] {
            let nested = |depth| open.repeat(depth) + middle + &close.repeat(depth);
            assert!(found(&nested(DEEPEST + 1)), "{open}");
            assert!(!found(&nested(DEEPEST / 10)), "{open}");
        }
    }

    #[test]
    fn what_is_long_is_not_deep() {
        for text in [
            "fn f(a: A<B, C>) -> D { a.b(1, 2); }\n",
            "#[a] struct A { b: c } ",
            "a; ",
            "a, ",
            "if a < b { c } ",
        ] {
            assert!(!found(&text.repeat(DEEPEST)), "{text}");
        }
    }
}
