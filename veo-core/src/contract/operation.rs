//! The operations of a clause. An unknown operand makes the result unknown, unless the other
//! decides without it. An operand that cannot be computed fails the clause, unless the one on its
//! left decides without it.

use super::value::{ClauseFailure, ContractValue, Pair, Proof, Raw, Truth};

/// `$name` of two numbers: the result for integers, and for floats.
macro_rules! computed {
    ($($(#[$doc:meta])* $name:ident: |$a:ident, $b:ident| $integers:expr, $floats:expr;)*) => {$(
        $(#[$doc])*
        #[inline]
        #[must_use]
        pub const fn $name<A, B>(a: ContractValue<A>, b: ContractValue<B>, _: Pair<A, B>) -> ContractValue<A> {
            ContractValue::new(match (a.raw, b.raw) {
                (Raw::Failed(failure), _) | (_, Raw::Failed(failure)) => Raw::Failed(failure),
                (Raw::Integer($a), Raw::Integer($b)) => $integers,
                (Raw::Float($a), Raw::Float($b)) => $floats,
                _ => Raw::Unknown,
            })
        }
    )*};
}

computed! {
    /// `a + b`
    sum: |a, b| integer(a.checked_add(b)), Raw::Float(a + b);
    /// `a - b`
    difference: |a, b| integer(a.checked_sub(b)), Raw::Float(a - b);
    /// `a * b`
    product: |a, b| integer(a.checked_mul(b)), Raw::Float(a * b);
    /// `a / b`
    divided: |a, b| by(b, a.checked_div(b)), Raw::Float(a / b);
    /// `a % b`
    remainder: |a, b| by(b, a.checked_rem(b)), Raw::Float(a % b);
    /// `min(a, b)`
    smaller: |a, b| Raw::Integer(if b < a { b } else { a }), chosen(a, b, b < a);
    /// `max(a, b)`
    larger: |a, b| Raw::Integer(if b > a { b } else { a }), chosen(a, b, b > a);
}

/// `$name` of two values: the result for integers, for floats, and for conditions.
macro_rules! compared {
    ($($(#[$doc:meta])* $name:ident: $op:tt, $truths:expr;)*) => {$(
        $(#[$doc])*
        #[inline]
        #[must_use]
        pub const fn $name<A, B>(a: ContractValue<A>, b: ContractValue<B>, _: Pair<A, B>) -> ContractValue<Truth> {
            ContractValue::new(match (a.raw, b.raw) {
                (Raw::Failed(failure), _) | (_, Raw::Failed(failure)) => Raw::Failed(failure),
                (Raw::Integer(a), Raw::Integer(b)) => Raw::Truth(a $op b),
                (Raw::Float(a), Raw::Float(b)) if a.is_nan() || b.is_nan() => {
                    Raw::Failed(ClauseFailure::NotANumber)
                }
                (Raw::Float(a), Raw::Float(b)) => Raw::Truth(a $op b),
                (Raw::Truth(a), Raw::Truth(b)) => $truths(a, b),
                _ => Raw::Unknown,
            })
        }
    )*};
}

compared! {
    /// `a == b`
    equal: ==, are_equal;
    /// `a != b`
    unequal: !=, differ;
    /// `a < b`
    less: <, have_no_order;
    /// `a <= b`
    at_most: <=, have_no_order;
    /// `a > b`
    greater: >, have_no_order;
    /// `a >= b`
    at_least: >=, have_no_order;
}

const fn are_equal(a: bool, b: bool) -> Raw {
    Raw::Truth(a == b)
}

const fn differ(a: bool, b: bool) -> Raw {
    Raw::Truth(a != b)
}

/// No proof leads here, so nobody calls it.
const fn have_no_order(_: bool, _: bool) -> Raw {
    Raw::Unknown
}

#[inline]
const fn integer(value: Option<i128>) -> Raw {
    match value {
        Some(value) => Raw::Integer(value),
        None => Raw::Failed(ClauseFailure::Overflow),
    }
}

#[inline]
const fn by(divisor: i128, value: Option<i128>) -> Raw {
    if divisor == 0 {
        return Raw::Failed(ClauseFailure::DivisionByZero);
    }
    integer(value)
}

#[inline]
const fn chosen(a: f64, b: f64, is_second: bool) -> Raw {
    if a.is_nan() || b.is_nan() {
        return Raw::Failed(ClauseFailure::NotANumber);
    }
    Raw::Float(if is_second { b } else { a })
}

/// `-a`
#[inline]
#[must_use]
pub const fn negative<A>(a: ContractValue<A>, _: Proof<A>) -> ContractValue<A> {
    ContractValue::new(match a.raw {
        Raw::Integer(a) => integer(a.checked_neg()),
        Raw::Float(a) => Raw::Float(-a),
        other => other,
    })
}

/// `!a`
#[inline]
#[must_use]
pub const fn not<A>(a: ContractValue<A>, _: Proof<A>) -> ContractValue<Truth> {
    ContractValue::new(match a.raw {
        Raw::Truth(a) => Raw::Truth(!a),
        other => other,
    })
}

/// `a && b`
#[inline]
#[must_use]
pub const fn both<A, B>(
    a: ContractValue<A>,
    _: Proof<A>,
    b: ContractValue<B>,
    _: Proof<B>,
) -> ContractValue<Truth> {
    ContractValue::new(decided(a.raw, b.raw, false))
}

/// `a || b`
#[inline]
#[must_use]
pub const fn or<A, B>(
    a: ContractValue<A>,
    _: Proof<A>,
    b: ContractValue<B>,
    _: Proof<B>,
) -> ContractValue<Truth> {
    ContractValue::new(decided(a.raw, b.raw, true))
}

/// Two conditions of which one that is `by` decides.
#[inline]
const fn decided(a: Raw, b: Raw, by: bool) -> Raw {
    match (a, b) {
        (Raw::Failed(failure), _) => Raw::Failed(failure),
        (Raw::Truth(a), _) if a == by => Raw::Truth(by),
        (_, Raw::Failed(failure)) => Raw::Failed(failure),
        (_, Raw::Truth(b)) if b == by => Raw::Truth(by),
        (Raw::Truth(_), Raw::Truth(_)) => Raw::Truth(!by),
        _ => Raw::Unknown,
    }
}
