//! Conditions and rounding modes, by number and by name.

/// The condition of a branch, a conditional move or the making of a mask for a comparison of `a` with `b`, by its number in the
/// instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ConditionCode {
    /// `af`: never.
    Never = 0,
    /// `gt`: `a > b`.
    Greater,
    /// `lt`: `a < b`.
    Less,
    /// `ne`: `a < b` or `a > b`, so not for a NaN.
    NotEqual,
    /// `eq`: `a == b`.
    Equal,
    /// `ge`: `a >= b`.
    GreaterOrEqual,
    /// `le`: `a <= b`.
    LessOrEqual,
    /// `num`: neither is a NaN.
    Ordered,
    /// `nan`: one is a NaN.
    Unordered,
    /// `gtnan`: `a > b` or one is a NaN.
    GreaterOrNan,
    /// `ltnan`: `a < b` or one is a NaN.
    LessOrNan,
    /// `nenan`: `a != b` as C has it, so also for a NaN.
    NotEqualOrNan,
    /// `eqnan`: `a == b` or one is a NaN.
    EqualOrNan,
    /// `genan`: `a >= b` or one is a NaN.
    GreaterOrEqualOrNan,
    /// `lenan`: `a <= b` or one is a NaN.
    LessOrEqualOrNan,
    /// `at`: always.
    Always,
}

const CONDITIONS: [ConditionCode; 16] = {
    use ConditionCode::*;
    [
        Never,
        Greater,
        Less,
        NotEqual,
        Equal,
        GreaterOrEqual,
        LessOrEqual,
        Ordered,
        Unordered,
        GreaterOrNan,
        LessOrNan,
        NotEqualOrNan,
        EqualOrNan,
        GreaterOrEqualOrNan,
        LessOrEqualOrNan,
        Always,
    ]
};

const CONDITION_NAMES: [&str; 16] = [
    "af", "gt", "lt", "ne", "eq", "ge", "le", "num", "nan", "gtnan", "ltnan", "nenan", "eqnan",
    "genan", "lenan", "at",
];

impl ConditionCode {
    /// The condition with this number, of which the lowest four bits count.
    #[must_use]
    #[inline]
    pub const fn from_number(number: u8) -> Self {
        CONDITIONS[(number & 15) as usize]
    }

    /// Its name in assembly: `gt`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        CONDITION_NAMES[self as usize]
    }

    /// Whether comparisons of integers have it; the meaning of the others there is not known.
    #[must_use]
    pub const fn is_of_integers(self) -> bool {
        matches!(self as u8, 0..=6 | 15)
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        CONDITIONS.into_iter()
    }
}

/// How a conversion rounds, by its number in the instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rounding {
    /// The rounding of the PSW, without a suffix.
    Psw = 0,
    /// `.rz`: toward zero.
    Zero = 8,
    /// `.rp`: toward plus infinity.
    Up = 9,
    /// `.rm`: toward minus infinity.
    Down = 10,
    /// `.rn`: to nearest, ties to even.
    NearestEven = 11,
    /// `.ra`: to nearest, ties away from zero.
    NearestAway = 12,
}

impl Rounding {
    const ALL: [Self; 6] = [
        Self::Psw,
        Self::Zero,
        Self::Up,
        Self::Down,
        Self::NearestEven,
        Self::NearestAway,
    ];

    /// The rounding mode with this number, if there is one.
    #[must_use]
    #[inline]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Psw,
            8 => Self::Zero,
            9 => Self::Up,
            10 => Self::Down,
            11 => Self::NearestEven,
            12 => Self::NearestAway,
            _ => return None,
        })
    }

    /// The end of the mnemonic, `.rz`, or nothing for [`Rounding::Psw`].
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Psw => "",
            Self::Zero => ".rz",
            Self::Up => ".rp",
            Self::Down => ".rm",
            Self::NearestEven => ".rn",
            Self::NearestAway => ".ra",
        }
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter()
    }
}
