//! Loops compiled several times, for different abilities of CPUs.

/// A loop over elements. `run` has to be `#[inline(always)]`, as well as all that it calls.
pub(super) trait Loop {
    type Output;

    fn run(self) -> Self::Output;
}

/// A loop over vector registers, each an `R`, whose arguments the host passes in its registers: in memory they would take a tenth of the
/// loop's time. `run` has to be `#[inline(always)]`, as well as all that it calls, and the value itself is empty.
pub(super) trait RegisterLoop<R> {
    /// Writes so many `parts` of `x`. `scalar` is for the source that is no register, if one is not.
    fn run(self, x: &R, parts: usize, sources: RegisterSources<'_, R>, scalar: u64) -> u64;
}

/// As many sources as an operation has at most.
pub(super) type RegisterSources<'a, R> = [&'a R; 3];

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::sync::LazyLock;

    use super::{Loop, RegisterLoop, RegisterSources};

    #[derive(Clone, Copy)]
    enum Level {
        Baseline,
        Avx2,
        Avx512,
    }

    static LEVEL: LazyLock<Level> = LazyLock::new(|| {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("fma")
        {
            Level::Avx512
        } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            Level::Avx2
        } else {
            Level::Baseline
        }
    });

    #[target_feature(enable = "avx2,fma")]
    fn avx2<L: Loop>(run: L) -> L::Output {
        run.run()
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
    fn avx512<L: Loop>(run: L) -> L::Output {
        run.run()
    }

    /// The function of that name for a [`RegisterLoop`].
    macro_rules! of_registers {
        ($(#[$feature:meta])* $name:ident) => {
            $(#[$feature])*
            fn $name<R, L: RegisterLoop<R>>(
                run: L,
                x: &R,
                parts: usize,
                y: &R,
                z: &R,
                w: &R,
                scalar: u64,
            ) -> u64 {
                run.run(x, parts, [y, z, w], scalar)
            }
        };
    }

    of_registers!(
        #[inline(never)]
        baseline_of_registers
    );
    of_registers!(
        #[target_feature(enable = "avx2,fma")]
        avx2_of_registers
    );
    of_registers!(
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
        avx512_of_registers
    );

    #[inline(always)]
    pub(in super::super) fn best_of_registers<R, L: RegisterLoop<R>>(
        run: L,
        x: &R,
        parts: usize,
        [y, z, w]: RegisterSources<'_, R>,
        scalar: u64,
    ) -> u64 {
        match *LEVEL {
            Level::Baseline => baseline_of_registers(run, x, parts, y, z, w, scalar),
            // SAFETY: `LEVEL` says that the CPU has these features.
            Level::Avx2 => unsafe { avx2_of_registers(run, x, parts, y, z, w, scalar) },
            // SAFETY: as above.
            Level::Avx512 => unsafe { avx512_of_registers(run, x, parts, y, z, w, scalar) },
        }
    }

    pub(in super::super) fn best<L: Loop>(run: L) -> L::Output {
        match *LEVEL {
            Level::Baseline => run.run(),
            // SAFETY: `LEVEL` says that the CPU has these features.
            Level::Avx2 => unsafe { avx2(run) },
            // SAFETY: as above.
            Level::Avx512 => unsafe { avx512(run) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86_64::{best, best_of_registers};

/// Runs a loop, compiled for the abilities of this CPU.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn best<L: Loop>(run: L) -> L::Output {
    run.run()
}

/// As [`best`], for a loop over registers.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn best_of_registers<R, L: RegisterLoop<R>>(
    run: L,
    x: &R,
    parts: usize,
    sources: RegisterSources<'_, R>,
    scalar: u64,
) -> u64 {
    run.run(x, parts, sources, scalar)
}
