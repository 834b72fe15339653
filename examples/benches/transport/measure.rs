//! Two things measured in alternating blocks of one run, several runs, medians.

use std::time::{Duration, Instant};

/// The number of runs. Each has new processes.
pub const RUNS: usize = 5;

/// The result of one run: time per operation of both sides, in nanoseconds, or bytes.
#[derive(Clone, Copy)]
pub struct Pair {
    pub ours: f64,
    pub reference: f64,
}

/// A row of the table.
pub struct Row {
    name: String,
    goal: Goal,
    pub runs: Vec<Pair>,
}

/// The goal for the ratio.
#[derive(Clone, Copy)]
pub enum Goal {
    /// Ours over the reference, as time.
    AtMost(f64),
    /// Ours over the reference, as bandwidth.
    AtLeast(f64),
    /// Ours over the reference, in bytes.
    Size(f64),
}

impl Row {
    pub fn new(name: String, goal: Goal) -> Row {
        Row {
            name,
            goal,
            runs: Vec::new(),
        }
    }

    fn ratios(&self) -> Vec<f64> {
        let ratio = |pair: &Pair| match self.goal {
            Goal::AtMost(_) | Goal::Size(_) => pair.ours / pair.reference,
            Goal::AtLeast(_) => pair.reference / pair.ours,
        };
        self.runs.iter().map(ratio).collect()
    }

    /// One line: ratio (its range over the runs), goal, both times.
    pub fn print(&self) {
        let mut ratios = self.ratios();
        ratios.sort_by(f64::total_cmp);
        let ratio = median(&mut ratios.clone());
        let (goal, met) = match self.goal {
            Goal::AtMost(limit) | Goal::Size(limit) => (format!("<= {limit}"), ratio <= limit),
            Goal::AtLeast(limit) => (format!(">= {limit}"), ratio >= limit),
        };
        let ours = median(&mut self.runs.iter().map(|run| run.ours).collect::<Vec<_>>());
        let reference = median(
            &mut self
                .runs
                .iter()
                .map(|run| run.reference)
                .collect::<Vec<_>>(),
        );
        let amount = match self.goal {
            Goal::Size(_) => size,
            Goal::AtMost(_) | Goal::AtLeast(_) => time,
        };
        println!(
            "{:<64} {:>6.2} {:>15} {:>8} {:<6} {:>10} {:>10}",
            self.name,
            ratio,
            format!("{:.2} - {:.2}", ratios[0], ratios[ratios.len() - 1]),
            goal,
            if met { "met" } else { "missed" },
            amount(ours),
            amount(reference),
        );
    }

    /// The head of the table that [`Row::print`] fills.
    pub fn print_head() {
        println!(
            "{:<64} {:>6} {:>15} {:>8} {:<6} {:>10} {:>10}",
            "", "ratio", "of five runs", "goal", "", "ours", "reference"
        );
    }
}

/// Runs `blocks` blocks of `size` operations, alternating between both sides. It reads the
/// clock only between blocks. Returns the medians of the blocks.
pub fn alternate(
    blocks: usize,
    mut ours: impl FnMut() -> f64,
    mut reference: impl FnMut() -> f64,
) -> Pair {
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..blocks {
        times.0.push(ours());
        times.1.push(reference());
    }
    Pair {
        ours: median(&mut times.0),
        reference: median(&mut times.1),
    }
}

/// Nanoseconds for one of `count` operations.
pub fn block(count: usize, mut operation: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        operation();
    }
    nanoseconds(start.elapsed()) / count as f64
}

pub fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn size(bytes: f64) -> String {
    format!("{bytes:.0} B")
}

fn time(ns: f64) -> String {
    match ns {
        t if t < 1e4 => format!("{t:.0} ns"),
        t if t < 1e7 => format!("{:.1} µs", t / 1e3),
        t => format!("{:.1} ms", t / 1e6),
    }
}
