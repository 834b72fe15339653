//! A clause as its user wrote it, with the blanks that everyone writes.

use quote::ToTokens;
use syn::{BinOp, Expr, ExprPath};

/// Spells an expression that the language has.
pub(super) fn spell(expr: &Expr) -> String {
    match expr {
        Expr::Binary(binary) => {
            let op = operator(&binary.op);
            format!("{} {op} {}", spell(&binary.left), spell(&binary.right))
        }
        Expr::Unary(unary) => format!("{}{}", unary.op.to_token_stream(), spell(&unary.expr)),
        Expr::Paren(paren) => format!("({})", spell(&paren.expr)),
        Expr::Group(group) => spell(&group.expr),
        Expr::Call(call) => format!("{}({})", spell(&call.func), list(&call.args)),
        Expr::MethodCall(call) => {
            let receiver = spell(&call.receiver);
            format!("{receiver}.{}({})", call.method, list(&call.args))
        }
        Expr::Path(path) => spell_path(path),
        other => crate::spell::spell(other),
    }
}

fn list<'a>(arguments: impl IntoIterator<Item = &'a Expr>) -> String {
    let arguments: Vec<String> = arguments.into_iter().map(spell).collect();
    arguments.join(", ")
}

/// Paths have no blanks: `<T as Limits>::N` is the only one with words side by side.
fn spell_path(path: &ExprPath) -> String {
    crate::spell::spell(path)
}

fn operator(op: &BinOp) -> String {
    op.to_token_stream().to_string().replace(' ', "")
}
