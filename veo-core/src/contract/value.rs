//! The values that a clause computes with, and which of them go together.

use std::marker::PhantomData;

/// An integer of a contract, in 128 bits.
#[derive(Clone, Copy, Debug)]
pub enum Integer {}

/// A floating-point number of a contract.
#[derive(Clone, Copy, Debug)]
pub enum Float {}

/// A condition of a contract.
#[derive(Clone, Copy, Debug)]
pub enum Truth {}

/// No kind of a value. A second implementation of each trait is for it: with one alone, the compiler
/// takes for granted that it is meant, or proposes it.
#[derive(Clone, Copy, Debug)]
pub enum NoKind {}

/// A value of kind `K`: [`Integer`], [`Float`] or [`Truth`].
#[derive(Debug)]
pub struct ContractValue<K> {
    pub(super) raw: Raw,
    kind: PhantomData<K>,
}

impl<K> Clone for ContractValue<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for ContractValue<K> {}

impl<K> ContractValue<K> {
    #[inline]
    pub(super) const fn new(raw: Raw) -> ContractValue<K> {
        ContractValue {
            raw,
            kind: PhantomData,
        }
    }
}

/// The state of a value. Its kind is the type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Raw {
    /// Nobody on the host knows the value.
    Unknown,
    /// The value cannot be computed.
    Failed(ClauseFailure),
    Integer(i128),
    Float(f64),
    Truth(bool),
}

/// Why a clause cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClauseFailure {
    /// An integer needs more than 128 bits.
    Overflow,
    /// An integer is divided by zero.
    DivisionByZero,
    /// A NaN is compared.
    NotANumber,
    /// An alignment is less than 1.
    Alignment,
}

/// The result of a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, or nobody can know.
    Kept,
    /// It does not hold.
    Broken,
    /// It cannot be computed.
    Failed(ClauseFailure),
}

impl Verdict {
    /// Whether the call is to be made.
    #[inline]
    #[must_use]
    pub const fn is_kept(self) -> bool {
        matches!(self, Verdict::Kept)
    }

    /// The place of its message in a list: kept, broken, and each failure.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Verdict::Kept => 0,
            Verdict::Broken => 1,
            Verdict::Failed(ClauseFailure::Overflow) => 2,
            Verdict::Failed(ClauseFailure::DivisionByZero) => 3,
            Verdict::Failed(ClauseFailure::NotANumber) => 4,
            Verdict::Failed(ClauseFailure::Alignment) => 5,
        }
    }
}

/// The value of a clause.
#[inline]
#[must_use]
pub const fn verdict<K>(value: ContractValue<K>, _: Proof<K>) -> Verdict {
    match value.raw {
        Raw::Truth(false) => Verdict::Broken,
        Raw::Failed(failure) => Verdict::Failed(failure),
        _ => Verdict::Kept,
    }
}

/// A proof that a value has the kind that its place needs. Only this module makes one.
#[derive(Clone, Copy, Debug)]
pub struct Proof<K>(PhantomData<K>);

/// A proof that values of both kinds go together.
#[derive(Clone, Copy, Debug)]
pub struct Pair<A, B>(PhantomData<(A, B)>);

/// How to read a constant of type `T`, which is a value of kind `K`. Only this module makes one.
#[derive(Clone, Copy, Debug)]
pub struct Read<T, K> {
    read: Primitive,
    of: PhantomData<(T, K)>,
}

#[derive(Clone, Copy, Debug)]
enum Primitive {
    I8,
    I16,
    I32,
    I64,
    I128,
    Isize,
    U8,
    U16,
    U32,
    U64,
    U128,
    Usize,
    F32,
    F64,
    Bool,
}

/// A constant of a contract.
#[diagnostic::on_unimplemented(
    message = "a contract cannot compute with a constant of type `{Self}`",
    label = "no number",
    note = "write one of an integer type, of `f32`, `f64` or `bool`; a variant of an enum goes as a constant of its number: `const MODE: i32 = Mode::Fast as i32;`"
)]
pub trait Constant: Sized {
    /// Its type in a contract.
    type Kind;

    /// For expansions.
    const READ: Read<Self, Self::Kind>;
}

macro_rules! constants {
    ($($ty:ty: $kind:ident, $primitive:ident;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Constant for $ty {
            type Kind = $kind;
            const READ: Read<$ty, $kind> = Read {
                read: Primitive::$primitive,
                of: PhantomData,
            };
        }
    )*};
}

constants! {
    i8: Integer, I8;
    i16: Integer, I16;
    i32: Integer, I32;
    i64: Integer, I64;
    i128: Integer, I128;
    isize: Integer, Isize;
    u8: Integer, U8;
    u16: Integer, U16;
    u32: Integer, U32;
    u64: Integer, U64;
    u128: Integer, U128;
    usize: Integer, Usize;
    f32: Float, F32;
    f64: Float, F64;
    bool: Truth, Bool;
}

/// The value of a constant.
#[inline]
#[must_use]
pub const fn constant<T, K>(value: &T, read: Read<T, K>) -> ContractValue<K> {
    macro_rules! read {
        ($ty:ty) => {{
            // SAFETY: `Read<T, K>` is made in this module alone, each with the primitive that is
            // `T` itself, so `value` points to a valid value of this type, which is `Copy`.
            unsafe { *(&raw const *value).cast::<$ty>() }
        }};
    }
    let raw = match read.read {
        Primitive::I8 => Raw::Integer(read!(i8) as i128),
        Primitive::I16 => Raw::Integer(read!(i16) as i128),
        Primitive::I32 => Raw::Integer(read!(i32) as i128),
        Primitive::I64 => Raw::Integer(read!(i64) as i128),
        Primitive::I128 => Raw::Integer(read!(i128)),
        Primitive::Isize => Raw::Integer(read!(isize) as i128),
        Primitive::U8 => Raw::Integer(read!(u8) as i128),
        Primitive::U16 => Raw::Integer(read!(u16) as i128),
        Primitive::U32 => Raw::Integer(read!(u32) as i128),
        Primitive::U64 => Raw::Integer(read!(u64) as i128),
        Primitive::U128 => match read!(u128) {
            large if large > i128::MAX as u128 => Raw::Failed(ClauseFailure::Overflow),
            value => Raw::Integer(value as i128),
        },
        Primitive::Usize => Raw::Integer(read!(usize) as i128),
        Primitive::F32 => Raw::Float(read!(f32) as f64),
        Primitive::F64 => Raw::Float(read!(f64)),
        Primitive::Bool => Raw::Truth(read!(bool)),
    };
    ContractValue::new(raw)
}

macro_rules! proofs {
    ($trait:ident: $($kind:ident),*) => {
        proofs!(@of $trait: $($kind,)* NoKind);
    };
    (@of $trait:ident: $($kind:ident),*) => {$(
        #[diagnostic::do_not_recommend]
        impl $trait for $kind {
            const IS: Proof<$kind> = Proof(PhantomData);
        }
    )*};
}

/// A condition, which `&&`, `||`, `!` and a clause as a whole take.
#[diagnostic::on_unimplemented(
    message = "a contract needs a condition here: write a comparison, such as `n != 0`",
    label = "a number"
)]
pub trait Condition: Sized {
    /// For expansions.
    const IS: Proof<Self>;
}

proofs!(Condition: Truth);

/// An integer, as an alignment has to be.
#[diagnostic::on_unimplemented(
    message = "an alignment is a number of bytes: write an integer, such as `x.is_aligned(64)`",
    label = "no integer"
)]
pub trait Count: Sized {
    /// For expansions.
    const IS: Proof<Self>;
}

proofs!(Count: Integer);

/// A number, which has a sign.
#[diagnostic::on_unimplemented(
    message = "a number is negated by `-`, a condition by `!`: write `!` here",
    label = "a condition"
)]
pub trait Signed: Sized {
    /// For expansions.
    const IS: Proof<Self>;
}

macro_rules! pairs {
    ($($trait:ident: $($kind:ident),*;)*) => {$($(
        #[diagnostic::do_not_recommend]
        impl $trait<$kind> for $kind {
            const WITH: Pair<$kind, $kind> = Pair(PhantomData);
        }

        #[diagnostic::do_not_recommend]
        impl $trait<NoKind> for $kind {
            const WITH: Pair<NoKind, $kind> = Pair(PhantomData);
        }
    )*)*};
}

/// A number that can be compared with one of kind `A`.
#[diagnostic::on_unimplemented(
    message = "a contract compares integers with integers, floats with floats, and this is of another kind than what it is compared with",
    label = "of another kind",
    note = "a float is written with a point: `0.0` and not `0`; an integer without; a contract converts neither into the other"
)]
pub trait Compare<A>: Sized {
    /// For expansions.
    const WITH: Pair<A, Self>;
}

/// Something that can be equal to something of kind `A`.
#[diagnostic::on_unimplemented(
    message = "a contract compares integers with integers, floats with floats, and this is of another kind than what it is compared with",
    label = "of another kind",
    note = "a float is written with a point: `0.0` and not `0`; an integer without; a contract converts neither into the other"
)]
pub trait Equal<A>: Sized {
    /// For expansions.
    const WITH: Pair<A, Self>;
}

/// A number that can be computed with one of kind `A`.
#[diagnostic::on_unimplemented(
    message = "a contract computes integers with integers, floats with floats, and this is of another kind than what it is computed with",
    label = "of another kind",
    note = "a float is written with a point: `2.0` and not `2`; an integer without; a contract converts neither into the other"
)]
pub trait Compute<A>: Sized {
    /// For expansions.
    const WITH: Pair<A, Self>;
}

pairs! {
    Compare: Integer, Float;
    Equal: Integer, Float, Truth;
    Compute: Integer, Float;
}

proofs!(Signed: Integer, Float);
