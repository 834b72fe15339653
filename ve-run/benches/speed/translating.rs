//! The cost of translating.

use std::sync::atomic::{AtomicU64, Ordering};

use ve_isa::interp::{HostCode, InstructionSource, Reach, Translator};
use ve_jit::Cranelift;

use crate::measure::cpu_time;

static INSTRUCTIONS: AtomicU64 = AtomicU64::new(0);
static NANOSECONDS: AtomicU64 = AtomicU64::new(0);
static LONGEST: AtomicU64 = AtomicU64::new(0);

/// How many microseconds each instruction may take, and milliseconds all that is translated at once.
const GOAL: f64 = 15.0;
const GOAL_AT_ONCE: f64 = 20.0;

/// Cranelift, timed.
#[derive(Debug)]
pub struct Timed(pub Cranelift);

// SAFETY: the code is Cranelift's.
unsafe impl Translator for Timed {
    fn translate(
        &self,
        entry: u64,
        reach: Reach,
        source: &mut dyn InstructionSource,
    ) -> Option<HostCode> {
        let before = cpu_time();
        let code = self.0.translate(entry, reach, source)?;
        let time = (cpu_time() - before) as u64;
        INSTRUCTIONS.fetch_add(code.instructions as u64, Ordering::Relaxed);
        NANOSECONDS.fetch_add(time, Ordering::Relaxed);
        LONGEST.fetch_max(time, Ordering::Relaxed);
        Some(code)
    }
}

/// Tells what all translations have cost.
pub fn tell() {
    let load = |value: &AtomicU64| value.load(Ordering::Relaxed) as f64;
    let instructions = load(&INSTRUCTIONS);
    if instructions == 0.0 {
        return;
    }
    let each = load(&NANOSECONDS) / instructions / 1e3;
    let longest = load(&LONGEST) / 1e6;
    println!("\ntranslating {instructions} instructions");
    println!(
        "{each:.1} µs for each, {}",
        crate::verdict("<=", GOAL, each)
    );
    println!(
        "{longest:.1} ms at once at most, {}",
        crate::verdict("<=", GOAL_AT_ONCE, longest)
    );
}
