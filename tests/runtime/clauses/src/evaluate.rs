//! An evaluator of clauses that shares nothing with the one that is tested: it walks the text, and its
//! integers have no limits.

use std::collections::HashMap;

use num_bigint::BigInt;
use syn::{BinOp, Expr, Lit, UnOp};

/// The value of a clause's part.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Unknown,
    /// With a word of the reason.
    Failed(&'static str),
    Integer(BigInt),
    Float(f64),
    Truth(bool),
}

/// The known facts about memory; its place is `None` on the kernel's stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) place: Option<u64>,
    pub(crate) bytes: Option<usize>,
}

/// The arguments.
pub(crate) struct Environment {
    pub(crate) values: HashMap<String, Value>,
    pub(crate) memory: HashMap<String, Range>,
    /// The clause.
    pub(crate) text: String,
}

/// The value of a clause.
pub(crate) fn evaluate(environment: &Environment) -> Value {
    let expr: Expr = syn::parse_str(&environment.text).expect("a clause is an expression");
    environment.value(&expr)
}

/// Whether a clause has the number of this parameter, not only asks whether it is known.
fn is_counted(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words = text.split(|c| !is_word(c)).filter(|word| *word == name);
    words.count() > text.matches(&format!("requires_known({name})")).count()
}

/// The language allows no more than 128 bits.
fn integer(value: BigInt) -> Value {
    let most = BigInt::from(i128::MAX);
    if value > most || value < -&most - 1 {
        return Value::Failed("overflows");
    }
    Value::Integer(value)
}

fn name(expr: &Expr) -> String {
    match expr {
        Expr::Path(path) => {
            let names = path
                .path
                .segments
                .iter()
                .map(|segment| segment.ident.to_string());
            names.collect::<Vec<_>>().join("::")
        }
        _ => panic!("this is no name"),
    }
}

impl Environment {
    fn value(&self, expr: &Expr) -> Value {
        match expr {
            Expr::Paren(paren) => self.value(&paren.expr),
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(int) => Value::Integer(int.base10_digits().parse().unwrap()),
                Lit::Float(float) if float.suffix() == "f32" => {
                    Value::Float(float.base10_parse::<f32>().unwrap().into())
                }
                Lit::Float(float) => Value::Float(float.base10_parse().unwrap()),
                _ => panic!("clauses have no such literal"),
            },
            Expr::Path(_) => match name(expr).as_str() {
                "i64::MAX" => Value::Integer(i64::MAX.into()),
                "f64::EPSILON" => Value::Float(f64::EPSILON),
                name => self.values[name].clone(),
            },
            Expr::Unary(unary) => match (&unary.op, self.value(&unary.expr)) {
                (UnOp::Neg(_), Value::Integer(value)) => integer(-value),
                (UnOp::Neg(_), Value::Float(value)) => Value::Float(-value),
                (UnOp::Not(_), Value::Truth(value)) => Value::Truth(!value),
                (_, other) => other,
            },
            Expr::Binary(binary) => self.binary(&binary.left, &binary.op, &binary.right),
            Expr::Call(call) => self.call(&name(&call.func), call.args.iter().collect()),
            Expr::MethodCall(call) => {
                let of = name(&call.receiver);
                self.method(&of, &call.method.to_string(), call.args.first())
            }
            _ => panic!("clauses have no such expression"),
        }
    }

    fn binary(&self, left: &Expr, op: &BinOp, right: &Expr) -> Value {
        let left = self.value(left);
        if let BinOp::And(_) | BinOp::Or(_) = op {
            // Some operands decide alone: the one on the left before all else.
            let decides = Value::Truth(matches!(op, BinOp::Or(_)));
            if matches!(left, Value::Failed(_)) || left == decides {
                return left;
            }
            let right = self.value(right);
            return match (&left, &right) {
                (_, Value::Failed(_)) => right,
                (_, value) if *value == decides => right,
                (Value::Unknown, _) | (_, Value::Unknown) => Value::Unknown,
                _ => right,
            };
        }
        let right = self.value(right);
        match (left, right) {
            (Value::Failed(why), _) | (_, Value::Failed(why)) => Value::Failed(why),
            (Value::Unknown, _) | (_, Value::Unknown) => Value::Unknown,
            (Value::Integer(a), Value::Integer(b)) => integers(a, op, b),
            (Value::Float(a), Value::Float(b)) => floats(a, op, b),
            (Value::Truth(a), Value::Truth(b)) => match op {
                BinOp::Eq(_) => Value::Truth(a == b),
                BinOp::Ne(_) => Value::Truth(a != b),
                _ => panic!("conditions have no such operator"),
            },
            other => panic!("they do not go together: {other:?}"),
        }
    }

    fn call(&self, name_of: &str, arguments: Vec<&Expr>) -> Value {
        if name_of == "requires_known" {
            let of = name(arguments[0]);
            let is_known = match self.memory.get(&of) {
                Some(memory) => memory.bytes.is_some(),
                None => self.values[&of] != Value::Unknown || !is_counted(&self.text, &of),
            };
            return Value::Truth(is_known);
        }
        if name_of == "disjoint" {
            let [a, b] = [arguments[0], arguments[1]].map(|of| self.memory[&name(of)]);
            let on_stack = a.place.is_none() || b.place.is_none();
            return match (a.bytes, b.bytes) {
                (Some(0), _) | (_, Some(0)) => Value::Truth(true),
                _ if on_stack => Value::Truth(true),
                (Some(a_len), Some(b_len)) => {
                    let (a, b) = (a.place.unwrap(), b.place.unwrap());
                    // Byte by byte.
                    let mut of_b = b..b + b_len as u64;
                    Value::Truth(!of_b.any(|byte| (a..a + a_len as u64).contains(&byte)))
                }
                _ => Value::Unknown,
            };
        }
        let is_min = name_of == "min";
        match (self.value(arguments[0]), self.value(arguments[1])) {
            (Value::Failed(why), _) | (_, Value::Failed(why)) => Value::Failed(why),
            (Value::Unknown, _) | (_, Value::Unknown) => Value::Unknown,
            (Value::Integer(a), Value::Integer(b)) => {
                Value::Integer(if is_min { a.min(b) } else { a.max(b) })
            }
            (Value::Float(a), Value::Float(b)) => {
                if a.is_nan() || b.is_nan() {
                    return Value::Failed("NaN");
                }
                // 0.0 and -0.0 are equal, so the first one is taken.
                let is_second = if is_min { b < a } else { b > a };
                Value::Float(if is_second { b } else { a })
            }
            other => panic!("they do not go together: {other:?}"),
        }
    }

    fn method(&self, of: &str, method: &str, argument: Option<&Expr>) -> Value {
        let memory = self.memory[of];
        match method {
            "len" => match (memory.bytes, of) {
                (None, _) => Value::Unknown,
                (Some(bytes), "x") => Value::Integer((bytes / 8).into()),
                (Some(bytes), "y") => Value::Integer((bytes / 4).into()),
                (Some(bytes), _) => Value::Integer(bytes.into()),
            },
            "is_null" => Value::Truth(memory.place == Some(0)),
            "is_aligned" => match self.value(argument.unwrap()) {
                Value::Integer(n) if n < BigInt::from(1) => Value::Failed("alignment"),
                Value::Integer(n) => match memory.place {
                    Some(addr) => Value::Truth(BigInt::from(addr) % n == BigInt::ZERO),
                    None if BigInt::from(8) % n == BigInt::ZERO => Value::Truth(true),
                    None => Value::Unknown,
                },
                other => other,
            },
            other => panic!("no method: {other}"),
        }
    }
}

fn integers(a: BigInt, op: &BinOp, b: BigInt) -> Value {
    match op {
        BinOp::Add(_) => integer(a + b),
        BinOp::Sub(_) => integer(a - b),
        BinOp::Mul(_) => integer(a * b),
        BinOp::Div(_) | BinOp::Rem(_) if b == BigInt::ZERO => Value::Failed("divides"),
        BinOp::Div(_) => integer(a / b),
        // The remainder of what overflows is not computed either.
        BinOp::Rem(_) => match integer(&a / &b) {
            Value::Integer(_) => integer(a % b),
            other => other,
        },
        BinOp::Lt(_) => Value::Truth(a < b),
        BinOp::Le(_) => Value::Truth(a <= b),
        BinOp::Gt(_) => Value::Truth(a > b),
        BinOp::Ge(_) => Value::Truth(a >= b),
        BinOp::Eq(_) => Value::Truth(a == b),
        BinOp::Ne(_) => Value::Truth(a != b),
        _ => panic!("integers have no such operator"),
    }
}

fn floats(a: f64, op: &BinOp, b: f64) -> Value {
    let compared = |truth: bool| {
        if a.is_nan() || b.is_nan() {
            return Value::Failed("NaN");
        }
        Value::Truth(truth)
    };
    match op {
        BinOp::Add(_) => Value::Float(a + b),
        BinOp::Sub(_) => Value::Float(a - b),
        BinOp::Mul(_) => Value::Float(a * b),
        BinOp::Div(_) => Value::Float(a / b),
        BinOp::Rem(_) => Value::Float(a % b),
        BinOp::Lt(_) => compared(a < b),
        BinOp::Le(_) => compared(a <= b),
        BinOp::Gt(_) => compared(a > b),
        BinOp::Ge(_) => compared(a >= b),
        BinOp::Eq(_) => compared(a == b),
        BinOp::Ne(_) => compared(a != b),
        _ => panic!("floats have no such operator"),
    }
}
