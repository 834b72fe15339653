//! CPU time, and which CPU.

use rustix::time::{ClockId, clock_gettime};

/// Runs of each side. The least time counts.
pub const RUNS: usize = 20;

/// The least times of one call on both sides, in nanoseconds, and how many instructions the Vector Engine executes in it.
pub struct Times {
    pub host: f64,
    pub ve: f64,
    pub instructions: f64,
}

impl Times {
    /// The Vector Engine's time over the host's.
    pub fn ratio(&self) -> f64 {
        self.ve / self.host
    }
}

/// The time for which this thread had a CPU, in nanoseconds.
pub fn cpu_time() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

fn timed(operation: &mut impl FnMut()) -> f64 {
    let start = cpu_time();
    operation();
    cpu_time() - start
}

/// The least times of two operations that run in turns.
pub fn in_turns(mut first: impl FnMut(), mut second: impl FnMut()) -> (f64, f64) {
    (0..RUNS).fold((f64::INFINITY, f64::INFINITY), |least, _| {
        let times = (timed(&mut first), timed(&mut second));
        (least.0.min(times.0), least.1.min(times.1))
    })
}

/// The name of the CPU, as far as the system tells.
pub fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or("an unknown CPU", |(_, name)| name).to_owned()
}
