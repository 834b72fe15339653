//! The processor status word: how floats are rounded, which exceptions trap, which have happened.
//!
//! It is plain data. The host's own status, where flags gather while operations run on the host's unit, is the business of
//! `semantics::float`.

use bitflags::bitflags;

bitflags! {
    /// Arithmetic exceptions, numbered as in the lowest six bits of the status word.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[repr(transparent)]
    pub struct Flags: u8 {
        /// INE: a float result is not exact.
        const INEXACT = 1 << 0;
        /// INV: an operation has no result, such as 0/0 or a conversion out of range.
        const INVALID = 1 << 1;
        /// XOF: a signed integer result does not fit.
        const FIXED_OVERFLOW = 1 << 2;
        /// FUF: a float result is inexact, and below the normal numbers.
        const UNDERFLOW = 1 << 3;
        /// FOF: a float result is too large.
        const OVERFLOW = 1 << 4;
        /// DIV: an integer or a finite float other than 0 was divided by zero.
        const DIVISION = 1 << 5;
    }
}

/// The rounding of a float result between two floats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RoundingMode {
    /// RZ: toward zero.
    Zero,
    /// RP: toward positive infinity.
    Up,
    /// RM: toward negative infinity.
    Down,
    /// RN: to the nearest float, of two as near to the even one.
    #[default]
    Nearest,
}

/// The processor status word.
///
/// | bits | |
/// |---|---|
/// | 13:12 | rounding: 0 RZ, 1 RP, 2 RM, 3 RN |
/// | 11:6 | exceptions that trap: DIV FOF FUF XOF INV INE |
/// | 5:0 | exceptions that have happened, in the same order |
///
/// ```
/// use ve_isa::state::psw::{Flags, Psw, RoundingMode};
///
/// let mut psw = Psw::default();
/// assert_eq!((psw.bits(), psw.rounding()), (0x3000, RoundingMode::Nearest));
/// psw.raise(Flags::INEXACT);
/// assert_eq!(psw.flags(), Flags::INEXACT);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Psw(u64);

impl Psw {
    const FLAGS: u64 = 0x3f;
    const ENABLES: u64 = 0xfc0;
    const CONTROL: u64 = 0x3fc0;

    /// The word with these bits; those above bit 13 are dropped.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & (Self::CONTROL | Self::FLAGS))
    }

    /// All bits, as `smir` reads them.
    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// How floats are rounded.
    #[inline(always)]
    pub const fn rounding(self) -> RoundingMode {
        match (self.0 >> 12) & 3 {
            0 => RoundingMode::Zero,
            1 => RoundingMode::Up,
            2 => RoundingMode::Down,
            _ => RoundingMode::Nearest,
        }
    }

    /// The exceptions that trap.
    #[inline(always)]
    pub const fn enables(self) -> Flags {
        Flags::from_bits_truncate(((self.0 & Self::ENABLES) >> 6) as u8)
    }

    /// The exceptions that have happened.
    #[inline(always)]
    pub const fn flags(self) -> Flags {
        Flags::from_bits_truncate((self.0 & Self::FLAGS) as u8)
    }

    /// This word with these exceptions as those that trap.
    #[must_use]
    pub const fn trapping(self, exceptions: Flags) -> Self {
        Self((self.0 & !Self::ENABLES) | (exceptions.bits() as u64) << 6)
    }

    /// Whether floats are rounded to nearest and nothing traps, which is what the host's unit does by itself.
    #[inline(always)]
    pub const fn is_plain(self) -> bool {
        self.0 & Self::CONTROL == 0x3000
    }

    /// Notes that these exceptions have happened. The result has those of them that trap.
    #[inline(always)]
    pub const fn raise(&mut self, flags: Flags) -> Flags {
        self.0 |= flags.bits() as u64;
        Flags::from_bits_truncate(flags.bits() & self.enables().bits())
    }

    /// `sfr`: the exceptions that have happened.
    #[inline(always)]
    pub const fn sfr(self) -> u64 {
        self.0 & Self::FLAGS
    }

    /// `lfr`: sets which exceptions have happened.
    #[inline(always)]
    pub const fn lfr(&mut self, y: u64) {
        self.0 = (self.0 & !Self::FLAGS) | (y & Self::FLAGS);
    }

    /// `spm`: rounding and the exceptions that trap, in their places.
    #[inline(always)]
    pub const fn spm(self) -> u64 {
        self.0 & Self::CONTROL
    }

    /// `lpm`: sets rounding and the exceptions that trap.
    #[inline(always)]
    pub const fn lpm(&mut self, y: u64) {
        self.0 = (self.0 & !Self::CONTROL) | (y & Self::CONTROL);
    }
}

impl Default for Psw {
    /// Round to nearest, nothing traps, nothing has happened.
    fn default() -> Self {
        Self(0x3000)
    }
}
