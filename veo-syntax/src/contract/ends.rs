//! The place of an expression, for messages: its first token and its last one.
//!
//! A part of a clause does not copy the parts inside of it, since all the copies of one that nests deeply take the square of its length.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::ToTokens;
use syn::Expr;
use syn::token::Paren;

/// Tokens of which the first and the last are those of the expression, with their spans.
pub(super) fn ends(expr: &Expr) -> TokenStream {
    let mut tokens = first(expr);
    tokens.extend(last(expr));
    tokens
}

fn first(mut expr: &Expr) -> TokenStream {
    loop {
        expr = match expr {
            Expr::Binary(binary) => &binary.left,
            Expr::Call(call) => &call.func,
            Expr::MethodCall(call) => &call.receiver,
            Expr::Unary(unary) => return unary.op.to_token_stream(),
            Expr::Paren(paren) => return parentheses(paren.paren_token),
            other => return other.to_token_stream(),
        };
    }
}

fn last(mut expr: &Expr) -> TokenStream {
    loop {
        expr = match expr {
            Expr::Binary(binary) => &binary.right,
            Expr::Unary(unary) => &unary.expr,
            Expr::Call(call) => return parentheses(call.paren_token),
            Expr::MethodCall(call) => return parentheses(call.paren_token),
            Expr::Paren(paren) => return parentheses(paren.paren_token),
            other => return other.to_token_stream(),
        };
    }
}

/// The token that a pair of parentheses is, without what it holds.
fn parentheses(paren: Paren) -> TokenStream {
    let mut group = Group::new(Delimiter::Parenthesis, TokenStream::new());
    group.set_span(paren.span.join());
    group.to_token_stream()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::TokenTree;

    /// The tokens that a message points to.
    fn seen(tokens: TokenStream) -> [String; 2] {
        let mut trees = tokens.into_iter();
        let first = trees.next().unwrap();
        let last = trees.last().unwrap_or_else(|| first.clone());
        [first, last].map(|tree| {
            let what = match &tree {
                TokenTree::Group(group) => format!("{:?}", group.delimiter()),
                other => other.to_string(),
            };
            format!("{what} {:?}", tree.span())
        })
    }

    #[test]
    fn the_ends_are_those_of_all_tokens() {
        for text in [
            "n",
            "-1",
            "a::B",
            "n + m * 2",
            "!!(n > 0)",
            "(a + 1) > (b)",
            "min(n, max(m, 1)) != 0",
            "!x.is_null() || x.len() > 3",
            "disjoint(x, y)",
            "<T as Limits>::N < -n",
        ] {
            let expr: Expr = syn::parse_str(text).unwrap();
            assert_eq!(seen(ends(&expr)), seen(expr.to_token_stream()), "{text}");
        }
    }

    #[test]
    fn the_ends_are_as_short_as_it_is_deep() {
        for (open, close) in [("!", ""), ("(", ")"), ("1 + ", ""), ("min(1, ", ")")] {
            let text = format!("{}n{}", open.repeat(100), close.repeat(100));
            let expr: Expr = syn::parse_str(&text).unwrap();
            let tokens = ends(&expr).to_string();
            assert!(tokens.len() < 10, "{tokens}");
        }
    }
}
