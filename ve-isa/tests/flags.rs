//! The host's unit raises what an operation raises, wherever the compiler could move, merge or drop it.
//!
//! Rust promises nothing about the flags of its own float code, so this depends on how it is compiled: `.ci/run` runs it at
//! optimisation levels 0, 2 and 3.

use std::hint::black_box;

use ve_isa::encoding::Rounding;
use ve_isa::semantics::convert::*;
use ve_isa::semantics::float::*;
use ve_isa::state::psw::{Flags, Psw};
use veo_test_support as _;

type Operation = fn(&mut Host, u64, u64) -> u64;

/// One way to raise, or not to raise, a flag with constants that a compiler can see.
struct Case {
    name: &'static str,
    run: fn(&mut Host) -> u64,
    operation: Operation,
    operands: (u64, u64),
    flags: Flags,
}

macro_rules! cases {
    ($($name:ident $operation:expr, $y:expr, $z:expr => $flags:expr;)*) => {
        [$(
            Case {
                name: stringify!($name),
                run: |host| {
                    let operation = $operation;
                    operation(host, $y, $z)
                },
                operation: $operation,
                operands: ($y, $z),
                flags: $flags,
            }
        ),*]
    };
}

const fn d(value: f64) -> u64 {
    value.to_bits()
}

const fn s(value: f32) -> u64 {
    (value.to_bits() as u64) << 32
}

const NONE: Flags = Flags::empty();
const SIGNALING: u64 = 0x7ff0_0000_0000_0001;
const SIGNALING_SINGLE: u64 = 0x7f80_0001 << 32;

fn cases() -> [Case; 41] {
    cases! {
        sum fadd_d, d(1.0), d(2.0) => Flags::empty();
        sum_inexact fadd_d, d(1.0), d(1e-300) => Flags::INEXACT;
        sum_overflow fadd_d, d(f64::MAX), d(f64::MAX) => Flags::OVERFLOW | Flags::INEXACT;
        sum_invalid fadd_d, d(f64::INFINITY), d(f64::NEG_INFINITY) => Flags::INVALID;
        sum_of_nan fadd_d, d(f64::NAN), d(1.0) => Flags::empty();
        sum_of_signaling fadd_d, SIGNALING, d(1.0) => Flags::INVALID;
        sum_of_subnormals fadd_d, 1, 1 => Flags::empty();
        difference fsub_d, d(1.0), d(f64::EPSILON / 4.0) => Flags::INEXACT;
        product_underflow fmul_d, d(f64::MIN_POSITIVE), d(1e-3) => Flags::UNDERFLOW | Flags::INEXACT;
        product_invalid fmul_d, d(0.0), d(f64::INFINITY) => Flags::INVALID;
        quotient_by_zero fdiv_d, d(1.0), d(0.0) => Flags::DIVISION;
        quotient_invalid fdiv_d, d(0.0), d(0.0) => Flags::INVALID;
        quotient_exact fdiv_d, d(1.0), d(4.0) => Flags::empty();
        single_sum fadd_s, s(1.0), s(1e-30) => Flags::INEXACT;
        single_difference fsub_s, s(f32::MIN), s(f32::MAX) => Flags::OVERFLOW | Flags::INEXACT;
        single_product fmul_s, s(f32::MIN_POSITIVE), s(0.3) => Flags::UNDERFLOW | Flags::INEXACT;
        single_quotient fdiv_s, s(1.0), s(0.0) => Flags::DIVISION;
        compared fcmp_d, d(1.0), d(1e-300) => Flags::empty();
        compared_huge fcmp_d, d(f64::MAX), d(f64::MIN) => Flags::empty();
        compared_infinite fcmp_d, d(f64::INFINITY), d(f64::INFINITY) => Flags::empty();
        compared_nan fcmp_d, d(f64::NAN), d(1.0) => Flags::empty();
        compared_signaling fcmp_d, d(1.0), SIGNALING => Flags::INVALID;
        compared_singles fcmp_s, s(1.0), s(1e-30) => Flags::empty();
        compared_huge_singles fcmp_s, s(f32::MAX), s(f32::MIN) => Flags::empty();
        compared_signaling_single fcmp_s, s(1.0), SIGNALING_SINGLE => Flags::INVALID;
        maximum fmax_d, d(f64::NAN), d(1.0) => Flags::empty();
        maximum_of_signaling fmax_d, SIGNALING, d(1.0) => Flags::INVALID;
        minimum_of_signaling fmin_s, s(1.0), SIGNALING_SINGLE => Flags::INVALID;
        integer (|host, y, _| cvt_l_d(host, y, Rounding::Zero)) as Operation, d(1.5), 0 => Flags::INEXACT;
        integer_nearest (|host, y, _| cvt_l_d(host, y, Rounding::NearestEven)) as Operation, d(1.5), 0 => Flags::INEXACT;
        integer_up (|host, y, _| cvt_l_d(host, y, Rounding::Up)) as Operation, d(1.5), 0 => Flags::INEXACT;
        integer_too_large (|host, y, _| cvt_l_d(host, y, Rounding::Zero)) as Operation, d(1e19), 0 => Flags::INVALID;
        integer_least (|host, y, _| cvt_l_d(host, y, Rounding::Zero)) as Operation, d(i64::MIN as f64), 0 => Flags::empty();
        word_too_large (|host, y, _| cvt_w_d_sx(host, y, Rounding::Psw)) as Operation, d(2147483648.0), 0 => Flags::INVALID;
        word_of_nan (|host, y, _| cvt_w_s_zx(host, y, Rounding::Zero)) as Operation, s(f32::NAN), 0 => Flags::INVALID;
        of_long (|host, y, _| cvt_d_l(host, y)) as Operation, u64::MAX >> 1, 0 => Flags::INEXACT;
        of_word (|host, y, _| cvt_s_w(host, y)) as Operation, 0x7fff_ffff, 0 => Flags::INEXACT;
        narrowed (|host, y, _| cvt_s_d(host, y)) as Operation, d(1e300), 0 => Flags::OVERFLOW | Flags::INEXACT;
        narrowed_subnormal (|host, y, _| cvt_s_d(host, y)) as Operation, d(1e-40), 0 => Flags::UNDERFLOW | Flags::INEXACT;
        widened (|host, y, _| cvt_d_s(host, y)) as Operation, s(1e-40), 0 => Flags::empty();
        widened_signaling (|host, y, _| cvt_d_s(host, y)) as Operation, SIGNALING_SINGLE, 0 => Flags::INVALID;
    }
}

/// The flags after something, of a thread that had none before.
fn flags(run: impl FnOnce(&mut Host)) -> Flags {
    let mut host = Host::default();
    let mut psw = Psw::default();
    host.begin(psw);
    run(&mut host);
    host.gather(&mut psw);
    psw.flags()
}

#[test]
fn constants() {
    for Case {
        name,
        run,
        flags: expected,
        ..
    } in cases()
    {
        assert_eq!(flags(|host| _ = black_box(run(host))), expected, "{name}");
    }
}

#[test]
fn unused_results() {
    for Case {
        name,
        run,
        operation,
        operands: (y, z),
        flags: expected,
    } in cases()
    {
        assert_eq!(flags(|host| _ = run(host)), expected, "{name}");
        assert_eq!(flags(|host| _ = operation(host, y, z)), expected, "{name}");
    }
    // Here nothing keeps the compiler from seeing the operation.
    assert_eq!(
        flags(|host| _ = fdiv_d(host, d(1.0), d(0.0))),
        Flags::DIVISION
    );
    assert_eq!(
        flags(|host| _ = fmul_s(host, s(f32::MAX), s(2.0))),
        Flags::OVERFLOW | Flags::INEXACT
    );
    assert_eq!(
        flags(|host| _ = cvt_l_d(host, d(0.5), Rounding::Zero)),
        Flags::INEXACT
    );
}

#[test]
fn the_same_operation_twice() {
    let mut host = Host::default();
    for round in 0..3 {
        let mut psw = Psw::default();
        host.begin(psw);
        let quotient = fdiv_d(&mut host, d(1.0), d(3.0));
        host.gather(&mut psw);
        assert_eq!(
            (f64::from_bits(quotient), psw.flags()),
            (1.0 / 3.0, Flags::INEXACT),
            "round {round}"
        );
    }
}

#[test]
fn operations_that_do_not_run() {
    // A divisor that is never 0 where the division runs; hoisted before the test, it would raise.
    let divisors = black_box([2.0f64, 0.0, 4.0, 0.0, 0.0, 8.0]);
    let sum = |host: &mut Host| {
        let mut sum = d(0.0);
        for divisor in divisors {
            if divisor != 0.0 {
                let quotient = fdiv_d(host, d(1.0), d(divisor));
                sum = fadd_d(host, sum, quotient);
            }
        }
        assert_eq!(f64::from_bits(sum), 0.875);
    };
    assert_eq!(flags(sum), NONE);

    let select = |host: &mut Host| {
        for wanted in black_box([true, false, true]) {
            let value = if wanted {
                fmul_d(host, d(2.0), d(3.0))
            } else {
                d(6.0)
            };
            assert_eq!(f64::from_bits(value), 6.0);
        }
    };
    assert_eq!(flags(select), NONE);
}

#[test]
fn flags_gather() {
    let mut host = Host::default();
    let mut psw = Psw::default();
    host.begin(psw);
    for Case {
        name,
        operation,
        operands: (y, z),
        flags,
        ..
    } in cases()
    {
        let before = psw.flags();
        black_box(operation(&mut host, y, z));
        host.gather(&mut psw);
        assert_eq!(psw.flags(), before | flags, "{name}");
    }
    psw.lfr(0);
    host.begin(psw);
    host.gather(&mut psw);
    assert_eq!(psw.flags(), NONE);
}

#[test]
fn comparing_hides_nothing() {
    // The flag is there already, is not there, and comes between.
    let run = |host: &mut Host, psw: &mut Psw| {
        black_box(fcmp_d(host, black_box(d(1.0)), black_box(d(1e-300))));
        host.gather(psw);
    };
    let mut host = Host::default();
    let mut psw = Psw::default();
    host.begin(psw);
    run(&mut host, &mut psw);
    assert_eq!(psw.flags(), NONE);
    black_box(fdiv_d(&mut host, d(1.0), d(0.0)));
    run(&mut host, &mut psw);
    assert_eq!(psw.flags(), Flags::DIVISION);
    black_box(fdiv_d(&mut host, d(1.0), d(3.0)));
    run(&mut host, &mut psw);
    assert_eq!(psw.flags(), Flags::DIVISION | Flags::INEXACT);
    run(&mut host, &mut psw);
    // Cleared for the thread, so it has to stay hidden again.
    psw.lfr(0);
    host.begin(psw);
    run(&mut host, &mut psw);
    assert_eq!(psw.flags(), NONE);
}

/// If other code of the process changes the host's status, neither a thread's flags nor its results change.
#[cfg(target_arch = "x86_64")]
#[test]
fn a_spoilt_environment() {
    use std::arch::asm;

    // Subnormal numbers as zero, flags raised: what a library compiled with -ffast-math leaves behind.
    let spoilt = 0x1f80u32 | 1 << 15 | 1 << 6 | 0x3f;
    // SAFETY: rounding and masks stay those that Rust takes for granted. How subnormal numbers are treated is set back by `begin`
    // below, before any float is touched.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const spoilt, options(nostack, readonly)) };
    let mut host = Host::default();
    let mut psw = Psw::default();
    host.begin(psw);
    let sum = fadd_d(&mut host, 1, 1);
    host.gather(&mut psw);
    assert_eq!((sum, psw.flags()), (2, NONE));
}
