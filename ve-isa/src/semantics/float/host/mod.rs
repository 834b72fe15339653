//! The host's own unit for floats.
//!
//! Rust and LLVM take for granted that floats are rounded to nearest and nothing traps, and promise nothing about the exceptions that
//! code of theirs notes. So every operation here that can note one is a machine instruction in `asm!`, none changes rounding or traps,
//! and the exceptions are read and cleared in `asm!`, too. An `asm!` block without `preserves_flags` may leave
//! exceptions in the host's status.
//!
//! Loops over vectors (`semantics::vector::float`) are not here. They are plain Rust, of which the compiler makes vector instructions of the
//! host: which exceptions those note is what compilers do, not what they promise. Tests compare it, and CI runs them at three levels of
//! optimisation.

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[path = "x86_64.rs"]
mod machine;

#[cfg(all(target_arch = "aarch64", not(miri)))]
#[path = "aarch64.rs"]
mod machine;

#[cfg(not(any(
    all(target_arch = "x86_64", not(miri)),
    all(target_arch = "aarch64", not(miri))
)))]
#[path = "software.rs"]
mod machine;

use super::exact::Exact;
use super::unit::FloatUnit;
use crate::encoding::Rounding;
use crate::state::psw::{Flags, Psw, RoundingMode};

/// The host's unit, as one thread of the Vector Engine uses it.
///
/// The exceptions of its operations gather in the status of the host's CPU, which belongs to whatever runs on the thread. So [`begin`]
/// comes before the first operation, and [`gather`] before other code runs that computes with floats, and when somebody wants to know.
///
/// ```
/// use ve_isa::semantics::float::{Host, fdiv_d};
/// use ve_isa::state::psw::{Flags, Psw};
///
/// let mut psw = Psw::default();
/// let mut host = Host::default();
/// host.begin(psw);
/// let quotient = fdiv_d(&mut host, 1.0f64.to_bits(), 0.0f64.to_bits());
/// host.gather(&mut psw);
/// assert_eq!((f64::from_bits(quotient), psw.flags()), (f64::INFINITY, Flags::DIVISION));
/// ```
///
/// [`begin`]: Host::begin
/// [`gather`]: Host::gather
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Whether `PSW` or the host's status has the flag of inexact results, so that one more of them is not seen.
    inexact: bool,
}

impl Host {
    /// Begins to note exceptions, on top of those that `psw` has: the host's status has none from here on.
    ///
    /// It also sets the host's rounding to nearest, lets nothing trap, and lets no subnormal number become zero, whatever code before it,
    /// such as a library compiled with `-ffast-math`, has made of that.
    #[inline]
    pub fn begin(&mut self, psw: Psw) {
        machine::reset(Flags::empty());
        self.inexact = psw.flags().contains(Flags::INEXACT);
    }

    /// Adds to `psw` what has happened since [`Host::begin`].
    #[inline]
    pub fn gather(&mut self, psw: &mut Psw) {
        // Operations that would trap do not get here: they are computed exactly.
        let _ = psw.raise(machine::status());
        self.inexact = psw.flags().contains(Flags::INEXACT);
    }

    /// Runs something whose exceptions do not count, but for an operand that is a signaling NaN.
    ///
    /// The status is written only if it has changed, which costs more than to read it.
    #[inline]
    pub(crate) fn unseen<T>(&mut self, operation: impl FnOnce() -> T) -> T {
        let before = machine::status();
        let result = operation();
        if machine::status() != before {
            machine::reset(before);
        }
        self.inexact |= before.contains(Flags::INEXACT);
        result
    }

    #[cold]
    fn difference64_of_others(&mut self, y: u64, z: u64) -> u64 {
        let is_finite = |value: u64| value << 1 < f64::INFINITY.to_bits() << 1;
        if is_finite(y) && is_finite(z) {
            return self.unseen(|| machine::sub64(y, z));
        }
        self.exactly(|exact| exact.difference64(y, z))
    }

    #[cold]
    fn difference32_of_others(&mut self, y: u32, z: u32) -> u32 {
        let is_finite = |value: u32| value << 1 < f32::INFINITY.to_bits() << 1;
        if is_finite(y) && is_finite(z) {
            return self.unseen(|| machine::sub32(y, z));
        }
        self.exactly(|exact| exact.difference32(y, z))
    }

    /// Does an operation for which the host has no instruction.
    fn exactly<T>(&mut self, operation: impl FnOnce(&mut Exact) -> T) -> T {
        let mut exact = Exact::new(RoundingMode::Nearest);
        let result = operation(&mut exact);
        self.raise(exact.flags());
        result
    }

    #[cold]
    fn int64_exactly(&mut self, y: u64, rounding: Rounding) -> i64 {
        self.exactly(|exact| exact.int64(y, rounding))
    }

    #[cold]
    fn int32_exactly(&mut self, y: u64, rounding: Rounding) -> i32 {
        self.exactly(|exact| exact.int32(y, rounding))
    }

    #[cold]
    fn int32_of_single_exactly(&mut self, y: u32, rounding: Rounding) -> i32 {
        self.exactly(|exact| exact.int32_of_single(y, rounding))
    }
}

/// Whether a difference of two such can be inexact, but neither too large nor invalid.
#[inline(always)]
const fn is_moderate64(value: u64) -> bool {
    (value >> 52) & 0x7ff < 0x7fe
}

/// As [`is_moderate64`].
#[inline(always)]
const fn is_moderate32(value: u32) -> bool {
    (value >> 23) & 0xff < 0xfe
}

impl FloatUnit for Host {
    #[cold]
    fn raise(&mut self, flags: Flags) {
        machine::reset(machine::status() | flags);
    }

    #[inline(always)]
    fn add64(&mut self, y: u64, z: u64) -> u64 {
        machine::add64(y, z)
    }

    #[inline(always)]
    fn sub64(&mut self, y: u64, z: u64) -> u64 {
        machine::sub64(y, z)
    }

    #[inline(always)]
    fn mul64(&mut self, y: u64, z: u64) -> u64 {
        machine::mul64(y, z)
    }

    #[inline(always)]
    fn div64(&mut self, y: u64, z: u64) -> u64 {
        machine::div64(y, z)
    }

    #[inline(always)]
    fn add32(&mut self, y: u32, z: u32) -> u32 {
        machine::add32(y, z)
    }

    #[inline(always)]
    fn sub32(&mut self, y: u32, z: u32) -> u32 {
        machine::sub32(y, z)
    }

    #[inline(always)]
    fn mul32(&mut self, y: u32, z: u32) -> u32 {
        machine::mul32(y, z)
    }

    #[inline(always)]
    fn div32(&mut self, y: u32, z: u32) -> u32 {
        machine::div32(y, z)
    }

    #[inline(always)]
    fn difference64(&mut self, y: u64, z: u64) -> u64 {
        if self.inexact && is_moderate64(y) && is_moderate64(z) {
            machine::sub64(y, z)
        } else {
            self.difference64_of_others(y, z)
        }
    }

    #[inline(always)]
    fn difference32(&mut self, y: u32, z: u32) -> u32 {
        if self.inexact && is_moderate32(y) && is_moderate32(z) {
            machine::sub32(y, z)
        } else {
            self.difference32_of_others(y, z)
        }
    }

    #[inline(always)]
    fn narrow(&mut self, y: u64) -> u32 {
        machine::narrow(y)
    }

    #[inline(always)]
    fn widen(&mut self, y: u32) -> u64 {
        machine::widen(y)
    }

    #[inline(always)]
    fn float64(&mut self, y: i64) -> u64 {
        machine::float64(y)
    }

    #[inline(always)]
    fn float32(&mut self, y: i32) -> u32 {
        machine::float32(y)
    }

    #[inline(always)]
    fn int64(&mut self, y: u64, rounding: Rounding) -> i64 {
        match rounding {
            Rounding::Zero => machine::int64_toward_zero(y),
            Rounding::NearestEven | Rounding::Psw => machine::int64_nearest(y),
            _ => self.int64_exactly(y, rounding),
        }
    }

    #[inline(always)]
    fn int32(&mut self, y: u64, rounding: Rounding) -> i32 {
        match rounding {
            Rounding::Zero => machine::int32_toward_zero(y),
            Rounding::NearestEven | Rounding::Psw => machine::int32_nearest(y),
            _ => self.int32_exactly(y, rounding),
        }
    }

    #[inline(always)]
    fn int32_of_single(&mut self, y: u32, rounding: Rounding) -> i32 {
        match rounding {
            Rounding::Zero => machine::int32_of_single_toward_zero(y),
            Rounding::NearestEven | Rounding::Psw => machine::int32_of_single_nearest(y),
            _ => self.int32_of_single_exactly(y, rounding),
        }
    }
}
