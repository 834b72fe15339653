//! Measures how deep a source nests before it is parsed: the parser calls itself for each level, and its stack is limited.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree, token_stream};

/// Sources that nest deeper are not parsed. Nobody writes the like; the stack of [`Sources::STACK`](super::Sources::STACK) bytes has
/// room for it, and a clause takes the square of it in time: seconds.
pub(super) const DEEPEST: usize = 4_000;

/// The tokens between two delimiters.
struct TokenLevel {
    tokens: token_stream::IntoIter,
    /// The construct that has these delimiters.
    inside: NestingConstruct,
    /// How many tokens of one item, statement or argument have come. Prefixes and operators may nest as well.
    run: usize,
    /// How many of them are a `<` without its `>`.
    angles: usize,
    last: Last,
}

/// The construct that a pair of delimiters belongs to.
#[derive(Clone, Copy)]
enum NestingConstruct {
    Block,
    /// The block that an arm of a `match` is.
    Arm,
    /// An attribute. Before it, so many tokens of the item had come.
    Attribute(usize),
    Other,
}

/// The last token, as far as it says what the next one means.
#[derive(Clone, Copy)]
enum Last {
    Block,
    Arm,
    /// The `#` of an attribute, and the `!` behind it. Before it, so many tokens of the item had come.
    Attribute(usize),
    /// The first character of a mark like `=>`.
    Joint(char),
    /// `=>`
    FatArrow,
    Other,
}

impl TokenLevel {
    fn new(tokens: TokenStream, inside: NestingConstruct) -> Self {
        Self {
            tokens: tokens.into_iter(),
            inside,
            run: 0,
            angles: 0,
            last: Last::Other,
        }
    }

    /// Counts a token.
    fn count(&mut self, token: &TokenTree) {
        self.run += 1;
        let begins_anew = match (self.last, token) {
            (Last::Block, TokenTree::Ident(word)) => word != "else" && word != "as",
            // A lifetime is the label of a loop.
            (Last::Block, TokenTree::Punct(mark)) => matches!(mark.as_char(), '#' | '\''),
            (Last::Block, TokenTree::Literal(_)) => true,
            // It is the whole body of its arm, unless a method is called on it.
            (Last::Arm, TokenTree::Ident(word)) => word != "as",
            (Last::Arm, TokenTree::Punct(mark)) => !matches!(mark.as_char(), '.' | '?'),
            (Last::Arm, _) => true,
            _ => false,
        };
        if begins_anew {
            (self.run, self.angles) = (0, 0);
        }
        let TokenTree::Punct(mark) = token else {
            return;
        };
        let mark_char = mark.as_char();
        let before = self.last;
        self.last = match (before, mark_char) {
            (_, '#') => Last::Attribute(self.run.saturating_sub(1)),
            (Last::Attribute(run), '!') => Last::Attribute(run),
            (Last::Joint('='), '>') => Last::FatArrow,
            _ if mark.spacing() == Spacing::Joint => Last::Joint(mark_char),
            _ => Last::Other,
        };
        match mark_char {
            '<' => self.angles += 1,
            // An arrow closes nothing.
            '>' if !matches!(before, Last::Joint('=' | '-')) => {
                self.angles = self.angles.saturating_sub(1);
            }
            ',' => self.run = self.angles,
            ';' => (self.run, self.angles) = (0, 0),
            _ => {}
        }
    }

    /// The construct that these delimiters belong to, by the next token of this level.
    fn inside(&self, delimiter: Delimiter) -> NestingConstruct {
        match (self.last, delimiter) {
            (Last::Attribute(run), Delimiter::Bracket) => NestingConstruct::Attribute(run),
            (Last::FatArrow, Delimiter::Brace) => NestingConstruct::Arm,
            (_, Delimiter::Brace) => NestingConstruct::Block,
            _ => NestingConstruct::Other,
        }
    }

    /// Goes on behind the closing delimiter.
    fn close(&mut self, inside: NestingConstruct) {
        self.last = match inside {
            NestingConstruct::Block => Last::Block,
            NestingConstruct::Arm => Last::Arm,
            // However many come, they stand side by side.
            NestingConstruct::Attribute(run) => {
                self.run = run;
                Last::Other
            }
            NestingConstruct::Other => Last::Other,
        };
    }
}

/// Whether the tokens nest deeper than [`DEEPEST`], or may do so.
pub(super) fn is_too_deep(tokens: TokenStream) -> bool {
    // The number of tokens before the innermost level.
    let mut outside = 0;
    let mut levels = vec![TokenLevel::new(tokens, NestingConstruct::Other)];
    while let Some(level) = levels.last_mut() {
        let Some(token) = level.tokens.next() else {
            let inside = level.inside;
            levels.pop();
            if let Some(level) = levels.last_mut() {
                outside -= level.run;
                level.close(inside);
            }
            continue;
        };
        level.count(&token);
        if outside + level.run > DEEPEST {
            return true;
        }
        match token {
            TokenTree::Group(group) => {
                outside += level.run;
                let inside = level.inside(group.delimiter());
                levels.push(TokenLevel::new(group.stream(), inside));
            }
            TokenTree::Punct(_) => {}
            _ => level.last = Last::Other,
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
    fn deep_nesting_is_found_in_every_form() {
        for (open, middle, close) in [
            ("(", "", ")"),
            ("{", "", "}"),
            ("fn f() {", "", "}"),
            ("*const ", "u8", ""),
            ("!", "a", ""),
            ("1 + ", "1", ""),
            ("A<B, ", "C", ">"),
            ("A<fn() -> B, ", "C", ">"),
            ("if a {} else ", "{}", ""),
            ("A {} - ", "1", ""),
            ("!#[a] ", "b", ""),
            ("#[a(", "", ")]"),
            ("match a { _ => {}", "", "}"),
            ("match a { _ => {}.", "b", "}"),
        ] {
            let nested = |depth| open.repeat(depth) + middle + &close.repeat(depth);
            assert!(found(&nested(DEEPEST + 1)), "{open}");
            assert!(!found(&nested(DEEPEST / 10)), "{open}");
        }
    }

    #[test]
    fn a_long_list_is_not_deep() {
        for text in [
            "fn f(a: A<B, C>) -> D { a.b(1, 2); }\n",
            "#[a] struct A { b: c } ",
            "a; ",
            "a, ",
            "if a < b { c } ",
            "'a: loop {} ",
            "//! a\n",
            "#![a]\n",
            "/// a\n",
            "0 => {} ",
            "\"s\" => {} ",
            "-1 => {} ",
            "(a, b) => {} ",
            "&a => {} ",
            "0 => match a { b => c } ",
        ] {
            assert!(!found(&text.repeat(DEEPEST)), "{text}");
            let matched = format!("match a {{ {} }}", text.repeat(DEEPEST));
            assert!(!found(&matched), "{text}");
        }
    }
}
