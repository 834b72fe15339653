//! `fenv.h`: exceptions and directions of rounding, in the status word of the thread.
//!
//! Both have the numbers of the word's own bits, as in the C libraries for the Vector Engine. Machine code obeys them; functions of the
//! host round to nearest, but for `rint` and its relatives, and note no exceptions.

use super::call::{Outcome, Table, int, load, result_int, store, word};
use crate::state::psw::{Flags, Psw};
use crate::thread::{Failure, Thread};
use crate::trap::TrapKind;

pub(super) const TABLE: Table = &[
    ("feclearexcept", |thread| {
        let wanted = exceptions(thread, 0);
        let psw = &mut thread.registers_mut().psw;
        let left = psw.flags() - wanted;
        psw.lfr(left.bits().into());
        result_int(thread, 0)
    }),
    ("feraiseexcept", |thread| {
        let wanted = exceptions(thread, 0);
        raise(thread, wanted)?;
        result_int(thread, 0)
    }),
    ("fetestexcept", |thread| {
        let flags = thread.registers().psw.flags() & exceptions(thread, 0);
        result_int(thread, flags.bits().into())
    }),
    ("fegetexceptflag", |thread| {
        let flags = thread.registers().psw.flags() & exceptions(thread, 1);
        store::<2>(thread.window(), word(thread, 0), flags.bits().into())?;
        result_int(thread, 0)
    }),
    ("fesetexceptflag", |thread| {
        let stored = load::<2>(thread.window(), word(thread, 0))?;
        let wanted = exceptions(thread, 1);
        let psw = &mut thread.registers_mut().psw;
        let new = (psw.flags() - wanted) | (Flags::from_bits_truncate(stored as u8) & wanted);
        psw.lfr(new.bits().into());
        result_int(thread, 0)
    }),
    ("fegetround", |thread| {
        let rounding = thread.registers().psw.bits() & ROUNDING;
        result_int(thread, rounding as i32)
    }),
    ("fesetround", |thread| {
        let rounding = word(thread, 0) as u32;
        if u64::from(rounding) & !ROUNDING != 0 {
            return result_int(thread, 1);
        }
        let psw = &mut thread.registers_mut().psw;
        psw.lpm(psw.spm() & !ROUNDING | u64::from(rounding));
        result_int(thread, 0)
    }),
    ("fegetenv", |thread| {
        let bits = thread.registers().psw.bits();
        store::<2>(thread.window(), word(thread, 0), bits)?;
        result_int(thread, 0)
    }),
    ("feholdexcept", |thread| {
        let psw = thread.registers().psw;
        store::<2>(thread.window(), word(thread, 0), psw.bits())?;
        thread.registers_mut().psw = Psw::from_bits(psw.bits() & ROUNDING);
        result_int(thread, 0)
    }),
    ("fesetenv", |thread| {
        thread.registers_mut().psw = environment(thread)?;
        result_int(thread, 0)
    }),
    ("feupdateenv", |thread| {
        let flags = thread.registers().psw.flags();
        thread.registers_mut().psw = environment(thread)?;
        raise(thread, flags)?;
        result_int(thread, 0)
    }),
    ("fegetexcept", |thread| {
        let enabled = thread.registers().psw.enables();
        result_int(thread, enabled.bits().into())
    }),
    ("feenableexcept", |thread| enable(thread, true)),
    ("fedisableexcept", |thread| enable(thread, false)),
];

/// The bits of the status word that say how to round.
const ROUNDING: u64 = 0x3000;

/// The address that stands for the environment at the start.
const DEFAULT: u64 = u64::MAX;

/// The exceptions of C: integers have one of their own.
fn exceptions(thread: &Thread, number: usize) -> Flags {
    Flags::from_bits_truncate(int(thread, number) as u8) - Flags::FIXED_OVERFLOW
}

fn raise(thread: &mut Thread, flags: Flags) -> Outcome {
    let trapping = thread.registers_mut().psw.raise(flags);
    if trapping.is_empty() {
        return Ok(());
    }
    Err(TrapKind::Arithmetic { flags: trapping }.into())
}

fn environment(thread: &Thread) -> Result<Psw, Failure> {
    match word(thread, 0) {
        DEFAULT => Ok(Psw::default()),
        place => Ok(Psw::from_bits(load::<2>(thread.window(), place)? & 0xffff)),
    }
}

/// Changes which exceptions trap; the result is which did before.
fn enable(thread: &mut Thread, wanted: bool) -> Outcome {
    let flags = exceptions(thread, 0);
    let psw = &mut thread.registers_mut().psw;
    let before = psw.enables();
    let after = if wanted {
        before | flags
    } else {
        before - flags
    };
    psw.lpm(psw.spm() & ROUNDING | u64::from(after.bits()) << 6);
    result_int(thread, before.bits().into())
}
