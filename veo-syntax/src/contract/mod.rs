//! Parses the tokens of `requires(..)` into clauses. Anything outside of the contract language is an error that says what to
//! write instead. The compiler checks types and names of constants.

mod ends;
mod foreign;
mod spell;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{BinOp, Expr, ExprCall, ExprLit, ExprMethodCall, ExprPath, Lit, UnOp};

use veo_abi::near_names;

use self::ends::ends;
use self::foreign::{
    attribute, comma_missing, foreign, index_of, is_below_one, is_null, plain, power, self_type,
    unreadable,
};
use self::spell::spell;
use crate::attribute::{separated, split_at_commas};
use crate::clause::{Clause, NamedParam, Term, TermKind, TermNode};
use crate::clause_mistake::ClauseFault;
use crate::declaration::{DeclaredParam, ParamType};
use crate::mistake::Mistake;
use crate::report::MistakeReport;

/// Reads the clauses of a contract on these parameters. It reports wrong clauses.
pub(crate) fn clauses(
    tokens: &TokenStream,
    params: &[DeclaredParam],
    report: &mut MistakeReport,
) -> Vec<Clause> {
    let pieces = split_at_commas(separated(tokens.clone(), report));
    let mut reader = ClauseReader { params, report };
    let clauses = pieces.into_iter().filter_map(|piece| reader.clause(piece));
    clauses.collect()
}

struct ClauseReader<'a> {
    params: &'a [DeclaredParam],
    report: &'a mut MistakeReport,
}

impl ClauseReader<'_> {
    fn clause(&mut self, tokens: TokenStream) -> Option<Clause> {
        if let Some(attribute) = attribute(&tokens) {
            return self.wrong(&attribute, ClauseFault::Attribute);
        }
        let Ok(expr) = syn::parse2::<Expr>(tokens.clone()) else {
            if let Some(next) = comma_missing(&tokens) {
                let wrong = Mistake::MissingComma(next.to_string());
                self.report.at(&next, &wrong);
                return None;
            }
            let (place, wrong) = unreadable(tokens);
            return self.wrong(&place, wrong);
        };
        let term = self.term(&expr)?;
        let condition = self.condition(term)?;
        let text = spell(&expr);
        Some(Clause { text, condition })
    }

    fn wrong<T>(&mut self, at: &impl ToTokens, wrong: ClauseFault) -> Option<T> {
        self.report.at(at, &Mistake::Contract(wrong));
        None
    }

    fn term(&mut self, expr: &Expr) -> Option<Term> {
        let node = match expr {
            Expr::Paren(paren) => return self.term(&paren.expr),
            Expr::Group(group) => return self.term(&group.expr),
            Expr::Lit(literal) => self.literal(literal)?,
            Expr::Path(path) => self.path(path)?,
            Expr::Unary(unary) => {
                if let UnOp::Deref(star) = unary.op {
                    return self.wrong(&star, ClauseFault::Followed);
                }
                let term = self.term(&unary.expr)?;
                if matches!(unary.op, UnOp::Not(_)) {
                    TermNode::Not(Box::new(self.condition(term)?))
                } else {
                    TermNode::Negative(Box::new(self.number(term)?))
                }
            }
            Expr::Binary(binary) => {
                if let Some(stars) = power(binary) {
                    return self.wrong(&stars, ClauseFault::MethodInstead("n * n"));
                }
                // This reads both sides, to find the mistakes of both.
                let sides = (self.term(&binary.left), self.term(&binary.right));
                self.binary(&binary.op, sides.0, sides.1)?
            }
            Expr::Call(call) => self.call(call)?,
            Expr::MethodCall(call) => self.method(call)?,
            other => {
                let (place, wrong) = foreign(other, self.params);
                return self.wrong(&place, wrong);
            }
        };
        Some(Term {
            node,
            ends: ends(expr),
        })
    }

    fn binary(&mut self, op: &BinOp, left: Option<Term>, right: Option<Term>) -> Option<TermNode> {
        let computed = match op {
            BinOp::Add(_) => "sum",
            BinOp::Sub(_) => "difference",
            BinOp::Mul(_) => "product",
            BinOp::Div(_) => "divided",
            BinOp::Rem(_) => "remainder",
            _ => "",
        };
        if !computed.is_empty() {
            let sides = self.numbers(left?, right?)?;
            return Some(TermNode::Computed(computed, sides));
        }
        let (compared, is_ordered) = match op {
            BinOp::Eq(_) => ("equal", false),
            BinOp::Ne(_) => ("unequal", false),
            BinOp::Lt(_) => ("less", true),
            BinOp::Le(_) => ("at_most", true),
            BinOp::Gt(_) => ("greater", true),
            BinOp::Ge(_) => ("at_least", true),
            BinOp::And(_) | BinOp::Or(_) => {
                let name = if matches!(op, BinOp::And(_)) {
                    "both"
                } else {
                    "or"
                };
                let (left, right) = (self.condition(left?), self.condition(right?));
                return Some(TermNode::Joined(name, Box::new([left?, right?])));
            }
            BinOp::BitAnd(_) => return self.wrong(op, ClauseFault::Bits("&", "&&")),
            BinOp::BitOr(_) => return self.wrong(op, ClauseFault::Bits("|", "||")),
            BinOp::BitXor(_) => return self.wrong(op, ClauseFault::Bits("^", "!=")),
            BinOp::Shl(_) => return self.wrong(op, ClauseFault::Shifted("* 8")),
            BinOp::Shr(_) => return self.wrong(op, ClauseFault::Shifted("/ 8")),
            _ => return self.wrong(op, ClauseFault::Changed),
        };
        let (left, right) = (left?, right?);
        if !is_ordered && let Some(null) = self.null_of_pointer(&left, &right) {
            let is_null = matches!(op, BinOp::Eq(_));
            let instead = if is_null {
                "x.is_null()"
            } else {
                "!x.is_null()"
            };
            return self.wrong(&null, ClauseFault::MethodInstead(instead));
        }
        if is_ordered {
            let is_comparison = |term: &Term| matches!(term.node, TermNode::Compared(_, true, _));
            if is_comparison(&left) || is_comparison(&right) {
                return self.wrong(op, ClauseFault::Chained);
            }
            let sides = self.numbers(left, right)?;
            return Some(TermNode::Compared(compared, true, sides));
        }
        match (left.kind(), right.kind()) {
            (TermKind::Number, TermKind::Condition) => self.number(right).map(drop)?,
            (TermKind::Condition, TermKind::Number) => self.condition(right).map(drop)?,
            _ => return Some(TermNode::Compared(compared, false, Box::new([left, right]))),
        }
        None
    }

    /// The null pointer of some language that a parameter in memory is compared with.
    fn null_of_pointer(&self, left: &Term, right: &Term) -> Option<TokenStream> {
        let is_memory = |term: &Term| match &term.node {
            TermNode::Value(named) => self
                .params
                .get(named.index)
                .is_some_and(|param| !matches!(param.ty, ParamType::Scalar(_))),
            _ => false,
        };
        [(left, right), (right, left)]
            .into_iter()
            .find(|(memory, null)| is_memory(memory) && is_null(null))
            .map(|(_, null)| null.ends.clone())
    }

    /// A part that stands where a condition does.
    fn condition(&mut self, term: Term) -> Option<Term> {
        if term.kind() == TermKind::Number {
            let name = match &term.node {
                TermNode::Value(named) => named.ident.to_string(),
                _ => "n".to_owned(),
            };
            return self.wrong(&term.ends, ClauseFault::NotCondition(name));
        }
        Some(term)
    }

    /// A part that stands where a number does.
    fn number(&mut self, term: Term) -> Option<Term> {
        if term.kind() == TermKind::Condition {
            return self.wrong(&term.ends, ClauseFault::NotNumber);
        }
        Some(term)
    }

    fn numbers(&mut self, left: Term, right: Term) -> Option<Box<[Term; 2]>> {
        let (left, right) = (self.number(left), self.number(right));
        Some(Box::new([left?, right?]))
    }

    fn literal(&mut self, literal: &ExprLit) -> Option<TermNode> {
        let tokens = match &literal.lit {
            // As wide as the values that it is computed with.
            Lit::Int(int) if int.suffix().is_empty() => {
                let wide = format!("{}i128", int.base10_digits());
                syn::LitInt::new(&wide, int.span()).into_token_stream()
            }
            Lit::Int(_) | Lit::Float(_) | Lit::Bool(_) => literal.to_token_stream(),
            Lit::Char(_) | Lit::Byte(_) => return self.wrong(literal, ClauseFault::Character),
            _ => return self.wrong(literal, ClauseFault::Text),
        };
        Some(TermNode::Constant(tokens))
    }

    fn path(&mut self, path: &ExprPath) -> Option<TermNode> {
        if let Some(named) = self.named(path) {
            return Some(TermNode::Value(named));
        }
        if let Some(name) = path.path.get_ident() {
            if name == "self" {
                return self.wrong(path, ClauseFault::Receiver);
            }
            let text = name.unraw().to_string();
            let is_lower = text.starts_with(|c: char| c.is_lowercase() || c == '_');
            if is_lower && let Some(near) = self.near(&text) {
                return self.wrong(path, ClauseFault::NoSuchParameter(text, near));
            }
        }
        let tokens = path.to_token_stream();
        if let Some(word) = self_type(&tokens) {
            return self.wrong(&word, ClauseFault::SelfType);
        }
        Some(TermNode::Constant(tokens))
    }

    /// The parameter that was probably meant.
    fn near(&self, name: &str) -> Option<String> {
        let names: Vec<String> = self
            .params
            .iter()
            .map(|param| param.ident.unraw().to_string())
            .collect();
        let near = near_names(name, names.iter().map(String::as_str));
        near.first().map(|near| (*near).to_owned())
    }

    /// The parameter of this name.
    fn named(&self, path: &ExprPath) -> Option<NamedParam> {
        let ident = path.path.get_ident().filter(|_| path.qself.is_none())?;
        let index = index_of(ident, self.params)?;
        Some(NamedParam {
            index,
            ident: ident.clone(),
        })
    }

    /// A parameter that is asked by its name, `form` is how.
    fn parameter(&mut self, expr: &Expr, form: &'static str) -> Option<NamedParam> {
        match plain(expr) {
            Expr::Path(path) => match self.named(path) {
                Some(named) => self.addressed(named, form),
                None if path.path.is_ident("self") => self.wrong(path, ClauseFault::Receiver),
                None => {
                    let name = path.path.get_ident().map(|name| name.unraw().to_string());
                    let near = name.as_deref().and_then(|name| self.near(name));
                    match (name, near) {
                        (Some(name), Some(near)) => {
                            self.wrong(path, ClauseFault::NoSuchParameter(name, near))
                        }
                        _ => self.wrong(path, ClauseFault::NotParameter(form)),
                    }
                }
            },
            other => self.wrong(other, ClauseFault::NotParameter(form)),
        }
    }

    /// A parameter that is no number, of which `form` can be asked.
    fn addressed(&mut self, named: NamedParam, form: &'static str) -> Option<NamedParam> {
        let is_number = self
            .params
            .get(named.index)
            .is_some_and(|param| matches!(param.ty, ParamType::Scalar(_)));
        if is_number && form != "requires_known(x)" {
            let name = named.ident.to_string();
            return self.wrong(&named.ident, ClauseFault::IsNumber(name));
        }
        Some(named)
    }

    fn call(&mut self, call: &ExprCall) -> Option<TermNode> {
        let name = match plain(&call.func) {
            Expr::Path(path) if path.qself.is_none() => {
                let last = path.path.segments.last().map(|last| &last.ident);
                last.map(|last| last.unraw().to_string())
                    .unwrap_or_default()
            }
            other => return self.wrong(other, ClauseFault::Other),
        };
        let form = match name.as_str() {
            "min" => "min(a, b)",
            "max" => "max(a, b)",
            "disjoint" => "disjoint(x, y)",
            "requires_known" => "requires_known(x)",
            "len" | "is_null" | "is_aligned" => {
                let of = call.args.first().map_or_else(|| "x".to_owned(), spell);
                let n = if name == "is_aligned" { "8" } else { "" };
                return self.wrong(call, ClauseFault::IsMethod(format!("{of}.{name}({n})")));
            }
            "abs" => return self.wrong(call, ClauseFault::MethodInstead("max(n, -n)")),
            "null" | "null_mut" if call.args.is_empty() => {
                return self.wrong(call, ClauseFault::MethodInstead("x.is_null()"));
            }
            _ => {
                let known = ["min", "max", "disjoint", "requires_known"];
                let near = match name.as_str() {
                    "known" | "is_known" => Some("requires_known"),
                    "overlap" | "overlaps" | "distinct" => Some("disjoint"),
                    "minimum" => Some("min"),
                    "maximum" => Some("max"),
                    "implies" => Some("!a || b"),
                    _ => near_names(&name, known).first().copied(),
                };
                return self.wrong(&call.func, ClauseFault::NoSuchFunction(name, near));
            }
        };
        if !matches!(plain(&call.func), Expr::Path(path) if path.path.get_ident().is_some()) {
            let is_generic = call.func.to_token_stream().to_string().contains('<');
            if is_generic {
                return self.wrong(&call.func, ClauseFault::Generic(form.to_owned()));
            }
            return self.wrong(
                &call.func,
                ClauseFault::NoSuchFunction(spell(&call.func), Some(form)),
            );
        }
        let arguments: Vec<&Expr> = call.args.iter().collect();
        match (name.as_str(), arguments.as_slice()) {
            ("min" | "max", [a, b]) => {
                let (a, b) = (self.term(a), self.term(b));
                let function = if name == "min" { "smaller" } else { "larger" };
                let sides = self.numbers(a?, b?)?;
                Some(TermNode::Computed(function, sides))
            }
            ("disjoint", [a, b]) => {
                let (a, b) = (self.parameter(a, form), self.parameter(b, form));
                Some(TermNode::Disjoint(a?, b?))
            }
            ("requires_known", [a]) => Some(TermNode::IsKnown(self.parameter(a, form)?)),
            _ => self.wrong(call, ClauseFault::Arguments(form)),
        }
    }

    fn method(&mut self, call: &ExprMethodCall) -> Option<TermNode> {
        let name = call.method.unraw().to_string();
        let receiver = plain(&call.receiver);
        let form = match name.as_str() {
            "len" => "x.len()",
            "is_null" => "x.is_null()",
            "is_aligned" => "x.is_aligned(8)",
            _ => return self.foreign_method(call, &name),
        };
        let named = match receiver {
            Expr::Path(path) if path.path.get_ident().is_some() => {
                self.parameter(receiver, form)?
            }
            other => return self.wrong(other, ClauseFault::NotOfParameter(name)),
        };
        if call.turbofish.is_some() {
            return self.wrong(&call.turbofish, ClauseFault::Generic(form.to_owned()));
        }
        let arguments: Vec<&Expr> = call.args.iter().collect();
        match (name.as_str(), arguments.as_slice()) {
            ("len", []) => Some(TermNode::Len(named)),
            ("is_null", []) => Some(TermNode::IsNull(named)),
            ("is_aligned", [n]) => {
                let n = self.term(n)?;
                if is_below_one(&n) {
                    return self.wrong(&n.ends, ClauseFault::Alignment);
                }
                Some(TermNode::IsAligned(named, Box::new(self.number(n)?)))
            }
            _ => self.wrong(call, ClauseFault::Arguments(form)),
        }
    }

    /// A method that a contract does not have.
    fn foreign_method(&mut self, call: &ExprMethodCall, name: &str) -> Option<TermNode> {
        let of = spell(&call.receiver);
        let first = call.args.first().map_or_else(|| "m".to_owned(), spell);
        let instead = match name {
            "min" | "max" => ClauseFault::IsFunction(format!("{name}({of}, {first})")),
            "disjoint" | "requires_known" if call.args.is_empty() => {
                ClauseFault::IsFunction(format!("{name}({of})"))
            }
            "disjoint" => ClauseFault::IsFunction(format!("{name}({of}, {first})")),
            "abs" => ClauseFault::MethodInstead("max(n, -n)"),
            "is_empty" => ClauseFault::MethodInstead("x.len() == 0"),
            "is_some" => ClauseFault::MethodInstead("!x.is_null()"),
            "is_none" => ClauseFault::MethodInstead("x.is_null()"),
            "is_nan" => ClauseFault::MethodInstead("a == a"),
            "pow" | "powi" => ClauseFault::MethodInstead("n * n"),
            "is_positive" => ClauseFault::MethodInstead("n > 0"),
            "is_negative" => ClauseFault::MethodInstead("n < 0"),
            "contains" => ClauseFault::MethodInstead("0 <= n && n < 10"),
            _ => {
                let near = match name {
                    "length" | "size" | "count" | "capacity" => Some("len"),
                    "null" | "isnull" => Some("is_null"),
                    "aligned" | "align" => Some("is_aligned"),
                    _ => near_names(name, ["len", "length", "is_null", "is_aligned"])
                        .first()
                        .copied(),
                };
                let form = near.map(|near| match near {
                    "len" | "length" => "x.len()",
                    "is_null" => "x.is_null()",
                    _ => "x.is_aligned(8)",
                });
                ClauseFault::NoSuchMethod(name.to_owned(), form)
            }
        };
        self.wrong(&call.method, instead)
    }
}
