//! Expressions that a contract cannot have: the mistake, and its tokens.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{BinOp, Expr, ExprBinary, LitInt, UnOp};

use super::spell::spell;
use crate::clause::{Term, TermNode};
use crate::clause_mistake::ClauseFault;
use crate::declaration::DeclaredParam;

pub(super) fn index_of(ident: &Ident, params: &[DeclaredParam]) -> Option<usize> {
    let name = ident.unraw();
    params.iter().position(|param| param.ident.unraw() == name)
}

/// Without what surrounds it.
pub(super) fn plain(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Paren(paren) => &paren.expr,
            Expr::Group(group) => &group.expr,
            other => return other,
        };
    }
}

/// The mistake for an expression that the language does not have.
pub(super) fn foreign(expr: &Expr, params: &[DeclaredParam]) -> (TokenStream, ClauseFault) {
    let all = expr.to_token_stream();
    match expr {
        Expr::Assign(assign) => (assign.eq_token.to_token_stream(), ClauseFault::Assigned),
        Expr::Cast(cast) => {
            let ty = crate::spell::spell(&cast.ty);
            (cast.as_token.to_token_stream(), ClauseFault::Cast(ty))
        }
        Expr::Reference(reference) => {
            (reference.and_token.to_token_stream(), ClauseFault::Borrowed)
        }
        Expr::Range(_) => (all, ClauseFault::Range),
        Expr::Field(field) => {
            let member = field.member.to_token_stream().to_string();
            let is_param = matches!(plain(&field.base), Expr::Path(path)
                if path.path.get_ident().is_some_and(|name| index_of(name, params).is_some()));
            let wrong = match member.as_str() {
                "len" | "is_null" if is_param => {
                    ClauseFault::NoParentheses(format!("{}.{member}()", spell(&field.base)))
                }
                _ => ClauseFault::Field,
            };
            if matches!(plain(&field.base), Expr::Path(path) if path.path.is_ident("self")) {
                return (field.base.to_token_stream(), ClauseFault::Receiver);
            }
            (field.member.to_token_stream(), wrong)
        }
        Expr::Index(_) => (all, ClauseFault::Index),
        Expr::If(it) => (it.if_token.to_token_stream(), ClauseFault::If),
        Expr::Match(it) => (it.match_token.to_token_stream(), ClauseFault::If),
        Expr::Block(_) | Expr::Unsafe(_) | Expr::Const(_) => (all, ClauseFault::Block),
        Expr::Tuple(_) => (all, ClauseFault::Tuple),
        Expr::Array(_) | Expr::Repeat(_) => (all, ClauseFault::Array),
        Expr::Macro(_) => (all, ClauseFault::Macro),
        Expr::Closure(_) => (all, ClauseFault::Closure),
        Expr::Infer(_) => (all, ClauseFault::Anonymous),
        _ => (all, ClauseFault::Other),
    }
}

/// An attribute anywhere in a clause.
pub(super) fn attribute(tokens: &TokenStream) -> Option<TokenStream> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().find_map(|(at, tree)| match tree {
        TokenTree::Punct(punct) if punct.as_char() == '#' => {
            Some(trees[at..].iter().take(2).cloned().collect())
        }
        TokenTree::Group(group) => attribute(&group.stream()),
        _ => None,
    })
}

/// The stars of `n ** 2`, which is a product with what a number points to.
pub(super) fn power(binary: &ExprBinary) -> Option<TokenStream> {
    match (&binary.op, &*binary.right) {
        (BinOp::Mul(first), Expr::Unary(unary)) => match (&unary.op, plain(&unary.expr)) {
            (UnOp::Deref(second), Expr::Lit(_)) => Some(quote!(#first #second)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a constant is a null pointer, by the name that it has in some language.
pub(super) fn is_null(term: &Term) -> bool {
    let TermNode::Constant(tokens) = &term.node else {
        return false;
    };
    let last = tokens.clone().into_iter().last();
    last.is_some_and(|last| {
        ["NULL", "null", "nullptr", "None"].contains(&last.to_string().as_str())
    })
}

/// Whether a number is below one, as far as literals tell.
pub(super) fn is_below_one(term: &Term) -> bool {
    match &term.node {
        TermNode::Negative(of) => matches!(&of.node, TermNode::Constant(_)),
        TermNode::Constant(tokens) => {
            syn::parse2::<LitInt>(tokens.clone()).is_ok_and(|number| number.base10_digits() == "0")
        }
        _ => false,
    }
}

/// The word `Self` in the path of a constant. A kernel is an item, which has none, wherever it is declared.
pub(super) fn self_type(tokens: &TokenStream) -> Option<TokenTree> {
    let mut trees = tokens.clone().into_iter();
    trees.find_map(|tree| match tree {
        TokenTree::Ident(ref word) if word == "Self" => Some(tree),
        TokenTree::Group(group) => self_type(&group.stream()),
        _ => None,
    })
}

/// The second of the first two operands that stand side by side. Words, such as `and`, stand between operands.
pub(super) fn comma_missing(tokens: &TokenStream) -> Option<TokenTree> {
    let is_name = |word: &Ident| {
        let text = word.to_string();
        !["and", "or", "not"].contains(&text.as_str())
            && syn::parse2::<Ident>(word.to_token_stream()).is_ok()
    };
    let ends = |tree: &TokenTree| match tree {
        TokenTree::Ident(word) => is_name(word),
        TokenTree::Literal(_) => true,
        TokenTree::Group(group) => group.delimiter() == Delimiter::Parenthesis,
        TokenTree::Punct(_) => false,
    };
    let begins = |tree: &TokenTree| match tree {
        TokenTree::Ident(word) => is_name(word),
        other => matches!(other, TokenTree::Literal(_)),
    };
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let pair = trees
        .windows(2)
        .find(|pair| ends(&pair[0]) && begins(&pair[1]))?;
    Some(pair[1].clone())
}

/// The mistake for tokens that are not an expression.
pub(super) fn unreadable(tokens: TokenStream) -> (TokenStream, ClauseFault) {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mark = |tree: Option<&TokenTree>| match tree {
        Some(TokenTree::Punct(punct)) => punct.as_char(),
        _ => ' ',
    };
    let (mut comparisons, mut is_second) = (0, false);
    for (at, tree) in trees.iter().enumerate() {
        if std::mem::take(&mut is_second) {
            continue;
        }
        let pair = || trees[at..].iter().take(2).cloned().collect::<TokenStream>();
        match tree {
            TokenTree::Ident(word) if at > 0 || word == "not" => {
                let found = match word.to_string().as_str() {
                    "and" => ClauseFault::Word("and", "&&"),
                    "or" => ClauseFault::Word("or", "||"),
                    "not" => ClauseFault::Word("not", "!"),
                    "in" => ClauseFault::Range,
                    "as" => {
                        let ty = trees
                            .get(at + 1)
                            .map_or_else(String::new, ToString::to_string);
                        ClauseFault::Cast(ty)
                    }
                    _ => continue,
                };
                return (word.to_token_stream(), found);
            }
            TokenTree::Punct(punct) => match (punct.as_char(), mark(trees.get(at + 1))) {
                ('?', _) => return (tree.to_token_stream(), ClauseFault::If),
                ('~', _) => return (tree.to_token_stream(), ClauseFault::Bits("~", "!")),
                ('^', '^') => return (pair(), ClauseFault::Bits("^^", "!=")),
                ('+', '+') => return (pair(), ClauseFault::Changed),
                ('-', '>') => {
                    let instead = match trees.get(at + 2).map(ToString::to_string).as_deref() {
                        Some("len") => "x.len()",
                        Some("is_null") => "x.is_null()",
                        _ => "!condition || then",
                    };
                    return (pair(), ClauseFault::MethodInstead(instead));
                }
                ('=', '<') => return (pair(), ClauseFault::Arrow("<=")),
                ('=', '>') => return (pair(), ClauseFault::Arrow(">=")),
                ('<', '>') => return (pair(), ClauseFault::Arrow("!=")),
                ('=', '=') if mark(trees.get(at + 2)) == '=' => {
                    return (pair(), ClauseFault::Arrow("=="));
                }
                ('&', '&') | ('|', '|') => (comparisons, is_second) = (0, true),
                ('&', _) if at > 0 => {
                    return (tree.to_token_stream(), ClauseFault::Bits("&", "&&"));
                }
                ('|', _) if at > 0 => {
                    return (tree.to_token_stream(), ClauseFault::Bits("|", "||"));
                }
                ('<' | '>', _) | ('=' | '!', '=') => {
                    comparisons += 1;
                    if comparisons == 2 {
                        return (tree.to_token_stream(), ClauseFault::Chained);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
    (tokens, ClauseFault::Syntax)
}
