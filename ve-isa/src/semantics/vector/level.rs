//! Loops compiled several times, for what CPUs can do.

/// A loop over elements. `run` has to be `#[inline(always)]`, as well as all that it calls.
pub(super) trait Loop {
    type Output;

    fn run(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::sync::LazyLock;

    use super::Loop;

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
pub(super) use x86_64::best;

/// Runs a loop, compiled for what this CPU can do.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn best<L: Loop>(run: L) -> L::Output {
    run.run()
}
