//! A clause as its user wrote it, with the blanks that everyone writes.

use quote::ToTokens;
use syn::{BinOp, Expr, ExprPath};

/// Spells an expression that the language has.
pub(super) fn spell(expr: &Expr) -> String {
    let mut text = String::new();
    spell_to(expr, &mut text);
    text
}

/// Each part writes behind the one before, so that one that nests deeply does not take the square of its length.
fn spell_to(expr: &Expr, text: &mut String) {
    match expr {
        Expr::Binary(binary) => {
            spell_to(&binary.left, text);
            text.extend([" ", &operator(&binary.op), " "]);
            spell_to(&binary.right, text);
        }
        Expr::Unary(unary) => {
            text.push_str(&unary.op.to_token_stream().to_string());
            spell_to(&unary.expr, text);
        }
        Expr::Paren(paren) => {
            text.push('(');
            spell_to(&paren.expr, text);
            text.push(')');
        }
        Expr::Group(group) => spell_to(&group.expr, text),
        Expr::Call(call) => {
            spell_to(&call.func, text);
            list_to(&call.args, text);
        }
        Expr::MethodCall(call) => {
            spell_to(&call.receiver, text);
            text.push('.');
            text.push_str(&call.method.to_string());
            list_to(&call.args, text);
        }
        Expr::Path(path) => text.push_str(&spell_path(path)),
        other => text.push_str(&crate::spell::spell(other)),
    }
}

/// Arguments, in their parentheses.
fn list_to<'a>(arguments: impl IntoIterator<Item = &'a Expr>, text: &mut String) {
    text.push('(');
    for (place, argument) in arguments.into_iter().enumerate() {
        if place > 0 {
            text.push_str(", ");
        }
        spell_to(argument, text);
    }
    text.push(')');
}

/// Paths have no blanks: `<T as Limits>::N` is the only one with words side by side.
fn spell_path(path: &ExprPath) -> String {
    crate::spell::spell(path)
}

fn operator(op: &BinOp) -> String {
    op.to_token_stream().to_string().replace(' ', "")
}
